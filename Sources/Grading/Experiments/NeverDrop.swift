import Lab
import Simulation
import Workloads

/// 'Auto-scaling ensures you never drop requests': the share dropped against the steepness of a burst, the time a pod
/// needs to start, and what the autoscaler's target leaves free.
///
/// Open traffic (users come whether or not they are served), one by one; a real HorizontalPodAutoscaler on CPU. A request
/// is dropped if its user got no good answer: it failed, timed out for good, or its user left.
struct NeverDrop: Sendable {
    /// One world.
    struct Setting: Sendable, Equatable {
        /// Seconds in which the traffic grows to its multiple.
        var rise: Int64 = 30
        /// Seconds from a container's start to its readiness.
        var startup: Int64 = 20
        /// The autoscaler's target, per cent of a core.
        var target: Int64 = 50
        /// The burst's height, as a multiple of the traffic before.
        var multiple = 3.0
        /// Seconds that a client waits for one attempt, and attempts after the first.
        var timeout: Int64 = 5
        var retries: Int64 = 1
        /// Machines of four cores that are there from the beginning; more are bought within 90 s.
        var nodes = 12
        /// Seconds between two measurements of CPU.
        var resolution: Int64 = 15
        /// Whether the server drops what nobody waits for any more, and at how many requests a pod sheds the rest at
        /// once (0: never).
        var cancels = false
        var limit = 0
    }

    /// What one world came to.
    struct Outcome: Sendable, Equatable {
        var dropped: Int64
        var requests: Int64

        var share: Double { requests > 0 ? Double(dropped) / Double(requests) : 0 }
    }

    /// Requests a second before the burst, and when it begins.
    static let usualRate = 14.0
    static let burst: Duration = .minutes(4)
    /// How long the traffic stays at its height.
    static let plateau: Duration = .minutes(6)

    let settings: ExperimentSettings
    /// What is varied against what.
    var rises: [Int64]
    var startups: [Int64]
    var targets: [Int64]
    /// What is changed about the reference setting.
    var changes = NeverDrop.changes

    init(_ settings: ExperimentSettings) {
        self.settings = settings
        rises = settings.quick ? [10, 90, 600] : [10, 30, 90, 300, 900]
        startups = settings.quick ? [5, 60] : [5, 20, 60, 180]
        targets = settings.quick ? [50, 80] : [35, 50, 70, 90]
    }

    /// Runs one world.
    /// - Throws: `ConfigurationError` if it cannot begin, `RunError`.
    static func outcome(_ setting: Setting, seed: UInt64, _ settings: ExperimentSettings) throws -> Outcome {
        let full = burst + .seconds(setting.rise)
        // A third of the start is CPU, as of an interpreter that imports a framework; the rest is waiting.
        let importing = min(4, Double(setting.startup) / 3)
        var values = [
            "target": "\(setting.target)", "full": "\(full.wholeSeconds)s", "peak": "\(usualRate * setting.multiple)",
            "timeout": "\(setting.timeout)s", "retries": "\(setting.retries)", "nodes": "\(setting.nodes)",
            "resolution": "\(setting.resolution)s", "cancels": "\(setting.cancels)",
            "limit": setting.limit > 0 ? "\(setting.limit)" : "null", "importing": "\(importing)", "warmUp": "0",
            "loading": "\(Double(setting.startup) - importing)",
        ]
        let file = try settings.scenario("never-drop.yaml", values)
        // The pods that the autoscaler wants of the usual traffic, so that the burst finds it at rest.
        values["replicas"] =
            "\(Int((usualRate * file.scenario.cpuPerRequest * 100 / Double(setting.target)).rounded(.up)))"
        var world = try settings.scenario("never-drop.yaml", values).world(seed: seed)
        let end = SimulationTime.zero + full + plateau
        try world.advance(to: end)
        let level = world.workloads.traffic(named: "users")?.between(.zero + burst, end) ?? LevelWindow(start: .zero)
        return Outcome(dropped: level.outcomes.failed, requests: level.outcomes.total)
    }

