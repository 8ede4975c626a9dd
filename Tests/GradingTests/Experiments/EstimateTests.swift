import Testing

@testable import Grading

/// Confidence intervals against numbers that are known from tables and by hand.
@Suite struct EstimateTests {
    /// Two-sided 95%: the table that every textbook of statistics has.
    @Test(arguments: [
        (1.0, 12.7062), (2, 4.3027), (4, 2.7764), (9, 2.2622), (29, 2.0452), (120, 1.9799),
    ]) func studentsTIsThatOfTheTables(degrees: Double, expected: Double) {
        #expect(abs(StudentsT.quantile(0.975, degrees: degrees) - expected) < 5e-4)
        #expect(abs(StudentsT.quantile(0.025, degrees: degrees) + expected) < 5e-4)
    }

    /// 2, 4, 4, 5, 10: mean 5, deviation 3, so that the half width is 2.7764 x 3 / √5.
    @Test func aMeanHasItsInterval() throws {
        let estimate = try #require(Estimate(meanOf: [2, 4, 4, 5, 10]))
        #expect(estimate.value == 5 && estimate.count == 5)
        #expect(abs(estimate.high - 5 - 2.7764 * 3 / 5.0.squareRoot()) < 1e-3)
        #expect(abs(estimate.low + estimate.high - 10) < 1e-9)
        let one = try #require(Estimate(meanOf: [7]))
        #expect(one.low == 7 && one.high == 7)
        #expect(Estimate(meanOf: []) == nil)
    }

    @Test func quantilesLieBetweenOrderStatistics() {
        #expect(Estimate.quantile(0.5, ofSorted: [1, 2, 3, 10]) == 2.5)
        #expect(Estimate.quantile(0.25, ofSorted: [1, 2, 3, 10]) == 1.75)
        #expect(Estimate.quantile(1, ofSorted: [1, 2, 3, 10]) == 10)
        #expect(Estimate.quantile(0.9, ofSorted: []).isNaN)
        #expect(Estimate.median([9, 1, 5]) == 5)
    }

    /// The bootstrap draws alike for equal names, keeps the interval around the value, and is narrow where all is equal.
    @Test func theBootstrapIsRepeatable() throws {
        let values = (0..<40).map { Double(($0 * 37) % 41) }
        func ratio(_ places: [Int]) -> Double { places.reduce(0) { $0 + values[$1] } / Double(places.count) }
        let first = try #require(Estimate(bootstrap: values.count, name: "mean", statistic: ratio))
        let second = try #require(Estimate(bootstrap: values.count, name: "mean", statistic: ratio))
        #expect(first == second)
        #expect(first.low < first.value && first.value < first.high)
        // The normal interval of this mean is 1.96 x 11.9 / √40 wide on each side.
        #expect(abs((first.high - first.low) / 2 - 3.7) < 0.8)
        let equal = try #require(Estimate(bootstrap: 12, name: "same") { _ in 3 })
        #expect(equal.low == 3 && equal.high == 3)
        #expect(Estimate(bootstrap: 0, name: "none") { _ in 1 } == nil)
    }
}
