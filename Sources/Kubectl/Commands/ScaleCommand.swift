import KubernetesAPI

/// `kubectl scale` (`kubectl/pkg/cmd/scale`).
enum ScaleCommand: Command {
    static let definition = CommandDefinition(
        "scale", "Set a new size for a deployment, replica set, or stateful set",
        usage:
            "[--resource-version=version] [--current-replicas=count] --replicas=COUNT (-f FILENAME | TYPE NAME) [options]",
        examples: ["scale deploy/web --replicas=3", "scale --current-replicas=2 --replicas=3 deployment/web"],
        flags: [
            .filename, .recursive, .kustomize, .selector, .output, .dryRun, .timeout, .showManagedFields,
            Flag("all", "", .bool, "Select all resources of the named kinds, in the namespace"),
            Flag("replicas", "", .int, initial: "0", "The new desired number of replicas. Required"),
            Flag("current-replicas", "", .int, initial: "-1", "Precondition: the present size; -1 for any"),
            Flag("resource-version", "Precondition: the object's resource version"),
        ])

    static func run(_ invocation: Invocation, on endpoint: inout some SimulatedEndpoint) throws(CommandFailure) -> Int32
    {
        let arguments = invocation.arguments
        guard arguments.has("replicas") else { throw CommandFailure("required flag(s) \"replicas\" not set") }
        let replicas = arguments.int("replicas")
        guard replicas >= 0 else {
            throw CommandFailure("The --replicas=COUNT flag is required, and COUNT must be greater than or equal to 0")
        }
        let current = arguments.int("current-replicas")
        guard current >= -1 else {
            throw CommandFailure("The --current-replicas must specify an integer of -1 or greater")
        }
        var reporter = try Reporter(invocation)
        let found = try invocation.targets(arguments.positional, on: &endpoint)
        var failures = found.failures.map { CommandFailure($0) }
        if found.objects.isEmpty, failures.isEmpty { throw CommandFailure("no objects passed to scale") }
        for target in found.objects {
            do throws(CommandFailure) {
                try check(target, current, arguments.string("resource-version"), on: &endpoint)
                let patch: JSONValue = ["spec": ["replicas": .integer(replicas)]]
                var scaled = target.value
                if case .client = reporter.dryRun {
                } else {
                    _ = try invocation.patch(
                        target, patch, .merge, reporter.dryRun, manager: "kubectl-scale", subresource: "scale",
                        on: &endpoint)
                    if reporter.printsObjects {
                        scaled = try endpoint.respond(
                            to: APIRequest(.get, target.kind.resource, namespace: target.namespace, name: target.name)
                        ).object()
                    }
                }
                try reporter.report(target.kind.resource, target.name, "scaled", scaled)
            } catch { failures.append(error) }
        }
        return invocation.finish(failures)
    }

    private static func check(
        _ target: FetchedObject, _ current: Int64, _ version: String, on endpoint: inout some SimulatedEndpoint
    ) throws(CommandFailure) {
        guard current >= 0 || !version.isEmpty else { return }
        let scale = try endpoint.respond(
            to: APIRequest(
                .get, target.kind.resource, namespace: target.namespace, name: target.name, subresource: "scale")
        ).object()
        var replicas: Int64 = 0
        if case .integer(let number)? = scale["spec"]?["replicas"] { replicas = number }
        if current >= 0, replicas != current {
            throw CommandFailure("Expected replicas to be \(current), was \(replicas)")
        }
        let actual = scale["metadata"]?["resourceVersion"]?.string ?? ""
        if !version.isEmpty, version != actual {
            throw CommandFailure("Expected resource version to be \(version), was \(actual)")
        }
    }
}
