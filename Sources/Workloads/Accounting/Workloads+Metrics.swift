import ContainerRuntime
import Simulation

/// The custom and external metrics APIs (`custom.metrics.k8s.io`, `external.metrics.k8s.io`) over what programs,
/// clients and topics know of themselves, as an adapter in front of a monitoring system serves it.
///
/// Per pod (`type: Pods`):
/// - gauges: `http_requests_in_flight` (also `agent_requests_in_flight`), `http_requests_waiting`
///   (`agent_requests_waiting`);
/// - rates over the last minute: `http_requests_per_second`, `http_request_duration_seconds` (mean);
/// - counters, which only grow: `http_requests_total` (`agent_requests_total`);
/// - of model servers: `vllm:num_requests_running`, `vllm:num_requests_waiting`, `vllm:kv_cache_usage_perc`,
///   `DCGM_FI_DEV_GPU_UTIL`, and the counters `vllm:prompt_tokens_total`, `vllm:generation_tokens_total`,
///   `vllm:num_preemptions_total`, `vllm:request_success_total`.
///
/// Of a Service (`type: Object`), as its callers see it: `http_requests_in_flight`, `http_requests_per_second`,
/// `http_requests_total`.
///
/// Of no object (`type: External`): `service_requests_in_flight` and `service_requests_per_second` with label `service`
/// (and `namespace`), `queue_messages_ready` and `queue_messages_in_progress` with label `topic`,
/// `traffic_requests_per_second` with label `source`.
extension Workloads: MetricSource {
    public func podMetric(_ name: String, of sandbox: SandboxID, now: SimulationTime) -> Int64? {
        guard sandbox.slot < UInt32(sandboxes.count), sandboxes[Int(sandbox.slot)].generation == sandbox.generation
        else { return nil }
        var sum: Int64?
        var slot = sandboxes[Int(sandbox.slot)].firstProcess
        while slot != .max {
            if let value = metric(name, of: processes[Int(slot)].id, now: now) {
                sum = (sum ?? 0).addingSaturating(value)
            }
            slot = processes[Int(slot)].nextInSandbox
        }
        return sum
    }

    /// One container's value in thousandths; nil if its program exports nothing of that name.
    private func metric(_ name: String, of id: ContainerID, now: SimulationTime) -> Int64? {
        guard let gauges = gauges(of: id), gauges.isListening else { return nil }
        if name.utf8.starts(with: "vllm:".utf8) || name == "DCGM_FI_DEV_GPU_UTIL" {
            return engine(of: id, now: now).flatMap { $0.metric(name) }
        }
        guard case .service = catalogue.programs[Int(processes[Int(id.slot)].behaviour)].behaviour.program else {
            return nil
        }
        switch name {
        case "http_requests_in_flight", "agent_requests_in_flight": return Self.milli(Double(gauges.inFlight))
        case "http_requests_waiting", "agent_requests_waiting": return Self.milli(Double(gauges.waiting))
        case "http_requests_total", "agent_requests_total": return Self.milli(Double(gauges.meter.answered.total))
        case "http_requests_per_second", "agent_requests_per_second":
            return Self.milli(gauges.meter.recent.rate(at: now))
        case "http_request_duration_seconds", "agent_request_duration_seconds":
            // Without a request in the last minute the quotient of the two rates is no number, and there is no sample.
            return gauges.meter.recent.meanSeconds(at: now).map(Self.milli)
        default: return nil
        }
    }

    fileprivate static func milli(_ value: Double) -> Int64 { Int64(max(-9e15, min(9e15, (value * 1_000).rounded()))) }

