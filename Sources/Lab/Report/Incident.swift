import Cluster
import KubernetesAPI
import Simulation

/// One line of a timeline.
public struct Incident: Sendable, Equatable {
    public enum Kind: String, Sendable {
        /// Something that was done from outside.
        case input
        case fault
        case scale
        case restart
        case kill
        case node
        case problem
    }

    public var time: SimulationTime
    public var kind: Kind
    public var text: String
    /// The reason of the Kubernetes Event that tells of it; empty for what is no Event.
    public var reason = ""

    /// Whether it is something that goes wrong, and no decision or repair.
    public var isTrouble: Bool {
        switch kind {
        case .input, .scale: false
        case .fault: text.hasSuffix(" begins")
        case .restart: true
        // An autoscaler that has no metrics of young pods yet complains of nothing else.
        case .problem: !Self.youth.contains { text.hasSuffix($0) }
        // A container that is stopped because its pod goes is no trouble.
        case .kill: reason != "Killing" || text.contains(" probe, will be restarted")
        case .node: reason == "NodeNotReady"
        }
    }

    private static let youth = [
        "no metrics returned from resource metrics API",
        "did not receive metrics for targeted pods (pods might be unready)",
    ]

    /// What came from outside: requests, and faults as they began and ended.
    /// - Throws: `LabStoreError`.
    public static func ofInputsAndFaults(_ session: LabSession) throws -> [Incident] {
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
    public func summary(by author: String) -> String {
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
public struct IncidentHistory: Sendable {
    public private(set) var incidents: [Incident] = []
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

    public init() {}

    /// Takes what is there for known.
    public mutating func begin(_ world: borrowing World) {
        for record in world.cluster.context.events.records { counted[record.number] = record.count }
        world.cluster.context.store.pods.forEach { _, pod in note(pod, at: world.now, silently: true) }
    }

    /// Notes what has happened since it was looked at last.
    public mutating func look(_ world: borrowing World) {
        for record in world.cluster.context.events.records {
            let before = counted[record.number] ?? 0
            guard record.count > before else { continue }
            counted[record.number] = record.count
            // Repetitions of a complaint say nothing new.
            guard let kind = Self.reasons[record.reason], before == 0 || kind != .problem else { continue }
            let object = "\(record.kind)".lowercased() + "/" + record.name
            incidents.append(
                Incident(
                    time: record.last, kind: kind, text: "\(object): \(record.message)", reason: record.reason))
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
