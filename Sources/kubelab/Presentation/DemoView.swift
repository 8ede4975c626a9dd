import Foundation
import Lab
import Simulation

/// The moving picture of the demo: four lines that grow with time, redrawn in place on a terminal; elsewhere a line
/// every ten simulated minutes.
struct DemoView {
    let animated: Bool
    /// Seconds of wall time that the whole should take.
    let wall: Double
    let until: SimulationTime
    private let began = Date()
    private var drawn = 0
    private var printedHeader = false

    init(animated: Bool, wall: Double, until: SimulationTime) {
        self.animated = animated
        self.wall = wall
        self.until = until
    }

    private static let blocks = Array("▁▂▃▄▅▆▇█")
    private static let columns = 50

    mutating func show(_ trial: DemoTrial, _ world: borrowing World) {
        if animated {
            redraw(trial, world)
            pace(world.now)
        } else if world.now.nanoseconds % Duration.minutes(10).nanoseconds == 0 {
            plainLine(trial, world)
        }
    }

    mutating func finish(_ trial: DemoTrial, _ world: borrowing World) {
        if animated { redraw(trial, world) }
    }

    /// Sleeps so that simulated time passes evenly.
    private func pace(_ now: SimulationTime) {
        let due = wall * now.seconds / max(until.seconds, 1)
        let ahead = due - Date().timeIntervalSince(began)
        if ahead > 0 { usleep(UInt32(min(ahead, 1) * 1e6)) }
    }

    private mutating func redraw(_ trial: DemoTrial, _ world: borrowing World) {
        let lines = picture(trial, world)
        let up = drawn > 0 ? "\u{1b}[\(drawn)A" : ""
        Terminal.write(up + lines.map { "\r\u{1b}[2K" + $0 + "\n" }.joined())
        drawn = lines.count
    }

    private func picture(_ trial: DemoTrial, _ world: borrowing World) -> [String] {
        guard let last = trial.samples.last else { return [] }
        let total = Int(until.seconds / 30)
        func row(_ name: String, _ place: Int, _ top: Double, _ text: String, bad: (Double) -> Bool) -> String {
            var line = ""
            for column in 0..<Self.columns {
                let begin = column * total / Self.columns
                let end = max(begin + 1, (column + 1) * total / Self.columns)
                let values = trial.samples[min(begin, trial.samples.count)..<min(end, trial.samples.count)].compactMap {
                    $0[place]
                }
                guard let value = values.max() else {
                    line += begin < trial.samples.count ? " " : Style.faint("·")
                    continue
                }
                let level = Int((value / top * 8).rounded(.up))
                let block = String(Self.blocks[max(0, min(7, level - 1))])
                line += bad(value) ? Style.bad(block) : Style.good(block)
            }
            return name + String(repeating: " ", count: max(1, 12 - name.count)) + line + "  " + text
        }
        func top(_ place: Int) -> Double { Chart.niceCeiling(trial.samples.compactMap { $0[place] }.max() ?? 1) }
        let failed = last[3] ?? 0
        return [
            row("requests/s", 0, top(0), last[0].map { "\(Int($0.rounded()))" } ?? "-") { _ in false },
            row("ready pods", 1, top(1), last[1].map { "\(Int($0))" } ?? "-") { $0 < 1 },
            row("p95", 2, 2, ReportText.seconds(last[2])) { $0 > 1 },
            row("failed", 3, 1, "\(Int((failed * 100).rounded()))%") { $0 > 0.01 },
            "            " + world.clockText,
        ]
    }

    private mutating func plainLine(_ trial: DemoTrial, _ world: borrowing World) {
        guard let last = trial.samples.last else { return }
        func padded(_ text: String, _ width: Int) -> String {
            String(repeating: " ", count: max(0, width - text.count)) + text
        }
        if !printedHeader {
            printedHeader = true
            Terminal.print("TIME       REQUESTS/S   READY PODS      P95   FAILED")
        }
        Terminal.print(
            world.timeOfDay(at: world.now) + padded(last[0].map { "\(Int($0.rounded()))" } ?? "-", 13)
                + padded(last[1].map { "\(Int($0))" } ?? "-", 13) + padded(ReportText.seconds(last[2]), 9)
                + padded("\(Int(((last[3] ?? 0) * 100).rounded()))%", 9))
    }
}
