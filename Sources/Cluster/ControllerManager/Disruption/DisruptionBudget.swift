import Simulation

/// The arithmetic of a PodDisruptionBudget (`disruption.go`). All percentages round up, those of what may go and those
/// of what must stay.
public struct DisruptionBudget: Sendable, Equatable {
    public enum Rule: Sendable, Equatable {
        case minAvailable(AmountOrPercent)
        case maxUnavailable(AmountOrPercent)
    }

    /// A pod that the eviction API let go, but that has not been seen to be deleted yet, counts as disrupted so long.
    public static let deletionTimeout = Duration.minutes(2)

    public var expectedPods: Int32
    public var desiredHealthy: Int32
    public var currentHealthy: Int32
    public var disruptionsAllowed: Int32

    /// - Parameters:
    ///   - matchedPods: pods that the selector matches.
    ///   - controllerScale: sum of `spec.replicas` over the distinct controllers of those pods; pods without a
    ///     controller add nothing.
    ///   - healthy: pods ready, not being deleted and not recently evicted.
    public init(rule: Rule, matchedPods: Int32, controllerScale: Int32, healthy: Int32) {
        switch rule {
        case .maxUnavailable(let maximum):
            expectedPods = controllerScale
            let unavailable = maximum.scaled(of: controllerScale, roundingUp: true)
            desiredHealthy = max(0, controllerScale.subtractingClamped(unavailable))
        case .minAvailable(.amount(let minimum)):
            expectedPods = matchedPods
            desiredHealthy = minimum
        case .minAvailable(let minimum):
            expectedPods = controllerScale
            desiredHealthy = minimum.scaled(of: controllerScale, roundingUp: true)
        }
        currentHealthy = healthy
        let spare = healthy.subtractingClamped(desiredHealthy)
        disruptionsAllowed = expectedPods <= 0 ? 0 : max(0, spare)
    }

    /// The reason of condition `DisruptionAllowed`, which is true only with spare pods.
    public var reason: String { disruptionsAllowed > 0 ? "SufficientPods" : "InsufficientPods" }

    /// Whether a pod counts as healthy.
    /// - Parameter evictedAt: the pod's entry in `status.disruptedPods`.
    public static func isHealthy(
        ready: Bool, isDeleting: Bool, evictedAt: SimulationTime?, now: SimulationTime
    ) -> Bool {
        if !ready || isDeleting { return false }
        guard let evictedAt else { return true }
        return evictedAt + deletionTimeout <= now
    }
}
