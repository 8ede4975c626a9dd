import Lab
import Simulation
import Workloads

/// Reads the criterion language by recursive descent.
///
///     criterion  = claim { ("and" | "or") claim } [ "," "nothing" "at" quantity ]
///     claim      = "not" claim | "(" criterion ")" | temporal | quantity COMPARISON quantity
///     temporal   = ("always" | "never") "(" condition ")" window
///                | "eventually" "(" condition ")" [ "within" TIME ] window
///     quantity   = sums and products of: NUMBER
///                | "share of requests" "(" STREAM "," population ")" [ "among" "(" population ")" ] window
///                | "count of requests" "(" STREAM [ "," population ] ")" window
///                | "quantile" "(" SHARE "," STREAM ")" window
///                | ("mean" | "min" | "max" | "integral" | "reversals") "(" signal ")" window
///                | "share of time" "(" condition ")" window
///                | "count of events" "(" REASON [ "," KIND/NAME ] ")" window
///                | "time of event" "(" REASON [ "," KIND/NAME ] ")" window
///                | "time of" "(" condition ")" window
///                | "value" "(" signal ")" "at" TIME
///                | "reference" "(" NAME ")"
///                | "fact" "(" NAME ")" | ("min" | "max") "(" "fact" "(" NAME ")" ")"
///     population = "all" | "good" | "failed" | OUTCOME | "latency" ("<=" | ">") TIME, with "and", "or", "not", "( )"
///     condition  = comparisons of signals, with "and", "or", "not", "( )"
///     signal     = sums and products of measurements and numbers
///     window     = [ "between" TIME "and" TIME | "after" TIME | "before" TIME ]
struct CriterionParser {
    private let tokens: [CriterionToken]
    private let namespace: String
    private var index = 0
    private var depth = 0

    /// Levels of brackets; keeps the descent off the end of the stack.
    private static let maximumDepth = 40

    init(tokens: [CriterionToken], namespace: String) {
        self.tokens = tokens
        self.namespace = namespace
    }

    // MARK: Tokens

    private var token: CriterionToken { tokens[min(index, tokens.count - 1)] }
    private func ahead(_ count: Int) -> CriterionToken { tokens[min(index + count, tokens.count - 1)] }
    private func isWord(_ word: String, ahead count: Int = 0) -> Bool { ahead(count).kind == .word(word) }
    private func isSymbol(_ symbol: String) -> Bool { token.kind == .symbol(symbol) }

    private mutating func accept(word: String) -> Bool {
        guard isWord(word) else { return false }
        index += 1
        return true
    }

    private mutating func accept(symbol: String) -> Bool {
        guard isSymbol(symbol) else { return false }
        index += 1
        return true
    }

    private func unexpected(_ expected: String) -> CriterionError {
        CriterionError("expected \(expected), found \(token.text)", at: token.position)
    }

    private mutating func expect(_ symbol: String) throws(CriterionError) {
        guard accept(symbol: symbol) else { throw unexpected("\"\(symbol)\"") }
    }

    private mutating func expect(word: String) throws(CriterionError) {
        guard accept(word: word) else { throw unexpected("\"\(word)\"") }
    }

    private mutating func word(_ expected: String) throws(CriterionError) -> String {
        guard case .word(let word) = token.kind else { throw unexpected(expected) }
        index += 1
        return word
    }

    private mutating func time() throws(CriterionError) -> Duration {
        guard case .number(let value, let unit) = token.kind, unit == .time || (unit == .plain && value == 0) else {
            throw unexpected("a time such as 10m or 500ms")
        }
        index += 1
        return Duration(seconds: value)
    }

    private mutating func nested<Result>(_ body: (inout Self) throws(CriterionError) -> Result) throws(CriterionError)
        -> Result
    {
        guard depth < Self.maximumDepth else {
            throw CriterionError("more than \(Self.maximumDepth) levels of brackets", at: token.position)
        }
        depth += 1
        defer { depth -= 1 }
        return try body(&self)
    }

    // MARK: Claims

    mutating func criterion() throws(CriterionError) -> Claim {
        var claim = try disjunction()
        if accept(symbol: ",") {
            let place = token.position
            try expect(word: "nothing")
            try expect(word: "at")
            let end = try sum()
            guard case .compare(let left, let comparison, let right, nil) = claim,
                comparison != .equal, comparison != .different
            else {
                throw CriterionError(
                    "partial credit (\"nothing at\") needs one comparison with >=, <=, > or <", at: place)
            }
            claim = .compare(left, comparison, right, nothingAt: end)
        }
        guard token.kind == .end else { throw unexpected("the end of the criterion") }
        return claim
    }

