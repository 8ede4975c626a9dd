import ArgumentParser
import Lab
import Monitoring
import PromQL
import Simulation
import Workloads

/// `kubelab slo`: service level objectives as rules, and as they stand.
struct SLOCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "slo",
        abstract: "Service level objectives: rules of them, and how they stand beside what users felt.",
        subcommands: [SLOGenerate.self, SLOShow.self], defaultSubcommand: SLOShow.self)

    static func objectives(_ file: String) throws -> [ServiceLevelObjective] {
        let text = String(decoding: try Files.bytes(file), as: UTF8.self)
        do { return try ServiceLevelDocument.objectives(text) } catch {
            throw Failure(
                "\(file):\(error.line ?? 1): \(error.field.isEmpty ? "" : error.field + ": ")\(error.message)")
        }
    }
}

/// `kubelab slo generate`.
struct SLOGenerate: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "generate",
        abstract: "Write Prometheus rules of objectives: recordings over all windows, the budget, multi-window alerts.",
        discussion: """
            Reads Sloth's documents (version: prometheus/v1, or kind PrometheusServiceLevel) and OpenSLO v1, and writes the \
            rules that Sloth writes.

              kubelab slo generate slo.yaml >rules.yml
            """)

    @Argument(help: "The document.", completion: .file())
    var file: String

    @OptionGroup var global: GlobalOptions

    func run() throws { Terminal.write(ServiceLevelRules.file(try SLOCommand.objectives(file))) }
}

/// `kubelab slo show`: the indicator as Prometheus measured it, beside the truth.
struct SLOShow: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "show",
        abstract: "Say how objectives stand, and beside it what the users of each source of traffic felt.",
        discussion: """
            The first table is what the telemetry says, over the window: bad events, how fast the budget burns, what is left \
            of it. The second is the truth that no real stack has: every request of every user, those that never arrived \
            among them.

              kubelab slo show slo.yaml --window 30m
            """)

    @Argument(help: "The document.", completion: .file())
    var file: String

    @Option(help: ArgumentHelp("How far back (default: all of it, 30 days at most).", valueName: "duration"))
    var window: String?

    @OptionGroup var global: GlobalOptions

    func run() throws {
        let objectives = try SLOCommand.objectives(file)
        let session = try global.open(for: .reading)
        guard let prometheus = session.world.monitoring?.prometheus else { throw Failure(PromQLCommand.noPrometheus) }
        let passed = max(1_000, session.now.nanoseconds / 1_000_000)
        var span = min(passed, 30 * 86_400_000)
        if let window {
            do { span = try PrometheusDuration.parse(window) } catch { throw Failure("--window: \(error)") }
        }
        let text = PrometheusDuration.format(span)
        Terminal.print(Style.strong("As measured, over \(text)"))
        var reasons: [String] = []
        var table = Table(["OBJECTIVE", "TARGET", "GOOD", "BURN RATE", "BUDGET LEFT"])
        for objective in objectives {
            let budget: ErrorBudget
            do {
                budget = try ErrorBudget(
                    objective, window: span, at: session.world.epochMilliseconds, in: prometheus.store,
                    engine: prometheus.engine)
            } catch { throw Failure("\(objective.id): \(error)") }
            if budget.errorRatio == nil {
                let query = ErrorBudget.query(objective, window: span)
                let reason = PromQLCommand.reasonForNothing(query, prometheus.store)
                if let reason { reasons.append("\(objective.id): \(reason)") }
            }
            table.add([
                objective.id, GoFloat.fixed(objective.objective) + "%",
                budget.errorRatio.map { Self.percent(1 - $0) } ?? "no events",
                budget.burnRate.map { GoFloat.general($0, significant: 3) } ?? "-",
                budget.left.map(Self.percent) ?? "-",
            ])
        }
        for line in table.lines { Terminal.print(line) }
        for reason in reasons { Terminal.note(reason) }
        Terminal.print("")
        let from = session.now - .milliseconds(min(span, passed))
        let felt = session.world.workloads.traffic.map { (name: $0.name, since: $0.since(from)) }
        // Single windows are kept for a while only, all of the time for ever.
        let begin = felt.map(\.since.from).max() ?? from
        let length = PrometheusDuration.format((session.now - begin).nanoseconds / 1_000_000)
        let title = "As users felt it, over \(begin > from ? "the last " : "")\(length)"
        Terminal.print(Style.strong(title))
        if begin > from {
            Terminal.note(
                "The lab keeps that much of single moments; without --window the table is about all of the time.")
        }
        var truth = Table(["TRAFFIC", "REQUESTS", "GOOD ANSWERS", "P95", "P99"])
        for (name, since) in felt {
            let outcomes = since.level.outcomes
            truth.add([
                name, "\(outcomes.total)",
                outcomes.total == 0 ? "-" : Self.percent(Double(outcomes[.ok]) / Double(outcomes.total)),
                "\(since.level.latency.quantile(0.95).nanoseconds / 1_000_000)ms",
                "\(since.level.latency.quantile(0.99).nanoseconds / 1_000_000)ms",
            ])
        }
        for line in truth.lines { Terminal.print(line) }
    }

    private static func percent(_ share: Double) -> String { GoFloat.fixed(share * 100, decimals: 3) + "%" }
}
