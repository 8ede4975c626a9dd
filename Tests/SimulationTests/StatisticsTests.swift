import Testing

@testable import Simulation

@Suite struct StatisticsTests {
    @Test func momentsAreThoseOfTheWholeSample() {
        var moments = StreamingMoments()
        for value in [2.0, 4, 4, 4, 5, 5, 7, 9] { moments.record(value) }
        #expect(moments.count == 8)
        #expect(moments.mean == 5)
        #expect(abs(moments.variance - 32.0 / 7) < 1e-12)
        #expect(moments.least == 2)
        #expect(moments.greatest == 9)
    }

    @Test func valuesThatAreNoNumbersDoNotSpoilTheRest() {
        var moments = StreamingMoments()
        for value in [1.0, .nan, .infinity, 3] { moments.record(value) }
        #expect(moments.count == 2)
        #expect(moments.mean == 2)
    }

    /// Every way of cutting ten values into two parts gives what the ten give.
    @Test func partsMergeToTheWhole() {
        let values = (0..<10).map { Double(($0 * 37) % 11) + 1e6 }
        var whole = StreamingMoments()
        for value in values { whole.record(value) }
        for cut in 0...10 {
            var (left, right) = (StreamingMoments(), StreamingMoments())
            for value in values[..<cut] { left.record(value) }
            for value in values[cut...] { right.record(value) }
            left += right
            #expect(left.count == whole.count)
            #expect(abs(left.mean - whole.mean) < 1e-8)
            #expect(abs(left.variance - whole.variance) < 1e-8)
            #expect(left.least == whole.least)
            #expect(left.greatest == whole.greatest)
        }
    }

    @Test func quantilesAreExactToTheWidthOfABucket() {
        var random = RandomStream(seed: 1, name: "latency")
        var histogram = LatencyHistogram()
        let draws = (0..<20_000).map { _ in
            Duration(seconds: Distribution.lognormal(mu: -2, sigma: 1.5).sample(using: &random))
        }.sorted()
        for draw in draws { histogram.record(draw) }
        for share in [0.01, 0.1, 0.5, 0.9, 0.95, 0.99, 0.999] {
            let exact = draws[Int((share * 20_000).rounded(.up)) - 1]
            let ratio = histogram.quantile(share).seconds / exact.seconds
            #expect(ratio >= 1 && ratio < 1.04, "quantile \(share): \(ratio)")
        }
        #expect(histogram.count == 20_000)
        let median = histogram.quantile(0.5)
        #expect(abs(histogram.count(atMost: median) - 10_000) < 300)
    }

    @Test func everyBucketHoldsItsOwnBounds() {
        var last = Duration.zero
        for micros in Array(0...5_000) + (13...40).map({ 1 << $0 }) {
            var histogram = LatencyHistogram()
            histogram.record(.microseconds(Int64(micros)))
            let bound = histogram.quantile(1)
            #expect(bound > .microseconds(Int64(micros)))
            #expect(bound.seconds <= Double(micros) * 1.04e-6 + 1e-6)
            #expect(bound >= last)
            last = bound
        }
    }

    @Test func mergedHistogramsCountAllOfBoth() throws {
        var random = RandomStream(seed: 2, name: "merge")
        var (left, right, whole) = (LatencyHistogram(), LatencyHistogram(), LatencyHistogram())
        for index in 0..<500 {
            let value = Duration.microseconds(Int64(random.below(1 << (4 + UInt64(index % 30)))))
            whole.record(value)
            if index % 3 == 0 { left.record(value) } else { right.record(value) }
        }
        left += right
        #expect(left.count == whole.count)
        #expect(left.sum == whole.sum)
        for percent in 0...100 {
            #expect(left.quantile(Double(percent) / 100) == whole.quantile(Double(percent) / 100))
        }
        var writer = BinaryWriter()
        writer.write(left)
        var reader = BinaryReader(writer.bytes)
        #expect(try reader.read(LatencyHistogram.self) == left)
    }
}
