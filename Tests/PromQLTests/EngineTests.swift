import Foundation
import Testing

@testable import PromQL

@Suite struct PromQLEngineTests {
    /// A few series with everything in them: resets, gaps, stale markers, histograms.
    static let store: TimeSeriesStore = {
        var dice = Dice(state: 5)
        var store = TimeSeriesStore()
        for (name, job, instance) in [
            ("foo", "api", "0"), ("foo", "api", "1"), ("foo", "web", "0"), ("up", "api", "0"),
            ("http_requests_total", "a", "0"),
            ("http_requests_total", "b", "0"), ("a:b", "api", "0"), ("sum", "api", "1"),
        ] {
            let id = store.series(for: Labels(["__name__": name, "job": job, "instance": instance, "a": "b"]))
            var value = 0.0
            for step in 0..<240 {
                if Int.random(in: 0..<10, using: &dice) == 0 { continue }
                value = Int.random(in: 0..<20, using: &dice) == 0 ? 0 : value + Double.random(in: 0...10, using: &dice)
                let stale = Int.random(in: 0..<40, using: &dice) == 0
                try? store.append(id, time: Int64(step) * 15_000, value: stale ? StaleMarker.value : value)
            }
        }
        return store
    }()

    /// A range query is the instant queries of its steps.
    @Test func rangesAreInstantQueriesSideBySide() throws {
        var generator = QueryGenerator(dice: Dice(state: 23))
        let engine = QueryEngine()
        var compared = 0
        for _ in 0..<250 {
            let query = generator.vector(3)
            // What depends on the range itself may differ.
            if ["start()", "end()", "step()", "topk", "bottomk", "sort"].contains(where: query.contains) { continue }
            let (start, end, step): (Int64, Int64, Int64) = (600_000, 1_500_000, 180_000)
            guard let range = try? engine.range(query, in: Self.store, from: start, through: end, step: step),
                case .matrix(let series) = range.value
            else { continue }
            for time in stride(from: start, through: end, by: Int(step)) {
                let instant = try engine.instant(query, in: Self.store, at: time)
                guard case .vector(let elements) = instant.value else { continue }
                let here = series.filter { one in one.floats.contains { $0.time == time } }
                #expect(here.count == elements.count, "\(query) at \(time)")
                for element in elements {
                    let point = here.first { $0.labels == element.labels }?.floats.first { $0.time == time }
                    guard case .float(let value) = element.value else { continue }
                    #expect(
                        point?.value.bitPattern == value.bitPattern || (value.isNaN && point?.value.isNaN == true),
                        "\(query) at \(time)")
                    compared += 1
                }
            }
        }
        #expect(compared > 300)
    }

    @Test func holdsItsLimits() throws {
        var options = QueryEngine.Options()
        options.maxSamples = 1000
        let engine = QueryEngine(options: options)
        #expect(
            throws: QueryError.execution("query processing would load too many samples into memory in query execution")
        ) {
            try engine.range("foo", in: Self.store, from: 0, through: 3_600_000, step: 1000)
        }
        #expect(throws: QueryError.self) {
            try engine.instant("sum_over_time((foo)[1h:1ms])", in: Self.store, at: 3_600_000)
        }
        options.maxSamples = 50_000_000
        // More steps than a value each could be held of, before anything is allocated for them.
        for (start, end) in [(Int64(0), Int64(9_999_999_999_000)), (.min, .max)] {
            #expect(throws: QueryError.tooManySamples) {
                try QueryEngine(options: options).range("foo", in: Self.store, from: start, through: end, step: 1)
            }
        }
        options.workBudget = 10_000
        #expect(throws: QueryError.timeout) {
            try QueryEngine(options: options).range(
                "max_over_time(foo[30m])", in: Self.store, from: 0, through: 3_600_000, step: 1000)
        }
        #expect(QueryError.timeout.description == "query timed out in expression evaluation")
    }

    @Test func answersInPrometheusJSON() throws {
        let engine = QueryEngine()
        func body(_ query: String, _ time: Int64) -> String {
            APIResponse.query(query, engine: engine, store: TimeSeriesStore(), time: time).body
        }
        #expect(
            body("1", 1_767_229_200_500)
                == #"{"status":"success","data":{"resultType":"scalar","result":[1767229200.5,"1"]}}"#)
        #expect(
            body("vector(0.1+0.2)", 1500)
                == #"{"status":"success","data":{"resultType":"vector","result":[{"metric":{},"value":[1.500,"0.30000000000000004"]}]}}"#
        )
        #expect(body(#""a\"b\n""#, 0) == #"{"status":"success","data":{"resultType":"string","result":[0,"a\"b\n"]}}"#)
        #expect(body("vector(1e-7)", 0).contains(#""1e-07""#))
        #expect(body("vector(1e21)", 0).contains(#""1e+21""#))
        #expect(body("vector(-1/0)", 0).contains(#""-Inf""#))
        #expect(body("vector(123456789012345680)", 0).contains(#""123456789012345680""#))
        #expect(
            body("(", 0)
                == #"{"status":"error","errorType":"bad_data","error":"1:2: parse error: unclosed left parenthesis"}"#)
        let range = APIResponse.queryRange(
            "vector(1)", engine: engine, store: TimeSeriesStore(), start: 0, end: 500, step: 250)
        #expect(
            range.body
                == #"{"status":"success","data":{"resultType":"matrix","result":[{"metric":{},"values":[[0,"1"],[0.250,"1"],[0.500,"1"]]}]}}"#
        )
        #expect(
            APIResponse.queryRange("1", engine: engine, store: TimeSeriesStore(), start: 0, end: 0, step: 0).status
                == 400)
    }

    /// Go's functions differ from correctly rounded ones by a few units in the last place at most.
    @Test func mathematicsStaysCloseToTheTruth() {
        var dice = Dice(state: 9)
        func close(_ a: Double, _ b: Double, _ tolerance: Double = 1e-14) -> Bool {
            a == b || (a - b).magnitude <= tolerance * max(b.magnitude, 1e-300)
        }
        for _ in 0..<5000 {
            let x = Double.random(in: -30...30, using: &dice)
            let positive = x.magnitude + 1e-3
            #expect(close(GoMath.exp(x), exp(x)))
            #expect(close(GoMath.log(positive), log(positive)))
            #expect(close(GoMath.log2(positive), log2(positive), 1e-13))
            #expect(close(GoMath.pow(positive, x / 3), pow(positive, x / 3), 1e-12))
            #expect(close(GoMath.atan(x), atan(x)))
            #expect(close(GoMath.sinh(x), sinh(x), 1e-13))
            #expect(close(GoMath.tanh(x), tanh(x)))
            #expect(close(GoMath.asinh(x), asinh(x), 1e-13))
            #expect((GoMath.sin(x) - sin(x)).magnitude < 1e-15)
            #expect((GoMath.cos(x) - cos(x)).magnitude < 1e-15)
            let huge = x * 1e12
            #expect((GoMath.sin(huge) - sin(huge)).magnitude < 1e-14)
            #expect((GoMath.cos(huge * 1e200) - cos(huge * 1e200)).magnitude < 1e-14)
        }
        #expect(GoMath.pow(2, 10) == 1024 && GoMath.pow(-2, 3) == -8 && GoMath.pow(2, -1074) == .leastNonzeroMagnitude)
        #expect(GoMath.log2(8) == 3 && GoMath.log10(1000) == 2.9999999999999996)
        #expect(GoMath.exp(1) == 2.718281828459045 && GoMath.exp(-746) == 0 && GoMath.exp(710) == .infinity)
    }

    @Test(arguments: [
        (1.0, "1", "1", "1e+00"), (0.1, "0.1", "0.1", "1e-01"), (1e21, "1000000000000000000000", "1e+21", "1e+21"),
        (123456789, "123456789", "1.23456789e+08", "1.23456789e+08"),
        (1e-7, "0.0000001", "1e-07", "1e-07"), (-0.0, "-0", "-0", "-0e+00"), (1.5e-5, "0.000015", "1.5e-05", "1.5e-05"),
        (.infinity, "+Inf", "+Inf", "+Inf"),
        (Double.leastNonzeroMagnitude, "0." + String(repeating: "0", count: 323) + "5", "5e-324", "5e-324"),
        (100000, "100000", "100000", "1e+05"),
    ])
    func numbersArePrintedAsByGo(_ value: Double, _ fixed: String, _ general: String, _ exponential: String) {
        #expect(GoFloat.fixed(value) == fixed)
        #expect(GoFloat.general(value) == general)
        #expect(GoFloat.exponential(value) == exponential)
        #expect(GoFloat.parse(fixed)?.bitPattern == value.bitPattern)
    }

    @Test func roundsToDecimals() {
        #expect(GoFloat.fixed(1.005, decimals: 2) == "1.00" || GoFloat.fixed(1.005, decimals: 2) == "1.01")
        #expect(GoFloat.fixed(999.996, decimals: 2) == "1000.00")
        #expect(GoFloat.fixed(0.0004, decimals: 3) == "0.000")
        #expect(GoFloat.fixed(12, decimals: 3) == "12.000")
        #expect(GoFloat.general(1234, significant: 2) == "1.2e+03")
        #expect(GoFloat.general(10, significant: 2) == "10")
        #expect(GoFloat.general(0.0123, significant: 2) == "0.012")
    }
}
