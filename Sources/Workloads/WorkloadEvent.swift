import Simulation

/// Something that will happen to a process, a request or a source of traffic. Identifiers only.
public enum WorkloadEvent: Sendable, BitwiseCopyable {
    /// A burst of CPU ends in a process, or its quota does.
    case cpu(process: UInt32)
    /// A request arrives at the server it was sent to.
    case connect(call: UInt32, generation: UInt32)
    /// What a call waited for is over.
    case wake(call: UInt32, generation: UInt32)
    /// A caller's patience with its present child is over.
    case childDeadline(call: UInt32, generation: UInt32)
    /// A probe's time is over.
    case probeDeadline(call: UInt32, generation: UInt32)
    case arrival(source: UInt32)
    /// The next turn of a session, or of a user in a closed loop.
    case turn(source: UInt32, remaining: UInt32)
    /// The end of an attempt's time, or of the user's patience.
    case journeyDeadline(journey: UInt32, generation: UInt32)
    case journeyRetry(journey: UInt32, generation: UInt32)
    /// A model's answer, or the end of a wait before the next attempt.
    case agent(run: UInt32, generation: UInt32)
    case process(slot: UInt32, generation: UInt32, ProcessTimer)
    /// A message becomes available.
    case deliver(message: UInt32, generation: UInt32)
    case acknowledgementDeadline(message: UInt32, generation: UInt32)
    /// A request could not leave its pod: the sidecar is down.
    case proxyRefused(call: UInt32, generation: UInt32)
    /// The end of an interval of aggregated traffic.
    case flow
    /// Something in the batch of a model server's engine is due.
    case engine(slot: UInt32, generation: UInt32)
    /// Whoever sent a request from outside waits no longer.
    case exchangeDeadline(number: UInt64)
}

/// What a process has set an alarm for.
public enum ProcessTimer: UInt8, Sendable, BitwiseCopyable, BinaryCodable {
    /// It dies of itself.
    case crash
    /// The graceful time-out is over.
    case gracefulTimeout
    /// It has closed everything and exits.
    case closing
    /// A fault makes it take more memory.
    case growth
}

extension WorkloadEvent: BinaryCodable {
    public func write(to writer: inout BinaryWriter) {
        func put(_ tag: UInt8, _ first: UInt32, _ second: UInt32 = 0) {
            writer.writeByte(tag)
            writer.write(first)
            writer.write(second)
        }
        switch self {
        case .cpu(let process): put(0, process)
        case .connect(let call, let generation): put(1, call, generation)
        case .wake(let call, let generation): put(2, call, generation)
        case .childDeadline(let call, let generation): put(3, call, generation)
        case .probeDeadline(let call, let generation): put(4, call, generation)
        case .arrival(let source): put(5, source)
        case .turn(let source, let remaining): put(6, source, remaining)
        case .journeyDeadline(let journey, let generation): put(7, journey, generation)
        case .journeyRetry(let journey, let generation): put(8, journey, generation)
        case .agent(let run, let generation): put(9, run, generation)
        case .process(let slot, let generation, let timer):
            put(10, slot, generation)
            writer.write(timer)
        case .deliver(let message, let generation): put(11, message, generation)
        case .acknowledgementDeadline(let message, let generation): put(12, message, generation)
        case .flow: put(13, 0)
        case .proxyRefused(let call, let generation): put(14, call, generation)
        case .engine(let slot, let generation): put(15, slot, generation)
        case .exchangeDeadline(let number):
            put(16, UInt32(truncatingIfNeeded: number), UInt32(truncatingIfNeeded: number >> 32))
        }
    }

    public init(from reader: inout BinaryReader) throws(BinaryDecodingError) {
        let tag = try reader.readByte()
        let first: UInt32 = try reader.read()
        let second: UInt32 = try reader.read()
        switch tag {
        case 0: self = .cpu(process: first)
        case 1: self = .connect(call: first, generation: second)
        case 2: self = .wake(call: first, generation: second)
        case 3: self = .childDeadline(call: first, generation: second)
        case 4: self = .probeDeadline(call: first, generation: second)
        case 5: self = .arrival(source: first)
        case 6: self = .turn(source: first, remaining: second)
        case 7: self = .journeyDeadline(journey: first, generation: second)
        case 8: self = .journeyRetry(journey: first, generation: second)
        case 9: self = .agent(run: first, generation: second)
        case 10: self = .process(slot: first, generation: second, try reader.read())
        case 11: self = .deliver(message: first, generation: second)
        case 12: self = .acknowledgementDeadline(message: first, generation: second)
        case 13: self = .flow
        case 14: self = .proxyRefused(call: first, generation: second)
        case 15: self = .engine(slot: first, generation: second)
        case 16: self = .exchangeDeadline(number: UInt64(second) << 32 | UInt64(first))
        default: throw .malformed(what: "workload event", offset: reader.offset)
        }
    }
}
