import Lab
import Monitoring
import PromQL
import Simulation

/// Logs and queries against truth: what they count and what was, what they find and what belongs to it, what they cost
/// and give away.
struct LoggingJudgement {
    let duty: LoggingDuty
    let observation: TelemetryObservation
    /// All that the programs did.
    private let events: [ProgramEvent]
    /// When what is asked about began.
    private let since: SimulationTime
    /// The requests that count.
    private let requests: [ProgramEvent]
    private let program: String
    private let namespace: String

    /// Failing requests that are looked for by their trace.
    static let sought = 40

    init(_ duty: LoggingDuty, _ observation: TelemetryObservation) {
        self.duty = duty
        self.observation = observation
        let parts = duty.service.split(separator: "/").map(String.init)
        let (namespace, program) = (parts.first ?? "", parts.last ?? "")
        self.namespace = namespace
        self.program = program
        events = observation.work
        let since = SimulationTime.zero + .milliseconds(observation.end - observation.start) - duty.window
        self.since = since
        requests = observation.work.filter { $0.kind == .request && $0.program == program && $0.end > since }
    }

    /// Adds the facts `failures-off`, `tools-off`, `slow-off` (how far a query is from the truth, as a share of it, the
    /// worst of its parts; 1 for no answer), `traces-found` (the share of failing requests whose lines are all found and no
    /// others), `secret-lines` and `bytes-per-request`.
    func judge(_ submission: Submission, into recording: inout TrialRecording) {
        func text(_ name: String) -> String? { submission.files.first { $0.name == name }?.text }
        guard let written = text(duty.schema), let asked = text(duty.queries),
            let schema = try? LoggingSchema(parsing: written, file: duty.schema),
            let queries = try? LogQueries(parsing: asked, file: duty.queries)
        else { return }
        let failing = Self.spread(requests.filter { !$0.cause.isEmpty }, Self.sought)
        let logs = WrittenLogs(
            events, schema, namespace: namespace, epoch: observation.start * 1_000_000,
            remembering: Set(failing.map(\.trace)))
        var causes: [String: Double] = [:]
        for request in requests where !request.cause.isEmpty { causes[request.cause, default: 0] += 1 }
        var tools: [String: Double] = [:]
        for event in events
        where event.kind == .toolCall && event.program == program && !event.cause.isEmpty && event.end > since {
            tools[event.subject, default: 0] += 1
        }
        func look(_ query: String) -> String { "kubelab logql \(Look.quoted(query)) --logging \(duty.schema)" }
        note(
            "failures-off", compare(queries.failures, with: causes, by: "cause", in: logs), &recording,
            look(queries.failures))
        note("tools-off", compare(queries.tools, with: tools, by: "tool", in: logs), &recording, look(queries.tools))
        note("slow-off", slowness(queries.slow, in: logs), &recording, look(queries.slow))
        note("traces-found", found(queries.trace, failing, in: logs), &recording, look("{app=\"\(program)\"}"))
        var leak: String?
        if let first = logs.firstLeak {
            leak = "a \(first.event.kind.rawValue) of \(first.event.program) logs \(first.field.rawValue)"
        }
        note("secret-lines", (Double(logs.leaks), leak), &recording)
        let all = events.count { $0.kind == .request && $0.program == program }
        let share = Double(logs.bytes) / Double(max(1, all))
        note("bytes-per-request", (share, "\(logs.lines) lines for \(all) requests"), &recording)
    }