    public func externalMetric(_ name: String, labels: [(name: String, value: String)], now: SimulationTime) -> [Int64]?
    {
        let kind = labels.first { $0.name == "kind" }?.value
        if let kind { return kind == "Service" ? serviceMetric(name, labels, now: now) : nil }
        func wanted(_ pairs: KeyValuePairs<String, String>) -> Bool {
            labels.allSatisfy { label in pairs.contains { $0.key == label.name && $0.value == label.value } }
        }
        switch name {
        case "queue_messages_ready", "queue_messages_in_progress":
            return topicLevels.filter { wanted(["topic": $0.level.name]) }.map { topic in
                Int64(name == "queue_messages_ready" ? topic.ready : topic.working) * 1_000
            }
        case "traffic_requests_per_second":
            return traffic.filter { wanted(["source": $0.name]) }.map { Self.milli(rate(ofTraffic: $0.name, now: now)) }
        case "service_requests_in_flight", "service_requests_per_second":
            return services.filter { service in
                let parts = service.level.name.split(separator: "/", maxSplits: 1).map(String.init)
                return wanted(["namespace": parts.first ?? "", "service": parts.last ?? ""])
            }.map { service in
                Self.milli(
                    name == "service_requests_in_flight" ? Self.pending(service.level) : Self.rate(service.level, now))
            }
        default: return nil
        }
    }

    /// A metric that describes a Service.
    private func serviceMetric(_ name: String, _ labels: [(name: String, value: String)], now: SimulationTime)
        -> [Int64]?
    {
        let key = ["namespace", "name"].map { key in labels.first { $0.name == key }?.value ?? "" }.joined(
            separator: "/")
        guard let level = services.first(where: { $0.level.name == key })?.level else { return nil }
        switch name {
        case "http_requests_in_flight": return [Self.milli(Self.pending(level))]
        case "http_requests_per_second": return [Self.milli(Self.rate(level, now))]
        case "http_requests_total": return [Self.milli(Double(level.total.outcomes.total))]
        default: return nil
        }
    }

    /// Names of the metrics of pods, of Services and of no object, as discovery lists them.
    public static let metricNames = (
        pods: [
            "DCGM_FI_DEV_GPU_UTIL", "agent_request_duration_seconds", "agent_requests_in_flight",
            "agent_requests_per_second", "agent_requests_total", "agent_requests_waiting",
            "http_request_duration_seconds", "http_requests_in_flight", "http_requests_per_second",
            "http_requests_total", "http_requests_waiting", "vllm:generation_tokens_total", "vllm:kv_cache_usage_perc",
            "vllm:num_preemptions_total", "vllm:num_requests_running", "vllm:num_requests_waiting",
            "vllm:prompt_tokens_total", "vllm:request_success_total",
        ],
        services: ["http_requests_in_flight", "http_requests_per_second", "http_requests_total"],
        external: [
            "queue_messages_in_progress", "queue_messages_ready", "service_requests_in_flight",
            "service_requests_per_second", "traffic_requests_per_second",
        ]
    )

    private static func pending(_ level: ServiceLevel) -> Double {
        Double(level.total.arrived - level.total.outcomes.total)
    }

    /// Calls that ended, a second, over the last minute.
    private static func rate(_ level: ServiceLevel, _ now: SimulationTime) -> Double {
        let from = now - .minutes(1)
        let seconds = max(1, (now - level.firstWindow(from: from)).seconds)
        return Double(level.between(from, now + .nanoseconds(1)).outcomes.total) / seconds
    }
}

extension Workloads.EngineGauges {
    /// A metric by vLLM's or DCGM's name, in thousandths; nil if there is none of that name.
    func metric(_ name: String) -> Int64? {
        let value: Double? =
            switch name {
            case "vllm:num_requests_running": Double(running)
            case "vllm:num_requests_waiting": Double(waiting)
            case "vllm:kv_cache_usage_perc": cacheUsage
            case "vllm:prompt_tokens_total": counters.promptTokens
            case "vllm:generation_tokens_total": counters.generatedTokens
            case "vllm:num_preemptions_total": Double(counters.preemptions)
            case "vllm:request_success_total": Double(counters.finished)
            case "DCGM_FI_DEV_GPU_UTIL": gpuUtilization
            default: nil
            }
        return value.map(Workloads.milli)
    }
}
