import ArgumentParser
import Foundation
import Grading
import Lab

/// `kubelab spec`: production specifications.
struct SpecCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "spec", abstract: "Work with production specifications (production-spec.yaml).",
        subcommands: [SpecCheck.self])
}

/// `kubelab spec check`: what a specification leaves open, and whether manifests keep what it promises.
struct SpecCheck: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "check",
        abstract: "Check manifests against a production specification.",
        discussion: """
            First what can be seen without running anything: a service level without an alert, a rollback criterion without \
            an analysis, load that nobody judges, a workload that is not there. Then the manifests are run under the \
            specification's load and disruptions, and each of its promises is judged.

              kubelab spec check production-spec.yaml solution/ --scenario generated-scaling

            Exit codes: 0 everything holds, 1 a gap or a broken promise, 2 the input cannot be used.
            """)

    @Argument(help: "The specification.", completion: .file())
    var specification: String

    @Argument(help: "The manifests: a folder or a file.", completion: .directory)
    var manifests: String

    @Option(
        help: ArgumentHelp(
            "The world they run in: a scenario, its folder, or an exercise's name (default: that of the lab).",
            valueName: "scenario"))
    var scenario: String?

    @Option(help: ArgumentHelp("Seeds of the trials; may be repeated.", valueName: "seed"))
    var seed: [UInt64] = [1]

    @OptionGroup var global: GlobalOptions

    func run() throws {
        let text = String(decoding: try Files.bytes(specification), as: UTF8.self)
        // A file that nobody can read is said before anybody is asked for its world.
        _ = try ProductionSpecification(parsing: text, file: specification, namespace: "default")
        let world = try scenarioFile()
        let namespace = world.scenario.namespace
        let document = try ProductionSpecification(parsing: text, file: specification, namespace: namespace)
        var isGood = true
        for gap in document.gaps(in: world.scenario) {
            Terminal.print("\(Style.bad("✗")) \(gap)")
            isGood = false
        }
        let itself = URL(fileURLWithPath: specification).standardizedFileURL.path
        let paths = try Files.manifests(manifests).filter {
            URL(fileURLWithPath: $0).standardizedFileURL.path != itself
        }
        let files = try paths.map {
            Submission.File(name: $0, text: String(decoding: try Files.bytes($0), as: UTF8.self))
        }
        guard !files.isEmpty else { throw Failure("\(manifests): there are no manifests", exitCode: Exit.unusable) }
        let check = document.check(files, in: world, seeds: seed)
        for fault in check.unusable { Terminal.print("\(Style.bad("✗")) \(fault)") }
        for finding in check.findings {
            let outcome = finding.outcome
            let mark = outcome.holds ? Style.good("✓") : Style.bad("✗")
            Terminal.print("\(mark) \(finding.name): \(outcome.seen)")
            guard !outcome.holds else { continue }
            Terminal.print("    \(finding.place): expected \(outcome.expected)")
            if !outcome.harm.isEmpty { Terminal.print("    \(outcome.harm)") }
        }
        guard isGood, check.isAccepted else { throw ExitCode(Exit.below) }
    }

    private func scenarioFile() throws -> ScenarioFile {
        if let scenario { return try global.labs.scenario(scenario) }
        if let session = try? LabSession.open(global.labPath, for: .reading), !session.header.exercise.isEmpty {
            return try global.labs.scenario(session.header.exercise)
        }
        throw Failure("in which world? Name it with --scenario, or begin its exercise with 'kubelab start'")
    }
}
