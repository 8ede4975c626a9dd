import Testing

@testable import Simulation

/// A run of numbers that takes another turn at one event, or ends.
private struct Walk: Sendable {
    var random = RandomStream(seed: 1, name: "walk")
    var digest = RunDigest()
    var turn: UInt64?
    var length: UInt64 = 5_000

    mutating func step() -> Bool {
        guard digest.events < length else { return false }
        let other: UInt64 = digest.events == turn ? 1 : 0
        digest.fold(time: .zero, sequence: random.next() >> 20 &+ other, kind: 0)
        return true
    }

    func digest(after events: UInt64) -> Digest {
        var walk = self
        while walk.digest.events < events, walk.step() {}
        return walk.digest.value
    }
}

@Suite struct FirstDifferenceTests {
    @Test func equalRunsDoNotDiffer() {
        let walk = Walk()
        #expect(FirstDifference.find(events: 5_000, left: walk.digest, right: walk.digest) == nil)
        let found = FirstDifference.find(walk, walk, step: { $0.step() }, digest: { $0.digest })
        #expect(found?.event == nil)
    }

    /// Every place in a short run, with every stride up to beyond its end.
    @Test func findsTheEventWhereverItIs() throws {
        for turn in 0..<24 as Range<UInt64> {
            let (left, right) = (Walk(length: 24), Walk(turn: turn, length: 24))
            #expect(FirstDifference.find(events: 24, left: left.digest, right: right.digest) == turn)
            for stride in 1...30 as ClosedRange<UInt64> {
                let found = FirstDifference.find(
                    left, right, stride: stride, step: { $0.step() }, digest: { $0.digest })
                #expect(found?.event == turn)
                #expect(found?.left.digest.events == turn)
                #expect(found?.right.digest.events == turn)
            }
        }
    }

    @Test func aRunThatEndsEarlierDiffersAtItsEnd() {
        for length in 0..<20 as Range<UInt64> {
            let found = FirstDifference.find(
                Walk(length: length), Walk(length: 20), stride: 8, step: { $0.step() }, digest: { $0.digest })
            #expect(found?.event == length)
        }
    }

    @Test func handlesEachEventAboutTwice() {
        var handled = 0
        let found = FirstDifference.find(
            Walk(), Walk(turn: 4_321), stride: 512,
            step: {
                handled += 1
                return $0.step()
            }, digest: { $0.digest })
        #expect(found?.event == 4_321)
        #expect(handled < 2 * 5_000 + 4 * 512)
    }
}
