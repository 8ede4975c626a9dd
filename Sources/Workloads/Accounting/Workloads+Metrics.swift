import ContainerRuntime
import Simulation

/// The custom and external metrics APIs over what programs, providers and topics know of themselves.
///
/// Per pod: `agent_requests_in_flight`, `agent_requests_waiting`, `agent_requests_total`. Without a pod:
/// `queue_messages_ready` and `queue_messages_in_progress` with label `topic`, `traffic_requests_per_second` with label
/// `source`.
extension Workloads: MetricSource {
    public func podMetric(_ name: String, of sandbox: SandboxID, now: SimulationTime) -> Int64? {
        var sum: Int64 = 0
        var found = false
        for process in processes where process.phase != .absent {
            guard let configuration = containers[Int(process.id.slot)], configuration.sandbox == sandbox, let gauges = gauges(of: process.id)
            else { continue }
            switch name {
            case "agent_requests_in_flight": sum &+= Int64(gauges.inFlight)
            case "agent_requests_waiting": sum &+= Int64(gauges.waiting)
            case "agent_requests_total": sum &+= gauges.meter.answered.total
            default: return nil
            }
            found = true
        }
        return found ? sum.multiplyingSaturating(1_000) : nil
    }

    public func externalMetric(_ name: String, labels: [(name: String, value: String)], now: SimulationTime) -> [Int64]? {
        func wanted(_ label: String, _ value: String) -> Bool { labels.allSatisfy { $0.name != label || $0.value == value } }
        switch name {
        case "queue_messages_ready", "queue_messages_in_progress":
            return topicLevels.filter { wanted("topic", $0.level.name) }.map { topic in
                Int64(name == "queue_messages_ready" ? topic.ready : topic.working) * 1_000
            }
        case "traffic_requests_per_second":
            return traffic.filter { wanted("source", $0.name) }.map { Int64(rate(ofTraffic: $0.name, now: now) * 1_000) }
        default: return nil
        }
    }
}
