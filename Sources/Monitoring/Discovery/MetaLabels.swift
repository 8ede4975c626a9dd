import KubernetesAPI
import PromQL

/// Collects `__meta_kubernetes_…` labels.
struct MetaLabels {
    private(set) var pairs: [Label] = []

    var labels: Labels { Labels(pairs) }

    /// Sets a label below `__meta_kubernetes_`.
    mutating func set(_ name: String, _ value: String) { pairs.append(Label("__meta_kubernetes_" + name, value)) }

    mutating func setAddress(_ value: String) { pairs.append(Label("__address__", value)) }

    mutating func setInstance(_ value: String) { pairs.append(Label("instance", value)) }

    mutating func add(_ other: MetaLabels) { pairs += other.pairs }

    /// Name, labels and annotations of an object, below its role's name.
    mutating func add(_ metadata: ObjectMeta, role: String, withName: Bool = true) {
        if withName { set(role + "_name", metadata.name) }
        for (kind, values) in [("label", metadata.labels), ("annotation", metadata.annotations)] {
            for (key, value) in values.sorted(by: { ByteOrder.less($0.key, $1.key) }) {
                let name = Self.sanitized(key)
                set("\(role)_\(kind)_\(name)", value)
                set("\(role)_\(kind)present_\(name)", "true")
            }
        }
    }

    /// A key as a label's name: what is no letter, digit or underscore becomes an underscore.
    static func sanitized(_ key: String) -> String {
        var out = ""
        for scalar in key.unicodeScalars {
            let isWord =
                ("a"..."z").contains(scalar) || ("A"..."Z").contains(scalar) || ("0"..."9").contains(scalar)
            out.unicodeScalars.append(isWord ? scalar : "_")
        }
        return out
    }

    /// An address as `host:port`, with brackets around IPv6.
    static func address(_ host: String, _ port: Int32) -> String {
        host.contains(":") ? "[\(host)]:\(port)" : "\(host):\(port)"
    }
}
