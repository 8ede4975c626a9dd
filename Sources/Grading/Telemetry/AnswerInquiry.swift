import Lab
import Monitoring
import PromQL
import Simulation
import Synchronization

/// What a query gave, or why it gave nothing.
enum AnswerFinding: Sendable, Equatable {
    case value(AnswerValue)
    case none(String)

    var value: AnswerValue? { if case .value(let value) = self { value } else { nil } }
}

/// Asks queries of one world's telemetry, all of it or what a policy keeps. What that is, is made when the first query
/// wants it.
struct AnswerInquiry {
    let observation: TelemetryObservation
    let world: AnsweredWorld
    /// What is kept; nil for what the world itself has.
    let policy: TelemetryPolicy?
    private var traces: TraceStore?
    private var kept: [AnswerLanguage: KeptTelemetry] = [:]
    /// By what world and policy together are known; nil to remember nothing.
    private let key: String?

    /// Sampled traces of worlds under a policy: all spans of a world are many and take long to unpack, and what is kept of them
    /// is little.
    private static let sampled = AnswerMemory<KeptTelemetry>(capacity: 64)
    private static let fewSpans = 30_000

    /// - Returns: nil for an observation of which no questions are asked.
    init?(_ observation: TelemetryObservation, policy: TelemetryPolicy? = nil, key: String? = nil) {
        guard let world = observation.answers else { return nil }
        self.observation = observation
        self.world = world
        self.policy = policy
        self.key = key
    }

    /// Samples that one query may look at, and hold: a hundred times what the questions of an exercise need.
    private static let workBudget = 50_000_000
    private static let mostSamples = 5_000_000

    /// - Parameters: the time of the question, since the trial began. Queries for a number are asked at its end.
    mutating func finding(_ query: AnswerQuery, from: Duration, to: Duration) -> AnswerFinding {
        let (from, to) = (world.begin + from.nanoseconds, world.begin + to.nanoseconds)
        switch query {
        case .promql(let text, let label):
            var options = QueryEngine.Options()
            options.maxSamples = Self.mostSamples
            options.workBudget = Self.workBudget
            options.defaultSubqueryStep = 15_000
            do {
                let store = policy == nil ? observation.store : kept(for: .promql).metrics
                let result = try QueryEngine(options: options).instant(text, in: store, at: to / 1_000_000)
                switch result.value {
                case .vector(let elements) where elements.isEmpty:
                    let why = (try? PromQLParser.parse(text, options: options.parser)).flatMap {
                        UnmatchedSelector.first(in: $0, store)
                    }
                    return .none("nothing: \(why.map { Sanitised.text("\($0)", limit: 300) } ?? "no series matches")")
                case .scalar(let number): return Self.single([("", number)], hasLabel: label != nil)
                case .vector(let elements):
                    return Self.single(
                        elements.compactMap { element in
                            guard case .float(let number) = element.value else { return nil }
                            return (label.map { element.labels[$0] } ?? "", number)
                        }, hasLabel: label != nil)
                case .string: return .none("a text, and no number")
                case .matrix: return .none("many samples of each series: a range needs a function such as rate")
                }
            } catch { return .none("no answer: \(error.description)") }
        case .logql(let text, let label):
            var limits = LogQLLimits()
            limits.bytesRead = 200_000_000
            limits.numbers = 5_000_000
            do throws(LogQLError) {
                let result = try LogQLEngine(limits: limits).run(
                    .instant(text, at: to), in: policy == nil ? world.logs : kept(for: .logql).logs)
                switch result {
                case .scalar(_, let number): return Self.single([("", number)], hasLabel: label != nil)
                case .vector(let samples):
                    return Self.single(
                        samples.map { (label.map($0.labels.value) ?? "", $0.value) }, hasLabel: label != nil)
                case .streams, .matrix: return .none("no single number")
                }
            } catch { return .none("no answer: \(error)") }
        case .traceql(let text, let name):
            guard let query = try? TraceQL(text), let reduction = TraceReduction(name) else {
                return .none("no answer")
            }
            let store = policy == nil ? unpacked() : kept(for: .traceql).traces
            switch reduction.result(of: query, in: store, from: UInt64(clamping: from), to: UInt64(clamping: to)) {
            case .number(let number): return .value(.number(number))
            case .ranking(let shares): return shares.first.map { .value(.name($0.name)) } ?? .none("nothing")
            case nil: return .none("nothing: no span matches")
            }
        }
    }

    /// One number is there as one element without a doubt; a name is that of the greatest.
    private static func single(_ elements: [(label: String, number: Double)], hasLabel: Bool) -> AnswerFinding {
        guard hasLabel else {
            switch elements.count {
            case 0: return .none("nothing: no series matches")
            case 1: return .value(.number(elements[0].number))
            default: return .none("\(elements.count) numbers, where one is asked for: sum them, or choose one")
            }
        }
        let greatest = elements.filter { !$0.number.isNaN }.max {
            $0.number != $1.number ? $0.number < $1.number : $0.label > $1.label
        }
        guard let greatest else { return .none("nothing: no series matches") }
        return greatest.label.isEmpty ? .none("a series without that label") : .value(.name(greatest.label))
    }

    /// How much came in of what the policy wants; zero without one.
    mutating func volume() -> TelemetryVolume {
        AnswerLanguage.allCases.reduce(into: TelemetryVolume()) { $0.add(kept(for: $1).volume) }
    }

    private mutating func kept(for language: AnswerLanguage) -> KeptTelemetry {
        if let known = kept[language] ?? remembered(language) { return known }
        guard let policy else { return KeptTelemetry() }
        let told = ToldTelemetry(
            work: observation.work, traces: language == .traceql ? unpacked() : TraceStore(),
            namespace: observation.namespace, start: observation.start, end: observation.end)
        let made = KeptTelemetry(policy, of: told, for: [language])
        kept[language] = made
        if let key, language == .traceql, made.volume.spans < Self.fewSpans { Self.sampled.remember(made, key) }
        return made
    }

    private func remembered(_ language: AnswerLanguage) -> KeptTelemetry? {
        language == .traceql ? key.flatMap(Self.sampled.remembered) : nil
    }

    private mutating func unpacked() -> TraceStore {
        if let traces { return traces }
        var reader = BinaryReader(world.traces)
        let store = (try? reader.read(TraceStore.self)) ?? TraceStore()
        traces = store
        return store
    }
}

extension Labels {
    fileprivate func value(_ name: String) -> String { self[name] }
}

/// What was found out before, by a key that says of what: answers of an exercise share most of their queries, and many
/// hand-ins their policy.
final class AnswerMemory<Found: Sendable>: Sendable {
    private let known = Mutex<[String: Found]>([:])
    private let capacity: Int

    /// - Parameter capacity: findings that are remembered; with one more all are forgotten.
    init(capacity: Int = 20_000) { self.capacity = capacity }

    func found(_ key: String, _ find: () -> Found) -> Found {
        if let found = remembered(key) { return found }
        let found = find()
        remember(found, key)
        return found
    }

    func remembered(_ key: String) -> Found? { known.withLock { $0[key] } }

    func remember(_ found: Found, _ key: String) {
        known.withLock { known in
            if known.count >= capacity { known = [:] }
            known[key] = found
        }
    }
}