    func report() throws -> ExperimentReport {
        let seeds = settings.seeds(
            .neverDrop, "report", count: settings.seeds ?? Experiment.neverDrop.seeds(quick: settings.quick))
        var report = ExperimentReport(.neverDrop, seeds: seeds.count)
        let grid = targets.flatMap { target in
            startups.flatMap { startup in rises.map { Setting(rise: $0, startup: startup, target: target) } }
        }
        let changes = changes
        let all = ([Setting()] + changes.map(\.setting)).reduce(into: grid) { if !$0.contains($1) { $0.append($1) } }
        // A scenario that cannot be read is said once, before anything runs.
        _ = try settings.scenario("never-drop.yaml").world(seed: 1)
        let jobs = all.indices.flatMap { index in seeds.map { (index, $0) } }
        let results = settings.each("worlds", jobs.count) { job in
            Result { try Self.outcome(all[jobs[job].0], seed: jobs[job].1, settings) }
        }
        var outcomes = [[Outcome?]](repeating: [], count: all.count)
        for (job, result) in zip(jobs, results) { outcomes[job.0].append(try result?.get()) }
        report.plannedRuns = jobs.count
        report.runs = results.count { $0 != nil }
        describe(&report)
        /// The outcomes of a setting, one a seed; empty unless all were run.
        func found(_ setting: Setting) -> [Outcome] {
            guard let index = all.firstIndex(of: setting) else { return [] }
            let done = outcomes[index].compactMap { $0 }
            return done.count == seeds.count ? done : []
        }
        show(found, in: &report)
        let standard = found(Setting()).map { $0.share * 100 }
        for change in changes {
            let changed = found(change.setting).map { $0.share * 100 }
            guard changed.count == standard.count, let result = Estimate(meanOf: changed),
                let movement = Estimate(meanOf: zip(changed, standard).map { $0 - $1 })
            else { continue }
            report.dependences.append(
                .init(
                    assumption: change.assumption, here: change.here, changed: change.changed, result: result,
                    movement: movement))
        }
        return report
    }

    /// What is changed about the reference setting, one thing at a time.
    static var changes: [(assumption: String, here: String, changed: String, setting: Setting)] {
        func with(_ change: (inout Setting) -> Void) -> Setting {
            var setting = Setting()
            change(&setting)
            return setting
        }
        return [
            ("how steep the burst is", "30 s", "300 s", with { $0.rise = 300 }),
            ("how high the burst is", "3 times", "1.5 times", with { $0.multiple = 1.5 }),
            ("how high the burst is", "3 times", "6 times", with { $0.multiple = 6 }),
            ("how long a pod takes to start", "20 s", "60 s", with { $0.startup = 60 }),
            ("what the target leaves free", "50%", "35%", with { $0.target = 35 }),
            ("what the target leaves free", "50%", "70%", with { $0.target = 70 }),
            ("whether machines stand ready", "12 machines", "2, others within 90 s", with { $0.nodes = 2 }),
            ("how often CPU is measured", "15 s", "60 s", with { $0.resolution = 60 }),
            ("how long clients wait", "5 s an attempt", "30 s an attempt", with { $0.timeout = 30 }),
            ("whether clients try again", "once", "never", with { $0.retries = 0 }),
            ("whether servers go on for clients that left", "they do", "they stop", with { $0.cancels = true }),
            ("whether pods shed load", "never", "above 20 requests", with { $0.limit = 20 }),
        ]
    }

    private func describe(_ report: inout ExperimentReport) {
        let seeds = report.seeds
        report.method = [
            "World: the gateway of exercise 4.3 (0.17 s of CPU a request, one core a pod at most) behind a HorizontalPodAutoscaler on CPU with the defaults of Kubernetes; 14 requests a second, open traffic, each simulated.",
            "Varied: traffic triples within \(rises.map { "\($0) s" }.joined(separator: ", ")); a pod starts in \(startups.map { "\($0) s" }.joined(separator: ", ")); the target is \(targets.map { "\($0)%" }.joined(separator: ", ")) of a core. \(seeds) seed\(seeds == 1 ? "" : "s") each, the same for all settings.",
            "Counted: requests that ended from the burst's beginning until six minutes after it reached its height; dropped are those without a good answer (failed, timed out, abandoned).",
        ]
        report.statistics = "95% intervals: Student's t over seeds; movements are of paired seeds."
        report.result = "share of requests dropped with a burst of 30 s, a start of 20 s and a target of 50%"
        report.resultUnit = "percentage points"
    }

