import Simulation
import Testing

@testable import Lab

/// Faults of which the seed chooses.
@Suite struct FaultCaseTests {
    private static func scenario(_ faults: String) throws -> Scenario {
        try ScenarioFile.parse(
            """
            name: x
            duration: 1h
            nodes: [{name: worker, cpu: "1", memory: 1Gi}]
            faults:
            \(faults)
            """, file: "scenario.yaml")
    }

    @Test func ofEachGroupOneCaseComes() throws {
        let scenario = try Self.scenario(
            """
              - {name: always, at: 1m, workload: {deadlock: {pod: x}}}
              - {name: a1, case: lunch/a, at: 1m, workload: {deadlock: {pod: x}}}
              - {name: a2, case: lunch/a, at: 2m, jitter: 1m, workload: {deadlock: {pod: x}}}
              - {name: b1, case: lunch/b, at: 1m, workload: {deadlock: {pod: x}}}
              - {name: c1, case: demand/c, at: 1m, workload: {deadlock: {pod: x}}}
              - {name: d1, case: demand/d, at: 1m, workload: {deadlock: {pod: x}}}
            """)
        var seen: [String: Int] = [:]
        for seed in UInt64(1)...200 {
            let names = scenario.faults(seed: seed).map(\.name)
            seen[names.joined(separator: " "), default: 0] += 1
        }
        // Each pair about equally often: the groups know nothing of each other.
        #expect(seen.keys.sorted() == ["always a1 a2 c1", "always a1 a2 d1", "always b1 c1", "always b1 d1"])
        #expect(seen.values.allSatisfy { $0 > 30 }, "\(seen)")
        #expect(scenario.faults(seed: 7).map(\.name) == scenario.faults(seed: 7).map(\.name))
    }

    @Test(arguments: ["lunch", "lunch/", "/a", "a/b/c"])
    func aCaseHasAGroupAndAName(_ text: String) throws {
        #expect(throws: ConfigurationError.self) {
            try Self.scenario("  - {name: a, case: \(text), at: 1m, workload: {deadlock: {pod: x}}}")
        }
    }
}
