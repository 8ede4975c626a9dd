import Foundation
import KubernetesAPI
import Lab
import Monitoring
import PromQL
import Simulation

/// The lines that programs would have written under a scheme, and what is in them.
struct WrittenLogs {
    private(set) var store = LogStore()
    /// All lines, in bytes.
    private(set) var bytes = 0
    private(set) var lines = 0
    /// Lines that hold what must not be logged, and the first of them.
    private(set) var leaks = 0
    private(set) var firstLeak: (event: ProgramEvent, field: ProgramEvent.Field)?
    /// Events by the text of their line; several may share one.
    private(set) var events: [String: [Int]] = [:]

    /// - Parameters:
    ///   - epoch: the wall clock at the world's beginning, in nanoseconds since 1970.
    ///   - traces: requests whose lines are remembered in ``events``.
    ///   - kept: since when lines are still stored; older ones are counted only.
    init(
        _ all: [ProgramEvent], _ schema: LoggingSchema, namespace: String, epoch: Int64,
        remembering traces: Set<UInt64> = [], storedSince kept: SimulationTime = .zero
    ) {
        var rules: [String: LoggingSchema.Rule?] = [:]
        var streams: [String: Labels] = [:]
        for (place, event) in all.enumerated() {
            let key = "\(event.kind) \(event.program)"
            if rules[key] == nil { rules[key] = .some(schema.rule(for: event)) }
            guard case .some(.some(let rule)) = rules[key] else { continue }
            let level = rule.level(event)
            guard level >= schema.level else { continue }
            let line = Self.line(event, rule, level, schema.format)
            lines += 1
            bytes += line.text.utf8.count
            if let secret = line.secret {
                leaks += 1
                if firstLeak == nil { firstLeak = (event, secret) }
            }
            guard event.end >= kept else { continue }
            if traces.contains(event.trace) { events[line.text, default: []].append(place) }
            let labels: Labels
            if let known = streams[event.pod] {
                labels = known
            } else {
                labels = Labels([
                    "namespace": namespace, "pod": event.pod, "container": event.program, "app": event.program,
                ])
                streams[event.pod] = labels
            }
            // What passes Loki's limits is refused there too.
            try? store.append(LogEntry(timestamp: epoch + event.end.nanoseconds, line: line.text), to: labels)
        }
    }

    private static func line(
        _ event: ProgramEvent, _ rule: LoggingSchema.Rule, _ level: LoggingSchema.Level, _ format: LoggingSchema.Format
    ) -> (text: String, secret: ProgramEvent.Field?) {
        var secret: ProgramEvent.Field?
        func value(_ field: ProgramEvent.Field) -> JSONValue? {
            guard let value = event.value(field) else { return nil }
            if field.isSecret { secret = secret ?? field }
            return value
        }
        var message = ""
        for part in rule.message {
            switch part {
            case .words(let words): message += words
            case .field("level"): message += level.rawValue
            case .field("event"): message += event.kind.rawValue
            case .field(let name):
                if let field = ProgramEvent.Field(rawValue: name) { message += value(field)?.plainText ?? "-" }
            }
        }
        guard format != .text else { return (level.rawValue.uppercased() + " " + message, secret) }
        var members: [(String, JSONValue)] = [
            ("level", .string(level.rawValue)), ("event", .string(event.kind.rawValue)),
        ]
        if !message.isEmpty { members.append(("message", .string(message))) }
        for field in rule.fields {
            if let value = value(field) { members.append((field.rawValue, value)) }
        }
        if format == .json {
            let object = JSONValue.object(.init(members, uniquingKeysWith: { $1 }))
            return (String(decoding: object.compactBytes, as: UTF8.self), secret)
        }
        let pairs = members.map { name, value in
            let text = value.plainText
            let isPlain = !text.isEmpty && text.utf8.allSatisfy { $0 > 32 && $0 != 34 && $0 != 61 && $0 != 127 }
            return name + "=" + (isPlain ? text : String(decoding: JSONValue.string(text).compactBytes, as: UTF8.self))
        }
        return (pairs.joined(separator: " "), secret)
    }

}

extension JSONValue {
    /// A text as it is, anything else as JSON.
    var plainText: String { string ?? String(decoding: compactBytes, as: UTF8.self) }
}

