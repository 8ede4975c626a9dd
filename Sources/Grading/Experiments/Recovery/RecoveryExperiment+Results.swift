import Simulation

extension RecoveryExperiment {
    /// The tables, the picture and the sentences about incidents, each with one course a level.
    func show(
        _ courses: [[RecoveryCourse]], _ kinds: [Incident.Kind], of all: Int, _ report: inout ExperimentReport
    ) {
        report.pictures = [.spreads(title: "Time to recovery", unit: "minutes", rows: Self.spreads(courses))]
        report.tables = [
            Self.times(courses), Self.stages(courses), Self.efforts(courses), Self.byKind(courses, kinds),
        ]
        if all > courses.count {
            report.findings.append("\(all - courses.count) of \(all) incidents hurt nobody and are not counted.")
        }
        let broken = courses.joined().count { $0.failure != nil }
        if broken > 0 {
            report.findings.append("\(broken) courses could not be followed to their end and count as they stood then.")
        }
        let levels = TelemetryLevel.allCases
        guard let ratio = Self.ratio(courses, "mttr"),
            let first = Estimate(meanOf: courses.map { $0.first?.minutes ?? 0 }),
            let last = Estimate(meanOf: courses.map { $0.last?.minutes ?? 0 })
        else { return }
        func interval(_ estimate: Estimate, _ scale: Double, _ places: Int) -> String {
            "\(Figures.rounded(estimate.low / scale, places)) to \(Figures.rounded(estimate.high / scale, places))"
        }
        report.findings += [
            "With logs on the pods: \(Figures.rounded(first.value / 60, 1)) hours on average (\(interval(first, 60, 1)); claimed: 4 to 8). With all, correlated: \(Figures.rounded(last.value, 0)) minutes (\(interval(last, 1, 0)); claimed: 15 to 30).",
            "The ratio is \(Figures.rounded(ratio.value, 1)) (\(interval(ratio, 1, 1)); claimed: 5 to 10): \(Self.verdict(ratio)).",
        ]
        for (index, level) in levels.enumerated().dropFirst() {
            let gains = courses.map { ($0[index - 1].minutes ?? 0) - ($0[index].minutes ?? 0) }
            guard var gain = Estimate(meanOf: gains) else { continue }
            let word = gain.value < 0 ? "more" : "less"
            if gain.value < 0 { (gain.value, gain.low, gain.high) = (-gain.value, -gain.high, -gain.low) }
            report.findings.append(
                "\(levels[index - 1].name) → \(level.name): \(Figures.rounded(gain.value, 1)) minutes \(word) on average (\(interval(gain, 1, 1)))."
            )
        }
    }

    private static func spreads(_ courses: [[RecoveryCourse]]) -> [ExperimentReport.Spread] {
        TelemetryLevel.allCases.enumerated().map { index, level in
            let sorted = courses.map { $0[index].minutes ?? 0 }.sorted()
            return .init(
                name: level.name,
                quantiles: [0.1, 0.25, 0.5, 0.75, 0.9].map { Estimate.quantile($0, ofSorted: sorted) })
        }
    }

    private static func times(_ courses: [[RecoveryCourse]]) -> ExperimentReport.Table {
        var table = ExperimentReport.Table(
            title: "Minutes to recovery", header: ["TELEMETRY", "MEAN", "95% INTERVAL", "MEDIAN", "95% INTERVAL"],
            rows: [])
        for (index, level) in TelemetryLevel.allCases.enumerated() {
            let minutes = courses.map { $0[index].minutes ?? 0 }
            guard let mean = Estimate(meanOf: minutes),
                let median = Estimate(
                    bootstrap: minutes.count, name: "mttr", statistic: { Estimate.median($0.map { minutes[$0] }) })
            else { continue }
            table.rows.append([
                level.name, Figures.rounded(mean.value, 1),
                "\(Figures.rounded(max(0, mean.low), 1)) to \(Figures.rounded(mean.high, 1))",
                Figures.rounded(median.value, 1),
                "\(Figures.rounded(median.low, 1)) to \(Figures.rounded(median.high, 1))",
            ])
        }
        return table
    }

    /// Where the time goes, and how many were over when.
    private static func stages(_ courses: [[RecoveryCourse]]) -> ExperimentReport.Table {
        var table = ExperimentReport.Table(
            title: "Median minutes until each stage, and shares of incidents over within a limit",
            header: ["TELEMETRY", "DETECTED", "DIAGNOSED", "RECOVERED", "30 MIN", "4 H", "12 H"], rows: [])
        for (index, level) in TelemetryLevel.allCases.enumerated() {
            let all = courses.map { $0[index] }
            func median(_ values: [Double]) -> String {
                values.isEmpty ? "-" : Figures.rounded(Estimate.median(values), 1)
            }
            func share(_ limit: Double) -> String {
                let over = all.count { !$0.isCensored && ($0.minutes ?? 0) <= limit }
                return Figures.percent(Double(over) / Double(max(1, all.count)))
            }
            table.rows.append([
                level.name, median(all.compactMap(\.detected)), median(all.compactMap(\.diagnosed)),
                median(all.compactMap(\.minutes)), share(30), share(240), share(720),
            ])
        }
        return table
    }

    /// What it took, and what wrong actions did to users.
    private static func efforts(_ courses: [[RecoveryCourse]]) -> ExperimentReport.Table {
        var table = ExperimentReport.Table(
            title: "Means of an incident: looks, actions, and users who got no good answer",
            header: ["TELEMETRY", "LOOKS", "ACTIONS", "WRONG ONES", "HURT", "BY WRONG ACTIONS"], rows: [])
        for (index, level) in TelemetryLevel.allCases.enumerated() {
            func mean(_ places: Int, _ value: (RecoveryCourse) -> Double) -> String {
                Figures.rounded(courses.reduce(0) { $0 + value($1[index]) } / Double(max(1, courses.count)), places)
            }
            table.rows.append([
                level.name, mean(1) { Double($0.looks) }, mean(1) { Double($0.actions) },
                mean(1) { Double($0.wrongActions) }, mean(0) { Double($0.hurt) },
                mean(0) { Double($0.hurtByWrongActions) },
            ])
        }
        return table
    }

    private static func byKind(_ courses: [[RecoveryCourse]], _ kinds: [Incident.Kind]) -> ExperimentReport.Table {
        var table = ExperimentReport.Table(
            title: "Mean minutes by what was wrong",
            header: ["INCIDENT", "COUNT", "LOGS ON PODS", "METRICS", "AND LOGS", "CORRELATED"], rows: [])
        for kind in Incident.Kind.allCases {
            let those = zip(kinds, courses).filter { $0.0 == kind }.map(\.1)
            guard !those.isEmpty else { continue }
            table.rows.append(
                [kind.rawValue, "\(those.count)"]
                    + TelemetryLevel.allCases.indices.map { index in
                        Figures.rounded(those.reduce(0) { $0 + ($1[index].minutes ?? 0) } / Double(those.count), 1)
                    })
        }
        return table
    }
}
