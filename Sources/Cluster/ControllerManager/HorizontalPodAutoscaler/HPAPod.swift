import Simulation

/// What the autoscaler looks at in a pod that the target's selector matches.
public struct HPAPod: Sendable, Equatable {
    public enum Phase: Sendable, Equatable { case pending, running, succeeded, failed, unknown }

    public enum ConditionStatus: Sendable, Equatable { case `true`, `false`, unknown }

    /// The pod's `Ready` condition.
    public struct Readiness: Sendable, Equatable {
        public var status: ConditionStatus
        public var lastTransition: SimulationTime

        public init(_ status: ConditionStatus, since lastTransition: SimulationTime) {
            self.status = status
            self.lastTransition = lastTransition
        }
    }

    public var name: String
    public var phase: Phase
    public var isDeleting: Bool
    /// Nil while the pod has no `Ready` condition.
    public var readiness: Readiness?
    /// `status.startTime`: when the kubelet took the pod.
    public var startTime: SimulationTime?
    /// Containers and init containers that restart always (sidecars), in order. Pods of one template should share one
    /// array, so that listing pods copies no requests.
    public var containers: [HPAContainer]
    /// Requests of the pod as a whole, nil if the pod sets none.
    public var podRequests: [HPARequest]?

    public init(
        name: String, phase: Phase, isDeleting: Bool = false, readiness: Readiness? = nil,
        startTime: SimulationTime? = nil, containers: [HPAContainer] = [], podRequests: [HPARequest]? = nil
    ) {
        self.name = name
        self.phase = phase
        self.isDeleting = isDeleting
        self.readiness = readiness
        self.startTime = startTime
        self.containers = containers
        self.podRequests = podRequests
    }

    /// Running and ready: what multiplies the ratio of an Object or External metric with a plain value.
    var isRunningAndReady: Bool { phase == .running && readiness?.status == .true }
}

/// A container's name and requests.
public struct HPAContainer: Sendable, Equatable {
    public var name: String
    public var requests: [HPARequest]

    public init(name: String, requests: [HPARequest]) {
        self.name = name
        self.requests = requests
    }
}

/// A request for a resource in milli-units (1 CPU is 1000, 1 byte is 1000).
public struct HPARequest: Sendable, Equatable {
    public var resource: String
    public var milli: Int64

    public init(_ resource: String, milli: Int64) {
        self.resource = resource
        self.milli = milli
    }
}

extension HPAPod {
    /// The pod's request for a resource: of one container, or of the pod as a whole if it says so (and the feature is
    /// on), or summed over its containers.
    /// - Throws: ``HPAMetricError`` with the real controller's text if a request or the container is missing.
    func request(for resource: String, container: String?, podLevelResources: Bool) throws(HPAMetricError) -> Int64 {
        if podLevelResources, container == nil, let podRequests {
            if let request = podRequests.milli(resource) { return request }
            // Below a pod-level request for another resource, this one is what the containers ask for, if any does.
            let parts = containers.compactMap { $0.requests.milli(resource) }
            guard !parts.isEmpty else {
                throw HPAMetricError("missing pod-level request for \(resource) in Pod \(name)")
            }
            return parts.reduce(0) { $0.addingSaturating($1) }
        }
        var sum: Int64 = 0
        for candidate in containers where container == nil || container == candidate.name {
            guard let request = candidate.requests.milli(resource) else {
                throw HPAMetricError("missing request for \(resource) in container \(candidate.name) of Pod \(name)")
            }
            sum = sum.addingSaturating(request)
            if container != nil { return sum }
        }
        if let container { throw HPAMetricError("container \(container) not found in Pod \(name)") }
        return sum
    }
}

extension [HPARequest] {
    fileprivate func milli(_ resource: String) -> Int64? { first { $0.resource == resource }?.milli }
}

/// Why one metric gave no proposal; the text is the real controller's.
public struct HPAMetricError: Error, Sendable, Equatable {
    public var message: String

    public init(_ message: String) { self.message = message }
}
