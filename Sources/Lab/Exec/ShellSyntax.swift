/// A word of a shell's script before its variables have values.
struct ShellWord: Sendable, Equatable {
    enum Part: Sendable, Equatable {
        case text(String, quoted: Bool)
        /// `$NAME`, `${NAME}`, `${NAME:-default}`.
        case variable(String, otherwise: String?, quoted: Bool)
    }

    var parts: [Part] = []

    /// The word as it stands, if nothing in it has to be looked up or was quoted: what a keyword can be.
    var plain: String? {
        guard parts.count == 1, case .text(let text, quoted: false) = parts[0] else { return nil }
        return text
    }
}

/// Where a command's output goes instead.
struct ShellRedirect: Sendable, Equatable {
    enum Target: Sendable, Equatable {
        case descriptor(Int)
        case file(ShellWord)
    }

    /// 0 for input, 1 and 2 for the outputs.
    var descriptor: Int
    var target: Target
}

/// One command with its arguments.
struct SimpleCommand: Sendable, Equatable {
    var assignments: [(name: String, value: ShellWord)] = []
    var words: [ShellWord] = []
    var redirects: [ShellRedirect] = []

    static func == (left: Self, right: Self) -> Bool {
        left.assignments.elementsEqual(right.assignments, by: ==) && left.words == right.words
            && left.redirects == right.redirects
    }
}

/// What a script is made into: commands, and jumps that depend on how the last one ended.
enum ShellInstruction: Sendable, Equatable {
    case command(SimpleCommand)
    /// `!`: success becomes failure.
    case negate
    case jump(Int)
    case jumpIfFailed(Int)
    case jumpIfSucceeded(Int)
    /// What a loop or condition that ran nothing ends with.
    case succeed
    /// Begins to walk over words.
    case beginFor(words: [ShellWord])
    /// Takes the next word, or jumps behind the loop.
    case nextFor(name: String, end: Int)
}

/// Why a script cannot be run, as `sh` says it.
struct ShellSyntaxError: Error, Equatable {
    var line: Int
    var message: String
}

/// Reads a script: lists with `;`, `&&` and `||`, `if`, `while`, `until`, `for`, `!`, `{ }`, quotes, variables and
/// redirections. Pipes, functions, substitutions and background jobs are refused by name.
struct ShellParser {
    private enum Token: Equatable {
        case word(ShellWord)
        /// `;`, `&&`, `||`, and a newline as `\n`.
        case separator(String)
        case redirect(Int, ShellRedirectKind)
        case end
    }

    private enum ShellRedirectKind: Equatable { case toDescriptor(Int), file }

    private static let keywords: Set<String> = [
        "if", "then", "else", "elif", "fi", "while", "until", "do", "done", "for", "in", "{", "}", "!", "case", "esac",
        "function",
    ]
    /// Deepest nesting of loops and conditions.
    private static let depthLimit = 50

    private var tokens: [(token: Token, line: Int)] = []
    private var place = 0
    private var depth = 0
    private var program: [ShellInstruction] = []

    /// - Throws: `ShellSyntaxError`, for any text; none traps.
    static func program(_ script: String) throws(ShellSyntaxError) -> [ShellInstruction] {
        var parser = ShellParser()
        try parser.tokenise(Array(script.unicodeScalars))
        try parser.list(until: [])
        if case .end = parser.token {} else { throw parser.unexpected() }
        return parser.program
    }

    // MARK: Tokens

    private mutating func tokenise(_ text: [Unicode.Scalar]) throws(ShellSyntaxError) {
        var index = 0
        var line = 1
        func at(_ offset: Int) -> Unicode.Scalar? { index + offset < text.count ? text[index + offset] : nil }
        while let scalar = at(0) {
            switch scalar {
            case " ", "\t", "\r": index += 1
            case "\n":
                tokens.append((.separator("\n"), line))
                line += 1
                index += 1
            case "#":
                while let next = at(0), next != "\n" {
                    _ = next
                    index += 1
                }
            case ";":
                tokens.append((.separator(";"), line))
                index += 1
            case "&":
                guard at(1) == "&" else {
                    throw ShellSyntaxError(
                        line: line, message: "Syntax error: this shell runs nothing in the background")
                }
                tokens.append((.separator("&&"), line))
                index += 2
            case "|":
                guard at(1) == "|" else {
                    throw ShellSyntaxError(
                        line: line, message: "Syntax error: this shell has no pipes, run the commands one by one")
                }
                tokens.append((.separator("||"), line))
                index += 2
            case "(", ")":
                throw ShellSyntaxError(line: line, message: "Syntax error: \"\(scalar)\" unexpected")
            case ">", "<":
                try redirect(scalar == "<" ? 0 : 1, text, &index, line)
            case "0"..."2" where at(1) == ">" || at(1) == "<":
                let descriptor = Int(scalar.value - 48)
                index += 1
                try redirect(descriptor, text, &index, line)
            default:
                let first = line
                let word = try word(text, &index, &line)
                tokens.append((.word(word), first))
            }
        }
        tokens.append((.end, line))
    }