    /// A quantity by itself, as predictions name one.
    mutating func wholeQuantity() throws(CriterionError) -> TrialQuantity {
        let quantity = try sum()
        guard token.kind == .end else { throw unexpected("the end of the quantity") }
        return quantity
    }

    /// A kind of requests by itself.
    mutating func wholePopulation() throws(CriterionError) -> Population {
        let population = try population()
        guard token.kind == .end else { throw unexpected("the end of the population") }
        return population
    }

    private mutating func disjunction() throws(CriterionError) -> Claim {
        var claim = try conjunction()
        while accept(word: "or") { claim = .either(claim, try conjunction()) }
        return claim
    }

    private mutating func conjunction() throws(CriterionError) -> Claim {
        var claim = try single()
        while accept(word: "and") { claim = .both(claim, try single()) }
        return claim
    }

    private mutating func single() throws(CriterionError) -> Claim {
        if accept(word: "not") { return .not(try nested { parser throws(CriterionError) in try parser.single() }) }
        if isWord("always") || isWord("never") || isWord("eventually") { return try temporal() }
        // A bracket may hold a claim or the left side of a comparison; both are tried, the further one explains.
        if isSymbol("(") {
            let start = index
            do throws(CriterionError) {
                index += 1
                let claim = try nested { parser throws(CriterionError) in try parser.disjunction() }
                try expect(")")
                if !isComparison, !isArithmetic { return claim }
            } catch {
                let reached = index
                index = start
                do throws(CriterionError) { return try comparison() } catch let second {
                    if reached > index { throw error }
                    throw second
                }
            }
            index = start
        }
        return try comparison()
    }

    private var isComparison: Bool {
        if case .symbol(let symbol) = token.kind { Comparison(rawValue: symbol) != nil } else { false }
    }

    private var isArithmetic: Bool {
        if case .symbol(let symbol) = token.kind { Arithmetic(rawValue: symbol) != nil } else { false }
    }

    private mutating func operatorOfComparison() throws(CriterionError) -> Comparison {
        guard case .symbol(let symbol) = token.kind, let comparison = Comparison(rawValue: symbol) else {
            throw unexpected("a comparison (>=, <=, ==, !=, > or <)")
        }
        index += 1
        return comparison
    }

    private mutating func comparison() throws(CriterionError) -> Claim {
        let left = try sum()
        let comparison = try operatorOfComparison()
        return .compare(left, comparison, try sum(), nothingAt: nil)
    }

    private mutating func temporal() throws(CriterionError) -> Claim {
        let kind = try word("always, never or eventually")
        let condition = try bracketed { parser throws(CriterionError) in try parser.condition() }
        switch kind {
        case "always": return .always(condition, try window())
        case "never": return .never(condition, try window())
        default:
            let within = accept(word: "within") ? try time() : nil
            return .eventually(condition, within: within, try window())
        }
    }

    private mutating func bracketed<Result>(
        _ body: (inout Self) throws(CriterionError) -> Result
    ) throws(CriterionError) -> Result {
        try expect("(")
        let result = try nested(body)
        try expect(")")
        return result
    }

    private mutating func window() throws(CriterionError) -> CriterionWindow {
        let place = token.position
        if accept(word: "between") {
            let from = try time()
            try expect(word: "and")
            let to = try time()
            guard from < to else { throw CriterionError("the window ends before it begins", at: place) }
            return CriterionWindow(from: from, to: to)
        }
        if accept(word: "after") { return CriterionWindow(from: try time()) }
        if accept(word: "before") { return CriterionWindow(to: try time()) }
        return CriterionWindow()
    }

    // MARK: Quantities

    private mutating func sum() throws(CriterionError) -> TrialQuantity {
        var left = try product()
        while case .symbol(let symbol) = token.kind, symbol == "+" || symbol == "-",
            let step = Arithmetic(rawValue: symbol)
        {
            index += 1
            left = .arithmetic(step, left, try product())
        }
        return left
    }

