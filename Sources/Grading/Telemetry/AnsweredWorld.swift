import Lab
import Monitoring
import PromQL
import Simulation
import Synchronization

/// A world about which questions are asked, at the end of their time: what its three signals hold, and the truth.
struct AnsweredWorld: Sendable {
    /// What the model's own accounts say, by question.
    var truths: [String: AnswerTruth]
    /// The spans, as a snapshot has them: those of many worlds are kept at once.
    var traces: [UInt8]
    var logs: LogStore
    /// The time of the questions, in nanoseconds since 1970.
    var from: Int64
    var to: Int64
}

/// The right answer to a question in one world.
enum AnswerTruth: Sendable, Equatable {
    case number(Double)
    /// Names and their seconds, the most first.
    case ranking([TraceShare])

    /// How far an answer is from it, as a share of it, at most 1. Of a name, how far the time of the one that is named
    /// lies behind that of the first: who is nearly as much to blame is nearly right.
    func distance(of answer: AnswerValue?) -> Double {
        switch (self, answer) {
        case (.number(let truth), .number(let value)):
            guard value.isFinite else { return 1 }
            guard truth != 0 else { return value == 0 ? 0 : 1 }
            return min(1, abs(value - truth) / abs(truth))
        case (.ranking(let shares), .name(let name)):
            guard let first = shares.first, first.seconds > 0 else { return 1 }
            let wanted = name.lowercased()
            let own = shares.first { $0.name.lowercased() == wanted }?.seconds ?? 0
            return 1 - own / first.seconds
        default: return 1
        }
    }
}

extension AnsweredWorld {
    /// Reads the truth of a world that has just lived through the questions' time.
    /// - Parameter recording: what the criteria quantities of the truths asked for.
    init(
        _ duty: AnswersDuty, _ world: borrowing World, _ recording: TrialRecording
    ) throws(ObservationFailure) {
        let begin = (world.epochMilliseconds * 1_000_000) - world.now.nanoseconds
        from = begin + duty.from.nanoseconds
        to = begin + duty.to.nanoseconds
        logs = world.logStore()
        let store = world.traceStore()
        truths = [:]
        for question in duty.questions {
            switch question.truth {
            case .quantity(let text):
                guard
                    let quantity = try? AnswerQuestion.quantity(text, namespace: world.scenario.namespace),
                    let value = CriterionEvaluation(trials: [recording], references: [:]).pooled(quantity)
                else { throw ObservationFailure(text: "there is no truth for the question \(question.name)") }
                truths[question.name] = .number(value)
            case .criticalPath(let traffic, let bound):
                guard world.scenario.monitoring?.traces?.sample == 1, world.workloads.evictedTraces == 0 else {
                    throw ObservationFailure(
                        text:
                            "the truth about critical paths needs every trace: 'sample: 1' and a 'limit' and 'retention' that keep them"
                    )
                }
                var ranking = TraceRanking()
                for trace in store.traces {
                    guard let root = trace.root, root.serviceName == traffic,
                        root.span.endTimeUnixNano >= UInt64(clamping: from),
                        root.span.endTimeUnixNano < UInt64(clamping: to),
                        root.span.durationNano > UInt64(clamping: bound.nanoseconds)
                    else { continue }
                    ranking.add(criticalPathOf: trace)
                }
                truths[question.name] = .ranking(ranking.shares)
            }
        }
        var writer = BinaryWriter()
        writer.write(store)
        traces = writer.bytes
    }
}

/// What a query gave, or why it gave nothing.
enum AnswerFinding: Sendable, Equatable {
    case value(AnswerValue)
    case none(String)

    var value: AnswerValue? { if case .value(let value) = self { value } else { nil } }
}

/// Asks queries of one world; the traces are unpacked once, when the first query wants them.
struct AnswerInquiry {
    let world: AnsweredWorld
    let metrics: TimeSeriesStore
    private var traces: TraceStore?

    init(_ world: AnsweredWorld, metrics: TimeSeriesStore) {
        self.world = world
        self.metrics = metrics
    }

    /// Samples that one query may look at, and hold: a hundred times what the questions of an exercise need.
    private static let workBudget = 50_000_000
    private static let mostSamples = 5_000_000

    mutating func finding(_ query: AnswerQuery) -> AnswerFinding {
        switch query {
        case .promql(let text, let label):
            var options = QueryEngine.Options()
            options.maxSamples = Self.mostSamples
            options.workBudget = Self.workBudget
            options.defaultSubqueryStep = 15_000
            do {
                let result = try QueryEngine(options: options).instant(text, in: metrics, at: world.to / 1_000_000)
                switch result.value {
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
                let result = try LogQLEngine(limits: limits).run(.instant(text, at: world.to), in: world.logs)
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
            let store = unpacked()
            switch reduction.result(
                of: query, in: store, from: UInt64(clamping: world.from), to: UInt64(clamping: world.to))
            {
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

/// What queries gave, by world and query: answers of an exercise share most of their queries.
enum AnswerMemory {
    private static let known = Mutex<[String: AnswerFinding]>([:])
    private static let capacity = 20_000

    static func finding(_ key: String, _ find: () -> AnswerFinding) -> AnswerFinding {
        if let found = known.withLock({ $0[key] }) { return found }
        let finding = find()
        known.withLock { known in
            if known.count >= capacity { known = [:] }
            known[key] = finding
        }
        return finding
    }
}
