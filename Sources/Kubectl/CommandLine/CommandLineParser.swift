/// What stood on a command line: values of flags, and the rest.
struct ParsedArguments: Sendable {
    /// The words that are not flags, those behind `--` included.
    var positional: [String] = []
    /// How many of them stood before `--`; nil if there was no `--`.
    var dash: Int?
    private var flags: [String: Flag] = [:]
    private var values: [String: [String]] = [:]

    fileprivate init(_ flags: [Flag]) {
        for flag in flags { self.flags[flag.name] = flag }
    }

    /// Reads words as pflag does, flags and others in any order.
    init(_ words: [String], flags: [Flag]) throws(UsageError) {
        self.init(flags)
        var index = 0
        while index < words.count {
            let word = words[index]
            index += 1
            if word == "--" {
                dash = positional.count
                positional += words[index...]
                return
            }
            if word.hasPrefix("--") {
                try readLong(word, words, &index)
            } else if word.hasPrefix("-"), word != "-" {
                try readShort(word, words, &index)
            } else {
                positional.append(word)
            }
        }
    }

    private mutating func readLong(_ word: String, _ words: [String], _ index: inout Int) throws(UsageError) {
        let body = word.dropFirst(2)
        let equals = body.firstIndex(of: "=")
        let name = String(body[..<(equals ?? body.endIndex)])
        guard !name.isEmpty, !name.hasPrefix("-") else { throw UsageError("bad flag syntax: \(word)") }
        guard let flag = flags[name] else { throw UsageError("unknown flag: --\(name)") }
        if let equals { return try set(flag, String(body[body.index(after: equals)...])) }
        switch flag.kind {
        case .bool: try set(flag, "true")
        case .optional(let value): try set(flag, value)
        default:
            guard index < words.count else { throw UsageError("flag needs an argument: --\(name)") }
            try set(flag, words[index])
            index += 1
        }
    }

    private mutating func readShort(_ word: String, _ words: [String], _ index: inout Int) throws(UsageError) {
        var letters = word.dropFirst()
        while let letter = letters.first {
            letters = letters.dropFirst()
            guard let flag = flags.values.first(where: { $0.short == String(letter) }) else {
                throw UsageError("unknown shorthand flag: '\(letter)' in \(word)")
            }
            if letters.first == "=" { return try set(flag, String(letters.dropFirst())) }
            switch flag.kind {
            case .bool: try set(flag, "true")
            case .optional(let value): try set(flag, value)
            default:
                if !letters.isEmpty { return try set(flag, String(letters)) }
                guard index < words.count else { throw UsageError("flag needs an argument: '\(letter)' in \(word)") }
                try set(flag, words[index])
                index += 1
                return
            }
        }
    }

    private mutating func set(_ flag: Flag, _ value: String) throws(UsageError) {
        func invalid(_ why: String) -> UsageError {
            UsageError("invalid argument \"\(value)\" for \"\(flag.label)\" flag: \(why)")
        }
        switch flag.kind {
        case .bool:
            guard Self.bool(value) != nil else {
                throw invalid("strconv.ParseBool: parsing \"\(value)\": invalid syntax")
            }
            values[flag.name] = [value]
        case .int:
            guard Int64(value) != nil else { throw invalid("strconv.ParseInt: parsing \"\(value)\": invalid syntax") }
            values[flag.name] = [value]
        case .duration:
            // A number without a unit means seconds to kubectl's own flags.
            guard GoDuration.parse(value) != nil || Int64(value) != nil else {
                throw invalid("time: invalid duration \"\(value)\"")
            }
            values[flag.name] = [value]
        case .list:
            values[flag.name, default: []] += value.split(separator: ",", omittingEmptySubsequences: false).map(
                String.init)
        case .repeated: values[flag.name, default: []].append(value)
        case .string, .optional: values[flag.name] = [value]
        }
    }

    static func bool(_ text: String) -> Bool? {
        switch text {
        case "1", "t", "T", "true", "TRUE", "True": true
        case "0", "f", "F", "false", "FALSE", "False": false
        default: nil
        }
    }

    /// Whether a flag stood on the command line.
    func has(_ name: String) -> Bool { values[name] != nil }

    func string(_ name: String) -> String { values[name]?.last ?? flags[name]?.initial ?? "" }
    func bool(_ name: String) -> Bool { Self.bool(string(name)) ?? false }
    func int(_ name: String) -> Int64 { Int64(string(name)) ?? 0 }
    func list(_ name: String) -> [String] { values[name] ?? [] }
    func duration(_ name: String) -> Duration {
        let text = string(name)
        return GoDuration.parse(text) ?? .seconds(Int64(text) ?? 0)
    }
}

/// What is wrong with a command line, in pflag's words.
struct UsageError: Error, Equatable {
    var message: String
    init(_ message: String) { self.message = message }
}
