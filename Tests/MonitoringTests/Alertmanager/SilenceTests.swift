import PromQL
import Testing

@testable import Monitoring

@Suite struct SilenceTests {
    static func matchers(_ text: String) throws -> [LabelMatcher] { try MatcherText.parseList(text) }

    @discardableResult
    static func silence(
        _ bench: inout AlertmanagerBench, _ text: String = "alertname=X", id: String = "", from: Int64, to: Int64,
        at: Int64
    ) throws -> String {
        bench.go(to: at)
        return try bench.it.setSilence(
            id: id, matchers: try matchers(text), startsAt: from * 1000, endsAt: to * 1000, createdBy: "me",
            comment: "c", at: at * 1000)
    }

    @Test func keepsAlertsBackUntilItEnds() throws {
        var bench = try AlertmanagerBench(AlertmanagerTests.simple)
        try Self.silence(&bench, from: 0, to: 500, at: 10)
        #expect(bench.it.silences[0].startsAt == 10_000, "a start in the past is now")
        bench.receive(AlertmanagerBench.alert("X", to: 9000), AlertmanagerBench.alert("Y", to: 9000), at: 20)
        bench.go(to: 1000)
        #expect(bench.sent == ["50 a Y", "650 a X"])
    }

    @Test func isExpiredByHandAndKeptForFiveDays() throws {
        var bench = try AlertmanagerBench(AlertmanagerTests.simple)
        let id = try Self.silence(&bench, from: 0, to: 90_000, at: 0)
        bench.receive(AlertmanagerBench.alert("X", to: 9000), at: 10)
        bench.go(to: 100)
        try bench.it.expireSilence(id, at: 100_000)
        #expect(bench.it.silence(id)?.state(at: 100_000) == .expired)
        #expect(throws: SilenceError(status: 500, description: "silence \(id) already expired")) {
            try bench.it.expireSilence(id, at: 101_000)
        }
        #expect(throws: SilenceError(status: 404, description: "silence not found")) {
            try bench.it.expireSilence("x", at: 101_000)
        }
        bench.go(to: 400)
        #expect(bench.sent == ["340 a X"])
        _ = bench.it.advance(to: 100_000 + Alertmanager.retention)
        #expect(bench.it.silences.count == 1)
        _ = bench.it.advance(to: 1_900_000 + Alertmanager.retention)
        #expect(bench.it.silences.isEmpty)
    }

    @Test func isChangedInPlaceWhereItsPastAllows() throws {
        var bench = try AlertmanagerBench(AlertmanagerTests.simple)
        let id = try Self.silence(&bench, from: 10, to: 500, at: 10)
        #expect(try Self.silence(&bench, id: id, from: 10, to: 900, at: 50) == id)
        #expect(bench.it.silences.map(\.endsAt) == [900_000])
        let other = try Self.silence(&bench, "alertname=Z", id: id, from: 10, to: 900, at: 60)
        #expect(other != id)
        #expect(bench.it.silences.map { $0.state(at: 60_000) } == [.expired, .active])
        let pending = try Self.silence(&bench, from: 100, to: 200, at: 60)
        #expect(bench.it.silence(pending)?.state(at: 60_000) == .pending)
        #expect(try Self.silence(&bench, id: pending, from: 150, to: 300, at: 70) == pending)
    }

    @Test func refusesWhatMakesNoSense() throws {
        var bench = try AlertmanagerBench(AlertmanagerTests.simple)
        func problem(_ text: String, id: String = "", _ from: Int64, _ to: Int64) -> String {
            do {
                try Self.silence(&bench, text, id: id, from: from, to: to, at: 100)
                return "accepted"
            } catch { return "\(error)" }
        }
        #expect(problem("a=b", 200, 200) == "Failed to create silence: start time must be before end time")
        #expect(problem("a=b", 10, 20) == "Failed to create silence: end time can't be in the past")
        #expect(problem("", 10, 200) == "silence invalid: at least one matcher required")
        #expect(
            problem("a=~.*", 10, 200) == "silence invalid: at least one matcher must not match the empty string")
        #expect(problem("a=b", id: "nobody", 10, 200) == "silence not found")
        #expect(bench.it.silences.isEmpty)
    }

    @Test func identifiersAreTheSameInEachRunAndLookLikeOnes() throws {
        var first = try AlertmanagerBench(AlertmanagerTests.simple)
        var second = first
        let id = try Self.silence(&first, from: 0, to: 10, at: 0)
        #expect(try Self.silence(&second, from: 0, to: 10, at: 0) == id)
        #expect(try Self.silence(&first, from: 0, to: 10, at: 0) != id)
        #expect(id.wholeMatch(of: /[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}/) != nil)
    }
}
