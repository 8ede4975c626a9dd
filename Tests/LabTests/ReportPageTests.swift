import Foundation
import Simulation
import Testing

@testable import Lab

/// `kubelab report`: the page itself, as the program writes it.
@Suite(.enabled(if: Program.path != nil, "no build of kubelab is here")) struct ReportPageTests {
    private static func page(_ rig: StoreRig, _ arguments: [String] = []) throws -> String {
        let outcome = try Program.outcome(["report", "--out", "page.html"] + arguments, in: rig.folder)
        #expect(outcome.code == 0, "\(outcome.error)")
        return try String(contentsOfFile: rig.path("page.html"), encoding: .utf8)
    }

    private static func grouped(_ number: Int64) -> String {
        var text = String(number)
        var place = text.count - 3
        while place > 0 {
            text.insert(",", at: text.index(text.startIndex, offsetBy: place))
            place -= 3
        }
        return text
    }

    /// Well-formed, with links that lead somewhere and nothing from elsewhere.
    @discardableResult private static func checked(_ page: String) throws -> PageReader {
        let reader = try PageReader(page)
        #expect(Set(reader.ids).count == reader.ids.count, "an id occurs twice")
        for reference in reader.references {
            #expect(reference.hasPrefix("#") && reader.ids.contains(String(reference.dropFirst())), "\(reference)")
        }
        for word in ["http://", "https://", "url(", "@import", "src=", "<script", "<link", "<iframe"] {
            #expect(!page.contains(word), "\(word) is in the page")
        }
        #expect(page.contains("default-src 'none'") && page.contains("prefers-color-scheme: dark"))
        #expect(page.contains("@media print") && page.utf8.count < 2_000_000)
        return reader
    }

    @Test func saysWhatTheModelSays() throws {
        let rig = try StoreRig()
        let session = try LabReportTests.lived(rig, minutes: 8)
        let page = try Self.page(rig)
        let reader = try Self.checked(page)
        let report = try LabReport(session, from: .zero, to: session.now)
        let lines = Set(reader.text.split(separator: "\n").map(String.init))
        for title in [
            "What happened", "Alerts against truth", "Service levels", "Replicas", "Latencies", "Cost",
            "The worst request",
        ] {
            #expect(lines.contains(title))
        }
        #expect(lines.contains("A shop that is watched") && lines.contains(Self.grouped(report.total.ended)))
        let failed = "\(Self.grouped(report.total.failed)) of \(Self.grouped(report.total.ended)) requests"
        #expect(reader.text.contains("In all, \(failed)"))
        #expect(reader.text.contains("the fault stock-fails began (image stock fails 40% of requests)"))
        for incident in report.incidents { #expect(lines.contains(incident.text), "\(incident.text)") }
        #expect(reader.ids.filter { $0.hasPrefix("e") && Int($0.dropFirst()) != nil }.count == report.incidents.count)
        // One rectangle or more for each alert that fired, one for each that was pending.
        for alert in report.alerts { #expect(lines.contains(alert.name)) }
        #expect(reader.text.contains("alerts fired 2 times: 1 with users hurt, 1 false; 1 were pending"))
        for failure in report.traffic[0].failures {
            #expect(reader.text.contains("\(Self.grouped(failure.count)) \(failure.kind)"))
        }
        let worst = try #require(report.worst)
        #expect(reader.text.contains("request/\(worst.record.id) of users") && page.contains("\(worst.traceID)"))
        #expect(reader.text.contains("kubelab why request/\(worst.record.id) --at "))
        #expect(reader.text.contains("kubelab rewind --to "))
        for workload in report.cost.workloads {
            let isThere = lines.contains(workload.name.replacing("shop/", with: ""))
            #expect(isThere, "\(workload.name)")
        }
        // Windows of the table add up to the whole.
        #expect(reader.text.contains("The same by window") && reader.elements["svg"] == 7)
    }

    @Test func theCommandsOnThePageWork() throws {
        let rig = try StoreRig()
        _ = try LabReportTests.lived(rig, minutes: 6)
        let reader = try PageReader(try Self.page(rig))
        let commands = reader.text.split(separator: "\n").filter { $0.hasPrefix("kubelab ") }
        #expect(commands.count == 4)
        for command in commands {
            let outcome = try Program.outcome(
                command.split(separator: " ").dropFirst().map(String.init), in: rig.folder)
            #expect(outcome.code == 0, "\(command): \(outcome.error)")
            if command.hasPrefix("kubelab why") { #expect(outcome.output.contains(" over: ")) }
        }
    }

    @Test func sameLabSameBytes() throws {
        let rig = try StoreRig()
        _ = try LabReportTests.lived(rig, minutes: 4)
        let first = try Self.page(rig)
        #expect(try Self.page(rig) == first)
        let shown = try Program.outcome(["report", rig.lab, "--out", "-"], in: rig.folder)
        #expect(shown.output == first)
    }

    @Test func hostileNamesAreText() throws {
        let rig = try StoreRig()
        let evil = "</script></title><img src=x onerror=alert(1)> \\\"' & \\u202E\\u0007gnip"
        let scenario = LabReportTests.scenario.replacing("title: A shop that is watched", with: "title: \"\(evil)\"")
            .replacing("name: stock-fails", with: "name: \"\(evil)\"")
            .replacing("name: users", with: "name: \"<b>u\\u2067sers</b>\"")
            .replacing("alert: Wolf", with: "alert: Wolf\n            labels: {evil: \"<i>'\\\"&\\u202E\"}")
        _ = try LabReportTests.lived(rig, minutes: 5, scenario)
        let page = try Self.page(rig)
        let reader = try PageReader(page)
        #expect(reader.elements["img"] == nil && reader.elements["script"] == nil)
        #expect(!page.contains("<b>u") && !page.contains("<i>'"))
        for scalar in page.unicodeScalars {
            #expect(
                scalar == "\n"
                    || (scalar.value >= 0x20 && !(0x202a...0x202e).contains(scalar.value)
                        && !(0x2066...0x2069).contains(scalar.value))
            )
        }
        #expect(reader.text.contains("</script></title><img src=x onerror=alert(1)>"))
        let right = try StoreRig()
        let rtl = LabReportTests.scenario.replacing(
            "A shop that is watched", with: "متجر \u{05d7}\u{05e0}\u{05d5}\u{05ea}")
        _ = try LabReportTests.lived(right, minutes: 2, rtl)
        #expect(try Self.page(right).contains("<h1><bdi>متجر "))
    }

    @Test func emptySectionsExplainThemselves() throws {
        let rig = try StoreRig()
        try rig.create()
        let reader = try Self.checked(try Self.page(rig))
        for sentence in [
            "Nothing went wrong, and no user asked for anything.", "this lab has no Prometheus",
            "No request ended in this span, so there is no level of service.", "There was no Deployment in this span.",
            "No request ended in this span, so there are no latencies.", "Nothing has cost anything",
            "No single request ended in this span",
        ] {
            #expect(reader.text.contains(sentence), "\(sentence)")
        }
    }

    @Test func manyOfEverythingStaySmall() throws {
        let rig = try StoreRig()
        let names = (0..<40).map { "svc-\($0)" }
        let images = names.map {
            "    \($0): {service: {stages: [{compute: 0.001}]}, startup: {importing: 1}, port: 8000}"
        }
        let traffic = names.map { "  - {name: \($0), service: shop/\($0), rate: 1}" }
        let faults = (0..<60).map {
            "- {name: fault-\($0), at: \($0 * 5)s, for: 40s, workload: {image: {name: svc-\($0 % 40), condition: {errorRate: 0.5}}}}"
        }
        let scenario = """
            name: crowd
            namespace: shop
            nodes: [{name: worker, count: 6, cpu: "16", memory: 64Gi, price: 0.2}]
            workloads:
              images:
            \(images.joined(separator: "\n"))
              traffic:
            \(traffic.joined(separator: "\n"))
            faults:
            \(faults.joined(separator: "\n"))
            manifests: [all.yaml]
            """
        let file = ScenarioFile(
            scenario: try ScenarioFile.parse(scenario, file: "scenario.yaml"), text: scenario,
            manifests: [("all.yaml", names.map(LabReportTests.workload).joined(separator: "\n---\n"))])
        var session = try LabSession.create(rig.lab, scenario: file, seed: 1)
        _ = try session.advance(to: .zero + .minutes(16))
        try session.commit()
        let page = try Self.page(rig)
        let reader = try Self.checked(page)
        #expect(page.utf8.count < 1_000_000 && reader.text.contains("34 sources with fewer requests are not drawn"))
        #expect(reader.text.contains("28 further Deployments changed less and are not drawn."))
    }

    @Test func spansAndPathsThatCannotBeAreRefused() throws {
        let rig = try StoreRig()
        try rig.createUsed()
        for arguments in [
            ["--from", "10s", "--to", "5s"], ["--to", "2h"], ["--target", "100"], ["--target", "nan"],
            ["--slo", "none.yaml"], ["missing.kubelab"],
        ] {
            let outcome = try Program.outcome(["report"] + arguments, in: rig.folder)
            #expect(outcome.code == 2 && !outcome.error.isEmpty, "\(arguments)")
        }
        #expect(!FileManager.default.fileExists(atPath: rig.path("report.html")))
        let outcome = try Program.outcome(["report", "--out", "no/such/page.html"], in: rig.folder)
        #expect(outcome.code == 2 && outcome.error.contains("no/such/page.html cannot be written"))
    }

    @Test func anInterruptedRunLeavesTheOldPage() throws {
        let rig = try StoreRig()
        _ = try LabReportTests.lived(rig, minutes: 3)
        let program = try #require(Program.path)
        let whole = try Self.page(rig)
        try "the old page".write(toFile: rig.path("page.html"), atomically: true, encoding: .utf8)
        for delay in [0.02, 0.1, 0.3] {
            _ = try Program.run(program, ["report", rig.lab, "--out", rig.path("page.html")], killAfter: delay)
            let found = try String(contentsOfFile: rig.path("page.html"), encoding: .utf8)
            #expect(found == "the old page" || found == whole)
        }
    }
}
