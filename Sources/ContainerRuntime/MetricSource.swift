import Simulation

/// What custom.metrics.k8s.io and external.metrics.k8s.io read: gauges and rates of the workloads at this instant.
public protocol MetricSource {
    /// A gauge of one pod in milli-units; nil if its program has none of that name.
    func podMetric(_ name: String, of sandbox: SandboxID, now: SimulationTime) -> Int64?
    /// The series of a metric that belongs to no pod, in milli-units, one value a series; nil if there is none of
    /// that name. `labels` are the equality requirements of the metric's selector.
    func externalMetric(_ name: String, labels: [(name: String, value: String)], now: SimulationTime) -> [Int64]?
    /// What an adapter that somebody has installed answers; nil if there is none for the question, and the lab's own
    /// answers by the two functions above. To be asked may change what the adapter knows.
    mutating func reply(to question: MetricQuestion, now: SimulationTime) -> MetricReply?
}

extension MetricSource {
    public mutating func reply(to question: MetricQuestion, now: SimulationTime) -> MetricReply? { nil }
}

/// What `World` lends the cluster of the running programs while an event is handled.
public typealias RuntimeView = ContainerUsageSource & MetricSource & ContainerLogSource
