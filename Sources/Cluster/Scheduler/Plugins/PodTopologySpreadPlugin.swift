import KubernetesAPI
import Simulation

/// Even spreading over zones, nodes or any other label (`plugins/podtopologyspread`).
struct PodTopologySpreadPlugin {
    struct Constraint {
        var maxSkew: Int64
        var key: String
        var selector: LabelSelector
        var minDomains: Int
        var honorsAffinity: Bool
        var honorsTaints: Bool

        init(_ constraint: TopologySpreadConstraint, _ pod: Pod) {
            maxSkew = Int64(constraint.maxSkew)
            key = constraint.topologyKey
            var selector = constraint.labelSelector ?? LabelSelector()
            for label in constraint.matchLabelKeys {
                if let value = pod.metadata.labels[label] { selector.matchLabels[label] = value }
            }
            // Without a selector nothing is counted.
            if constraint.labelSelector == nil, constraint.matchLabelKeys.isEmpty {
                var nothing = LabelSelectorRequirement()
                nothing.operator = "Nothing"
                selector.matchExpressions = [nothing]
            }
            self.selector = selector
            minDomains = Int(constraint.minDomains ?? 1)
            honorsAffinity = constraint.nodeAffinityPolicy != "Ignore"
            honorsTaints = constraint.nodeTaintsPolicy == "Honor"
        }

        init(maxSkew: Int64, key: String, selector: LabelSelector) {
            self.maxSkew = maxSkew
            self.key = key
            self.selector = selector
            minDomains = 1
            honorsAffinity = true
            honorsTaints = false
        }

        func includes(_ node: NodeInfo, _ pod: PodInfo) -> Bool {
            (!honorsAffinity || NodeAffinityPlugin.matches(pod, node)) && (!honorsTaints || TaintTolerationPlugin.accepts(pod, node))
        }

        func count(on node: NodeInfo, namespace: String) -> Int64 {
            PodTopologySpreadPlugin.count(selector, on: node, namespace: namespace)
        }
    }

    /// How many pods on a node a selector selects.
    static func count(_ selector: LabelSelector, on node: NodeInfo, namespace: String) -> Int64 {
        var count: Int64 = 0
        for other in node.pods
        where other.pod.metadata.namespace == namespace && other.pod.metadata.deletionTimestamp == nil
            && selector.matches(other.pod.metadata.labels)
        {
            count += 1
        }
        return count
    }

    /// Hard constraints with the matching pods of each eligible domain.
    private var hard: [(constraint: Constraint, domains: [String: Int64], least: Int64, matchesSelf: Bool)] = []

    static func hasHard(_ pod: PodInfo) -> Bool {
        pod.pod.spec.topologySpreadConstraints.contains { $0.whenUnsatisfiable != "ScheduleAnyway" }
    }

    init(_ pod: PodInfo, _ nodes: [NodeInfo]) {
        let constraints = pod.pod.spec.topologySpreadConstraints.filter { $0.whenUnsatisfiable != "ScheduleAnyway" }
            .map { Constraint($0, pod.pod) }
        guard !constraints.isEmpty else { return }
        let eligible = nodes.filter { node in node.isPresent && constraints.allSatisfy { node.labels[$0.key] != nil } }
        for constraint in constraints {
            var domains: [String: Int64] = [:]
            for node in eligible where constraint.includes(node, pod) {
                guard let value = node.labels[constraint.key] else { continue }
                domains[value, default: 0] += constraint.count(on: node, namespace: pod.pod.metadata.namespace)
            }
            let least = domains.count < constraint.minDomains ? 0 : domains.values.min() ?? 0
            hard.append((constraint, domains, least, constraint.selector.matches(pod.pod.metadata.labels)))
        }
    }