extension ProgramEvent {
    /// What a program knows of a field; nil where there is nothing to say.
    func value(_ field: Field) -> JSONValue? {
        switch field {
        case .traceID: .string(traceID)
        case .spanID: .string(spanID)
        case .outcome: .string(cause.isEmpty ? "ok" : "failed")
        case .cause: cause.isEmpty ? nil : .string(cause)
        case .reason: .string(reason)
        case .status: .integer(Int64(status))
        case .duration: .integer(Int64((duration.seconds * 1000).rounded()))
        case .attempt: .integer(Int64(attempt + 1))
        case .route: .string(subject.isEmpty ? "/" : subject)
        case .userID: .string("u-" + String(person % 9_973, radix: 36))
        case .userEmail: .string(email)
        case .authorization: .string("Bearer eyJ" + spanID + traceID)
        case .prompt: .string(prompt)
        case .answer:
            cause.isEmpty
                ? .string(
                    "Hello \(Self.names[Int(person % 6)]), I had a look at your order \(order) and \(Self.answers[Int(number % 4)])."
                ) : nil
        case .model: .string(subject)
        case .tokensIn: .integer(tokensIn)
        case .tokensOut: .integer(tokensOut)
        case .apiKey: .string("sk-live-4f0c" + String(traceID.prefix(12)))
        case .tool: .string(subject)
        case .arguments: .string("order=\(order) email=\(email)")
        case .result: cause.isEmpty ? .string("paid with card 4000 0012 3456 \(1_000 + person % 9_000)") : nil
        }
    }

    /// Who asked: one number for all that belongs to a request.
    private var person: UInt64 { (trace &* 0x9e37_79b9_7f4a_7c15) >> 20 }
    private var order: UInt64 { 100_000 + person % 900_000 }
    private var email: String { "\(Self.names[Int(person % 6)].lowercased()).\(person % 997)@example.org" }

    private var prompt: String {
        "I am \(Self.names[Int(person % 6)]), \(email). \(Self.questions[Int(person % 5)]) My order is \(order)."
    }

    private static let names = ["Ada", "Ben", "Carla", "Dmitri", "Eun", "Farid"]
    // People write of errors and time-outs too, which is what makes prose hard to count.
    private static let questions = [
        "Where is my parcel?", "Your shop said error 500 when I paid, was I charged?",
        "The page timed out, did my order go through?", "I want to send something back.",
        "Why does the app tell me that I failed to log in?",
    ]
    private static let answers = [
        "it is on its way", "you were not charged", "the payment failed, please try again", "it was delivered today",
    ]

    /// How a programmer in a hurry would put it. The wording depends on who wrote that line of the program.
    private var reason: String {
        let phrases: [String]
        switch cause {
        case "": phrases = ["done", "answered after an earlier error", "ok, no timeout this time"]
        case "model_rate_limited": phrases = ["model says 429", "provider limit reached", "too many requests upstream"]
        case "model_timeout": phrases = ["model took too long", "no answer from the model in time", "timeout"]
        case "model_error":
            phrases = ["model unavailable", "upstream 500 from the provider", "could not ask the model"]
        case "tool_timeout": phrases = ["tool took too long", "timeout", "gave up waiting for the tool"]
        case "tool_error": phrases = ["tool failed", "could not use the tool", "unexpected answer 500 of the tool"]
        case "rate_limited": phrases = ["429", "too many requests"]
        case "timeout": phrases = ["timeout", "took too long"]
        case "overloaded": phrases = ["overloaded", "no capacity left"]
        case "cancelled": phrases = ["client closed the connection", "nobody waits for the answer any more"]
        default: phrases = ["something went wrong", "unexpected error"]
        }
        return phrases[Int(number % UInt64(phrases.count))]
    }
}

extension World {
    /// The lines that programs would have written so far under a schema. The world must record traces: of them is known what
    /// programs did.
    public func logStore(as schema: LoggingSchema) -> LogStore {
        let epoch = epochMilliseconds - now.nanoseconds / 1_000_000
        return WrittenLogs(programEvents(), schema, namespace: scenario.namespace, epoch: epoch * 1_000_000).store
    }
}
