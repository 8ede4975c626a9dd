import Simulation

/// What an autoscaler asks of the custom and external metrics APIs, as it stands in the request's path.
public enum MetricQuestion: Sendable, Equatable {
    /// `custom.metrics.k8s.io`: a metric of one object. `selector` is that of the metric, as text.
    case object(
        metric: String, group: String, resource: String, namespace: String, name: String, selector: String)
    /// The same of all objects that the request's own selector takes, which are these.
    case objects(
        metric: String, group: String, resource: String, namespace: String, names: [String], selector: String)
    /// `external.metrics.k8s.io`.
    case external(metric: String, namespace: String, selector: String)
    /// `metrics.k8s.io`: what the containers of these pods use.
    case usage(namespace: String, pods: [String])
}

/// What a container uses, as an adapter reads it from a monitoring system.
public struct ReportedUsage: Sendable, Equatable {
    public var pod: String
    public var container: String
    /// Thousandths of a core.
    public var cpuMilli: Int64
    public var memoryBytes: Int64

    public init(pod: String, container: String, cpuMilli: Int64, memoryBytes: Int64) {
        self.pod = pod
        self.container = container
        self.cpuMilli = cpuMilli
        self.memoryBytes = memoryBytes
    }
}

/// What an adapter answers.
public enum MetricReply: Sendable, Equatable {
    /// In thousandths. The name of the object; empty for an external metric.
    case values([(name: String, milli: Int64)])
    /// By pod; over the window that ends now.
    case usage([ReportedUsage], window: Duration)
    /// The API's own text.
    case failure(String)

    public static func == (left: MetricReply, right: MetricReply) -> Bool {
        switch (left, right) {
        case (.values(let left), .values(let right)):
            left.map(\.name) == right.map(\.name) && left.map(\.milli) == right.map(\.milli)
        case (.usage(let left, let window), .usage(let right, let other)): left == right && window == other
        case (.failure(let left), .failure(let right)): left == right
        case (.values, _), (.usage, _), (.failure, _): false
        }
    }
}
