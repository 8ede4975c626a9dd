import KubernetesAPI
import OrderedCollections

/// What `-o` asks for.
enum OutputFormat: Sendable {
    /// Columns, or a sentence about what was done.
    case human(wide: Bool)
    case json
    case yaml
    case name
    case jsonpath(JSONPathTemplate)
    case jsonpathAsJSON(JSONPathTemplate)
    case customColumns([CustomColumn])

    struct CustomColumn: Sendable {
        var header: String
        var path: JSONPathTemplate
    }

    private static let allowed =
        "custom-columns,custom-columns-file,go-template,go-template-file,json,jsonpath,jsonpath-as-json,jsonpath-file,name,template,templatefile,wide,yaml"

    /// Reads the flag of an invocation.
    init(_ invocation: Invocation, allowsTables: Bool = false) throws(CommandFailure) {
        let text = invocation.arguments.string("output")
        let equals = text.firstIndex(of: "=")
        let name = String(text[..<(equals ?? text.endIndex)])
        let argument = equals.map { String(text[text.index(after: $0)...]) }
        func template(_ make: (String) throws(JSONPathTemplate.TemplateError) -> JSONPathTemplate)
            throws(CommandFailure) -> JSONPathTemplate
        {
            guard let argument, !argument.isEmpty else {
                throw CommandFailure("template format specified but no template given")
            }
            do { return try make(argument) } catch {
                throw CommandFailure("error parsing jsonpath \(argument), \(error.message)")
            }
        }
        switch name {
        case "": self = .human(wide: false)
        case "wide" where allowsTables: self = .human(wide: true)
        case "json": self = .json
        case "yaml": self = .yaml
        case "name": self = .name
        case "jsonpath":
            self = .jsonpath(try template { text throws(JSONPathTemplate.TemplateError) in try JSONPathTemplate(text) })
        case "jsonpath-as-json":
            self = .jsonpathAsJSON(
                try template { text throws(JSONPathTemplate.TemplateError) in try JSONPathTemplate(text) })
        case "jsonpath-file":
            guard let argument else { throw CommandFailure("template format specified but no template given") }
            let bytes: [UInt8]
            do { bytes = try invocation.environment.contents(ofFile: argument) } catch {
                throw CommandFailure("error reading --template \(argument), open \(argument): \(error.reason)")
            }
            do { self = .jsonpath(try JSONPathTemplate(String(decoding: bytes, as: UTF8.self))) } catch {
                throw CommandFailure("error parsing jsonpath \(argument), \(error.message)")
            }
        case "custom-columns" where allowsTables: self = .customColumns(try Self.columns(argument ?? ""))
        case "go-template", "template", "go-template-file", "templatefile":
            throw CommandFailure("output format \"\(name)\" is not supported here; use jsonpath or custom-columns")
        default:
            throw CommandFailure(
                "unable to match a printer suitable for the output format \"\(text)\", allowed formats are: \(Self.allowed)"
            )
        }
    }

    private static func columns(_ spec: String) throws(CommandFailure) -> [CustomColumn] {
        guard !spec.isEmpty else { throw CommandFailure("custom-columns format specified but no custom columns given") }
        var columns: [CustomColumn] = []
        for part in splitColumns(spec) {
            guard let colon = part.firstIndex(of: ":"), part.index(after: colon) < part.endIndex else {
                throw CommandFailure("unexpected custom-columns spec: \(part), expected <header>:<json-path-expr>")
            }
            do {
                columns.append(
                    CustomColumn(
                        header: String(part[..<colon]),
                        path: try JSONPathTemplate(relaxed: String(part[part.index(after: colon)...]))))
            } catch {
                throw CommandFailure(error.message)
            }
        }
        return columns
    }

    /// Commas in brackets belong to their path.
    private static func splitColumns(_ text: String) -> [String] {
        var parts = [""]
        var depth = 0
        for character in text {
            if character == "[" { depth += 1 } else if character == "]" { depth -= 1 }
            if character == ",", depth <= 0 { parts.append("") } else { parts[parts.count - 1].append(character) }
        }
        return parts
    }

    var isHuman: Bool { if case .human = self { true } else { false } }
}

