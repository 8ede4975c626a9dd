/// What a kind's fields are: the lines of `kubectl explain`, made from the schema and from the lab's own help texts.
public enum Explanation {
    /// - Parameter path: the JSON names below the kind, such as `["spec", "replicas"]`.
    /// - Throws: `field "x" does not exist`, in kubectl's words.
    public static func text(of kind: KindRow, path: [String], recursive: Bool) throws(FieldError) -> String {
        var output = ""
        let resource = kind.resource
        if !resource.group.isEmpty { output += "GROUP:      \(resource.group)\n" }
        output += "KIND:       \(resource.kind)\nVERSION:    \(resource.version)\n\n"

        var place = Place(schema: kind.schema)
        var texts: [String] = []
        for name in path {
            guard let member = place.members.first(where: { $0.name == name }) else {
                throw FieldError("field \"\(path.last ?? name)\" does not exist")
            }
            place = Place(member: member)
        }
        if let member = place.member {
            output += "FIELD: \(member.name) <\(member.typeName)>\n"
            if !member.choices.isEmpty {
                output += "ENUM:\n" + member.choices.map { "    \($0)" }.joined(separator: "\n")
            }
            output += "\n\n"
            if let text = member.text { texts.append(text) }
        }
        if let schema = place.schema, let text = HelpTexts.text(ofType: schema.name) { texts.append(text) }
        output += "DESCRIPTION:\n"
        if texts.isEmpty { texts = ["<empty>"] }
        for text in texts { output += wrapped(text, width: 76, indent: 4) + "\n" }
        output += "    \n"

        let fields = fieldList(place, level: 1, recursive: recursive, seen: [])
        if !fields.isEmpty { output += "FIELDS:\n" + fields }
        return output + "\n"
    }

    /// Where a path has led: a message, or a field of some type.
    private struct Place {
        var schema: MessageSchema?
        var member: Member?

        init(schema: MessageSchema) { self.schema = schema }

        init(member: Member) {
            self.member = member
            schema = member.field.type.message
        }

        /// Sorted by name, as kubectl prints them.
        var members: [Member] {
            guard let schema else { return [] }
            var members = Member.all(of: schema)
            if members.contains(where: { $0.name == "metadata" }), member == nil {
                for name in ["apiVersion", "kind"] {
                    members.append(Member(owner: schema.name, field: FieldSchema(name, 0, .string)))
                }
            }
            return members.sorted { $0.name.utf8.lexicographicallyPrecedes($1.name.utf8) }
        }
    }

    /// A field, and the message that declares it.
    private struct Member {
        var owner: String
        var field: FieldSchema

        var name: String { field.name }
        var text: String? { HelpTexts.text(of: field.name, in: owner) }
        var choices: [String] { FieldChoices.of(field.name, in: owner) }

        /// Those of inlined messages stand beside the message's own.
        static func all(of schema: MessageSchema) -> [Member] {
            schema.fields.flatMap { field in
                if field.inline, let inner = field.type.message { return all(of: inner) }
                return [Member(owner: schema.name, field: field)]
            }
        }

        /// `string`, `[]Container`, `map[string]Quantity`
        var typeName: String {
            let element =
                switch field.type {
                case .string, .bytes, .time, .microTime: "string"
                case .int32, .int64: "integer"
                case .bool: "boolean"
                case .double: "number"
                case .quantity: "Quantity"
                case .intOrString: "IntOrString"
                case .raw: field.name.hasPrefix("fieldsV") ? "FieldsV1" : "Object"
                case .message(let schema): schema().name
                }
            return switch field.cardinality {
            case .single: element
            case .list: "[]" + element
            case .map: "map[string]" + element
            }
        }
    }

    private static func fieldList(_ place: Place, level: Int, recursive: Bool, seen: Set<String>) -> String {
        let indent = String(repeating: "  ", count: level)
        var output = ""
        for member in place.members {
            output += "\(indent)\(member.name)\t<\(member.typeName)>" + (member.field.required ? " -required-" : "")
            if !member.choices.isEmpty {
                // kubectl shows the first few only.
                let shown =
                    member.choices.prefix(4).joined(separator: ", ") + (member.choices.count > 4 ? ", ...." : "")
                output += "\n\(indent)enum: \(shown)"
            }
            output += "\n"
            if !recursive {
                output +=
                    wrapped(member.text ?? "<no description>", width: 78 - 2 * level, indent: 2 * level + 2) + "\n\n"
            } else if let inner = member.field.type.message, !seen.contains(inner.name) {
                output += fieldList(
                    Place(member: member), level: level + 1, recursive: true, seen: seen.union([inner.name]))
            }
        }
        return output
    }

    /// Breaks lines at blanks; a longer word stands alone.
    private static func wrapped(_ text: String, width: Int, indent: Int) -> String {
        let margin = String(repeating: " ", count: indent)
        var lines: [String] = []
        var line = ""
        for word in text.split(separator: " ") {
            if !line.isEmpty, line.count + 1 + word.count > width {
                lines.append(margin + line)
                line = ""
            }
            line += (line.isEmpty ? "" : " ") + word
        }
        lines.append(margin + line)
        return lines.joined(separator: "\n")
    }
}
