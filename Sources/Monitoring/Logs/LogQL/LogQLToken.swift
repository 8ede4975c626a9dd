/// The tokens of LogQL, in the order of Loki's grammar: an error lists what it expected in this order.
///
/// The raw value is how errors call a token.
enum LogQLTokenKind: String, CaseIterable {
    case end = "$end"
    case bytes = "BYTES"
    case identifier = "IDENTIFIER"
    case string = "STRING"
    case number = "NUMBER"
    case functionFlag = "FUNCTION_FLAG"
    case duration = "DURATION"
    case range = "RANGE"
    case equal = "="
    case matches = "=~"
    case matchesNot = "!~"
    case patternNot = "!>"
    case openBrace = "{"
    case closeBrace = "}"
    case closeBracket = "]"
    case comma = ","
    case dot = "."
    case pipeMatch = "|~"
    case pipeExact = "|="
    case pipePattern = "|>"
    case openParenthesis = "("
    case closeParenthesis = ")"
    case by, without
    case countOverTime = "COUNT_OVER_TIME"
    case rate = "RATE"
    case rateCounter = "RATE_COUNTER"
    case sum = "SUM"
    case sort = "SORT"
    case sortDesc = "SORT_DESC"
    case avg = "AVG"
    case max = "MAX"
    case min = "MIN"
    case count = "COUNT"
    case stddev = "STDDEV"
    case stdvar = "STDVAR"
    case bottomk = "BOTTOMK"
    case topk = "TOPK"
    case approxTopk = "APPROX_TOPK"
    case bytesOverTime = "BYTES_OVER_TIME"
    case bytesRate = "BYTES_RATE"
    case bool, json, xml, regexp, logfmt
    case pipe = "|"
    case lineFormat = "line_format"
    case labelFormat = "label_format"
    case unwrap
    case avgOverTime = "AVG_OVER_TIME"
    case sumOverTime = "SUM_OVER_TIME"
    case minOverTime = "MIN_OVER_TIME"
    case maxOverTime = "MAX_OVER_TIME"
    case stdvarOverTime = "STDVAR_OVER_TIME"
    case stddevOverTime = "STDDEV_OVER_TIME"
    case quantileOverTime = "QUANTILE_OVER_TIME"
    case bytesConversion = "BYTES_CONV"
    case durationConversion = "DURATION_CONV"
    case durationSecondsConversion = "DURATION_SECONDS_CONV"
    case firstOverTime = "FIRST_OVER_TIME"
    case lastOverTime = "LAST_OVER_TIME"
    case absentOverTime = "ABSENT_OVER_TIME"
    case vector = "VECTOR"
    case labelReplace = "label_replace"
    case unpack, offset, pattern, ip, on, ignoring
    case groupLeft = "group_left"
    case groupRight = "group_right"
    case decolorize, drop, keep, variants, of
    case or, and, unless
    case equals = "=="
    case notEqual = "!="
    case less = "<"
    case lessOrEqual = "<="
    case greater = ">"
    case greaterOrEqual = ">="
    case add = "+"
    case subtract = "-"
    case multiply = "*"
    case divide = "/"
    case modulo = "%"
    case power = "^"

    /// The place in the grammar's list.
    var order: Int { LogQLTokenKind.places[self] ?? 0 }

    private static let places = Dictionary(uniqueKeysWithValues: allCases.enumerated().map { ($1, $0) })

    /// Words and signs that are always what they are.
    static let words: [String: LogQLTokenKind] = Dictionary(
        uniqueKeysWithValues: allCases.filter {
            switch $0 {
            case .end, .bytes, .identifier, .string, .number, .functionFlag, .duration, .range: false
            default: $0.rawValue == $0.rawValue.lowercased()
            }
        }.map { ($0.rawValue, $0) })

    /// Words that are functions if a parenthesis or a grouping follows, and names otherwise.
    static let functions: [String: LogQLTokenKind] = {
        var words: [String: LogQLTokenKind] = [
            "bytes": .bytesConversion, "duration": .durationConversion,
            "duration_seconds": .durationSecondsConversion, "ip": .ip, "label_replace": .labelReplace,
        ]
        for kind in allCases where kind.isRangeFunction || kind.isAggregation || kind == .vector {
            words[kind.rawValue.lowercased()] = kind
        }
        return words
    }()

    var isRangeFunction: Bool {
        switch self {
        case .countOverTime, .rate, .rateCounter, .bytesOverTime, .bytesRate, .avgOverTime, .sumOverTime, .minOverTime,
            .maxOverTime, .stdvarOverTime, .stddevOverTime, .quantileOverTime, .firstOverTime, .lastOverTime,
            .absentOverTime:
            true
        default: false
        }
    }

    var isAggregation: Bool {
        switch self {
        case .sum, .sort, .sortDesc, .avg, .max, .min, .count, .stddev, .stdvar, .bottomk, .topk, .approxTopk: true
        default: false
        }
    }
}

/// A token and its place.
struct LogQLToken {
    let kind: LogQLTokenKind
    /// The name, the digits, or the value of a string.
    var text = ""
    /// Nanoseconds of a duration or a range; bytes of a size.
    var amount: Int64 = 0
    /// 0 for tokens of which Loki's scanner reads more than it has marked, such as `!=` and `[5m]`.
    let line: Int
    let column: Int
}
