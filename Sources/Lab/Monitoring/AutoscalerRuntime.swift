import Cluster
import ContainerRuntime
import Monitoring
import Simulation
import Workloads

/// What an autoscaler sees in a world with prometheus-adapter or KEDA: programs as always, and metrics as these answer.
///
/// `custom.metrics.k8s.io` is prometheus-adapter's if it is there. `external.metrics.k8s.io` is KEDA's if that is there,
/// else prometheus-adapter's if it has external rules. What is nobody's, the lab's own adapter answers.
struct AutoscalerRuntime: ContainerUsageSource, MetricSource, ContainerLogSource {
    let workloads: Workloads
    let prometheus: PrometheusServer
    let adapter: MetricsAdapter?
    var scaling: ScaledObjectController?
    let scaledObjects: [(object: ScaledObject, replicas: Int)]
    /// Milliseconds since the Unix epoch.
    let time: Int64

    func usage(of container: ContainerID, now: SimulationTime) -> ContainerUsage? {
        workloads.usage(of: container, now: now)
    }

    func podMetric(_ name: String, of sandbox: SandboxID, now: SimulationTime) -> Int64? {
        workloads.podMetric(name, of: sandbox, now: now)
    }

    func externalMetric(_ name: String, labels: [(name: String, value: String)], now: SimulationTime) -> [Int64]? {
        workloads.externalMetric(name, labels: labels, now: now)
    }

    func logLines(of container: ContainerID) -> [LogLine] { workloads.logLines(of: container) }

    mutating func reply(to question: MetricQuestion, now: SimulationTime) -> MetricReply? {
        if case .external(let metric, let namespace, let selector) = question, scaling != nil {
            return scaling?.reply(
                metric: metric, namespace: namespace, selector: selector, objects: scaledObjects, prometheus, now: time)
        }
        return adapter?.reply(to: question, prometheus, now: time)
    }
}

extension World {
    /// Whether autoscalers ask somebody else than the lab's own adapter.
    var hasMetricsAdapter: Bool { monitoring?.adapter != nil || monitoring?.scaling != nil }

    /// A view in which questions are answered as they are at this instant.
    mutating func autoscalerRuntime() -> AutoscalerRuntime? {
        let objects = monitoring?.scaling == nil ? [] : readableScaledObjects()
        guard let monitoring else { return nil }
        return AutoscalerRuntime(
            workloads: workloads, prometheus: monitoring.prometheus, adapter: monitoring.adapter,
            scaling: monitoring.scaling, scaledObjects: objects, time: epochMilliseconds)
    }

    /// Handles a pass over an autoscaler, which asks the adapters that are installed.
    mutating func handleAutoscaler(_ work: ClusterWork) {
        guard var runtime = autoscalerRuntime() else {
            return cluster.handle(work, clock: &clock, runtime: &workloads)
        }
        cluster.handle(work, clock: &clock, runtime: &runtime)
        let before = monitoring?.scaling?.records ?? []
        monitoring?.scaling = runtime.scaling
        if !before.isEmpty { showFailures(before: before) }
    }

    /// The answer to somebody who asks the metrics APIs as an autoscaler would, but changes nothing by it; nil if the
    /// question is the lab's own adapter's.
    public func reply(to question: MetricQuestion) -> MetricReply? {
        guard hasMetricsAdapter else { return nil }
        var copy = self
        var runtime = copy.autoscalerRuntime()
        return runtime?.reply(to: question, now: now)
    }
}
