import Foundation
import KubernetesAPI
import Lab
import Simulation
import Testing

@testable import Grading

/// Every format against its golden file; `KUBELAB_UPDATE_GOLDEN=1 swift test --filter ReportTests` writes them anew.
@Suite struct ReportTests {
    static let receipt = Receipt(
        version: "0.1.0", exerciseHash: String(repeating: "ab", count: 32),
        submissionHash: String(repeating: "cd", count: 32),
        student: "ada", attempt: 2, seedHashes: [String(repeating: "01", count: 32)],
        digests: [String(repeating: "ef", count: 16)],
        points: 45, maximumPoints: 100)

    static func check(_ id: String, _ status: Check.Status, _ points: Double, of maximum: Int) -> Check {
        Check(
            id: id, title: "Title of \(id)", status: status, points: points, maximumPoints: maximum,
            expected: "at least 99%",
            seen: status == .ungradable ? "not judged" : status == .passed ? "99.8%" : "93.1%",
            harm: status == .failed ? "212 users waited longer than 500ms or got no good answer, 09:14 to 09:16" : "",
            rule: "share of requests(traffic/users, latency <= 500ms) >= 99%", isHidden: true,
            moment: status == .failed ? .zero + .seconds(840) : nil, file: status == .failed ? "gateway.yaml" : "",
            line: status == .failed ? 41 : 0, path: status == .failed ? "spec.metrics" : "",
            commands: status == .failed ? ["kubelab rewind --to 14m", "kubelab graph hpa/gateway.desired"] : [],
            misconceptions: [], slack: nil)
    }

    static let graded = Verdict(
        status: .graded, exercise: "4.3-scale-on-cpu", lesson: "4-autoscaling", title: "Scale <the> gateway & more",
        student: "ada",
        checks: [
            check("served", .failed, 5, of: 50), check("cost", .passed, 40, of: 40), check("night", .failed, 0, of: 10),
        ],
        faults: [], receipt: receipt, simulated: .minutes(80), wallMilliseconds: 1_234, debrief: "")

    static let ungradable = Verdict(
        status: .ungradable, exercise: "4.3-scale-on-cpu", lesson: "4-autoscaling", title: "Scale <the> gateway & more",
        student: "",
        checks: [check("served", .ungradable, 0, of: 50), check("cost", .ungradable, 0, of: 50)],
        faults: [
            ConfigurationError(
                file: "gateway.yaml", line: 7, path: "spec.replicas", message: "must be 100% a number: not, \"many\"")
        ],
        receipt: receipt, simulated: .minutes(80), wallMilliseconds: 3, debrief: "")

    @Test(arguments: ReportFormat.allCases)
    func equalsItsGoldenFile(_ format: ReportFormat) throws {
        for (name, verdict) in [("graded", Self.graded), ("ungradable", Self.ungradable)] {
            let text = format.text(verdict)
            let path = repository + "/Tests/GradingTests/Golden/\(name).\(format.rawValue).txt"
            if ProcessInfo.processInfo.environment["KUBELAB_UPDATE_GOLDEN"] == "1" {
                try Data(text.utf8).write(to: URL(fileURLWithPath: path))
                continue
            }
            let golden = String(
                decoding: try #require(FileManager.default.contents(atPath: path), "\(path) is missing"), as: UTF8.self)
            #expect(text == golden)
        }
    }

    @Test(arguments: [ReportFormat.json, .classroom50, .gradescope, .prairielearn, .exercism, .ctrf])
    func isJSON(_ format: ReportFormat) throws {
        for verdict in [Self.graded, Self.ungradable] {
            #expect(throws: Never.self) { try JSONReader.read(Array(format.text(verdict).utf8)[...]) }
        }
    }

    @Test func annotationsKeepToGitHubsLimits() {
        var verdict = Self.graded
        verdict.checks = (1...30).map { Self.check("c\($0)", .failed, 0, of: $0) }
        let lines = verdict.annotations().split(separator: "\n")
        #expect(lines.count { $0.hasPrefix("::error") } == 10)
        #expect(lines[0].contains("Title of c30"), "the most valuable first")
        #expect(lines[9].contains("21 further findings"))
    }

    @Test func wallTimeIsWrittenOnlyOnDemand() {
        for format in ReportFormat.allCases {
            var slower = Self.graded
            slower.wallMilliseconds = 99_999
            #expect(format.text(slower) == format.text(Self.graded), "\(format)")
        }
    }

    @Test func aReceiptIsReadBackAndCompared() throws {
        let text = ReportFormat.json.text(Self.graded)
        let read = try Receipt(reading: text, file: "report.json")
        #expect(read == Self.receipt)
        #expect(read.differences(from: Self.receipt).isEmpty)
        var other = Self.receipt
        other.points = 50
        other.digests = [String(repeating: "00", count: 16)]
        #expect(read.differences(from: other).count == 2)
        #expect(throws: ConfigurationError.self) { try Receipt(reading: "{}", file: "x") }
        #expect(throws: ConfigurationError.self) { try Receipt(reading: "no", file: "x") }
    }

    @Test func textIsMadeHarmless() {
        #expect(Sanitised.text("a\u{1b}[31mb\nc\u{202e}d\te") == "a\u{fffd}[31mb c\u{fffd}d e")
        #expect(Sanitised.text("abcdef", limit: 3) == "abc…")
        #expect(XML.attribute("<a href=\"x\">\u{1}&\n") == "&lt;a href=&quot;x&quot;&gt;\u{fffd}&amp;&#10;")
        #expect(Markdown.text("|<img src=x>|`@all") == "\\|&lt;img src=x&gt;\\|\\`&#64;all")
        #expect(Verdict.property("a:b,c%\n") == "a%3Ab%2Cc%25%0A")
        for (bytes, text) in [("", ""), ("f", "Zg=="), ("fo", "Zm8="), ("foo", "Zm9v"), ("foob", "Zm9vYg==")] {
            #expect(Base64Text.encode(Array(bytes.utf8)) == text)
        }
    }
}
