import Lab
import Monitoring
import PromQL
import Simulation

/// Answers to questions about a world, each with the query that gave it, as a learner hands them in.
///
///     apiVersion: kubelab.dev/v1
///     kind: Answers
///     spec:
///       answers:
///         - question: requests
///           answer: 2412
///           promql: sum(increase(http_requests_total{app="web"}[20m]))
public struct Answers: Sendable, Equatable {
    public var answers: [Answer]

    /// Most bytes of a query.
    static let longestQuery = 2_000
    /// Most answers of a file.
    static let mostAnswers = 50

    private struct Spec: DocumentSpec {
        static let kind = "Answers"
        var answers: [Answer]

        enum CodingKeys: String, CodingKey, CaseIterable { case answers }

        init(from decoder: any Decoder) throws {
            let container = try decoder.strict(CodingKeys.self)
            var list = try container.nestedUnkeyedContainer(forKey: .answers)
            try container.require(
                (1...Answers.mostAnswers).contains(list.count ?? 0), .answers,
                "between 1 and \(Answers.mostAnswers) answers; there are \(list.count ?? 0)")
            answers = []
            while !list.isAtEnd { answers.append(try list.decode(Answer.self)) }
        }
    }

    /// Reads a file of answers: queries that can be parsed, names that are asked for.
    /// - Parameter duty: what is asked; nil to read the file by itself.
    /// - Throws: `ConfigurationError` with file, line and field path.
    public init(parsing text: String, file: String, for duty: AnswersDuty? = nil) throws {
        let source = try ConfigurationSource(file: file, text: text)
        answers = try source.spec(Spec.self).answers
        let names = answers.map(\.question)
        for (index, answer) in answers.enumerated() {
            let path = "spec.answers[\(index)]"
            if names[..<index].contains(answer.question) {
                throw source.error(path + ".question", "\"\(answer.question)\" is answered twice")
            }
            try Self.check(answer.query, path, source)
            guard let duty else { continue }
            guard let question = duty.question(answer.question) else {
                throw source.error(
                    path + ".question",
                    "\"\(answer.question)\" is not asked; there are \(duty.questions.map(\.name).joined(separator: ", "))"
                )
            }
            let language = answer.query.language
            guard question.languages.contains(language) else {
                throw source.error(
                    "\(path).\(language.rawValue)",
                    "\"\(question.name)\" is asked in \(question.languages.map(\.rawValue).joined(separator: " or "))")
            }
            guard question.asksForName == answer.query.givesName else {
                let field = language == .traceql ? "reduce" : "label"
                throw source.error(
                    "\(path).\(field)",
                    question.asksForName
                        ? "\"\(question.name)\" asks for a name: \(language == .traceql ? "reduce by longest or critical-path" : "say with 'label' which label of the greatest element is the name")"
                        : "\"\(question.name)\" asks for a number, and this gives a name")
            }
        }
    }

    private static func check(_ query: AnswerQuery, _ path: String, _ source: ConfigurationSource) throws {
        switch query {
        case .promql(let text, _):
            do throws(ParseError) { _ = try PromQLParser.parse(text) } catch {
                throw source.error(path + ".promql", error.description)
            }
        case .logql(let text, _):
            let isMetric: Bool
            do throws(LogQLError) { isMetric = try LogQLEngine.isMetric(text) } catch {
                throw source.error(path + ".logql", "\(error)")
            }
            guard isMetric else {
                throw source.error(
                    path + ".logql",
                    "gives lines, and an answer is a number: count them, such as with count_over_time({…} [20m])")
            }
        case .traceql(let text, _):
            do throws(TraceQLError) { _ = try TraceQL(text) } catch {
                throw source.error(path + ".traceql", "\(error)")
            }
        }
    }
}

/// A query, and how its result becomes one number or one name.
public enum AnswerQuery: Sendable, Equatable, Hashable {
    /// Asked at the end of the questions' time. One number; or the value that a label has on the greatest element.
    case promql(String, label: String?)
    case logql(String, label: String?)
    /// Asked over the questions' time.
    case traceql(String, reduce: String)

