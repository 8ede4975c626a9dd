import Simulation
import Testing

@testable import Lab

/// A steady stream of requests has a steady rate, at whatever moment one looks.
@Suite struct RateTests {
    @Test func theRateDoesNotDependOnWhereTheWindowsLie() throws {
        var world = try World.make(StoreRig.scenario.replacingOccurrences(of: "manifests: [service.yaml]", with: ""))
        let offered = try Measurement(parsing: "traffic/users.offered", namespace: "shop")
        try world.advance(to: .zero + .minutes(5))
        var rates: [Double] = []
        for second in 0..<40 {
            try world.advance(to: .zero + .minutes(5) + .seconds(Int64(second)))
            rates.append(try #require(offered.value(in: world)))
        }
        // 2 requests a second, drawn: 120 a minute, give or take three standard deviations.
        #expect(rates.allSatisfy { abs($0 - 2) < 0.6 }, "\(rates)")
        let steps = zip(rates, rates.dropFirst()).map { abs($0 - $1) }
        #expect(
            steps.allSatisfy { $0 < 0.2 },
            "a window that leaves the minute does not take a sixth of the rate along: \(steps)")
    }
}