/// Prints objects in the formats that show them whole.
struct ObjectPrinter {
    var format: OutputFormat
    var keepsManagedFields = false
    var allowsMissingKeys = true
    /// For `custom-columns`.
    var headers = true
    private var writer = TabWriter.table
    private var hasHeader = false
    /// Whether a YAML document was printed already.
    private var count = 0

    init(_ format: OutputFormat, keepsManagedFields: Bool = false, allowsMissingKeys: Bool = true, headers: Bool = true)
    {
        self.format = format
        self.keepsManagedFields = keepsManagedFields
        self.allowsMissingKeys = allowsMissingKeys
        self.headers = headers
    }

    /// The text of one object, or of a `List`.
    mutating func text(_ object: JSONValue) throws(CommandFailure) -> String {
        defer { count += 1 }
        let value = keepsManagedFields ? object : Self.withoutManagedFields(object)
        switch format {
        case .human: return ""
        case .json: return value.json(indented: true) + "\n"
        case .yaml: return (count > 0 ? "---\n" : "") + YAMLWriter.text(value)
        case .name: return names(value)
        case .jsonpath(let template):
            do { return try template.render(value, allowsMissingKeys: allowsMissingKeys) } catch {
                throw failure(template, error.message, value)
            }
        case .jsonpathAsJSON(let template):
            do {
                return JSONValue.array(try template.values(in: value, allowsMissingKeys: allowsMissingKeys)).json(
                    indented: true) + "\n"
            } catch {
                throw failure(template, error.message, value)
            }
        case .customColumns(let columns): return rows(Self.items(value), columns)
        }
    }

    private func failure(_ template: JSONPathTemplate, _ message: String, _ value: JSONValue) -> CommandFailure {
        CommandFailure(
            "error executing jsonpath \"\(template.text)\": Error executing template: \(message). Printing more information for debugging the template:\n\ttemplate was:\n\t\t\(template.text)\n\tobject given to jsonpath engine was:\n\t\t\(JSONPathEvaluator.goText(value))\n\n"
        )
    }

    private func names(_ value: JSONValue) -> String {
        var text = ""
        for item in Self.items(value) {
            let kind = item["kind"]?.string ?? ""
            let version = item["apiVersion"]?.string ?? ""
            let group = version.contains("/") ? String(version.prefix { $0 != "/" }) : ""
            let name = item["metadata"]?["name"]?.string ?? ""
            text += kind.lowercased() + (group.isEmpty ? "" : "." + group) + "/" + name + "\n"
        }
        return text
    }

    private mutating func rows(_ items: [JSONValue], _ columns: [OutputFormat.CustomColumn]) -> String {
        var lines = ""
        if headers, !hasHeader {
            lines += columns.map(\.header).joined(separator: "\t") + "\n"
            hasHeader = true
        }
        for item in items {
            lines +=
                columns.map { column in
                    let found = (try? column.path.values(in: item)) ?? []
                    return found.isEmpty
                        ? "<none>"
                        : found.map { value in
                            if case .null = value { "<none>" } else { JSONPathEvaluator.goText(value) }
                        }.joined(separator: ",")
                }.joined(separator: "\t") + "\n"
        }
        return writer.aligned(lines)
    }

    private static func items(_ value: JSONValue) -> [JSONValue] {
        if value["kind"]?.string == "List", let items = value["items"]?.array { return items }
        return [value]
    }

    static func withoutManagedFields(_ value: JSONValue) -> JSONValue {
        guard case .object(var members) = value else { return value }
        if case .array(let items)? = members["items"], members["kind"]?.string == "List" {
            members["items"] = .array(items.map(withoutManagedFields))
        }
        if case .object(var metadata)? = members["metadata"], metadata["managedFields"] != nil {
            metadata["managedFields"] = nil
            members["metadata"] = .object(metadata)
        }
        return .object(members)
    }

    /// Several objects in one `v1` List.
    static func list(_ items: [JSONValue]) -> JSONValue {
        .object([
            "apiVersion": .string("v1"), "items": .array(items), "kind": .string("List"),
            "metadata": .object(["resourceVersion": .string("")]),
        ])
    }
}
