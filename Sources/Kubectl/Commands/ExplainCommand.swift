import KubernetesAPI

/// `kubectl explain`: the fields of a kind, from the schema that decoding uses (`kubectl/pkg/explain/v2`).
enum ExplainCommand: Command {
    static let definition = CommandDefinition(
        "explain", "Get documentation for a resource",
        usage: "TYPE [--recursive=FALSE|TRUE] [--api-version=api-version-group] [options]",
        examples: ["explain pods", "explain deployment.spec.strategy", "explain hpa.spec --recursive"],
        access: .none,
        flags: [
            Flag("recursive", "", .bool, "Print the fields of fields (currently only 1 level deep without it)"),
            Flag("api-version", "Use given api-version (group/version) of the resource"),
            Flag("output", "o", .string, initial: "plaintext", "Format in which to render the schema; only plaintext"),
        ])

    static func run(_ invocation: Invocation, on endpoint: inout some SimulatedEndpoint) throws(CommandFailure) -> Int32
    {
        guard invocation.arguments.positional.count == 1, let word = invocation.arguments.positional.first else {
            throw invocation.usage(
                invocation.arguments.positional.isEmpty
                    ? "You must specify the type of resource to explain. Use \"\(invocation.program) api-resources\" for a complete list of supported resources."
                    : "We accept only this format: explain RESOURCE")
        }
        var path = word.split(separator: ".").map(String.init)
        guard let first = path.first, var kind = ResourceCatalogue.kind(first) else {
            throw CommandFailure("the server doesn't have a resource type \"\(path.first ?? word)\"")
        }
        path.removeFirst()
        let wanted = invocation.arguments.string("api-version")
        if !wanted.isEmpty {
            guard
                let other = KindRow.builtIn.first(where: {
                    $0.resource.plural == kind.resource.plural && $0.resource.apiVersion == wanted
                })
            else {
                throw CommandFailure("couldn't find resource for \"\(wanted), Resource=\(kind.resource.plural)\"")
            }
            kind = other
        }
        do {
            invocation.write(
                try Explanation.text(of: kind, path: path, recursive: invocation.arguments.bool("recursive")))
        } catch {
            throw CommandFailure(error.description)
        }
        return 0
    }
}
