import OpenTelemetry
import PromQL

/// Reads tokens by precedence. Depth and size of what it makes are bounded, so that no query exhausts the stack.
struct TraceQLParser {
    /// Parentheses within each other, and operators of one query.
    static let maximumDepth = 40
    static let maximumNodes = 200

    private let tokens: [TraceQLToken]
    private var at = 0
    private var depth = 0
    private var nodes = 0

    static func parse(_ text: String) throws(TraceQLError) -> [TraceQLStage] {
        var parser = TraceQLParser(tokens: try TraceQLLexer.tokens(text))
        let stages = try parser.pipeline()
        guard parser.token.kind == .end else { throw parser.unexpected() }
        return stages
    }

    private init(tokens: [TraceQLToken]) { self.tokens = tokens }

    private var token: TraceQLToken { tokens[min(at, tokens.count - 1)] }

    private func unexpected() -> TraceQLError {
        if token.text == "with" { return .unsupported(name: "with", line: token.line, column: token.column) }
        return .parse(message: "syntax error: unexpected \(token.name)", line: token.line, column: token.column)
    }

    private func isSymbol(_ text: String) -> Bool { token.kind == .symbol && token.text == text }

    private mutating func accept(_ text: String) -> Bool {
        guard isSymbol(text) else { return false }
        at += 1
        return true
    }

    private mutating func expect(_ text: String) throws(TraceQLError) {
        guard accept(text) else { throw unexpected() }
    }

    private mutating func enter() throws(TraceQLError) {
        depth += 1
        guard depth <= Self.maximumDepth else {
            throw .limit("query is nested deeper than \(Self.maximumDepth) levels")
        }
    }

    private mutating func countNode() throws(TraceQLError) {
        nodes += 1
        guard nodes <= Self.maximumNodes else { throw .limit("query has more than \(Self.maximumNodes) operators") }
    }

    private mutating func pipeline() throws(TraceQLError) -> [TraceQLStage] {
        try enter()
        defer { depth -= 1 }
        var stages = [try spanset(0)]
        while accept("|") {
            try countNode()
            stages.append(try stage())
        }
        return stages
    }

    private static let metrics: Set<String> = [
        "rate", "count_over_time", "min_over_time", "max_over_time", "avg_over_time", "sum_over_time",
        "quantile_over_time", "histogram_over_time", "compare", "topk", "bottomk",
    ]

    private mutating func stage() throws(TraceQLError) -> TraceQLStage {
        if isSymbol("{") { return try spanset(0) }
        if token.kind == .word {
            if Self.metrics.contains(token.text) {
                throw .unsupported(name: token.text + "()", line: token.line, column: token.column)
            }
            switch token.text {
            case "by":
                at += 1
                try expect("(")
                let field = try self.field(0)
                try expect(")")
                guard !field.sources.isEmpty else {
                    throw .type("grouping field expressions must reference the span: by(\(field.text))")
                }
                _ = try TraceQLTypes.check(field)
                return .group(field)
            case "coalesce":
                at += 1
                try expect("(")
                try expect(")")
                return .coalesce
            case "select":
                at += 1
                try expect("(")
                var fields: [TraceQLField] = []
                repeat {
                    let field = try self.operand()
                    switch field {
                    case .attribute, .intrinsic: fields.append(field)
                    case .literal, .unary, .binary, .regex: throw unexpected()
                    }
                } while accept(",")
                try expect(")")
                return .select(fields)
            default: break
            }
        }
        let left = try scalar(0)
        guard token.kind == .symbol, ["=", "!=", "<", "<=", ">", ">="].contains(token.text) else { throw unexpected() }
        let sign = token.text
        at += 1
        return .scalarFilter(sign, left, try scalar(0))
    }

    private static let structural: Set<String> = [
        ">", ">>", "<", "<<", "~", "!>", "!>>", "!<", "!<<", "!~", "&>", "&>>", "&<", "&<<", "&~",
    ]

    private mutating func spanset(_ least: Int) throws(TraceQLError) -> TraceQLStage {
        var left: TraceQLStage
        if accept("{") {
            if accept("}") {
                left = .filter(nil)
            } else {
                let field = try self.field(0)
                try expect("}")
                let type = try TraceQLTypes.check(field)
                guard type == .bool || type == .any else {
                    throw .type("span filter field expressions must resolve to a boolean: { \(field.text) }")
                }
                left = .filter(field)
            }
        } else if accept("(") {
            left = .pipeline(try pipeline())
            try expect(")")
        } else if token.kind == .word, Self.metrics.contains(token.text) {
            throw .unsupported(name: token.text + "()", line: token.line, column: token.column)
        } else if at == 0, token.kind == .word || token.kind == .end {
            if token.kind == .end { throw unexpected() }
            left = try stage()
        } else {
            throw unexpected()
        }
        while token.kind == .symbol {
            let level = token.text == "&&" || token.text == "||" ? 1 : Self.structural.contains(token.text) ? 2 : 0
            guard level > least else { break }
            let sign = token.text
            at += 1
            try countNode()
            left = .operation(sign, left, try spanset(level))
        }
        return left
    }

