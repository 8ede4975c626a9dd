import OrderedCollections

/// Objects as the API server's validation prints them: the JSON of its internal types, whose members have Go's names and
/// are never left out. Written from the same object in the API's form.
enum GoValue {
    /// The internal form of `value`, which has the API's form of `type`.
    static func of(_ value: some Message, as type: String) -> JSONValue { render(value.jsonValue, .named(type)) }

    static func text(_ value: some Message, as type: String) -> String {
        String(decoding: of(value, as: type).compactBytes, as: UTF8.self)
    }

    /// The type of a member.
    indirect enum Shape: Sendable {
        case string, bool, integer, quantity, intOrString, map
        /// Kept in the API's form: types of `meta/v1` have no internal ones.
        case raw
        case pointer(Shape)
        case list(Shape)
        case named(String)

        init(_ text: Substring) {
            switch text {
            case "string": self = .string
            case "bool": self = .bool
            case "int": self = .integer
            case "quantity": self = .quantity
            case "intstr": self = .intOrString
            case "map": self = .map
            case "raw": self = .raw
            default:
                if text.hasPrefix("*") {
                    self = .pointer(Shape(text.dropFirst()))
                } else if text.hasPrefix("[]") {
                    self = .list(Shape(text.dropFirst(2)))
                } else {
                    self = .named(String(text))
                }
            }
        }
    }

    struct Member: Sendable {
        var goName: String
        var jsonName: String
        var shape: Shape
        /// Its members stand among those of its owner.
        var isEmbedded: Bool
    }

    private static func render(_ value: JSONValue?, _ shape: Shape) -> JSONValue {
        switch shape {
        case .string: return value ?? .string("")
        case .bool: return value ?? .bool(false)
        case .integer: return value ?? .integer(0)
        case .quantity: return value ?? .string("0")
        case .intOrString: return value ?? .integer(0)
        case .raw: return value ?? .object([:])
        case .map: return value.flatMap { $0 == .null ? nil : sorted($0) } ?? .null
        case .pointer(let inner): return value.map { $0 == .null ? .null : render($0, inner) } ?? .null
        case .list(let inner):
            guard case .array(let elements)? = value else { return .null }
            return .array(elements.map { render($0, inner) })
        case .named(let name): return .object(members(of: value, name))
        }
    }

    private static func sorted(_ value: JSONValue) -> JSONValue {
        guard case .object(let members) = value else { return value }
        let keys = members.keys.sorted { $0.utf8.lexicographicallyPrecedes($1.utf8) }
        return .object(.init(uniqueKeysWithValues: keys.compactMap { key in members[key].map { (key, $0) } }))
    }

    private static func members(of value: JSONValue?, _ name: String) -> OrderedDictionary<String, JSONValue> {
        var value = value
        if name == "PodSpec" { value = value.map(withSecurityContext) }
        var output: OrderedDictionary<String, JSONValue> = [:]
        for member in InternalTypes.members(of: name) {
            if member.isEmbedded {
                switch member.shape {
                case .named(let inner): output.merge(members(of: value, inner)) { $1 }
                // `ObjectMeta`, which is a member of its own in the API's form.
                default: if case .object(let inner)? = value?["metadata"] { output.merge(inner) { $1 } }
                }
            } else {
                output[member.goName] = render(value?[member.jsonName], member.shape)
            }
        }
        return output
    }

    /// Internally a pod's host namespaces belong to its security context, which is always there.
    private static func withSecurityContext(_ spec: JSONValue) -> JSONValue {
        guard case .object(var members) = spec else { return spec }
        var context = members["securityContext"]?.object ?? [:]
        for name in ["hostNetwork", "hostPID", "hostIPC", "shareProcessNamespace", "hostUsers"] {
            if let value = members[name] { context[name] = value }
        }
        members["securityContext"] = .object(context)
        return .object(members)
    }
}
