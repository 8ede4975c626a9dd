import Foundation
import Simulation
import Testing

@testable import Workloads

@Suite struct DistributionTests {
    @Test func logarithmAndExponentialAgreeWithTheLibrary() {
        var random = RandomStream(seed: 1, name: "mathematics")
        for _ in 0..<10_000 {
            let x = (random.unit() - 0.5) * 600
            #expect(abs(Mathematics.exp(x) / exp(x) - 1) < 2e-14)
            let y = exp(x)
            #expect(abs(Mathematics.log(y) - log(y)) <= 1e-14 * max(1, abs(log(y))))
        }
        #expect(Mathematics.log(1) == 0)
        #expect(Mathematics.exp(0) == 1)
    }

    /// Mean and deviation of 200,000 draws.
    @Test(arguments: [
        (Distribution.uniform(2, 4), 3.0, 0.577), (.exponential(mean: 2), 2, 2),
        (.lognormal(mu: 0, sigma: 0.5), 1.133, 0.604),
        (.gamma(shape: 4, mean: 2), 2, 1), (.gamma(shape: 0.25, mean: 1), 1, 2),
        (.mixture([1, 3], [.constant(0), .constant(4)]), 3, 1.732), (.clamped(.uniform(0, 10), 5, 5), 5, 0),
    ])
    func drawsHaveTheirMoments(distribution: Distribution, mean: Double, deviation: Double) {
        var random = RandomStream(seed: 3, name: "draws")
        var sum = 0.0
        var squares = 0.0
        let count = 200_000.0
        for _ in 0..<Int(count) {
            let value = distribution.sample(using: &random)
            sum += value
            squares += value * value
        }
        #expect(abs(sum / count - mean) < 0.02 * max(1, deviation))
        #expect(
            abs((max(0, squares / count - sum / count * sum / count)).squareRoot() - deviation) < 0.03
                * max(1, deviation))
    }

    @Test(arguments: [
        ("0.25", Distribution.constant(0.25)), (#""250ms""#, .constant(0.25)),
        (#"{"exponential": {"mean": 2}}"#, .exponential(mean: 2)),
        (#"{"uniform": {"from": 40, "to": 110}}"#, .uniform(40, 110)),
        (
            #"{"clamped": {"of": {"lognormal": {"mu": 1, "sigma": 2}}, "from": 1, "to": 150}}"#,
            .clamped(.lognormal(mu: 1, sigma: 2), 1, 150)
        ),
        (
            #"{"mixture": [{"weight": 1, "of": 3}, {"weight": 2, "of": 4}]}"#,
            .mixture([1, 2], [.constant(3), .constant(4)])
        ),
    ])
    func scenariosStateThem(text: String, expected: Distribution) throws {
        let found = try JSONDecoder().decode(Distribution.self, from: Data(text.utf8))
        #expect(found == expected)
        #expect(try JSONDecoder().decode(Distribution.self, from: JSONEncoder().encode(found)) == expected)
    }

    @Test func aMedianAndATailMakeALognormal() throws {
        let text = #"{"lognormal": {"median": 0.3, "p95": 1.2}}"#
        let found = try JSONDecoder().decode(Distribution.self, from: Data(text.utf8))
        var random = RandomStream(seed: 5, name: "lognormal")
        let draws = (0..<50_000).map { _ in found.sample(using: &random) }.sorted()
        #expect(abs(draws[25_000] - 0.3) < 0.01)
        #expect(abs(draws[47_500] - 1.2) < 0.05)
    }

    @Test(arguments: [
        #"{"normal": {"mean": 1}}"#, #"{"uniform": {"from": 4, "to": 2}}"#, #"{"exponential": {"mean": -1}}"#,
        #"{"mixture": []}"#, #"{"lognormal": {"median": 0, "p95": 1}}"#, #""soon""#,
    ])
    func nonsenseIsAnError(text: String) {
        #expect(throws: (any Error).self) { _ = try JSONDecoder().decode(Distribution.self, from: Data(text.utf8)) }
    }
}
