import ArgumentParser
import Foundation
import Grading
import Lab
import Simulation

/// `kubelab bill`: what a policy of telemetry costs.
struct BillCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "bill",
        abstract: "Say what the telemetry that a policy keeps would cost in a month.",
        discussion: """
            Takes what the lab's programs did so far, keeps what the policy keeps of it, and multiplies to 30 days. The \
            prices are the scenario's (prices: telemetry:).

              kubelab bill telemetry.yaml
            """)

    @Argument(help: "The policy.", completion: .file())
    var policy: String

    @OptionGroup var output: OutputOptions
    @OptionGroup var global: GlobalOptions

    func run() throws {
        let policy = try TelemetryPolicyOption.policy(self.policy)
        let world = try global.open(for: .reading).world
        guard let prices = world.scenario.prices.telemetry else {
            throw Failure("this lab's scenario has no prices of telemetry ('prices: {telemetry: …}')")
        }
        let kept = try TelemetryPolicyOption.kept(policy, in: world)
        guard world.now > .zero else { throw Failure("no time has passed yet: 'kubelab advance 1h' first") }
        let volume = kept.volume
        let bill = TelemetryBill(
            volume, over: world.now - .zero, policy, prices, nodes: world.scenario.nodes)
        if output.isJSON { return try Terminal.print(JSONText.of(Row(volume, bill))) }
        let currency = world.scenario.prices.currency
        func money(_ amount: Double) -> String { currency + String(format: "%.2f", amount) }
        var table = Table(["SIGNAL", "TAKEN IN SO FAR", "A MONTH"], numeric: [2])
        table.add(["metrics", "\(volume.samples) samples of \(volume.series) series", money(bill.metrics)])
        table.add(["logs", "\(volume.lines) lines, \(ByteText.text(volume.lineBytes))", money(bill.logs)])
        table.add([
            "traces", "\(volume.traces) traces, \(volume.spans) spans, \(ByteText.text(volume.spanBytes))",
            money(bill.traces),
        ])
        table.add(["telemetry", "", money(bill.telemetry)])
        table.add(["machines", "", money(bill.machines)])
        for line in table.lines { Terminal.print(line) }
        Terminal.print("Telemetry is \(String(format: "%.0f", bill.share * 100))% of it.")
        if volume.refusedScrapes > 0 {
            Terminal.note(
                "\(volume.refusedScrapes) scrapes brought more than \(KeptTelemetry.sampleLimit) samples and were refused: their metrics have holes."
            )
        }
    }

    private struct Row: Encodable {
        var samples, series, refusedScrapes, lines, lineBytes, traces, spans, spanBytes: Int
        var cost: Cost

        struct Cost: Encodable { var metrics, logs, traces, telemetry, machines, share: Double }

        init(_ volume: TelemetryVolume, _ bill: TelemetryBill) {
            (samples, series, refusedScrapes) = (volume.samples, volume.series, volume.refusedScrapes)
            (lines, lineBytes) = (volume.lines, volume.lineBytes)
            (traces, spans, spanBytes) = (volume.traces, volume.spans, volume.spanBytes)
            cost = Cost(
                metrics: bill.metrics, logs: bill.logs, traces: bill.traces, telemetry: bill.telemetry,
                machines: bill.machines, share: bill.share)
        }
    }
}

/// Bytes for people.
enum ByteText {
    static func text(_ bytes: Int) -> String {
        bytes < 1_000_000 ? "\((bytes + 999) / 1000) kB" : String(format: "%.1f MB", Double(bytes) / 1e6)
    }
}

/// `--policy`: a query is asked of what a policy keeps, not of all that the lab has.
struct TelemetryPolicyOption: ParsableArguments {
    @Option(
        help: ArgumentHelp(
            "Ask what is kept under a policy of telemetry (kubelab formats telemetry.yaml), in place of all.",
            valueName: "file"),
        completion: .file())
    var policy: String?

    /// What the policy keeps of a world for questions in a language; nil without the option.
    func kept(in world: borrowing World, for language: AnswerLanguage) throws -> KeptTelemetry? {
        guard let policy else { return nil }
        return try Self.kept(Self.policy(policy), in: world, for: [language])
    }

    static func policy(_ file: String) throws -> TelemetryPolicy {
        try TelemetryPolicy(parsing: String(decoding: try Files.bytes(file), as: UTF8.self), file: file)
    }

    static func kept(
        _ policy: TelemetryPolicy, in world: borrowing World, for languages: [AnswerLanguage] = AnswerLanguage.allCases
    ) throws -> KeptTelemetry {
        guard world.recordsTraces else { throw Failure(TraceQLCommand.noTraces) }
        return KeptTelemetry(policy, of: world, for: languages)
    }
}