    private func note(
        _ name: String, _ outcome: (value: Double, text: String?), _ recording: inout TrialRecording,
        _ look: String? = nil
    ) {
        recording.facts[name] = outcome.value
        guard let text = outcome.text else { return }
        // What was logged can be looked at when all of it was.
        recording.factNotes[name] = TrialRecording.FactNote(
            moment: .zero + recording.duration, text: Sanitised.text(text, limit: 300),
            looks: [look ?? "kubelab logql \(Look.quoted("{app=\"\(program)\"}")) --logging \(duty.schema)"])
    }

    /// So many of them, evenly spread.
    private static func spread(_ events: [ProgramEvent], _ count: Int) -> [ProgramEvent] {
        guard events.count > count else { return events }
        return (0..<count).map { events[$0 * events.count / count] }
    }

    private var engine: LogQLEngine {
        var limits = LogQLLimits()
        limits.numbers = 5_000_000
        return LogQLEngine(limits: limits)
    }

    private func answer(_ query: String, _ logs: WrittenLogs) -> Result<[(labels: Labels, value: Double)], LogQLError> {
        do throws(LogQLError) {
            switch try engine.run(.instant(query, at: observation.end * 1_000_000), in: logs.store) {
            case .vector(let samples): return .success(samples.map { ($0.labels, $0.value) })
            case .scalar(_, let value):
                return .success([(.empty, value)])
            case .streams, .matrix: return .success([])
            }
        } catch {
            return .failure(error)
        }
    }

    /// The largest distance of a count from the truth, as a share of the truth.
    private func compare(
        _ query: String, with truth: [String: Double], by label: String, in logs: WrittenLogs
    ) -> (Double, String?) {
        let samples: [(labels: Labels, value: Double)]
        switch answer(query, logs) {
        case .failure(let error): return (1, "\(error)")
        case .success(let found): samples = found
        }
        var counted: [String: Double] = [:]
        for sample in samples { counted[sample.labels[label], default: 0] += sample.value }
        if let nameless = counted.removeValue(forKey: ""), nameless > 0 {
            return (1, "some of what the query gives has no label '\(label)'")
        }
        var worst: (off: Double, text: String?) = (0, nil)
        for name in Set(truth.keys).union(counted.keys).sorted() {
            let (was, says) = (truth[name] ?? 0, counted[name] ?? 0)
            let off = was > 0 ? min(1, abs(says - was) / was) : says > 0 ? 1 : 0
            guard off > worst.off || says.isNaN else { continue }
            let kind = label == "tool" ? "failing uses of \(name)" : "requests that failed for \(name)"
            worst.off = says.isNaN ? 1 : off
            // Not what the truth was: in a hidden world that would be the answer.
            worst.text =
                "the query counts \(Figures.rounded(says, 0)) \(kind), \(Self.distance(worst.off, isHigh: says > was))"
        }
        return worst
    }

    private func slowness(_ query: String, in logs: WrittenLogs) -> (Double, String?) {
        let samples: [(labels: Labels, value: Double)]
        switch answer(query, logs) {
        case .failure(let error): return (1, "\(error)")
        case .success(let found): samples = found
        }
        let good = requests.filter(\.cause.isEmpty).map { ($0.duration.seconds * 1000).rounded() }.sorted()
        guard !good.isEmpty else { return (0, nil) }
        let truth = Estimate.quantile(0.95, ofSorted: good)
        guard samples.count == 1 else {
            return (
                1,
                samples.isEmpty
                    ? "the query gives nothing: no line passes it with a number"
                    : "the query gives \(samples.count) numbers where one is asked for"
            )
        }
        let off = abs(samples[0].value - truth) / max(1, truth)
        return (
            off.isNaN ? 1 : min(1, off),
            "the query gives \(Figures.rounded(samples[0].value, 0)) ms, \(Self.distance(off, isHigh: samples[0].value > truth))"
        )
    }

    private static func distance(_ off: Double, isHigh: Bool) -> String {
        let way = isHigh ? "too many" : "too few"
        return off < 1 ? "\(Figures.percent(off)) \(way)" : "which is far \(way)"
    }

    /// For how many failing requests the query finds the line of the request, that of the call which made it fail, and
    /// that of the program that was called; and hardly any of others.
    private func found(_ query: String, _ failing: [ProgramEvent], in logs: WrittenLogs) -> (Double, String?) {
        guard !failing.isEmpty else { return (1, nil) }
        var byTrace: [UInt64: [Int]] = [:]
        for (place, event) in events.enumerated() where !event.cause.isEmpty {
            byTrace[event.trace, default: []].append(place)
        }
        var whole = 0
        var first: String?
        for request in failing {
            let text = query.replacing(LogQueries.placeholder, with: request.traceID)
            var seen: Set<Int> = []
            var foreign = 0
            do throws(LogQLError) {
                let range = LogQLQuery.range(
                    text, start: observation.start * 1_000_000, end: observation.end * 1_000_000 + 1, limit: 1_000)
                guard case .streams(let streams) = try engine.run(range, in: logs.store) else { continue }
                for entry in streams.flatMap(\.entries) {
                    let places = logs.events[entry.line] ?? []
                    if places.contains(where: { events[$0].trace == request.trace }) {
                        seen.formUnion(places)
                    } else {
                        foreign += 1
                    }
                }
            } catch {
                return (0, "\(error)")
            }
            // What failed in it, in every program that took part: from its lines one sees where.
            let wanted = (byTrace[request.trace] ?? []).filter { place in
                let event = events[place]
                return event.number == request.number || event.number == request.culprit
                    || (event.kind == .request && event.cause != "cancelled")
            }
            if let missing = wanted.first(where: { !seen.contains($0) }) {
                let event = events[missing]
                first =
                    first
                    ?? "the failing \(event.kind.rawValue) of \(event.program) is not among the lines of its trace"
            } else if foreign > seen.count / 10 {
                first = first ?? "lines of other requests are among those of a trace"
            } else {
                whole += 1
            }
        }
        return (Double(whole) / Double(failing.count), first)
    }
}
