import Foundation
import PromQL
import Testing

@testable import Monitoring

/// Templates of every construct and function, right and wrong, against what promtool 2.42 printed for them.
@Suite struct RecordedExpansionTests {
    private struct Recorded: Decodable {
        var template: String
        var got: String?
        var refused: String?
    }

    private static let file = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
        .deletingLastPathComponent().deletingLastPathComponent().appendingPathComponent(
            "fixtures/conformance/templates/expansions_2.42.jsonl")

    /// Where this one follows a later Go or does without: with what it says instead.
    private static let otherwise: [String: String] = [
        // Whole numbers can be ranged over since Go 1.22, and `else with` be written since 1.23.
        "{{ range $x := 1 }}{{ end }}": "", "{{ range 3 }}{{ . }}{{ end }}": "012",
        "{{ with 0 }}a{{ else with 1 }}b{{ end }}": "b",
        // Go does not order a vector; the store of this test answers b:2 first.
        "{{ range query \"up\" }}{{ .Value }}{{ break }}{{ end }}": "0",
        "{{ eq (query \"up\") (query \"up\") }}":
            "<error expanding template: error executing template __alert_A: template: __alert_A:1:115: executing "
            + "\"__alert_A\" at <eq (query \"up\") (query \"up\")>: error calling eq: non-comparable type "
            + "[%!s(*template.sample=&{map[__name__:up instance:b:2] 0}) "
            + "%!s(*template.sample=&{map[__name__:up instance:a:1] 1})]: template.queryResult>",
        // Left out: complex numbers, the bits of floats, sums of times.
        "{{ 1i }}": "template: __alert_A:1: illegal number syntax: \"1i\"",
        "{{ 1+2i }}": "template: __alert_A:1: illegal number syntax: \"1+2i\"", "{{ printf `%#g` 1.0 }}": "1",
        "{{ printf `%x` 1.5 }}": "%!x(float64=1.5)", "{{ printf `%b` 1.5 }}": "%!b(float64=1.5)",
        "{{ (toTime 1643114203).Add 1 }}":
            "<error expanding template: error executing template __alert_A: template: __alert_A:1:123: executing "
            + "\"__alert_A\" at <1643114203>: can't evaluate field Add in type *time.Time>",
    ]

    private static let data = TemplateData(
        labels: Labels(["__name__": "m", "instance": "10.0.0.1:8080", "job": "api"]), value: 0.25,
        externalLabels: Labels(["cluster": "lab", "region": "eu"]), externalURL: "http://prom.example:9090/pp",
        functionsKnowURL: false)

    private static func store() throws -> TimeSeriesStore {
        var store = TimeSeriesStore()
        try store.append(Labels(["__name__": "up", "instance": "b:2"]), time: 0, value: 0)
        try store.append(Labels(["__name__": "up", "instance": "a:1"]), time: 0, value: 1)
        return store
    }

    private static func answer(_ text: String, _ store: TimeSeriesStore) throws(TemplateError) -> [QuerySample] {
        let value: QueryValue
        do { value = try QueryEngine().instant(text, in: store, at: 0).value } catch {
            throw TemplateError(error.description)
        }
        switch value {
        case .scalar(let value): return [QuerySample(labels: .empty, value: value)]
        case .vector(let rows):
            return rows.compactMap { row in
                guard case .float(let value) = row.value else { return nil }
                return QuerySample(labels: row.labels, value: value)
            }
        default: throw TemplateError("rule result is not a vector or scalar")
        }
    }

    /// Addresses in memory differ from run to run in the real one.
    private static func withoutAddresses(_ text: String) -> String {
        text.replacing(/0xc[0-9a-f]{9}/, with: "0xc…")
    }

    @Test func expansionsAndRefusalsAreThoseOfPromtool() throws {
        let store = try Self.store()
        let lines = try String(contentsOf: Self.file, encoding: .utf8).split(separator: "\n")
        #expect(lines.count == 1381)
        for line in lines {
            let recorded = try JSONDecoder().decode(Recorded.self, from: Data(line.utf8))
            let got: String
            do throws(TemplateError) {
                let template = try AlertTemplate(recorded.template, name: "__alert_A")
                let result = template.expand(Self.data) { (text: String) throws(TemplateError) -> [QuerySample] in
                    try Self.answer(text, store)
                }
                switch result {
                case .success(let text): got = text
                case .failure(let error): got = AlertTemplate.failureText(error)
                }
                if recorded.refused != nil, Self.otherwise[recorded.template] == nil {
                    Issue.record("\(recorded.template) is not refused")
                }
            } catch { got = error.description }
            let wanted = Self.otherwise[recorded.template] ?? recorded.refused ?? recorded.got ?? ""
            #expect(Self.withoutAddresses(got) == Self.withoutAddresses(wanted), "\(recorded.template)")
        }
    }
}
