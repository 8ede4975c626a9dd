import KubernetesAPI
import OrderedCollections

/// `kubectl rollout undo` (`kubectl/pkg/polymorphichelpers/rollback.go`).
enum RolloutUndoCommand: Command {
    static let definition = CommandDefinition(
        "rollout undo", "Undo a previous rollout", usage: "(TYPE NAME | TYPE/NAME) [flags] [options]",
        examples: ["rollout undo deploy/web", "rollout undo deploy/web --to-revision=3"],
        flags: [
            .filename, .recursive, .kustomize, .selector, .output, .dryRun, .showManagedFields,
            Flag("to-revision", "", .int, "The revision to rollback to. Default to 0 (last revision)"),
        ])

    static func run(_ invocation: Invocation, on endpoint: inout some SimulatedEndpoint) throws(CommandFailure) -> Int32
    {
        let arguments = invocation.arguments
        guard !arguments.positional.isEmpty || arguments.has("filename") else {
            throw invocation.usage("required resource not specified")
        }
        var reporter = try Reporter(invocation)
        let found = try invocation.targets(arguments.positional, on: &endpoint)
        var failures = found.failures.map { CommandFailure($0) }
        for target in found.objects {
            do throws(CommandFailure) {
                if target.value["metadata"]?["annotations"]?[ApplyCommand.lastApplied] != nil {
                    invocation.printError(
                        "Warning: resource \(target.kind.resource.plural)/\(target.name) was previously managed with 'kubectl apply'. Rolling back will not update the \(ApplyCommand.lastApplied) annotation, which may cause unexpected behavior on future 'kubectl apply' operations. Consider using 'kubectl apply' with your previous configuration file instead."
                    )
                }
                let deed = try undo(
                    target, to: arguments.int("to-revision"), reporter.dryRun, invocation, on: &endpoint)
                try reporter.report(target.kind.resource, target.name, deed, target.value)
            } catch { failures.append(error) }
        }
        return invocation.finish(failures)
    }

    /// What the Deployment keeps of its own annotations; all others come from the ReplicaSet.
    private static let kept: Set<String> = [
        ApplyCommand.lastApplied, DeploymentRevisions.annotation, "deployment.kubernetes.io/revision-history",
        "deployment.kubernetes.io/desired-replicas", "deployment.kubernetes.io/max-replicas",
        "deprecated.deployment.rollback.to",
    ]

    private static func undo(
        _ target: FetchedObject, to wanted: Int64, _ dryRun: DryRun, _ invocation: Invocation,
        on endpoint: inout some SimulatedEndpoint
    ) throws(CommandFailure) -> String {
        guard wanted >= 0 else { throw CommandFailure("unable to find specified revision \(wanted) in history") }
        let isDeployment = target.kind.resource.kind == "Deployment"
        let revisions = try WorkloadRevision.all(of: target, on: &endpoint)
        let chosen: WorkloadRevision
        if wanted > 0 {
            guard let found = revisions.first(where: { $0.number == wanted }) else {
                throw CommandFailure("unable to find specified revision \(wanted) in history")
            }
            chosen = found
        } else {
            guard revisions.count > 1 else {
                throw CommandFailure(
                    isDeployment
                        ? "no rollout history found for deployment \"\(target.name)\""
                        : "no last revision to roll back to")
            }
            chosen = revisions[revisions.count - 2]
        }
        let skipped = "skipped rollback (current template already matches revision \(chosen.number))"
        guard isDeployment, let deployment = target.decoded(Deployment.self), var template = chosen.template else {
            guard let patch = chosen.patch else {
                throw CommandFailure("unable to find specified revision \(wanted) in history")
            }
            if chosen.number == revisions.last?.number { return skipped }
            _ = try invocation.patch(target, patch, .strategicMerge, dryRun, manager: "kubectl-rollout", on: &endpoint)
            return "rolled back"
        }
        if deployment.spec.paused == true {
            throw CommandFailure(
                "you cannot rollback a paused deployment; resume it first with 'kubectl rollout resume' and try again")
        }
        template.metadata.labels["pod-template-hash"] = nil
        if template.jsonValue.isEquivalent(to: deployment.spec.template.jsonValue) { return skipped }
        var annotations = deployment.metadata.annotations.filter { kept.contains($0.key) }
        for (key, value) in chosen.annotations where !kept.contains(key) { annotations[key] = value }
        var sorted: [(String, JSONValue)] = []
        for key in annotations.keys.sorted(by: { $0.utf8.lexicographicallyPrecedes($1.utf8) }) {
            sorted.append((key, .string(annotations[key] ?? "")))
        }
        let patch: JSONValue = [
            ["op": "replace", "path": "/spec/template", "value": template.jsonValue],
            ["op": "replace", "path": "/metadata/annotations", "value": .object(.init(sorted) { _, last in last })],
        ]
        _ = try invocation.patch(target, patch, .json, dryRun, manager: "kubectl-rollout", on: &endpoint)
        return "rolled back"
    }
}
