import Foundation
import Testing

@testable import Grading
@testable import Lab

/// The document `production-spec.yaml`: what it says, where it is wrong, what it leaves open.
@Suite struct SpecificationTests {
    private let text = """
        apiVersion: kubelab.dev/v1
        kind: ProductionSpecification
        metadata: {name: gateway}
        spec:
          rehearsal: {duration: 10m, settle: 2m}
          load:
            - {traffic: users, usual: 5, peak: 10}
          serviceLevels:
            - name: in-time
              traffic: users
              good: latency <= 800ms
              objective: 99%
              window: 5m
          criticalPaths:
            - {name: ask, through: [gateway]}
          scaling:
            - {workload: gateway, minimum: 2, maximum: 9}
          costs:
            - {workloads: [gateway], perHour: 0.5}
          alerts:
            - {serviceLevel: in-time}
          deployment:
            rollback: [{name: slow, when: too slow}]
            analysis: [{rollback: slow, measure: traffic/users.p99}]

        """

    private func specification(_ text: String) throws -> ProductionSpecification {
        try ProductionSpecification(parsing: text, file: "production-spec.yaml", namespace: "shop")
    }

    private func scenario() throws -> Scenario {
        try ScenarioFile.parse(
            """
            name: small
            nodes: [{name: worker}]
            workloads: {traffic: [{name: users, service: shop/gateway, rate: 1}, {name: night, service: shop/gateway, rate: 1}]}
            """, file: "scenario.yaml")
    }

    @Test func everyPartBecomesAPromise() throws {
        let promises = try specification(text).promises
        #expect(
            promises.map(\.name) == [
                "service level in-time", "critical path ask", "scaling of gateway", "cost of gateway",
            ])
        #expect(promises[0].expressions.count == 4, "windows of 5m that begin at 2m, 3m, 4m and 5m")
    }

    @Test func aWholeDocumentLeavesNothingOpen() throws {
        #expect(try specification(text).gaps(in: scenario()).isEmpty)
    }

    @Test(arguments: [
        ("    - {serviceLevel: in-time}", "    - {serviceLevel: other}", "no alert tells anybody"),
        ("rollback: slow, measure", "rollback: other, measure", "no analysis looks at rollback criterion \"slow\""),
        ("traffic: users, usual", "traffic: night, usual", "no service level judges"),
        ("traffic: users, usual", "traffic: day, usual", "the scenario has no traffic \"day\"; it has users, night"),
        ("    - {workloads: [gateway], perHour: 0.5}", "    []", "there is no cost ceiling"),
    ])
    func gapsAreNamedWithTheirLine(_ part: String, _ changed: String, _ message: String) throws {
        let gaps = try specification(text.replacingOccurrences(of: part, with: changed)).gaps(in: scenario())
        let gap = try #require(gaps.first { $0.message.contains(message) }, "\(gaps)")
        #expect(gap.line > 1 && gap.file == "production-spec.yaml")
    }

    @Test(arguments: [
        ("good: latency <= 800ms", "good: latency <= 800 parsecs", 11, "column"),
        ("objective: 99%", "objective: most", 12, "most"),
        ("kind: ProductionSpecification", "kind: Specification", 2, "expected a ProductionSpecification"),
        ("maximum: 9", "maximum: 1", 17, "between 0 and the maximum"),
        ("  scaling:", "  scalling:", 16, "did you mean \"scaling\"?"),
        ("peak: 10", "peak: 100000", 7, "between 0 and 200"),
    ])
    func errorsHaveLineAndReason(_ part: String, _ changed: String, _ line: Int, _ message: String) throws {
        let error = #expect(throws: ConfigurationError.self) {
            try specification(text.replacingOccurrences(of: part, with: changed))
        }
        #expect(error?.line == line, "\(error?.description ?? "")")
        #expect(error?.description.contains(message) == true, "\(error?.description ?? "")")
    }

    @Test func manifestsThatLackAWorkloadAreNotTried() throws {
        let file = ScenarioFile(scenario: try scenario(), text: "", manifests: [])
        let check = try specification(text).check([Submission.File(name: "a.yaml", text: "")], in: file, seeds: [1])
        #expect(!check.isAccepted)
        #expect(check.unusable.map(\.message).contains { $0.contains("no Deployment \"gateway\"") })
        #expect(check.unusable.map(\.message).contains { $0.contains("no autoscaler") })
    }
}
