import Lab
import Simulation
import Workloads

/// What was seen of one trial: only what the criteria asked for.
public struct TrialRecording: Sendable {
    /// One occurrence, or several of the same at one look.
    public struct Occurrence: Sendable, Equatable {
        public var time: SimulationTime
        public var reason: String
        /// `pod/gateway-1`; lower-case kind.
        public var object: String
        public var message: String
        public var count: Int
    }

    /// Why a fact is what it is, for whoever fails because of it.
    public struct FactNote: Sendable, Equatable {
        public var moment: SimulationTime
        public var text: String
        /// Commands that show it in the trial as a lab that has come to the moment.
        public var looks: [String] = []
    }

    /// How long the trial lasted.
    public var duration: Duration
    /// The simulated wall clock at its beginning, in seconds of the day.
    public var startOfDay: Int64
    public internal(set) var signals: [String: StepSeries] = [:]
    public internal(set) var levels: [String: [LevelWindow]] = [:]
    public internal(set) var occurrences: [Occurrence] = []
    /// Numbers that the exercise's own check of the hand-in found, by name.
    public internal(set) var facts: [String: Double] = [:]
    /// What is to be said of a fact: in words, and the moment to look at.
    public internal(set) var factNotes: [String: FactNote] = [:]
    /// What a runbook saw and did, line by line, by incident.
    public internal(set) var journals: [String: [String]] = [:]
    /// The run's digest and how much happened, for the receipt.
    public internal(set) var digest = ""
    public internal(set) var events: UInt64 = 0

    public init(duration: Duration, startOfDay: Int64 = 0) {
        self.duration = duration
        self.startOfDay = startOfDay
    }

    /// The sum of a stream's windows that begin in a window of a criterion.
    func level(_ stream: String, _ window: CriterionWindow) -> LevelWindow {
        let (from, to) = bounds(window)
        var sum = LevelWindow(start: from)
        for level in levels[stream] ?? [] where level.start >= from && level.start < to { sum += level }
        return sum
    }

    func bounds(_ window: CriterionWindow) -> (from: SimulationTime, to: SimulationTime) {
        let end = SimulationTime.zero + duration
        let from = window.from.map { SimulationTime.zero + $0 } ?? .zero
        return (from, max(from, min(end, window.to.map { SimulationTime.zero + $0 } ?? end)))
    }

    /// The simulated wall clock at an instant, `09:14`, with seconds where they matter.
    func wallClock(_ time: SimulationTime) -> String {
        let seconds = startOfDay + Duration(nanoseconds: time.nanoseconds).wholeSeconds
        let day = ((seconds % 86_400) + 86_400) % 86_400
        func two(_ value: Int64) -> String { value < 10 ? "0\(value)" : "\(value)" }
        let text = "\(two(day / 3_600)):\(two(day / 60 % 60))"
        return day % 60 == 0 ? text : text + ":\(two(day % 60))"
    }
}
