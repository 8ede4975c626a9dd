import ContainerRuntime
import KubernetesAPI
import Simulation

/// Which of a container's probes.
public enum ProbeKind: UInt8, Sendable, BitwiseCopyable, BinaryCodable, CaseIterable {
    case startup, liveness, readiness

    /// As events name it.
    var name: String {
        switch self {
        case .startup: "Startup"
        case .liveness: "Liveness"
        case .readiness: "Readiness"
        }
    }
}

/// A pending event of a kubelet. Containers are counted init containers first, then regular ones.
public enum KubeletWork: Sendable, BitwiseCopyable {
    /// The pod was bound, or its sandbox is ready, or something else lets it go on.
    case sync(SandboxID)
    case sandboxReady(SandboxID)
    case imagePulled(SandboxID, container: UInt8)
    case startContainer(SandboxID, container: UInt8)
    /// A container's exit is noticed.
    case exitNoticed(SandboxID, container: UInt8)
    /// A back-off is over.
    case retry(SandboxID, container: UInt8)
    case probe(SandboxID, container: UInt8, ProbeKind)
    /// The grace of one container that is being restarted, or of the whole pod, is over.
    case graceExpired(SandboxID, container: UInt8)
    /// All has stopped: the object goes.
    case finalize(SandboxID)
    case activeDeadline(SandboxID)
    /// The eviction manager looks at a node.
    case checkPressure(NodeID)
}

extension KubeletWork: BinaryCodable {
    public func write(to writer: inout BinaryWriter) {
        func tag(_ byte: UInt8, _ sandbox: SandboxID, _ container: UInt8? = nil) {
            writer.writeByte(byte)
            writer.write(sandbox)
            if let container { writer.writeByte(container) }
        }
        switch self {
        case .sync(let pod): tag(0, pod)
        case .sandboxReady(let pod): tag(1, pod)
        case .imagePulled(let pod, let container): tag(2, pod, container)
        case .startContainer(let pod, let container): tag(3, pod, container)
        case .exitNoticed(let pod, let container): tag(4, pod, container)
        case .retry(let pod, let container): tag(5, pod, container)
        case .probe(let pod, let container, let kind):
            tag(6, pod, container)
            writer.write(kind)
        case .graceExpired(let pod, let container): tag(7, pod, container)
        case .finalize(let pod): tag(8, pod)
        case .activeDeadline(let pod): tag(9, pod)
        case .checkPressure(let node):
            writer.writeByte(10)
            writer.write(node)
        }
    }

    public init(from reader: inout BinaryReader) throws(BinaryDecodingError) {
        switch try reader.readByte() {
        case 0: self = .sync(try reader.read())
        case 1: self = .sandboxReady(try reader.read())
        case 2: self = .imagePulled(try reader.read(), container: try reader.readByte())
        case 3: self = .startContainer(try reader.read(), container: try reader.readByte())
        case 4: self = .exitNoticed(try reader.read(), container: try reader.readByte())
        case 5: self = .retry(try reader.read(), container: try reader.readByte())
        case 6: self = .probe(try reader.read(), container: try reader.readByte(), try reader.read())
        case 7: self = .graceExpired(try reader.read(), container: try reader.readByte())
        case 8: self = .finalize(try reader.read())
        case 9: self = .activeDeadline(try reader.read())
        case 10: self = .checkPressure(try reader.read())
        default: throw .malformed(what: "kubelet work", offset: reader.offset)
        }
    }
}
