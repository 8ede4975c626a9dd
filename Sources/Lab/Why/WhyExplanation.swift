import Simulation

/// An answer to `why`: sentences with their times, from what is to what began it.
public struct WhyExplanation: Sendable, Equatable, Codable {
    /// One sentence.
    public struct Line: Sendable, Equatable, Codable {
        /// Simulated seconds at which it happened; nil for a statement about the present.
        public var seconds: Double?
        /// What it happened to, such as `pod/shop/web-1` or `fault/leak`; empty for the subject itself.
        public var subject: String
        public var text: String
        /// Whether a chain of causes ends here: an input, a fault or the scenario's traffic.
        public var isRoot: Bool
        /// 0 for what the question is about, 1 and more for what lies behind the line above.
        public var depth: Int

        public init(
            at time: SimulationTime? = nil, _ text: String, subject: String = "", isRoot: Bool = false, depth: Int = 0
        ) {
            seconds = time?.seconds
            self.text = text
            self.subject = subject
            self.isRoot = isRoot
            self.depth = depth
        }
    }

    /// What was asked about, as the journal names it.
    public var subject: String
    /// The instant that the answer is about, in simulated seconds.
    public var at: Double
    public var lines: [Line]

    /// One line each, as the terminal shows them.
    public var text: [String] {
        lines.map { line in
            let time = line.seconds.map { Self.clock($0) } ?? ""
            let name = line.subject.isEmpty || line.subject == subject ? "" : line.subject + " "
            // What has a time and lies behind something is a cause; what has none is a detail.
            let mark = line.seconds == nil && !line.isRoot ? "   " : "<- "
            let indent = line.depth > 0 ? String(repeating: "  ", count: line.depth - 1) + mark : ""
            return (line.seconds == nil ? "" : String(repeating: " ", count: max(0, 9 - time.count)) + time + "  ")
                + indent + name + line.text
        }
    }

    /// `1h02m03s`, `12m03s`, `3.250s`.
    static func clock(_ seconds: Double) -> String {
        let millis = Int64((seconds * 1_000).rounded())
        let (hours, minutes, rest) = (millis / 3_600_000, millis / 60_000 % 60, millis % 60_000)
        let fraction = rest % 1_000 == 0 ? "" : "." + String(String(1_000 + rest % 1_000).dropFirst())
        let whole = rest / 1_000
        if hours > 0 { return "\(hours)h\(minutes < 10 ? "0" : "")\(minutes)m\(whole < 10 ? "0" : "")\(whole)s" }
        if minutes > 0 { return "\(minutes)m\(whole < 10 ? "0" : "")\(whole)\(fraction)s" }
        return "\(whole)\(fraction)s"
    }
}
