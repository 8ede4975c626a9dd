import ArgumentParser
import Foundation
import Lab
import Monitoring
import Simulation

/// `kubelab report`: a lab's life as one page.
struct ReportCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "report",
        abstract: "Write one HTML page about a lab: what happened, alerts against truth, levels, latencies, cost.",
        discussion: """
            The page stands alone: pictures are in it, it runs no script and fetches nothing. It is computed by living \
            through the span again, and the same lab gives the same page.

              kubelab report
              kubelab report --from 8m --to 20m --out burst.html
              kubelab report other.kubelab --target 99.5 --slo slo.yaml
            """)

    @Argument(
        help: ArgumentHelp("The lab's file (default: that of --lab).", valueName: "lab"),
        completion: .file(extensions: ["kubelab"]))
    var lab: String?

    @Option(
        name: [.short, .long], help: ArgumentHelp("Where the page goes; '-' is standard output.", valueName: "file"),
        completion: .file(extensions: ["html"]))
    var out = "report.html"

    @Option(help: ArgumentHelp("Beginning (default: the start).", valueName: "time"))
    var from: Instant?

    @Option(help: ArgumentHelp("End (default: now).", valueName: "time"))
    var to: Instant?

    @Option(help: ArgumentHelp("Percent of good answers that is asked for.", valueName: "percent"))
    var target = 99.0

    @Option(
        help: ArgumentHelp(
            "Objectives to ask the lab's Prometheus for: Sloth's document or OpenSLO.", valueName: "file"),
        completion: .file())
    var slo: String?

    @OptionGroup var global: GlobalOptions

    func validate() throws {
        guard target > 0, target < 100 else {
            throw ValidationError("--target is a percentage between 0 and 100, such as 99.5.")
        }
    }

    func run() throws {
        let objectives = try slo.map(SLOCommand.objectives) ?? []
        var options = global
        if let lab { options.labFile = lab }
        let session = try options.open(for: .reading)
        let begin = from?.time(in: session.world) ?? .zero
        let end = to?.time(in: session.world) ?? session.now
        guard begin <= end, end <= session.now, begin < end || session.now == .zero else {
            throw Failure(
                "--from \(begin.clock) --to \(end.clock) is no part of what has passed: 0s to \(session.now.clock)")
        }
        var progress = Progress()
        let report = try LabReport(session, from: begin, to: end, target: target / 100, objectives: objectives) {
            progress.show("living through it again: \($0.clock) of \(end.clock)")
        }
        Terminal.endProgress()
        let name = (options.labPath as NSString).lastPathComponent
        let page = ReportPage(
            report: report, labOption: name == "lab.kubelab" ? "" : "--lab \(ServedLab.quoted(name))")
        guard out != "-" else { return Terminal.write(page.html) }
        try Files.write(Array(page.html.utf8), to: out)
        Terminal.print("\(out) is the report about \(begin.clock) to \(end.clock); open it in a browser.")
    }
}
