import Lab
import Simulation
import Workloads

/// Something that a program did and might log: a request that it answered, a question to a model, a use of a tool. All
/// of it is taken from the model's own record of the work, not from what anybody logged.
struct ProgramEvent: Sendable, Equatable {
    enum Kind: String, Sendable, CaseIterable {
        case request
        case modelCall = "model_call"
        case toolCall = "tool_call"
    }

    /// What a line may say of an event.
    enum Field: String, Sendable, CaseIterable {
        case traceID = "trace_id"
        case spanID = "span_id"
        case outcome, cause, reason, status
        case duration = "duration_ms"
        case attempt
        case route
        case userID = "user_id"
        case userEmail = "user_email"
        case authorization
        case prompt, answer
        case model
        case tokensIn = "tokens_in"
        case tokensOut = "tokens_out"
        case apiKey = "api_key"
        case tool, arguments, result

        func isKnown(of kind: Kind) -> Bool {
            switch self {
            case .traceID, .spanID, .outcome, .cause, .reason, .status, .duration: true
            case .attempt: kind == .modelCall
            case .route, .userID, .userEmail, .authorization: kind == .request
            case .prompt, .answer: kind != .toolCall
            case .model, .tokensIn, .tokensOut, .apiKey: kind == .modelCall
            case .tool, .arguments, .result: kind == .toolCall
            }
        }

        /// Whether it holds what must not be logged: what people wrote, their addresses, credentials.
        var isSecret: Bool {
            switch self {
            case .userEmail, .authorization, .prompt, .answer, .apiKey, .arguments, .result: true
            default: false
            }
        }
    }

    /// Why something fails. A cause of a request is that of the call in it that failed last.
    static let causes = [
        "model_rate_limited", "model_timeout", "model_error", "tool_timeout", "tool_error", "rate_limited", "timeout",
        "overloaded", "cancelled", "error",
    ]

    var kind: Kind
    /// When it was over, from the world's beginning.
    var end: SimulationTime
    var duration: Duration
    /// The number of the request that it belongs to, and that of the call itself.
    var trace: UInt64
    var number: UInt64
    var traceID: String
    var spanID: String
    /// Name of the workload, and of its pod.
    var program: String
    var pod: String
    /// Which container it was: another one after a restart.
    var instance: UInt32 = 0
    /// Empty for a good end.
    var cause: String
    /// Of HTTP; 0 where no answer came.
    var status: Int
    /// The route of a request, the model of a call, the tool of a use.
    var subject: String
    /// Attempts before this one.
    var attempt: Int
    var tokensIn: Int64
    var tokensOut: Int64
    /// The failing event that made this one fail, by its number; 0 for none that logs.
    var culprit: UInt64
}

extension World {
    /// What all programs did so far that a program can log: an end that nobody lived to see is not among it.
    func programEvents() -> [ProgramEvent] {
        let spans = workloads.callSpans(now: now).filter { $0.end <= now }
        var children: [UInt64: [Int]] = [:]
        for (place, span) in spans.enumerated() where span.parent != 0 {
            children[span.parent, default: []].append(place)
        }
        let places = workloads.tracePlaces
        func cause(_ outcome: Outcome, _ prefix: String) -> String {
            switch outcome {
            case .ok: ""
            case .tooManyRequests: prefix + "rate_limited"
            case .timedOut, .gatewayTimeout: prefix + "timeout"
            case .abandoned: "cancelled"
            case .unavailable where prefix.isEmpty: "overloaded"
            default: prefix + "error"
            }
        }
        func own(_ span: CallSpan) -> String {
            switch span.operation {
            case .chat: cause(span.outcome, "model_")
            case .tool, .call, .external: cause(span.outcome, "tool_")
            default: cause(span.outcome, "")
            }
        }
        /// The call within the same program that failed last.
        func culprit(of span: CallSpan) -> CallSpan? {
            var found: CallSpan?
            var open = children[span.number] ?? []
            while let place = open.popLast() {
                let child = spans[place]
                guard child.place == span.place else { continue }
                let isCall = [.chat, .tool, .call, .external].contains(child.operation)
                if isCall, child.outcome != .ok, child.outcome != .abandoned {
                    if child.end > (found?.end ?? .zero - .seconds(1)) { found = child }
                }
                if child.operation != .tool { open += children[child.number] ?? [] }
            }
            return found
        }
        let uses = Set(spans.filter { $0.operation == .tool }.map(\.number))
        var events: [ProgramEvent] = []
        for span in spans where span.place < UInt32(places.count) {
            let kind: ProgramEvent.Kind
            switch span.operation {
            case .serve: kind = .request
            case .chat: kind = .modelCall
            case .tool, .external: kind = .toolCall
            // An attempt of an agent's tool is a part of its use.
            case .call where !uses.contains(span.parent): kind = .toolCall
            default: continue
            }
            // Whoever was killed in the middle of it writes no line.
            if kind == .request, span.outcome == .reset { continue }
            var event = ProgramEvent(
                kind: kind, end: span.end, duration: span.end - span.begin, trace: span.trace, number: span.number,
                traceID: traceID(of: span.trace).description, spanID: spanID(of: span.number).description,
                program: "", pod: "", cause: own(span), status: span.outcome.status, subject: "",
                attempt: Int(span.ordinal), tokensIn: 0, tokensOut: 0, culprit: 0)
            event.instance = span.place
            for (name, value) in places[Int(span.place)].attributes {
                if name == "service.name" { event.program = value }
                if name == "k8s.pod.name" { event.pod = value }
            }
            switch kind {
            case .request:
                event.subject = workloads.path(of: span)
                if span.outcome != .ok, span.outcome != .abandoned, let reason = culprit(of: span) {
                    event.cause = own(reason)
                    event.culprit = reason.number
                }
            case .modelCall:
                event.subject = workloads.subject(of: span)
                event.tokensIn = span.uncachedInput + span.cachedInput + span.cacheWrites
                event.tokensOut = span.output
            case .toolCall:
                // A program of the cluster is known by its name here, not by its namespace.
                event.subject = workloads.subject(of: span).split(separator: "/").last.map(String.init) ?? ""
            }
            events.append(event)
        }
        return events.sorted { ($0.end, $0.number) < ($1.end, $1.number) }
    }
}
