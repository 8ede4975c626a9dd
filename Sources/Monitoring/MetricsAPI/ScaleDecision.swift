/// What KEDA itself does with a target, beside the HPA: between 0 and the first replica (`pkg/scaling/executor`).
public enum ScaleDecision: Sendable, Equatable {
    /// Sets the replicas and says why.
    case scale(to: Int, reason: String)
    /// A trigger is active and there are replicas: the time of the last activity is now.
    case stayActive
    /// No trigger is active, and the cool-down is not over until then, in milliseconds since the Unix epoch.
    case coolDown(until: Int64)
    /// Nothing to do.
    case none(reason: String)
}

/// What is known when KEDA decides. Times are milliseconds since the Unix epoch.
public struct ScaleSituation: Sendable, Equatable {
    public var now: Int64
    public var created: Int64
    /// Of the target's scale.
    public var currentReplicas: Int
    /// Whether any trigger is active; CPU and memory never are.
    public var isActive: Bool
    /// Whether any trigger could not be read.
    public var isError: Bool
    /// When a trigger was last active; nil if never.
    public var lastActive: Int64?

    public init(
        now: Int64, created: Int64, currentReplicas: Int, isActive: Bool, isError: Bool = false,
        lastActive: Int64? = nil
    ) {
        self.now = now
        self.created = created
        self.currentReplicas = currentReplicas
        self.isActive = isActive
        self.isError = isError
        self.lastActive = lastActive
    }
}

extension ScaledObject {
    /// Decides between 0 (or the idle replicas) and the first; what lies above is the HPA's.
    public func decide(_ situation: ScaleSituation) -> ScaleDecision {
        let current = situation.currentReplicas
        if let paused = pausedReplicas {
            return current == paused
                ? .none(reason: "ScaledObject is paused")
                : .scale(to: paused, reason: "ScaledObject is paused at \(paused) replicas")
        }
        if situation.isActive {
            if current == 0 || (idleReplicaCount != nil && current < minReplicaCount) {
                return .scale(
                    to: max(1, minReplicaCount), reason: "Scaling is performed because triggers are active")
            }
            if situation.isError {
                return .none(reason: "Some triggers defined in ScaledObject are not working correctly")
            }
            return .stayActive
        }
        if situation.isError {
            // What cannot be seen is no reason to take replicas away: an HPA does not bring them back from 0.
            guard let fallback else {
                return .none(reason: "Triggers defined in ScaledObject are not working correctly")
            }
            if fallback.replicas != 0 {
                return .none(
                    reason: "ScaleTarget will fallback to Fallback.Replicas after Fallback.FailureThreshold")
            }
        }
        if let idle = idleReplicaCount, current > idle { return scaleIn(to: idle, situation) }
        if current > 0, minReplicaCount == 0 { return scaleIn(to: 0, situation) }
        if idleReplicaCount == nil, current < minReplicaCount {
            return .scale(to: minReplicaCount, reason: "ScaleTarget replicas are below minReplicaCount")
        }
        return .none(reason: "Scaling is not performed because triggers are not active")
    }

    private func scaleIn(to replicas: Int, _ situation: ScaleSituation) -> ScaleDecision {
        if pausesScaleIn { return .none(reason: "Pause Scale Down annotation set on ScaledObject") }
        // A target that was scaled by others has no activity; then the object's own age counts.
        let over =
            situation.lastActive.map { $0 + Int64(cooldownPeriod) * 1000 }
            ?? situation.created + Int64(initialCooldownPeriod) * 1000
        // The period must have passed, and be it by a moment.
        if over >= situation.now { return .coolDown(until: over) }
        return .scale(to: replicas, reason: "no trigger has been active for the cooldownPeriod")
    }
}
