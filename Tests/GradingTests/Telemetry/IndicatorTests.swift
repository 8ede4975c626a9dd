import Testing

@testable import Grading

@Suite struct IndicatorTests {
    @Test func `bounds of histograms are few, ascending and positive`() {
        #expect(IndicatorDuty.bounds("buckets: [0.1, 0.5, 8]") == [0.1, 0.5, 8])
        let long = (1...21).map { "\($0)" }.joined(separator: ", ")
        for text in [
            "", "buckets: []", "buckets: [1, 0.5]", "buckets: [0, 1]", "buckets: [a]", "[", "buckets: [\(long)]",
        ] {
            #expect(IndicatorDuty.bounds(text) == nil, "\(text)")
        }
    }

    @Test func `an error is relative to what users felt, and silence is wholly wrong`() {
        let near = IndicatorJudgement.Comparison(measured: 0.0105, felt: 0.01)
        #expect(abs(near.error(budget: 0.01) - 0.05) < 1e-9)
        #expect(IndicatorJudgement.Comparison(measured: nil, felt: 0.01).error(budget: 0.01) == 1)
        #expect(IndicatorJudgement.Comparison(measured: 0, felt: 0).error(budget: 0.01) == 0)
        #expect(IndicatorJudgement.Comparison(measured: 0.005, felt: 0).error(budget: 0.01) == 0.5)
    }
}
