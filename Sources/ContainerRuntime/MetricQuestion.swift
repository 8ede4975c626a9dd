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
}

/// What an adapter answers.
public enum MetricReply: Sendable, Equatable {
    /// In thousandths. The name of the object; empty for an external metric.
    case values([(name: String, milli: Int64)])
    /// The API's own text.
    case failure(String)

    public static func == (left: MetricReply, right: MetricReply) -> Bool {
        switch (left, right) {
        case (.values(let left), .values(let right)):
            left.map(\.name) == right.map(\.name) && left.map(\.milli) == right.map(\.milli)
        case (.failure(let left), .failure(let right)): left == right
        case (.values, .failure), (.failure, .values): false
        }
    }
}
