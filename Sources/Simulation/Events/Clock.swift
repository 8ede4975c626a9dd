/// What a world lends to a component while it handles an event: the time, and the order of what it schedules.
///
/// Each room keeps its own queue of its own event type; all queues draw their sequence numbers from this one clock,
/// so that (time, sequence) is a total order over the whole world and `World` can merge the queues exactly.
public struct Clock: Sendable, Equatable {
    /// The instant of the event that is being handled.
    @inlinable public var now: SimulationTime { instant }
    /// The number that the next scheduled event gets; it grows by one for each and is never reused.
    @inlinable public var nextSequence: UInt64 { sequence }
    /// The sequence number of the event being handled: the cause of all that is scheduled or written meanwhile.
    @inlinable public var current: UInt64 { handled }
    @usableFromInline var instant = SimulationTime.zero
    @usableFromInline var sequence: UInt64 = 1
    @usableFromInline var handled: UInt64 = 0
    /// What caused what, kept only while a replay explains something (`kubelab why`); not part of the world's state.
    public var journal: CausalJournal?

    public init() {}

    /// Takes the next place in the order of events.
    @inlinable public mutating func takeSequence() -> UInt64 {
        let taken = sequence
        if journal != nil { journal?.schedule(taken, by: handled) }
        sequence = taken + 1
        return taken
    }

    /// Begins the handling of an event; called by the owner of the queues only. Time never runs backwards.
    @inlinable public mutating func begin(event sequence: UInt64, at time: SimulationTime) {
        if time > instant { instant = time }
        handled = sequence
    }

    /// Moves to an instant at which nothing happens, the end of an `advance`.
    public mutating func idle(until time: SimulationTime) {
        if time > instant { instant = time }
    }
}

extension Clock: BinaryCodable {
    public func write(to writer: inout BinaryWriter) {
        writer.write(now)
        writer.write(nextSequence)
        writer.write(current)
    }

    public init(from reader: inout BinaryReader) throws(BinaryDecodingError) {
        instant = try reader.read()
        sequence = try reader.read()
        handled = try reader.read()
    }
}