    func filter(_ node: NodeInfo) -> Rejection? {
        for (constraint, domains, least, matchesSelf) in hard {
            guard let value = node.labels[constraint.key] else {
                return Rejection(
                    .podTopologySpread, "node(s) didn't match pod topology spread constraints (missing required label)", unresolvable: true)
            }
            let skew = (domains[value] ?? 0) + (matchesSelf ? 1 : 0) - least
            if skew > constraint.maxSkew {
                return Rejection(.podTopologySpread, "node(s) didn't match pod topology spread constraints", unresolvable: false)
            }
        }
        return nil
    }

    /// Soft constraints, or the system's defaults for pods that a service or workload selects; nil if there are none.
    static func score(_ pod: PodInfo, _ nodes: [NodeInfo], all: [NodeInfo], defaultSelector: LabelSelector?) -> [Int64]? {
        var constraints = pod.pod.spec.topologySpreadConstraints.filter { $0.whenUnsatisfiable == "ScheduleAnyway" }
            .map { Constraint($0, pod.pod) }
        var requiresAll = true
        if pod.pod.spec.topologySpreadConstraints.isEmpty, let defaultSelector {
            constraints = [
                Constraint(maxSkew: 3, key: "kubernetes.io/hostname", selector: defaultSelector),
                Constraint(maxSkew: 5, key: "topology.kubernetes.io/zone", selector: defaultSelector),
            ]
            requiresAll = false
        }
        guard !constraints.isEmpty else { return nil }
        let namespace = pod.pod.metadata.namespace
        func isIgnored(_ node: NodeInfo) -> Bool { requiresAll && constraints.contains { node.labels[$0.key] == nil } }
        let considered = nodes.filter { !isIgnored($0) }
        let tables = constraints.map { constraint -> (weight: Double, counts: [String: Int64]) in
            if constraint.key == "kubernetes.io/hostname" { return (spreadWeight(considered.count), [:]) }
            var counts: [String: Int64] = [:]
            for node in considered { if let value = node.labels[constraint.key] { counts[value] = 0 } }
            let size = counts.count
            for node in all where node.isPresent && !isIgnored(node) && constraint.includes(node, pod) {
                guard let value = node.labels[constraint.key], counts[value] != nil else { continue }
                counts[value, default: 0] += constraint.count(on: node, namespace: namespace)
            }
            return (spreadWeight(size), counts)
        }
        let raw = nodes.map { node -> Int64? in
            guard !isIgnored(node) else { return nil }
            var score = 0.0
            for (constraint, table) in zip(constraints, tables) {
                guard let value = node.labels[constraint.key] else { continue }
                let count =
                    constraint.key == "kubernetes.io/hostname"
                    ? constraint.count(on: node, namespace: namespace) : table.counts[value] ?? 0
                score += Double(count) * table.weight + Double(constraint.maxSkew - 1)
            }
            return Int64(score.rounded())
        }
        let present = raw.compactMap { $0 }
        let (least, most) = (present.min() ?? 0, present.max() ?? 0)
        return raw.map { value in
            guard let value else { return 0 }
            return most == 0 ? 100 : 100 * (most + least - value) / most
        }
    }

    /// ln(size + 2): domains that are many weigh more.
    static func spreadWeight(_ size: Int) -> Double { NaturalLogarithm.of(Double(size + 2)) }
}

/// The natural logarithm of numbers from 1 on, from operations that IEEE 754 fixes: the C library's differs between
/// processors.
enum NaturalLogarithm {
    static func of(_ value: Double) -> Double {
        guard value > 0 else { return 0 }
        // value = mantissa · 2^exponent with the mantissa near 1, then 2·artanh((m-1)/(m+1)) as a series.
        var (mantissa, exponent) = (value.significand, Double(value.exponent))
        if mantissa > 1.414_213_562_373_095_1 {
            mantissa /= 2
            exponent += 1
        }
        let ratio = (mantissa - 1) / (mantissa + 1)
        let square = ratio * ratio
        var (term, sum, divisor) = (ratio, 0.0, 1.0)
        for _ in 0..<14 {
            sum += term / divisor
            term *= square
            divisor += 2
        }
        return 2 * sum + exponent * 0.693_147_180_559_945_3
    }
}
