import KubernetesAPI
import Simulation

/// Removes pods that nobody else will ever remove (`pkg/controller/podgc`): those of nodes that are gone, those that
/// were deleted before they were bound, and finished ones above the threshold.
struct PodGarbageCollector: Controller, Sendable {
    /// `--terminated-pod-gc-threshold`
    static let threshold = 12_500
    /// Passes come every 20 s; a node must be missing for 40 s.
    static let period: Duration = .seconds(20)
    static let quarantine: Duration = .seconds(40)

    private var finished = 0

    init() {}

    mutating func observe(_ change: ObjectChange, _ context: inout ClusterContext) {
        if change.kind == .deleted, let (_, _, node) = change.object(Node.self) {
            for pod in context.store.pods(on: node.metadata.name) {
                context.enqueue(.podGarbageCollector, pod, after: Self.quarantine + Self.period)
            }
        } else if change.concerns([.phase, .deletion]), let (id, old, pod) = change.pod {
            func isFinished(_ pod: Pod) -> Bool { pod.status.phase == "Succeeded" || pod.status.phase == "Failed" }
            switch change.kind {
            case .added: break
            case .modified:
                if isFinished(pod), old.map(isFinished) == false {
                    finished += 1
                    if finished > Self.threshold { context.enqueue(.podGarbageCollector, id, after: Self.period) }
                }
                if pod.metadata.deletionTimestamp != nil, old?.metadata.deletionTimestamp == nil,
                    pod.spec.nodeName.isEmpty
                {
                    context.enqueue(.podGarbageCollector, id, after: Self.period)
                }
            case .deleted: if old.map(isFinished) == true { finished -= 1 }
            }
        }
    }

    mutating func reconcile(_ id: AnyObjectID, _ context: inout ClusterContext) {
        guard let id: ObjectID<Pod> = id.typed(), let pod = context.store[id] else { return }
        if pod.spec.nodeName.isEmpty {
            if pod.metadata.deletionTimestamp != nil { removeForGood(id, pod, nil, &context) }
        } else if context.store.nodes.id(pod.spec.nodeName) == nil {
            removeForGood(id, pod, "PodGC: node no longer exists", &context)
        } else if finished > Self.threshold {
            trim(&context)
        }
    }

    /// Nobody will say how the pod ended: it has failed. Then the object goes without grace.
    private func removeForGood(_ id: ObjectID<Pod>, _ pod: Pod, _ message: String?, _ context: inout ClusterContext) {
        if pod.status.phase != "Succeeded", pod.status.phase != "Failed" {
            let time = context.wallTime
            context.update(id) { pod in
                pod.status.phase = "Failed"
                if let message {
                    pod.setCondition("DisruptionTarget", "True", reason: "DeletionByPodGC", message: message, at: time)
                }
            }
        }
        context.delete(id, gracePeriodSeconds: 0)
    }

    private func trim(_ context: inout ClusterContext) {
        var ended: [(id: ObjectID<Pod>, time: Time)] = []
        context.store.pods.forEach { id, pod in
            if pod.status.phase == "Succeeded" || pod.status.phase == "Failed" {
                ended.append((id, pod.metadata.creationTimestamp ?? Time()))
            }
        }
        ended.sort { ($0.time, $0.id) < ($1.time, $1.id) }
        for (id, _) in ended.prefix(max(0, ended.count - Self.threshold)) { context.delete(id, gracePeriodSeconds: 0) }
    }
}

extension PodGarbageCollector: BinaryCodable {
    func write(to writer: inout BinaryWriter) { writer.write(finished) }
    init(from reader: inout BinaryReader) throws(BinaryDecodingError) { finished = try reader.read() }
}
