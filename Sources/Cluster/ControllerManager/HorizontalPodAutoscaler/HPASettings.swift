import Simulation

/// Flags of kube-controller-manager and feature gates that the horizontal pod autoscaler reads. Defaults are those of
/// Kubernetes 1.36.
public struct HPASettings: Sendable, Equatable {
    /// `--horizontal-pod-autoscaler-tolerance`; an HPA may replace each direction.
    public var tolerance = HPATolerance(scaleUp: 0.1, scaleDown: 0.1)
    /// `--horizontal-pod-autoscaler-downscale-stabilization`.
    public var downscaleStabilization: Duration = .seconds(300)
    /// `--horizontal-pod-autoscaler-cpu-initialization-period`: CPU of a pod younger than this counts only if measured
    /// over a full window after the pod became ready.
    public var cpuInitializationPeriod: Duration = .seconds(300)
    /// `--horizontal-pod-autoscaler-initial-readiness-delay`.
    public var initialReadinessDelay: Duration = .seconds(30)
    /// Without `behavior`, one sync multiplies the replicas at most by this (a constant of the real controller).
    public var scaleUpLimitFactor = 2.0
    /// Without `behavior`, one sync may always reach this many replicas (a constant of the real controller).
    public var scaleUpLimitMinimum = 4.0
    /// Feature gate `PodLevelResources`: requests of the pod as a whole replace the sum over its containers.
    public var podLevelResources = true
    /// Feature gate `HPAConfigurableTolerance`: `behavior.scaleUp.tolerance` and `behavior.scaleDown.tolerance` count.
    public var configurableTolerance = true
    /// Whether a target at zero is woken up only if the autoscaler itself put it to sleep (condition `ScaledToZero`,
    /// from 1.36 with `HPAScaleToZero`). Off: any target at zero is computed while `minReplicas` is 0, as up to 1.35.
    public var tracksScaledToZero = false

    public init() {}
}

/// How far usage may be from the target before the autoscaler reacts, as shares of the target, 0 or more.
public struct HPATolerance: Sendable, Equatable {
    public var scaleUp: Double
    public var scaleDown: Double

    public init(scaleUp: Double, scaleDown: Double) {
        self.scaleUp = scaleUp
        self.scaleDown = scaleDown
    }

    /// Whether a ratio of usage to target is close enough to 1 to leave the replicas as they are; never for NaN.
    ///
    /// The order of the operations decides at the boundary: 1.1 is inside a tolerance of 0.1 (releases before 1.33
    /// compared `abs(1 - ratio)`, where it is outside).
    public func contains(_ ratio: Double) -> Bool { 1.0 - scaleDown <= ratio && ratio <= 1.0 + scaleUp }
}