    private mutating func redirect(_ descriptor: Int, _ text: [Unicode.Scalar], _ index: inout Int, _ line: Int)
        throws(ShellSyntaxError)
    {
        let isInput = text[index] == "<"
        index += 1
        if index < text.count, text[index] == ">" || text[index] == "<" {
            guard !isInput else { throw ShellSyntaxError(line: line, message: "Syntax error: \"<<\" unexpected") }
            index += 1
        }
        if index < text.count, text[index] == "&" {
            guard index + 1 < text.count, ("0"..."2").contains(text[index + 1]) else {
                throw ShellSyntaxError(line: line, message: "Syntax error: Bad fd number")
            }
            tokens.append((.redirect(descriptor, .toDescriptor(Int(text[index + 1].value - 48))), line))
            index += 2
        } else {
            tokens.append((.redirect(descriptor, .file), line))
        }
    }

    private func word(_ text: [Unicode.Scalar], _ index: inout Int, _ line: inout Int) throws(ShellSyntaxError)
        -> ShellWord
    {
        var word = ShellWord()
        var plain = ""
        func flush(_ word: inout ShellWord, _ plain: inout String) {
            if !plain.isEmpty { word.parts.append(.text(plain, quoted: false)) }
            plain = ""
        }
        scan: while index < text.count {
            let scalar = text[index]
            switch scalar {
            case " ", "\t", "\r", "\n", ";", "&", "|", "<", ">", "(", ")": break scan
            case "\\":
                flush(&word, &plain)
                index += 1
                guard index < text.count else { break scan }
                if text[index] == "\n" {
                    line += 1
                } else {
                    word.parts.append(.text(String(text[index]), quoted: true))
                }
                index += 1
            case "'":
                flush(&word, &plain)
                index += 1
                var content = ""
                while index < text.count, text[index] != "'" {
                    if text[index] == "\n" { line += 1 }
                    content.unicodeScalars.append(text[index])
                    index += 1
                }
                guard index < text.count else {
                    throw ShellSyntaxError(line: line, message: "Syntax error: Unterminated quoted string")
                }
                index += 1
                word.parts.append(.text(content, quoted: true))
            case "\"":
                flush(&word, &plain)
                index += 1
                try quoted(text, &index, &line, &word)
            case "$":
                flush(&word, &plain)
                try variable(text, &index, line, quoted: false, &word)
            case "`":
                throw ShellSyntaxError(line: line, message: "Syntax error: this shell has no command substitution")
            default:
                plain.unicodeScalars.append(scalar)
                index += 1
            }
        }
        flush(&word, &plain)
        return word
    }

    private func quoted(
        _ text: [Unicode.Scalar], _ index: inout Int, _ line: inout Int, _ word: inout ShellWord
    ) throws(ShellSyntaxError) {
        var content = ""
        while index < text.count, text[index] != "\"" {
            switch text[index] {
            case "\\" where index + 1 < text.count && "\\\"$`\n".unicodeScalars.contains(text[index + 1]):
                if text[index + 1] != "\n" { content.unicodeScalars.append(text[index + 1]) }
                index += 2
            case "$":
                word.parts.append(.text(content, quoted: true))
                content = ""
                try variable(text, &index, line, quoted: true, &word)
            case "`":
                throw ShellSyntaxError(line: line, message: "Syntax error: this shell has no command substitution")
            default:
                if text[index] == "\n" { line += 1 }
                content.unicodeScalars.append(text[index])
                index += 1
            }
        }
        guard index < text.count else {
            throw ShellSyntaxError(line: line, message: "Syntax error: Unterminated quoted string")
        }
        index += 1
        word.parts.append(.text(content, quoted: true))
    }

