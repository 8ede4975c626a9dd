import ArgumentParser
import Lab
import Simulation

/// `kubelab graph`: how measurements went, as charts in the terminal.
struct Graph: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Draw how something went: pods, latencies, errors, cost, or a PromQL query.",
        discussion: """
              kubelab graph 'sum(rate(http_requests_total[1m]))'
              kubelab graph deployment/gateway.ready traffic/users.p95
              kubelab graph traffic/users.errorRatio --from 8m --to 20m
              kubelab graph --list
            """)

    @Argument(help: ArgumentHelp("SUBJECT.FIELD; --list shows them all.", valueName: "measurement"))
    var measurements: [String] = []

    @Option(help: ArgumentHelp("Beginning (default: the start).", valueName: "time"))
    var from: Instant?

    @Option(help: ArgumentHelp("End (default: now).", valueName: "time"))
    var to: Instant?

    @Option(help: ArgumentHelp("Samples (default: what fits).", valueName: "count"))
    var points: Int?

    @Flag(help: "List what can be measured.")
    var list = false

    @OptionGroup var output: OutputOptions
    @OptionGroup var global: GlobalOptions

    func validate() throws {
        if let points, !(2...100_000).contains(points) {
            throw ValidationError("--points must be between 2 and 100000.")
        }
        if measurements.isEmpty, !list {
            throw ValidationError("Name a measurement, such as deployment/gateway.ready; --list shows them all.")
        }
    }

    func run() throws {
        if list { return try printCatalogue() }
        let session = try global.open(for: .reading)
        let namespace = session.world.scenario.namespace
        if let query = promQLQuery(session.world) { return try draw(query, session) }
        let parsed = try measurements.map { try Measurement(parsing: $0, namespace: namespace) }
        let begin = from?.time(in: session.world) ?? .zero
        let end = to?.time(in: session.world) ?? session.now
        guard begin < end, end <= session.now else {
            throw Failure(
                session.now == .zero
                    ? "no time has passed yet; 'kubelab advance 5m' lets it."
                    : "--from \(begin.clock) --to \(end.clock) is no part of what has passed: 0s to \(session.now.clock)"
            )
        }
        let columns = points ?? max(20, min(Terminal.width - 10, 100))
        let samples = try Self.sample(session, parsed, from: begin, to: end, points: columns)
        if output.isJSON { return try printJSON(parsed, samples) }
        let marks = try Marks(session, from: begin, to: end)
        for (place, measurement) in parsed.enumerated() {
            if place > 0 { Terminal.print("") }
            let chart = Chart(
                title: measurements[place], unit: measurement.unit, from: begin, to: end,
                series: Chart.Series(name: measurements[place], values: samples.map { $0.values[place] }),
                marks: marks.shown)
            for line in chart.lines(plain: Terminal.isPlain) { Terminal.print(line) }
        }
        marks.noteOmitted()
    }

    struct Sample {
        var time: SimulationTime
        var values: [Double?]
    }

    /// Lives through the span again and looks at evenly spaced moments.
    static func sample(
        _ session: LabSession, _ measurements: [Measurement], from: SimulationTime, to: SimulationTime, points: Int
    ) throws -> [Sample] {
        var replay = try session.replay(from: from)
        var progress = Progress()
        var samples: [Sample] = []
        for point in 0..<points {
            let time =
                from
                + Duration(nanoseconds: Int64(Double((to - from).nanoseconds) * Double(point) / Double(points - 1)))
            try replay.advance(to: time)
            samples.append(Sample(time: time, values: measurements.map { $0.value(in: replay.world) }))
            progress.show("living through it again: \(time.clock) of \(to.clock)")
        }
        Terminal.endProgress()
        return samples
    }

    /// What the learner and faults did in a span, the last of it below the chart.
    struct Marks {
        private static let most = 8

        var shown: [Chart.Mark]
        private var count: Int

        init(_ session: LabSession, from: SimulationTime, to: SimulationTime) throws {
            let entries = try Incident.ofInputsAndFaults(session).filter { $0.time >= from && $0.time <= to }
            // Those of one instant stay in their order.
            let ordered = entries.enumerated().sorted {
                ($0.element.time, $0.offset) < ($1.element.time, $1.offset)
            }.map(\.element)
            shown = ordered.suffix(Self.most).map { Chart.Mark(time: $0.time, text: $0.text) }
            count = entries.count
        }

        func noteOmitted() {
            guard count > shown.count else { return }
            Terminal.note("Marked are the last \(shown.count) of \(count) events; 'kubelab timeline' has them all.")
        }
    }

    private func printJSON(_ parsed: [Measurement], _ samples: [Sample]) throws {
        let series = parsed.enumerated().map { place, measurement in
            GraphSeries(
                measurement: measurements[place], unit: measurement.unit,
                samples: samples.map { GraphPoint(seconds: $0.time.seconds, value: $0.values[place]) })
        }
        Terminal.print(try JSONText.of(series))
    }

    private func printCatalogue() throws {
        let rows = Measurement.catalogue.flatMap { entry in
            entry.fields.map {
                CatalogueRow(measurement: "\(entry.subject).\($0.name)", unit: $0.unit, meaning: $0.meaning)
            }
        }
        if output.isJSON { return Terminal.print(try JSONText.of(rows)) }
        var table = Table(["MEASUREMENT", "UNIT", "MEANING"])
        for row in rows { table.add([row.measurement, row.unit, row.meaning]) }
        for line in table.lines { Terminal.print(line) }
    }
}

private struct GraphSeries: Encodable {
    var measurement: String
    var unit: String
    var samples: [GraphPoint]
}

private struct GraphPoint: Encodable {
    var seconds: Double
    var value: Double?
}

private struct CatalogueRow: Encodable {
    var measurement: String
    var unit: String
    var meaning: String
}
