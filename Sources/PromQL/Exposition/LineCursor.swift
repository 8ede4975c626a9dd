/// A place in one line of exposition text.
struct LineCursor {
    let bytes: [UInt8]
    var position: Int
    let end: Int
    let line: Int

    /// Labels that a series may have: more is taken for garbage.
    private static let maxLabels = 1024

    var atEnd: Bool { position >= end || (position == end - 1 && bytes[position] == 13) }
    var peek: UInt8? { position < end ? bytes[position] : nil }

    func failure(_ message: String) -> ExpositionError { ExpositionError(line: line, message: message) }

    /// Whether there was any space.
    @discardableResult
    mutating func skipSpace() -> Bool {
        let start = position
        while position < end, bytes[position] == 32 || bytes[position] == 9 { position += 1 }
        return position > start
    }

    private func text(_ range: Range<Int>) -> String { String(decoding: bytes[range], as: UTF8.self) }

    mutating func word() -> String {
        let start = position
        while position < end, bytes[position] > 32 { position += 1 }
        return text(start..<position)
    }

    mutating func rest() -> String {
        let start = position
        position = end
        var stop = end
        if stop > start, bytes[stop - 1] == 13 { stop -= 1 }
        return text(start..<stop)
    }

    /// Where the series (name and braces) ends: at the first space outside of braces and quotes.
    func endOfSeries() -> Int {
        var cursor = position
        var quoted = false
        var inBraces = false
        while cursor < end {
            let byte = bytes[cursor]
            if quoted {
                if byte == UInt8(ascii: "\\") { cursor += 1 } else if byte == UInt8(ascii: "\"") { quoted = false }
            } else if byte == UInt8(ascii: "\"") {
                quoted = true
            } else if byte == UInt8(ascii: "{") {
                inBraces = true
            } else if byte == UInt8(ascii: "}") {
                return cursor + 1
            } else if byte == 32 || byte == 9, !inBraces {
                // A space may stand before the braces.
                var next = cursor
                while next < end, bytes[next] == 32 || bytes[next] == 9 { next += 1 }
                if next >= end || bytes[next] != UInt8(ascii: "{") { return cursor }
                cursor = next - 1
            }
            cursor += 1
        }
        return min(cursor, end)
    }

    mutating func metricName() throws(ExpositionError) -> String {
        if peek == UInt8(ascii: "\"") { return try quoted() }
        let start = position
        while position < end,
            Lexer.isAlpha(bytes[position]) || bytes[position] == UInt8(ascii: ":")
                || (position > start && Lexer.isDigit(bytes[position]))
        {
            position += 1
        }
        if position == start { throw failure("expected a metric name, found \(found)") }
        return text(start..<position)
    }

    private var found: String {
        atEnd ? "the end of the line" : GoQuote.quote(text(position..<min(end, position + 20)))
    }

    mutating func seriesLabels() throws(ExpositionError) -> Labels {
        var pairs: [Label] = []
        if peek != UInt8(ascii: "{") { pairs.append(Label(Labels.metricName, try metricName())) }
        let afterName = position
        skipSpace()
        if peek == UInt8(ascii: "{") { pairs += try labelSet() } else { position = afterName }
        let labels = Labels(pairs)
        if labels.name.isEmpty { throw failure("a sample without a metric name") }
        if Set(pairs.map(\.name)).count != pairs.count { throw failure("duplicate label name") }
        return labels
    }

