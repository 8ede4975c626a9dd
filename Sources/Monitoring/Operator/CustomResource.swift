import KubernetesAPI
import PromQL

/// A custom resource of `monitoring.coreos.com`, read as far as it is needed. The API server has checked it against its
/// schema; what is of another type here counts as missing.
struct CustomResource: Sendable {
    let value: JSONValue

    var name: String { value["metadata"]?["name"]?.string ?? "" }
    var namespace: String { value["metadata"]?["namespace"]?.string ?? "" }
    var uid: String { value["metadata"]?["uid"]?.string ?? "" }
    var spec: JSONValue { value["spec"] ?? .null }

    var labels: [String: String] { Self.texts(value["metadata"]?["labels"]) }

    /// By namespace and name, as the operator walks through them.
    static func sorted(_ values: [JSONValue]) -> [CustomResource] {
        values.map(CustomResource.init).sorted {
            let order = ByteOrder.compare($0.namespace, $1.namespace)
            return order == 0 ? ByteOrder.less($0.name, $1.name) : order < 0
        }
    }

    static func texts(_ value: JSONValue?) -> [String: String] {
        var texts: [String: String] = [:]
        for (key, member) in value?.object ?? [:] { texts[key] = member.string }
        return texts
    }
}

extension JSONValue {
    /// The texts of a list.
    var texts: [String] { array?.compactMap(\.string) ?? [] }

    var flag: Bool? { if case .bool(let flag) = self { flag } else { nil } }

    var wholeNumber: Int? {
        switch self {
        case .integer(let number): Int(number)
        case .number(let number): Int(exactly: number)
        case .null, .bool, .string, .array, .object: nil
        }
    }

    /// A text, or a number as text: what `IntOrString` holds.
    var textOrNumber: String? {
        switch self {
        case .string(let text): text
        case .integer(let number): "\(number)"
        case .number(let number): GoFloat.fixed(number)
        case .null, .bool, .array, .object: nil
        }
    }

    /// A label selector; nil if the field is not there, which selects nothing.
    var labelSelector: LabelSelector? {
        guard object != nil else { return nil }
        var selector = LabelSelector()
        selector.matchLabels = CustomResource.texts(self["matchLabels"])
        selector.matchExpressions = (self["matchExpressions"]?.array ?? []).map { row in
            var requirement = LabelSelectorRequirement()
            requirement.key = row["key"]?.string ?? ""
            requirement.operator = row["operator"]?.string ?? ""
            requirement.values = row["values"]?.texts ?? []
            return requirement
        }
        return selector
    }
}
