import Foundation
import Monitoring
import Testing

@testable import Grading
@testable import Lab

/// docs/formats.md is what learners write their files by: its examples are read by the readers that it describes, and
/// name every field.
@Suite struct FormatsDocumentTests {
    private static let document = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
        .deletingLastPathComponent().deletingLastPathComponent().appendingPathComponent("docs/formats.md")

    /// The first YAML example of a section.
    private func example(_ section: String) throws -> String {
        let text = try String(contentsOf: Self.document, encoding: .utf8)
        let start = try #require(text.range(of: "## \(section)\n"))
        let block = try #require(text[start.upperBound...].range(of: "```yaml\n"))
        let end = try #require(text[block.upperBound...].range(of: "```"))
        return String(text[block.upperBound..<end.lowerBound])
    }

    private func missing<Key: CaseIterable & CodingKey>(_ keys: Key.Type, in text: String) -> [String] {
        keys.allCases.map(\.stringValue).filter { !text.contains($0 + ":") }
    }

    @Test func theSpecificationSaysAllThatOneMaySay() throws {
        let text = try example("production-spec.yaml")
        let document = try ProductionSpecification(parsing: text, file: "production-spec.yaml", namespace: "default")
        #expect(document.promises.count == 5, "\(document.promises)")
        #expect(document.content.disruptions.count == 1 && document.content.deployment.analysis.count == 1)
        #expect(
            missing(SpecificationContent.CodingKeys.self, in: text) + missing(Load.CodingKeys.self, in: text)
                + missing(Grading.ServiceLevelObjective.CodingKeys.self, in: text)
                + missing(Rehearsal.CodingKeys.self, in: text) + missing(CostCeiling.CodingKeys.self, in: text)
                + missing(ScalingLimit.CodingKeys.self, in: text) + missing(Invariant.CodingKeys.self, in: text)
                + missing(Alert.CodingKeys.self, in: text) + missing(DeploymentRules.CodingKeys.self, in: text) == [])
    }

    @Test func theLoadTestSaysAllThatOneMaySay() throws {
        let text = try example("load-test.yaml")
        let folder = try LoadTestTests.folder()
        let exercise = try Exercise.read(folder.path)
        let (test, rules) = try LoadTest.read(text, file: "load-test.yaml", for: exercise)
        #expect(test.load.rate.count == 2 && test.load.bursts.count == 1 && rules.count == 1)
        #expect(missing(LoadTest.CodingKeys.self, in: text) + missing(LoadTest.Load.CodingKeys.self, in: text) == [])
    }

    @Test func theRunbookSaysAllThatOneMaySay() throws {
        let text = try example("runbook.yaml")
        let runbook = try Runbook(parsing: text, file: "runbook.yaml")
        #expect(runbook.steps.count == 7)
        #expect(missing(RunbookStep.CodingKeys.self, in: text) == [])
    }

    @Test func theLoggingSaysAllThatOneMaySay() throws {
        let text = try example("logging.yaml")
        let schema = try LoggingSchema(parsing: text, file: "logging.yaml")
        #expect(schema.events.count == 2 && schema.events[0].message.count == 4)
        #expect(
            missing(LoggingSchema.CodingKeys.self, in: text) + missing(LoggingSchema.Rule.CodingKeys.self, in: text)
                == [])
        let whole = try String(contentsOf: Self.document, encoding: .utf8)
        for word in ProgramEvent.Field.allCases.map(\.rawValue) + ProgramEvent.causes {
            #expect(whole.contains("`\(word)`"), "\(word)")
        }
        let block = try #require(whole.range(of: "```yaml\nfailures:"))
        let end = try #require(whole[block.upperBound...].range(of: "```"))
        _ = try LogQueries(parsing: "failures:" + whole[block.upperBound..<end.lowerBound], file: "queries.yaml")
    }

    @Test func theObjectivesAreRead() throws {
        let objectives = try ServiceLevelDocument.objectives(try example("slo.yaml"))
        #expect(objectives.map(\.name) == ["fast", "answered"])
        #expect(objectives.map(\.days) == [28, 30])
        #expect(IndicatorDuty.bounds(try example("buckets.yaml")) == [0.1, 0.5, 1, 8])
    }

    @Test func theAnswersSayAllThatOneMaySay() throws {
        let text = try example("answers.yaml")
        let answers = try Answers(parsing: text, file: "answers.yaml").answers
        #expect(answers.count == 4 && answers[2].query.givesName && answers[3].value == .number(4.1))
        #expect(missing(Answer.CodingKeys.self, in: text) == [])
        let document = try String(contentsOf: Self.document, encoding: .utf8)
        #expect(TraceReduction.names.filter { !document.contains("`\($0)`") } == [])
    }

    @Test func thePolicySaysAllThatOneMaySay() throws {
        let text = try example("telemetry.yaml")
        let policy = try TelemetryPolicy(parsing: text, file: "telemetry.yaml")
        #expect(policy.metrics?.instruments.count == 2 && policy.traces?.policies?.count == 4)
        #expect(policy.retention.traces == .hours(72) && policy.traces?.sampler.ratio == 0.5)
        #expect(
            missing(TelemetryPolicy.Metrics.CodingKeys.self, in: text)
                + missing(TelemetryPolicy.Traces.CodingKeys.self, in: text)
                + missing(Instrument.CodingKeys.self, in: text) == [])
        let document = try String(contentsOf: Self.document, encoding: .utf8)
        for word in Instrument.Kind.allCases.map(\.rawValue) + Instrument.Dimension.allCases.map(\.rawValue)
            + SamplingPolicy.types
        {
            #expect(document.contains("`\(word)`"), "\(word)")
        }
    }

    /// Each claim in the section's first block is one.
    @Test func theCriteriaAreCriteria() throws {
        let text = try String(contentsOf: Self.document, encoding: .utf8)
        let section = try #require(text.range(of: "## criteria\n"))
        let parts = text[section.upperBound...].components(separatedBy: "```")
        let lines = parts[1].split(separator: "\n").map(String.init)
        #expect(lines.count > 4)
        for line in lines {
            let claim = line.components(separatedBy: ", nothing at")[0]
            #expect(throws: Never.self) { try CriterionExpression(parsing: claim, namespace: "default") }
        }
    }
}
