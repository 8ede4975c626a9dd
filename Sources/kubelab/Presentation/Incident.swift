import Cluster
import KubernetesAPI
import Lab
import Simulation

/// One line of a timeline.
struct Incident {
    enum Kind: String {
        /// Something that was done from outside.
        case input
        case fault
        case scale
        case restart
        case kill
        case node
        case problem

        func style(_ text: String) -> String {
            switch self {
            case .input: Style.strong(text)
            case .fault, .kill, .node, .problem: Style.bad(text)
            case .scale: Style.good(text)
            case .restart: Style.warning(text)
            }
        }
    }

    var time: SimulationTime
    var kind: Kind
    var text: String

    /// What came from outside: requests, and faults as they began and ended.
    static func ofInputsAndFaults(_ session: LabSession) throws -> [Incident] {
        let inputs = try session.inputs().compactMap { input -> Incident? in
            switch input.action {
            case .advance: nil
            case .request(let request):
                Incident(time: input.time, kind: .input, text: request.summary(by: input.author))
            case .fault: Incident(time: input.time, kind: .input, text: "\(input.author) adds a fault")
            case .endFault(let name):
                Incident(time: input.time, kind: .input, text: "\(input.author) ends the fault \(name)")
            case .exchange(let request):
                Incident(
                    time: input.time, kind: .input, text: "\(input.author) asks for \(request.path) from a container")
            case .signal(_, let number):
                Incident(
                    time: input.time, kind: .input,
                    text: "\(input.author) sends signal \(number) to a container's first process")
            case .alertmanager(let request):
                Incident(
                    time: input.time, kind: .input,
                    text: "\(input.author) asks Alertmanager: \(request.method) \(request.path)")
            case .remoteWrite(let request):
                Incident(
                    time: input.time, kind: .input,
                    text: "\(input.author) writes \(request.body.count) bytes of samples to Prometheus")
            }
        }
        return inputs + session.world.incidents.timeline.map { Incident(time: $0.time, kind: .fault, text: $0.text) }
    }
}

extension APIRequest {
    /// `learner applies deployment gateway`
    func summary(by author: String) -> String {
        let name =
            name.isEmpty ? body?["metadata"]?["name"]?.string ?? body?["metadata"]?["generateName"]?.string ?? "" : name
        let object = "\(resource.singular)\(name.isEmpty ? "" : "/" + name)"
        let what =
            switch verb {
            case .create where subresource == "eviction": "evicts \(object)"
            case .create: "creates \(object)"
            case .update, .patch:
                if subresource == "scale" {
                    "scales \(object)\((body?["spec"]?["replicas"]).map { " to \(String(decoding: $0.compactBytes, as: UTF8.self))" } ?? "")"
                } else {
                    "changes \(object)"
                }
            case .delete: "deletes \(object)"
            case .deletecollection: "deletes all \(resource.plural)"
            case .get, .list: "reads \(object)"
            }
        return "\(author) \(what)"
    }
}

/// Collects what happened in a world by looking at it again and again: Kubernetes' own events for decisions, container
/// statuses for restarts.
struct IncidentHistory {
    private(set) var incidents: [Incident] = []
    /// How often each event had happened when it was looked at last.
    private var counted: [UInt64: Int32] = [:]
    private var restarts: [String: Int32] = [:]

    /// Reasons worth a line in a timeline.
    private static let reasons: [String: Incident.Kind] = [
        "ScalingReplicaSet": .scale, "SuccessfulRescale": .scale, "TriggeredScaleUp": .scale, "ScaleDown": .scale,
        "ScaleDownEmpty": .scale, "DeploymentRollback": .scale, "Killing": .kill, "Evicted": .kill, "Preempted": .kill,
        "TaintManagerEviction": .kill, "NodeNotReady": .node, "NodeReady": .node, "RegisteredNode": .node,
        "RemovingNode": .node,
        "FailedScheduling": .problem, "BackOff": .problem, "Failed": .problem, "FailedGetResourceMetric": .problem,
        "ProgressDeadlineExceeded": .problem,
        "BackoffLimitExceeded": .problem,
    ]

    /// Takes what is there for known.
    mutating func begin(_ world: borrowing World) {
        for record in world.cluster.context.events.records { counted[record.number] = record.count }
        world.cluster.context.store.pods.forEach { _, pod in note(pod, at: world.now, silently: true) }
    }

    mutating func look(_ world: borrowing World) {
        for record in world.cluster.context.events.records {
            let before = counted[record.number] ?? 0
            guard record.count > before else { continue }
            counted[record.number] = record.count
            // Repetitions of a complaint say nothing new.
            guard let kind = Self.reasons[record.reason], before == 0 || kind != .problem else { continue }
            let object = "\(record.kind)".lowercased() + "/" + record.name
            incidents.append(Incident(time: record.last, kind: kind, text: "\(object): \(record.message)"))
        }
        world.cluster.context.store.pods.forEach { _, pod in note(pod, at: world.now, silently: false) }
    }

    private mutating func note(_ pod: Pod, at now: SimulationTime, silently: Bool) {
        for status in pod.status.containerStatuses {
            let key = "\(pod.key)/\(pod.metadata.uid)/\(status.name)"
            let before = restarts[key] ?? 0
            guard status.restartCount > before else { continue }
            restarts[key] = status.restartCount
            guard !silently else { continue }
            let ended = status.lastState?.terminated
            let why = ended.map { " after it ended with \($0.reason) (exit code \($0.exitCode))" } ?? ""
            incidents.append(
                Incident(
                    time: now, kind: .restart, text: "pod/\(pod.metadata.name): container \(status.name) restarts\(why)"
                ))
        }
    }
}
