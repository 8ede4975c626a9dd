import Foundation

/// One measured number beside what the design asks for.
struct Figure: Codable {
    enum Direction: String, Codable { case atLeast, atMost }

    var name: String
    var value: Double
    var unit: String
    var direction: Direction
    /// Nil for a figure that is only told.
    var target: Double?
    /// What it was measured on, and over how many runs.
    var note: String

    init(
        _ name: String, _ value: Double, _ unit: String, _ direction: Direction = .atLeast, _ target: Double? = nil,
        note: String = ""
    ) {
        self.name = name
        self.value = value
        self.unit = unit
        self.direction = direction
        self.target = target
        self.note = note
    }

    /// How well the target is met: 1 is just met, 2 twice as well.
    var ratio: Double? {
        target.map { direction == .atLeast ? value / $0 : $0 / max(value, 1e-12) }
    }

    var isMissed: Bool { (ratio ?? 1) < 1 }

    static func format(_ value: Double) -> String {
        switch abs(value) {
        case 10_000...:
            var digits = String(Int(value.rounded()))
            var place = digits.count - 3
            while place > 0 {
                digits.insert(",", at: digits.index(digits.startIndex, offsetBy: place))
                place -= 3
            }
            return digits
        case 100...: return String(format: "%.0f", value)
        case 1...: return String(format: "%.1f", value)
        default: return String(format: "%.3f", value)
        }
    }
}

/// The median of a number of runs of `body`, each of which returns its own figure.
func median(of runs: Int, _ body: () throws -> Double) rethrows -> Double {
    var values: [Double] = []
    for _ in 0..<runs { values.append(try body()) }
    return values.sorted()[values.count / 2]
}

/// Seconds of processor time that all threads of this process have had.
func processSeconds() -> Double {
    var time = timespec()
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &time)
    return Double(time.tv_sec) + Double(time.tv_nsec) * 1e-9
}

/// Seconds of processor time that `body` takes on this thread: what a quiet machine would take, on a busy one as well.
func seconds(_ body: () throws -> Void) rethrows -> Double {
    func now() -> Double {
        var time = timespec()
        clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time)
        return Double(time.tv_sec) + Double(time.tv_nsec) * 1e-9
    }
    let start = now()
    try body()
    return now() - start
}

/// Seconds of wall time that `body` takes, for what runs in several threads or processes.
func wallSeconds(_ body: () throws -> Void) rethrows -> Double {
    let start = ContinuousClock.now
    try body()
    let span = ContinuousClock.now - start
    return Double(span.components.seconds) + Double(span.components.attoseconds) * 1e-18
}

/// The most memory that this process has had, in MB.
func peakMemory() -> Double {
    let status = (try? String(contentsOfFile: "/proc/self/status", encoding: .utf8)) ?? ""
    for line in status.split(separator: "\n") where line.hasPrefix("VmHWM:") {
        let digits = line.filter(\.isNumber)
        return (Double(digits) ?? 0) / 1_024
    }
    return 0
}
