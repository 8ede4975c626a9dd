import KubernetesAPI

/// One revision of a workload, as its history keeps it.
struct WorkloadRevision {
    var number: Int64
    var changeCause: String
    var template: PodTemplateSpec?
    /// For ReplicaSets: what the Deployment's annotations become on a way back.
    var annotations: [String: String]
    /// For ControllerRevisions: the patch that brings it back.
    var patch: JSONValue?

    /// The revisions of a workload, oldest first.
    static func all(of target: FetchedObject, on endpoint: inout some SimulatedEndpoint) throws(CommandFailure)
        -> [WorkloadRevision]
    {
        let kind = target.kind.resource.kind
        if kind == "Deployment", let deployment = target.decoded(Deployment.self) {
            return DeploymentRevisions(of: deployment, on: &endpoint).all.filter {
                DeploymentRevisions.revision(of: $0) > 0
            }.map { set in
                WorkloadRevision(
                    number: DeploymentRevisions.revision(of: set),
                    changeCause: set.metadata.annotations[causeAnnotation] ?? "",
                    template: set.spec.template, annotations: set.metadata.annotations)
            }.sorted { $0.number < $1.number }
        }
        guard kind == "StatefulSet" || kind == "DaemonSet" else {
            throw CommandFailure("no history viewer has been implemented for \"\(kind).\(target.kind.resource.group)\"")
        }
        let uid = target.value["metadata"]?["uid"]?.string ?? ""
        return endpoint.list(ControllerRevision.self, namespace: target.namespace)
            .filter { revision in revision.metadata.ownerReferences.contains { $0.uid == uid && $0.controller == true }
            }
            .sorted { $0.revision < $1.revision }
            .map { revision in
                var template: PodTemplateSpec?
                if let data = revision.data?["spec"]?["template"], var members = data.object {
                    members["$patch"] = nil
                    var reader = JSONFieldReader()
                    var read = PodTemplateSpec()
                    if (try? read.setJSON(.object(members), &reader)) != nil { template = read }
                }
                return WorkloadRevision(
                    number: revision.revision, changeCause: revision.metadata.annotations[causeAnnotation] ?? "",
                    template: template,
                    annotations: revision.metadata.annotations, patch: revision.data)
            }
    }

    static let causeAnnotation = "kubernetes.io/change-cause"
}

/// `kubectl rollout history` (`kubectl/pkg/polymorphichelpers/history.go`).
enum RolloutHistoryCommand: Command {
    static let definition = CommandDefinition(
        "rollout history", "View rollout history", usage: "(TYPE NAME | TYPE/NAME) [flags] [options]",
        examples: ["rollout history deploy/web", "rollout history deploy/web --revision=3"],
        access: .reading,
        flags: [
            .filename, .recursive, .kustomize, .selector, .output, .showManagedFields,
            Flag("revision", "", .int, "See the details, including podTemplate of the revision specified"),
        ])

    static func run(_ invocation: Invocation, on endpoint: inout some SimulatedEndpoint) throws(CommandFailure) -> Int32
    {
        let arguments = invocation.arguments
        guard !arguments.positional.isEmpty || arguments.has("filename") else {
            throw invocation.usage("required resource not specified")
        }
        let wanted = arguments.int("revision")
        guard wanted >= 0 else { throw CommandFailure("revision must be a positive integer: \(wanted)") }
        let format = try OutputFormat(invocation)
        let found = try invocation.targets(arguments.positional, on: &endpoint)
        var failures = found.failures.map { CommandFailure($0) }
        for target in found.objects {
            do throws(CommandFailure) {
                let revisions = try WorkloadRevision.all(of: target, on: &endpoint)
                if !format.isHuman { try print(target, revisions, wanted, format, invocation); continue }
                let text = wanted > 0 ? try details(revisions, wanted) : table(revisions)
                let title = wanted > 0 ? "\(target.label) with revision #\(wanted)" : "\(target.label) "
                invocation.print("\(title)\n\(text)")
            } catch { failures.append(error) }
        }
        return invocation.finish(failures)
    }

    private static func table(_ revisions: [WorkloadRevision]) -> String {
        guard !revisions.isEmpty else { return "No rollout history found." }
        var writer = TabWriter.description
        return writer.aligned(
            "REVISION\tCHANGE-CAUSE\n" + revisions.map { "\($0.number)\t\($0.changeCause.or("<none>"))\n" }.joined())
    }

    private static func details(_ revisions: [WorkloadRevision], _ wanted: Int64) throws(CommandFailure) -> String {
        guard let revision = revisions.first(where: { $0.number == wanted }), var template = revision.template else {
            throw CommandFailure("unable to find the specified revision")
        }
        if !revision.changeCause.isEmpty {
            template.metadata.annotations[WorkloadRevision.causeAnnotation] = revision.changeCause
        }
        var writer = DescriptionWriter(now: Time())
        writer.podTemplate(template)
        // kubectl prints these tabs as they are.
        return writer.text
    }

    private static func print(
        _ target: FetchedObject, _ revisions: [WorkloadRevision], _ wanted: Int64, _ format: OutputFormat,
        _ invocation: Invocation
    ) throws(CommandFailure) {
        guard let chosen = wanted > 0 ? revisions.first(where: { $0.number == wanted }) : revisions.last else {
            throw CommandFailure("unable to find the specified revision")
        }
        var object = target.value.object ?? [:]
        var spec = object["spec"]?.object ?? [:]
        if let template = chosen.template { spec["template"] = template.jsonValue }
        object["spec"] = .object(spec)
        var printer = ObjectPrinter(format, keepsManagedFields: invocation.arguments.bool("show-managed-fields"))
        invocation.write(try printer.text(.object(object)))
    }
}
