import Simulation

/// The record of one pass over a HorizontalPodAutoscaler: what was read, what followed from it step by step, and what
/// is to be written. The controller applies it; `kubelab why` prints it.
public struct HPADecision: Sendable, Equatable {
    /// Which of the pass's branches decided.
    public enum Branch: Sendable, Equatable {
        /// The scale subresource could not be read; nothing else happened.
        case scaleUnreadable(String)
        /// The target stands at zero and the autoscaler leaves it there.
        case disabled
        /// Outside `minReplicas` to `maxReplicas`: moved to the bound at once, metrics unread.
        case aboveMaximum
        case belowMinimum
        /// The metrics as a whole failed.
        case metricsFailed(String)
        /// The metrics decided.
        case metrics
    }

    public var time: SimulationTime
    public var branch: Branch
    /// `spec.replicas` of the target as read.
    public var currentReplicas: Int32 = 0
    public var statusReplicas: Int32 = 0
    public var minReplicas: Int32
    public var maxReplicas: Int32
    /// One entry a metric of the spec, in its order; empty if the metrics were not asked.
    public var metrics: [HPAMetricDecision] = []
    /// Index of the metric whose proposal was the highest.
    public var decidingMetric: Int?
    /// What the metrics asked for, before anything bound it.
    public var recommendation: Int32?
    public var stabilization: HPAStabilization?
    public var limit: HPALimit?
    /// The size to write to the scale subresource; nil if it stays.
    public var rescale: Int32?
    /// Why the size changes, as the event says it.
    public var rescaleReason = ""
    /// In the order in which they are recorded.
    public var events: [HPAEvent] = []
    public var status: HPAStatus
    /// The in-memory state after the pass.
    public var state: HPAState
    /// The error with which the pass ends; some metrics may have failed although others decided.
    public var error: String?

    /// The replicas that the pass leaves the target with.
    public var desiredReplicas: Int32 { rescale ?? currentReplicas }
}

/// Everything one pass reads.
public struct HPAReconcileInput: Sendable {
    /// The answer of the scale subresource.
    public enum Scale: Sendable, Equatable {
        case found(specReplicas: Int32, statusReplicas: Int32)
        case failed(String)
    }

    /// What became of the scale's selector.
    public enum Selector: Sendable, Equatable {
        case valid
        case missing
        case invalid(error: String)
        /// Other HorizontalPodAutoscalers select some of the same pods; `namespace/name` of all of them, in order.
        case ambiguous(selector: String, autoscalers: [String])
    }

    public var spec: HPASpec
    public var scale: Scale
    public var selector: Selector
    /// One answer a metric of the spec.
    public var answers: [HPAMetricAnswer]
    /// All pods that the selector matches.
    public var pods: [HPAPod]
    /// The status as stored.
    public var status: HPAStatus
    public var settings: HPASettings
    public var now: SimulationTime

    public init(
        spec: HPASpec, scale: Scale, selector: Selector = .valid, answers: [HPAMetricAnswer], pods: [HPAPod],
        status: HPAStatus, settings: HPASettings, now: SimulationTime
    ) {
        self.spec = spec
        self.scale = scale
        self.selector = selector
        self.answers = answers
        self.pods = pods
        self.status = status
        self.settings = settings
        self.now = now
    }
}
