import Simulation

/// What a HorizontalPodAutoscaler asks for, after API defaulting.
public struct HPASpec: Sendable, Equatable {
    /// Only for the error text of a metric that cannot be read.
    public var namespace: String
    /// Nil is 1.
    public var minReplicas: Int32?
    public var maxReplicas: Int32
    public var metrics: [HPAMetric]
    /// Nil selects the older rules: a fixed window for scaling down and doubling per sync for scaling up.
    public var behavior: HPABehavior?

    public init(
        namespace: String = "default", minReplicas: Int32? = nil, maxReplicas: Int32, metrics: [HPAMetric],
        behavior: HPABehavior? = nil
    ) {
        self.namespace = namespace
        self.minReplicas = minReplicas
        self.maxReplicas = maxReplicas
        self.metrics = metrics
        self.behavior = behavior
    }
}

/// One entry of `spec.metrics`: where the value comes from and what it should be.
public struct HPAMetric: Sendable, Equatable {
    public enum Source: Sendable, Equatable {
        case resource(String)
        case containerResource(String, container: String)
        case pods(metric: String)
        /// `selector` is the metric's selector as Go prints it (`nil`, `&LabelSelector{...}`).
        case object(metric: String, kind: String, name: String, selector: String)
        case external(metric: String, selector: String)
        /// A type that validation should have refused.
        case unknown(type: String)
    }

    /// Milli-units except for utilisation. Where an API object sets several, the caller follows the real controller:
    /// `averageValue` wins for Resource and External, `target.type` decides for Object.
    public enum Target: Sendable, Equatable {
        /// Percent of the request, averaged over the pods; more than 0.
        case utilization(Int32)
        case averageValue(Int64)
        case value(Int64)
        case none
    }

    public var source: Source
    public var target: Target

    public init(_ source: Source, _ target: Target) {
        self.source = source
        self.target = target
    }
}

/// `spec.behavior` with every field filled in, as API defaulting does once any of it is set.
public struct HPABehavior: Sendable, Equatable {
    public var scaleUp: HPARules
    public var scaleDown: HPARules

    /// A direction that is not given gets its default rules.
    public init(scaleUp: HPARules = .scaleUpDefault, scaleDown: HPARules = .scaleDownDefault) {
        self.scaleUp = scaleUp
        self.scaleDown = scaleDown
    }
}

/// The rules of one direction (`HPAScalingRules`).
public struct HPARules: Sendable, Equatable {
    public enum Selection: Sendable, Equatable {
        /// The policy that allows the largest change.
        case max
        /// The policy that allows the smallest change.
        case min
        case disabled
    }

    /// Nil only for scaling down, where it means the controller's flag.
    public var stabilizationWindow: Duration?
    public var selection: Selection
    public var policies: [HPAPolicy]
    /// Nil is the controller's flag.
    public var tolerance: Double?

    public init(
        stabilizationWindow: Duration?, selection: Selection, policies: [HPAPolicy], tolerance: Double? = nil
    ) {
        self.stabilizationWindow = stabilizationWindow
        self.selection = selection
        self.policies = policies
        self.tolerance = tolerance
    }

    public static let scaleUpDefault = HPARules(
        stabilizationWindow: .zero, selection: .max,
        policies: [
            HPAPolicy(.pods, 4, period: .seconds(15)), HPAPolicy(.percent, 100, period: .seconds(15)),
        ])

    public static let scaleDownDefault = HPARules(
        stabilizationWindow: nil, selection: .max, policies: [HPAPolicy(.percent, 100, period: .seconds(15))])

    /// The rules that a user's partial entry means: fields that are nil come from the default of the direction.
    public static func filled(
        over defaults: HPARules, stabilizationWindow: Duration?, selection: Selection?, policies: [HPAPolicy]?,
        tolerance: Double?
    ) -> HPARules {
        HPARules(
            stabilizationWindow: stabilizationWindow ?? defaults.stabilizationWindow,
            selection: selection ?? defaults.selection, policies: policies ?? defaults.policies,
            tolerance: tolerance)
    }
}

/// At most so many pods, or so many percent of the replicas at the start of the period, in any such period.
public struct HPAPolicy: Sendable, Equatable {
    public enum Kind: Sendable, Equatable { case pods, percent }

    public var kind: Kind
    public var value: Int32
    public var period: Duration

    public init(_ kind: Kind, _ value: Int32, period: Duration) {
        self.kind = kind
        self.value = value
        self.period = period
    }
}
