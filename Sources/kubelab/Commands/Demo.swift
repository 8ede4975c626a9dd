import ArgumentParser
import Foundation
import Grading
import Lab
import Simulation

/// `kubelab demo`: the first thing that a visitor sees.
struct Demo: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Watch a service live through a burst of traffic, with a wrong autoscaler and a right one.",
        discussion:
            "More than an hour of simulated time, twice, in a few seconds. Needs no lab and leaves nothing behind.")

    @Option(help: "The seed of all chance.")
    var seed: UInt64 = 7

    @Flag(help: "Do not slow down for the eye.")
    var fast = false

    @OptionGroup var global: GlobalOptions

    static let exerciseName = "scale-on-cpu"

    func run() throws {
        let exercise = try Exercise.read(try global.labs.exercise(Self.exerciseName).path)
        for line in opening(exercise) { Terminal.print(line) }
        let wrong = try trial(exercise, "1. The autoscaler as one finds it on the web", exercise.folder + "/starter")
        let right = try trial(exercise, "2. The autoscaler of somebody who looked", exercise.folder + "/solution")
        Terminal.print("")
        for line in DemoComparison.lines(wrong, right, exercise) { Terminal.print(line) }
        Terminal.print("")
        Terminal.print("Now you:")
        Terminal.print(
            "  \(Style.strong("kubelab start \(Self.exerciseName) --dir \(Self.exerciseName)"))  the exercise, to full points"
        )
        Terminal.print("  \(Style.strong("kubelab --help"))                                everything else")
    }

    private func opening(_ exercise: Exercise) -> [String] {
        let machines = exercise.scenario.scenario.nodes.reduce(0) { $0 + $1.count }
        let text =
            "A gateway in front of AI agents, on a simulated cluster of \(machines) machines. "
            + exercise.content.situation.split(separator: "\n").joined(separator: " ")
        return [Style.strong(exercise.title)] + ReportText.wrapped(text)
    }

    /// One trial, shown while it runs, and its grade.
    private func trial(_ exercise: Exercise, _ title: String, _ folder: String) throws -> DemoTrial {
        Terminal.print("")
        Terminal.print(Style.strong(title))
        let (submission, faults) = Submission.read(folder, for: exercise)
        if let fault = faults.first { throw fault }
        var world = try exercise.scenario.world(seed: seed)
        let end = SimulationTime.zero + exercise.content.trial.duration
        var view = DemoView(animated: Terminal.isLive, wall: fast ? 0 : 3, until: end)
        var trial = DemoTrial(namespace: exercise.scenario.scenario.namespace)
        var inputs = exercise.content.trial.inputs.sorted { $0.at < $1.at }[...]
        while true {
            while let input = inputs.first, .zero + input.at <= world.now {
                inputs.removeFirst()
                guard let file = submission.files.first(where: { $0.name == input.apply }) else { continue }
                if let failure = world.apply(file.text, file: file.name, author: "learner").failures.first {
                    throw failure
                }
            }
            guard world.now < end else { break }
            try world.advance(to: min(end, world.now + .seconds(30), inputs.first.map { .zero + $0.at } ?? end))
            trial.look(at: world)
            view.show(trial, world)
        }
        view.finish(trial, world)
        trial.report = WorldReport(world)
        let gateways = world.ledger.workloads.filter { $0.name.hasSuffix("/gateway") }
        trial.share = Double(gateways.reduce(0) { $0 + $1.cost }) / 1e9
        Terminal.progress("grading it on \(exercise.content.trial.hiddenSeeds) other seeds")
        trial.verdict = Grader(exercise: exercise, explains: true).grade(submission)
        Terminal.endProgress()
        if let verdict = trial.verdict, verdict.status == .graded {
            Terminal.print(
                "Grade: \(DemoComparison.points(verdict.points)) of \(verdict.maximumPoints) points, on hidden seeds")
        }
        return trial
    }
}

/// What the demo remembers of a trial.
struct DemoTrial {
    private let measurements: [Measurement]
    /// One sample each half minute, in the order of ``names``.
    private(set) var samples: [[Double?]] = []
    private(set) var badMinutes = 0
    private(set) var mostPods = 0.0
    /// What the gateway's pods took of the machines' price.
    var share = 0.0
    var report: WorldReport?
    var verdict: Verdict?

    /// Requests a second, ready pods, 95th percentile in seconds, share of failures.
    static let names = [
        "traffic/users.offered", "deployment/gateway.ready", "traffic/users.p95", "traffic/users.errorRatio",
    ]

    init(namespace: String) {
        measurements = Self.names.compactMap { try? Measurement(parsing: $0, namespace: namespace) }
    }

    mutating func look(at world: borrowing World) {
        let values = measurements.map { $0.value(in: world) }
        samples.append(values)
        mostPods = max(mostPods, values[1] ?? 0)
        // A minute is bad if more than one user in a hundred got nothing, or one in twenty waited for over a second.
        let isWholeMinute = world.now.nanoseconds % Duration.minutes(1).nanoseconds == 0
        if isWholeMinute, (values[3] ?? 0) > 0.01 || (values[2] ?? 0) > 1 { badMinutes += 1 }
    }
}

/// The two trials side by side: what users suffered, what it cost, the grade and why.
enum DemoComparison {
    static func lines(_ wrong: DemoTrial, _ right: DemoTrial, _ exercise: Exercise) -> [String] {
        guard let bad = wrong.report, let good = right.report, let badUsers = bad.traffic.first,
            let goodUsers = good.traffic.first
        else { return [] }
        var table = Table(["", "FIRST", "SECOND"], numeric: [1, 2])
        table.add(["requests lost", ReportText.grouped(badUsers.failed), ReportText.grouped(goodUsers.failed)])
        table.add([
            "of all requests", ReportText.share(badUsers.failed, of: badUsers.ended),
            ReportText.share(goodUsers.failed, of: goodUsers.ended),
        ])
        table.add(["99th percentile of answers", ReportText.seconds(badUsers.p99), ReportText.seconds(goodUsers.p99)])
        table.add(["minutes in which users suffered", "\(wrong.badMinutes)", "\(right.badMinutes)"])
        table.add(["most ready pods", "\(Int(wrong.mostPods))", "\(Int(right.mostPods))"])
        table.add([
            "the gateway's share of the machines", ReportText.money(wrong.share, bad.cost),
            ReportText.money(right.share, good.cost),
        ])
        if let first = wrong.verdict, let second = right.verdict {
            table.add([
                "grade", "\(points(first.points))/\(first.maximumPoints)",
                "\(points(second.points))/\(second.maximumPoints)",
            ])
        }
        var lines = table.lines
        if let verdict = wrong.verdict, let check = worst(verdict) {
            lines.append("")
            lines += ReportText.wrapped("Why the first one lost points: \(check.title). \(check.message)", indent: 2)
            for misconception in check.misconceptions.prefix(1) {
                lines += ReportText.wrapped("The misconception: " + misconception, indent: 2)
            }
        }
        return lines
    }

    /// The check that cost most.
    private static func worst(_ verdict: Verdict) -> Check? {
        verdict.checks.filter { $0.status == .failed }.max {
            Double($0.maximumPoints) - $0.points < Double($1.maximumPoints) - $1.points
        }
    }

    static func points(_ value: Double) -> String {
        value == value.rounded() ? "\(Int(value))" : "\((value * 10).rounded() / 10)"
    }
}
