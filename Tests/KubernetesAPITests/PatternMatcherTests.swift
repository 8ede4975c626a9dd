import Testing

@testable import KubernetesAPI

/// Patterns of schemas, as RE2 matches them: found anywhere, and never slow.
@Suite struct PatternMatcherTests {
    @Test(arguments: [
        ("^[a-z]+$", "abc", true), ("^[a-z]+$", "aBc", false), ("b", "abc", true), ("^a|c$", "xc", true),
        ("^(ab)*$", "abab", true), ("^(ab)*$", "aba", false), ("^a{2,3}$", "aaaa", false), ("^a{2,}$", "aaaa", true),
        (#"^\d+\.\d+$"#, "1.25", true), ("^[^x]$", "x", false), ("^[]a]$", "]", true), ("^.?$", "", true),
        (#"^[\w-]+$"#, "a-b_c", true), ("^(?:a|b)+$", "abba", true), ("^x{a}$", "x{a}", true), ("", "anything", true),
    ])
    func aPatternMatches(pattern: String, text: String, isMatch: Bool) throws {
        #expect(try PatternMatcher(pattern).matches(text) == isMatch)
    }

    @Test(arguments: [
        "(", ")", "[", "a**", "*", #"\p{L}"#, #"\b"#, "(?P<n>a)", "[z-a]", "a{5000}", "((a{99}){99}){99}",
    ])
    func whatIsNotUnderstoodIsRefused(pattern: String) {
        #expect(throws: PatternMatcher.Unsupported.self) { try PatternMatcher(pattern) }
    }

    @Test func aHostilePatternIsNotSlow() throws {
        let matcher = try PatternMatcher("^(a+)+$")
        #expect(!matcher.matches(String(repeating: "a", count: 5_000) + "b"))
        #expect(throws: PatternMatcher.Unsupported.self) {
            try PatternMatcher(String(repeating: "(", count: 100_000))
        }
    }
}
