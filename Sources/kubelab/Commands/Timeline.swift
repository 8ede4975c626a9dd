import ArgumentParser
import Lab
import Simulation

/// `kubelab timeline`: what happened, in order.
struct Timeline: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "List what happened: your changes, faults, scalings, restarts, kills.")

    @Option(help: ArgumentHelp("Beginning (default: the start).", valueName: "time"))
    var from: Instant?

    @Option(help: ArgumentHelp("End (default: now).", valueName: "time"))
    var to: Instant?

    @OptionGroup var output: OutputOptions
    @OptionGroup var global: GlobalOptions

    func run() throws {
        let session = try global.open(for: .reading)
        let begin = from?.time(in: session.world) ?? .zero
        let end = min(to?.time(in: session.world) ?? session.now, session.now)
        guard begin <= end else { throw Failure("--from \(begin.clock) lies after --to \(end.clock)") }
        var history = IncidentHistory()
        var replay = try session.replay(from: begin)
        var progress = Progress()
        try replay.advance(upTo: begin)
        history.begin(replay.world)
        while replay.world.now < end {
            try replay.advance(to: min(end, replay.world.now + .seconds(1)))
            history.look(replay.world)
            progress.show("living through it again: \(replay.world.now.clock) of \(end.clock)")
        }
        Terminal.endProgress()
        // By time; at one instant what was done comes before what came of it.
        let all =
            try Incident.ofInputsAndFaults(session).filter { $0.time >= begin && $0.time <= end } + history.incidents
        let entries = all.enumerated().sorted { ($0.element.time, $0.offset) < ($1.element.time, $1.offset) }.map(
            \.element)
        if output.isJSON {
            return Terminal.print(
                try JSONText.of(
                    entries.map {
                        TimelineRow(
                            seconds: $0.time.seconds, timeOfDay: session.world.timeOfDay(at: $0.time),
                            kind: $0.kind.rawValue, text: $0.text)
                    }))
        }
        guard !entries.isEmpty else {
            return Terminal.note("Nothing happened between \(begin.clock) and \(end.clock).")
        }
        for entry in entries {
            let head = "\(session.world.timeOfDay(at: entry.time))  +\(entry.time.clock)"
            let padding = String(repeating: " ", count: max(1, 22 - head.count))
            let kind = entry.kind.rawValue + String(repeating: " ", count: max(1, 8 - entry.kind.rawValue.count))
            let lines = ReportText.wrapped(entry.text, width: max(30, Terminal.width - 30))
            Terminal.print(head + padding + entry.kind.style(kind) + (lines.first ?? ""))
            for line in lines.dropFirst() { Terminal.print(String(repeating: " ", count: 30) + line) }
        }
    }
}

private struct TimelineRow: Encodable {
    var seconds: Double
    var timeOfDay: String
    var kind: String
    var text: String
}
