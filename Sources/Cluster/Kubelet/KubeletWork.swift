import ContainerRuntime
import KubernetesAPI
import Simulation

/// A pending event of a kubelet.
public enum KubeletWork: Sendable, BitwiseCopyable {
    /// Bring one pod closer to its spec.
    case syncPod(ObjectID<Pod>)
}

extension KubeletWork: BinaryCodable {
    public func write(to writer: inout BinaryWriter) {
        switch self {
        case .syncPod(let pod):
            writer.writeByte(0)
            writer.write(pod)
        }
    }

    public init(from reader: inout BinaryReader) throws(BinaryDecodingError) {
        switch try reader.readByte() {
        case 0: self = .syncPod(try reader.read())
        default: throw .malformed(what: "kubelet work", offset: reader.offset)
        }
    }
}