    private func variable(
        _ text: [Unicode.Scalar], _ index: inout Int, _ line: Int, quoted: Bool, _ word: inout ShellWord
    ) throws(ShellSyntaxError) {
        index += 1
        func isName(_ scalar: Unicode.Scalar) -> Bool {
            scalar == "_" || (scalar.isASCII && (scalar.properties.isAlphabetic || ("0"..."9").contains(scalar)))
        }
        guard index < text.count else { return word.parts.append(.text("$", quoted: quoted)) }
        if text[index] == "(" {
            throw ShellSyntaxError(line: line, message: "Syntax error: this shell has no command substitution")
        }
        if "?$#@*!0123456789".unicodeScalars.contains(text[index]) {
            word.parts.append(.variable(String(text[index]), otherwise: nil, quoted: quoted))
            index += 1
            return
        }
        if text[index] == "{" {
            var content = ""
            index += 1
            while index < text.count, text[index] != "}" {
                content.unicodeScalars.append(text[index])
                index += 1
            }
            guard index < text.count else { throw ShellSyntaxError(line: line, message: "Syntax error: Missing '}'") }
            index += 1
            let name = content.unicodeScalars.prefix { isName($0) || $0 == "?" }
            var rest = String(content.dropFirst(name.count))
            guard !name.isEmpty, rest.isEmpty || rest.hasPrefix(":-") || rest.hasPrefix("-") else {
                throw ShellSyntaxError(line: line, message: "Bad substitution")
            }
            let otherwise: String? =
                rest.isEmpty
                ? nil
                : {
                    rest.removeFirst(rest.hasPrefix(":-") ? 2 : 1); return rest
                }()
            word.parts.append(.variable(String(name), otherwise: otherwise, quoted: quoted))
            return
        }
        var name = ""
        while index < text.count, isName(text[index]) {
            name.unicodeScalars.append(text[index])
            index += 1
        }
        word.parts.append(name.isEmpty ? .text("$", quoted: quoted) : .variable(name, otherwise: nil, quoted: quoted))
    }

    // MARK: Grammar

    private var token: Token { tokens[min(place, tokens.count - 1)].token }
    private var line: Int { tokens[min(place, tokens.count - 1)].line }
    private var keyword: String? {
        if case .word(let word) = token, let plain = word.plain, Self.keywords.contains(plain) { plain } else { nil }
    }

    private func unexpected() -> ShellSyntaxError {
        let what: String
        switch token {
        case .word(let word): what = word.plain.map { "\"\($0)\"" } ?? "word"
        case .separator("\n"): what = "newline"
        case .separator(let text): what = "\"\(text)\""
        case .redirect: what = "redirection"
        case .end: what = "end of file"
        }
        return ShellSyntaxError(line: line, message: "Syntax error: \(what) unexpected")
    }

    private mutating func expect(_ word: String) throws(ShellSyntaxError) {
        guard keyword == word else {
            throw ShellSyntaxError(line: line, message: unexpected().message + " (expecting \"\(word)\")")
        }
        place += 1
    }

    private mutating func skipNewlines() {
        while token == .separator("\n") { place += 1 }
    }

    /// Commands up to one of some keywords, or the end.
    private mutating func list(until ends: Set<String>) throws(ShellSyntaxError) {
        depth += 1
        defer { depth -= 1 }
        guard depth <= Self.depthLimit else { throw ShellSyntaxError(line: line, message: "Syntax error: too deep") }
        skipNewlines()
        while token != .end, !(keyword.map(ends.contains) ?? false) {
            try chain()
            guard token == .separator(";") || token == .separator("\n") else { return }
            place += 1
            skipNewlines()
        }
    }

    /// Commands with `&&` and `||` between them, from left to right.
    private mutating func chain() throws(ShellSyntaxError) {
        try command()
        while true {
            let isAnd = token == .separator("&&")
            guard isAnd || token == .separator("||") else { return }
            place += 1
            skipNewlines()
            let jump = program.count
            program.append(.jump(0))
            try command()
            program[jump] = isAnd ? .jumpIfFailed(program.count) : .jumpIfSucceeded(program.count)
        }
    }

