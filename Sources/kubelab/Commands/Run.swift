import ArgumentParser
import Foundation
import Lab
import Simulation

/// `kubelab run`: one trial of a scenario, without a lab.
struct Run: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Run a scenario from its beginning and say what came of it.",
        discussion: """
            The same scenario, seed and manifests give the same digest, on every machine.

              kubelab run scale-on-cpu --seed 7 --apply solution/
            """)

    @Argument(help: "A scenario file, its folder, or an exercise's name.")
    var scenario: String

    @Option(
        name: .customLong("for"),
        help: ArgumentHelp("Simulated time, such as 30m (default: the scenario's own).", valueName: "duration"))
    var span: Span?

    @Option(help: "The seed of all chance.")
    var seed: UInt64 = 1

    @Option(
        name: .customLong("apply"),
        help: ArgumentHelp("Manifests to apply at the start: a file or a folder; may be repeated.", valueName: "path"))
    var manifests: [String] = []

    @Flag(name: .customLong("json"), help: "Print everything as JSON.")
    var json = false

    @Option(help: ArgumentHelp("Stop with an error after so many events.", valueName: "count"))
    var maxEvents: UInt64?

    @OptionGroup var global: GlobalOptions

    func run() throws {
        let file = try global.labs.scenario(scenario)
        var world = try file.world(seed: seed)
        for path in try manifests.flatMap(Files.manifests) { try world.applyForRun(path) }
        let end = SimulationTime.zero + (span?.duration ?? file.scenario.duration)
        try Progress.advance(&world, to: end, budget: maxEvents)
        let report = WorldReport(world)
        if json {
            Terminal.print(try JSONText.of(report))
        } else {
            for line in ReportText.lines(report) { Terminal.print(line) }
        }
    }
}

extension World {
    /// Applies a manifest; whatever is refused ends the run before it begins.
    mutating func applyForRun(_ path: String) throws {
        let outcome = apply(String(decoding: try Files.bytes(path), as: UTF8.self), file: path, author: "learner")
        guard !outcome.failures.isEmpty else { return }
        throw Failure(outcome.failures.map(\.description).joined(separator: "\n"))
    }
}
