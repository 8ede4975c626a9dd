import KubernetesAPI

/// A JSONPath template as `-o jsonpath=`, `--sort-by` and `custom-columns` take it.
public struct JSONPathTemplate: Sendable {
    /// As it was given.
    public let text: String
    private let nodes: [JSONPathNode]

    /// Reads a template: text with actions in braces. One pair of quotes around the whole is not part of it.
    /// - Throws: `TemplateError` with client-go's text.
    public init(_ text: String) throws(TemplateError) {
        self.text = text
        do { nodes = try JSONPathParser.parse(text) } catch { throw TemplateError(error.message) }
    }

    /// Reads a path that may lack the braces and the dot (`metadata.name`).
    public init(relaxed text: String) throws(TemplateError) {
        if text.isEmpty {
            try self.init("")
            return
        }
        var body = Substring(text)
        if body.hasPrefix("{"), body.hasSuffix("}"), body.count >= 2 { body = body.dropFirst().dropLast() }
        guard !body.contains("{"), !body.contains("}"), !body.isEmpty else {
            throw TemplateError(
                "unexpected path string, expected a 'name1.name2' or '.name1.name2' or '{name1.name2}' or '{.name1.name2}'"
            )
        }
        try self.init("{" + (body.hasPrefix(".") ? "" : ".") + body + "}")
    }

    /// Why a template cannot be used, in client-go's words.
    public struct TemplateError: Error, Sendable, Equatable {
        public var message: String
        init(_ message: String) { self.message = message }
    }

    /// What the template's actions find.
    public func values(in document: JSONValue, allowsMissingKeys: Bool = true) throws(TemplateError) -> [JSONValue] {
        try groups(in: document, allowsMissingKeys).flatMap { $0 }
    }

    /// The template's text for a document: the results of an action stand with spaces between them.
    public func render(_ document: JSONValue, allowsMissingKeys: Bool = true) throws(TemplateError) -> String {
        try groups(in: document, allowsMissingKeys).map { $0.map(Self.print).joined(separator: " ") }.joined()
    }

    private func groups(in document: JSONValue, _ allowsMissingKeys: Bool) throws(TemplateError) -> [[JSONValue]] {
        do { return try JSONPathEvaluator(allowsMissingKeys: allowsMissingKeys).results(nodes, document) } catch {
            throw TemplateError(error.message)
        }
    }

    /// A result as text: texts bare, structures as compact JSON.
    public static func print(_ value: JSONValue) -> String {
        switch value {
        case .string(let text): text
        case .null: "null"
        default: value.json(indented: false)
        }
    }
}
