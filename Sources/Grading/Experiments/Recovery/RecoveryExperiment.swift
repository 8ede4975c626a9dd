import Lab
import Simulation

/// 'From 4 to 8 hours to 15 to 30 minutes': the same incidents with four levels of telemetry, taken care of by the same
/// ``Responder``.
struct RecoveryExperiment: Sendable {
    let settings: ExperimentSettings

    init(_ settings: ExperimentSettings) { self.settings = settings }

    /// What the world and the responder are like.
    struct Assumptions: Sendable, Equatable {
        var profile = ResponderProfile()
        /// Factor on the number of pods.
        var replicas = 1
        /// The chance of a harmless release shortly before.
        var harmlessReleases = 0.5
    }

    /// Lives through an incident at some levels, which share the world up to its beginning.
    /// - Throws: `ConfigurationError`, `RunError` if the world cannot begin.
    static func courses(
        seed: UInt64, _ assumptions: Assumptions, _ levels: [TelemetryLevel], _ settings: ExperimentSettings
    ) throws -> [RecoveryCourse] {
        let incident = Incident(seed: seed, harmlessReleases: assumptions.harmlessReleases)
        let (world, deployed, usual) = try SimulatedDesk.begin(
            incident, seed: seed, replicas: assumptions.replicas, settings)
        return levels.map { level in
            var desk = SimulatedDesk(
                world, deployed, usual, assumptions.profile, level, settings, cures: incident.cures)
            return RecoveryCourse(of: &desk, cures: incident.cures, seed: seed)
        }
    }

    // MARK: Report

    func report() throws -> ExperimentReport {
        let count = settings.seeds ?? Experiment.mttr.seeds(quick: settings.quick)
        let seeds = settings.seeds(.mttr, "report", count: count)
        let levels = TelemetryLevel.allCases
        // The scenario is read once before anything runs, so that an error in it is said once.
        _ = try settings.scenario("mttr.yaml")
        let changes = Self.changes
        // Assumptions are varied on the first incidents only, and at the two ends.
        let few = min(count, settings.quick ? 8 : 40)
        let jobs =
            seeds.indices.map { (change: Int?.none, seed: $0) }
            + changes.indices.flatMap { change in (0..<few).map { (change: Int?.some(change), seed: $0) } }
        let results = settings.each("incidents", jobs.count) { index -> Result<[RecoveryCourse], any Error> in
            let job = jobs[index]
            return Result {
                try Self.courses(
                    seed: seeds[job.seed], job.change.map { changes[$0].assumptions } ?? Assumptions(),
                    job.change == nil ? levels : [.logsOnPods, .correlated], settings)
            }
        }
        var standard: [(seed: Int, courses: [RecoveryCourse])] = []
        var varied = [[(seed: Int, courses: [RecoveryCourse])]](repeating: [], count: changes.count)
        for (job, result) in zip(jobs, results) {
            guard let courses = try result?.get() else { continue }
            if let change = job.change {
                varied[change].append((job.seed, courses))
            } else {
                standard.append((job.seed, courses))
            }
        }
        var report = ExperimentReport(.mttr, seeds: count)
        report.plannedRuns = count * levels.count + changes.count * few * 2
        report.runs = standard.reduce(0) { $0 + $1.courses.count } + varied.joined().reduce(0) { $0 + $1.courses.count }
        describe(&report)
        // An incident that hurt nobody is none.
        let hurting = standard.filter { $0.courses.allSatisfy { $0.minutes != nil } }
        guard !hurting.isEmpty else { return report }
        let kinds = hurting.map { Incident(seed: seeds[$0.seed]).kind }
        show(hurting.map(\.courses), kinds, of: standard.count, &report)
        let complete = varied.map { $0.count == few ? $0 : [] }
        dependences(hurting.filter { $0.seed < few }, complete, changes, &report)
        return report
    }

