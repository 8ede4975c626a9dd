import Foundation
import PromQL
import Simulation
import Testing

@testable import Monitoring

/// Alert templates against what the real ones expanded to.
@Suite struct AlertTemplateTests {
    private struct Recorded: Decodable {
        var template: String
        var got: String
    }

    private static let folder = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
        .deletingLastPathComponent().deletingLastPathComponent().appendingPathComponent(
            "fixtures/conformance/templates")

    private static func recorded() throws -> [Recorded] {
        try JSONDecoder().decode(
            [Recorded].self, from: Data(contentsOf: folder.appendingPathComponent("templates_2.42.json")))
    }

    private static let data = TemplateData(
        labels: Labels(["__name__": "m", "instance": "10.0.0.1:8080", "job": "api"]), value: 0.25,
        externalLabels: Labels(["cluster": "lab", "region": "eu"]), externalURL: "http://prom.example:9090/pp", now: 0,
        functionsKnowURL: false)

    /// What the server of the recording had stored.
    private static func answer(_ query: String) throws(TemplateError) -> [QuerySample] {
        func up(_ instance: String, _ value: Double) -> QuerySample {
            QuerySample(labels: Labels(["__name__": "up", "instance": instance]), value: value)
        }
        switch query {
        case "up": return [up("b:2", 0), up("a:1", 1)]
        case "up{instance='a:1'}": return [up("a:1", 1)]
        case "sum(up)": return [QuerySample(labels: .empty, value: 1)]
        default: return []
        }
    }

    /// Functions that came after 2.42, what a Go pointer prints, and an order that the real server does not define.
    private static let otherwise: [String: String] = [
        "{{ urlQueryEscape \"a b/c?d=e&f\" }}": "a+b%2Fc%3Fd%3De%26f", "{{ now }}": "0", "{{ toDuration 90 }}": "1m30s",
        "{{ query \"up\" }}": "[0xc000000000 0xc000000020]",
        "{{ query \"up\" | first }}|{{ lt 1 2 }}|{{ le 2 2 }}|{{ ne \"a\" \"b\" }}|{{ eq 1 2 1 }}":
            "{map[__name__:up instance:b:2] 0}|true|true|true|true",
    ]

    @Test func expansionsAreThoseOfTheRealServer() throws {
        let all = try Self.recorded()
        #expect(all.count == 90)
        for one in all {
            let wanted = Self.otherwise[one.template] ?? one.got
            let got: String
            do throws(TemplateError) {
                let template = try AlertTemplate(one.template, name: "__alert_A")
                switch template.expand(Self.data, query: Self.answer) {
                case .success(let text): got = text
                case .failure(let error): got = AlertTemplate.failureText(error)
                }
            } catch { got = error.description }
            if wanted.hasPrefix("ERR") {
                #expect(wanted.hasSuffix(got), "\(one.template): \(got)")
            } else {
                #expect(got == wanted, "\(one.template)")
            }
        }
    }

    @Test(arguments: [
        ("{{ if }}x{{ end }}", "template: a:1: missing value for if"),
        ("{{ .Labels.x", "template: a:1: unclosed action"), ("{{ end }}", "template: a:1: unexpected {{end}}"),
        ("{{ if true }}x", "template: a:1: unexpected EOF"),
        ("{{ $nope }}", "template: a:1: undefined variable \"$nope\""),
        ("{{ \"abc }}", "template: a:1: unterminated quoted string"),
        ("{{ 1 | 2 }}", "template: a:1: non executable command in pipeline stage 2"),
        ("x\n{{ # }}", "template: a:2: unexpected \"#\" in command"),
    ])
    func whatCannotBeReadIsSaid(text: String, message: String) {
        #expect {
            try AlertTemplate(text, name: "a")
        } throws: {
            "\($0)" == message
        }
    }

    @Test func variablesEndWithTheirBlock() throws {
        let template = try AlertTemplate(
            "{{ $x := 1 }}{{ if true }}{{ $x := 2 }}{{ $x }}{{ end }}{{ $x }}{{ if true }}{{ $x = 3 }}{{ end }}{{ $x }}",
            name: "a")
        #expect(try template.expand(Self.data, query: Self.answer).get() == "213")
    }

    /// Mutated templates are refused or expanded, and never trap or run for ever.
    @Test func hostileTemplates() throws {
        let all = try Self.recorded().map(\.template)
        var random = RandomStream(seed: 3, name: "templates")
        let rounds = Int(ProcessInfo.processInfo.environment["KUBELAB_FUZZ"] ?? "") ?? 4_000
        for _ in 0..<rounds {
            var bytes = Array(all[Int(random.below(UInt64(all.count)))].utf8)
            for _ in 0...random.below(3) {
                let place = Int(random.below(UInt64(bytes.count + 1)))
                switch random.below(3) {
                case 0: bytes.insert(UInt8(random.below(128)), at: place)
                case 1: if place < bytes.count { bytes.remove(at: place) }
                default:
                    let other = Array(all[Int(random.below(UInt64(all.count)))].utf8)
                    bytes.insert(contentsOf: other.prefix(Int(random.below(30))), at: place)
                }
            }
            let text = String(decoding: bytes, as: UTF8.self)
            if let template = try? AlertTemplate(text, name: "a") {
                _ = template.expand(Self.data, query: Self.answer)
            }
        }
        let deep = String(repeating: "{{ if true }}", count: 5_000)
        #expect(throws: TemplateError.self) { try AlertTemplate(deep, name: "a") }
        let endless = try AlertTemplate(
            "{{ define \"t\" }}{{ template \"t\" }}{{ end }}{{ template \"t\" }}", name: "a")
        #expect(throws: TemplateError.self) { try endless.expand(Self.data, query: Self.answer).get() }
    }
}
