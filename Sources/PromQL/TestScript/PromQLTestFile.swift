/// A test file of Prometheus' `promqltest` format: `load`, `eval`, `clear`.
///
///     load 1m
///       requests_total{job="api"} 0+60x10
///
///     eval instant at 10m rate(requests_total[5m])
///       {job="api"} 1
///
/// Both the `expect` lines of today and the older `eval_fail`, `eval_warn`, `eval_info` and `eval_ordered` are read.
public struct PromQLTestFile: Sendable {
    /// What is wrong with a test file, and where.
    public struct Failure: Error, Sendable, Equatable, CustomStringConvertible {
        public let line: Int
        public let message: String
        public var description: String { "line \(line): \(message)" }
    }

    /// A series to load: its values begin at time 0, one a step.
    public struct Load: Sendable {
        public let line: Int
        /// Milliseconds.
        public let step: Int64
        public var series: [SeriesNotation] = []
        /// When the counters behind the samples began, relative to each sample, in milliseconds.
        public var starts: [Labels: [Int64?]] = [:]
        /// The same for series without such a line of their own, over and over; empty if nothing is said.
        public var defaultStarts: [Int64?] = []
        /// Make native histograms with custom bounds of classic ones as well.
        public let withCustomBuckets: Bool

        /// When the counter behind a series' sample began, relative to the sample.
        func start(of labels: Labels, at index: Int) -> Int64? {
            if let own = starts[labels] { return index < own.count ? own[index] : nil }
            return defaultStarts.isEmpty ? nil : defaultStarts[index % defaultStarts.count]
        }
    }

    /// What an evaluation must remark.
    public enum Expectation: Sendable, Equatable {
        case fail(TextMatch?)
        case warn(TextMatch?)
        case info(TextMatch?)
        case noWarn, noInfo, ordered
        case string(String)
        /// The result of the instant query is a range vector with these times.
        case rangeVector(start: Int64, end: Int64, step: Int64)
    }

    public enum TextMatch: Sendable, Equatable {
        case exactly(String)
        case matching(String)
    }

    public struct Evaluation: Sendable {
        public let line: Int
        public let query: String
        /// Milliseconds; of an instant query start and end are equal and the step is 0.
        public let start: Int64
        public let end: Int64
        public let step: Int64
        public var isRange: Bool { step > 0 }
        public var expectations: [Expectation] = []
        public var scalar: Double?
        public var series: [SeriesNotation] = []
    }

    public enum Command: Sendable {
        case load(Load)
        case evaluate(Evaluation)
        case clear
    }

    public let commands: [Command]

    public init(_ text: String) throws(Failure) {
        var reader = TestFileReader(text)
        commands = try reader.read()
    }
}

/// Reads the lines of a test file.
struct TestFileReader {
    typealias Failure = PromQLTestFile.Failure

    private let lines: [String]
    private var next = 0

    init(_ text: String) {
        lines = text.split(separator: "\n", omittingEmptySubsequences: false).map { line in
            let trimmed = TestFileReader.trim(line)
            return trimmed.hasPrefix("#") ? "" : trimmed
        }
    }

    private static func trim(_ text: some StringProtocol) -> String {
        var view = Substring(text)
        while let first = view.unicodeScalars.first, first == " " || first == "\t" || first == "\r" {
            view = view.dropFirst()
        }
        while let last = view.unicodeScalars.last, last == " " || last == "\t" || last == "\r" {
            view = view.dropLast()
        }
        return String(view)
    }

    /// The first word of a line and what follows it.
    private static func word(_ text: String) -> (word: String, rest: String) {
        guard let space = text.firstIndex(where: { $0 == " " || $0 == "\t" }) else { return (text, "") }
        return (String(text[..<space]), trim(text[space...]))
    }

    mutating func read() throws(Failure) -> [PromQLTestFile.Command] {
        var commands: [PromQLTestFile.Command] = []
        while next < lines.count {
            let text = lines[next]
            next += 1
            if text.isEmpty { continue }
            let (word, rest) = TestFileReader.word(text)
            let lower = word.lowercased()
            if lower == "clear" {
                commands.append(.clear)
            } else if lower.hasPrefix("load") {
                commands.append(.load(try load(lower, rest)))
            } else if lower.hasPrefix("eval") {
                commands.append(.evaluate(try evaluation(lower, rest)))
            } else {
                throw failure("unknown command \(GoQuote.quote(word)); expected load, eval or clear")
            }
        }
        return commands
    }

