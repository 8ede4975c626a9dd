import Testing

@testable import PromQL

@Suite struct PromQLRegexTests {
    @Test(arguments: [
        ("a|b", "a", true), ("a|b", "ab", false), ("a.c", "a\nc", true), ("", "", true), ("", "x", false),
        (".*", "", true),
        (".+", "", false), ("api.*", "api-1", true), ("api.+", "api", false), ("a{2,3}", "aaa", true),
        ("a{2,3}", "aaaa", false),
        ("[^a-c]+", "xyz", true), ("[^a-c]+", "xay", false), (#"\d+\.\w*"#, "12.ab", true), ("(?i)ABC", "aBc", true),
        ("(?i:a)B", "AB", true), ("(?i:a)B", "Ab", false), (#"\p{Lu}\pL*"#, "Ünder", true),
        ("[[:digit:]]+", "123", true),
        (#"a\b.*"#, "a b", true), ("^a$", "a", true), ("(a|ab)(c|bcd)", "abcd", true), ("x*?y", "xxy", true),
        (#"\Qa.b\E"#, "a.b", true), (#"\Qa.b\E"#, "axb", false), (#"\x41\x{1F600}"#, "A😀", true), ("5..", "503", true),
        ("a{0}b", "b", true), ("(?:a?){3}", "aa", true), ("foo|", "", true), ("{", "{", true), ("a{,2}", "a{,2}", true),
    ])
    func matchesTheWholeText(_ pattern: String, _ text: String, _ expected: Bool) throws {
        #expect(try AnchoredRegex(pattern).matches(text) == expected)
    }

    @Test(arguments: [
        ("(", "missing closing ): `(`"), ("a)", "unexpected ): `a)`"), ("[a", "missing closing ]: `[a`"),
        ("*", "missing argument to repetition operator: `*`"), ("a**", "invalid nested repetition operator: `**`"),
        ("a{1001}", "invalid repeat count: `{1001}`"), ("[z-a]", "invalid character class range: `z-a`"),
        (#"\8"#, #"invalid escape sequence: `\8`"#), ("(?<a", "invalid named capture: `(?<a`"),
        ("(?=a)", "invalid or unsupported Perl syntax: `(?=`"), (#"a\"#, "trailing backslash at end of expression: ``"),
        ("(a{500}){500}", "invalid repeat count: `{500}`"),
    ])
    func saysWhatIsWrong(_ pattern: String, _ message: String) {
        #expect {
            try AnchoredRegex(pattern)
        } throws: {
            "\($0)" == "error parsing regexp: \(message)"
        }
    }

    /// Patterns that take backtracking matchers exponential time.
    @Test(arguments: ["(a*)*b", "(a|a)*b", "(a?){40}a{40}", "(.*)(.*)(.*)(.*)x", "((a+)+)+$b", "(a|aa)+c"])
    func hostilePatternsTakeLinearTime(_ pattern: String) throws {
        let regex = try AnchoredRegex(pattern)
        let started = ContinuousClock.now
        _ = regex.matches(String(repeating: "a", count: 2000))
        #expect(ContinuousClock.now - started < .seconds(10))
    }

    @Test(arguments: [
        ("(.*)-(.*)", "a-b", "$2/$1", "b/a"), ("(?P<x>.*)", "v", "${x}y", "vy"), ("(a)|(b)", "b", "[$1][$2]", "[][b]"),
        ("(.*)", "v", "$1x", ""), ("(.*)", "v", "$$1", "$1"), (".*", "whole", "<$0>", "<whole>"),
        ("(a+)(a*)", "aaa", "$1|$2", "aaa|"),
        ("(a+?)(a*)", "aaa", "$1|$2", "a|aa"), ("x", "x", "$", "$"),
    ])
    func replacesLikeGo(_ pattern: String, _ text: String, _ template: String, _ expected: String) throws {
        #expect(try AnchoredRegex(pattern).replace(text, with: template) == expected)
    }
}
