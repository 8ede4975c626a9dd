import Simulation

/// A pending event of the cluster autoscaler.
public enum ClusterAutoscalerWork: Sendable, BitwiseCopyable {
    /// The main loop: pending pods, then unneeded nodes.
    case scan
    /// A machine of a node group has booted and registers; the index of the group.
    case nodeReady(group: UInt32)
}

extension ClusterAutoscalerWork: BinaryCodable {
    public func write(to writer: inout BinaryWriter) {
        switch self {
        case .scan: writer.writeByte(0)
        case .nodeReady(let group):
            writer.writeByte(1)
            writer.write(group)
        }
    }

    public init(from reader: inout BinaryReader) throws(BinaryDecodingError) {
        switch try reader.readByte() {
        case 0: self = .scan
        case 1: self = .nodeReady(group: try reader.read())
        default: throw .malformed(what: "cluster autoscaler work", offset: reader.offset)
        }
    }
}
