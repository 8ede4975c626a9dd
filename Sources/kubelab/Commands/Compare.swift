import ArgumentParser
import Lab
import Simulation

/// `kubelab compare`: where two labs differ.
struct Compare: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Say where two labs differ: the first event, then what users got, cost, objects.",
        discussion: """
              kubelab fork bold-idea
              kubelab compare lab.kubelab bold-idea.kubelab
            """)

    @Argument(help: "One lab.", completion: .file(extensions: ["kubelab"]))
    var left: String

    @Argument(help: "The other lab.", completion: .file(extensions: ["kubelab"]))
    var right: String

    @OptionGroup var output: OutputOptions
    @OptionGroup var global: GlobalOptions

    func run() throws {
        let (a, b) = (
            try LabSession.open(Self.file(left), for: .reading), try LabSession.open(Self.file(right), for: .reading)
        )
        var progress = Progress()
        let end = min(a.now, b.now)
        let divergence =
            a.header == b.header
            ? try Divergence.find(a, b) { progress.show("comparing: \($0.clock) of \(end.clock)") } : nil
        Terminal.endProgress()
        // Both are shown at the same moment, else the longer one would differ by its length alone.
        let (first, second) = (try Self.report(a, at: end), try Self.report(b, at: end))
        if output.isJSON {
            return Terminal.print(
                try JSONText.of(
                    CompareReport(
                        sameScenarioAndSeed: a.header == b.header,
                        firstDifference: divergence.map {
                            .init(seconds: $0.time.seconds, left: Self.words($0.left), right: Self.words($0.right))
                        }, seconds: end.seconds, left: first, right: second)))
        }
        print(a, b, divergence, first, second, at: end)
    }

    private func print(
        _ a: LabSession, _ b: LabSession, _ divergence: Divergence?, _ first: WorldReport, _ second: WorldReport,
        at end: SimulationTime
    ) {
        if a.header.scenario != b.header.scenario {
            Terminal.print("They come from different scenarios: \(first.scenario) and \(second.scenario).")
        } else if a.header.seed != b.header.seed {
            Terminal.print(
                "They have different seeds, \(a.header.seed) and \(b.header.seed): chance differs from the beginning.")
        } else if let divergence {
            Terminal.print("They part at \(a.world.clockText(at: divergence.time)):")
            for (name, side) in [(left, divergence.left), (right, divergence.right)] {
                for line in ReportText.wrapped("  \(name): \(Self.words(side))", indent: 4) { Terminal.print(line) }
            }
        } else {
            let longer = a.now == b.now ? "" : "; \(a.now > b.now ? left : right) goes on to \(max(a.now, b.now).clock)"
            Terminal.print("They are the same up to \(a.world.clockText(at: end))\(longer).")
            return
        }
        Terminal.print("")
        Terminal.print("At \(a.world.clockText(at: end)):")
        let rows = Comparison.rows(first, second)
        guard !rows.isEmpty else { return Terminal.print("  no figure differs") }
        var table = Table(["", left, right], numeric: [1, 2])
        for row in rows { table.add([row.name, row.left, row.right]) }
        for line in table.lines { Terminal.print(line) }
    }

    private static func file(_ name: String) -> String {
        Files.exists(name) || name.hasSuffix(".kubelab") ? name : name + ".kubelab"
    }

    private static func report(_ session: LabSession, at time: SimulationTime) throws -> WorldReport {
        if session.now == time { return WorldReport(session.world) }
        var replay = try session.replay(from: time)
        try replay.advance(to: time)
        return WorldReport(replay.world)
    }

    private static func words(_ side: Divergence.Side) -> String {
        switch side {
        case .input(let input):
            switch input.action {
            case .advance: "time passes"
            case .request(let request): request.summary(by: input.author)
            case .fault: "\(input.author) adds a fault"
            case .endFault(let name): "\(input.author) ends the fault \(name)"
            case .exchange(let request): "\(input.author) asks for \(request.path) from a container"
            case .signal(_, let number): "\(input.author) sends signal \(number) to a container's first process"
            case .alertmanager(let request): "\(input.author) asks Alertmanager: \(request.method) \(request.path)"
            case .remoteWrite(let request):
                "\(input.author) writes \(request.body.count) bytes of samples to Prometheus"
            }
        case .event(let notes): notes.isEmpty ? "an event that changes no object" : notes.joined(separator: "; ")
        case .end: "nothing more happens"
        }
    }
}

private struct CompareReport: Encodable {
    struct First: Encodable {
        var seconds: Double
        var left: String
        var right: String
    }

    var sameScenarioAndSeed: Bool
    var firstDifference: First?
    /// The moment at which both are shown.
    var seconds: Double
    var left: WorldReport
    var right: WorldReport
}

/// The figures in which two reports differ.
enum Comparison {
    struct Row: Equatable {
        var name: String
        var left: String
        var right: String
    }

    static func rows(_ a: WorldReport, _ b: WorldReport) -> [Row] {
        var rows: [Row] = []
        func add(_ name: String, _ left: String?, _ right: String?) {
            guard left != right else { return }
            rows.append(Row(name: name, left: left ?? "-", right: right ?? "-"))
        }
        for name in names(a.traffic.map(\.name), b.traffic.map(\.name)) {
            let (x, y) = (a.traffic.first { $0.name == name }, b.traffic.first { $0.name == name })
            add(
                "\(name): answered well", x.map { ReportText.share($0.good, of: $0.ended) },
                y.map { ReportText.share($0.good, of: $0.ended) })
            add("\(name): failed", x.map { ReportText.grouped($0.failed) }, y.map { ReportText.grouped($0.failed) })
            add("\(name): p50", x.map { ReportText.seconds($0.p50) }, y.map { ReportText.seconds($0.p50) })
            add("\(name): p95", x.map { ReportText.seconds($0.p95) }, y.map { ReportText.seconds($0.p95) })
            add("\(name): p99", x.map { ReportText.seconds($0.p99) }, y.map { ReportText.seconds($0.p99) })
        }
        add("cost", ReportText.money(a.cost.total, a.cost), ReportText.money(b.cost.total, b.cost))
        let (da, db) = (a.objects.deployments, b.objects.deployments)
        for name in names(da.map(\.name), db.map(\.name)) {
            add(
                "deployment \(name): ready", da.first { $0.name == name }.map { "\($0.ready)/\($0.desired)" },
                db.first { $0.name == name }.map { "\($0.ready)/\($0.desired)" })
        }
        let (ha, hb) = (a.objects.horizontalPodAutoscalers, b.objects.horizontalPodAutoscalers)
        for name in names(ha.map(\.name), hb.map(\.name)) {
            add(
                "hpa \(name): wants", ha.first { $0.name == name }.map { "\($0.desired)" },
                hb.first { $0.name == name }.map { "\($0.desired)" })
        }
        add("pods", "\(a.objects.pods.count)", "\(b.objects.pods.count)")
        add(
            "restarts", "\(a.objects.pods.reduce(0) { $0 + Int($1.restarts) })",
            "\(b.objects.pods.reduce(0) { $0 + Int($1.restarts) })")
        add("nodes", "\(a.objects.nodes.count)", "\(b.objects.nodes.count)")
        add(
            "events", ReportText.grouped(Int64(clamping: a.events.total)),
            ReportText.grouped(Int64(clamping: b.events.total)))
        return rows
    }

    private static func names(_ left: [String], _ right: [String]) -> [String] {
        left + right.filter { !left.contains($0) }
    }
}
