import KubernetesAPI

/// `kubectl explain`: the fields of a kind, from the schema that decoding uses (`kubectl/pkg/explain/v2`).
enum ExplainCommand: Command {
    static let definition = CommandDefinition(
        "explain", "Get documentation for a resource", usage: "TYPE [--recursive=FALSE|TRUE] [--api-version=api-version-group] [options]",
        examples: ["explain pods", "explain deployment.spec.strategy", "explain hpa.spec --recursive"],
        flags: [
            Flag("recursive", "", .bool, "Print the fields of fields (currently only 1 level deep without it)"),
            Flag("api-version", "Use given api-version (group/version) of the resource"),
            Flag("output", "o", .string, initial: "plaintext", "Format in which to render the schema; only plaintext"),
        ])

    static func run(_ invocation: Invocation, on endpoint: inout some SimulatedEndpoint) throws(CommandFailure) -> Int32 {
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
            guard let other = KindRow.builtIn.first(where: { $0.resource.plural == kind.resource.plural && $0.resource.apiVersion == wanted }) else {
                throw CommandFailure("couldn't find resource for \"\(wanted), Resource=\(kind.resource.plural)\"")
            }
            kind = other
        }
        invocation.write(try text(kind, path, recursive: invocation.arguments.bool("recursive")))
        return 0
    }

    private static func text(_ kind: KindRow, _ path: [String], recursive: Bool) throws(CommandFailure) -> String {
        var text = ""
        let resource = kind.resource
        if !resource.group.isEmpty { text += "GROUP:      \(resource.group)\n" }
        text += "KIND:       \(resource.kind)\nVERSION:    \(resource.version)\n\n"
        var schema: MessageSchema? = kind.schema
        var field: FieldSchema?
        for name in path {
            guard let next = schema?.member(name) ?? (schema != nil && field == nil ? typeMeta.first { $0.name == name } : nil) else {
                throw CommandFailure("field \"\(name)\" does not exist")
            }
            field = next
            schema = next.type.message
        }
        if let field { text += "FIELD: \(field.name) <\(typeName(field))>\(field.required ? " -required-" : "")\n\n" }
        if field?.type.message == nil, field != nil { text += "\n" } else if field != nil { text += "\n" }
        text += "DESCRIPTION:\n"
        let help = field.map { FieldHelp.text($0, path: path, kind: resource.kind) } ?? FieldHelp.kinds[resource.kind]
        text += wrapped(help ?? "<empty>", indent: 4) + "    \n"
        guard let schema else { return text }
        text += "FIELDS:\n"
        let isRoot = field == nil
        if recursive {
            text += tree(schema, isRoot: isRoot, indent: 2, seen: [])
        } else {
            for member in members(of: schema, isRoot: isRoot) {
                text += "  \(member.name)\t<\(typeName(member))>\(member.required && !isRoot ? " -required-" : "")\n"
                text += wrapped(FieldHelp.text(member, path: path + [member.name], kind: resource.kind) ?? "<no description>", indent: 4) + "\n"
            }
        }
        return text + (recursive ? "\n" : "")
    }

    private static let typeMeta = [FieldSchema("apiVersion", 0, .string), FieldSchema("kind", 0, .string)]

    private static func members(of schema: MessageSchema, isRoot: Bool) -> [FieldSchema] {
        let own = schema.memberNames.compactMap { schema.member($0) }
        return ((isRoot ? typeMeta : []) + own).sorted { $0.name.utf8.lexicographicallyPrecedes($1.name.utf8) }
    }

    private static func tree(_ schema: MessageSchema, isRoot: Bool, indent: Int, seen: [String]) -> String {
        // A type within itself, such as a JSON schema, is named once.
        guard !seen.contains(schema.name) else { return "" }
        return members(of: schema, isRoot: isRoot).map { member in
            let line = String(repeating: " ", count: indent) + "\(member.name)\t<\(typeName(member))>\(member.required && !isRoot ? " -required-" : "")\n"
            guard let inner = member.type.message else { return line }
            return line + tree(inner, isRoot: false, indent: indent + 2, seen: seen + [schema.name])
        }.joined()
    }

    static func typeName(_ field: FieldSchema) -> String {
        let single =
            switch field.type {
            case .string, .bytes, .time, .microTime: "string"
            case .int32, .int64: "integer"
            case .bool: "boolean"
            case .double: "number"
            case .quantity: "Quantity"
            case .intOrString: "IntOrString"
            case .raw: "Object"
            case .message(let schema): schema().name
            }
        switch field.cardinality {
        case .single: return single
        case .list: return "[]" + single
        case .map: return "map[string]" + single
        }
    }

    /// The text in lines of at most 80 characters, each with an indent and a line end.
    private static func wrapped(_ text: String, indent: Int) -> String {
        let space = String(repeating: " ", count: indent)
        var output = ""
        for paragraph in text.split(separator: "\n", omittingEmptySubsequences: false) {
            var line = ""
            for word in paragraph.split(separator: " ") {
                if !line.isEmpty, line.count + 1 + word.count > 80 - indent {
                    output += space + line + "\n"
                    line = ""
                }
                line += (line.isEmpty ? "" : " ") + word
            }
            output += space + line + "\n"
        }
        return output
    }
}
