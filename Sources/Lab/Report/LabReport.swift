import Monitoring
import PromQL
import Simulation

/// A lab's life, or a part of it, as its report shows it: values without any markup.
///
/// All of it is computed by living through the span again from the lab's file, so the same lab has the same report. Curves
/// are reduced to columns that keep what they must not lose: sums of what is counted, the least and the most of what is
/// read.
public struct LabReport: Sendable, Equatable {
    public var scenario: String
    public var title: String
    public var exercise: String
    public var namespace: String
    public var seed: UInt64
    public var currency: String
    /// The simulated wall clock at time zero, in seconds since the Unix epoch.
    public var startEpochSeconds: Int64
    /// How far the lab has come.
    public var now: SimulationTime
    public var columns: Columns
    /// The share of good answers that is asked of each source of traffic, below 1.
    public var target: Double

    public var faults: [Fault] = []
    /// In order of time; at one instant what was done comes before what came of it.
    public var incidents: [Incident] = []
    /// Incidents that were left out because there were too many.
    public var omittedIncidents = 0
    public var traffic: [Traffic] = []
    /// Where the span begins with the lab's life and no pod was ready yet: how long, and whom that hurt.
    public var startUp: StartUp?
    /// When the first user after the start-up got no good answer; nil if everybody did.
    public var firstHurt: SimulationTime?
    /// Spells in which more users were hurt than the target allows.
    public var spells: [Spell] = []
    public var alerting = Alerting.noPrometheus
    /// Those that fired before those that did not, each by the time at which they began.
    public var alerts: [AlertSpan] = []
    public var omittedAlerts = 0
    public var measured: [MeasuredLevel] = []
    public var workloads: [Workload] = []
    public var omittedWorkloads = 0
    public var cost = Cost()
    public var worst: WorstRequest?

    /// Equal parts of the span.
    public struct Columns: Sendable, Equatable {
        public var begin: SimulationTime
        public var end: SimulationTime
        public var count: Int

        /// When a column begins; `count` has the end of the last.
        public func edge(_ column: Int) -> SimulationTime {
            let whole = (end - begin).nanoseconds
            let (quotient, rest) = whole.quotientAndRemainder(dividingBy: Int64(count))
            return begin + .nanoseconds(quotient * Int64(column) + rest * Int64(column) / Int64(count))
        }

        public var width: Duration { (end - begin) / Int64(count) }

        /// Where an instant lies, from 0 to 1.
        public func place(_ time: SimulationTime) -> Double {
            let whole = max(1, (end - begin).nanoseconds)
            return min(1, max(0, Double((time - begin).nanoseconds) / Double(whole)))
        }

        /// The column of an instant; those outside of the span are in the first or the last.
        public func index(_ time: SimulationTime) -> Int {
            min(count - 1, max(0, Int(place(time) * Double(count))))
        }
    }

    /// A fault, from its begin to its end.
    public struct Fault: Sendable, Equatable {
        public var name: String
        /// What it does, in a few words.
        public var summary: String
        public var begin: SimulationTime
        /// Nil while it is in force.
        public var end: SimulationTime?
    }

    /// The time before anything was ready.
    public struct StartUp: Sendable, Equatable {
        public var end: SimulationTime
        /// Requests that ended in it without a good answer.
        public var failed: Int64
    }

    /// What became of requests.
    public struct Counts: Sendable, Equatable {
        public var arrived: Int64 = 0
        public var good: Int64 = 0
        /// Requests that got no good answer, whatever the reason.
        public var failed: Int64 = 0
        /// Good answers that were of no use.
        public var poor: Int64 = 0

        public init() {}

        public var ended: Int64 { good + failed }
        /// The share without a good answer; nil if none ended.
        public var failedShare: Double? { ended == 0 ? nil : Double(failed) / Double(ended) }

        static func - (left: Self, right: Self) -> Self {
            var difference = Counts()
            difference.arrived = left.arrived - right.arrived
            difference.good = left.good - right.good
            difference.failed = left.failed - right.failed
            difference.poor = left.poor - right.poor
            return difference
        }

        public static func += (left: inout Self, right: Self) {
            left.arrived += right.arrived
            left.good += right.good
            left.failed += right.failed
            left.poor += right.poor
        }
    }

    /// One source of traffic.
    public struct Traffic: Sendable, Equatable {
        public var name: String
        public var service: String
        public var total = Counts()
        public var columns: [Counts] = []
        /// Kinds of failure by how often they occurred in the span, the most first.
        public var failures: [Failure] = []
        /// Seconds within which this share of the good answers came; nil without any.
        public var p50: Double?
        public var p95: Double?
        public var p99: Double?
        /// Good answers by column and ``LatencyScale/bounds``; the last row is what took longer than all of them.
        public var latency: [[Int64]] = []

