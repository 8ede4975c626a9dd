import Testing

@testable import PromQL

@Suite struct PromQLParserTests {
    @Test(arguments: [
        (
            #"sum(rate(http_requests_total{job="api",code=~"5.."}[5m]))by(job)"#,
            #"sum by (job) (rate(http_requests_total{code=~"5..",job="api"}[5m]))"#
        ),
        ("a+b*c^d", "a + b * c ^ d"), ("-a^2", "-a ^ 2"), ("- 1", "-1"), ("1e3", "1000"), ("0x1F", "31"),
        ("1_000", "1000"), ("5m", "5m"),
        ("foo offset 300", "foo offset 5m"), ("foo[300] offset -1m", "foo[5m] offset -1m"),
        ("foo @ 1.5 offset 5m", "foo @ 1.500 offset 5m"),
        ("foo[5m:1m] @ start()", "foo[5m:1m] @ start()"), ("foo[5m:]", "foo[5m:]"),
        (#"{"my.metric", a='b'}"#, #"{__name__="my.metric",a="b"}"#),
        (#"foo{"é.x"="y"}"#, #"foo{"é.x"="y"}"#), ("a == bool b", "a == bool b"), ("a and on() b", "a and on () b"),
        ("a / on(x) group_left(y) b", "a / on (x) group_left (y) b"),
        ("a * ignoring(x, z) group_right b", "a * ignoring (x, z) group_right () b"),
        ("topk(3, a)", "topk(3, a)"), (#"count_values("v", a) without(b)"#, #"count_values without (b) ("v", a)"#),
        ("sum without () (a)", "sum without () (a)"),
        ("sum by () (a)", "sum(a)"), ("(((a)))", "(((a)))"), ("foo # a comment\n + 1", "foo + 1"), ("sum", "sum"),
        ("offset", "offset"),
        ("start + end", "start + end"), (#"'it\'s'"#, #""it's""#), ("`raw\\n`", #""raw\\n""#),
        ("foo[5m*2]", "foo[5m * 2]"),
        ("foo offset (1m+step())", "foo offset (1m + step())"), ("foo[max_of(1m,step())]", "foo[max_of(1m, step())]"),
        ("Inf", "+Inf"), ("NaN", "NaN"),
        ("a % b atan2 c", "a % b atan2 c"), ("avg by (sum, by) (a)", "avg by (sum, by) (a)"), ("a:b:c", "a:b:c"),
        ("1h30m", "1h30m"), ("90s", "1m30s"),
    ])
    func printsTheCanonicalForm(_ query: String, _ canonical: String) throws {
        let expression = try PromQLParser.parse(query)
        #expect(expression.description == canonical)
        #expect(try PromQLParser.parse(canonical) == expression)
    }

    @Test(arguments: [
        ("", "1:1: parse error: no expression found in input"), ("(", "1:2: parse error: unclosed left parenthesis"),
        (")", "1:1: parse error: unexpected right parenthesis ')'"),
        ("foo bar", #"1:5: parse error: unexpected identifier "bar""#),
        ("1 +", "1:4: parse error: unexpected end of input"), ("a or", "1:5: parse error: unexpected end of input"),
        ("*a", "1:1: parse error: unexpected <op:*>"),
        ("foo{bar}", #"1:8: parse error: unexpected "}" in label matching, expected label matching operator"#),
        ("foo{bar=}", #"1:9: parse error: unexpected "}" in label matching, expected string"#),
        ("foo{1}", "1:5: parse error: unexpected character inside braces: '1'"),
        (#"foo{a="b" c="d"}"#, #"1:11: parse error: unexpected identifier "c" in label matching, expected "," or "}""#),
        ("foo[", "1:5: parse error: unexpected end of input in duration expression"),
        (
            "foo[]",
            #"1:5: parse error: unexpected "]" in subquery or range selector, expected number, duration, step(), or range()"#
        ),
        ("foo[5m", "1:7: parse error: unexpected end of input in duration expression"),
        ("foo[5m] offset 1m offset 2m", "1:1: parse error: offset may not be set multiple times"),
        (
            "(foo) offset 1m",
            "1:1: parse error: offset modifier must be preceded by an instant vector selector or range vector selector or a subquery"
        ),
        ("foo @ 1 @ 2", "1:1: parse error: @ <timestamp> may not be set multiple times"),
        ("foo offset 1m[5m]", "1:14: parse error: no offset modifiers allowed before range"),
        ("1[5m]", "1:2: parse error: ranges only allowed for vector selectors"),
        ("sum(a b)", #"1:7: parse error: unexpected identifier "b" in aggregation"#),
        ("sum()", "1:1: parse error: no arguments for aggregate expression provided"),
        ("sum by a (b)", #"1:8: parse error: unexpected identifier "a" in grouping opts, expected "(""#),
        ("sum by (a b) (c)", #"1:11: parse error: unexpected identifier "b" in grouping opts, expected "," or ")""#),
        ("rate(a[5m],)", "1:11: parse error: trailing commas not allowed in function call args"),
        ("rate()", #"1:1: parse error: expected 1 argument(s) in call to "rate", got 0"#),
        ("clamp(a)", #"1:1: parse error: expected 3 argument(s) in call to "clamp", got 1"#),
        ("round(a, 1, 2)", #"1:1: parse error: expected at most 2 argument(s) in call to "round", got 3"#),
        ("label_join(a)", #"1:1: parse error: expected at least 3 argument(s) in call to "label_join", got 1"#),
        ("a + bool b", "1:3: parse error: bool modifier can only be used on comparison operators"),
        ("a and on(x) group_left b", #"1:1: parse error: no grouping allowed for "and" operation"#),
        ("a + on(x) 1", "1:1: parse error: vector matching only allowed between instant vectors"),
        (
            #"-"a""#,
            #"1:1: parse error: unary expression only allowed on expressions of type scalar or instant vector, got "string""#
        ),
        ("mad_over_time(a[5m])", #"1:1: parse error: function "mad_over_time" is not enabled"#),
        (
            "limitk(1, a)",
            "1:1: parse error: limitk() is experimental and must be enabled with --enable-feature=promql-experimental-functions"
        ),
        ("a fill(0) b", #"1:3: parse error: unexpected <fill>"#),
        ("a + fill(0) b", "1:1: parse error: binop fill modifiers are experimental and not enabled"),
        ("foo[5m] anchored", "1:1: parse error: anchored modifier is experimental and not enabled"),
        (#""abc"#, "1:1: parse error: unterminated quoted string"),
        (#""\q""#, #"1:1: parse error: unknown escape sequence U+0071 'q'"#),
        ("foo !~ 1", "1:5: parse error: unexpected character after '!': '~'"),
        ("foo =~ 1", "1:5: parse error: unexpected character after '=': '~'"),
        ("a\n+\n  §", "3:3: parse error: unexpected character: '§'"),
        ("1..2", #"1:1: parse error: bad number or duration syntax: "1..""#),
        ("5m3h", #"1:1: parse error: not a valid duration string: "5m3h""#),
        ("foo @ start", #"1:12: parse error: unexpected end of input in @, expected timestamp"#),
        (#"foo{a=~"*"}"#, "1:5: parse error: error parsing regexp: missing argument to repetition operator: `*`"),
    ])
    func saysWhatIsWrongAndWhere(_ query: String, _ message: String) {
        #expect {
            try PromQLParser.parse(query)
        } throws: {
            "\($0)" == message
        }
    }

    @Test func nestingHasABound() {
        #expect(throws: ParseError.self) { try PromQLParser.parse(String(repeating: "(", count: 100_000)) }
        #expect(throws: ParseError.self) { try PromQLParser.parse(String(repeating: "-", count: 100_000) + "1") }
        #expect(throws: ParseError.self) { try PromQLParser.parse("a[" + String(repeating: "(", count: 100_000)) }
        #expect(throws: (any Error).self) { try AnchoredRegex(String(repeating: "(", count: 100_000)) }
    }
}

/// Random queries, as text.
struct QueryGenerator {
    var dice: Dice

    private mutating func pick(_ choices: [String]) -> String { choices.randomElement(using: &dice) ?? "" }

    mutating func duration() -> String {
        pick(["5m", "1h30m", "30s", "100ms", "1d", "300", "1m + 30s", "(2 * 5m)", "step()", "max_of(1m, step())"])
    }

    mutating func selector() -> String {
        let name = pick(["foo", "http_requests_total", "a:b", "sum", "up", ""])
        let matchers = (0..<Int.random(in: name.isEmpty ? 1...2 : 0...2, using: &dice)).map { _ in
            pick(["job", "code", "\"x.y\""]) + pick(["=", "!=", "=~", "!~"])
                + pick(["\"api\"", "'a|b'", "\".+\"", "`x`"])
        }
        if name.isEmpty { return "{a=\"b\"," + matchers.joined(separator: ",") + "}" }
        return name + (matchers.isEmpty ? "" : "{" + matchers.joined(separator: ", ") + "}")
    }

    private mutating func modifiers() -> String {
        pick([
            "", "", "", " offset 5m", " offset -1h", " @ 1000", " @ start()", " @ end() offset 1m", " offset (1m + 2m)",
        ])
    }

    mutating func vector(_ depth: Int) -> String {
        if depth <= 0 { return selector() + modifiers() }
        switch Int.random(in: 0..<8, using: &dice) {
        case 0: return selector() + modifiers()
        case 1:
            return pick(["sum", "avg", "max", "count", "group", "stddev"]) + pick(["", " by (job)", " without (a, b)"])
                + " (" + vector(depth - 1) + ")"
        case 2: return pick(["topk", "bottomk", "quantile"]) + "(" + scalar(depth - 1) + ", " + vector(depth - 1) + ")"
        case 3: return pick(["rate", "increase", "max_over_time", "changes"]) + "(" + matrix(depth - 1) + ")"
        case 4: return pick(["abs", "ceil", "ln", "sort", "timestamp"]) + "(" + vector(depth - 1) + ")"
        case 5:
            return "(" + vector(depth - 1)
                + pick([
                    " + ", " / on (job) ", " * ignoring (x) group_left (y) ", " == bool ", " and ", " or on () ",
                    " unless ",
                ])
                + vector(depth - 1) + ")"
        case 6: return "-(" + vector(depth - 1) + ")"
        default:
            return "(" + vector(depth - 1) + pick([" + ", " - ", " % ", " ^ ", " > ", " != bool "]) + scalar(depth - 1)
                + ")"
        }
    }

    mutating func matrix(_ depth: Int) -> String {
        Bool.random(using: &dice)
            ? selector() + "[" + duration() + "]" + modifiers()
            : "(" + vector(depth) + ")[" + duration() + ":" + pick(["", "1m", "30s"]) + "]" + modifiers()
    }

    mutating func scalar(_ depth: Int) -> String {
        pick(["1", "-2.5", "1e3", "5m", "Inf", "NaN", "0x10", "time()", "scalar(foo)", "(1 + 2)", "1 > bool 2"])
    }
}

@Suite struct PromQLParserPropertyTests {
    @Test func printingAndParsingAreInverse() throws {
        var generator = QueryGenerator(dice: Dice(state: 11))
        for _ in 0..<2000 {
            let query = generator.vector(4)
            let expression = try PromQLParser.parse(query)
            let printed = expression.description
            let again = try PromQLParser.parse(printed)
            #expect(again == expression, "\(query) → \(printed)")
            #expect(again.description == printed)
        }
    }
}
