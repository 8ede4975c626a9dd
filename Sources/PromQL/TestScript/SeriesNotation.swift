/// Series with values as promtool's unit tests and Prometheus' own tests write them: `up{job="api"} 1+2x3 _ stale`.
///
/// | item | means |
/// | --- | --- |
/// | `1.5`, `-2`, `NaN`, `Inf` | one sample |
/// | `1+2x3`, `1-2x3` | 1, 3, 5, 7 by repeated addition |
/// | `7x3` | 7, four times |
/// | `_`, `_x3` | no sample, once or three times |
/// | `stale` | the end of the series |
/// | `{{schema:1 count:4 sum:3 buckets:[1 2 1]}}` | a native histogram; `+{{…}}x3` and `x3` as above |
public struct SeriesNotation: Sendable, Equatable {
    public enum Item: Sendable, Equatable {
        case omitted
        case float(Double)
        /// A native histogram, and whether its counter reset hint was written.
        case histogram(NativeHistogram, hintIsWritten: Bool)

        public static func == (a: Item, b: Item) -> Bool {
            switch (a, b) {
            case (.omitted, .omitted): true
            case (.float(let x), .float(let y)): x.bitPattern == y.bitPattern
            case (.histogram(let x, _), .histogram(let y, _)): x == y
            default: false
            }
        }
    }

    /// Why a text is no series.
    public struct Failure: Error, Equatable, Sendable, CustomStringConvertible {
        /// In bytes from the beginning of the text.
        public let position: Int
        public let message: String

        public var description: String { "character \(position + 1): \(message)" }
    }

    public let labels: Labels
    public let items: [Item]

    /// A series may be expanded to so many samples.
    static let maxItems = 1_000_000

    public init(_ text: String) throws(Failure) {
        var scanner = NotationScanner(text)
        labels = try scanner.metric()
        items = try scanner.items()
    }

    /// The labels alone, as in `up{job="api"}`.
    public static func labels(_ text: String) throws(Failure) -> Labels {
        var scanner = NotationScanner(text)
        let labels = try scanner.metric()
        scanner.skipSpaces()
        if !scanner.atEnd { throw scanner.failure("unexpected text after the labels") }
        return labels
    }
}

/// Reads the notation.
struct NotationScanner {
    private let bytes: [UInt8]
    private(set) var position = 0

    init(_ text: String) { bytes = Array(text.utf8) }

    var atEnd: Bool { position >= bytes.count }
    private var peek: UInt8? { position < bytes.count ? bytes[position] : nil }

    func failure(_ message: String) -> SeriesNotation.Failure {
        SeriesNotation.Failure(position: position, message: message)
    }

    mutating func skipSpaces() {
        while let byte = peek, byte == 32 || byte == 9 { position += 1 }
    }

    private func text(_ range: Range<Int>) -> String { String(decoding: bytes[range], as: UTF8.self) }

    private mutating func take(_ character: Character) -> Bool {
        guard let value = character.asciiValue, peek == value else { return false }
        position += 1
        return true
    }

    private mutating func identifier() -> String {
        let start = position
        while let byte = peek, Lexer.isAlpha(byte) || Lexer.isDigit(byte) || byte == UInt8(ascii: ":") { position += 1 }
        return text(start..<position)
    }

    private mutating func quoted() throws(SeriesNotation.Failure) -> String {
        let start = position
        let quote = bytes[position]
        position += 1
        while let byte = peek, byte != quote {
            if byte == UInt8(ascii: "\\"), quote != UInt8(ascii: "`") { position += 1 }
            position += 1
        }
        guard position < bytes.count else { throw failure("a quoted text does not end") }
        position += 1
        guard let value = GoQuote.unquote(text(start..<position)) else { throw failure("invalid quoted text") }
        return value
    }

    mutating func metric() throws(SeriesNotation.Failure) -> Labels {
        skipSpaces()
        var pairs: [Label] = []
        let name = identifier()
        if !name.isEmpty { pairs.append(Label(Labels.metricName, name)) }
        // Labels follow at once: after a space begin the values, which may be `{{…}}`.
        if take("{") {
            while true {
                skipSpaces()
                if take("}") { break }
                let isQuoted = peek == UInt8(ascii: "\"") || peek == UInt8(ascii: "'") || peek == UInt8(ascii: "`")
                let label = isQuoted ? try quoted() : identifier()
                if label.isEmpty { throw failure("expected a label name") }
                skipSpaces()
                if take("=") {
                    skipSpaces()
                    guard let quote = peek, [UInt8(ascii: "\""), UInt8(ascii: "'"), UInt8(ascii: "`")].contains(quote)
                    else {
                        throw failure("expected a quoted label value")
                    }
                    pairs.append(Label(label, try quoted()))
                } else if isQuoted {
                    pairs.append(Label(Labels.metricName, label))
                } else {
                    throw failure("expected \"=\" after a label name")
                }
                skipSpaces()
                if !take(","), peek != UInt8(ascii: "}") { throw failure("expected \",\" or \"}\"") }
            }
        } else if name.isEmpty {
            throw failure("expected a series")
        }
        return Labels(pairs)
    }

    mutating func items() throws(SeriesNotation.Failure) -> [SeriesNotation.Item] {
        var out: [SeriesNotation.Item] = []
        while true {
            skipSpaces()
            if atEnd { return out }
            out += try item()
            if out.count > SeriesNotation.maxItems { throw failure("more than \(SeriesNotation.maxItems) values") }
            if !atEnd, peek != 32, peek != 9 { throw failure("unexpected character in the values") }
        }
    }

