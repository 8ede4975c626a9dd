import KubernetesAPI
import PromQL

/// Reads the fields of a YAML document as go-yaml's `UnmarshalStrict` does into Go structures.
///
/// Unknown fields and wrong types are collected and reported together with their lines; what a structure checks of its
/// own contents is thrown at once. That is the order in which Prometheus reports them.
struct StrictReader {
    let document: YAMLDocument
    /// What does not fit, such as `field foo not found in type config.plain`, and where.
    private(set) var typeErrors: [(line: Int, column: Int, field: String, text: String)] = []

    private let source: ScalarSource

    /// - Parameter text: the whole text that the document is of.
    init(_ document: YAMLDocument, text: String) {
        self.document = document
        source = ScalarSource(text)
    }

    /// One mapping of the document.
    struct Section {
        let path: String
        let value: JSONValue

        func path(of field: String) -> String { path.isEmpty ? field : path + "." + field }
        /// Whether the field is there and not null.
        func has(_ field: String) -> Bool { value[field].map { $0 != .null } ?? false }
    }

    func failure(_ message: String, at path: String) -> ConfigurationError {
        let place = document.position(of: path)
        return ConfigurationError(message: message, line: place.line, column: place.column, field: path)
    }

    /// Throws what was collected, if anything, in the order of the lines.
    func finish() throws(ConfigurationError) {
        let sorted = typeErrors.enumerated().sorted { ($0.element.line, $0.offset) < ($1.element.line, $1.offset) }
            .map(\.element)
        guard let first = sorted.first else { return }
        throw ConfigurationError(
            message: "yaml: unmarshal errors:\n"
                + sorted.map { "  line \($0.line): \($0.text)" }.joined(separator: "\n"),
            line: first.line, column: first.column, field: first.field)
    }

    private mutating func refuse(_ text: String, at path: String) {
        let place = document.position(of: path)
        typeErrors.append((place.line, place.column, path, text))
    }

    private mutating func refuse(_ value: JSONValue, into type: String, at path: String) {
        let tag: String
        var text: String?
        switch value {
        case .null: tag = "!!null"
        case .bool(let flag): (tag, text) = ("!!bool", "\(flag)")
        case .integer(let number): (tag, text) = ("!!int", "\(number)")
        case .number(let number): (tag, text) = ("!!float", GoFloat.general(number))
        case .string(let string): (tag, text) = ("!!str", string)
        case .array: tag = "!!seq"
        case .object: tag = "!!map"
        }
        let shown = text.map { $0.utf8.count > 10 ? " `\($0.prefix(7))...`" : " `\($0)`" } ?? ""
        refuse("cannot unmarshal \(tag)\(shown) into \(type)", at: path)
    }

    /// A mapping with known fields; nil for null and for what is none, which is noted.
    mutating func section(_ value: JSONValue?, at path: String, type: String, fields: Set<String>) -> Section? {
        guard let value, value != .null else { return nil }
        guard let members = value.object else {
            refuse(value, into: type, at: path)
            return nil
        }
        let section = Section(path: path, value: value)
        for name in members.keys where !fields.contains(name) {
            refuse("field \(name) not found in type \(type)", at: section.path(of: name))
        }
        return section
    }

    mutating func section(_ parent: Section, _ field: String, type: String, fields: Set<String>) -> Section? {
        section(parent.value[field], at: parent.path(of: field), type: type, fields: fields)
    }

    /// The elements of a list with their paths; empty if the field is not there.
    mutating func list(_ parent: Section, _ field: String, type: String) -> [(value: JSONValue, path: String)] {
        guard let value = parent.value[field], value != .null else { return [] }
        let path = parent.path(of: field)
        guard let elements = value.array else {
            refuse(value, into: type, at: path)
            return []
        }
        return elements.enumerated().map { ($1, "\(path)[\($0)]") }
    }

    /// A scalar as text. Numbers and booleans count as what was written, as go-yaml takes them: `1.10` stays `1.10`, and
    /// `no` stays `no`.
    mutating func string(_ value: JSONValue, at path: String, type: String = "string") -> String? {
        switch value {
        case .string(let text): return text
        case .integer(let number): return written(at: path) ?? "\(number)"
        case .number(let number): return written(at: path) ?? GoFloat.fixed(number)
        case .bool(let flag): return written(at: path) ?? "\(flag)"
        case .null: return nil
        case .array, .object:
            refuse(value, into: type, at: path)
            return nil
        }
    }

    private func written(at path: String) -> String? {
        let place = document.position(of: path)
        return source.scalar(line: place.line, column: place.column, path: path)
    }

    mutating func string(_ section: Section, _ field: String) -> String? {
        section.value[field].flatMap { string($0, at: section.path(of: field)) }
    }

    mutating func strings(_ section: Section, _ field: String, type: String = "[]string") -> [String]? {
        guard section.has(field) else { return nil }
        return list(section, field, type: type).compactMap { string($0.value, at: $0.path) }
    }

    mutating func bool(_ section: Section, _ field: String) -> Bool? {
        guard let value = section.value[field], value != .null else { return nil }
        if case .bool(let flag) = value { return flag }
        refuse(value, into: "bool", at: section.path(of: field))
        return nil
    }

    /// A whole number; `type` is Go's, and a negative one does not fit into `uint`.
    mutating func integer(_ section: Section, _ field: String, type: String = "uint") -> Int? {
        guard let value = section.value[field], value != .null else { return nil }
        switch value {
        case .integer(let number) where number >= 0 || !type.hasPrefix("u"):
            return Int(number)
        case .number(let number):
            if let whole = Int(exactly: number), whole >= 0 || !type.hasPrefix("u") { return whole }
        default: break
        }
        refuse(value, into: type, at: section.path(of: field))
        return nil
    }

    /// A duration in milliseconds.
    mutating func duration(_ section: Section, _ field: String) throws(ConfigurationError) -> Int64? {
        guard let text = string(section, field) else { return nil }
        do {
            return try PrometheusDuration.parse(text)
        } catch {
            throw failure(error.description, at: section.path(of: field))
        }
    }

    /// A size such as `10MB` in bytes; units are powers of 1024, with or without the `i`.
    mutating func size(_ section: Section, _ field: String) throws(ConfigurationError) -> Int? {
        guard let text = string(section, field) else { return nil }
        let path = section.path(of: field)
        do throws(ByteSize.ParseError) {
            return try ByteSize.parse(text)
        } catch {
            throw failure(error.description, at: path)
        }
    }

    /// Labels of a mapping, names checked.
    mutating func labels(_ section: Section, _ field: String, type: String) throws(ConfigurationError) -> Labels {
        guard let value = section.value[field], value != .null else { return .empty }
        let path = section.path(of: field)
        guard let members = value.object else {
            refuse(value, into: type, at: path)
            return .empty
        }
        var pairs: [Label] = []
        for (name, member) in members {
            let place = path + "." + name
            guard RelabelConfiguration.isValidName(name) else {
                throw failure("\(GoQuote.quote(name)) is not a valid label name", at: place)
            }
            if let text = string(member, at: place) { pairs.append(Label(name, text)) }
        }
        return Labels(pairs)
    }
}
