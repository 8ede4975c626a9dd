import Lab
import Simulation
import Workloads

/// The part of a trial that an expression speaks of; open ends are those of the trial.
public struct CriterionWindow: Sendable, Equatable {
    public var from: Duration?
    public var to: Duration?

    public init(from: Duration? = nil, to: Duration? = nil) {
        self.from = from
        self.to = to
    }

    /// As a reader is told: `from 5m to 65m`.
    public var text: String {
        switch (from, to) {
        case (nil, nil): "over the whole trial"
        case (let from?, nil): "from \(Figures.clock(from.seconds)) on"
        case (nil, let to?): "until \(Figures.clock(to.seconds))"
        case (let from?, let to?): "from \(Figures.clock(from.seconds)) to \(Figures.clock(to.seconds))"
        }
    }
}

/// Requests of one kind: a condition that each request meets or not.
indirect enum Population: Sendable, Equatable {
    /// Every request that ended.
    case all
    /// A good answer.
    case good
    /// Anything else: an error, a time-out of the client, a user who left.
    case failed
    case outcome(Outcome)
    /// A good answer that took at most so long.
    case within(Duration)
    case not(Population)
    case both(Population, Population)
    case either(Population, Population)
}

/// A value that changes during a trial.
indirect enum Signal: Sendable, Equatable {
    case measurement(String)
    case constant(Double, NumberUnit)
    case arithmetic(Arithmetic, Signal, Signal)
}

enum Arithmetic: String, Sendable {
    case add = "+"
    case subtract = "-"
    case multiply = "*"
    case divide = "/"

    /// Nil where there is no result: a division by zero.
    func apply(_ left: Double, _ right: Double) -> Double? {
        let result: Double =
            switch self {
            case .add: left + right
            case .subtract: left - right
            case .multiply: left * right
            case .divide: left / right
            }
        return result.isFinite ? result : nil
    }
}

enum Comparison: String, Sendable {
    case atLeast = ">="
    case atMost = "<="
    case equal = "=="
    case different = "!="
    case above = ">"
    case below = "<"

    func holds(_ left: Double, _ right: Double) -> Bool {
        switch self {
        case .atLeast: left >= right
        case .atMost: left <= right
        case .equal: left == right
        case .different: left != right
        case .above: left > right
        case .below: left < right
        }
    }

    /// As a person says it.
    var words: String {
        switch self {
        case .atLeast: "at least"
        case .atMost: "at most"
        case .equal: "exactly"
        case .different: "anything but"
        case .above: "more than"
        case .below: "less than"
        }
    }
}

/// A condition that holds at some instants of a trial and not at others.
indirect enum TimedCondition: Sendable, Equatable {
    case compare(Signal, Comparison, Signal)
    case both(TimedCondition, TimedCondition)
    case either(TimedCondition, TimedCondition)
    case not(TimedCondition)
}

/// How a signal becomes one number.
enum Summary: String, Sendable, CaseIterable {
    case mean, min, max
    /// Value times hours, so that a price an hour gives money and a number of pods gives pod-hours.
    case integral
    /// How often a number that rises and falls changes its direction.
    case reversals
}

/// Which Kubernetes events.
struct EventPattern: Sendable, Equatable {
    var reason: String
    /// `kind/name`, `*` for any run of characters; nil for all.
    var object: String?
}

/// One number about the trials.
indirect enum TrialQuantity: Sendable, Equatable {
    case constant(Double, NumberUnit)
    case share(of: Population, among: Population, stream: String, CriterionWindow)
    case requests(Population, stream: String, CriterionWindow)
    /// Of good answers.
    case quantile(Double, stream: String, CriterionWindow)
    case summary(Summary, Signal, CriterionWindow)
    case shareOfTime(TimedCondition, CriterionWindow)
    case events(EventPattern, CriterionWindow)
    /// When the first such event came, in seconds since the trial began.
    case timeOfEvent(EventPattern, CriterionWindow)
    case timeOf(TimedCondition, CriterionWindow)
    case value(Signal, at: Duration)
    case reference(String)
    /// A number that the exercise's own check of the hand-in found.
    case fact(String)
    /// The least or greatest of such a number over all trials.
    case extremeFact(Summary, String)
    case arithmetic(Arithmetic, TrialQuantity, TrialQuantity)
}

/// What must be so.
indirect enum Claim: Sendable, Equatable {
    /// `nothingAt`: where partial credit ends.
    case compare(TrialQuantity, Comparison, TrialQuantity, nothingAt: TrialQuantity?)
    case always(TimedCondition, CriterionWindow)
    case never(TimedCondition, CriterionWindow)
    case eventually(TimedCondition, within: Duration?, CriterionWindow)
    case both(Claim, Claim)
    case either(Claim, Claim)
    case not(Claim)
}

/// A criterion in its own language, read and checked; `docs/authoring.md` describes the language.
public struct CriterionExpression: Sendable, Equatable {
    public let text: String
    let claim: Claim

    /// Reads a criterion.
    /// - Parameters:
    ///   - text: such as `share of requests(traffic/users, latency <= 500ms) between 5m and 65m >= 99%`.
    ///   - namespace: where names without a namespace live.
    public init(parsing text: String, namespace: String) throws(CriterionError) {
        self.text = text
        var parser = CriterionParser(tokens: try CriterionLexer.tokens(text), namespace: namespace)
        claim = try parser.criterion()
    }
}
