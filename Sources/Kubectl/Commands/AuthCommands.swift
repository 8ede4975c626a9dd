import KubernetesAPI

/// `kubectl auth can-i`: everything is allowed here, as in a cluster without authorization.
enum CanICommand: Command {
    static let definition = CommandDefinition(
        "auth can-i", "Check whether an action is allowed", usage: "VERB [TYPE | TYPE/NAME | NONRESOURCEURL] [options]",
        examples: ["auth can-i create pods"],
        access: .none,
        flags: [
            .allNamespaces, Flag("quiet", "q", .bool, "If true, suppress output and just return the exit code."),
            Flag("subresource", "SubResource such as pod/log"),
        ])

    static func run(_ invocation: Invocation, on endpoint: inout some SimulatedEndpoint) throws(CommandFailure) -> Int32
    {
        let words = invocation.arguments.positional
        guard words.count == 2 || words.count == 3 else {
            throw CommandFailure(
                "you must specify two arguments: verb resource or verb resource/resourceName.\nSee 'kubectl auth can-i -h' for help and examples."
            )
        }
        let name = words[1].split(separator: "/").first.map(String.init) ?? words[1]
        if !words[1].hasPrefix("/") {
            if let kind = ResourceCatalogue.kind(name) {
                if !kind.resource.namespaced {
                    invocation.printError("Warning: resource '\(kind.resource.plural)' is not namespace scoped\n")
                }
            } else {
                invocation.printError("Warning: the server doesn't have a resource type '\(name)'\n")
            }
        }
        if !invocation.arguments.bool("quiet") { invocation.print("yes") }
        return 0
    }
}

/// `kubectl auth whoami`: the lab has one user.
enum WhoAmICommand: Command {
    static let definition = CommandDefinition(
        "auth whoami", "Check self subject attributes", usage: "[options]", access: .none, flags: [])

    static func run(_ invocation: Invocation, on endpoint: inout some SimulatedEndpoint) throws(CommandFailure) -> Int32
    {
        var writer = TabWriter.table
        invocation.write(
            writer.aligned(
                "ATTRIBUTE\tVALUE\nUsername\tadmin\nUID\tadmin\nGroups\t[system:masters system:authenticated]\n"))
        return 0
    }
}
