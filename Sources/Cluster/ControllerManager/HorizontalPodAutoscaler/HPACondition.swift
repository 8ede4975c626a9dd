import Simulation

/// A condition of a HorizontalPodAutoscaler.
public struct HPACondition: Sendable, Equatable {
    public enum Kind: String, Sendable, Equatable {
        case ableToScale = "AbleToScale"
        case scalingActive = "ScalingActive"
        case scalingLimited = "ScalingLimited"
        case scaledToZero = "ScaledToZero"
    }

    public var kind: Kind
    public var isTrue: Bool
    public var reason: String
    public var message: String
    /// When `isTrue` last changed; reason and message change without it.
    public var lastTransition: SimulationTime

    public init(kind: Kind, isTrue: Bool, reason: String, message: String, lastTransition: SimulationTime) {
        self.kind = kind
        self.isTrue = isTrue
        self.reason = reason
        self.message = message
        self.lastTransition = lastTransition
    }
}

/// Reasons of conditions whose message is fixed.
public enum HPAReason: String, Sendable, Equatable {
    case succeededGetScale = "SucceededGetScale"
    case readyForNewScale = "ReadyForNewScale"
    case scaleDownStabilized = "ScaleDownStabilized"
    case scaleUpStabilized = "ScaleUpStabilized"
    case scalingDisabled = "ScalingDisabled"
    case desiredWithinRange = "DesiredWithinRange"
    case tooFewReplicas = "TooFewReplicas"
    case tooManyReplicas = "TooManyReplicas"
    case scaleUpLimit = "ScaleUpLimit"
    case scaleDownLimit = "ScaleDownLimit"
    case scaledToZero = "ScaledToZero"
    case notScaledToZero = "NotScaledToZero"

    public var message: String {
        switch self {
        case .succeededGetScale: "the HPA controller was able to get the target's current scale"
        case .readyForNewScale: "recommended size matches current size"
        case .scaleDownStabilized:
            "recent recommendations were higher than current one, applying the highest recent recommendation"
        case .scaleUpStabilized:
            "recent recommendations were lower than current one, applying the lowest recent recommendation"
        case .scalingDisabled: "scaling is disabled since the replica count of the target is zero"
        case .desiredWithinRange: "the desired count is within the acceptable range"
        case .tooFewReplicas: "the desired replica count is less than the minimum replica count"
        case .tooManyReplicas: "the desired replica count is more than the maximum replica count"
        case .scaleUpLimit: "the desired replica count is increasing faster than the maximum scale rate"
        case .scaleDownLimit: "the desired replica count is decreasing faster than the maximum scale rate"
        case .scaledToZero: "the HPA controller scaled the workload to zero"
        case .notScaledToZero: "the HPA controller did not scale the workload to zero"
        }
    }
}

/// A Kubernetes event about the HorizontalPodAutoscaler.
public struct HPAEvent: Sendable, Equatable {
    public var isWarning: Bool
    public var reason: String
    public var message: String

    public init(warning reason: String, _ message: String) {
        isWarning = true
        self.reason = reason
        self.message = message
    }

    public init(normal reason: String, _ message: String) {
        isWarning = false
        self.reason = reason
        self.message = message
    }
}

/// The status of a HorizontalPodAutoscaler.
public struct HPAStatus: Sendable, Equatable {
    public var currentReplicas: Int32
    public var desiredReplicas: Int32
    /// One entry a metric, nil for one that failed; empty where the last pass read no metrics.
    public var currentMetrics: [HPAMetricValue?]
    public var conditions: [HPACondition]
    public var lastScaleTime: SimulationTime?

    public init(
        currentReplicas: Int32 = 0, desiredReplicas: Int32 = 0, currentMetrics: [HPAMetricValue?] = [],
        conditions: [HPACondition] = [], lastScaleTime: SimulationTime? = nil
    ) {
        self.currentReplicas = currentReplicas
        self.desiredReplicas = desiredReplicas
        self.currentMetrics = currentMetrics
        self.conditions = conditions
        self.lastScaleTime = lastScaleTime
    }

    public func condition(_ kind: HPACondition.Kind) -> HPACondition? { conditions.first { $0.kind == kind } }

    mutating func set(
        _ kind: HPACondition.Kind, _ isTrue: Bool, _ reason: String, _ message: String, now: SimulationTime
    ) {
        guard let index = conditions.firstIndex(where: { $0.kind == kind }) else {
            conditions.append(
                HPACondition(kind: kind, isTrue: isTrue, reason: reason, message: message, lastTransition: now))
            return
        }
        if conditions[index].isTrue != isTrue { conditions[index].lastTransition = now }
        conditions[index].isTrue = isTrue
        conditions[index].reason = reason
        conditions[index].message = message
    }

    mutating func set(_ kind: HPACondition.Kind, _ isTrue: Bool, _ reason: HPAReason, now: SimulationTime) {
        set(kind, isTrue, reason.rawValue, reason.message, now: now)
    }
}
