import Lab
import Simulation

/// Proof that an exercise judges as its author means: the starter fails, every orthodox answer passes with room to
/// spare, every wrong one fails in the criterion that names its misconception, mutants of the solution are rejected or
/// known to be fine.
public struct Verification: Sendable {
    /// What an answer must do.
    public enum Duty: Sendable, Equatable {
        case mustFail
        case mustPass
        /// In the criterion with this id.
        case mustFailIn(String)
        /// A change of the solution that nobody asked for: rejected, or known to be fine.
        case mutant
    }

    /// One answer, judged as often as there are grades.
    public struct Row: Sendable {
        public var name: String
        public var duty: Duty
        /// The worst of each criterion over the grades: for answers that must pass the least, for the others the most;
        /// nil where nothing was to be known.
        public var slacks: [Double?]
        /// Points of the grade with the fewest and of that with the most; undecided criteria count as none and as full.
        public var points: ClosedRange<Double>
        /// Grades that were given, and those of them that went against the duty.
        public var grades: Int
        public var mistaken: Int
        /// Why the duty is not done; empty if it is.
        public var faults: [String]
        /// How the answer could not be tried, if so.
        public var ungradable: String
        /// The criterion on which a mutant was given up before its trial was over.
        public var refusedBy: String
        /// Why full points of a mutant are right, if they are.
        public var accepted: String
    }

    public var rows: [Row]
    /// Trials that were run, and those whose outcome was known from an earlier verification.
    public var trials: Int
    public var remembered: Int
    public var criteria: [String]
    public var exercise: String
    public var isProved: Bool { rows.allSatisfy(\.faults.isEmpty) }

    /// What is to spare at least, as a share of the bound.
    public static let spare = 0.1

    /// How often it went wrong, over a kind of answers.
    public struct Count: Sendable, Equatable {
        public var answers = 0
        public var grades = 0
        public var mistaken = 0
    }

    /// Right answers that did not get all points.
    public var falseFails: Count { count { $0 == .mustPass } }

    /// Wrong answers, the starter among them, whose criterion held.
    public var falsePasses: Count {
        count {
            switch $0 {
            case .mustFail, .mustFailIn: true
            case .mustPass, .mutant: false
            }
        }
    }

    /// Mutants that got all points and are not accepted.
    public var survivors: Count { count { $0 == .mutant } }
    public var accepted: Int { rows.count { !$0.accepted.isEmpty } }

    private func count(_ isMeant: (Duty) -> Bool) -> Count {
        rows.filter { isMeant($0.duty) }.reduce(into: Count()) { sum, row in
            sum.answers += 1
            sum.grades += row.grades
            sum.mistaken += row.mistaken
        }
    }
}

/// An answer to be verified.
struct CandidateAnswer: Sendable {
    var name: String
    var duty: Verification.Duty
    var submission: Submission
    var faults: [ConfigurationError]
}

extension Exercise {
    /// Everything that the folder holds, read as a hand-in would be: starter, solution, panel, wrong answers, then the
    /// mutants of the solution.
    func candidates(includesMutants: Bool) -> [CandidateAnswer] {
        func read(_ name: String, _ duty: Verification.Duty) -> CandidateAnswer {
            let (submission, faults) = Submission.read(folder + "/" + name, for: self)
            return CandidateAnswer(
                name: name, duty: duty, submission: submission, faults: faults + submission.faults(in: self))
        }
        let solution = read("solution", .mustPass)
        var answers = [solution]
        answers += self.answers(in: "panel").map { read("panel/" + $0, .mustPass) }
        answers.append(read("starter", .mustFail))
        answers += content.wrong.map { read("wrong/" + $0.name, .mustFailIn($0.criterion)) }
        guard includesMutants else { return answers }
        return answers
            + Mutation.all(of: solution.submission, in: self).map { mutation in
                CandidateAnswer(
                    name: mutation.name, duty: .mutant, submission: mutation.submission,
                    faults: mutation.submission.faults(in: self))
            }
    }

    /// Why full points of a mutant are right; nil if nobody says so.
    func reasonToAccept(_ mutant: String) -> String? {
        content.accepted.first { TrialRecording.matches(mutant, $0.name) }?.reason
    }
}
