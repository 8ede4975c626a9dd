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
    /// When the trial began, in nanoseconds since 1970.
    var begin: Int64
}

/// Something by how much there was of it.
struct RankedName: Sendable, Equatable {
    var name: String
    /// Seconds, or a count.
    var amount: Double
}

/// The right answer to a question in one world.
enum AnswerTruth: Sendable, Equatable {
    case number(Double)
    /// The most first.
    case ranking([RankedName])

    /// How far an answer is from it, as a share of it, at most 1. Of a name, how far the amount of the one that is named
    /// lies behind that of the first: who is nearly as much to blame is nearly right.
    func distance(of answer: AnswerValue?) -> Double {
        switch (self, answer) {
        case (.number(let truth), .number(let value)):
            guard value.isFinite else { return 1 }
            guard truth != 0 else { return value == 0 ? 0 : 1 }
            return min(1, abs(value - truth) / abs(truth))
        case (.ranking(let shares), .name(let name)):
            guard let first = shares.first, first.amount > 0 else { return 1 }
            let wanted = name.lowercased()
            let own = shares.first { $0.name.lowercased() == wanted }?.amount ?? 0
            return 1 - own / first.amount
        default: return 1
        }
    }
}

extension AnsweredWorld {
    /// Reads the truth of a world that has just lived through the questions' time.
    /// - Parameters:
    ///   - recording: what the criteria quantities of the truths asked for.
    ///   - work: what programs did, for truths about that.
    init(
        _ duty: AnswersDuty, _ world: borrowing World, _ recording: TrialRecording, work: [ProgramEvent]
    ) throws(ObservationFailure) {
        begin = (world.epochMilliseconds * 1_000_000) - world.now.nanoseconds
        logs = world.logStore()
        let store = world.traceStore()
        truths = [:]
        for question in duty.questions {
            let time = duty.time(of: question)
            let (from, to) = (begin + time.from.nanoseconds, begin + time.to.nanoseconds)
            switch question.truth {
            case .work(let truth):
                truths[question.name] = truth.answer(of: work, from: .zero + time.from, to: .zero + time.to)
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
                truths[question.name] = .ranking(
                    ranking.shares.map { RankedName(name: $0.name, amount: $0.seconds) })
            }
        }
        var writer = BinaryWriter()
        writer.write(store)
        traces = writer.bytes
    }
}