    private mutating func item() throws(SeriesNotation.Failure) -> [SeriesNotation.Item] {
        if take("_") { return [SeriesNotation.Item](repeating: .omitted, count: take("x") ? try count() : 1) }
        if bytes[position...].starts(with: Array("{{".utf8)) { return try histograms() }
        let value: Double
        if bytes[position...].starts(with: Array("stale".utf8)) {
            position += 5
            value = StaleMarker.value
        } else {
            value = try number()
        }
        if take("x") { return [SeriesNotation.Item](repeating: .float(value), count: try count() + 1) }
        guard peek == UInt8(ascii: "+") || peek == UInt8(ascii: "-") else { return [.float(value)] }
        let step = try number()
        guard take("x") else { throw failure("expected \"x\" and a number of repetitions") }
        var current = value
        return (0...(try count())).map { _ in
            defer { current += step }
            return .float(current)
        }
    }

    private mutating func count() throws(SeriesNotation.Failure) -> Int {
        let start = position
        while let byte = peek, Lexer.isDigit(byte) { position += 1 }
        guard let value = Int(text(start..<position)), value < SeriesNotation.maxItems else {
            throw failure("expected a number of repetitions below \(SeriesNotation.maxItems)")
        }
        return value
    }

    private mutating func number() throws(SeriesNotation.Failure) -> Double {
        let start = position
        if peek == UInt8(ascii: "+") || peek == UInt8(ascii: "-") { position += 1 }
        let body = position
        while let byte = peek, Lexer.isAlpha(byte), byte != UInt8(ascii: "x") { position += 1 }
        if position > body {
            guard let value = GoFloat.parse(text(body..<position)) else { throw failure("expected a number") }
            return bytes[start] == UInt8(ascii: "-") ? -value : value
        }
        while let byte = peek, Lexer.isDigit(byte) || byte == UInt8(ascii: ".") || byte == UInt8(ascii: "_") {
            position += 1
        }
        if peek == UInt8(ascii: "e") || peek == UInt8(ascii: "E") {
            position += 1
            if peek == UInt8(ascii: "+") || peek == UInt8(ascii: "-") { position += 1 }
            while let byte = peek, Lexer.isDigit(byte) { position += 1 }
        }
        guard let value = GoFloat.parse(text(start..<position)) else { throw failure("expected a number") }
        return value
    }

    // MARK: Native histograms

    private mutating func histograms() throws(SeriesNotation.Failure) -> [SeriesNotation.Item] {
        let (first, hint) = try histogram()
        if take("x") {
            return [SeriesNotation.Item](repeating: .histogram(first, hintIsWritten: hint), count: try count() + 1)
        }
        let adds = peek == UInt8(ascii: "+")
        guard adds || peek == UInt8(ascii: "-") else { return [.histogram(first, hintIsWritten: hint)] }
        position += 1
        let (step, _) = try histogram()
        guard take("x") else { throw failure("expected \"x\" and a number of repetitions") }
        var out: [SeriesNotation.Item] = []
        var current = first
        for _ in 0...(try count()) {
            out.append(.histogram(current, hintIsWritten: hint))
            guard let next = adds ? current.adding(step) : current.subtracting(step) else {
                throw failure("the histograms cannot be combined")
            }
            current = next
            current.counterResetHint = first.counterResetHint
        }
        return out
    }

    private mutating func histogram() throws(SeriesNotation.Failure) -> (NativeHistogram, hintIsWritten: Bool) {
        guard bytes[position...].starts(with: Array("{{".utf8)) else { throw failure("expected {{") }
        position += 2
        var result = NativeHistogram()
        var hint = false
        var offset: Int32 = 0
        var negativeOffset: Int32 = 0
        var buckets: [Double] = []
        var negativeBuckets: [Double] = []
        while true {
            skipSpaces()
            if bytes[position...].starts(with: Array("}}".utf8)) {
                position += 2
                break
            }
            let key = identifierOfDescriptor()
            guard take(":") else { throw failure("expected a histogram description key, e.g. buckets:[5 10 7]") }
            switch key {
            case "schema": result.schema = try integer()
            case "sum": result.sum = try number()
            case "count": result.count = try number()
            case "z_bucket": result.zeroCount = try number()
            case "z_bucket_w": result.zeroThreshold = try number()
            case "offset": offset = try integer()
            case "n_offset": negativeOffset = try integer()
            case "buckets": buckets = try list()
            case "n_buckets": negativeBuckets = try list()
            case "custom_values": result.customBounds = try list()
            case "counter_reset_hint":
                hint = true
                let name = identifierOfDescriptor()
                guard let value = NativeHistogram.CounterResetHint(rawValue: name) else {
                    throw failure("unknown counter reset hint \(GoQuote.quote(name))")
                }
                result.counterResetHint = value
            default: throw failure("bad histogram descriptor found: \(GoQuote.quote(key))")
            }
        }
        result.positive = buckets.enumerated().map {
            NativeHistogram.Bucket(index: offset &+ Int32($0.offset), count: $0.element)
        }
        result.negative = negativeBuckets.enumerated().map {
            NativeHistogram.Bucket(index: negativeOffset &+ Int32($0.offset), count: $0.element)
        }
        return (result, hint)
    }

    private mutating func identifierOfDescriptor() -> String {
        let start = position
        while let byte = peek, Lexer.isAlpha(byte) { position += 1 }
        return text(start..<position).lowercased()
    }

    private mutating func integer() throws(SeriesNotation.Failure) -> Int32 {
        let value = try number()
        guard value == value.rounded(), value.magnitude < 1e6 else { throw failure("expected a whole number") }
        return Int32(value)
    }

    private mutating func list() throws(SeriesNotation.Failure) -> [Double] {
        guard take("[") else { throw failure("expected \"[\"") }
        var out: [Double] = []
        while true {
            skipSpaces()
            if take("]") { return out }
            out.append(try number())
            if out.count > 10_000 { throw failure("more than 10000 buckets") }
        }
    }
}
