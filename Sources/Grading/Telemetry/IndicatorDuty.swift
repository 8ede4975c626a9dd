import KubernetesAPI
import Lab
import Monitoring
import Simulation

/// How service level indicators are judged: by how near what they measure comes to what users felt.
public struct IndicatorDuty: Sendable, Decodable {
    /// The hand-in file with the objectives: OpenSLO's or Sloth's documents, or rules that record what Sloth's would.
    public var file: String
    /// The hand-in file with the bounds of the latency histograms; nil where the scenario's bounds stand.
    public var buckets: String?
    /// Bounds that programs expose beside those of the hand-in, and that its queries do not see: of hand-ins whose bounds
    /// are among them one world is enough for all.
    public var grid: [Double]
    /// The objectives that the file must have.
    public var objectives: [IndicatorGoal]
    /// Parts of the trial that are judged beside the whole.
    public var windows: [IndicatorWindow]

    enum CodingKeys: String, CodingKey, CaseIterable { case file, buckets, grid, objectives, windows }

    public init(from decoder: any Decoder) throws {
        let container = try decoder.strict(CodingKeys.self)
        file = try container.decode(String.self, forKey: .file)
        buckets = try container.decodeIfPresent(String.self, forKey: .buckets)
        grid = try container.decodeIfPresent([Double].self, forKey: .grid) ?? []
        try container.require(
            grid.count <= 50 && grid.allSatisfy { $0 > 0 && $0.isFinite }, .grid,
            "at most 50 numbers of seconds above 0")
        objectives = try container.decode([IndicatorGoal].self, forKey: .objectives)
        windows = try container.decodeIfPresent([IndicatorWindow].self, forKey: .windows) ?? []
        try container.require(!objectives.isEmpty, .objectives, "at least one objective is judged")
    }

    /// Bounds that a histogram may have: each is a series of every pod.
    static let maximumBuckets = 20

    /// Reads `buckets: [0.1, 0.5]`.
    /// - Returns: nil for what is not at most ``maximumBuckets`` ascending numbers of seconds above 0.
    static func bounds(_ text: String) -> [Double]? {
        guard let values = (try? YAMLReader.documents(text))?.first?.value["buckets"]?.array, !values.isEmpty,
            values.count <= maximumBuckets
        else { return nil }
        var bounds: [Double] = []
        for value in values {
            let bound: Double
            switch value {
            case .integer(let whole): bound = Double(whole)
            case .number(let number): bound = number
            default: return nil
            }
            guard bound.isFinite, bound > bounds.last ?? 0 else { return nil }
            bounds.append(bound)
        }
        return bounds
    }

    /// The bounds with which a world is lived for a hand-in; nil for those of its scenario.
    func lived(_ submission: Submission) -> [Double]? {
        asked(submission).map { Set(grid + $0).sorted() }
    }

    /// The bounds that a hand-in asks for; nil if it cannot say, or does not.
    func asked(_ submission: Submission) -> [Double]? {
        guard let buckets, let text = submission.files.first(where: { $0.name == buckets })?.text else { return nil }
        return Self.bounds(text)
    }

    /// What makes a file of the hand-in unusable.
    func faults(in text: String, _ name: String) -> [Lab.ConfigurationError] {
        if name == buckets {
            guard Self.bounds(text) == nil else { return [] }
            return [
                Lab.ConfigurationError(
                    file: name, path: "buckets",
                    message:
                        "must be 1 to \(Self.maximumBuckets) ascending numbers of seconds above 0, such as buckets: [0.1, 0.5, 1]"
                )
            ]
        }
        if IndicatorRules.isRuleFile(text) {
            let faults = TelemetryDuty.faults(inRules: text, name)
            guard faults.isEmpty, let rules = IndicatorRules(text) else { return faults }
            return objectives.flatMap { goal in
                rules.missing(goal, windows.map { $0.to - $0.from }).map {
                    Lab.ConfigurationError(file: name, path: "groups", message: "no rule records \($0)")
                }
            }
        }
        let found: [Monitoring.ServiceLevelObjective]
        do { found = try ServiceLevelDocument.objectives(text) } catch {
            return [
                Lab.ConfigurationError(
                    file: name, line: error.line ?? 0, path: error.field, message: error.message)
            ]
        }
        guard !found.isEmpty else {
            return [Lab.ConfigurationError(file: name, message: "the file is empty: it holds no objective")]
        }
        return objectives.filter { goal in !found.contains { $0.name == goal.name } }.map {
            Lab.ConfigurationError(
                file: name,
                message:
                    "has no objective with the name \($0.name); it has \(found.map(\.name).joined(separator: ", "))")
        }
    }
}

/// One objective that is asked for, and the truth that it is held against.
public struct IndicatorGoal: Sendable, Decodable {
    public var name: String
    /// The source of traffic whose users count.
    public var traffic: String
    /// Which of their requests are good, in the criterion language.
    public var good: String
    /// The share of good requests that is promised.
    public var objective: Double

    enum CodingKeys: String, CodingKey, CaseIterable { case name, traffic, good, objective }

    public init(from decoder: any Decoder) throws {
        let container = try decoder.strict(CodingKeys.self)
        name = try container.decode(String.self, forKey: .name)
        traffic = try container.decode(String.self, forKey: .traffic)
        good = try container.decodeIfPresent(String.self, forKey: .good) ?? "good"
        objective = try container.decode(Double.self, forKey: .objective)
        try container.require(objective > 0 && objective < 1, .objective, "must lie between 0 and 1, such as 0.99")
    }
}

/// A part of the trial that is judged for itself; times are counted from the trial's beginning.
public struct IndicatorWindow: Sendable, Decodable {
    public var name: String
    public var from: Duration
    public var to: Duration

    enum CodingKeys: String, CodingKey, CaseIterable { case name, from, to }

    public init(from decoder: any Decoder) throws {
        let container = try decoder.strict(CodingKeys.self)
        name = try container.decode(String.self, forKey: .name)
        from = try container.decode(Duration.self, forKey: .from)
        to = try container.decode(Duration.self, forKey: .to)
        try container.require(from >= .zero && from < to, .to, "must be a time after 'from', which is not below 0")
    }
}
