import PromQL

/// Targets that come from one place, such as one pod, and what they have in common.
public struct TargetGroup: Sendable, Equatable {
    /// Where they come from, such as `pod/default/web-1`.
    public var source: String
    public var labels: Labels
    /// The labels of each target, `__address__` among them.
    public var targets: [Labels]

    public init(source: String, labels: Labels, targets: [Labels]) {
        self.source = source
        self.labels = labels
        self.targets = targets
    }

    /// Each target with the group's labels, its own winning.
    public var discovered: [Labels] {
        targets.map { Labels(labels.pairs + $0.pairs) }
    }
}

extension DiscoveryConfiguration {
    /// The groups of `static_configs` and of everything found in a cluster, in the order of the configuration.
    ///
    /// - Parameter ownNamespace: the namespace of Prometheus' own pod, for `own_namespace`.
    public func groups(in objects: DiscoveredObjects, ownNamespace: String = "") -> [TargetGroup] {
        statics.enumerated().map { index, group in
            TargetGroup(
                source: "\(index)", labels: group.labels,
                targets: group.targets.map { Labels([Label("__address__", $0)]) })
        } + kubernetes.flatMap { KubernetesDiscovery($0, objects, ownNamespace: ownNamespace).groups() }
    }
}
