import OrderedCollections

/// The schema of a custom resource (`openAPIV3Schema`): what it refuses, fills in and drops
/// (`k8s.io/apiextensions-apiserver/pkg/apiserver/schema`, texts of `kube-openapi/pkg/validation`).
///
/// Rules of CEL (`x-kubernetes-validations`) and formats are kept and not looked at.
public struct StructuralSchema: Sendable, Equatable {
    private let root: JSONValue
    /// Deepest nesting of objects that is looked at; more is refused.
    static let depthLimit = 100
    /// Problems of one object that are reported.
    static let problemLimit = 100

    public init(_ schema: JSONValue) { root = schema }

    /// The schema as the definition has it.
    public var json: JSONValue { root }

    // MARK: Dropping

    /// The object without the fields that the schema does not know, and the paths of those.
    public func pruned(_ object: JSONValue) -> (object: JSONValue, unknownFields: [String]) {
        var unknown: [String] = []
        let pruned = Self.prune(object, root, "", isRoot: true, 0, &unknown)
        return (pruned, unknown)
    }

    private static func prune(
        _ value: JSONValue, _ schema: JSONValue, _ path: String, isRoot: Bool, _ depth: Int, _ unknown: inout [String]
    ) -> JSONValue {
        guard depth < depthLimit else { return value }
        switch value {
        case .object(let members):
            let keeps = schema["x-kubernetes-preserve-unknown-fields"] == .bool(true)
            let isEmbedded = schema["x-kubernetes-embedded-resource"] == .bool(true)
            let additional = schema["additionalProperties"]
            var kept: OrderedDictionary<String, JSONValue> = [:]
            for (name, member) in members {
                let inner = path.isEmpty ? name : path + "." + name
                if isRoot || isEmbedded, ["apiVersion", "kind", "metadata"].contains(name) {
                    kept[name] = member
                } else if let property = schema["properties"]?[name] {
                    kept[name] = prune(member, property, inner, isRoot: false, depth + 1, &unknown)
                } else if case .object? = additional, let additional {
                    kept[name] = prune(member, additional, inner, isRoot: false, depth + 1, &unknown)
                } else if keeps || additional == .bool(true) {
                    kept[name] = member
                } else {
                    unknown.append(inner)
                }
            }
            return .object(kept)
        case .array(let items):
            guard let schema = schema["items"] else { return value }
            return .array(
                items.enumerated().map {
                    prune($0.element, schema, "\(path)[\($0.offset)]", isRoot: false, depth + 1, &unknown)
                })
        default: return value
        }
    }

    // MARK: Filling in

    /// The object with the schema's defaults where something is missing.
    public func defaulted(_ object: JSONValue) -> JSONValue { Self.fill(object, root, 0) }

    private static func fill(_ value: JSONValue, _ schema: JSONValue, _ depth: Int) -> JSONValue {
        guard depth < depthLimit else { return value }
        switch value {
        case .object(var members):
            for (name, property) in schema["properties"]?.object ?? [:] {
                if let member = members[name] {
                    // A null that may not be one counts as missing.
                    if member == .null, property["nullable"] != .bool(true), let standard = property["default"] {
                        members[name] = fill(standard, property, depth + 1)
                    } else {
                        members[name] = fill(member, property, depth + 1)
                    }
                } else if let standard = property["default"] {
                    members[name] = fill(standard, property, depth + 1)
                }
            }
            if case .object? = schema["additionalProperties"], let additional = schema["additionalProperties"] {
                for (name, member) in members where schema["properties"]?[name] == nil {
                    members[name] = fill(member, additional, depth + 1)
                }
            }
            return .object(members)
        case .array(let items):
            guard let schema = schema["items"] else { return value }
            return .array(items.map { fill($0, schema, depth + 1) })
        default: return value
        }
    }

    // MARK: Refusing