    private func show(_ found: (Setting) -> [Outcome], in report: inout ExperimentReport) {
        var table = ExperimentReport.Table(
            title: "Share of requests dropped", header: ["TARGET", "START", "TRIPLES IN", "DROPPED", "95% INTERVAL"],
            rows: [])
        var limits = ExperimentReport.Table(
            title: "From which steepness on (seconds to triple) the sentence holds",
            header: ["TARGET", "START", "NOT ONE DROPPED FROM", "UNDER 1 IN 1,000 FROM"], rows: [])
        var (settings, clean, worst, worstSetting) = (0, 0, -1.0, Setting())
        var cleanRequests: Int64 = 0
        for target in targets {
            var cells: [ExperimentReport.Row] = []
            for startup in startups {
                var row = ExperimentReport.Row(name: "start \(startup) s", shares: [])
                var shares: [(rise: Int64, share: Double)] = []
                for rise in rises {
                    let setting = Setting(rise: rise, startup: startup, target: target)
                    let outcomes = found(setting)
                    guard let estimate = Estimate(meanOf: outcomes.map(\.share)) else {
                        row.shares.append(nil)
                        continue
                    }
                    row.shares.append(estimate.value)
                    shares.append((rise, estimate.value))
                    settings += 1
                    if outcomes.allSatisfy({ $0.dropped == 0 }) {
                        clean += 1
                        cleanRequests += outcomes.reduce(0) { $0 + $1.requests }
                    }
                    if estimate.value > worst { (worst, worstSetting) = (estimate.value, setting) }
                    table.rows.append([
                        "\(target)%", "\(startup) s", "\(rise) s", Figures.percent(estimate.value),
                        "\(Figures.percent(max(0, estimate.low))) to \(Figures.percent(min(1, estimate.high)))",
                    ])
                }
                cells.append(row)
                guard shares.count == rises.count else { continue }
                func from(_ bound: Double) -> String {
                    let holding = shares.reversed().prefix { $0.share <= bound }
                    return holding.last.map { "\($0.rise) s" } ?? "none of these"
                }
                limits.rows.append(["\(target)%", "\(startup) s", from(0), from(0.001)])
            }
            report.pictures.append(
                .grid(
                    title: "Dropped with a target of \(target)%", rows: "", columns: rises.map { "\($0) s" },
                    cells: cells))
        }
        report.tables = [table, limits]
        guard settings > 0 else { return }
        report.findings.append(
            clean == settings
                ? "Not one request was dropped in any of \(settings) settings."
                : "The sentence is not true as it stands: requests were dropped in \(settings - clean) of \(settings) settings, at most \(Figures.percent(worst)) (tripling in \(worstSetting.rise) s, a start of \(worstSetting.startup) s, a target of \(worstSetting.target)%)."
        )
        if clean > 0, cleanRequests > 0 {
            // The rule of three: with none among n, the true share is below 3/n with 95% confidence.
            report.findings.append(
                "Where none was dropped (\(clean) settings, \(cleanRequests) requests), the true share is below \(Figures.percent(3 / Double(cleanRequests))) on average, with 95% confidence: rare is all that can be measured, never is not."
            )
        }
    }
}

extension Scenario {
    /// Mean CPU seconds of a request to the first program that computes; 0 without one.
    var cpuPerRequest: Double {
        for (_, behaviour) in workloads.images.sorted(by: { $0.key < $1.key }) {
            guard case .service(let service) = behaviour.program, let route = service.routes.first else { continue }
            for stage in route.stages {
                guard case .compute(let work) = stage else { continue }
                switch work {
                case .constant(let seconds): return seconds
                case .lognormal(let mu, let sigma): return Mathematics.exp(mu + sigma * sigma / 2)
                default: continue
                }
            }
        }
        return 0
    }
}
