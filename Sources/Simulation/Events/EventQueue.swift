/// A handle on one scheduled event. It goes stale when the event is delivered or cancelled; a stale handle is harmless.
public struct TimerHandle: Hashable, Sendable, BitwiseCopyable {
    @usableFromInline var slot: UInt32
    @usableFromInline var generation: UInt32

    @inlinable init(slot: UInt32, generation: UInt32) {
        self.slot = slot
        self.generation = generation
    }

    /// A handle on nothing.
    public static let none = TimerHandle(slot: .max, generation: 0)
}

/// The pending events of one room, in the order (time, sequence).
///
///     var clock = Clock()
///     var queue = EventQueue<String>()
///     let timeout = queue.schedule("time-out", after: .seconds(30), on: &clock)
///     queue.schedule("answer", after: .seconds(2), on: &clock)
///     queue.popNext()         // the answer, at 2 s
///     queue.cancel(timeout)   // the time-out never comes, and nothing of it is left
///
/// A four-ary implicit heap of small keys over a pool of slots. A slot knows its place in the heap, so that cancelling
/// is O(log n) and leaves no garbage; slots are used again. Four keys are one line of the processor's cache.
///
/// Limits: 2²⁴ events pending at a time and 2⁴⁰ in a world's life.
public struct EventQueue<Event: Sendable>: Sendable {
    /// Time, then sequence number; the slot comes along in the lowest bits and never decides.
    @usableFromInline struct Key: Sendable, BitwiseCopyable {
        @usableFromInline var high: UInt64
        @usableFromInline var low: UInt64

        @inlinable init(time: SimulationTime, sequence: UInt64, slot: UInt32) {
            high = UInt64(bitPattern: time.nanoseconds)
            low = sequence << 24 | UInt64(slot)
        }

        @inlinable var time: SimulationTime { SimulationTime(nanoseconds: Int64(bitPattern: high)) }
        @inlinable var sequence: UInt64 { low >> 24 }
        @inlinable var slot: UInt32 { UInt32(truncatingIfNeeded: low & 0xff_ffff) }

        @inlinable @inline(__always) static func < (left: Self, right: Self) -> Bool {
            left.high < right.high || (left.high == right.high && left.low < right.low)
        }
    }

    /// What slots hold beside their event: apart from it, because sifting touches positions only.
    @usableFromInline var heap: [Key] = []
    @usableFromInline var positions: [UInt32] = []
    @usableFromInline var generations: [UInt32] = []
    /// Nil in a free slot.
    @usableFromInline var events: [Event?] = []
    @usableFromInline var free: [UInt32] = []

    @inlinable public init() {}

    @inlinable public var count: Int { heap.count }
    @inlinable public var isEmpty: Bool { heap.isEmpty }

    /// When and in which place the next event comes.
    @inlinable public var next: (time: SimulationTime, sequence: UInt64)? {
        heap.first.map { ($0.time, $0.sequence) }
    }

    /// Schedules an event after a delay; a negative delay counts as zero.
    @discardableResult
    @inlinable public mutating func schedule(_ event: Event, after delay: Duration, on clock: inout Clock)
        -> TimerHandle
    {
        schedule(event, at: clock.now + delay, on: &clock)
    }

    /// Schedules an event; an instant in the past counts as now, after all that is already due now.
    @discardableResult
    @inlinable public mutating func schedule(_ event: Event, at time: SimulationTime, on clock: inout Clock)
        -> TimerHandle
    {
        insert(event, at: time < clock.now ? clock.now : time, sequence: clock.takeSequence())
    }

    @discardableResult
    @inlinable mutating func insert(_ event: Event, at time: SimulationTime, sequence: UInt64) -> TimerHandle {
        let slot: UInt32
        if let reused = free.popLast() {
            slot = reused
            events[Int(slot)] = event
        } else {
            slot = UInt32(events.count)
            precondition(slot < 1 << 24, "more than 16,777,216 events are pending")
            events.append(event)
            positions.append(0)
            generations.append(0)
        }
        precondition(sequence < 1 << 40, "more than 2⁴⁰ events were scheduled")
        let key = Key(time: time, sequence: sequence, slot: slot)
        heap.append(key)
        Self.siftUp(key, from: heap.count - 1, &heap, &positions)
        return TimerHandle(slot: slot, generation: generations[Int(slot)])
    }

    /// Takes the next event out of the queue.
    @inlinable public mutating func popNext() -> (time: SimulationTime, sequence: UInt64, event: Event)? {
        guard let first = heap.first, let event = events[Int(first.slot)] else { return nil }
        release(first.slot)
        remove(at: 0)
        return (first.time, first.sequence, event)
    }

    /// Cancels a scheduled event. True if it was still pending.
    @discardableResult
    @inlinable public mutating func cancel(_ handle: TimerHandle) -> Bool {
        guard isPending(handle) else { return false }
        let position = Int(positions[Int(handle.slot)])
        release(handle.slot)
        remove(at: position)
        return true
    }

