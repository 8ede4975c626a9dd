import ArgumentParser
import Foundation
import Lab
import Simulation

/// `kubelab demo`: the first thing that a visitor sees.
struct Demo: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Watch a service live through a burst of traffic, with a wrong autoscaler and a right one.",
        discussion: "100 simulated minutes, twice, in a few seconds. Needs no lab and leaves nothing behind.")

    @Option(help: "The seed of all chance.")
    var seed: UInt64 = 7

    @Flag(help: "Do not slow down for the eye.")
    var fast = false

    @Flag(help: "Plain lines instead of a moving picture.")
    var plain = false

    @OptionGroup var global: GlobalOptions

    static let exercise = "scale-on-cpu"

    func run() throws {
        let exercise = try global.labs.exercise(Self.exercise)
        let file = try ScenarioFile.read(exercise.path)
        for line in Self.opening(file.scenario) { Terminal.print(line) }
        let wrong = try trial(
            file, "An autoscaler as one finds it on the web",
            "CPU target 80%, and nobody said what a pod needs (no requests).",
            exercise.path + "/starter")
        let right = try trial(
            file, "The same autoscaler, told what a pod needs", "requests: 500m of CPU; target 60%.",
            exercise.path + "/solution")
        Terminal.print("")
        for line in comparison(wrong, right) { Terminal.print(line) }
        Terminal.print("")
        Terminal.print("Now you:")
        Terminal.print(
            "  \(Style.strong("kubelab start \(Self.exercise)"))       the exercise, from the wrong autoscaler to full points"
        )
        Terminal.print(
            "  \(Style.strong("kubelab run \(Self.exercise) --help"))  the same scenario with manifests of your own")
    }

    private static func opening(_ scenario: Scenario) -> [String] {
        [
            Style.strong("\(scenario.title)."),
            "A gateway in front of AI agents, on a simulated cluster of \(scenario.nodes.reduce(0) { $0 + $1.count }) machines. Users give up after a",
            "while; each request takes about 9 ms of CPU, and one pod has one event loop.",
        ]
    }

    /// One trial, shown while it runs.
    private func trial(_ file: ScenarioFile, _ title: String, _ subtitle: String, _ manifests: String) throws
        -> DemoTrial
    {
        Terminal.print("")
        Terminal.print(Style.strong(title))
        Terminal.print(subtitle)
        var world = try file.world(seed: seed)
        for path in try Files.manifests(manifests) { try world.applyForRun(path) }
        var view = DemoView(
            animated: !plain && Terminal.isLive, wall: fast ? 0 : 3.5, until: .zero + file.scenario.duration)
        var trial = DemoTrial(namespace: file.scenario.namespace)
        while world.now < .zero + file.scenario.duration {
            try world.advance(to: world.now + .seconds(30))
            trial.look(at: world)
            view.show(trial, world)
        }
        view.finish(trial, world)
        trial.report = WorldReport(world)
        return trial
    }

    private func comparison(_ wrong: DemoTrial, _ right: DemoTrial) -> [String] {
        guard let bad = wrong.report, let good = right.report, let badUsers = bad.traffic.first,
            let goodUsers = good.traffic.first
        else { return [] }
        var table = Table(["", "WRONG", "RIGHT"], numeric: [1, 2])
        table.add([
            "requests answered well", ReportText.share(badUsers.good, of: badUsers.ended),
            ReportText.share(goodUsers.good, of: goodUsers.ended),
        ])
        table.add(["requests lost", ReportText.grouped(badUsers.failed), ReportText.grouped(goodUsers.failed)])
        table.add(["95th percentile of answers", ReportText.seconds(badUsers.p95), ReportText.seconds(goodUsers.p95)])
        table.add(["minutes in which users suffered", "\(wrong.badMinutes)", "\(right.badMinutes)"])
        table.add(["most pods at once", "\(Int(wrong.mostPods))", "\(Int(right.mostPods))"])
        table.add([
            "machines", ReportText.money(bad.cost.nodes, bad.cost), ReportText.money(good.cost.nodes, good.cost),
        ])
        var lines = table.lines
        if let message = wrong.complaint {
            lines.append("")
            lines += ReportText.wrapped("Why the first one slept: \(message)")
        }
        return lines
    }
}

/// What the demo remembers of a trial.
struct DemoTrial {
    private let measurements: [Measurement]
    /// Requests a second, ready pods, 95th percentile in seconds, share of failures; one sample each half minute.
    private(set) var samples: [[Double?]] = []
    private(set) var badMinutes = 0
    private(set) var mostPods = 0.0
    /// What the autoscaler said when it could not work.
    private(set) var complaint: String?
    var report: WorldReport?

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
        // A user suffers from an error, or from an answer after more than half a second.
        if world.now.nanoseconds % Duration.minutes(1).nanoseconds == 0,
            (values[3] ?? 0) > 0.01 || (values[2] ?? 0) > 0.5
        {
            badMinutes += 1
        }
        if complaint == nil {
            let autoscaler = WorldReport.autoscalers(of: world).first
            complaint = autoscaler?.conditions.first { $0.type == "ScalingActive" && $0.status == "False" }.map {
                "\($0.reason): \($0.message)"
            }
        }
    }
}
