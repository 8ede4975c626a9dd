import ContainerRuntime
import Simulation

/// A request from outside the simulated programs (a command in a container, a forwarded port), and what became of it.
public struct Exchange: Sendable, Equatable {
    /// Where the request goes.
    public enum Target: Sendable, Equatable {
        /// A service's port, as kube-proxy's table names it: `namespace/name:port`.
        case service(String)
        /// A port of one pod, past every service.
        case pod(SandboxID, port: Int)
    }

    /// How it ended.
    public enum Ending: Sendable, Equatable {
        /// The server's HTTP status.
        case answered(status: Int)
        /// Nothing listens, or no endpoint.
        case refused
        /// The server died while it worked.
        case reset
        /// The client's own limit was over.
        case timedOut
    }

    /// Names the exchange; a world gives each number once.
    public let number: UInt64
    public let began: SimulationTime
    /// The pod that took the request, as `namespace/name`; empty while nobody has.
    public internal(set) var server = ""
    /// When it ended and how; nil while it is under way.
    public internal(set) var end: (time: SimulationTime, how: Ending)?
    var call = Handle<Call>.none
    var deadline = TimerHandle.none

    init(number: UInt64, began: SimulationTime) {
        self.number = number
        self.began = began
    }

    public static func == (left: Self, right: Self) -> Bool {
        left.number == right.number && left.began == right.began && left.server == right.server
            && left.end?.time == right.end?.time && left.end?.how == right.end?.how
    }
}

extension Exchange.Target: BinaryCodable {
    public func write(to writer: inout BinaryWriter) {
        switch self {
        case .service(let name):
            writer.writeByte(0)
            writer.write(name)
        case .pod(let sandbox, let port):
            writer.writeByte(1)
            writer.write(sandbox)
            writer.write(port)
        }
    }

    public init(from reader: inout BinaryReader) throws(BinaryDecodingError) {
        switch try reader.readByte() {
        case 0: self = .service(try reader.read())
        case 1: self = .pod(try reader.read(), port: try reader.read())
        default: throw .malformed(what: "target of a request", offset: reader.offset)
        }
    }
}

extension Exchange.Ending: BinaryCodable {
    public func write(to writer: inout BinaryWriter) {
        switch self {
        case .answered(let status):
            writer.writeByte(0)
            writer.write(status)
        case .refused: writer.writeByte(1)
        case .reset: writer.writeByte(2)
        case .timedOut: writer.writeByte(3)
        }
    }

    public init(from reader: inout BinaryReader) throws(BinaryDecodingError) {
        switch try reader.readByte() {
        case 0: self = .answered(status: try reader.read())
        case 1: self = .refused
        case 2: self = .reset
        case 3: self = .timedOut
        default: throw .malformed(what: "end of a request", offset: reader.offset)
        }
    }
}

extension Exchange: BinaryCodable {
    public func write(to writer: inout BinaryWriter) {
        writer.write(number)
        writer.write(began)
        writer.write(server)
        writer.write(end?.time)
        writer.write(end?.how)
        writer.write(call)
        writer.write(deadline)
    }

    public init(from reader: inout BinaryReader) throws(BinaryDecodingError) {
        self.init(number: try reader.read(), began: try reader.read())
        server = try reader.read()
        let time: SimulationTime? = try reader.read()
        let how: Ending? = try reader.read()
        if let time, let how { end = (time, how) }
        call = try reader.read()
        deadline = try reader.read()
    }
}
