import KubernetesAPI
import PromQL

/// The steps that the operator puts before a user's own, in its order (`pkg/prometheus/promcfg.go`, 0.93).
struct MonitorRelabelling {
    private(set) var steps: [RelabelConfiguration] = []

    /// Keeps the job's own name under a temporary label.
    init() throws(RelabelError) {
        steps.append(try RelabelConfiguration(sourceLabels: ["job"], targetLabel: "__tmp_prometheus_job_name"))
    }

    mutating func keep(_ sources: [String], regex: String) throws(RelabelError) {
        steps.append(try RelabelConfiguration(sourceLabels: sources, regex: regex, action: .keep))
    }

    mutating func drop(_ sources: [String], regex: String) throws(RelabelError) {
        steps.append(try RelabelConfiguration(sourceLabels: sources, regex: regex, action: .drop))
    }

    mutating func copy(_ source: String, to target: String) throws(RelabelError) {
        steps.append(try RelabelConfiguration(sourceLabels: [source], targetLabel: target))
    }

    /// Copies a label that is there and not empty.
    mutating func copyPresent(_ source: String, to target: String) throws(RelabelError) {
        steps.append(
            try RelabelConfiguration(
                sourceLabels: [source], regex: "(.+)", targetLabel: target, replacement: "${1}"))
    }

    mutating func set(_ target: String, to value: String) throws(RelabelError) {
        steps.append(try RelabelConfiguration(targetLabel: target, replacement: value))
    }

    /// Keeps what a selector of services or pods selects. `role` is `service` or `pod`.
    mutating func select(_ selector: LabelSelector, role: String) throws(RelabelError) {
        for (key, value) in selector.matchLabels.sorted(by: { ByteOrder.less($0.key, $1.key) }) {
            try keep(Self.labelSources(key, role), regex: "(\(value));true")
        }
        for row in selector.matchExpressions {
            let present = [Self.labelSources(row.key, role)[1]]
            let values = "(" + row.values.joined(separator: "|") + ");true"
            switch row.operator {
            case "In": try keep(Self.labelSources(row.key, role), regex: values)
            case "NotIn": try drop(Self.labelSources(row.key, role), regex: values)
            case "Exists": try keep(present, regex: "true")
            case "DoesNotExist": try drop(present, regex: "true")
            default: break
            }
        }
    }

    private static func labelSources(_ key: String, _ role: String) -> [String] {
        let name = MetaLabels.sanitized(key)
        return ["__meta_kubernetes_\(role)_label_\(name)", "__meta_kubernetes_\(role)_labelpresent_\(name)"]
    }

    /// Pods that have run to their end answer no more.
    mutating func dropFinishedPods() throws(RelabelError) {
        try drop(["__meta_kubernetes_pod_phase"], regex: "(Failed|Succeeded)")
    }

    /// Copies labels of a service or pod onto the target.
    mutating func copyLabels(_ names: [String], role: String) throws(RelabelError) {
        for name in names.map(MetaLabels.sanitized) {
            try copyPresent("__meta_kubernetes_\(role)_label_\(name)", to: name)
        }
    }

    mutating func add(_ more: [RelabelConfiguration]) { steps += more }

    /// Leaves each of several Prometheus servers its share of the targets, by their address or by what the user's steps
    /// put into `__tmp_hash`; a target with `__tmp_disable_sharding` belongs to all.
    mutating func shard(_ shard: Int, of count: Int) throws(RelabelError) {
        let hash = "__tmp_hash"
        steps.append(
            try RelabelConfiguration(
                sourceLabels: ["__address__", hash], regex: "(.+);", targetLabel: hash, replacement: "$1"))
        steps.append(
            try RelabelConfiguration(
                sourceLabels: [hash], modulus: UInt64(max(1, count)), targetLabel: hash, action: .hashmod))
        try keep([hash, "__tmp_disable_sharding"], regex: "\(shard);|.+;.+")
    }

    /// The steps of a user: `relabelings` and `metricRelabelings`.
    static func steps(_ value: JSONValue?) throws(RelabelError) -> [RelabelConfiguration] {
        var steps: [RelabelConfiguration] = []
        for row in value?.array ?? [] {
            let name = row["action"]?.string ?? "replace"
            guard let action = RelabelAction(rawValue: name.lowercased()) else {
                throw RelabelError(field: "action", description: "unknown relabel action \(GoQuote.quote(name))")
            }
            steps.append(
                try RelabelConfiguration(
                    sourceLabels: row["sourceLabels"]?.texts ?? [],
                    separator: row["separator"]?.string ?? RelabelConfiguration.defaultSeparator,
                    regex: row["regex"]?.string ?? RelabelConfiguration.defaultRegex,
                    modulus: UInt64(max(0, row["modulus"]?.wholeNumber ?? 0)),
                    targetLabel: row["targetLabel"]?.string ?? "",
                    replacement: row["replacement"]?.string ?? RelabelConfiguration.defaultReplacement,
                    action: action))
        }
        return steps
    }
}
