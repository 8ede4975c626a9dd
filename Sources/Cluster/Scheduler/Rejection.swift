/// Why a node does not take a pod.
struct Rejection: Sendable, Equatable {
    var plugin: SchedulerPlugin
    /// Removing pods from the node cannot help.
    var isUnresolvable: Bool
    var reasons: [String]

    init(_ plugin: SchedulerPlugin, _ reason: String, unresolvable: Bool) {
        self.plugin = plugin
        isUnresolvable = unresolvable
        reasons = [reason]
    }

    init(_ plugin: SchedulerPlugin, reasons: [String], unresolvable: Bool) {
        self.plugin = plugin
        isUnresolvable = unresolvable
        self.reasons = reasons
    }
}

/// The plugins of the default profile that the lab has, in the order of their filters.
enum SchedulerPlugin: String, Sendable, CaseIterable {
    case nodeUnschedulable = "NodeUnschedulable"
    case nodeName = "NodeName"
    case taintToleration = "TaintToleration"
    case nodeAffinity = "NodeAffinity"
    case nodePorts = "NodePorts"
    case nodeResourcesFit = "NodeResourcesFit"
    case volumeBinding = "VolumeBinding"
    case podTopologySpread = "PodTopologySpread"
    case interPodAffinity = "InterPodAffinity"
    case nodeResourcesBalancedAllocation = "NodeResourcesBalancedAllocation"
    case imageLocality = "ImageLocality"

    /// The weight of its scores.
    var weight: Int64 {
        switch self {
        case .taintToleration: 3
        case .nodeAffinity, .podTopologySpread, .interPodAffinity: 2
        default: 1
        }
    }
}
