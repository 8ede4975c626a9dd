import ContainerRuntime
import Simulation

/// One operation on behalf of a request, as a tracing library in the program would have measured it.
///
/// A compact record: what it is called and where it ran are numbers, which ``Workloads/subject(of:)`` and
/// ``Workloads/tracePlaces`` know.
public struct CallSpan: Sendable, Equatable {
    /// What was done, and by whom.
    public enum Operation: UInt8, Sendable, CaseIterable, BinaryCodable {
        /// A user's request from the first attempt to the last; subject: the source of traffic.
        case request
        /// One attempt at it, by the user's client; subject: the service.
        case attempt
        /// A message sent to a topic; subject: the topic.
        case publish
        /// A request in a server; subject: the service, `.max` for one that was reached past all services.
        case serve
        /// A consumer's work on a message; subject: the topic.
        case process
        /// One attempt at a call to another service, by the caller; subject: the service.
        case call
        /// A call to something outside the cluster that is no agent's tool; subject: the tool.
        case external
        /// An agent's run; subject: the provider of its model.
        case agent
        /// A step of an agent: a model's answer and the tools that it asked for; subject: the provider.
        case step
        /// One attempt at a model; subject: the provider.
        case chat
        /// An agent's use of a tool, with all attempts; subject: the tool, with ``serviceTool`` set for a service.
        case tool
    }

    /// The bit of a subject that says that a tool is a service of the cluster.
    public static let serviceTool: UInt32 = 1 << 31

    /// The number of the request, message or exchange that all this is for.
    public var trace: UInt64
    /// Unique in the world.
    public var number: UInt64
    /// The span during which this one was begun; 0 for the first of its trace.
    public var parent: UInt64
    public var operation: Operation
    public var begin: SimulationTime
    public var end: SimulationTime
    public var outcome: Outcome
    /// Index in ``Workloads/tracePlaces``; `.max` for a user's client.
    public var place: UInt32 = .max
    public var subject: UInt32 = .max
    /// Index of the source of traffic whose client it was; `.max` for a span of a container.
    public var source: UInt32 = .max
    /// Index of the path that was asked for; `.max` where there is none.
    public var path: UInt32 = .max
    /// Attempts before this one; the number of a step, from 1; of a run, the steps that were done.
    public var ordinal: UInt32 = 0
    /// When it left the queue in which it stood first, for a slot or an event loop; `never` if it did not wait.
    public var dequeued = SimulationTime.never
    /// All its waiting for a slot and for event loops.
    public var waited = Duration.zero
    /// A model's tokens, as they were billed.
    public var uncachedInput: Int64 = 0
    public var cachedInput: Int64 = 0
    public var cacheWrites: Int64 = 0
    public var output: Int64 = 0
    /// From the question to the first token of a model's answer; zero if none came.
    public var firstToken = Duration.zero
    /// The span that sent the message which a consumer works on; 0 for none.
    public var linkedTrace: UInt64 = 0
    public var linkedSpan: UInt64 = 0

    init(
        _ operation: Operation, trace: UInt64, number: UInt64, parent: UInt64, begin: SimulationTime,
        end: SimulationTime, outcome: Outcome
    ) {
        self.operation = operation
        self.trace = trace
        self.number = number
        self.parent = parent
        self.begin = begin
        self.end = end
        self.outcome = outcome
    }

    /// The number of a request's first span: a function of the request, so that nobody has to remember it.
    public static func root(of request: UInt64) -> UInt64 { request ^ 0x726f_6f74_0000_0000 }

    /// Requests of aggregated traffic have no numbers of their own; those that are followed get one with this bit.
    static let flowMark: UInt64 = 1 << 61
    /// The bit of a span's number that no call has.
    static let spanMark: UInt64 = 1 << 62
}

/// Where spans come from: the attributes of a resource, as a collector beside the pod would add them.
public struct TracePlace: Sendable, Equatable {
    public var container: ContainerID
    /// Names and values in their order.
    public var attributes: [(name: String, value: String)]

    public static func == (left: Self, right: Self) -> Bool {
        left.container == right.container && left.attributes.elementsEqual(right.attributes) { $0 == $1 }
    }
}

extension CallSpan: BinaryCodable {
    public func write(to writer: inout BinaryWriter) {
        writer.write(trace)
        writer.write(number)
        writer.write(parent)
        writer.write(operation)
        writer.write(begin)
        writer.write(end - begin)
        writer.write(outcome)
        // Zero takes one byte, and `.max` five.
        writer.write(place &+ 1)
        writer.write(subject &+ 1)
        if place == .max { writer.write(source &+ 1) }
        writer.write(path &+ 1)
        writer.write(ordinal)
        writer.write(dequeued != .never)
        if dequeued != .never { writer.write(dequeued) }
        writer.write(waited)
        writer.write(operation == .chat)
        if operation == .chat {
            for tokens in [uncachedInput, cachedInput, cacheWrites, output] { writer.write(tokens) }
            writer.write(firstToken)
        }
        writer.write(linkedTrace)
        writer.write(linkedSpan)
    }

    public init(from reader: inout BinaryReader) throws(BinaryDecodingError) {
        trace = try reader.read()
        number = try reader.read()
        parent = try reader.read()
        operation = try reader.read()
        begin = try reader.read()
        let length: Duration = try reader.read()
        end = begin + length
        outcome = try reader.read()
        place = try reader.read(UInt32.self) &- 1
        subject = try reader.read(UInt32.self) &- 1
        if place == .max { source = try reader.read(UInt32.self) &- 1 }
        path = try reader.read(UInt32.self) &- 1
        ordinal = try reader.read()
        if try reader.read(Bool.self) { dequeued = try reader.read() }
        waited = try reader.read()
        if try reader.read(Bool.self) {
            uncachedInput = try reader.read()
            cachedInput = try reader.read()
            cacheWrites = try reader.read()
            output = try reader.read()
            firstToken = try reader.read()
        }
        linkedTrace = try reader.read()
        linkedSpan = try reader.read()
    }
}

extension TracePlace: BinaryCodable {
    public func write(to writer: inout BinaryWriter) {
        writer.write(container)
        writer.write(attributes.count)
        for (name, value) in attributes {
            writer.write(name)
            writer.write(value)
        }
    }

    public init(from reader: inout BinaryReader) throws(BinaryDecodingError) {
        container = try reader.read()
        attributes = []
        let count: Int = try reader.read()
        guard count >= 0, count <= reader.remaining else { throw .truncated(offset: reader.offset) }
        for _ in 0..<count { attributes.append((try reader.read(), try reader.read())) }
    }
}
