import Cluster
import ContainerRuntime
import KubernetesAPI
import Monitoring
import OpenTelemetry
import PromQL
import Simulation
import Workloads

/// What a program says of itself on `/metrics`, as Python's prometheus_client and vLLM's server have it: the truth about
/// its own requests, and nothing that only its callers know.
extension World {
    func exposeProgram(_ container: ContainerID, into metrics: inout ExposedMetrics) {
        guard let gauges = workloads.gauges(of: container) else { return }
        exposeProcess(container, gauges, into: &metrics)
        if let engine = workloads.engine(of: container, now: now) {
            exposeEngine(container, engine, gauges, into: &metrics)
        } else if workloads.answersRequests(container) {
            if scenario.monitoring?.hasRoutes ?? false {
                exposeRoutes(container, into: &metrics)
            } else {
                exposeRequests(gauges, into: &metrics)
            }
            exposeOccupation(gauges, into: &metrics)
            if workloads.runsAgents(container) { exposeAgent(container, gauges.meter, into: &metrics) }
        } else if workloads.isSidecar(container) {
            exposeSidecar(container, gauges.meter.observed, into: &metrics)
        }
    }

    private func exposeProcess(
        _ container: ContainerID, _ gauges: Workloads.ContainerGauges, into metrics: inout ExposedMetrics
    ) {
        let usage = workloads.usage(of: container, now: now)
        metrics.describe("process_cpu_seconds_total", "counter", "Total user and system CPU time spent in seconds.")
        metrics.add("process_cpu_seconds_total", [:], Double(usage?.cpuNanoseconds ?? 0) / 1e9)
        metrics.describe("process_resident_memory_bytes", "gauge", "Resident memory size in bytes.")
        metrics.add("process_resident_memory_bytes", [:], Double(gauges.residentBytes))
        if let started = workloads.started(container) {
            metrics.describe("process_start_time_seconds", "gauge", "Start time of the process since the epoch.")
            metrics.add("process_start_time_seconds", [:], Double(epochMilliseconds(at: started)) / 1e3)
        }
    }

    private func exposeRequests(_ gauges: Workloads.ContainerGauges, into metrics: inout ExposedMetrics) {
        metrics.describe("http_requests_total", "counter", "Requests answered, by status.")
        // A server that never failed exposes no series of failures: they appear with the first.
        for outcome in Outcome.allCases where outcome == .ok || gauges.meter.answered[outcome] > 0 {
            // What the server could not answer because its client had gone has nginx's status 499.
            let status = outcome.status == 0 ? 499 : outcome.status
            guard outcome.status != 0 || outcome == .abandoned else { continue }
            let count =
                status == 499
                ? Outcome.allCases.filter { $0.status == 0 }.reduce(0) { $0 + gauges.meter.answered[$1] }
                : gauges.meter.answered[outcome]
            metrics.add("http_requests_total", ["code": "\(status)"], Double(count))
        }
        metrics.describe("http_request_duration_seconds", "histogram", "Time from a request's arrival to its answer.")
        metrics.addHistogram(
            "http_request_duration_seconds", [], gauges.meter.latency,
            bounds: scenario.monitoring?.buckets ?? MonitoringDescription.bucketsByDefault,
            exemplars: exemplars(of: gauges.meter))
    }

    /// Requests by path and status, each with its times. Series come with the first request that they count.
    private func exposeRoutes(_ container: ContainerID, into metrics: inout ExposedMetrics) {
        let routes = workloads.routes(of: container).map { route in
            (
                labels: [Label("code", "\(route.status)"), Label("handler", route.path)],
                latency: route.latency
            )
        }
        metrics.describe("http_requests_total", "counter", "Requests answered, by path and status.")
        for route in routes { metrics.add("http_requests_total", route.labels, Double(route.latency.count)) }
        metrics.describe("http_request_duration_seconds", "histogram", "Time from a request's arrival to its answer.")
        for route in routes {
            metrics.addHistogram(
                "http_request_duration_seconds", route.labels, route.latency,
                bounds: scenario.monitoring?.buckets ?? MonitoringDescription.bucketsByDefault)
        }
    }

    private func exposeOccupation(_ gauges: Workloads.ContainerGauges, into metrics: inout ExposedMetrics) {
        metrics.describe("http_requests_in_flight", "gauge", "Requests that are being handled.")
        metrics.add("http_requests_in_flight", [:], Double(gauges.inFlight))
        metrics.describe("http_requests_waiting", "gauge", "Requests that wait for a free place.")
        metrics.add("http_requests_waiting", [:], Double(gauges.waiting))
    }