    mutating func labelSet() throws(ExpositionError) -> [Label] {
        guard peek == UInt8(ascii: "{") else { throw failure("expected \"{\", found \(found)") }
        position += 1
        var pairs: [Label] = []
        while true {
            skipSpace()
            if peek == UInt8(ascii: "}") {
                position += 1
                return pairs
            }
            let isQuoted = peek == UInt8(ascii: "\"")
            let name = isQuoted ? try quoted() : try labelName()
            skipSpace()
            if peek == UInt8(ascii: "=") {
                position += 1
                skipSpace()
                guard peek == UInt8(ascii: "\"") else { throw failure("expected a quoted label value, found \(found)") }
                pairs.append(Label(name, try quoted()))
            } else if isQuoted {
                pairs.append(Label(Labels.metricName, name))
            } else {
                throw failure("expected \"=\" after label name \(GoQuote.quote(name)), found \(found)")
            }
            if pairs.count > LineCursor.maxLabels { throw failure("more than \(LineCursor.maxLabels) labels") }
            skipSpace()
            if peek == UInt8(ascii: ",") {
                position += 1
            } else if peek != UInt8(ascii: "}") {
                throw failure("expected \",\" or \"}\" after a label, found \(found)")
            }
        }
    }

    private mutating func labelName() throws(ExpositionError) -> String {
        let start = position
        while position < end, Lexer.isAlpha(bytes[position]) || (position > start && Lexer.isDigit(bytes[position])) {
            position += 1
        }
        if position == start { throw failure("expected a label name, found \(found)") }
        return text(start..<position)
    }

    private mutating func quoted() throws(ExpositionError) -> String {
        position += 1
        let start = position
        var escaped = false
        while position < end, bytes[position] != UInt8(ascii: "\"") {
            if bytes[position] == UInt8(ascii: "\\") {
                escaped = true
                position += 1
            }
            position += 1
        }
        guard position < end else { throw failure("a quoted text does not end") }
        let raw = String(validating: bytes[start..<position], as: UTF8.self)
        position += 1
        guard let raw else { throw failure("invalid UTF-8 in a quoted text") }
        return escaped ? LineCursor.unescape(raw) : raw
    }

    /// `\\`, `\"` and `\n`; another backslash stays.
    static func unescape(_ text: String) -> String {
        guard text.utf8.contains(UInt8(ascii: "\\")) else { return text }
        var out = ""
        var escaped = false
        for scalar in text.unicodeScalars {
            if escaped {
                escaped = false
                switch scalar {
                case "n": out += "\n"
                case "\\", "\"": out.unicodeScalars.append(scalar)
                default:
                    out += "\\"
                    out.unicodeScalars.append(scalar)
                }
            } else if scalar == "\\" {
                escaped = true
            } else {
                out.unicodeScalars.append(scalar)
            }
        }
        return escaped ? out + "\\" : out
    }

    mutating func number() throws(ExpositionError) -> Double {
        if let integer = wholeNumber() { return Double(integer) }
        let start = position
        let word = wordBeforeReturn()
        guard let value = GoFloat.parse(word), !word.contains("_") else {
            position = start
            throw failure("expected a number, found \(found)")
        }
        return value
    }

    private mutating func wordBeforeReturn() -> String {
        let word = word()
        return word.hasSuffix("\r") ? String(word.dropLast()) : word
    }

    /// A number of up to 15 digits without point or exponent, which most are.
    private mutating func wholeNumber() -> Int64? {
        var cursor = position
        var value: Int64 = 0
        while cursor < end, Lexer.isDigit(bytes[cursor]), cursor - position < 16 {
            value = value * 10 + Int64(bytes[cursor] - 48)
            cursor += 1
        }
        guard cursor > position, cursor - position < 16, cursor == end || bytes[cursor] <= 32 else { return nil }
        position = cursor
        return value
    }

    /// A time in the format's unit, as milliseconds.
    mutating func time(_ format: ExpositionFormat) throws(ExpositionError) -> Int64 {
        if let whole = wholeNumber() {
            if format == .prometheus { return whole }
            let (milliseconds, over) = whole.multipliedReportingOverflow(by: 1000)
            if !over { return milliseconds }
        }
        let start = position
        let word = wordBeforeReturn()
        if format == .prometheus, let milliseconds = Int64(word) { return milliseconds }
        if format == .openMetrics, let seconds = GoFloat.parse(word), seconds.isFinite, seconds.magnitude < 9e15 {
            return (seconds * 1000).rounded(.toNearestOrAwayFromZero).saturated
        }
        position = start
        throw failure("expected a timestamp, found \(found)")
    }
}
