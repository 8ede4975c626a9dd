import PromQL
import Testing

@testable import Monitoring

@Suite struct MatcherTests {
    @Test(arguments: [
        (#"foo="bar""#, #"foo="bar""#), ("foo=bar", #"foo="bar""#), ("  foo  =~  a|b ", #"foo=~"a|b""#),
        (#"foo!~"a.*""#, #"foo!~"a.*""#), ("foo!=", #"foo!="""#), (#"foo="a\"b""#, #"foo="a\"b""#),
        (#"foo="a\\b\nc""#, #"foo="a\\b\nc""#), (#"foo=~"\d+""#, #"foo=~"\\d+""#), ("foo==bar", #"foo="=bar""#),
        (#""my.label"="x""#, #""my.label"="x""#), ("a:b=c", #""a:b"="c""#),
    ])
    func reads(_ text: String, _ printed: String) throws {
        #expect(MatcherText.text(try MatcherText.parse(text)) == printed)
    }

    @Test(arguments: [
        ("foo", "bad matcher format: foo"), ("=bar", "bad matcher format: =bar"), ("", "bad matcher format: "),
        ("1a=b", "bad matcher format: 1a=b"), ("foo<bar", "bad matcher format: foo<bar"),
        (#"foo="bar"#, #"matcher value contains unescaped double quote: "bar"#),
        (#"foo=b"ar"#, #"matcher value contains unescaped double quote: b"ar"#),
        (#"foo="b"ar""#, #"matcher value contains unescaped double quote: "b"ar""#),
    ])
    func refuses(_ text: String, _ message: String) {
        #expect(throws: MatcherError(description: message)) { try MatcherText.parse(text) }
    }

    @Test func readsLists() throws {
        #expect(MatcherText.text(try MatcherText.parseList(#"{a="b,c", d=~"e|f",}"#)) == #"{a="b,c",d=~"e|f"}"#)
        #expect(try MatcherText.parseList("").isEmpty)
        #expect(throws: MatcherError.self) { try MatcherText.parseList("a=b,,c=d") }
        #expect(throws: MatcherError.self) { try MatcherText.parse("a=~(") }
    }

    @Test func matchesWholeValuesAndMissingLabelsAsEmpty() throws {
        let labels = Labels(["team": "db", "severity": "page"])
        func matches(_ text: String) throws -> Bool { try MatcherText.parseList(text).allMatch(labels) }
        #expect(try matches("team=~d."))
        #expect(try !matches("team=~d"))
        #expect(try matches("team=~a|db,severity!=ticket"))
        #expect(try matches("zone="))
        #expect(try !matches("zone!="))
        #expect(try matches("zone!~a.*"))
    }

    @Test func mutatedTextNeverTraps() {
        var state: UInt64 = 7
        let seed = Array(#"{"a\"x"="b\\,c",d=~"e|f(g)+",h!=é}"#.utf8)
        for _ in 0..<3000 {
            var bytes = seed
            for _ in 0..<3 {
                state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
                let place = Int(state >> 33) % bytes.count
                if state >> 20 & 1 == 0 {
                    bytes[place] = UInt8(truncatingIfNeeded: state >> 40)
                } else {
                    bytes.remove(at: place)
                }
            }
            _ = try? MatcherText.parseList(String(decoding: bytes, as: UTF8.self))
        }
    }
}
