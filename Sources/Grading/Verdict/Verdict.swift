import Lab
import Simulation

/// What became of a submission: the one model that every report is written from.
public struct Verdict: Sendable, Equatable {
    /// Whether there is a grade. Ungradable is not zero: it says that nothing can be said.
    public enum Status: String, Sendable {
        case graded
        /// The submission cannot be used, or the trial did not come to its end.
        case ungradable
        /// Kubelab's own fault.
        case error
    }

    public var status: Status
    public var exercise: String
    public var lesson: String
    public var title: String
    public var student: String
    public var checks: [Check]
    /// Why there is no grade, with file and line.
    public var faults: [ConfigurationError]
    public var receipt: Receipt
    /// Simulated time of one trial.
    public var simulated: Duration
    /// Wall time of the grading, in milliseconds; 0 in reports that must be the same each time.
    public var wallMilliseconds: Int64
    /// For the learner who has passed.
    public var debrief: String

    /// Points of predictions make up for lost ones, up to the maximum.
    public var points: Double { min(Double(maximumPoints), checks.reduce(0) { $0 + $1.points }) }
    public var maximumPoints: Int { checks.reduce(0) { $0 + ($1.isExtra ? 0 : $1.maximumPoints) } }
    public var isPassed: Bool { status == .graded && checks.allSatisfy { $0.status == .passed || $0.isExtra } }
    /// From 0 to 1.
    public var score: Double { maximumPoints == 0 ? 0 : points / Double(maximumPoints) }
}

/// What became of one criterion.
public struct Check: Sendable, Equatable {
    public enum Status: String, Sendable {
        case passed
        /// With part of its points, or none.
        case failed
        case ungradable
    }

    public var id: String
    public var title: String
    public var status: Status
    public var points: Double
    public var maximumPoints: Int
    public var expected: String
    public var seen: String
    /// Who was hurt and when; empty where nobody was or where it is hidden.
    public var harm: String
    /// The rule as the exercise states it, in the criterion language.
    public var rule: String
    /// Where it is decided: the hidden seeds, unless the visible one fails in the same way.
    public var isHidden: Bool
    /// Simulated time of the moment, nil if nothing is to be seen.
    public var moment: SimulationTime?
    /// Where the hand-in answers for it.
    public var file: String
    /// 0 if it is not known.
    public var line: Int
    public var path: String
    /// Commands that take one to the moment.
    public var commands: [String]
    /// What somebody probably believed; told after the pass or on request.
    public var misconceptions: [String]
    public var slack: Double?
    /// The visible seed on which it can be looked at; nil if none fails in the same way.
    public var seed: UInt64?
    /// How it came about, from `why` at the moment; told after the pass or on request.
    public var causes: [String] = []
    /// Whether it is a prediction, which nobody needs: its points come on top, up to the exercise's maximum.
    public var isExtra = false

    /// The message in one line: users first, then the rule.
    public var message: String {
        switch status {
        case .passed: seen.isEmpty ? "passed" : seen
        case .ungradable: seen
        case .failed: (harm.isEmpty ? "" : harm + "; ") + "expected \(expected), seen: \(seen)"
        }
    }
}

/// What a grade rests on, so that somebody else can repeat it.
public struct Receipt: Sendable, Equatable {
    /// Version of kubelab, which decides how a world behaves.
    public var version: String
    public var exerciseHash: String
    public var submissionHash: String
    public var student: String
    public var attempt: Int
    /// SHA-256 of each seed: says whether two grades used the same without telling which.
    public var seedHashes: [String]
    /// The digest of the run with each seed, in the same order.
    public var digests: [String]
    public var points: Double
    public var maximumPoints: Int

    /// A seed's hash as a receipt has it.
    static func hash(ofSeed seed: UInt64) -> String { SHA256.hexadecimal("seed \(seed)".utf8) }
}

/// The version of the grading rules and of the worlds; a receipt of another one cannot be compared.
public enum GradingVersion {
    public static let current = "0.1.0"
}