        public struct Failure: Sendable, Equatable {
            /// `refused`, `timed out`, `with 502`.
            public var kind: String
            public var count: Int64
        }

        /// What is left of the budget of failures at the end of each column: 1 untouched, below 0 overdrawn. The budget is
        /// that of all requests of the span.
        public func budgetLeft(target: Double) -> [Double] {
            let allowed = (1 - target) * Double(total.ended)
            var failed = 0.0
            return columns.map { counts in
                failed += Double(counts.failed)
                return allowed > 0 ? 1 - failed / allowed : 1
            }
        }
    }

    /// A stretch of time with more failures than the target allows.
    public struct Spell: Sendable, Equatable {
        /// The first failure of it that was seen.
        public var begin: SimulationTime
        public var end: SimulationTime
        public var failed: Int64
        public var ended: Int64
        /// The highest share of failures in any column of it.
        public var peak: Double
    }

    /// What alerts there can be.
    public enum Alerting: Sendable, Equatable {
        case noPrometheus
        case noRules
        case rules(Int)
    }

    /// One alert, from the moment at which its expression began to hold.
    public struct AlertSpan: Sendable, Equatable {
        public enum Verdict: Sendable, Equatable {
            /// It never fired.
            case pending
            /// It fired with users hurt: how long after the first of them (negative if it was up to a minute before), and
            /// how long after the last, if they were over by then.
            case real(spell: Int, late: Duration, afterEnd: Duration?)
            /// It fired and nobody was hurt; how much later somebody was while it still fired, if so.
            case wrong(next: Duration?)
        }

        public var name: String
        /// Without `alertname`.
        public var labels: Labels
        public var activeAt: SimulationTime
        public var firedAt: SimulationTime?
        /// Nil while it goes on.
        public var end: SimulationTime?
        public var verdict = Verdict.pending

        public var isWrong: Bool { if case .wrong = verdict { true } else { false } }
    }

    /// What Prometheus made of the answers.
    public struct MeasuredLevel: Sendable, Equatable {
        public var name: String
        /// Share of good answers asked for.
        public var target: Double
        /// The share of good answers by column; nil where there is no data.
        public var columns: [Double?]
        /// Over the span up to its end.
        public var good: Double?
        public var budgetLeft: Double?
        /// Why there are no numbers; empty if there are.
        public var problem: String
    }

    /// The least and the most of a reading within a column.
    public struct Band: Sendable, Equatable {
        public var low: Int32
        public var high: Int32

        init(_ value: Int32) {
            low = value
            high = value
        }

        mutating func include(_ value: Int32) {
            low = min(low, value)
            high = max(high, value)
        }
    }

    /// A Deployment's sizes; columns in which it did not exist have none.
    public struct Workload: Sendable, Equatable {
        /// `namespace/name`.
        public var key: String
        /// The name of its autoscaler, if it ever had one.
        public var autoscaler: String?
        /// `spec.replicas`.
        public var desired: [Band?]
        public var ready: [Band?]
        /// What the autoscaler wishes (`status.desiredReplicas`).
        public var wish: [Band?]

        /// How much it changed: what is shown first.
        var movement: Int {
            (desired + ready + wish).reduce(0) { $0 + Int($1.map { $0.high - $0.low } ?? 0) }
                + zip(ready, ready.dropFirst()).reduce(0) { $0 + abs(Int($1.0?.low ?? 0) - Int($1.1?.low ?? 0)) }
        }
    }

    /// What the span cost, in units of the currency.
    public struct Cost: Sendable, Equatable {
        public struct Part: Sendable, Equatable {
            public var name: String
            public var cost: Double
            /// Pod hours of a workload, tokens of a model.
            public var amount: Double
        }

        public var machines = 0.0
        public var idle = 0.0
        public var machineHours = 0.0
        public var tokens = 0.0
        /// The dearest first.
        public var workloads: [Part] = []
        public var models: [Part] = []
        /// Machines and tokens since the begin, at the end of each column.
        public var course: [(machines: Double, tokens: Double)] = []

        public var total: Double { machines + tokens }

        public static func == (left: Self, right: Self) -> Bool {
            left.machines == right.machines && left.idle == right.idle && left.machineHours == right.machineHours
                && left.tokens == right.tokens && left.workloads == right.workloads && left.models == right.models
                && left.course.elementsEqual(right.course, by: ==)
        }
    }
}

/// The rows of a picture of latencies: six to a power of ten.
public enum LatencyScale {
    /// Upper bounds, ascending, from a millisecond to 700 s.
    public static let bounds: [Duration] = {
        var bounds: [Duration] = []
        var decade: Int64 = 1
        while decade <= 100_000 {
            for tenths: Int64 in [10, 15, 20, 30, 50, 70] { bounds.append(.microseconds(decade * tenths * 100)) }
            decade *= 10
        }
        return bounds
    }()
}
