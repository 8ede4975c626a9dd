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

    private struct OnlyTemplate: Decodable { var template: String }

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
        let more = try String(
            contentsOf: Self.folder.appendingPathComponent("expansions_2.42.jsonl"), encoding: .utf8)
        let all =
            try Self.recorded().map(\.template)
            + more.split(separator: "\n").map {
                try JSONDecoder().decode(OnlyTemplate.self, from: Data($0.utf8)).template
            }
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
    }

    private func expand(_ text: String, _ data: TemplateData = AlertTemplateTests.data) -> String {
        do throws(TemplateError) {
            switch try AlertTemplate(text, name: "a").expand(data, query: Self.answer) {
            case .success(let text): return text
            case .failure(let error): return AlertTemplate.failureText(error)
            }
        } catch { return error.description }
    }

    @Test func depthStepsAndTextAreBounded() {
        #expect(expand(String(repeating: "{{ if true }}", count: 5_000)).contains("depth"))
        #expect(expand("{{ " + String(repeating: "(", count: 5_000) + "1 }}").contains("depth"))
        let endless = "{{ define \"t\" }}{{ template \"t\" . }}{{ end }}{{ template \"t\" . }}"
        #expect(expand(endless).contains("exceeded maximum template depth"))
        // The text itself is a template too.
        #expect(expand("{{ template \"a\" . }}").contains("exceeded maximum template depth"))
        #expect(expand("{{ range 99999 }}{{ range 99999 }}{{ end }}{{ end }}").contains("steps"))
        let doubling = "{{ $x := \"0123456789\" }}{{ range 40 }}{{ $x = print $x $x }}{{ end }}{{ $x }}"
        #expect(expand(doubling).contains("bytes"))
        #expect(expand("{{ $a := args 1 }}{{ range 30 }}{{ $a = args $a $a }}{{ end }}{{ $a }}").contains("beyond"))
        #expect(expand("{{ printf \"%999999999d\" 1 }}").utf8.count < 100)
        #expect(expand(String(repeating: "{{ $x := 1 }}", count: 2_000)).contains("too many variables"))
    }

    @Test(arguments: [
        "{{ range 99999 }}{{ $x := printf \"%1000000d\" 1 }}{{ end }}",
        "{{ range 99999 }}{{ $x := query \"up\" }}{{ end }}",
        "{{ $x := printf \"%1000d\" 1 }}{{ range 99999 }}{{ $y := reReplaceAll \" *\" \"x\" $x }}{{ end }}",
        "{{ $x := printf \"%9000d\" 1 }}{{ range 99999 }}{{ $y := match \"(a{900})*b\" $x }}{{ end }}",
        "{{ $x := printf \"%900000d\" 1 }}{{ range 99999 }}{{ $y := len $x }}{{ end }}",
    ])
    func theWorkOfFunctionsIsBounded(text: String) { #expect(expand(text).contains("exceeded maximum of work")) }

    @Test(arguments: [
        "{{ define \"t\" }}{{ .x.y }}{{ end }}{{ if true }}{{ template \"t\" 5 }}{{ end }}",
        "{{ define \"t\" }}{{ first nil }}{{ end }}{{ range $labels }}{{ with . }}{{ template \"t\" }}{{ end }}{{ end }}",
    ])
    func anErrorInATemplateThatABlockCallsIsOne(text: String) {
        #expect(expand(text).contains("executing \"t\" at <"))
    }

    @Test(arguments: [
        ("x\n  {{ .Nope }}", "template: a:2:5: executing \"a\" at <.Nope>"),
        ("{{\n\"a\"\n\"b\" }}", "template: a:2:0: executing \"a\" at <\"a\">"),
    ])
    func errorsSayTheLine(text: String, place: String) { #expect(expand(text).contains(place)) }

    @Test func aServersFunctionsKnowItsAddress() {
        var data = Self.data
        data.functionsKnowURL = true
        data.now = 1_500
        #expect(expand("{{ externalURL }} {{ pathPrefix }}", data) == "http://prom.example:9090/pp /pp")
        #expect(expand("{{ now }} {{ toDuration 90.5 }} {{ (toDuration 90).Minutes }}", data) == "1.5 1m30.5s 1.5")
        data.externalURL = "http://prom.example:9090"
        #expect(expand("{{ pathPrefix }}|", data) == "|")
    }

    /// Times at both ends of what a number of nanoseconds reaches.
    @Test func timesBeyondReachAreErrorsAndNoTrap() {
        #expect(expand("{{ (toTime 9.2e9).Year }} {{ (toTime -9.2e9).Year }}") == "2261 1678")
        for value in ["1e300", "-1e300", "9.3e9", "\"NaN\"", "\"Inf\""] {
            #expect(expand("{{ (toTime \(value)).Unix }}").contains("error calling toTime"), "\(value)")
        }
    }
}
