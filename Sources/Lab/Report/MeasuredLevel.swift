import Monitoring
import PromQL
import Simulation

extension ServiceLevelObjective {
    /// The share of answers with a status of 5xx, over all programs that are scraped: what a team has that has written
    /// no objective yet.
    static func usual(target: Double) -> ServiceLevelObjective {
        ServiceLevelObjective(
            service: "all", name: "answers without 5xx", objective: target * 100,
            indicator: .events(
                bad: "sum(rate(http_requests_total{code=~\"5..\"}[{{.window}}])) or vector(0)",
                total: "sum(rate(http_requests_total[{{.window}}]))"))
    }

    /// The share of bad events over a window of milliseconds.
    func query(window: Int64) -> String {
        let query =
            switch indicator {
            case .events(let bad, let total): "(\(bad)) / (\(total))"
            case .ratio(let ratio): ratio
            }
        return query.replacing("{{.window}}", with: PrometheusDuration.format(window))
    }
}

extension LabReport {
    /// What the lab's Prometheus has measured in each column; nothing in a lab without one.
    static func measured(
        _ session: LabSession, _ columns: Columns, target: Double, _ objectives: [ServiceLevelObjective]
    ) -> [MeasuredLevel] {
        guard let prometheus = session.world.monitoring?.prometheus, columns.begin < columns.end else { return [] }
        let start = session.world.epochMilliseconds - session.now.nanoseconds / 1_000_000
        func milliseconds(_ time: SimulationTime) -> Int64 { start + time.nanoseconds / 1_000_000 }
        // A rate needs a few scrapes.
        let step = max(1_000, columns.width.nanoseconds / 1_000_000)
        let window = max(60_000, (step + 999) / 1_000 * 1_000)
        return (objectives.isEmpty ? [.usual(target: target)] : objectives).map { one in
            let goal = one.objective / 100
            let name = objectives.isEmpty ? one.name : one.id
            var level = MeasuredLevel(
                name: name, target: goal, columns: Array(repeating: nil, count: columns.count), problem: "")
            do {
                let first = milliseconds(columns.edge(1))
                let result = try prometheus.engine.range(
                    one.query(window: window), in: prometheus.store, from: first, through: milliseconds(columns.end),
                    step: step)
                if case .matrix(let series) = result.value {
                    guard series.count <= 1 else {
                        level.problem = "the indicator has \(series.count) series and not one: sum them up"
                        return level
                    }
                    for sample in series.first?.floats ?? [] where sample.value.isFinite {
                        let column = Int((sample.time - first) / step)
                        if level.columns.indices.contains(column) { level.columns[column] = 1 - sample.value }
                    }
                }
                let span = max(1_000, (milliseconds(columns.end) - milliseconds(columns.begin)) / 1_000 * 1_000)
                let budget = try ErrorBudget(
                    one, window: span, at: milliseconds(columns.end), in: prometheus.store,
                    engine: prometheus.engine)
                level.good = budget.errorRatio.map { 1 - $0 }
                level.budgetLeft = budget.left
                if budget.errorRatio == nil { level.problem = "no request was measured in this span" }
            } catch { level.problem = "\(error)" }
            return level
        }
    }
}
