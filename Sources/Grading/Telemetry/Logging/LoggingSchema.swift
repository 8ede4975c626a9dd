import Lab

/// What programs log: a learner's answer to the question which events deserve a line, at which level, with which fields.
///
///     format: json
///     level: info
///     events:
///       - event: request
///         levels: {ok: info, failed: error}
///         fields: [trace_id, route, status, duration_ms, cause]
public struct LoggingSchema: Sendable, Decodable {
    enum Format: String, Sendable, CaseIterable { case json, logfmt, text }

    /// Severity, in ascending order.
    enum Level: String, Sendable, CaseIterable, Comparable {
        case debug, info, warn, error

        static func < (a: Level, b: Level) -> Bool {
            (allCases.firstIndex(of: a) ?? 0) < (allCases.firstIndex(of: b) ?? 0)
        }
    }

    /// What is logged of one kind of event.
    struct Rule: Sendable, Decodable {
        var event: ProgramEvent.Kind
        /// The program that it is about; nil for all that have no rule of their own.
        var program: String?
        /// By how it ended: `ok`, `failed`, or a cause, which goes before `failed`.
        var levels: [String: Level]
        /// In the order in which they are written.
        var fields: [ProgramEvent.Field]
        /// Words with `{field}` in them; empty for none.
        var message: [MessagePart]

        enum CodingKeys: String, CodingKey, CaseIterable { case event, program, levels, fields, message }

        init(from decoder: any Decoder) throws {
            let container = try decoder.strict(CodingKeys.self)
            event = try container.word(ProgramEvent.Kind.self, .event)
            program = try container.decodeIfPresent(String.self, forKey: .program)
            levels =
                try container.decodeIfPresent([String: String].self, forKey: .levels)?.mapValues { text in
                    try container.word(Level.self, .levels, text)
                } ?? [:]
            fields =
                try container.decodeIfPresent([String].self, forKey: .fields)?.map { text in
                    try container.word(ProgramEvent.Field.self, .fields, text)
                } ?? []
            let kind = event
            let known = ["ok", "failed"] + ProgramEvent.causes
            if let unknown = levels.keys.sorted().first(where: { !known.contains($0) }) {
                try container.require(false, .levels, "has no '\(unknown)'; there are \(known.joined(separator: ", "))")
            }
            if let other = fields.first(where: { !$0.isKnown(of: kind) }) {
                let allowed = ProgramEvent.Field.allCases.filter { $0.isKnown(of: kind) }.map(\.rawValue)
                try container.require(
                    false, .fields,
                    "'\(other.rawValue)' is nothing that a \(kind.rawValue) has; it has \(allowed.joined(separator: ", "))"
                )
            }
            let text = try container.decodeIfPresent(String.self, forKey: .message) ?? ""
            try container.require(text.utf8.count <= 500, .message, "must be at most 500 bytes long")
            message = MessagePart.parts(of: text)
            for case .field(let name) in message {
                let field = ProgramEvent.Field(rawValue: name)
                try container.require(
                    ["level", "event"].contains(name) || field?.isKnown(of: event) ?? false, .message,
                    "{\(name)} is nothing that a \(event.rawValue) has")
            }
        }

        func level(_ event: ProgramEvent) -> Level {
            if event.cause.isEmpty { return levels["ok"] ?? .info }
            return levels[event.cause] ?? levels["failed"] ?? .error
        }
    }

    var format: Format
    /// Lines of a lesser level are not written.
    var level: Level
    var events: [Rule]

    enum CodingKeys: String, CodingKey, CaseIterable { case format, level, events }

    public init(from decoder: any Decoder) throws {
        let container = try decoder.strict(CodingKeys.self)
        format = try container.contains(.format) ? container.word(Format.self, .format) : .json
        level = try container.contains(.level) ? container.word(Level.self, .level) : .info
        events = try container.decode([Rule].self, forKey: .events)
        try container.require((1...40).contains(events.count), .events, "must be 1 to 40")
        var seen: Set<String> = []
        for rule in events {
            try container.require(
                seen.insert("\(rule.event) \(rule.program ?? "")").inserted, .events,
                "say twice what is logged of a \(rule.event.rawValue)\(rule.program.map { " of \($0)" } ?? "")")
            try container.require(
                format != .text || !rule.message.isEmpty, .events,
                "of format text need a 'message', such as \"{event} failed: {reason}\"")
        }
    }

    /// - Throws: `ConfigurationError` with file, line and field path.
    public init(parsing text: String, file: String) throws {
        self = try ConfigurationSource(file: file, text: text).decode(LoggingSchema.self)
    }

    /// The rule for an event: one for its program goes before one for all.
    func rule(for event: ProgramEvent) -> Rule? {
        events.first { $0.event == event.kind && $0.program == event.program }
            ?? events.first { $0.event == event.kind && $0.program == nil }
    }
}

extension KeyedDecodingContainer {
    /// One of a few words; an error lists them.
    fileprivate func word<Word: RawRepresentable & CaseIterable>(
        _ type: Word.Type, _ key: Key, _ text: String? = nil
    ) throws -> Word where Word.RawValue == String {
        let text = try text ?? decode(String.self, forKey: key)
        if let word = Word(rawValue: text) { return word }
        throw DecodingError.dataCorruptedError(
            forKey: key, in: self,
            debugDescription: "has no '\(text)'; there are \(Word.allCases.map(\.rawValue).joined(separator: ", "))")
    }
}

/// A piece of a message: words, or the name of a field in braces.
enum MessagePart: Sendable, Equatable {
    case words(String)
    case field(String)

    static func parts(of text: String) -> [MessagePart] {
        var parts: [MessagePart] = []
        var rest = Substring(text)
        while let open = rest.firstIndex(of: "{"), let close = rest[open...].firstIndex(of: "}") {
            if open > rest.startIndex { parts.append(.words(String(rest[..<open]))) }
            parts.append(.field(String(rest[rest.index(after: open)..<close])))
            rest = rest[rest.index(after: close)...]
        }
        if !rest.isEmpty { parts.append(.words(String(rest))) }
        return parts
    }
}
