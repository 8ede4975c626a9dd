/// Kinds of objects whose changes somebody waits for.
public struct WatchedKinds: OptionSet, Sendable {
    public let rawValue: UInt8

    public init(rawValue: UInt8) { self.rawValue = rawValue }

    public static let deployments = WatchedKinds(rawValue: 1)
    public static let horizontalPodAutoscalers = WatchedKinds(rawValue: 2)
    /// Pods, and the ReplicaSets that say whose they are.
    public static let pods = WatchedKinds(rawValue: 4)
    public static let nodes = WatchedKinds(rawValue: 8)
    public static let jobs = WatchedKinds(rawValue: 16)
}

extension APIStore {
    /// A count that grows with each change of an object of some kinds; it begins anew when a store is read back, and says
    /// nothing but that something changed.
    public func changes(of kinds: WatchedKinds) -> UInt64 {
        var sum: UInt64 = 0
        if kinds.contains(.deployments) { sum &+= deployments.changes }
        if kinds.contains(.horizontalPodAutoscalers) { sum &+= horizontalPodAutoscalers.changes }
        if kinds.contains(.pods) { sum &+= pods.changes &+ replicaSets.changes }
        if kinds.contains(.nodes) { sum &+= nodes.changes }
        if kinds.contains(.jobs) { sum &+= jobs.changes }
        return sum
    }
}
