import Foundation
import Testing

@testable import PromQL

/// Random and mutilated input: an answer or an error, never a trap. `KUBELAB_FUZZ` sets how many; 50,000 by default.
@Suite struct PromQLFuzzTests {
    static let count = ProcessInfo.processInfo.environment["KUBELAB_FUZZ"].flatMap(Int.init) ?? 50_000

    /// A text with a few bytes changed, removed, doubled or put in.
    static func mutilated(_ text: String, _ dice: inout Dice) -> String {
        var bytes = Array(text.utf8)
        for _ in 0..<Int.random(in: 1...4, using: &dice) {
            let place = bytes.isEmpty ? 0 : Int.random(in: 0..<bytes.count, using: &dice)
            let special = Array("(){}[]\"'`\\,=~!<>@:+-*/%^.#_ \n0159aex\u{00}".utf8)
            switch Int.random(in: 0..<5, using: &dice) {
            case 0 where !bytes.isEmpty: bytes[place] = special.randomElement(using: &dice) ?? 0
            case 1 where !bytes.isEmpty: bytes.remove(at: place)
            case 2: bytes.insert(special.randomElement(using: &dice) ?? 0, at: place)
            case 3 where !bytes.isEmpty: bytes[place] = UInt8.random(in: 0...255, using: &dice)
            default: bytes = Array(bytes[place...]) + Array(bytes.prefix(place))
            }
        }
        return String(decoding: bytes, as: UTF8.self)
    }

    @Test func theParserAnswersEverything() {
        var dice = Dice(state: 1)
        var generator = QueryGenerator(dice: Dice(state: 2))
        var understood = 0
        let seeds = (0..<200).map { _ in generator.vector(2) }
        for _ in 0..<(Self.count / 5) {
            let query = Self.mutilated(seeds.randomElement(using: &dice) ?? "", &dice)
            if let expression = try? PromQLParser.parse(query, options: .everything) {
                understood += 1
                // What was understood is understood again.
                if !expression.description.contains("\u{FFFD}") {
                    #expect(
                        (try? PromQLParser.parse(expression.description, options: .everything)) != nil,
                        "\(query) → \(expression)")
                }
            }
        }
        #expect(understood > Self.count / 200)
    }

    @Test func theReadersAnswerEverything() {
        var dice = Dice(state: 3)
        let text = """
            # TYPE x counter
            x_total{a="b",c="d\\n"} 5 1.5 # {trace_id="x"} 0.5 1.25
            {"http.requests","client.name"="k"} 1e3 3
            x NaN 1
            # EOF

            """
        var read = 0
        for round in 0..<(Self.count / 5) {
            var store = TimeSeriesStore()
            if (try? store.load(
                Array(Self.mutilated(text, &dice).utf8), format: round % 2 == 0 ? .openMetrics : .prometheus,
                defaultTime: 1)) != nil
            {
                read += 1
            }
        }
        #expect(read > Self.count / 200)
    }

    @Test func regularExpressionsAndScriptsAnswerEverything() {
        var dice = Dice(state: 4)
        let patterns = ["(a|b)*c{1,3}", #"[^a-z\d]+?\.(?i:x)"#, #"\p{L}+\x41[[:alpha:]]"#, "(?P<n>a)$|^b"]
        let series = [
            #"x{a="b"} 1+2x3 _ stale -1-1x2"#, "x {{schema:1 sum:3 count:4 buckets:[1 2 1]}}+{{count:1}}x3",
            "x 1e5 NaN _x5",
        ]
        let script =
            "load 1m\n  x 1+1x3\n\neval instant at 1m x\n  x 2\n\neval range from 0 to 1m step 1m x\n  expect no_warn\n  x 1 2\n"
        var matched = 0
        for _ in 0..<(Self.count / 5) {
            if let regex = try? AnchoredRegex(Self.mutilated(patterns.randomElement(using: &dice) ?? "", &dice)) {
                _ = regex.matches("aabbc")
                matched += 1
            }
            _ = try? SeriesNotation(Self.mutilated(series.randomElement(using: &dice) ?? "", &dice))
        }
        for _ in 0..<(Self.count / 50) {
            if let file = try? PromQLTestFile(Self.mutilated(script, &dice)) {
                var runner = PromQLTestRunner()
                _ = runner.run(file)
            }
        }
        #expect(matched > Self.count / 200)
    }
}
