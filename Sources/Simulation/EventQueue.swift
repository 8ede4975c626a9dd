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
/// A four-ary implicit heap of small keys over a pool of slots. A slot knows its place in the heap, so cancelling is
/// O(log n) and leaves nothing behind.
public struct EventQueue<Event: Sendable>: Sendable {
    @usableFromInline struct Key: Sendable {
        @usableFromInline var time: SimulationTime
        @usableFromInline var sequence: UInt64
        @usableFromInline var slot: UInt32

        @inlinable init(time: SimulationTime, sequence: UInt64, slot: UInt32) {
            self.time = time
            self.sequence = sequence
            self.slot = slot
        }

        @inlinable static func < (left: Self, right: Self) -> Bool {
            left.time.nanoseconds < right.time.nanoseconds
                || (left.time.nanoseconds == right.time.nanoseconds && left.sequence < right.sequence)
        }
    }

    @usableFromInline struct Slot: Sendable {
        @usableFromInline var event: Event?
        @usableFromInline var position: UInt32
        @usableFromInline var generation: UInt32

        @inlinable init(event: Event?, position: UInt32, generation: UInt32) {
            self.event = event
            self.position = position
            self.generation = generation
        }
    }

    @usableFromInline var heap: [Key] = []
    @usableFromInline var slots: [Slot] = []
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
    @inlinable public mutating func schedule(_ event: Event, after delay: Duration, on clock: inout Clock) -> TimerHandle {
        schedule(event, at: clock.now + delay, on: &clock)
    }

    /// Schedules an event; an instant in the past counts as now, after all that is already due now.
    @discardableResult
    @inlinable public mutating func schedule(_ event: Event, at time: SimulationTime, on clock: inout Clock) -> TimerHandle {
        insert(event, at: time < clock.now ? clock.now : time, sequence: clock.takeSequence())
    }

    @discardableResult
    @inlinable mutating func insert(_ event: Event, at time: SimulationTime, sequence: UInt64) -> TimerHandle {
        let slot: UInt32
        if let reused = free.popLast() {
            slot = reused
            slots[Int(slot)].event = event
        } else {
            slot = UInt32(slots.count)
            slots.append(Slot(event: event, position: 0, generation: 0))
        }
        heap.append(Key(time: time, sequence: sequence, slot: slot))
        siftUp(heap.count - 1)
        return TimerHandle(slot: slot, generation: slots[Int(slot)].generation)
    }

    /// Takes the next event out of the queue.
    @inlinable public mutating func popNext() -> (time: SimulationTime, sequence: UInt64, event: Event)? {
        guard let first = heap.first, let event = slots[Int(first.slot)].event else { return nil }
        release(first.slot)
        remove(at: 0)
        return (first.time, first.sequence, event)
    }

    /// Cancels a scheduled event. True if it was still pending.
    @discardableResult
    @inlinable public mutating func cancel(_ handle: TimerHandle) -> Bool {
        guard isPending(handle) else { return false }
        let position = Int(slots[Int(handle.slot)].position)
        release(handle.slot)
        remove(at: position)
        return true
    }

    /// Whether the event behind a handle has neither been delivered nor cancelled.
    @inlinable public func isPending(_ handle: TimerHandle) -> Bool {
        handle.slot < UInt32(slots.count) && slots[Int(handle.slot)].generation == handle.generation
            && slots[Int(handle.slot)].event != nil
    }

    @inlinable mutating func release(_ slot: UInt32) {
        slots[Int(slot)].event = nil
        slots[Int(slot)].generation &+= 1
        free.append(slot)
    }

    @inlinable mutating func remove(at position: Int) {
        let last = heap.removeLast()
        guard position < heap.count else { return }
        heap[position] = last
        slots[Int(last.slot)].position = UInt32(position)
        siftDown(position)
        siftUp(position)
    }

    @inlinable mutating func siftUp(_ start: Int) {
        var position = start
        let key = heap[position]
        while position > 0 {
            let parent = (position - 1) >> 2
            guard key < heap[parent] else { break }
            heap[position] = heap[parent]
            slots[Int(heap[position].slot)].position = UInt32(position)
            position = parent
        }
        heap[position] = key
        slots[Int(key.slot)].position = UInt32(position)
    }

    @inlinable mutating func siftDown(_ start: Int) {
        var position = start
        let key = heap[position]
        let count = heap.count
        while true {
            let firstChild = (position << 2) + 1
            guard firstChild < count else { break }
            var least = firstChild
            var child = firstChild + 1
            while child < min(firstChild + 4, count) {
                if heap[child] < heap[least] { least = child }
                child += 1
            }
            guard heap[least] < key else { break }
            heap[position] = heap[least]
            slots[Int(heap[position].slot)].position = UInt32(position)
            position = least
        }
        heap[position] = key
        slots[Int(key.slot)].position = UInt32(position)
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
        writer.writeVarint(UInt64(slots.count))
        for slot in slots { writer.write(slot.generation) }
        writer.write(free)
        writer.writeVarint(UInt64(heap.count))
        for key in heap {
            writer.write(key.time)
            writer.write(key.sequence)
            writer.write(key.slot)
            if let event = slots[Int(key.slot)].event { writer.write(event) }
        }
    }

    public init(from reader: inout BinaryReader) throws(BinaryDecodingError) {
        self.init()
        let slotCount = try reader.readCount()
        for _ in 0..<slotCount { slots.append(Slot(event: nil, position: 0, generation: try reader.read())) }
        free = try reader.read()
        let count = try reader.readCount()
        for position in 0..<count {
            let key = Key(time: try reader.read(), sequence: try reader.read(), slot: try reader.read())
            guard key.slot < UInt32(slotCount), slots[Int(key.slot)].event == nil else {
                throw .malformed(what: "event queue", offset: reader.offset)
            }
            heap.append(key)
            slots[Int(key.slot)].position = UInt32(position)
            slots[Int(key.slot)].event = try reader.read(Event.self)
        }
        guard free.count + heap.count == slotCount, free.allSatisfy({ $0 < UInt32(slotCount) }) else {
            throw .malformed(what: "event queue", offset: reader.offset)
        }
    }
}
