import Foundation
import Testing

@testable import PromQL

/// Answers of a real Prometheus 3.14 (`oracle/answers_3.14.jsonl`) to queries over `oracle/data.om.gz`: the whole body,
/// values to the last printed digit, in the order of the real one.
@Suite struct PromQLOracleTests {
    struct Case: Sendable, CustomTestStringConvertible {
        let id: Int
        let kind: String
        let query: String
        let start: Double
        let end: Double
        let step: Double
        let status: Int
        let body: String
        /// The real one walks a Go map for these, so that its order differs from run to run.
        let unordered: Bool

        var testDescription: String { "\(id) \(query)" }

        init?(_ line: String) throws {
            guard let object = try JSONSerialization.jsonObject(with: Data(line.utf8)) as? [String: Any],
                let id = object["id"] as? Int, let kind = object["kind"] as? String,
                let query = object["query"] as? String,
                let response = object["response"] as? [String: Any], let status = object["status"] as? Int
            else { return nil }
            self.id = id
            self.kind = kind
            self.query = query
            self.status = status
            start = (object["start"] ?? object["time"]) as? Double ?? 0
            end = object["end"] as? Double ?? 0
            step = object["step"] as? Double ?? 0
            unordered = query.hasPrefix("histogram_quantile") && kind == "instant"
            body = try Self.canonical(response, unordered: unordered)
        }

        static func canonical(_ response: [String: Any], unordered: Bool) throws -> String {
            func text(_ object: Any) throws -> String {
                String(
                    decoding: try JSONSerialization.data(withJSONObject: object, options: [.sortedKeys]), as: UTF8.self)
            }
            var response = response
            if unordered, var data = response["data"] as? [String: Any], let result = data["result"] as? [Any] {
                data["result"] = try result.map(text).sorted()
                response["data"] = data
            }
            return try text(response)
        }
    }

    static let cases: [Case] = {
        let text = (try? Fixtures.text("oracle/answers_3.14.jsonl")) ?? ""
        return text.split(separator: "\n").compactMap { try? Case(String($0)) }
    }()

    @Test func allCasesAreThere() { #expect(Self.cases.count == 180) }

    @Test(arguments: cases)
    func answersLikePrometheus(_ item: Case) throws {
        let store = try Fixtures.oracle.get()
        let engine = QueryEngine()
        func milliseconds(_ seconds: Double) -> Int64 { Int64((seconds * 1000).rounded()) }
        let response =
            item.kind == "instant"
            ? APIResponse.query(item.query, engine: engine, store: store, time: milliseconds(item.start))
            : APIResponse.queryRange(
                item.query, engine: engine, store: store, start: milliseconds(item.start), end: milliseconds(item.end),
                step: milliseconds(item.step))
        let object = try #require(try JSONSerialization.jsonObject(with: Data(response.body.utf8)) as? [String: Any])
        let body = try Case.canonical(object, unordered: item.unordered)
        #expect(response.status == item.status)
        #expect(body == item.body)
    }
}
