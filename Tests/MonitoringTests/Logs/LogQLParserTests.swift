import Foundation
import Testing

@testable import Monitoring

/// Where the fixtures of queries lie.
enum QueryFixtures {
    static let folder = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
        .deletingLastPathComponent().deletingLastPathComponent().appendingPathComponent("fixtures/conformance")

    /// Paragraphs of a query and, behind `=> `, what is said of it.
    static func errors(_ name: String) throws -> [(query: String, message: String)] {
        let text = try String(contentsOf: folder.appendingPathComponent(name), encoding: .utf8)
        var cases: [(query: String, message: String)] = []
        var query = ""
        for line in text.split(separator: "\n", omittingEmptySubsequences: false) where !line.hasPrefix("#") {
            if line.hasPrefix("=> ") {
                cases.append((query, String(line.dropFirst(3))))
                query = ""
            } else {
                query = String(line)
            }
        }
        return cases
    }
}

/// Random bytes that are the same on every machine.
struct TestDice {
    var state: UInt64

    mutating func next(_ bound: Int) -> Int {
        state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
        return Int((state >> 33) % UInt64(bound))
    }
}

@Suite("LogQL's language")
struct LogQLParserTests {
    @Test("Wrong queries have Loki's message and place")
    func wrongQueries() throws {
        let cases = try QueryFixtures.errors("logql/parse_errors.txt")
        #expect(cases.count > 40)
        for item in cases {
            var message = ""
            do throws(LogQLError) { try LogQLEngine.check(item.query) } catch { message = error.description }
            #expect(message == item.message, "\(item.query)")
        }
    }

    static let valid = [
        #"{foo="bar"}"#,
        #"{ namespace="buzz", foo !~ "bar" }"#,
        #"{ foo = "bar" }|logfmt|rate="a""#,
        #"{app="foo"} |= "bar" | json | latency >= 250ms or ( status_code < 500 and status_code > 200)"#,
        #"{app="foo"} |= "a" or "b" != "c" |~ `x\d+`"#,
        #"count_over_time({foo=~`bar\w+`}[12h] |~ `error\\`)"#,
        #"count_over_time({foo="bar"} |= "error" [12h])"#,
        #"sum(count_over_time(({foo="bar"} |= "baz" |~ "blip" != "flip" !~ "flap")[5m])) by (foo)"#,
        #"topk(5,sum(rate({foo="bar"}[5m] |= "baz")) by (app))"#,
        #"sum by (job) (count_over_time({n="t"} |= "e"[5m]) / count_over_time({n="t"}[5m])) * 100"#,
        #"sum_over_time({n="t"} |= "e" | json |foo==5,bar<25ms| unwrap latency [5m])"#,
        #"max_over_time({app="foo"} | unwrap bar [5m] offset -5m) without (foo,bar)"#,
        #"quantile_over_time(0.99,{app="f"} | json | unwrap duration(foo) | __error__ !~".+"[5m]) by (namespace)"#,
        #"max_over_time(({app="foo"} | json | unwrap foo )[5m])"#,
        #"{app="foo"} | json a="b.c[0]", d | label_format x=a,y="{{.d}}" | drop z, w="1" | keep x"#,
        #"{app="foo"} | logfmt --strict --keep-empty a | size > 10KB"#,
        #"{app="foo"} | pattern "<ip> - <_> \"<method>\"" | line_format "{{ .ip | upper }}""#,
        #"rate({app="foo"}[5m]) > bool 1 or on(app) group_left(x) vector(1)"#,
        "1 + -2 / 1",
        "# a comment\n{a=\"b\"} # another",
        #"label_replace(rate({a="b"}[1m]), "x", "$1", "a", "(.*)")"#,
        #"{a="b"} |> "<_> error <_>" !> "<_>debug<_>""#,
    ]

    @Test("Queries of the real language are read", arguments: valid)
    func isRead(query: String) throws { try LogQLEngine.check(query) }

    @Test("No text traps")
    func mutations() throws {
        var dice = TestDice(state: 7)
        let alphabet = Array(#"{}[]()|=~!<>"`\,.-+*/%^ abj5m0#"#.unicodeScalars)
        let rounds = Int(ProcessInfo.processInfo.environment["KUBELAB_FUZZ"] ?? "") ?? 20_000
        var read = 0
        for _ in 0..<rounds {
            var scalars = Array(Self.valid[dice.next(Self.valid.count)].unicodeScalars)
            for _ in 0...dice.next(3) {
                let place = dice.next(scalars.count)
                switch dice.next(3) {
                case 0: scalars.remove(at: place)
                case 1: scalars.insert(alphabet[dice.next(alphabet.count)], at: place)
                default: scalars[place] = alphabet[dice.next(alphabet.count)]
                }
                if scalars.isEmpty { break }
            }
            let text = String(String.UnicodeScalarView(scalars))
            do throws(LogQLError) {
                try LogQLEngine.check(text)
                read += 1
            } catch { #expect(!error.description.isEmpty) }
        }
        #expect(read > 0)
    }

    @Test("Deep and long queries are refused, not followed")
    func bounds() {
        for text in [
            String(repeating: "(", count: 10_000) + "1", "1" + String(repeating: "+1", count: 10_000),
            #"{a="b"} | "# + String(repeating: "(", count: 10_000), String(repeating: "1^", count: 5_000) + "1",
            #"{a="b"} | x=1"# + String(repeating: " or x=1", count: 5_000),
            #"{a="b"} | x=1"# + String(repeating: ", x=1", count: 5_000),
            #"{a="b"} | line_format "{{ "# + String(repeating: "(", count: 5_000) + "\"",
            #"{a="b"}"# + String(repeating: #" |= "x""#, count: 5_000), String(repeating: " ", count: 200_000),
        ] {
            #expect(throws: LogQLError.self) { try LogQLEngine.check(text) }
        }
    }
}