    private mutating func product() throws(CriterionError) -> TrialQuantity {
        var left = try quantity()
        while case .symbol(let symbol) = token.kind, symbol == "*" || symbol == "/",
            let step = Arithmetic(rawValue: symbol)
        {
            index += 1
            left = .arithmetic(step, left, try quantity())
        }
        return left
    }

    private mutating func quantity() throws(CriterionError) -> TrialQuantity {
        if isSymbol("(") { return try bracketed { parser throws(CriterionError) in try parser.sum() } }
        if accept(symbol: "-") {
            return .arithmetic(
                .subtract, .constant(0, .plain), try nested { parser throws(CriterionError) in try parser.quantity() })
        }
        if case .number(let value, let unit) = token.kind {
            index += 1
            return .constant(value, unit)
        }
        let place = token.position
        let name = try word("a number or a function")
        switch name {
        case "share": return try share()
        case "count":
            try expect(word: "of")
            if accept(word: "events") { return .events(try eventPattern(), try window()) }
            try expect(word: "requests")
            let (stream, population) = try requests(required: false)
            return .requests(population, stream: stream, try window())
        case "quantile":
            let (level, stream) = try bracketed { parser throws(CriterionError) in try parser.quantileArguments() }
            return .quantile(level, stream: stream, try window())
        case "min" where isWord("fact", ahead: 1), "max" where isWord("fact", ahead: 1):
            let summary = name == "min" ? Summary.min : .max
            return try bracketed { parser throws(CriterionError) in
                try parser.expect(word: "fact")
                return .extremeFact(summary, try parser.factName())
            }
        case "mean", "min", "max", "integral", "reversals":
            let signal = try bracketed { parser throws(CriterionError) in try parser.signalSum() }
            return .summary(Summary(rawValue: name) ?? .mean, signal, try window())
        case "time":
            try expect(word: "of")
            if accept(word: "event") { return .timeOfEvent(try eventPattern(), try window()) }
            let condition = try bracketed { parser throws(CriterionError) in try parser.condition() }
            return .timeOf(condition, try window())
        case "value":
            let signal = try bracketed { parser throws(CriterionError) in try parser.signalSum() }
            try expect(word: "at")
            return .value(signal, at: try time())
        case "fact":
            return .fact(try factName())
        case "reference":
            return .reference(
                try bracketed { parser throws(CriterionError) in try parser.word("the name of a stored reference") })
        default:
            if (try? Measurement(parsing: name, namespace: namespace)) != nil {
                throw CriterionError(
                    "\(name) changes during a trial; say what of it counts: always(\(name) …), max(\(name)), value(\(name)) at 10m …",
                    at: place)
            }
            throw CriterionError(
                "\"\(name)\" is no function; there are share of requests, share of time, count of requests, count of events, quantile, mean, min, max, integral, reversals, time of, time of event, value, reference, always, never, eventually",
                at: place)
        }
    }

    private mutating func factName() throws(CriterionError) -> String {
        try bracketed { parser throws(CriterionError) in try parser.word("the name of a fact of the exercise") }
    }

    private mutating func share() throws(CriterionError) -> TrialQuantity {
        try expect(word: "of")
        if accept(word: "time") {
            let condition = try bracketed { parser throws(CriterionError) in try parser.condition() }
            return .shareOfTime(condition, try window())
        }
        guard accept(word: "requests") else { throw unexpected("\"requests\" or \"time\"") }
        let (stream, population) = try requests(required: true)
        let among =
            accept(word: "among") ? try bracketed { parser throws(CriterionError) in try parser.population() } : .all
        return .share(of: population, among: among, stream: stream, try window())
    }

    private mutating func quantileArguments() throws(CriterionError) -> (Double, String) {
        guard case .number(let level, let unit) = token.kind, unit == .percent || unit == .plain,
            (0...1).contains(level)
        else {
            throw unexpected("a share such as 95%")
        }
        index += 1
        try expect(",")
        return (level, try stream())
    }

    private mutating func requests(required: Bool) throws(CriterionError) -> (String, Population) {
        try bracketed { parser throws(CriterionError) in
            let stream = try parser.stream()
            guard required || parser.isSymbol(",") else { return (stream, .all) }
            try parser.expect(",")
            return (stream, try parser.population())
        }
    }

    /// `traffic/NAME` or `service/NAME`.
    private mutating func stream() throws(CriterionError) -> String {
        guard case .word(let word) = token.kind, word.hasPrefix("traffic/") || word.hasPrefix("service/"),
            word.count > 8
        else {
            throw unexpected("a stream of requests: traffic/NAME or service/NAME")
        }
        index += 1
        return word
    }