    private func failure(_ message: String) -> Failure { Failure(line: next, message: message) }

    private func duration(_ text: String) throws(Failure) -> Int64 {
        if text.hasPrefix("-") { return -(try duration(String(text.dropFirst()))) }
        do throws(PrometheusDuration.ParseError) {
            return try PrometheusDuration.parse(text)
        } catch {
            if let seconds = Double(text) { return (seconds * 1000).rounded().saturated }
            throw failure(error.description)
        }
    }

    private mutating func load(_ word: String, _ rest: String) throws(Failure) -> PromQLTestFile.Load {
        guard word == "load" || word == "load_with_nhcb" else {
            throw failure("unknown command \(GoQuote.quote(word))")
        }
        var load = PromQLTestFile.Load(
            line: next, step: try duration(rest), withCustomBuckets: word == "load_with_nhcb")
        while next < lines.count, !lines[next].isEmpty {
            let text = lines[next]
            next += 1
            if let at = TestFileReader.startTimestamps(text) {
                let times = try starts(TestFileReader.trim(text[at...].dropFirst(3)))
                if at == text.startIndex {
                    load.defaultStarts = times
                } else {
                    load.starts[try labels(String(text[..<at]))] = times
                }
                continue
            }
            load.series.append(try series(text))
        }
        return load
    }

    /// Where the start timestamps of a line begin: `metric{…}@st -1m …`.
    private static func startTimestamps(_ text: String) -> String.Index? {
        guard let at = text.lastIndex(of: "@") else { return nil }
        let rest = text[at...]
        return rest.hasPrefix("@st ") || rest.hasPrefix("@st\t") ? at : nil
    }

    private func labels(_ text: String) throws(Failure) -> Labels {
        do throws(SeriesNotation.Failure) {
            return try SeriesNotation.labels(text)
        } catch {
            throw failure("\(GoQuote.quote(text)): \(error)")
        }
    }

    /// `_`, `-1m`, `-1mx3`, `0s-30sx4`: times relative to the samples; `*` and `*x3` repeat the last one.
    private func starts(_ text: String) throws(Failure) -> [Int64?] {
        var out: [Int64?] = []
        for word in text.split(whereSeparator: { $0 == " " || $0 == "\t" }) {
            let parts = word.split(separator: "x", omittingEmptySubsequences: false)
            guard parts.count <= 2, let times = parts.count == 2 ? Int(parts[1]) : 0, times < SeriesNotation.maxItems
            else {
                throw failure("invalid start timestamps \(GoQuote.quote(String(word)))")
            }
            if parts[0] == "_" {
                out += [Int64?](repeating: nil, count: max(1, times))
                continue
            }
            if parts[0] == "*" {
                let last = out.lazy.compactMap(\.self).last ?? 0
                out += [Int64?](repeating: last, count: times + 1)
                continue
            }
            let sign = parts[0].dropFirst().lastIndex { $0 == "+" || $0 == "-" }
            var current = try offset(String(sign.map { parts[0][..<$0] } ?? parts[0]))
            let step = try sign.map { index throws(Failure) in try offset(String(parts[0][index...])) } ?? 0
            for _ in 0...times {
                out.append(current)
                current += step
            }
        }
        return out
    }

    private func offset(_ text: String) throws(Failure) -> Int64 {
        try duration(text.hasPrefix("+") ? String(text.dropFirst()) : text)
    }

    private func series(_ text: String) throws(Failure) -> SeriesNotation {
        do throws(SeriesNotation.Failure) {
            return try SeriesNotation(text)
        } catch {
            throw failure("\(GoQuote.quote(text)): \(error)")
        }
    }

