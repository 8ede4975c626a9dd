import ContainerRuntime
import KubernetesAPI
import Simulation

/// A pending event of the cluster: identifiers only, trivially copyable.
public enum ClusterWork: Sendable, BitwiseCopyable {
    /// A controller's work queue delivers a key.
    case reconcile(ControllerName, AnyObjectID)
    case scheduler(SchedulerWork)
    case kubelet(KubeletWork)
    /// metrics-server scrapes all kubelets.
    case scrapeMetrics
    case clusterAutoscaler(ClusterAutoscalerWork)
}

/// The controllers of kube-controller-manager that the lab has.
public enum ControllerName: UInt8, Sendable, BitwiseCopyable, CaseIterable, BinaryCodable {
    case deployment, replicaSet, statefulSet, daemonSet, job, cronJob, horizontalPodAutoscaler, endpointSlice
    case disruption, nodeLifecycle, taintEviction, garbageCollector, namespace, resourceQuota, podGarbageCollector
    case serviceAccount, kubeProxy
}

/// A key in a controller's work queue.
struct WorkKey: Hashable, Comparable, Sendable, BitwiseCopyable, BinaryCodable {
    var controller: ControllerName
    var id: AnyObjectID

    static func < (left: Self, right: Self) -> Bool {
        left.controller == right.controller
            ? left.id < right.id : left.controller.rawValue < right.controller.rawValue
    }

    init(controller: ControllerName, id: AnyObjectID) {
        self.controller = controller
        self.id = id
    }

    func write(to writer: inout BinaryWriter) {
        writer.write(controller)
        writer.write(id)
    }

    init(from reader: inout BinaryReader) throws(BinaryDecodingError) {
        controller = try reader.read()
        id = try reader.read()
    }
}

extension ClusterWork: BinaryCodable {
    public func write(to writer: inout BinaryWriter) {
        switch self {
        case .reconcile(let controller, let id):
            writer.writeByte(0)
            writer.write(controller)
            writer.write(id)
        case .scheduler(let work):
            writer.writeByte(1)
            writer.write(work)
        case .kubelet(let work):
            writer.writeByte(2)
            writer.write(work)
        case .scrapeMetrics:
            writer.writeByte(3)
        case .clusterAutoscaler(let work):
            writer.writeByte(4)
            writer.write(work)
        }
    }

    public init(from reader: inout BinaryReader) throws(BinaryDecodingError) {
        switch try reader.readByte() {
        case 0: self = .reconcile(try reader.read(), try reader.read())
        case 1: self = .scheduler(try reader.read())
        case 2: self = .kubelet(try reader.read())
        case 3: self = .scrapeMetrics
        case 4: self = .clusterAutoscaler(try reader.read())
        default: throw .malformed(what: "cluster work", offset: reader.offset)
        }
    }
}
