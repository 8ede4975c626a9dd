import Simulation

/// Everything about how one metric came to its proposal: what `kubelab why` prints and `status.currentMetrics` shows.
public struct HPAMetricDecision: Sendable, Equatable {
    /// What the target's replicas are left at, although the ratio is not 1.
    public enum Hold: Sendable, Equatable {
        case withinTolerance
        /// With unready and missing pods counted cautiously the ratio lies on the other side of 1.
        case directionWouldReverse
        /// The pods counted are more (or fewer) than the replicas wanted now, as while a Deployment rolls.
        case podCountWouldReverse
    }

    public var metric: HPAMetric
    /// The metric as events and conditions call it.
    public var name: String
    /// What the status reports; nil if the metric failed.
    public var current: HPAMetricValue?
    /// How the pods counted; nil for Object and External metrics.
    public var pods: HPAPodGroups?
    /// Pods running and ready, where an Object or External value is multiplied by them.
    public var runningAndReadyPods: Int?
    /// Usage over target as measured.
    public var ratio: Double?
    /// The ratio with missing and unready pods filled in, if any had to be.
    public var cautiousRatio: Double?
    /// The pods by which the deciding ratio was multiplied before rounding up.
    public var multiplier: Int64?
    public var hold: Hold?
    /// Replicas that this metric asks for; nil if it failed.
    public var proposal: Int32?
    public var failure: HPAMetricFailure?

    public init(metric: HPAMetric) {
        self.metric = metric
        name = metric.proposalName
    }
}

/// A metric's value as the status reports it; milli-units except for utilisation.
public struct HPAMetricValue: Sendable, Equatable {
    public var utilizationPercent: Int32?
    public var averageValueMilli: Int64?
    public var valueMilli: Int64?

    public init(utilizationPercent: Int32? = nil, averageValueMilli: Int64? = nil, valueMilli: Int64? = nil) {
        self.utilizationPercent = utilizationPercent
        self.averageValueMilli = averageValueMilli
        self.valueMilli = valueMilli
    }
}

/// How a failing metric is reported.
public struct HPAMetricFailure: Sendable, Equatable {
    /// The reason of the warning event and of condition `ScalingActive`.
    public var reason: String
    /// The warning event's message.
    public var message: String
    /// The error as the whole pass reports it, if this metric is the first to fail.
    public var passError: String
}

extension HPAMetric {
    /// The metric in `... above target` and `successfully calculate a replica count from ...`.
    var proposalName: String {
        switch (source, target) {
        case (.resource(let name), .utilization):
            "\(name) resource utilization (percentage of request)"
        case (.containerResource(let name, _), .utilization):
            "\(name) container resource utilization (percentage of request)"
        case (.resource(let name), _), (.containerResource(let name, _), _): "\(name) resource"
        case (.pods(let name), _): "pods metric \(name)"
        // The real controller names an averaged Object metric like an External one.
        case (.object(let name, _, _, let selector), .averageValue): "external metric \(name)(\(selector))"
        case (.object(let name, let kind, _, _), _): "\(kind) metric \(name)"
        case (.external(let name, let selector), _): "external metric \(name)(\(selector))"
        case (.unknown(let type), _): type
        }
    }

    /// The reports of an error that the calculation met.
    func failure(_ error: HPAMetricError) -> HPAMetricFailure {
        let text = error.message
        switch source {
        case .resource(let name):
            let message = resourceMessage(name, text)
            return HPAMetricFailure(
                reason: "FailedGetResourceMetric", message: message,
                passError: "failed to get \(name) resource metric value: \(message)")
        case .containerResource(let name, let container):
            let message = resourceMessage(name, text)
            return HPAMetricFailure(
                reason: "FailedGetContainerResourceMetric", message: message,
                passError: "failed to get \(container) container metric value: \(message)")
        case .pods:
            return HPAMetricFailure(
                reason: "FailedGetPodsMetric", message: text, passError: "failed to get pods metric value: \(text)")
        case .object(let name, _, _, _):
            let inner = if case .averageValue = target { "failed to get \(name) object metric: \(text)" } else { text }
            return HPAMetricFailure(
                reason: "FailedGetObjectMetric", message: text, passError: "failed to get object metric value: \(inner)"
            )
        case .external(let name, _):
            let inner =
                switch target {
                case .averageValue: "failed to get \(name) external metric: \(text)"
                case .value: "failed to get external metric \(name): \(text)"
                case .utilization, .none: text
                }
            return HPAMetricFailure(
                reason: "FailedGetExternalMetric", message: text,
                passError: "failed to get \(name) external metric value: \(inner)")
        case .unknown:
            return HPAMetricFailure(reason: "InvalidMetricSourceType", message: text, passError: text)
        }
    }

    private func resourceMessage(_ resource: String, _ text: String) -> String {
        switch target {
        case .utilization: "failed to get \(resource) utilization: \(text)"
        case .averageValue: "failed to get \(resource) usage: \(text)"
        case .value, .none: text
        }
    }
}
