import KubernetesAPI

/// What `rollout pause`, `resume` and `restart` have in common: one patch of the workload.
private enum RolloutControl {
    static let flags: [Flag] = [
        .filename, .recursive, .kustomize, .selector, .output, .dryRun, .fieldManager, .showManagedFields,
    ]

    /// - Parameter patch: the change, or why there is none.
    static func run(
        _ invocation: Invocation, _ deed: String, on endpoint: inout some SimulatedEndpoint,
        _ patch: (FetchedObject) throws(CommandFailure) -> JSONValue
    ) throws(CommandFailure) -> Int32 {
        let arguments = invocation.arguments
        guard !arguments.positional.isEmpty || arguments.has("filename") || arguments.has("selector") else {
            throw invocation.usage("required resource not specified")
        }
        var reporter = try Reporter(invocation)
        let found = try invocation.targets(arguments.positional, on: &endpoint)
        var failures = found.failures.map { CommandFailure($0) }
        for target in found.objects {
            do throws(CommandFailure) {
                let after = try invocation.patch(
                    target, try patch(target), .strategicMerge, reporter.dryRun, manager: "kubectl-rollout",
                    on: &endpoint)
                try reporter.report(target.kind.resource, target.name, deed, after)
            } catch { failures.append(error) }
        }
        return invocation.finish(failures)
    }

    static func isPaused(_ target: FetchedObject) -> Bool { target.value["spec"]?["paused"] == .bool(true) }

    static func failure(_ target: FetchedObject, _ why: String) -> CommandFailure {
        CommandFailure("\(target.kind.resource.qualifiedPlural) \"\(target.name)\" \(why)")
    }
}

enum RolloutPauseCommand: Command {
    static let definition = CommandDefinition(
        "rollout pause", "Mark the provided resource as paused", usage: "RESOURCE [options]",
        examples: ["rollout pause deploy/web"],
        flags: RolloutControl.flags)

    static func run(_ invocation: Invocation, on endpoint: inout some SimulatedEndpoint) throws(CommandFailure) -> Int32
    {
        try RolloutControl.run(invocation, "paused", on: &endpoint) { target throws(CommandFailure) in
            guard target.kind.resource.kind == "Deployment" else {
                throw RolloutControl.failure(target, "pausing is not supported")
            }
            if RolloutControl.isPaused(target) { throw RolloutControl.failure(target, "is already paused") }
            return ["spec": ["paused": true]]
        }
    }
}

enum RolloutResumeCommand: Command {
    static let definition = CommandDefinition(
        "rollout resume", "Resume a paused resource", usage: "RESOURCE [options]",
        examples: ["rollout resume deploy/web"],
        flags: RolloutControl.flags)

    static func run(_ invocation: Invocation, on endpoint: inout some SimulatedEndpoint) throws(CommandFailure) -> Int32
    {
        try RolloutControl.run(invocation, "resumed", on: &endpoint) { target throws(CommandFailure) in
            guard target.kind.resource.kind == "Deployment" else {
                throw RolloutControl.failure(target, "resuming is not supported")
            }
            guard RolloutControl.isPaused(target) else { throw RolloutControl.failure(target, "is not paused") }
            return ["spec": ["paused": .null]]
        }
    }
}

enum RolloutRestartCommand: Command {
    static let definition = CommandDefinition(
        "rollout restart", "Restart a resource", usage: "RESOURCE [options]",
        examples: ["rollout restart deploy/web", "rollout restart deployment --selector=app=web"],
        flags: RolloutControl.flags)

    static func run(_ invocation: Invocation, on endpoint: inout some SimulatedEndpoint) throws(CommandFailure) -> Int32
    {
        let now = endpoint.wallTime.jsonValue
        return try RolloutControl.run(invocation, "restarted", on: &endpoint) { target throws(CommandFailure) in
            guard ["Deployment", "DaemonSet", "StatefulSet"].contains(target.kind.resource.kind) else {
                throw RolloutControl.failure(target, "restarting is not supported")
            }
            if RolloutControl.isPaused(target) {
                throw RolloutControl.failure(target, "can't restart paused deployment (run rollout resume first)")
            }
            return ["spec": ["template": ["metadata": ["annotations": ["kubectl.kubernetes.io/restartedAt": now]]]]]
        }
    }
}
