import Simulation

/// Numbers in words, the same on every machine.
enum Figures {
    /// At most `decimals` places after the point, without trailing zeros.
    static func rounded(_ value: Double, _ decimals: Int) -> String {
        guard value.isFinite else { return value.isNaN ? "unknown" : value < 0 ? "-∞" : "∞" }
        var factor = 1.0
        for _ in 0..<decimals { factor *= 10 }
        let scaled = (value * factor).rounded()
        guard abs(scaled) < 9e15 else { return "\(value)" }
        let whole = Int64(scaled)
        let unit = Int64(factor)
        let (quotient, remainder) = (whole.magnitude / UInt64(unit), whole.magnitude % UInt64(unit))
        let sign = whole < 0 ? "-" : ""
        guard remainder != 0 else { return sign + "\(quotient)" }
        var digits = "\(remainder)"
        digits = String(repeating: "0", count: max(0, decimals - digits.count)) + digits
        while digits.last == "0" { digits.removeLast() }
        return sign + "\(quotient).\(digits)"
    }

    static func plain(_ value: Double) -> String {
        switch abs(value) {
        case 100...: rounded(value, 1)
        case 1...: rounded(value, 3)
        default: rounded(value, 5)
        }
    }

    /// More places the nearer it is to everything or nothing, so that 99.98% is not printed as 100%.
    static func percent(_ share: Double) -> String {
        let gap = min(abs(share), abs(1 - share))
        return rounded(share * 100, gap < 0.001 ? 3 : gap < 0.02 ? 2 : 1) + "%"
    }

    static func time(_ seconds: Double) -> String {
        guard seconds.isFinite else { return "never" }
        let magnitude = abs(seconds)
        let sign = seconds < 0 ? "-" : ""
        if magnitude < 1 { return sign + rounded(magnitude * 1000, magnitude < 0.01 ? 2 : 0) + "ms" }
        if magnitude < 60 { return sign + rounded(magnitude, magnitude < 10 ? 2 : 1) + "s" }
        return sign + clock(magnitude)
    }

    static func bytes(_ value: Double) -> String {
        switch abs(value) {
        case 1_073_741_824...: rounded(value / 1_073_741_824, 2) + "Gi"
        case 1_048_576...: rounded(value / 1_048_576, 1) + "Mi"
        default: rounded(value, 0)
        }
    }

    /// Time since the trial began: `45s`, `4m30s`, `1h05m00s`.
    static func clock(_ seconds: Double) -> String {
        let total = Int64(min(max(0, seconds), 1e12).rounded(.down))
        func two(_ value: Int64) -> String { value < 10 ? "0\(value)" : "\(value)" }
        if total >= 3_600 { return "\(total / 3_600)h\(two(total / 60 % 60))m\(two(total % 60))s" }
        if total >= 60 { return total % 60 == 0 ? "\(total / 60)m" : "\(total / 60)m\(two(total % 60))s" }
        return "\(total)s"
    }

    static func clock(_ time: SimulationTime) -> String { clock(time.seconds) }
}
