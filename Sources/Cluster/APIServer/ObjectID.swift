import KubernetesAPI
import Simulation

/// The kinds that the store holds, in the order of its tables.
public enum ObjectKind: UInt8, Sendable, BitwiseCopyable, CaseIterable, BinaryCodable {
    case node, namespace, pod, service, endpoints, configMap, secret, serviceAccount, persistentVolumeClaim, limitRange
    case resourceQuota, deployment, replicaSet, statefulSet, daemonSet, controllerRevision, job, cronJob
    case horizontalPodAutoscaler, podDisruptionBudget, priorityClass, endpointSlice, lease, ingress, role, clusterRole
    case roleBinding, clusterRoleBinding
}

/// Where an object of one kind lies in the store. Slots are reused; the generation tells objects apart.
public struct ObjectID<Object>: Hashable, Sendable, BitwiseCopyable {
    public var slot: UInt32
    public var generation: UInt32

    public init(slot: UInt32, generation: UInt32) {
        self.slot = slot
        self.generation = generation
    }
}

/// An ``ObjectID`` whose kind is known at run time only.
public struct AnyObjectID: Hashable, Sendable, BitwiseCopyable {
    public var kind: ObjectKind
    public var slot: UInt32
    public var generation: UInt32

    public init<Object: StoredObject>(_ id: ObjectID<Object>) {
        kind = Object.objectKind
        slot = id.slot
        generation = id.generation
    }

    /// The typed identifier; nil if the object is of another kind.
    public func typed<Object: StoredObject>(_ type: Object.Type = Object.self) -> ObjectID<Object>? {
        kind == Object.objectKind ? ObjectID(slot: slot, generation: generation) : nil
    }
}

extension AnyObjectID: Comparable {
    public static func < (left: Self, right: Self) -> Bool {
        (left.kind.rawValue, left.slot, left.generation) < (right.kind.rawValue, right.slot, right.generation)
    }
}

extension ObjectID: BinaryCodable {
    public func write(to writer: inout BinaryWriter) {
        writer.write(slot)
        writer.write(generation)
    }

    public init(from reader: inout BinaryReader) throws(BinaryDecodingError) {
        slot = try reader.read()
        generation = try reader.read()
    }
}

extension AnyObjectID: BinaryCodable {
    public func write(to writer: inout BinaryWriter) {
        writer.write(kind)
        writer.write(slot)
        writer.write(generation)
    }

    public init(from reader: inout BinaryReader) throws(BinaryDecodingError) {
        kind = try reader.read()
        slot = try reader.read()
        generation = try reader.read()
    }
}