    /// What is changed, one thing at a time.
    static var changes: [(assumption: String, here: String, changed: String, assumptions: Assumptions)] {
        func with(_ change: (inout Assumptions) -> Void) -> Assumptions {
            var assumptions = Assumptions()
            change(&assumptions)
            return assumptions
        }
        return [
            ("how long a pod's log takes to read", "5 min", "15 min", with { $0.profile.podLog = 15 }),
            ("how many pods there are", "9", "27", with { $0.replicas = 3 }),
            (
                "how soon users complain", "1 in 50, 10 min of triage", "1 in 200, 60 min",
                with {
                    $0.profile.hurtPerComplaint = 200
                    $0.profile.triage = 60
                }
            ),
            ("how long actions take", "3 to 45 min", "a third of that", with { $0.profile.acting = 1 / 3 }),
            ("how sure the responder must be", "80%", "50%", with { $0.profile.confidence = 0.5 }),
            ("whether kubectl shows objects", "yes", "logs alone", with { $0.profile.hasObjects = false }),
            ("how often harmless releases mislead", "1 in 2", "never", with { $0.harmlessReleases = 0 }),
        ]
    }

    private func describe(_ report: inout ExperimentReport) {
        let profile = ResponderProfile()
        func minutes(_ value: Double) -> String { "\(Figures.rounded(value, 1)) min" }
        report.method = [
            "World: the support desk, small (gateway, agent, retriever, orders: 9 pods; a model provider and one in reserve; a database), with users every second. \(report.seeds) incidents drawn from \(Incident.Kind.allCases.count) kinds: \(Incident.Kind.allCases.map(\.rawValue).joined(separator: ", ")); half of them shortly after a harmless release. Each is lived through at every level, in the same world.",
            "Levels: \(TelemetryLevel.allCases.map(\.name).joined(separator: "; ")). kubectl is there at each.",
            "The responder knows the architecture and \(Hypothesis.all.count) things that may be wrong, and not which. It looks where it expects most information a minute, narrows down by what the world's telemetry shows at that moment, acts when it is \(Figures.percent(profile.confidence)) sure of a remedy or has seen all, and checks by telemetry whether users recover. Time passes meanwhile: \(minutes(profile.podLog)) for the log of a pod, \(minutes(profile.objects)) for kubectl get, \(minutes(profile.dashboard)) for a dashboard, \(minutes(profile.logQuery)) for a log query, \(minutes(profile.traces)) for traces; 3 (restart) to 45 min (a raised limit) for actions.",
            "It is called by an alert, or without metrics by the third complaint (of those hurt 1 in \(profile.hurtPerComplaint) complains) after \(minutes(profile.triage)) of triage, and sits down \(minutes(profile.acknowledging)) later.",
            "Time to recovery: from the fault's beginning to the end of the last minute in which more than a tenth of one kind of users got no good answer in time, by the model's truth; at most 12 hours.",
        ]
        report.statistics =
            "95% intervals: Student's t over incidents for means, the percentile bootstrap (1,000 resamples of incidents from a seeded stream) for medians and ratios."
        report.result = "mean time to recovery with logs on the pods, as a multiple of that with all, correlated"
        report.resultUnit = "times"
    }

