import Testing

@testable import Simulation

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
}