    var language: AnswerLanguage {
        switch self {
        case .promql: .promql
        case .logql: .logql
        case .traceql: .traceql
        }
    }

    var givesName: Bool {
        switch self {
        case .promql(_, let label), .logql(_, let label): label != nil
        case .traceql(_, let reduce): TraceReduction(reduce)?.isRanking ?? false
        }
    }
}

/// What was found, by a person or a query.
public enum AnswerValue: Sendable, Equatable {
    case number(Double)
    case name(String)

    /// Reads `2412`, `4.1s`, `350ms`, `12%` or a name.
    init(parsing text: String) {
        let trimmed = text.trimmingSpaces
        // Divided, not multiplied by a fraction that binary numbers do not have: 350ms is 0.35.
        let units: [(String, factor: Double, parts: Double)] = [
            ("ms", 1, 1000), ("s", 1, 1), ("m", 60, 1), ("h", 3_600, 1), ("%", 1, 100), ("", 1, 1),
        ]
        for (unit, factor, parts) in units
        where trimmed.hasSuffix(unit) {
            let digits = trimmed.dropLast(unit.count)
            guard let last = digits.utf8.last, (48...57).contains(last) || last == 46,
                let value = Double(digits), value.isFinite
            else { continue }
            self = .number(value * factor / parts)
            return
        }
        self = .name(trimmed)
    }
}

extension String {
    fileprivate var trimmingSpaces: String {
        var text = self[...]
        while text.first == " " { text.removeFirst() }
        while text.last == " " { text.removeLast() }
        return String(text)
    }
}

/// One answer.
public struct Answer: Sendable, Equatable, Decodable {
    public var question: String
    public var value: AnswerValue
    public var query: AnswerQuery

    enum CodingKeys: String, CodingKey, CaseIterable { case question, answer, promql, logql, traceql, reduce, label }

    public init(from decoder: any Decoder) throws {
        let container = try decoder.strict(CodingKeys.self)
        question = try container.decode(String.self, forKey: .question)
        if let number = try? container.decode(Double.self, forKey: .answer) {
            value = .number(number)
        } else {
            value = AnswerValue(parsing: try container.decode(String.self, forKey: .answer))
        }
        let kinds: [CodingKeys] = [.promql, .logql, .traceql]
        let given = kinds.filter(container.contains)
        guard let kind = given.first, given.count == 1 else {
            throw DecodingError.dataCorrupted(
                DecodingError.Context(
                    codingPath: decoder.codingPath,
                    debugDescription:
                        "an answer comes from one query, promql, logql or traceql; this one has \(given.isEmpty ? "none" : given.map(\.stringValue).joined(separator: " and "))"
                ))
        }
        let text = try container.decode(String.self, forKey: kind)
        try container.require(
            text.utf8.count <= Answers.longestQuery, kind, "is longer than \(Answers.longestQuery) bytes")
        let label = try container.decodeIfPresent(String.self, forKey: .label)
        let reduce = try container.decodeIfPresent(String.self, forKey: .reduce)
        try container.require(
            label == nil || kind != .traceql, .label, "belongs to promql and logql; traceql has 'reduce'")
        switch kind {
        case .promql: query = .promql(text, label: label)
        case .logql: query = .logql(text, label: label)
        default:
            let name = reduce ?? ""
            let known = "a query of traces is reduced by one of \(TraceReduction.names.joined(separator: ", "))"
            try container.require(
                TraceReduction(name) != nil, reduce == nil ? kind : .reduce,
                reduce == nil ? "'reduce' is missing; \(known)" : "\"\(name)\" is unknown; \(known)")
            query = .traceql(text, reduce: name)
        }
        try container.require(reduce == nil || kind == .traceql, .reduce, "belongs to traceql only")
    }
}
