import KubernetesAPI
import OrderedCollections

/// Where an object keeps its pods' template.
enum PodTemplatePath {
    /// The members on the way to the pod's spec; nil for kinds without pods.
    static func of(_ resource: ResourceType) -> [String]? {
        switch resource.kind {
        case "Pod": ["spec"]
        case "CronJob": ["spec", "jobTemplate", "spec", "template", "spec"]
        case "Deployment", "ReplicaSet", "StatefulSet", "DaemonSet", "Job": ["spec", "template", "spec"]
        default: nil
        }
    }

    /// The pod spec of an object.
    static func spec(of target: FetchedObject) -> JSONValue? {
        of(target.kind.resource).flatMap { path in path.reduce(Optional(target.value)) { $0?[$1] } }
    }

    /// A patch whose innermost part changes the pod spec.
    static func patch(_ resource: ResourceType, _ inner: JSONValue) -> JSONValue {
        (of(resource) ?? []).reversed().reduce(inner) { .object([$1: $0]) }
    }

    /// A pattern with `*` against a container's name.
    static func matches(_ pattern: String, _ name: String) -> Bool {
        let parts = pattern.split(separator: "*", omittingEmptySubsequences: false).map(String.init)
        guard parts.count > 1 else { return pattern == name }
        guard name.hasPrefix(parts[0]), name.count >= parts[0].count + (parts.last?.count ?? 0),
            name.hasSuffix(parts.last ?? "")
        else { return false }
        var rest = Substring(name.dropFirst(parts[0].count).dropLast(parts.last?.count ?? 0))
        for part in parts.dropFirst().dropLast() where !part.isEmpty {
            guard let range = String(rest).range(of: part) else { return false }
            rest = Substring(String(rest)[range.upperBound...])
        }
        return true
    }
}

/// What `set image`, `set env` and `set resources` have in common: one change of the containers of each object.
enum ContainerChange {
    static let flags: [Flag] = [
        .filename, .recursive, .kustomize, .selector, .output, .dryRun, .fieldManager, .showManagedFields,
        Flag("all", "", .bool, "Select all resources of the named kinds, in the namespace"),
        Flag("local", "", .bool, "Change the files' objects only, without asking the server"),
    ]

    /// - Parameter change: the members to set of a container (its name is added), or nil to leave it.
    static func run(
        _ invocation: Invocation, _ resources: [String], _ deed: String, on endpoint: inout some SimulatedEndpoint,
        _ change: (FetchedObject, _ containers: [JSONValue], _ initContainers: [JSONValue]) throws(CommandFailure) ->
            JSONValue?
    ) throws(CommandFailure) -> Int32 {
        var reporter = try Reporter(invocation)
        var found: FetchResult
        if invocation.arguments.bool("local") {
            found = FetchResult()
            found.objects = try invocation.manifestObjects().map { FetchedObject(kind: $0.kind, value: $0.value) }
        } else {
            found = try invocation.targets(resources, on: &endpoint)
        }
        var failures = found.failures.map { CommandFailure($0) }
        for target in found.objects {
            do throws(CommandFailure) {
                guard let spec = PodTemplatePath.spec(of: target) else {
                    throw CommandFailure("\(target.label) the object is not a pod or does not have a pod template")
                }
                guard
                    let inner = try change(target, spec["containers"]?.array ?? [], spec["initContainers"]?.array ?? [])
                else { continue }
                let patch = PodTemplatePath.patch(target.kind.resource, inner)
                let isLocal = invocation.arguments.bool("local")
                let expected = try invocation.patch(
                    target, patch, .strategicMerge, .client, manager: "kubectl-set", on: &endpoint)
                // What changes nothing is not sent, and nothing is said about it.
                if expected.isEquivalent(to: target.value), !reporter.printsObjects { continue }
                let after =
                    isLocal
                    ? expected
                    : try invocation.patch(
                        target, patch, .strategicMerge, reporter.dryRun, manager: "kubectl-set", on: &endpoint)
                try reporter.report(target.kind.resource, target.name, deed, after)
            } catch { failures.append(error) }
        }
        return invocation.finish(failures)
    }
}

/// `kubectl set image` (`kubectl/pkg/cmd/set/set_image.go`).
enum SetImageCommand: Command {
    static let definition = CommandDefinition(
        "set image", "Update the image of a pod template",
        usage:
            "(-f FILENAME | TYPE NAME) CONTAINER_NAME_1=CONTAINER_IMAGE_1 ... CONTAINER_NAME_N=CONTAINER_IMAGE_N [options]",
        examples: ["set image deploy/web web=agent:2", "set image deployments --all '*=nginx:1.27'"],
        flags: ContainerChange.flags)

    static func run(_ invocation: Invocation, on endpoint: inout some SimulatedEndpoint) throws(CommandFailure) -> Int32
    {
        let words = invocation.arguments.positional
        let resources = words.filter { !$0.contains("=") }
        var images: [(container: String, image: String)] = []
        for word in words where word.contains("=") {
            let parts = word.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false).map(String.init)
            images.append((parts[0], parts[1]))
        }
        guard
            !resources.isEmpty || invocation.arguments.has("filename") || invocation.arguments.bool("all")
                || !invocation.arguments.string("selector").isEmpty
        else {
            throw CommandFailure("one or more resources must be specified as <resource> <name> or <resource>/<name>")
        }
        guard !images.isEmpty else { throw CommandFailure("at least one image update is required") }
        guard images.filter({ $0.container == "*" }).isEmpty || images.count == 1 else {
            throw CommandFailure(
                "all containers are already specified by *, but saw more than one container_name=container_image pairs")
        }
        return try ContainerChange.run(invocation, resources, "image updated", on: &endpoint) {
            target, containers, initContainers throws(CommandFailure) in
            var members: [(String, JSONValue)] = []
            for (member, list) in [("containers", containers), ("initContainers", initContainers)] {
                var changes: [JSONValue] = []
                for container in list {
                    let name = container["name"]?.string ?? ""
                    guard let row = images.last(where: { PodTemplatePath.matches($0.container, name) }) else {
                        continue
                    }
                    changes.append(["name": .string(name), "image": .string(row.image)])
                }
                if !changes.isEmpty { members.append((member, .array(changes))) }
            }
            for row in images {
                let isThere = (containers + initContainers).contains {
                    PodTemplatePath.matches(row.container, $0["name"]?.string ?? "")
                }
                if !isThere { throw CommandFailure("unable to find container named \"\(row.container)\"") }
            }
            return .object(.init(members) { first, _ in first })
        }
    }
}
