import KubernetesAPI

/// Turning scheduling on a node off and on (`kubectl/pkg/drain/cordon.go`).
enum Cordoning {
    static let flags: [Flag] = [.selector, .dryRun]

    /// Says `node/n1 cordoned`, or that it was so already.
    static func set(
        _ node: FetchedObject, unschedulable: Bool, _ invocation: Invocation, _ dryRun: DryRun,
        on endpoint: inout some SimulatedEndpoint
    ) throws(CommandFailure) {
        let deed = unschedulable ? "cordoned" : "uncordoned"
        let isAlready = (node.value["spec"]?["unschedulable"] == .bool(true)) == unschedulable
        if !isAlready {
            let patch: JSONValue = ["spec": ["unschedulable": unschedulable ? true : .null]]
            _ = try invocation.patch(node, patch, .strategicMerge, dryRun, manager: "kubectl-cordon", on: &endpoint)
        }
        invocation.print("node/\(node.name) \(isAlready ? "already " : "")\(deed)\(dryRun.note)")
    }

    static func nodes(_ invocation: Invocation, on endpoint: inout some SimulatedEndpoint) throws(CommandFailure)
        -> FetchResult
    {
        let words = invocation.arguments.positional
        guard !words.isEmpty || !invocation.arguments.string("selector").isEmpty else {
            throw CommandFailure(
                text:
                    "error: USAGE: \(invocation.definition.path.joined(separator: " ")) NODE [flags]\nSee '\(invocation.commandName) -h' for help and examples"
            )
        }
        if !words.isEmpty, !invocation.arguments.string("selector").isEmpty {
            throw CommandFailure("error: cannot specify both a node name and a --selector option")
        }
        var named = words
        if let first = words.first, !first.contains("/"), !["node", "nodes", "no"].contains(first) {
            named.insert("nodes", at: 0)
        }
        if words.isEmpty { named = ["nodes"] }
        return try ResourceSelection(named, .init(selector: invocation.arguments.string("selector")))
            .fetch(on: &endpoint, namespace: "", labelSelector: invocation.arguments.string("selector"))
    }

    static func run(_ invocation: Invocation, unschedulable: Bool, on endpoint: inout some SimulatedEndpoint)
        throws(CommandFailure) -> Int32
    {
        let dryRun = try DryRun(invocation)
        let found = try nodes(invocation, on: &endpoint)
        var failures = found.failures.map { CommandFailure($0) }
        for node in found.objects {
            do { try set(node, unschedulable: unschedulable, invocation, dryRun, on: &endpoint) } catch {
                failures.append(error)
            }
        }
        return invocation.finish(failures)
    }
}

enum CordonCommand: Command {
    static let definition = CommandDefinition(
        "cordon", "Mark node as unschedulable", usage: "NODE [options]", examples: ["cordon worker-1"],
        flags: Cordoning.flags)

    static func run(_ invocation: Invocation, on endpoint: inout some SimulatedEndpoint) throws(CommandFailure) -> Int32
    {
        try Cordoning.run(invocation, unschedulable: true, on: &endpoint)
    }
}

enum UncordonCommand: Command {
    static let definition = CommandDefinition(
        "uncordon", "Mark node as schedulable", usage: "NODE [options]", examples: ["uncordon worker-1"],
        flags: Cordoning.flags)

    static func run(_ invocation: Invocation, on endpoint: inout some SimulatedEndpoint) throws(CommandFailure) -> Int32
    {
        try Cordoning.run(invocation, unschedulable: false, on: &endpoint)
    }
}