    /// What is wrong with an object, in the API server's words; empty for a good one.
    public func problems(of object: JSONValue) -> [APIStatus.Cause] {
        var found: [APIStatus.Cause] = []
        Self.check(object, root, "", 0, &found)
        return Array(found.prefix(Self.problemLimit))
    }

    private static func check(
        _ value: JSONValue, _ schema: JSONValue, _ path: String, _ depth: Int, _ found: inout [APIStatus.Cause]
    ) {
        guard found.count < problemLimit else { return }
        func add(_ reason: String, _ message: String) {
            found.append(APIStatus.Cause(reason: reason, message: message, field: path.isEmpty ? "<nil>" : path))
        }
        guard depth < depthLimit else { return add("FieldValueInvalid", "Invalid value: too deep") }
        if value == .null, schema["nullable"] == .bool(true) { return }
        if let type = expectedType(schema), !isOf(type, value) {
            let kind = typeName(of: value)
            return add(
                "FieldValueTypeInvalid",
                "Invalid value: \"\(kind)\": \(path) in body must be of type \(type): \"\(kind)\"")
        }
        if schema["x-kubernetes-int-or-string"] == .bool(true) {
            switch value {
            case .integer, .string: break
            default:
                return add(
                    "FieldValueTypeInvalid",
                    "Invalid value: \"\(typeName(of: value))\": \(path) in body must be of type integer,string: \"\(typeName(of: value))\""
                )
            }
        }
        if let allowed = schema["enum"]?.array, !allowed.contains(where: { $0.isEquivalent(to: value) }) {
            let supported = allowed.map { text($0) }.joined(separator: ", ")
            add("FieldValueNotSupported", "Unsupported value: \(text(value)): supported values: \(supported)")
        }
        switch value {
        case .integer(let number): checkNumber(Double(number), value, schema, path, add)
        case .number(let number): checkNumber(number, value, schema, path, add)
        case .string(let string): checkText(string, schema, path, add)
        case .array(let items):
            if let least = count(schema["minItems"]), items.count < least {
                add(
                    "FieldValueInvalid",
                    "Invalid value: \(items.count): \(path) in body should have at least \(least) items")
            }
            if let most = count(schema["maxItems"]), items.count > most {
                add("FieldValueTooMany", "Too many: \(items.count): must have at most \(most) items")
            }
            if let schema = schema["items"] {
                for (index, item) in items.enumerated() { check(item, schema, "\(path)[\(index)]", depth + 1, &found) }
            }
        case .object(let members):
            for name in (schema["required"]?.array ?? []).compactMap(\.string) where members[name] == nil {
                found.append(
                    APIStatus.Cause(
                        reason: "FieldValueRequired", message: "Required value",
                        field: path.isEmpty ? name : path + "." + name))
            }
            if let least = count(schema["minProperties"]), members.count < least {
                add(
                    "FieldValueInvalid",
                    "Invalid value: \(members.count): \(path) in body should have at least \(least) properties")
            }
            if let most = count(schema["maxProperties"]), members.count > most {
                add("FieldValueTooMany", "Too many: \(members.count): must have at most \(most) items")
            }
            for (name, member) in members {
                let inner = path.isEmpty ? name : path + "." + name
                if let property = schema["properties"]?[name] {
                    check(member, property, inner, depth + 1, &found)
                } else if case .object? = schema["additionalProperties"],
                    let additional = schema["additionalProperties"]
                {
                    check(member, additional, inner, depth + 1, &found)
                }
            }
        case .bool, .null: break
        }
        checkCombinations(value, schema, path, depth, add)
    }