    private mutating func eventPattern() throws(CriterionError) -> EventPattern {
        try bracketed { parser throws(CriterionError) in
            var pattern = EventPattern(reason: try parser.word("the reason of an event, such as OOMKilling"))
            if parser.accept(symbol: ",") { pattern.object = try parser.word("an object such as pod/gateway-*") }
            return pattern
        }
    }

    // MARK: Populations

    private mutating func population() throws(CriterionError) -> Population {
        var left = try populationPart()
        while accept(word: "or") { left = .either(left, try populationPart()) }
        return left
    }

    private mutating func populationPart() throws(CriterionError) -> Population {
        var left = try populationUnit()
        while accept(word: "and") { left = .both(left, try populationUnit()) }
        return left
    }

    private mutating func populationUnit() throws(CriterionError) -> Population {
        if accept(word: "not") {
            return .not(try nested { parser throws(CriterionError) in try parser.populationUnit() })
        }
        if isSymbol("(") { return try bracketed { parser throws(CriterionError) in try parser.population() } }
        let place = token.position
        let name = try word("a kind of request")
        switch name {
        case "all": return .all
        case "good": return .good
        case "failed": return .failed
        case "latency":
            if accept(symbol: "<=") { return .within(try time()) }
            if accept(symbol: ">") { return .both(.good, .not(.within(try time()))) }
            throw unexpected("\"<=\" or \">\"")
        default:
            if let outcome = Outcome.allCases.first(where: { "\($0)" == name }) { return .outcome(outcome) }
            let names = Outcome.allCases.map { "\($0)" }.joined(separator: ", ")
            throw CriterionError(
                "\"\(name)\" is no kind of request; there are all, good, failed, latency (of good answers), \(names)",
                at: place)
        }
    }

    // MARK: Signals

    private mutating func condition() throws(CriterionError) -> TimedCondition {
        var left = try conditionPart()
        while accept(word: "or") { left = .either(left, try conditionPart()) }
        return left
    }

    private mutating func conditionPart() throws(CriterionError) -> TimedCondition {
        var left = try conditionUnit()
        while accept(word: "and") { left = .both(left, try conditionUnit()) }
        return left
    }

    private mutating func conditionUnit() throws(CriterionError) -> TimedCondition {
        if accept(word: "not") {
            return .not(try nested { parser throws(CriterionError) in try parser.conditionUnit() })
        }
        if isSymbol("(") {
            let start = index
            do throws(CriterionError) {
                let inner = try bracketed { parser throws(CriterionError) in try parser.condition() }
                if !isComparison, !isArithmetic { return inner }
            } catch {
                let reached = index
                index = start
                do throws(CriterionError) { return try signalComparison() } catch let second {
                    if reached > index { throw error }
                    throw second
                }
            }
            index = start
        }
        return try signalComparison()
    }

    private mutating func signalComparison() throws(CriterionError) -> TimedCondition {
        let left = try signalSum()
        let comparison = try operatorOfComparison()
        return .compare(left, comparison, try signalSum())
    }

    private mutating func signalSum() throws(CriterionError) -> Signal {
        var left = try signalProduct()
        while case .symbol(let symbol) = token.kind, symbol == "+" || symbol == "-",
            let step = Arithmetic(rawValue: symbol)
        {
            index += 1
            left = .arithmetic(step, left, try signalProduct())
        }
        return left
    }

    private mutating func signalProduct() throws(CriterionError) -> Signal {
        var left = try signal()
        while case .symbol(let symbol) = token.kind, symbol == "*" || symbol == "/",
            let step = Arithmetic(rawValue: symbol)
        {
            index += 1
            left = .arithmetic(step, left, try signal())
        }
        return left
    }

    private mutating func signal() throws(CriterionError) -> Signal {
        if isSymbol("(") { return try bracketed { parser throws(CriterionError) in try parser.signalSum() } }
        if case .number(let value, let unit) = token.kind {
            index += 1
            return .constant(value, unit)
        }
        let place = token.position
        let text = try word("a measurement such as deployment/gateway.ready")
        do {
            _ = try Measurement(parsing: text, namespace: namespace)
        } catch {
            throw CriterionError(error.description, at: place)
        }
        return .measurement(text)
    }
}
