import ArgumentParser
import Foundation
import KubernetesAPI
import Lab
import OrderedCollections
import Simulation

/// `kubelab advance`: lets simulated time pass.
struct Advance: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Let simulated time pass.",
        discussion: """
              kubelab advance 5m
              kubelab advance --until 'deployment/gateway.ready >= 4' --at-most 30m

            What can be compared: kubelab graph --list. Ctrl-C stops at a whole moment
            and keeps what was reached.
            """)

    @Argument(help: "How long: 5m, 90s, 1h30m.")
    var span: Span?

    @Option(
        name: .customLong("until"),
        help: ArgumentHelp("Stop as soon as this holds: MEASUREMENT OPERATOR NUMBER.", valueName: "condition"))
    var condition: String?

    @Option(help: ArgumentHelp("Longest wait for the condition.", valueName: "duration"))
    var atMost = Span(.hours(1))

    @Option(help: ArgumentHelp("Stop with an error after so many events.", valueName: "count"))
    var maxEvents: UInt64?

    @OptionGroup var output: OutputOptions
    @OptionGroup var global: GlobalOptions

    func validate() throws {
        guard (span == nil) != (condition == nil) else {
            throw ValidationError("Say how long ('advance 5m') or until when ('advance --until CONDITION'), not both.")
        }
    }

    func run() throws {
        if let served = ServedLabClient.find(global) { return try advance(served) }
        var session = try global.open(for: .writing)
        let condition = try condition.map { try Condition(parsing: $0, namespace: session.world.scenario.namespace) }
        let begin = session.now
        let target = begin + (span?.duration ?? atMost.duration)
        Interruption.listen()
        var progress = Progress()
        var saved = Date()
        let end = try session.advance(to: target, until: condition, budget: maxEvents) { world in
            if Interruption.isWanted { return .stop }
            progress.show("simulated \((world.now - begin).clock) of \((target - begin).clock), now \(world.clockText)")
            guard Date().timeIntervalSince(saved) > 0.5 else { return .goOn }
            saved = Date()
            return .save
        }
        Terminal.endProgress()
        try report(session, from: begin, to: target, end)
    }

    /// A lab that is served lets its own time pass.
    private func advance(_ served: ServedLabClient) throws {
        let before = try served.clock(nil)
        let longest = span ?? atMost
        var change: OrderedDictionary<String, JSONValue> = ["advance": .string("\(longest.duration.nanoseconds)ns")]
        if let condition { change["until"] = .string(condition) }
        let after = try served.clock(.object(change))
        if output.isJSON {
            return Terminal.print(
                try JSONText.of(
                    AdvanceReport(
                        seconds: after.seconds, advanced: after.seconds - before.seconds, wallTime: after.time,
                        end: after.holds == true ? "condition" : "reached")))
        }
        let passed = Duration(seconds: after.seconds - before.seconds).clock
        if let condition, after.holds == false {
            throw Failure(
                "\"\(condition)\" did not come to hold within \(passed). \(after.sentence)", exitCode: Exit.below)
        }
        let what = condition.map { "\($0) after \(passed)." } ?? "\(passed) passed."
        Terminal.print("\(what) \(after.sentence)")
    }

    private func report(
        _ session: LabSession, from begin: SimulationTime, to target: SimulationTime, _ end: LabSession.AdvanceEnd
    ) throws {
        let passed = (session.now - begin).clock
        if output.isJSON {
            Terminal.print(
                try JSONText.of(
                    AdvanceReport(
                        seconds: session.now.seconds, advanced: (session.now - begin).seconds,
                        wallTime: CivilTime.format(seconds: session.wallTime.epochSeconds),
                        end: "\(end)")))
        }
        switch end {
        case .reached where condition == nil:
            if !output.isJSON { Terminal.print("\(passed) passed; it is now \(session.world.clockText).") }
        case .reached:
            throw Failure(
                "\"\(condition ?? "")\" did not come to hold within \(passed); it is now \(session.world.clockText).",
                exitCode: Exit.below)
        case .condition:
            if !output.isJSON {
                Terminal.print("\(condition ?? "") after \(passed); it is now \(session.world.clockText).")
            }
        case .stopped:
            Terminal.note(
                "Interrupted: \(passed) of \((target - begin).clock) were simulated and kept; it is now \(session.world.clockText)."
            )
            throw ExitCode(Exit.interrupted)
        }
    }
}

private struct AdvanceReport: Encodable {
    var seconds: Double
    var advanced: Double
    var wallTime: String
    /// `reached`, `condition` or `stopped`.
    var end: String
}