    private static func checkNumber(
        _ number: Double, _ value: JSONValue, _ schema: JSONValue, _ path: String, _ add: (String, String) -> Void
    ) {
        if let least = double(schema["minimum"]) {
            let isExclusive = schema["exclusiveMinimum"] == .bool(true)
            if isExclusive ? number <= least : number < least {
                let words = isExclusive ? "greater than" : "greater than or equal to"
                add(
                    "FieldValueInvalid",
                    "Invalid value: \(text(value)): \(path) in body should be \(words) \(text(schema["minimum"]))")
            }
        }
        if let most = double(schema["maximum"]) {
            let isExclusive = schema["exclusiveMaximum"] == .bool(true)
            if isExclusive ? number >= most : number > most {
                let words = isExclusive ? "less than" : "less than or equal to"
                add(
                    "FieldValueInvalid",
                    "Invalid value: \(text(value)): \(path) in body should be \(words) \(text(schema["maximum"]))")
            }
        }
        if let step = double(schema["multipleOf"]), step > 0 {
            let quotient = number / step
            if quotient != quotient.rounded() {
                add(
                    "FieldValueInvalid",
                    "Invalid value: \(text(value)): \(path) in body should be a multiple of \(text(schema["multipleOf"]))"
                )
            }
        }
    }

    private static func checkText(
        _ string: String, _ schema: JSONValue, _ path: String, _ add: (String, String) -> Void
    ) {
        let length = string.unicodeScalars.count
        if let least = count(schema["minLength"]), length < least {
            add(
                "FieldValueInvalid",
                "Invalid value: \(text(.string(string))): \(path) in body should be at least \(least) chars long")
        }
        if let most = count(schema["maxLength"]), length > most {
            add("FieldValueTooLong", "Too long: may not be more than \(most) bytes")
        }
        if let pattern = schema["pattern"]?.string, let matcher = try? PatternMatcher(pattern), !matcher.matches(string)
        {
            add(
                "FieldValueInvalid",
                "Invalid value: \(text(.string(string))): \(path) in body should match '\(pattern)'")
        }
    }

    private static func checkCombinations(
        _ value: JSONValue, _ schema: JSONValue, _ path: String, _ depth: Int, _ add: (String, String) -> Void
    ) {
        func fits(_ other: JSONValue) -> Bool {
            var problems: [APIStatus.Cause] = []
            check(value, other, path, depth + 1, &problems)
            return problems.isEmpty
        }
        func refuse(_ why: String) {
            add("FieldValueInvalid", "Invalid value: \(text(value)): \"\(path)\" must \(why)")
        }
        if let all = schema["allOf"]?.array, !all.allSatisfy(fits) { refuse("validate all the schemas (allOf)") }
        if let any = schema["anyOf"]?.array, !any.contains(where: fits) {
            refuse("validate at least one schema (anyOf)")
        }
        if let one = schema["oneOf"]?.array {
            let count = one.count(where: fits)
            if count != 1 {
                refuse("validate one and only one schema (oneOf). Found \(count == 0 ? "none" : "\(count)") valid")
            }
        }
        if let not = schema["not"], fits(not) { refuse("not validate the schema (not)") }
    }

    // MARK: Types

    private static func expectedType(_ schema: JSONValue) -> String? {
        guard let type = schema["type"]?.string, !type.isEmpty else { return nil }
        return type
    }

    private static func isOf(_ type: String, _ value: JSONValue) -> Bool {
        switch (type, value) {
        case ("object", .object), ("array", .array), ("string", .string), ("boolean", .bool), ("integer", .integer),
            ("number", .integer), ("number", .number):
            true
        case ("integer", .number(let number)): number == number.rounded()
        default: false
        }
    }

    private static func typeName(of value: JSONValue) -> String {
        switch value {
        case .null: "null"
        case .bool: "boolean"
        case .integer: "integer"
        case .number: "number"
        case .string: "string"
        case .array: "array"
        case .object: "object"
        }
    }

    private static func count(_ value: JSONValue?) -> Int? {
        if case .integer(let number)? = value { Int(clamping: number) } else { nil }
    }

    private static func double(_ value: JSONValue?) -> Double? {
        switch value {
        case .integer(let number): Double(number)
        case .number(let number): number
        default: nil
        }
    }

    private static func text(_ value: JSONValue?) -> String {
        guard let value else { return "" }
        if case .string(let string) = value { return GoText.quoted(string) }
        return String(decoding: value.compactBytes, as: UTF8.self)
    }
}
