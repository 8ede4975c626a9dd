import Lab
import Simulation

/// 'From 4 to 8 hours to 15 to 30 minutes': the same incidents with four levels of telemetry, taken care of by the same
/// ``Responder``.
struct RecoveryExperiment: Sendable {
    let settings: ExperimentSettings
    /// What is varied.
    var changes = RecoveryExperiment.changes

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
    /// - Returns: nil if it was to stop.
    /// - Throws: `ConfigurationError`, `RunError` if the world cannot begin.
    static func courses(
        seed: UInt64, _ assumptions: Assumptions, _ levels: [TelemetryLevel], _ settings: ExperimentSettings
    ) throws -> [RecoveryCourse]? {
        let incident = Incident(seed: seed, harmlessReleases: assumptions.harmlessReleases)
        let beginning = try SimulatedDesk.begin(incident, seed: seed, replicas: assumptions.replicas, settings)
        let courses = levels.map { level in
            var desk = SimulatedDesk(
                beginning, assumptions.profile, level, settings, cures: incident.cures)
            return RecoveryCourse(of: &desk, cures: incident.cures, seed: seed)
        }
        // What was broken off says nothing.
        return settings.isOver() ? nil : courses
    }

    // MARK: Report

    func report() throws -> ExperimentReport {
        let count = settings.seeds ?? Experiment.mttr.seeds(quick: settings.quick)
        let seeds = settings.seeds(.mttr, "report", count: count)
        let levels = TelemetryLevel.allCases
        // The scenario is read once before anything runs, so that an error in it is said once.
        _ = try settings.scenario("mttr.yaml")
        let changes = changes
        // Assumptions are varied on the first incidents only, and at the two ends.
        let few = min(count, settings.quick ? 4 : 40)
        let jobs =
            seeds.indices.map { (change: Int?.none, seed: $0) }
            + changes.indices.flatMap { change in (0..<few).map { (change: Int?.some(change), seed: $0) } }
        let results = settings.each("incidents", jobs.count) { index -> Result<[RecoveryCourse]?, any Error> in
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
            guard let courses = try result?.get() ?? nil else { continue }
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
                "how soon users complain", "10 min", "60 min, 1 in 200",
                with {
                    $0.profile.hurtPerComplaint = 200
                    $0.profile.triage = 60
                }
            ),
            ("how long actions take", "3 to 45 min", "a third of that", with { $0.profile.acting = 1 / 3 }),
            ("how sure the responder must be", "80%", "50%", with { $0.profile.confidence = 0.5 }),
            ("whether kubectl shows objects", "yes", "logs alone", with { $0.profile.hasObjects = false }),
            ("how late alerts arrive", "at once", "after 60 min", with { $0.profile.alertDelay = 60 }),
            ("how often a sign is misread", "1%", "5%", with { $0.profile.misreading = 0.05 }),
            (
                "whether traces are expected to blame callers", "no", "for calls given up",
                with { $0.profile.callersLookGuilty = true }
            ),
            ("how often harmless releases mislead", "1 in 2", "never", with { $0.harmlessReleases = 0 }),
        ]
    }

    private func describe(_ report: inout ExperimentReport) {
        let profile = ResponderProfile()
        func minutes(_ value: Double) -> String { "\(Figures.rounded(value, 1)) min" }
        report.method = [
            "World: the support desk, small (gateway, agent, retriever, orders: 9 pods; a model provider and one in reserve; a database), with users every second. \(report.seeds) incidents drawn from \(Incident.Kind.allCases.count) kinds: \(Incident.Kind.allCases.map(\.rawValue).joined(separator: ", ")); half of them shortly after a harmless release. Each is lived through at every level, in the same world.",
            "Levels: \(TelemetryLevel.allCases.map(\.name).joined(separator: "; ")). kubectl is there at each.",
            "The responder knows the architecture and \(Hypothesis.all.count) things that may be wrong, and not which. It looks where it expects most information a minute, narrows down by what the world's telemetry shows at that moment, acts when it is \(Figures.percent(profile.confidence)) sure of a remedy or has seen all, and checks by telemetry whether users recover. Time passes meanwhile: \(minutes(profile.podLog)) for the log of a pod, \(minutes(profile.objects)) for kubectl get, \(minutes(profile.dashboard)) for a dashboard, \(minutes(profile.logQuery)) for a log query, \(minutes(profile.traces)) for traces; 3 (restart) to 45 min (a raised limit) for actions; all of them medians of lognormal times (σ \(Figures.rounded(profile.spread, 1))). \(Figures.percent(profile.misreading)) of signs are misread.",
            "It is called by an alert, or without metrics by the third complaint (of those hurt 1 in \(profile.hurtPerComplaint) complains) after \(minutes(profile.triage)) of triage, and sits down \(minutes(profile.acknowledging)) later.",
            "Time to recovery: from the fault's beginning to the end of the last minute in which more than a tenth of one kind of users got no good answer in time, by the model's truth; at most 12 hours.",
        ]
        report.statistics =
            "95% intervals: Student's t over incidents for means, the percentile bootstrap (1,000 resamples of incidents from a seeded stream) for medians and ratios."
        report.result = "mean time to recovery with logs on the pods, as a multiple of that with all, correlated"
        report.resultUnit = "times"
    }

    static func verdict(_ ratio: Estimate) -> String {
        if ratio.high < 5 { return "less than claimed" }
        if ratio.low > 10 { return "more than claimed" }
        return ratio.low >= 5 && ratio.high <= 10 ? "as claimed" : "undecided"
    }

    /// Mean with the first level over mean with the last.
    static func ratio(_ courses: [[RecoveryCourse]], _ name: String) -> Estimate? {
        Estimate(bootstrap: courses.count, name: name) { ratio(courses, $0) }
    }

    static func ratio(_ courses: [[RecoveryCourse]], _ places: [Int]) -> Double {
        let first = places.reduce(0) { $0 + (courses[$1].first?.minutes ?? 0) }
        let last = places.reduce(0) { $0 + (courses[$1].last?.minutes ?? 0) }
        return last > 0 ? first / last : .nan
    }

    private func dependences(
        _ standard: [(seed: Int, courses: [RecoveryCourse])], _ varied: [[(seed: Int, courses: [RecoveryCourse])]],
        _ changes: [(assumption: String, here: String, changed: String, assumptions: Assumptions)],
        _ report: inout ExperimentReport
    ) {
        var answers = ExperimentReport.Table(
            title: "Whether the answer changes with an assumption (mean minutes)",
            header: ["ASSUMPTION", "LOGS", "ALL", "TIMES", "ANSWER"], rows: [])
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
            answers.rows.append(Self.answer(change.assumption + ": " + change.changed, with, result))
            if answers.rows.count == 1, let here = Self.ratio(without, "mttr") {
                answers.rows.insert(Self.answer("as assumed here, same incidents", without, here), at: 0)
            }
        }
        if !answers.rows.isEmpty { report.tables.append(answers) }
    }

    /// A row of the table of answers.
    private static func answer(_ words: String, _ courses: [[RecoveryCourse]], _ ratio: Estimate) -> [String] {
        func mean(_ course: ([RecoveryCourse]) -> RecoveryCourse?) -> String {
            let sum = courses.reduce(0) { $0 + (course($1)?.minutes ?? 0) }
            return Figures.rounded(sum / Double(max(1, courses.count)), 0)
        }
        return [words, mean(\.first), mean(\.last), Figures.rounded(ratio.value, 1), verdict(ratio)]
    }
}
