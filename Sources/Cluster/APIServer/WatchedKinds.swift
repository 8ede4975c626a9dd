/// Kinds of objects whose changes somebody waits for.
public struct WatchedKinds: OptionSet, Sendable {
    public let rawValue: UInt8

    @inlinable public init(rawValue: UInt8) { self.rawValue = rawValue }

    @inlinable public static var deployments: WatchedKinds { WatchedKinds(rawValue: 1) }
    @inlinable public static var horizontalPodAutoscalers: WatchedKinds { WatchedKinds(rawValue: 2) }
    /// Pods, and the ReplicaSets that say whose they are.
    @inlinable public static var pods: WatchedKinds { WatchedKinds(rawValue: 4) }
    @inlinable public static var nodes: WatchedKinds { WatchedKinds(rawValue: 8) }
    @inlinable public static var jobs: WatchedKinds { WatchedKinds(rawValue: 16) }
}

extension APIStore {
    /// A count that grows with each change of an object of some kinds; it begins anew when a store is read back, and says
    /// nothing but that something changed. Inlined where it is asked for, once an event: a call would be handed a copy of
    /// the whole store.
    @inlinable public func changes(of kinds: WatchedKinds) -> UInt64 {
        var sum: UInt64 = 0
        if kinds.contains(.deployments) { sum &+= deployments.changes }
        if kinds.contains(.horizontalPodAutoscalers) { sum &+= horizontalPodAutoscalers.changes }
        if kinds.contains(.pods) { sum &+= pods.changes &+ replicaSets.changes }
        if kinds.contains(.nodes) { sum &+= nodes.changes }
        if kinds.contains(.jobs) { sum &+= jobs.changes }
        return sum
    }
}