    /// The requests that the program remembers, named by their traces as tracing libraries do.
    private func exemplars(of meter: ProcessMeter) -> [ScrapedExemplar] {
        meter.observed.examples.compactMap { example in
            example.map {
                ScrapedExemplar(
                    labels: Labels([Label("trace_id", traceID(of: $0.trace).description)]), value: $0.duration.seconds,
                    time: epochMilliseconds(at: $0.time))
            }
        }
    }

    private func exposeAgent(_ container: ContainerID, _ meter: ProcessMeter, into metrics: inout ExposedMetrics) {
        let bill = meter.bill
        metrics.describe("agent_steps_total", "counter", "Answers of models that agents went on with.")
        metrics.add("agent_steps_total", [:], Double(meter.observed.steps))
        metrics.describe("agent_tool_calls_total", "counter", "Calls of tools, by tool and status.")
        for use in workloads.toolUses(of: container) {
            for (status, count) in [("success", use.succeeded), ("error", use.failed)] where count > 0 {
                metrics.add("agent_tool_calls_total", ["tool": use.name, "status": status], Double(count))
            }
        }
        metrics.describe("agent_model_calls_total", "counter", "Calls to models that were billed.")
        metrics.add("agent_model_calls_total", [:], Double(bill.calls))
        metrics.describe("agent_tokens_total", "counter", "Tokens billed, by kind.")
        for (kind, count) in [
            ("input", bill.uncachedInput), ("cached_input", bill.cachedInput), ("cache_write", bill.cacheWrites),
            ("output", bill.output),
        ] {
            metrics.add("agent_tokens_total", ["type": kind], Double(count))
        }
        metrics.describe("agent_cost_dollars_total", "counter", "What the calls to models have cost.")
        metrics.add("agent_cost_dollars_total", [:], Double(bill.cost) / 1e9)
    }

    /// The Dapr runtime's counts of requests between services, with the labels that the model knows.
    private func exposeSidecar(_ container: ContainerID, _ work: ObservedWork, into metrics: inout ExposedMetrics) {
        guard let configuration = workloads.configuration(of: container) else { return }
        let pod = cluster.context.store.named(configuration.namespace + "/" + configuration.pod, Pod.self)
        let app =
            pod?.metadata.annotations["dapr.io/app-id"] ?? pod?.metadata.labels["app"] ?? configuration.pod
        for (name, help, count) in [
            ("req_sent_total", "The number of requests sent via service invocation.", work.sent),
            ("req_recv_total", "The number of requests received via service invocation.", work.received),
        ] {
            metrics.describe("dapr_runtime_service_invocation_" + name, "counter", help)
            metrics.add("dapr_runtime_service_invocation_" + name, ["app_id": app], Double(count))
        }
    }

    private func exposeEngine(
        _ container: ContainerID, _ engine: Workloads.EngineGauges, _ gauges: Workloads.ContainerGauges,
        into metrics: inout ExposedMetrics
    ) {
        let labels = [Label("model_name", workloads.configuration(of: container)?.container ?? "")]
        for (name, type, help, value) in [
            (
                "vllm:num_requests_running", "gauge", "Number of requests in model execution batches.",
                Double(engine.running)
            ),
            (
                "vllm:num_requests_waiting", "gauge", "Number of requests waiting to be processed.",
                Double(engine.waiting)
            ),
            ("vllm:kv_cache_usage_perc", "gauge", "KV-cache usage. 1 means 100 percent usage.", engine.cacheUsage),
            (
                "vllm:prompt_tokens_total", "counter", "Number of prefill tokens processed.",
                engine.counters.promptTokens
            ),
            (
                "vllm:generation_tokens_total", "counter", "Number of generation tokens processed.",
                engine.counters.generatedTokens
            ),
            (
                "vllm:num_preemptions_total", "counter", "Cumulative number of preemption from the engine.",
                Double(engine.counters.preemptions)
            ),
            (
                "vllm:request_success_total", "counter", "Count of successfully processed requests.",
                Double(engine.counters.finished)
            ),
        ] {
            metrics.describe(name, type, help)
            metrics.add(name, labels, value)
        }
        metrics.describe(
            "vllm:e2e_request_latency_seconds", "histogram", "Histogram of e2e request latency in seconds.")
        metrics.addHistogram(
            "vllm:e2e_request_latency_seconds", labels, gauges.meter.latency,
            bounds: [0.3, 0.5, 0.8, 1, 1.5, 2, 2.5, 5, 10, 15, 20, 30, 40, 50, 60, 120, 240, 480, 960, 1920, 7680],
            exemplars: exemplars(of: gauges.meter))
    }
}
