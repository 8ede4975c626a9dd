import Simulation

/// What a metrics API answered to the query for one metric.
public enum HPAMetricAnswer: Sendable, Equatable {
    /// `metrics.k8s.io`, for Resource and ContainerResource metrics.
    case usage([HPAPodUsage])
    /// `custom.metrics.k8s.io`, for Pods metrics.
    case samples([HPASample])
    /// `custom.metrics.k8s.io` for an Object metric (one value) or `external.metrics.k8s.io` (a value a series), milli.
    case values([Int64])
    /// The API's own error text.
    case failure(String)
}

/// Usage of the containers of one pod.
public struct HPAPodUsage: Sendable, Equatable {
    public var pod: String
    /// The end of the window over which usage was measured.
    public var timestamp: SimulationTime
    public var window: Duration
    public var containers: [HPAContainerUsage]

    public init(pod: String, timestamp: SimulationTime, window: Duration, containers: [HPAContainerUsage]) {
        self.pod = pod
        self.timestamp = timestamp
        self.window = window
        self.containers = containers
    }
}

/// Usage of one container in milli-units, nil if the sample lacks the resource that was asked for.
public struct HPAContainerUsage: Sendable, Equatable {
    public var name: String
    public var milli: Int64?

    public init(_ name: String, milli: Int64?) {
        self.name = name
        self.milli = milli
    }
}

/// One value of one pod, in milli-units.
public struct HPASample: Sendable, Equatable {
    public var pod: String
    public var milli: Int64
    public var timestamp: SimulationTime
    public var window: Duration

    public init(pod: String, milli: Int64, timestamp: SimulationTime = .zero, window: Duration = .zero) {
        self.pod = pod
        self.milli = milli
        self.timestamp = timestamp
        self.window = window
    }
}

extension HPAPodUsage {
    /// The pod's sample: one container's usage, or the sum over all. Nil, so that the pod counts as missing, if the
    /// container is not there or any container lacks the resource (`metrics/client.go`).
    func sample(container: String?) -> HPASample? {
        var sum: Int64 = 0
        var found = false
        for usage in containers where container == nil || container == usage.name {
            guard let milli = usage.milli else { return nil }
            sum = sum.addingSaturating(milli)
            found = true
            if container != nil { break }
        }
        return found ? HPASample(pod: pod, milli: sum, timestamp: timestamp, window: window) : nil
    }
}
