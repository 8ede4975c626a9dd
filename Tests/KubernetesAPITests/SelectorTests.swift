import Testing

@testable import KubernetesAPI

@Suite struct LabelQueryTests {
    private let web = ["app": "web", "tier": "front", "n": "7"]

    @Test(arguments: [
        ("", true), ("app=web", true), ("app==web", true), ("app!=web", false),
        ("app = web , tier in (back, front)", true),
        ("tier notin (back)", true), ("missing notin (back)", true), ("missing!=x", true), ("missing=", false),
        ("missing", false),
        ("!missing", true), ("!app", false), ("app", true), ("n>6", true), ("n>7", false), ("n<8", true),
        ("app>1", false),
        ("app in (),tier", false), ("app in (web),tier in (,front)", true), ("in in (in)", false), ("app=in", false),
    ])
    func matches(_ text: String, _ expected: Bool) throws {
        #expect(try LabelQuery(parsing: text).matches(web) == expected, "\(text)")
    }

    @Test(arguments: [
        ("a in (b", "unable to parse requirement: found '', expected: ',' or ')'"),
        ("a in b", "unable to parse requirement: found 'b' expected: '('"),
        ("!", "unable to parse requirement: found '', expected: identifier"),
        ("a=b=c", "found '=', expected: ',' or 'end of string'"),
        (",a", "found ',', expected: !, identifier, or 'end of string'"),
        ("a,", "found '', expected: identifier after ','"),
        ("a=b,,c", "found ',', expected: identifier after ','"),
        ("!a=b", "found '=', expected: ',' or 'end of string'"),
        ("a b", "unable to parse requirement: found 'b', expected: in, notin, =, ==, !=, gt, lt"),
        ("=b", "found '=', expected: !, identifier, or 'end of string'"),
        ("a=b c", "found 'c', expected: ',' or 'end of string'"),
        (
            "a>b",
            "unable to parse requirement: values[0]: Invalid value: \"b\": for 'Gt', 'Lt' operators, the value must be an integer"
        ),
        (
            "-a=b",
            "unable to parse requirement: <nil>: Invalid value: \"-a\": "
                + NameRules.qualifiedName("-a").joined(separator: "; ")
        ),
        (
            "a=@",
            "unable to parse requirement: values[0][a]: Invalid value: \"@\": " + NameRules.labelValue("@").joined()
        ),
    ])
    func refuses(_ text: String, _ expected: String) {
        #expect(throws: SelectorError(expected)) { try LabelQuery(parsing: text) }
    }

    @Test func printsInTheOrderOfKeys() throws {
        #expect(try LabelQuery(parsing: "b in (y,x),a==1,!c").description == "a==1,b in (x,y),!c")
        #expect(LabelQuery(matchLabels: ["b": "2", "a": "1"]).description == "a=1,b=2")
    }

    @Test func nilSelectsNothingAndEmptySelectsAll() {
        #expect(!LabelQuery(nil as LabelSelector?).matches(web))
        #expect(LabelQuery(LabelSelector()).matches(web))
        var selector = LabelSelector()
        selector.matchLabels = ["app": "web"]
        var row = LabelSelectorRequirement()
        (row.key, row.operator, row.values) = ("tier", "NotIn", ["back"])
        selector.matchExpressions = [row]
        #expect(LabelQuery(selector).matches(web))
        #expect(LabelQuery(selector).requiredValue(of: "app") == "web")
        selector.matchExpressions[0].operator = "Near"
        #expect(!LabelQuery(selector).matches(web))
    }
}

@Suite struct FieldQueryTests {
    @Test func matches() throws {
        let fields = ["metadata.name": "web", "status.phase": "Running", "odd": "a,b=c"]
        for (text, expected) in [
            ("", true), ("metadata.name=web", true), ("metadata.name==web,status.phase!=Pending", true),
            ("status.phase!=Running", false),
            ("missing=", true), ("missing!=x", true), (#"odd=a\,b\=c"#, true),
        ] {
            #expect(try FieldQuery(parsing: text).matches { fields[$0] } == expected, "\(text)")
        }
    }

    @Test(arguments: [
        ("metadata.name", "invalid selector: 'metadata.name'; can't understand 'metadata.name'"),
        (#"a=\q"#, #"invalid field selector: invalid escape sequence: \q"#),
        ("a=b=c", "invalid field selector: unescaped character in value: 61"),
    ])
    func refuses(_ text: String, _ expected: String) {
        #expect(throws: SelectorError(expected)) { try FieldQuery(parsing: text) }
    }
}

@Suite struct NameRulesTests {
    private func subdomain(_ text: String) -> String { NameRules.dns1123Subdomain(text).joined(separator: "|") }

    @Test func texts() {
        #expect(subdomain("my-app.v1").isEmpty)
        let shape =
            "a lowercase RFC 1123 subdomain must consist of lower case alphanumeric characters, '-' or '.', and must start and end with an "
            + "alphanumeric character (e.g. 'example.com', regex used for validation is '[a-z0-9]([-a-z0-9]*[a-z0-9])?(\\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*')"
        for bad in ["Web", "my_web", "", "a..b", "-a", "a-"] { #expect(subdomain(bad) == shape, "\(bad)") }
        #expect(subdomain(String(repeating: "a", count: 254)) == "must be no more than 253 characters")
        #expect(NameRules.dns1123Label("a.b") == ["must not contain dots"])
        #expect(NameRules.labelValue("").isEmpty)
        #expect(NameRules.labelValue(String(repeating: "x", count: 64)) == ["must be no more than 63 bytes"])
        #expect(NameRules.qualifiedName("example.com/a_b.c").isEmpty)
        #expect(NameRules.qualifiedName("").first == "name part must be non-empty")
        #expect(NameRules.qualifiedName("/a") == ["prefix part must be non-empty"])
        #expect(NameRules.qualifiedName("a/b/c").first?.hasPrefix("a qualified name must consist of") == true)
        #expect(NameRules.portName("http").isEmpty)
        #expect(NameRules.portName("80") == ["must contain at least one letter (a-z)"])
    }

    @Test func generatedNames() {
        var generator = SplitMix(state: 7)
        let name = GeneratedName.name(base: "web-", using: &generator)
        #expect(name.hasPrefix("web-") && name.utf8.count == 9)
        #expect(name.utf8.dropFirst(4).allSatisfy { GeneratedName.alphabet.contains($0) })
        #expect(GeneratedName.name(base: String(repeating: "a", count: 80), using: &generator).utf8.count == 63)
    }
}

/// A small seeded generator, so that tests repeat.
struct SplitMix: RandomNumberGenerator {
    var state: UInt64

    mutating func next() -> UInt64 {
        state &+= 0x9e37_79b9_7f4a_7c15
        var mixed = state
        mixed = (mixed ^ (mixed >> 30)) &* 0xbf58_476d_1ce4_e5b9
        mixed = (mixed ^ (mixed >> 27)) &* 0x94d0_49bb_1331_11eb
        return mixed ^ (mixed >> 31)
    }
}
