import Foundation
import Lab
import Simulation
import Testing

/// `kubelab traceql` and `kubelab trace`, as the program prints them.
@Suite(.enabled(if: Program.knowsApply)) struct TraceCommandTests {
    private static func folder(_ monitoring: String) throws -> String {
        let folder = NSTemporaryDirectory() + "traces-" + UUID().uuidString
        try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
        let text = TraceWorldTests.scenario(monitoring)
        let file = ScenarioFile(
            scenario: try ScenarioFile.parse(text, file: "scenario.yaml"), text: text,
            manifests: [("shop.yaml", TraceWorldTests.manifests)])
        var session = try LabSession.create(folder + "/lab.kubelab", scenario: file, seed: 1)
        try session.pass(.seconds(60))
        try session.commit()
        return folder
    }

    private func run(_ folder: String, _ arguments: String...) throws -> Program.Outcome {
        try Program.outcome(arguments, in: folder)
    }

    @Test func aSearchLeadsToAWaterfall() throws {
        let folder = try Self.folder("{traces: {}}")
        defer { try? FileManager.default.removeItem(atPath: folder) }
        let found = try run(folder, "traceql", #"{ name = "chat sonnet" && status = error } | count() > 0"#)
        let lines = found.output.split(separator: "\n")
        #expect(found.code == 0 && lines.count > 2)
        #expect(lines.first?.split(separator: " ") == ["TRACE", "START", "DURATION", "SPANS", "ROOT"])
        #expect(lines.allSatisfy { $0.count <= 80 } && lines.last?.hasSuffix("users: POST /ask") == true)
        let id = String(lines.last?.prefix(32) ?? "")
        let shown = try run(folder, "trace", id)
        #expect(shown.code == 0 && shown.output.hasPrefix("trace \(id)  "))
        #expect(shown.output.split(separator: "\n").allSatisfy { $0.count <= 80 })
        #expect(shown.output.contains("█") && shown.output.contains("critical path:"))
        let marked = shown.output.split(separator: "\n").filter { $0.hasPrefix("!") }
        #expect(marked.contains { $0.contains("chat son") })
        let plain = try run(folder, "trace", String(id.prefix(12)), "--plain")
        #expect(plain.output.contains("error  agent chat sonnet") && !plain.output.contains("█"))
        let json = try run(folder, "trace", id, "-o", "json")
        #expect(json.output.hasPrefix(#"{"batches":[{"resource""#))
        let search = try run(folder, "traceql", "{ status = error }", "-o", "json", "--limit", "1")
        #expect(search.output.hasPrefix(#"{"traces":[{"traceID":""#))
        let none = try run(folder, "traceql", "{}", "--end", "1s")
        #expect(none.code == 0 && none.output.isEmpty && none.error.hasPrefix("No traces match"))
    }

    @Test func mistakesAreSaidWithTheirPlace() throws {
        let folder = try Self.folder("{}")
        defer { try? FileManager.default.removeItem(atPath: folder) }
        for command in [["traceql", "{}"], ["trace", "1"]] {
            let outcome = try Program.outcome(command, in: folder)
            #expect(outcome.code == 2 && outcome.error.contains("'monitoring: {traces: {}}'"), "\(outcome.error)")
        }
        let traced = try Self.folder("{traces: {}}")
        defer { try? FileManager.default.removeItem(atPath: traced) }
        for (command, words) in [
            (["traceql", "{ foo"], "parse error at line 1, col 3"), (["trace", "xyz"], "invalid character 'x'"),
            (["trace", "ffffffffffffffffffffffffffffffff"], "trace not found among"),
            (["traceql", "{}", "--start", "soon"], "--start soon: is neither"),
        ] {
            let outcome = try Program.outcome(command, in: traced)
            #expect(outcome.code == 2 && outcome.error.contains(words), "\(outcome.error)")
        }
    }
}
