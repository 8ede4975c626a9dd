import Foundation
import Simulation
import Testing

@testable import Workloads

@Suite struct DistributionTests {
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
        (#"{"weibull": {"shape": 0.7, "scale": 2}}"#, .weibull(shape: 0.7, scale: 2)),
        (#"{"pareto": {"shape": 2, "mean": 3}}"#, .pareto(shape: 2, minimum: 1.5)),
        (#"{"beta": {"alpha": 2, "beta": 5}}"#, .beta(alpha: 2, beta: 5, from: 0, to: 1)),
        (#"{"empirical": [0.5, 0.25]}"#, .observations([0.5, 0.25])),
        (
            #"{"empirical": [{"share": 0, "value": 1}, {"share": 1, "value": 4}]}"#,
            .quantiles([.init(share: 0, value: 1), .init(share: 1, value: 4)])
        ),
        (
            #"{"truncated": {"of": {"exponential": {"mean": 2}}, "from": 1, "to": 5}}"#,
            .truncated(.exponential(mean: 2), 1, 5)
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
        #"{"pareto": {"shape": 1, "mean": 2}}"#, #"{"weibull": {"shape": 0, "mean": 2}}"#, #"{"empirical": []}"#,
        #"{"empirical": [{"share": 0.5, "value": 2}, {"share": 0.2, "value": 3}]}"#,
        #"{"beta": {"alpha": 1, "beta": -1}}"#, #"{"mixture": [{"weight": 1, "of": 2, "off": 1}]}"#,
        #"{"truncated": {"of": {"exponential": {"mean": 1}}, "from": 50, "to": 60}}"#,
    ])
    func nonsenseIsAnError(text: String) {
        #expect(throws: (any Error).self) { _ = try JSONDecoder().decode(Distribution.self, from: Data(text.utf8)) }
    }
}
