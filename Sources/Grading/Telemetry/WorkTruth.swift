import Lab
import Simulation

/// A truth about the work that programs did: how many different ones of something there were, or what led.
///
///     work: {event: request, program: support-agent, outcome: failed, distinct: user_id}
///     work: {event: request, program: support-agent, outcome: failed, leading: cause}
public struct WorkTruth: Sendable, Decodable {
    enum Result: Sendable {
        /// How many different values the field has.
        case distinct(ProgramEvent.Field)
        /// The field's most frequent value.
        case leading(ProgramEvent.Field)
    }

    var event: ProgramEvent.Kind
    var program: String
    /// Only what failed, or only what did not; nil for all.
    var failed: Bool?
    var result: Result

    enum CodingKeys: String, CodingKey, CaseIterable { case event, program, outcome, distinct, leading }

    public init(from decoder: any Decoder) throws {
        let container = try decoder.strict(CodingKeys.self)
        let kind = try container.decode(String.self, forKey: .event)
        guard let event = ProgramEvent.Kind(rawValue: kind) else {
            throw DecodingError.dataCorruptedError(
                forKey: .event, in: container,
                debugDescription:
                    "has no '\(kind)'; there are \(ProgramEvent.Kind.allCases.map(\.rawValue).joined(separator: ", "))")
        }
        self.event = event
        program = try container.decode(String.self, forKey: .program)
        if let outcome = try container.decodeIfPresent(String.self, forKey: .outcome) {
            try container.require(["ok", "failed"].contains(outcome), .outcome, "is ok or failed")
            failed = outcome == "failed"
        }
        try container.require(
            container.contains(.distinct) != container.contains(.leading), .distinct,
            "a truth about work is 'distinct' or 'leading', each with a field")
        let isDistinct = container.contains(.distinct)
        let key: CodingKeys = isDistinct ? .distinct : .leading
        let name = try container.decode(String.self, forKey: key)
        guard let field = ProgramEvent.Field(rawValue: name), field.isKnown(of: event) else {
            throw DecodingError.dataCorruptedError(
                forKey: key, in: container, debugDescription: "'\(name)' is nothing that a \(kind) has")
        }
        result = isDistinct ? .distinct(field) : .leading(field)
    }

    /// The answer of a time, of which the end does not count.
    func answer(of work: [ProgramEvent], from: SimulationTime, to: SimulationTime) -> AnswerTruth {
        var counts: [String: Double] = [:]
        let field: ProgramEvent.Field
        switch result {
        case .distinct(let one), .leading(let one): field = one
        }
        for event in work where event.kind == self.event && event.program == program {
            guard event.end >= from, event.end < to, failed.map({ $0 != event.cause.isEmpty }) ?? true,
                let value = event.value(field)?.plainText
            else { continue }
            counts[value, default: 0] += 1
        }
        if case .distinct = result { return .number(Double(counts.count)) }
        let ranking = counts.map { RankedName(name: $0.key, amount: $0.value) }
        return .ranking(ranking.sorted { $0.amount != $1.amount ? $0.amount > $1.amount : $0.name < $1.name })
    }
}
