import Lab
import PromQL
import Simulation

/// Charts of queries: what the lab's Prometheus has stored, and nothing that it did not see.
extension Graph {
    /// The one argument as a query, where it is no measurement and the lab has Prometheus.
    func promQLQuery(_ world: World) -> String? {
        guard world.monitoring != nil, measurements.count == 1,
            (try? Measurement(parsing: measurements[0], namespace: world.scenario.namespace)) == nil
        else { return nil }
        return measurements[0]
    }

    /// Most series that are drawn, each in a chart of its own.
    private static let mostSeries = 8

    func draw(_ query: String, _ session: LabSession) throws {
        guard let prometheus = session.world.monitoring?.prometheus else { return }
        let begin = from?.time(in: session.world) ?? .zero
        let end = to?.time(in: session.world) ?? session.now
        guard begin < end, end <= session.now else {
            throw Failure(
                "--from \(begin.clock) --to \(end.clock) is no part of what has passed: 0s to \(session.now.clock)")
        }
        let columns = points ?? max(20, min(Terminal.width - 10, 100))
        let first = session.world.epochMilliseconds - (session.now - begin).nanoseconds / 1_000_000
        let span = (end - begin).nanoseconds / 1_000_000
        let step = max(1, span / Int64(columns - 1))
        let last = first + step * Int64(columns - 1)
        if output.isJSON {
            return Terminal.print(
                APIResponse.queryRange(
                    query, engine: prometheus.engine, store: prometheus.store, start: first, end: last, step: step
                ).body)
        }
        let result: QueryResult
        do {
            result = try prometheus.engine.range(query, in: prometheus.store, from: first, through: last, step: step)
        } catch {
            throw Failure("\(query): \(error)\nIt was read as PromQL, as it is no measurement; --list shows those.")
        }
        guard case .matrix(let series) = result.value, !series.isEmpty else {
            let why = PromQLCommand.reasonForNothing(query, prometheus.store)
            return Terminal.print("No data: \(why ?? "Prometheus has no such series in this span.")")
        }
        let marks = try Marks(session, from: begin, to: end)
        for (place, one) in series.prefix(Self.mostSeries).enumerated() {
            if place > 0 { Terminal.print("") }
            var values = [Double?](repeating: nil, count: columns)
            for sample in one.floats where sample.value.isFinite {
                let column = Int((sample.time - first) / step)
                if values.indices.contains(column) { values[column] = sample.value }
            }
            let name = one.labels.isEmpty ? query : one.labels.description
            let chart = Chart(
                title: name, unit: "", from: begin, to: end, series: Chart.Series(name: name, values: values),
                marks: marks.shown)
            for line in chart.lines(plain: Terminal.isPlain) { Terminal.print(line) }
        }
        marks.noteOmitted()
        if series.count > Self.mostSeries {
            Terminal.note("\(series.count - Self.mostSeries) further series are not drawn; aggregate, or use -o json.")
        }
        for remark in result.warnings + result.infos { Terminal.note(remark) }
    }
}
