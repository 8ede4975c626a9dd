import Testing

@testable import Simulation

/// The queue as anyone would write it: a sorted array.
private struct SortedModel: Equatable {
    struct Entry: Equatable {
        var time: SimulationTime
        var sequence: UInt64
        var event: Int
    }

    var entries: [Entry] = []

    mutating func insert(_ event: Int, at time: SimulationTime, sequence: UInt64) {
        entries.append(Entry(time: time, sequence: sequence, event: event))
        entries.sort { ($0.time, $0.sequence) < ($1.time, $1.sequence) }
    }

    mutating func cancel(_ event: Int) -> Bool {
        guard let place = entries.firstIndex(where: { $0.event == event }) else { return false }
        entries.remove(at: place)
        return true
    }

    mutating func pop() -> Entry? { entries.isEmpty ? nil : entries.removeFirst() }
}

/// A queue and its model, given the same work; `check` compares what they say.
private struct Pair {
    var clock = Clock()
    var queue = EventQueue<Int>()
    var model = SortedModel()
    /// By event, in the order of scheduling; delivered and cancelled ones stay, to be tried again.
    var handles: [TimerHandle] = []

    mutating func schedule(after delay: Duration) {
        let event = handles.count
        let sequence = clock.nextSequence
        let time = max(clock.now, clock.now + delay)
        handles.append(queue.schedule(event, after: delay, on: &clock))
        model.insert(event, at: time, sequence: sequence)
    }

    mutating func cancel(_ event: Int) {
        guard handles.indices.contains(event) else { return }
        let isPending = queue.isPending(handles[event])
        let cancelled = queue.cancel(handles[event])
        #expect(isPending == cancelled)
        #expect(cancelled == model.cancel(event))
        #expect(!queue.isPending(handles[event]))
    }

    mutating func pop() {
        let (found, expected) = (queue.popNext(), model.pop())
        #expect(found?.event == expected?.event)
        #expect(found?.time == expected?.time)
        #expect(found?.sequence == expected?.sequence)
        if let found { clock.begin(event: found.sequence, at: found.time) }
    }

    mutating func restore() throws {
        var writer = BinaryWriter()
        writer.write(queue)
        var reader = BinaryReader(writer.bytes)
        queue = try reader.read()
        #expect(reader.isAtEnd)
        var again = BinaryWriter()
        again.write(queue)
        #expect(again.bytes == writer.bytes)
    }

    func check() {
        #expect(queue.isConsistent)
        #expect(queue.count == model.entries.count)
        #expect(queue.next?.sequence == model.entries.first?.sequence)
    }
}

@Suite struct EventQueueTests {
    @Test func deliversInOrderOfTimeThenSequence() {
        var clock = Clock()
        var queue = EventQueue<Int>()
        queue.schedule(1, after: .seconds(2), on: &clock)
        queue.schedule(2, after: .seconds(1), on: &clock)
        queue.schedule(3, after: .seconds(1), on: &clock)
        var seen: [Int] = []
        while let next = queue.popNext() { seen.append(next.event) }
        #expect(seen == [2, 3, 1])
    }

    /// Every sequence of six operations out of five: 15,625 short lives of a queue.
    @Test func behavesAsASortedArrayInEveryShortLife() {
        for number in 0..<15_625 {
            var pair = Pair()
            var rest = number
            for _ in 0..<6 {
                switch rest % 5 {
                case 0: pair.schedule(after: .seconds(1))
                case 1: pair.schedule(after: .seconds(2))
                case 2: pair.cancel(pair.handles.count - 1)
                case 3: pair.cancel(pair.handles.count - 2)
                default: pair.pop()
                }
                rest /= 5
            }
            pair.check()
            while !pair.model.entries.isEmpty { pair.pop() }
            pair.check()
        }
    }

    /// Cancels each event of each size of queue: every place in the heap, with every number of children.
    @Test func cancelsAtEveryPlaceOfEverySize() {
        for size in 1...24 {
            for victim in 0..<size {
                var pair = Pair()
                for event in 0..<size { pair.schedule(after: .seconds(Int64(event * 7 % 11))) }
                pair.cancel(victim)
                pair.check()
                while !pair.model.entries.isEmpty { pair.pop() }
            }
        }
    }

    @Test(arguments: 0..<20) func behavesAsASortedArrayInLongLives(seed: Int) throws {
        var random = RandomStream(seed: UInt64(seed), name: "queue")
        var pair = Pair()
        for step in 0..<600 {
            switch random.below(8) {
            case 0...3: pair.schedule(after: .milliseconds(Int64(random.below(40)) - 5))
            case 4, 5: pair.cancel(Int(random.below(UInt64(max(1, pair.handles.count)))))
            default: pair.pop()
            }
            if step % 100 == 99 { try pair.restore() }
            if step % 20 == 0 { pair.check() }
        }
        while !pair.model.entries.isEmpty { pair.pop() }
        pair.check()
    }

    @Test func cancelledTimersLeaveNothingBehind() {
        var clock = Clock()
        var queue = EventQueue<Int>()
        for event in 0..<10 { queue.schedule(event, after: .hours(1), on: &clock) }
        for event in 0..<50_000 {
            let handle = queue.schedule(event, after: .seconds(30), on: &clock)
            queue.cancel(handle)
        }
        #expect(queue.count == 10)
        #expect(queue.events.count == 11)
        #expect(queue.isConsistent)
    }

    @Test func aStaleHandleDoesNotReachTheNextUserOfItsSlot() {
        var clock = Clock()
        var queue = EventQueue<Int>()
        let old = queue.schedule(1, after: .seconds(1), on: &clock)
        queue.cancel(old)
        let new = queue.schedule(2, after: .seconds(1), on: &clock)
        let cancelled = [queue.cancel(old), queue.cancel(.none)]
        #expect(cancelled == [false, false])
        #expect(queue.isPending(new))
    }

    @Test func anInstantInThePastCountsAsNow() {
        var clock = Clock()
        clock.begin(event: clock.takeSequence(), at: .zero + .seconds(5))
        var queue = EventQueue<Int>()
        queue.schedule(1, after: .zero, on: &clock)
        queue.schedule(2, after: .seconds(-3), on: &clock)
        let first = queue.popNext()
        #expect(first?.event == 1)
        let late = queue.popNext()
        #expect(late?.event == 2)
        #expect(late?.time == .zero + .seconds(5))
    }

    /// Bytes changed at random give an error or a queue that holds together, never a trap.
    @Test func damagedSnapshotsAreRefusedOrWhole() {
        var clock = Clock()
        var queue = EventQueue<Int>()
        var handles: [TimerHandle] = []
        for event in 0..<20 { handles.append(queue.schedule(event, after: .seconds(Int64(event % 4)), on: &clock)) }
        for handle in handles.prefix(6) { queue.cancel(handle) }
        var writer = BinaryWriter()
        writer.write(queue)
        var random = RandomStream(seed: 4, name: "damage")
        for _ in 0..<5_000 {
            var bytes = writer.bytes
            for _ in 0...random.below(3) {
                bytes[Int(random.below(UInt64(bytes.count)))] = UInt8(truncatingIfNeeded: random.next())
            }
            if random.chance(0.2) { bytes.removeLast(Int(random.below(UInt64(bytes.count)))) }
            var reader = BinaryReader(bytes)
            guard var restored = try? reader.read(EventQueue<Int>.self) else { continue }
            #expect(restored.isConsistent)
            var last = SimulationTime.zero
            while let next = restored.popNext() {
                #expect(next.time >= last)
                last = next.time
            }
        }
    }
}
