import Simulation

/// What an experiment came to, ready to be shown.
public struct ExperimentReport: Sendable, Encodable {
    /// A table of results.
    public struct Table: Sendable, Encodable {
        public var title: String
        public var header: [String]
        public var rows: [[String]]
    }

    /// What is drawn.
    public enum Picture: Sendable, Encodable {
        /// One bar with its interval a row.
        case bars(title: String, unit: String, rows: [Bar])
        /// A share for each pair of two settings, darker where there is more of it.
        case grid(title: String, rows: String, columns: [String], cells: [Row])
        /// How values are spread, on a logarithmic axis: the middle 80%, the middle half, the median.
        case spreads(title: String, unit: String, rows: [Spread])
    }

    public struct Bar: Sendable, Encodable {
        public var name: String
        public var estimate: Estimate
    }

    public struct Row: Sendable, Encodable {
        public var name: String
        /// Shares in 0 ... 1; nil where nothing was measured.
        public var shares: [Double?]
    }

    public struct Spread: Sendable, Encodable {
        public var name: String
        /// The quantiles of 10, 25, 50, 75 and 90%.
        public var quantiles: [Double]
    }

    /// An assumption that decides the result: what it is here, what it was changed to, and how far the result moved.
    public struct Dependence: Sendable, Encodable {
        public var assumption: String
        public var here: String
        public var changed: String
        /// The result with the change, and how much it moved, in ``ExperimentReport/resultUnit``.
        public var result: Estimate
        public var movement: Estimate
    }

    public var name: String
    public var claim: String
    public var method: [String]
    /// How the intervals are made.
    public var statistics: String
    public var seeds: Int
    /// Runs of worlds that were done, and planned.
    public var runs: Int
    public var plannedRuns: Int
    public var pictures: [Picture] = []
    public var tables: [Table] = []
    /// What it says of the claim, in sentences.
    public var findings: [String] = []
    /// What is varied in ``dependences``, and in which unit.
    public var result = ""
    public var resultUnit = ""
    public var dependences: [Dependence] = []

    public init(_ experiment: Experiment, seeds: Int) {
        name = experiment.rawValue
        claim = experiment.claim
        method = []
        statistics = ""
        self.seeds = seeds
        runs = 0
        plannedRuns = 0
    }

    public var isComplete: Bool { runs == plannedRuns }

    /// The sentence that names the assumptions, those first that move the result most.
    ///
    /// An assumption decides if a change of it moves the result by at least a tenth of what the strongest does, and by
    /// more than chance may.
    public var dependsOn: String {
        let ordered = dependences.sorted { abs($0.movement.value) > abs($1.movement.value) }
        let bound = abs(ordered.first?.movement.value ?? 0) / 10
        func isDecisive(_ one: Dependence) -> Bool {
            abs(one.movement.value) >= bound && one.movement.value != 0 && one.movement.low * one.movement.high > 0
        }
        let deciding = Self.listed(ordered.filter(isDecisive).map(\.assumption), without: [])
        let other = Self.listed(ordered.map(\.assumption), without: ordered.filter(isDecisive).map(\.assumption))
        guard !ordered.isEmpty else { return "" }
        guard !deciding.isEmpty else {
            return "This depends on nothing that was varied, as far as these seeds can tell."
        }
        return "This depends on \(deciding)"
            + (other.isEmpty ? "." : "; hardly, or not beyond chance, on \(other).")
    }

    /// Names once each, with commas and an 'and'.
    private static func listed(_ names: [String], without others: [String]) -> String {
        var result: [String] = []
        for name in names where !result.contains(name) && !others.contains(name) { result.append(name) }
        guard let last = result.popLast() else { return "" }
        return result.isEmpty ? last : result.joined(separator: ", ") + " and " + last
    }

    private enum CodingKeys: String, CodingKey {
        case name, claim, method, statistics, seeds, runs, plannedRuns, isComplete, pictures, tables, findings, result
        case resultUnit, dependsOn, dependences
    }

    public func encode(to encoder: any Encoder) throws {
        var container = encoder.container(keyedBy: CodingKeys.self)
        try container.encode(name, forKey: .name)
        try container.encode(claim, forKey: .claim)
        try container.encode(method, forKey: .method)
        try container.encode(statistics, forKey: .statistics)
        try container.encode(seeds, forKey: .seeds)
        try container.encode(runs, forKey: .runs)
        try container.encode(plannedRuns, forKey: .plannedRuns)
        try container.encode(isComplete, forKey: .isComplete)
        try container.encode(pictures, forKey: .pictures)
        try container.encode(tables, forKey: .tables)
        try container.encode(findings, forKey: .findings)
        try container.encode(result, forKey: .result)
        try container.encode(resultUnit, forKey: .resultUnit)
        try container.encode(dependsOn, forKey: .dependsOn)
        try container.encode(dependences, forKey: .dependences)
    }
}
