/// The path of a field, as validation errors print it.
public struct FieldPath: Sendable, CustomStringConvertible {
    public let description: String

    public init(_ text: String) { description = text }

    public func child(_ name: String) -> FieldPath { FieldPath(description.isEmpty ? name : description + "." + name) }
    public func index(_ index: Int) -> FieldPath { FieldPath(description + "[\(index)]") }
    public func key(_ key: String) -> FieldPath { FieldPath(description + "[\(key)]") }
}

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
        add("FieldValueInvalid", path, "Invalid value: \(Self.quoted(value)): \(detail)")
    }

    public mutating func invalid(_ path: FieldPath, _ value: Int64, _ detail: String) {
        add("FieldValueInvalid", path, "Invalid value: \(value): \(detail)")
    }

    /// A value that is printed as it stands: JSON, a number, null.
    public mutating func invalid(_ path: FieldPath, raw value: String, _ detail: String) {
        add("FieldValueInvalid", path, "Invalid value: \(value): \(detail)")
    }

    public mutating func unsupported(_ path: FieldPath, _ value: String, _ supported: [String]) {
        add(
            "FieldValueNotSupported", path,
            "Unsupported value: \(Self.quoted(value)): supported values: \(supported.map(Self.quoted).joined(separator: ", "))")
    }

    public mutating func duplicate(_ path: FieldPath, _ value: String) {
        add("FieldValueDuplicate", path, "Duplicate value: \(Self.quoted(value))")
    }

    public mutating func duplicate(_ path: FieldPath, raw value: String) { add("FieldValueDuplicate", path, "Duplicate value: \(value)") }

    public mutating func forbidden(_ path: FieldPath, _ detail: String) { add("FieldValueForbidden", path, "Forbidden: \(detail)") }

    public mutating func notFound(_ path: FieldPath, _ value: String) {
        add("FieldValueNotFound", path, "Not found: \(Self.quoted(value))")
    }

    public mutating func tooLong(_ path: FieldPath, _ limit: Int) {
        add("FieldValueTooLong", path, "Too long: may not be more than \(limit) bytes")
    }

    public mutating func tooMany(_ path: FieldPath, _ count: Int, _ limit: Int) {
        add("FieldValueTooMany", path, "Too many: \(count): must have at most \(limit) items")
    }

    static func quoted(_ text: String) -> String { String(decoding: JSONValue.string(text).compactBytes, as: UTF8.self) }

    /// The answer to the request: 422 Invalid with all causes, duplicates dropped; nil if nothing is wrong.
    public func status(_ resource: ResourceType, name: String) -> APIStatus? {
        guard !causes.isEmpty else { return nil }
        var lines: [String] = []
        for cause in causes {
            let line = cause.field.isEmpty ? cause.message : "\(cause.field): \(cause.message)"
            if !lines.contains(line) { lines.append(line) }
        }
        let text = lines.count == 1 ? lines[0] : "[" + lines.joined(separator: ", ") + "]"
        let kind = resource.group.isEmpty ? resource.kind : "\(resource.kind).\(resource.group)"
        return APIStatus(
            code: 422, reason: "Invalid", message: "\(kind) \"\(name)\" is invalid: \(text)", kind: resource.kind, name: name, causes: causes)
    }
}