    private static func level(_ sign: String) -> Int {
        switch sign {
        case "&&", "||": 1
        case "=", "!=", "<", "<=", ">", ">=", "=~", "!~": 2
        case "+", "-": 3
        case "*", "/", "%": 4
        case "^": 5
        default: 0
        }
    }

    private mutating func field(_ least: Int) throws(TraceQLError) -> TraceQLField {
        var left = try operand()
        while token.kind == .symbol {
            let sign = token.text
            let level = Self.level(sign)
            guard level > least else { break }
            at += 1
            try countNode()
            if sign == "=~" || sign == "!~" {
                guard case .string(let pattern) = token.kind else { throw unexpected() }
                at += 1
                do {
                    left = .regex(negated: sign == "!~", left, pattern: pattern, try AnchoredRegex(pattern))
                } catch {
                    throw .type("invalid regular expression `\(pattern)`: \(error)")
                }
            } else {
                left = .binary(sign, left, try field(sign == "^" ? level - 1 : level))
            }
        }
        return left
    }

    private mutating func operand() throws(TraceQLError) -> TraceQLField {
        try enter()
        defer { depth -= 1 }
        let token = self.token
        switch token.kind {
        case .string(let text):
            at += 1
            return .literal(.string(text))
        case .int(let value):
            at += 1
            return .literal(.int(value))
        case .float(let value):
            at += 1
            return .literal(.float(value))
        case .duration(let value):
            at += 1
            return .literal(.duration(value))
        case .attribute(let scope, let name):
            guard !scope.hasPrefix("event"), !scope.hasPrefix("link") else {
                throw .unsupported(name: scope + name, line: token.line, column: token.column)
            }
            at += 1
            return .attribute(scope: scope, name: name)
        case .symbol:
            if accept("(") {
                let inner = try field(0)
                try expect(")")
                return inner
            }
            if accept("!") { return .unary("!", try operand()) }
            if accept("-") { return .unary("-", try operand()) }
            throw unexpected()
        case .word:
            if let value = Self.literal(token.text) {
                at += 1
                return .literal(value)
            }
            if let intrinsic = TraceQLIntrinsic(word: token.text) {
                at += 1
                return .intrinsic(intrinsic)
            }
            if token.text.contains(":") || token.text.hasPrefix("nestedSet") {
                throw .unsupported(name: token.text, line: token.line, column: token.column)
            }
            throw unexpected()
        case .end: throw unexpected()
        }
    }

    private static func literal(_ word: String) -> TraceQLValue? {
        switch word {
        case "nil": .nil
        case "true": .bool(true)
        case "false": .bool(false)
        case "error": .status(.error)
        case "ok": .status(.ok)
        case "unset": .status(.unset)
        case "unspecified": .kind(.unspecified)
        case "internal": .kind(.internal)
        case "server": .kind(.server)
        case "client": .kind(.client)
        case "producer": .kind(.producer)
        case "consumer": .kind(.consumer)
        default: nil
        }
    }

    private mutating func scalar(_ least: Int) throws(TraceQLError) -> TraceQLScalar {
        var left = try scalarOperand()
        while token.kind == .symbol {
            let sign = token.text
            let level = Self.level(sign)
            guard level >= 3, level > least else { break }
            at += 1
            try countNode()
            left = .binary(sign, left, try scalar(sign == "^" ? level - 1 : level))
        }
        return left
    }

    private mutating func scalarOperand() throws(TraceQLError) -> TraceQLScalar {
        try enter()
        defer { depth -= 1 }
        if accept("(") {
            let inner = try scalar(0)
            try expect(")")
            return inner
        }
        if accept("-") { return .binary("-", .literal(.int(0)), try scalarOperand()) }
        let name = token.text
        switch token.kind {
        case .int(let value):
            at += 1
            return .literal(.int(value))
        case .float(let value):
            at += 1
            return .literal(.float(value))
        case .duration(let value):
            at += 1
            return .literal(.duration(value))
        case .word where name == "count":
            at += 1
            try expect("(")
            try expect(")")
            return .count
        case .word where ["avg", "min", "max", "sum"].contains(name):
            at += 1
            try expect("(")
            let field = try self.field(0)
            try expect(")")
            let type = try TraceQLTypes.check(field)
            guard type == .number || type == .any else {
                throw .type("aggregate field expressions must resolve to a number type: \(name)(\(field.text))")
            }
            guard !field.sources.isEmpty else {
                throw .type("aggregate field expressions must reference the span: \(name)(\(field.text))")
            }
            return .aggregate(name, field)
        case .word, .symbol, .end, .string, .attribute: throw unexpected()
        }
    }
}