    private mutating func command() throws(ShellSyntaxError) {
        depth += 1
        defer { depth -= 1 }
        guard depth <= Self.depthLimit else { throw ShellSyntaxError(line: line, message: "Syntax error: too deep") }
        switch keyword {
        case "!":
            place += 1
            try command()
            program.append(.negate)
        case "{":
            place += 1
            try list(until: ["}"])
            try expect("}")
        case "if":
            place += 1
            try condition()
        case "while", "until":
            let isUntil = keyword == "until"
            place += 1
            try loop(isUntil: isUntil)
        case "for":
            place += 1
            try forLoop()
        case .some: throw unexpected()
        case nil: try simple()
        }
    }

    private mutating func condition() throws(ShellSyntaxError) {
        try list(until: ["then"])
        try expect("then")
        let toElse = program.count
        program.append(.jump(0))
        try list(until: ["else", "elif", "fi"])
        let toEnd = program.count
        program.append(.jump(0))
        program[toElse] = .jumpIfFailed(program.count)
        switch keyword {
        case "elif":
            place += 1
            depth += 1
            defer { depth -= 1 }
            guard depth <= Self.depthLimit else {
                throw ShellSyntaxError(line: line, message: "Syntax error: too deep")
            }
            try condition()
        case "else":
            place += 1
            try list(until: ["fi"])
            try expect("fi")
        default:
            program.append(.succeed)
            try expect("fi")
        }
        program[toEnd] = .jump(program.count)
    }

    private mutating func loop(isUntil: Bool) throws(ShellSyntaxError) {
        let start = program.count
        try list(until: ["do"])
        try expect("do")
        let toEnd = program.count
        program.append(.jump(0))
        try list(until: ["done"])
        try expect("done")
        program.append(.jump(start))
        program[toEnd] = isUntil ? .jumpIfSucceeded(program.count) : .jumpIfFailed(program.count)
        program.append(.succeed)
    }

    private mutating func forLoop() throws(ShellSyntaxError) {
        guard case .word(let word) = token, let name = word.plain else { throw unexpected() }
        place += 1
        try expect("in")
        var words: [ShellWord] = []
        while case .word(let word) = token {
            words.append(word)
            place += 1
        }
        guard token == .separator(";") || token == .separator("\n") else { throw unexpected() }
        place += 1
        skipNewlines()
        try expect("do")
        program.append(.beginFor(words: words))
        let start = program.count
        program.append(.jump(0))
        try list(until: ["done"])
        try expect("done")
        program.append(.jump(start))
        program[start] = .nextFor(name: name, end: program.count)
    }

    private mutating func simple() throws(ShellSyntaxError) {
        var command = SimpleCommand()
        scan: while true {
            switch token {
            case .word(let word):
                if command.words.isEmpty, let (name, value) = Self.assignment(word) {
                    command.assignments.append((name, value))
                } else {
                    command.words.append(word)
                }
                place += 1
            case .redirect(let descriptor, let kind):
                place += 1
                switch kind {
                case .toDescriptor(let other):
                    command.redirects.append(ShellRedirect(descriptor: descriptor, target: .descriptor(other)))
                case .file:
                    guard case .word(let word) = token else { throw unexpected() }
                    place += 1
                    command.redirects.append(ShellRedirect(descriptor: descriptor, target: .file(word)))
                }
            case .separator, .end: break scan
            }
        }
        guard !command.words.isEmpty || !command.assignments.isEmpty || !command.redirects.isEmpty else {
            throw unexpected()
        }
        program.append(.command(command))
    }

    /// `NAME=value`.
    private static func assignment(_ word: ShellWord) -> (String, ShellWord)? {
        guard case .text(let text, quoted: false)? = word.parts.first, let equals = text.firstIndex(of: "="),
            equals != text.startIndex
        else { return nil }
        let name = text[..<equals]
        guard
            name.utf8.allSatisfy({
                $0 == 95 || (65...90).contains($0) || (97...122).contains($0) || (48...57).contains($0)
            }),
            let first = name.utf8.first, !(48...57).contains(first)
        else { return nil }
        var value = word
        let rest = String(text[text.index(after: equals)...])
        value.parts[0] = .text(rest, quoted: false)
        return (String(name), value)
    }
}
