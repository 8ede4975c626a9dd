/// How many pods a rolling update may have too many and too few (`ResolveFenceposts` of `deployment_util.go`).
public struct Fenceposts: Sendable, Equatable {
    public var surge: Int32
    public var unavailable: Int32

    /// Surge rounds up and unavailability down, so that both hold; if both come to nothing, one pod may be
    /// unavailable, or the rollout could never move.
    public init(maxSurge: AmountOrPercent?, maxUnavailable: AmountOrPercent?, replicas: Int32) {
        surge = maxSurge?.scaled(of: replicas, roundingUp: true) ?? 0
        unavailable = maxUnavailable?.scaled(of: replicas, roundingUp: false) ?? 0
        if surge == 0, unavailable == 0 { unavailable = 1 }
    }
}

extension RolloutDeployment {
    /// Nil unless the strategy is a rolling update.
    public var fenceposts: Fenceposts? {
        guard case .rollingUpdate(let surge, let unavailable) = strategy else { return nil }
        return Fenceposts(maxSurge: surge, maxUnavailable: unavailable, replicas: replicas)
    }

    /// Pods that may exist beyond `spec.replicas`; 0 when recreating.
    public var maxSurge: Int32 { fenceposts?.surge ?? 0 }

    /// Pods that may be unavailable; never more than `spec.replicas`, 0 when recreating.
    public var maxUnavailable: Int32 {
        guard let fenceposts, replicas != 0 else { return 0 }
        return min(fenceposts.unavailable, replicas)
    }

    /// Pods that have to stay available; 0 when recreating.
    public var minAvailable: Int32 {
        fenceposts == nil ? 0 : replicas.subtractingClamped(maxUnavailable)
    }

    /// The most pods that may exist.
    public var sizeLimit: Int32 { replicas.addingClamped(maxSurge) }
}

extension Int32 {
    func addingClamped(_ other: Int32) -> Int32 { Int32(clamping: Int64(self) + Int64(other)) }
}