    /// Whether the event behind a handle has neither been delivered nor cancelled.
    @inlinable public func isPending(_ handle: TimerHandle) -> Bool {
        Int(handle.slot) < events.count && generations[Int(handle.slot)] == handle.generation
            && events[Int(handle.slot)] != nil
    }

    @inlinable mutating func release(_ slot: UInt32) {
        events[Int(slot)] = nil
        generations[Int(slot)] &+= 1
        free.append(slot)
    }

    @inlinable mutating func remove(at position: Int) {
        let last = heap.removeLast()
        guard position < heap.count else { return }
        let hole = Self.sinkHole(at: position, &heap, &positions)
        Self.siftUp(last, from: hole, &heap, &positions)
    }

    /// Moves a key up from an empty place to where it belongs.
    @inlinable static func siftUp(_ key: Key, from start: Int, _ heap: inout [Key], _ positions: inout [UInt32]) {
        heap.withUnsafeMutableBufferPointer { heap in
            positions.withUnsafeMutableBufferPointer { positions in
                var position = start
                while position > 0 {
                    let parent = (position &- 1) >> 2
                    let above = heap[parent]
                    guard key < above else { break }
                    heap[position] = above
                    positions[Int(above.slot)] = UInt32(truncatingIfNeeded: position)
                    position = parent
                }
                heap[position] = key
                positions[Int(key.slot)] = UInt32(truncatingIfNeeded: position)
            }
        }
    }

    /// Fills an empty place with the least of its children, and so on down; returns the place left empty at the bottom.
    /// The key that goes there comes from the bottom and seldom rises far, so this compares less than sinking the key.
    @inlinable static func sinkHole(at start: Int, _ heap: inout [Key], _ positions: inout [UInt32]) -> Int {
        heap.withUnsafeMutableBufferPointer { heap in
            positions.withUnsafeMutableBufferPointer { positions in
                var position = start
                let count = heap.count
                while true {
                    let first = (position << 2) &+ 1
                    guard first < count else { return position }
                    var least = first
                    var key = heap[first]
                    var child = first &+ 1
                    let end = min(first &+ 4, count)
                    while child < end {
                        let other = heap[child]
                        let isLess = other < key
                        least = isLess ? child : least
                        key = isLess ? other : key
                        child &+= 1
                    }
                    heap[position] = key
                    positions[Int(key.slot)] = UInt32(truncatingIfNeeded: position)
                    position = least
                }
            }
        }
    }
}

extension TimerHandle: BinaryCodable {
    public func write(to writer: inout BinaryWriter) {
        writer.write(slot)
        writer.write(generation)
    }

    public init(from reader: inout BinaryReader) throws(BinaryDecodingError) {
        slot = try reader.read()
        generation = try reader.read()
    }
}

/// Handles stay valid across a snapshot, so the pool is written as it stands.
extension EventQueue: BinaryCodable where Event: BinaryCodable {
    public func write(to writer: inout BinaryWriter) {
        writer.write(generations)
        writer.write(free)
        writer.writeVarint(UInt64(heap.count))
        for key in heap {
            writer.write(key.time)
            writer.write(key.sequence)
            writer.write(key.slot)
            if let event = events[Int(key.slot)] { writer.write(event) }
        }
    }

    public init(from reader: inout BinaryReader) throws(BinaryDecodingError) {
        self.init()
        generations = try reader.read()
        let slotCount = generations.count
        events = Array(repeating: nil, count: slotCount)
        positions = Array(repeating: 0, count: slotCount)
        free = try reader.read()
        let count = try reader.readCount()
        for position in 0..<count {
            let time = try reader.read(SimulationTime.self)
            let sequence = try reader.read(UInt64.self)
            let slot = try reader.read(UInt32.self)
            guard time >= .zero, sequence < 1 << 40, slot < 1 << 24, Int(slot) < slotCount, events[Int(slot)] == nil
            else { throw .malformed(what: "event queue", offset: reader.offset) }
            heap.append(Key(time: time, sequence: sequence, slot: slot))
            positions[Int(slot)] = UInt32(position)
            events[Int(slot)] = try reader.read(Event.self)
        }
        guard isConsistent else { throw .malformed(what: "event queue", offset: reader.offset) }
    }
}

extension EventQueue {
    /// What always holds: no key comes before its parent, each slot is either pending in its own place or free once.
    var isConsistent: Bool {
        for (position, key) in heap.enumerated() {
            if position > 0, key < heap[(position - 1) >> 2] { return false }
            if Int(positions[Int(key.slot)]) != position || events[Int(key.slot)] == nil { return false }
        }
        var isFree = Array(repeating: false, count: events.count)
        for slot in free {
            guard Int(slot) < events.count, events[Int(slot)] == nil, !isFree[Int(slot)] else { return false }
            isFree[Int(slot)] = true
        }
        return free.count + heap.count == events.count
    }
}