    private mutating func evaluation(_ word: String, _ rest: String) throws(Failure) -> PromQLTestFile.Evaluation {
        let (kind, arguments) = TestFileReader.word(rest)
        var expectations: [PromQLTestFile.Expectation] = []
        switch word {
        case "eval": break
        case "eval_fail": expectations.append(.fail(nil))
        case "eval_warn": expectations.append(.warn(nil))
        case "eval_info": expectations.append(.info(nil))
        case "eval_ordered": expectations.append(.ordered)
        default: throw failure("unknown command \(GoQuote.quote(word))")
        }
        var text = arguments
        func take(_ keyword: String) throws(Failure) -> Int64 {
            let (found, after) = TestFileReader.word(text)
            guard found.lowercased() == keyword else {
                throw failure("expected \(GoQuote.quote(keyword)), found \(GoQuote.quote(found))")
            }
            let (value, rest) = TestFileReader.word(after)
            text = rest
            return try duration(value)
        }
        let line = next
        var evaluation: PromQLTestFile.Evaluation
        switch kind.lowercased() {
        case "instant":
            var time: Int64 = 0
            if TestFileReader.word(text).word.lowercased() == "at" { time = try take("at") }
            evaluation = PromQLTestFile.Evaluation(line: line, query: text, start: time, end: time, step: 0)
        case "range":
            let start = try take("from")
            let end = try take("to")
            let step = try take("step")
            evaluation = PromQLTestFile.Evaluation(line: line, query: text, start: start, end: end, step: step)
        default: throw failure("expected \"instant\" or \"range\", found \(GoQuote.quote(kind))")
        }
        evaluation.expectations = expectations
        while next < lines.count, !lines[next].isEmpty {
            let text = lines[next]
            next += 1
            try expectation(text, &evaluation)
        }
        return evaluation
    }

    private func expectation(_ text: String, _ evaluation: inout PromQLTestFile.Evaluation) throws(Failure) {
        let (word, rest) = TestFileReader.word(text)
        switch word.lowercased() {
        case "expect": evaluation.expectations.append(try modern(rest, line: text))
        case "expected_fail_message":
            evaluation.expectations.removeAll { $0 == .fail(nil) }
            evaluation.expectations.append(.fail(.exactly(rest)))
        case "expected_fail_regexp":
            evaluation.expectations.removeAll { $0 == .fail(nil) }
            evaluation.expectations.append(.fail(.matching(rest)))
        default:
            if rest.isEmpty, let value = GoFloat.parseInteger(text).map(Double.init) ?? GoFloat.parse(text) {
                evaluation.scalar = value
                return
            }
            evaluation.series.append(try series(text))
        }
    }

    private func modern(_ text: String, line: String) throws(Failure) -> PromQLTestFile.Expectation {
        let (kind, rest) = TestFileReader.word(text)
        func match() throws(Failure) -> PromQLTestFile.TextMatch? {
            if rest.isEmpty { return nil }
            if rest.hasPrefix("msg:") { return .exactly(TestFileReader.trim(rest.dropFirst(4))) }
            if rest.hasPrefix("regex:") { return .matching(TestFileReader.trim(rest.dropFirst(6))) }
            throw failure("expected msg: or regex:, found \(GoQuote.quote(rest))")
        }
        switch kind.lowercased() {
        case "fail": return .fail(try match())
        case "warn": return .warn(try match())
        case "info": return .info(try match())
        case "no_warn": return .noWarn
        case "no_info": return .noInfo
        case "ordered": return .ordered
        case "string":
            if let value = GoQuote.unquote(rest) { return .string(value) }
            // Without quotes, everything after one space.
            let raw = line.dropFirst("expect string".count)
            return .string(String(raw.hasPrefix(" ") ? raw.dropFirst() : raw))
        case "range":
            let words = rest.split(separator: " ").map(String.init)
            guard words.count == 7, words[0] == "vector", words[1] == "from", words[3] == "to", words[5] == "step"
            else {
                throw failure("expected: expect range vector from START to END step STEP")
            }
            return .rangeVector(
                start: try duration(words[2]), end: try duration(words[4]), step: try duration(words[6]))
        default: throw failure("unknown expectation \(GoQuote.quote(kind))")
        }
    }
}
