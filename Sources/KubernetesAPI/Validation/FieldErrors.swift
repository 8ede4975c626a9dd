/// Collects what is wrong with an object, in the words of the API server (`util/validation/field/errors.go`).
public struct FieldErrors: Sendable {
    public private(set) var causes: [APIStatus.Cause] = []

    public init() {}

    public var isEmpty: Bool { causes.isEmpty }

    private mutating func add(_ reason: String, _ path: FieldPath, _ message: String) {
        causes.append(APIStatus.Cause(reason: reason, message: message, field: path.description))
    }

    public mutating func required(_ path: FieldPath, _ detail: String = "") {
        add("FieldValueRequired", path, "Required value" + (detail.isEmpty ? "" : ": " + detail))
    }

    public mutating func invalid(_ path: FieldPath, _ value: String, _ detail: String) {
        invalid(path, raw: Self.quoted(value), detail)
    }

    /// One error a problem.
    public mutating func invalid(_ path: FieldPath, _ value: String, _ problems: [String]) {
        for problem in problems { invalid(path, value, problem) }
    }

    public mutating func invalid(_ path: FieldPath, _ value: Int64, _ detail: String) {
        invalid(path, raw: "\(value)", detail)
    }

    public mutating func invalid(_ path: FieldPath, _ value: Int32, _ detail: String) {
        invalid(path, raw: "\(value)", detail)
    }

    /// A value that has no better text than its JSON: a list, a map, a struct.
    public mutating func invalid(_ path: FieldPath, json value: JSONValue, _ detail: String) {
        invalid(path, raw: Self.json(value), detail)
    }

    /// A value that is printed as it stands: a number, null.
    public mutating func invalid(_ path: FieldPath, raw value: String, _ detail: String) {
        add("FieldValueInvalid", path, "Invalid value: \(value)" + (detail.isEmpty ? "" : ": " + detail))
    }

    /// An error about a whole field whose value would not help.
    public mutating func invalid(_ path: FieldPath, omittingValue detail: String) {
        add("FieldValueInvalid", path, "Invalid value: \(detail)")
    }

    public mutating func unsupported(_ path: FieldPath, _ value: String, _ supported: [String]) {
        unsupported(path, raw: Self.quoted(value), supported)
    }

    public mutating func unsupported(_ path: FieldPath, raw value: String, _ supported: [String]) {
        add(
            "FieldValueNotSupported", path,
            "Unsupported value: \(value): supported values: \(supported.map(Self.quoted).joined(separator: ", "))")
    }

    public mutating func unsupported(_ path: FieldPath, json value: JSONValue, _ supported: [String]) {
        unsupported(path, raw: Self.json(value), supported)
    }

    public mutating func duplicate(_ path: FieldPath, _ value: String) { duplicate(path, raw: Self.quoted(value)) }

    public mutating func duplicate(_ path: FieldPath, raw value: String, _ detail: String = "") {
        add("FieldValueDuplicate", path, "Duplicate value: \(value)" + (detail.isEmpty ? "" : ": " + detail))
    }

    public mutating func forbidden(_ path: FieldPath, _ detail: String) {
        add("FieldValueForbidden", path, "Forbidden: \(detail)")
    }

    public mutating func notFound(_ path: FieldPath, _ value: String, _ detail: String = "") {
        add("FieldValueNotFound", path, "Not found: \(Self.quoted(value))" + (detail.isEmpty ? "" : ": " + detail))
    }

    public mutating func tooLong(_ path: FieldPath, _ limit: Int) {
        add("FieldValueTooLong", path, "Too long: may not be more than \(limit) bytes")
    }

    public mutating func tooMany(_ path: FieldPath, _ count: Int, _ limit: Int) {
        add("FieldValueTooMany", path, "Too many: \(count): must have at most \(limit) items")
    }

    static func quoted(_ text: String) -> String { GoText.quoted(text) }
    static func json(_ value: JSONValue) -> String { String(decoding: value.compactBytes, as: UTF8.self) }

    /// The answer to the request: 422 Invalid with all causes, duplicates dropped; nil if nothing is wrong.
    public func status(_ resource: ResourceType, name: String) -> APIStatus? {
        guard !causes.isEmpty else { return nil }
        var lines: [String] = []
        var seen: Set<String> = []
        var kept: [APIStatus.Cause] = []
        for cause in causes {
            let line = cause.field.isEmpty ? cause.message : "\(cause.field): \(cause.message)"
            guard seen.insert(line).inserted else { continue }
            lines.append(line)
            kept.append(cause)
        }
        let text = lines.count == 1 ? lines[0] : "[" + lines.joined(separator: ", ") + "]"
        let kind = resource.group.isEmpty ? resource.kind : "\(resource.kind).\(resource.group)"
        return APIStatus(
            code: 422, reason: "Invalid", message: "\(kind) \"\(name)\" is invalid: \(text)", kind: resource.kind,
            name: name,
            causes: kept)
    }
}
