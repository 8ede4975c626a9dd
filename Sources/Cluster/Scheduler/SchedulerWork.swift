import KubernetesAPI
import Simulation

/// A pending event of the scheduler.
public enum SchedulerWork: Sendable, BitwiseCopyable {
    /// Take the next pod from the active queue.
    case cycle
    /// Pods whose back-off ended move to the active queue.
    case flushBackoff
    /// Pods that waited 5 minutes for a relevant change are tried again.
    case flushUnschedulable
    /// A binding reaches the API server.
    case bind(ObjectID<Pod>)
}

extension SchedulerWork: BinaryCodable {
    public func write(to writer: inout BinaryWriter) {
        switch self {
        case .cycle: writer.writeByte(0)
        case .flushBackoff: writer.writeByte(1)
        case .flushUnschedulable: writer.writeByte(2)
        case .bind(let pod):
            writer.writeByte(3)
            writer.write(pod)
        }
    }

    public init(from reader: inout BinaryReader) throws(BinaryDecodingError) {
        switch try reader.readByte() {
        case 0: self = .cycle
        case 1: self = .flushBackoff
        case 2: self = .flushUnschedulable
        case 3: self = .bind(try reader.read())
        default: throw .malformed(what: "scheduler work", offset: reader.offset)
        }
    }
}
