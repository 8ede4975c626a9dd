import ArgumentParser
import Foundation
import Grading
import Simulation
import Synchronization

/// `kubelab experiment`: the chapter's claims, put to the test.
struct ExperimentCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "experiment",
        abstract: "Put a claim of the chapter to the test, in many simulated worlds.",
        discussion: """
            Without a name it lists the experiments and their claims. Each prints its claim, its method, a picture, its \
            results with 95% confidence intervals, and the assumptions that decide them. The result is reported as it comes \
            out. The same seeds give the same bytes, whatever the number of workers.

              kubelab experiment never-drop --quick
              kubelab experiment autoscaling-savings -o json > savings.json

            Exit codes: 0 it was done, as far as it could be, 2 the input cannot be used, 130 it was interrupted (what was done is shown).
            """)

    @Argument(
        help: ArgumentHelp("The experiment.", valueName: "name"),
        completion: .list(Experiment.allCases.map(\.rawValue)))
    var name: String?

    @Option(help: ArgumentHelp("How many seeds, 1 to 10000.", valueName: "count"))
    var seeds: Int?

    @Flag(help: "Fewer settings and seeds, for a first look.")
    var quick = false

    @Option(help: ArgumentHelp("Threads that run worlds (default: one a core).", valueName: "count"))
    var workers: Int?

    @OptionGroup var output: OutputOptions
    @OptionGroup var global: GlobalOptions

    func run() throws {
        guard let name else {
            guard seeds == nil, workers == nil, !quick else {
                throw Failure("which experiment? 'kubelab experiment' lists them")
            }
            return try list()
        }
        guard let experiment = Experiment(rawValue: name) else {
            let names = Experiment.allCases.map(\.rawValue)
            throw Failure(
                "there is no experiment \"\(name)\"\(Suggestion.text(for: name, among: names))\nThere are:\n  \(names.joined(separator: "\n  "))"
            )
        }
        if let seeds, !(1...10_000).contains(seeds) { throw Failure("--seeds \(seeds): must be 1 to 10000") }
        if let workers, !(1...256).contains(workers) { throw Failure("--workers \(workers): must be 1 to 256") }
        let folder = try global.labs.root() + "/experiments"
        guard Files.isFolder(folder) else {
            throw Failure("\(folder): no such folder; it has the experiments' scenarios")
        }
        Interruption.listen()
        let progress = ExperimentProgress()
        let settings = ExperimentSettings(
            folder: folder, seeds: seeds, quick: quick, workers: workers, isOver: { Interruption.isWanted },
            progress: { progress.show($0, $1, $2) })
        let report = try experiment.run(settings)
        Terminal.endProgress()
        if output.isJSON {
            Terminal.print(try JSONText.of(report))
        } else {
            for line in ExperimentText(report, width: Terminal.width, isPlain: Terminal.isPlain).lines {
                Terminal.print(line)
            }
        }
        if !report.isComplete {
            let left = "\(report.runs) of \(report.plannedRuns) worlds were run; what needs the others is left out"
            if Interruption.isWanted {
                Terminal.note("interrupted: \(left)")
                throw ExitCode(Exit.interrupted)
            }
            Terminal.note("\(left), because the search found no setting that holds what is asked on its seeds")
        }
    }

    private func list() throws {
        if output.isJSON {
            return Terminal.print(
                try JSONText.of(Experiment.allCases.map { ["name": $0.rawValue, "claim": $0.claim] }))
        }
        for experiment in Experiment.allCases {
            Terminal.print(Style.strong(experiment.rawValue))
            for line in ReportText.wrapped(experiment.claim, width: 78) { Terminal.print("  " + line) }
        }
        Terminal.print("")
        Terminal.print("Run one with 'kubelab experiment NAME' (--quick for a first look).")
    }
}

/// The passing line, told from several threads.
private final class ExperimentProgress: Sendable {
    private let progress = Mutex(Progress())

    func show(_ stage: String, _ done: Int, _ count: Int) {
        progress.withLock { $0.show("\(stage): \(done) of \(count)") }
    }
}