    private func show(
        _ courses: [[RecoveryCourse]], _ kinds: [Incident.Kind], of all: Int, _ report: inout ExperimentReport
    ) {
        var table = ExperimentReport.Table(
            title: "Minutes to recovery",
            header: ["TELEMETRY", "MEAN", "95% INTERVAL", "MEDIAN", "95% INTERVAL", "LOOKS", "ACTIONS", "NOT IN 12 H"],
            rows: [])
        var spreads: [ExperimentReport.Spread] = []
        let levels = TelemetryLevel.allCases
        for (index, level) in levels.enumerated() {
            let minutes = courses.map { $0[index].minutes ?? 0 }
            let sorted = minutes.sorted()
            guard let mean = Estimate(meanOf: minutes),
                let median = Estimate(
                    bootstrap: minutes.count, name: "mttr", statistic: { Estimate.median($0.map { minutes[$0] }) })
            else { continue }
            spreads.append(
                .init(
                    name: level.name,
                    quantiles: [0.1, 0.25, 0.5, 0.75, 0.9].map { Estimate.quantile($0, ofSorted: sorted) }))
            func average(_ value: (RecoveryCourse) -> Int) -> String {
                Figures.rounded(Double(courses.reduce(0) { $0 + value($1[index]) }) / Double(courses.count), 1)
            }
            table.rows.append([
                level.name, Figures.rounded(mean.value, 1),
                "\(Figures.rounded(mean.low, 1)) to \(Figures.rounded(mean.high, 1))", Figures.rounded(median.value, 1),
                "\(Figures.rounded(median.low, 1)) to \(Figures.rounded(median.high, 1))", average(\.looks),
                average(\.actions), "\(courses.count { $0[index].isCensored })",
            ])
        }
        var byKind = ExperimentReport.Table(
            title: "Mean minutes by what was wrong",
            header: ["INCIDENT", "COUNT"] + levels.map { $0.name.uppercased() }, rows: [])
        for kind in Incident.Kind.allCases {
            let those = zip(kinds, courses).filter { $0.0 == kind }.map(\.1)
            guard !those.isEmpty else { continue }
            byKind.rows.append(
                [kind.rawValue, "\(those.count)"]
                    + levels.indices.map { index in
                        Figures.rounded(those.reduce(0) { $0 + ($1[index].minutes ?? 0) } / Double(those.count), 1)
                    })
        }
        report.pictures = [.spreads(title: "Time to recovery", unit: "minutes", rows: spreads)]
        report.tables = [table, byKind]
        if all > courses.count {
            report.findings.append("\(all - courses.count) of \(all) incidents hurt nobody and are not counted.")
        }
        guard let ratio = Self.ratio(courses, "mttr"), let first = Estimate(meanOf: courses.map { $0[0].minutes ?? 0 }),
            let last = Estimate(meanOf: courses.map { $0[levels.count - 1].minutes ?? 0 })
        else { return }
        report.findings += [
            "From \(Figures.rounded(first.value / 60, 1)) hours (claimed: 4 to 8) to \(Figures.rounded(last.value, 0)) minutes (claimed: 15 to 30): \(Figures.rounded(ratio.value, 1)) times (\(Figures.rounded(ratio.low, 1)) to \(Figures.rounded(ratio.high, 1))), \(Self.verdict(ratio)) (claimed: 5 to 10)."
        ]
        for (index, level) in levels.enumerated().dropFirst() {
            let gains = courses.map { ($0[index - 1].minutes ?? 0) - ($0[index].minutes ?? 0) }
            guard let gain = Estimate(meanOf: gains) else { continue }
            report.findings.append(
                "\(levels[index - 1].name) → \(level.name): \(Figures.rounded(gain.value, 1)) minutes less on average (\(Figures.rounded(gain.low, 1)) to \(Figures.rounded(gain.high, 1)))."
            )
        }
    }

    private static func verdict(_ ratio: Estimate) -> String {
        if ratio.high < 5 { return "less than claimed" }
        if ratio.low > 10 { return "more than claimed" }
        return ratio.low >= 5 && ratio.high <= 10 ? "as claimed" : "at the edge of what is claimed"
    }

    /// Mean with the first level over mean with the last.
    private static func ratio(_ courses: [[RecoveryCourse]], _ name: String) -> Estimate? {
        Estimate(bootstrap: courses.count, name: name) { ratio(courses, $0) }
    }

    private static func ratio(_ courses: [[RecoveryCourse]], _ places: [Int]) -> Double {
        let first = places.reduce(0) { $0 + (courses[$1].first?.minutes ?? 0) }
        let last = places.reduce(0) { $0 + (courses[$1].last?.minutes ?? 0) }
        return last > 0 ? first / last : .nan
    }

    private func dependences(
        _ standard: [(seed: Int, courses: [RecoveryCourse])], _ varied: [[(seed: Int, courses: [RecoveryCourse])]],
        _ changes: [(assumption: String, here: String, changed: String, assumptions: Assumptions)],
        _ report: inout ExperimentReport
    ) {
        for (change, found) in zip(changes, varied) {
            // Pairs: the same incident with and without the change, if it hurt somebody in both.
            var pairs: [(with: [RecoveryCourse], without: [RecoveryCourse])] = []
            for one in standard {
                guard let other = found.first(where: { $0.seed == one.seed })?.courses,
                    other.allSatisfy({ $0.minutes != nil })
                else { continue }
                pairs.append((other, one.courses))
            }
            let (with, without) = (pairs.map(\.with), pairs.map(\.without))
            guard let result = Self.ratio(with, "mttr"),
                let movement = Estimate(
                    bootstrap: pairs.count, name: "mttr",
                    statistic: { Self.ratio(with, $0) - Self.ratio(without, $0) })
            else { continue }
            report.dependences.append(
                .init(
                    assumption: change.assumption, here: change.here, changed: change.changed, result: result,
                    movement: movement))
        }
    }
}
