import KubernetesAPI
import Simulation

/// Flags of the control plane's components, data of the scenario. Defaults are those of Kubernetes 1.36.
public struct ClusterSettings: Sendable, Equatable {
    /// Seconds since 1970 at simulated time zero.
    public var epochSeconds: Int64 = 1_767_603_600  // 2026-01-05T09:00:00Z, a Monday
    /// From a change in the API server to a controller's reaction: watch delivery plus work queue.
    public var informerLag: Duration = .milliseconds(5)
    /// The most by which a reaction comes later than that, drawn for each key: controllers overtake each other.
    public var informerLagSpread: Duration = .zero
    /// The chance that a controller's first write meets a newer object (409 Conflict): it drops its work and takes the
    /// key up again after its rate limiter's delay.
    public var updateConflictRate = 0.0
    /// From a change of a pod to every node's kube-proxy having programmed it.
    public var endpointPropagation: Duration = .milliseconds(500)
    public var horizontalPodAutoscalerSyncPeriod: Duration = .seconds(15)
    public var horizontalPodAutoscalerTolerance = 0.1
    public var horizontalPodAutoscalerDownscaleStabilization: Duration = .seconds(300)
    public var horizontalPodAutoscalerCPUInitializationPeriod: Duration = .seconds(300)
    public var horizontalPodAutoscalerInitialReadinessDelay: Duration = .seconds(30)
    public var nodeMonitorGracePeriod: Duration = .seconds(50)
    public var nodeMonitorPeriod: Duration = .seconds(5)
    public var nodeEvictionRate = 0.1
    /// metrics-server's `--metric-resolution`.
    public var metricResolution: Duration = .seconds(15)
    public var eventTTL: Duration = .hours(1)

    public init() {}
}

extension ClusterSettings: BinaryCodable {
    public func write(to writer: inout BinaryWriter) {
        writer.write(epochSeconds)
        writer.write(informerLag)
        writer.write(informerLagSpread)
        writer.write(updateConflictRate)
        writer.write(endpointPropagation)
        writer.write(horizontalPodAutoscalerSyncPeriod)
        writer.write(horizontalPodAutoscalerTolerance)
        writer.write(horizontalPodAutoscalerDownscaleStabilization)
        writer.write(horizontalPodAutoscalerCPUInitializationPeriod)
        writer.write(horizontalPodAutoscalerInitialReadinessDelay)
        writer.write(nodeMonitorGracePeriod)
        writer.write(nodeMonitorPeriod)
        writer.write(nodeEvictionRate)
        writer.write(metricResolution)
        writer.write(eventTTL)
    }

    public init(from reader: inout BinaryReader) throws(BinaryDecodingError) {
        epochSeconds = try reader.read()
        informerLag = try reader.read()
        informerLagSpread = try reader.read()
        updateConflictRate = try reader.read()
        endpointPropagation = try reader.read()
        horizontalPodAutoscalerSyncPeriod = try reader.read()
        horizontalPodAutoscalerTolerance = try reader.read()
        horizontalPodAutoscalerDownscaleStabilization = try reader.read()
        horizontalPodAutoscalerCPUInitializationPeriod = try reader.read()
        horizontalPodAutoscalerInitialReadinessDelay = try reader.read()
        nodeMonitorGracePeriod = try reader.read()
        nodeMonitorPeriod = try reader.read()
        nodeEvictionRate = try reader.read()
        metricResolution = try reader.read()
        eventTTL = try reader.read()
    }
}

extension ClusterSettings {
    /// The wall clock of the simulated cluster at an instant, in whole seconds as API objects carry it.
    func wallTime(at time: SimulationTime) -> Time {
        Time(epochSeconds: epochSeconds + time.nanoseconds / 1_000_000_000)
    }

    /// The simulated instant of an API timestamp.
    func simulationTime(_ time: Time) -> SimulationTime {
        .zero + .seconds(time.epochSeconds.subtractingSaturating(epochSeconds))
    }
}
