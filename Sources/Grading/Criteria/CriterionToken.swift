import Simulation
import Workloads

/// A place in the text of a criterion, both numbers from 1.
public struct CriterionPosition: Sendable, Equatable {
    public var line: Int
    public var column: Int

    public init(line: Int, column: Int) {
        self.line = line
        self.column = column
    }
}

/// Why a text is no criterion, and where.
public struct CriterionError: Error, Sendable, Equatable, CustomStringConvertible {
    public var position: CriterionPosition
    public var message: String

    public init(_ message: String, at position: CriterionPosition) {
        self.message = message
        self.position = position
    }

    public var description: String { "line \(position.line), column \(position.column): \(message)" }
}

/// The smallest parts of the criterion language.
struct CriterionToken: Equatable {
    enum Kind: Equatable {
        /// A word of the language, or a measurement such as `deployment/gateway.ready`.
        case word(String)
        case number(Double, NumberUnit)
        case symbol(String)
        case end
    }

    var kind: Kind
    var position: CriterionPosition

    /// As an error message shows it.
    var text: String {
        switch kind {
        case .word(let word): "\"\(word)\""
        case .number(let value, let unit): "\"\(unit.text(value))\""
        case .symbol(let symbol): "\"\(symbol)\""
        case .end: "the end"
        }
    }
}

/// What a number counts, so that it is printed as it was written.
public enum NumberUnit: String, Sendable, Equatable {
    case plain
    /// Stored as a share: 99% is 0.99.
    case percent
    /// Stored in seconds.
    case time
    /// Stored in bytes.
    case bytes

    /// The number in words.
    public func text(_ value: Double) -> String {
        switch self {
        case .plain: Figures.plain(value)
        case .percent: Figures.percent(value)
        case .time: Figures.time(value)
        case .bytes: Figures.bytes(value)
        }
    }
}

/// Cuts the text of a criterion into tokens.
///
/// Words are letters followed by letters, digits and `/ . _ -` (`*` too, for patterns of names), so that a measurement
/// is one word; division and subtraction therefore stand between spaces. Numbers carry their unit: `500ms`, `1m30s`,
/// `99%`, `200Mi`. `#` begins a comment.
struct CriterionLexer {
    private let characters: [Character]
    private var index = 0
    private var position = CriterionPosition(line: 1, column: 1)

    /// More characters than any criterion needs.
    static let maximumLength = 4_000

    static func tokens(_ text: String) throws(CriterionError) -> [CriterionToken] {
        var lexer = CriterionLexer(characters: Array(text))
        guard lexer.characters.count <= maximumLength else {
            throw CriterionError(
                "a criterion has at most \(maximumLength) characters; this one has \(lexer.characters.count)",
                at: CriterionPosition(line: 1, column: 1))
        }
        var tokens: [CriterionToken] = []
        while true {
            let token = try lexer.next()
            tokens.append(token)
            if token.kind == .end { return tokens }
        }
    }

    private init(characters: [Character]) { self.characters = characters }

    private var current: Character? { index < characters.count ? characters[index] : nil }

    private mutating func advance() {
        if characters[index].isNewline {
            position = CriterionPosition(line: position.line + 1, column: 1)
        } else {
            position.column += 1
        }
        index += 1
    }

    private mutating func take(while holds: (Character) -> Bool) -> String {
        var text = ""
        while let character = current, holds(character) {
            text.append(character)
            advance()
        }
        return text
    }

    private mutating func next() throws(CriterionError) -> CriterionToken {
        while let character = current {
            if character == "#" {
                _ = take { !$0.isNewline }
            } else if character.isWhitespace {
                advance()
            } else {
                break
            }
        }
        let start = position
        guard let character = current else { return CriterionToken(kind: .end, position: start) }
        if character.isASCII, character.isLetter {
            let word = take { $0.isASCII && ($0.isLetter || $0.isNumber || "/._-*".contains($0)) }
            return CriterionToken(kind: .word(word), position: start)
        }
        if character.isASCII, character.isNumber {
            let text = take { $0.isASCII && ($0.isLetter || $0.isNumber || $0 == "." || $0 == "%") }
            return CriterionToken(kind: try Self.number(text, at: start), position: start)
        }
        for symbol in [">=", "<=", "==", "!=", ">", "<", "(", ")", ",", "+", "-", "*", "/"] {
            let end = index + symbol.count
            guard end <= characters.count, String(characters[index..<end]) == symbol else { continue }
            for _ in symbol { advance() }
            return CriterionToken(kind: .symbol(symbol), position: start)
        }
        let rest = String(characters[index..<min(index + 2, characters.count)])
        let meant =
            ["=>": ">=", "=<": "<=", "!": "not", "&&": "and", "||": "or"][rest] ?? (character == "=" ? "==" : nil)
        throw CriterionError(
            "\"\(character)\" has no meaning here\(meant.map { "; did you mean \"\($0)\"?" } ?? "")", at: start)
    }

    private static func number(_ text: String, at position: CriterionPosition) throws(CriterionError)
        -> CriterionToken.Kind
    {
        if let value = Double(text), value.isFinite { return .number(value, .plain) }
        if text.hasSuffix("%"), let value = Double(text.dropLast()), value.isFinite {
            return .number(value / 100, .percent)
        }
        for (suffix, factor) in [("Ki", 1024.0), ("Mi", 1_048_576), ("Gi", 1_073_741_824)] where text.hasSuffix(suffix)
        {
            if let value = Double(text.dropLast(2)), value.isFinite { return .number(value * factor, .bytes) }
        }
        if let duration = Duration(parsing: text) { return .number(duration.seconds, .time) }
        throw CriterionError(
            "\"\(text)\" is no number; units are % (of one), ns us ms s m h d (time) and Ki Mi Gi (bytes)", at: position
        )
    }
}
