import PromQL

/// What Loki checks when a query has been read: errors without a place.
enum LogQLValidation {
    static let matcherRequired =
        "queries require at least one regexp or equality matcher that does not have an empty-compatible value. For "
        + "instance, app=~\".*\" does not meet this requirement, but app=~\".+\" will"

    static func check(_ expression: LogQLExpression) throws(LogQLError) {
        switch expression {
        case .logs(let selection): try check(selection.matchers)
        case .metric(let metric): try check(metric)
        }
    }

    /// A query must not touch all streams.
    private static func check(_ matchers: [LabelMatcher]) throws(LogQLError) {
        let selective = matchers.contains { ($0.kind == .equal || $0.kind == .matches) && !$0.matches("") }
        if !selective { throw LogQLParser.placeless(matcherRequired) }
    }

    private static func check(_ metric: LogMetric) throws(LogQLError) {
        switch metric {
        case .range(let function): try check(function.selection.matchers)
        case .aggregation(let aggregation):
            if aggregation.operation == .sort || aggregation.operation == .sortDesc,
                aggregation.grouping?.labels.isEmpty == false
            {
                throw LogQLParser.placeless("sort and sort_desc doesn't allow grouping by ")
            }
            try check(aggregation.operand)
        case .binary(let operation):
            try check(operation.left)
            try check(operation.right)
        case .labelReplace(let operand, _, _, _, _): try check(operand)
        case .number, .vector: break
        }
    }

    /// `k` of `topk`, the only aggregations with a parameter.
    static func parameter(_ text: String?, of operation: LogQLTokenKind) throws(LogQLError) -> Int? {
        let name = operation.rawValue.lowercased()
        switch operation {
        case .topk, .bottomk:
            guard let text else { throw LogQLParser.placeless("parameter required for operation \(name)") }
            guard let number = Int(text) else { throw LogQLParser.placeless("invalid parameter \(name)(\(text),") }
            guard number > 0 else {
                throw LogQLParser.placeless("invalid parameter (must be greater than 0) \(name)(\(text)")
            }
            return number
        default:
            if let text { throw LogQLParser.placeless("unsupported parameter for operation \(name)(\(text),") }
            return nil
        }
    }

    /// `φ` of `quantile_over_time`, the only range function with a parameter.
    static func parameter(_ text: String?, ofRange function: LogQLTokenKind) throws(LogQLError) -> Double? {
        let name = function.rawValue.lowercased()
        guard function == .quantileOverTime else {
            if let text { throw LogQLParser.placeless("parameter \(text) not supported for operation \(name)") }
            return nil
        }
        guard let text else { throw LogQLParser.placeless("parameter required for operation \(name)") }
        guard let number = GoFloat.parse(text) else {
            throw LogQLParser.placeless("invalid parameter for operation \(name): \(text)")
        }
        return number
    }

    static func check(_ function: LogRangeFunction) throws(LogQLError) {
        let name = function.function.rawValue.lowercased()
        if function.grouping != nil {
            switch function.function {
            case .avgOverTime, .stddevOverTime, .stdvarOverTime, .quantileOverTime, .maxOverTime, .minOverTime,
                .firstOverTime, .lastOverTime:
                break
            default: throw LogQLParser.placeless("grouping not allowed for \(name) aggregation")
            }
        }
        switch function.function {
        case .bytesOverTime, .bytesRate, .countOverTime:
            if function.unwrap != nil { throw LogQLParser.placeless("invalid aggregation \(name) with unwrap") }
        case .rate, .absentOverTime: break
        default:
            if function.unwrap == nil { throw LogQLParser.placeless("invalid aggregation \(name) without unwrap") }
        }
    }

    /// Refuses what cannot be, and computes an operation of two numbers.
    static func reduced(_ operation: LogBinaryOperation) throws(LogQLError) -> LogMetric {
        let isSet = [.or, .and, .unless].contains(operation.operation)
        if isSet {
            for (side, leg) in [("left", operation.left), ("right", operation.right)] {
                if case .number(let number) = leg {
                    throw LogQLParser.placeless(
                        "unexpected literal for \(side) leg of logical/set binary operation "
                            + "(\(operation.operation.rawValue)): \(GoFloat.fixed(number, decimals: 6))")
                }
            }
        }
        if case .number(let left) = operation.left, case .number(let right) = operation.right {
            // Two numbers compare to 1 or 0, with `bool` or without.
            return .number(LogArithmetic.value(operation.operation, left, right))
        }
        return .binary(operation)
    }

    /// The regular expression of `regexp` has at least one group with a name.
    static func parserRegex(_ text: String) throws(LogQLError) -> LineRegex {
        let stage = "stage '| regexp \(GoQuote.quote(text))' : "
        let regex: LineRegex
        do throws(RegexError) { regex = try LineRegex(text) } catch {
            throw LogQLParser.placeless(stage + "\(error)")
        }
        if regex.groupNames.isEmpty {
            throw LogQLParser.placeless(stage + "at least one named capture must be supplied")
        }
        return regex
    }

    /// `pod.uuid`, `servers[0]`, `["user id"]`.
    static func jsonPath(_ text: String) throws(LogQLError) -> [JSONPathStep] {
        func wrong(_ what: String) -> LogQLError {
            LogQLParser.placeless("cannot parse expression [\(text)]: syntax error: unexpected \(what)")
        }
        var path: [JSONPathStep] = []
        let scalars = Array(text.unicodeScalars)
        var place = 0
        while place < scalars.count {
            switch scalars[place] {
            case "[":
                guard let end = scalars[place...].firstIndex(of: "]") else { throw wrong("$end, expecting RSB") }
                let inside = String(String.UnicodeScalarView(scalars[(place + 1)..<end]))
                if let number = Int(inside), number >= 0 {
                    path.append(.element(number))
                } else if inside.count >= 2, inside.first == "\"", inside.last == "\"" {
                    path.append(.member(String(inside.dropFirst().dropLast())))
                } else {
                    throw wrong("FIELD, expecting STRING or INDEX")
                }
                place = end + 1
            case ".":
                guard !path.isEmpty, place + 1 < scalars.count else { throw wrong("DOT") }
                place += 1
                guard scalars[place] != ".", scalars[place] != "[" else { throw wrong("DOT, expecting FIELD") }
            default:
                let rest = scalars[place...].prefix { $0 != "." && $0 != "[" }
                let name = String(String.UnicodeScalarView(rest))
                guard
                    rest.allSatisfy({ $0 == "_" || $0 == "-" || $0.properties.isAlphabetic || ("0"..."9").contains($0) }
                    )
                else { throw wrong("character") }
                path.append(.member(name))
                place += rest.count
            }
        }
        if path.isEmpty { throw wrong("$end") }
        return path
    }
}
