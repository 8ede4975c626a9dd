import Testing

@testable import Grading

@Suite struct CriterionLanguageTests {
    @Test(arguments: [
        "always(deployment/gateway.ready >= 2)",
        "always(deployment/gateway.ready >= 2) between 5m and 1h5m",
        "never(pods.pending > 0 or deployment/gateway.unavailable > 1) after 2m",
        "eventually(deployment/gateway.ready >= 6) within 3m after 10m",
        "eventually(nodes.ready == 3) before 5m",
        "share of requests(traffic/users, good and latency <= 500ms) between 5m and 65m >= 99%, nothing at 95%",
        "share of requests(traffic/users, tooManyRequests) among (not abandoned) <= 1.1 * reference(limited)",
        "count of requests(service/gateway, failed or timedOut) == 0",
        "count of requests(traffic/users) > 1000",
        "quantile(99%, traffic/users) after 1m <= 500ms",
        "integral(deployment/gateway.price) <= 1.4 * reference(cheapest), nothing at reference(pinned)",
        "mean(deployment/gateway.cpu / deployment/gateway.requestedCPU) < 80%",
        "max(deployment/gateway.memory + 10Mi) <= 512Mi and min(deployment/gateway.ready) >= 1",
        "share of time(hpa/gateway.ableToScale == 1 and not (hpa/gateway.scalingActive == 0)) after 2m >= 95%",
        "count of events(OOMKilling, pod/gateway-*) == 0",
        "time of event(ScalingReplicaSet) < time of event(Killing)",
        "time of(deployment/gateway.ready >= 6) after 8m - 8m <= 3m",
        "value(deployment/gateway.desired) at 45m1s >= value(deployment/gateway.desired) at 44m59s",
        "not never(pods.pending > 0) or (always(pods.failed == 0) and count of events(Failed) == 0)",
        "(mean(pods.ready) + 1) * 2 >= 4   # a comment",
        "share of requests(traffic/users, latency > 2s) <= 1%",
        "-1 <= min(pods.ready)",
    ])
    func everyFormIsRead(_ text: String) throws {
        _ = try criterion(text)
    }

    @Test(arguments: [
        ("", 1, 1, "expected a number or a function, found the end"),
        ("always(deployment/gateway.redy >= 2)", 1, 8, "has no field \"redy\""),
        ("always(deployment/gateway.ready)", 1, 32, "expected a comparison"),
        ("always(deployment/gateway.ready >= 2", 1, 37, "expected \")\", found the end"),
        ("deployment/gateway.ready >= 2", 1, 1, "changes during a trial"),
        ("share of apples(traffic/users, good) >= 1%", 1, 10, "expected \"requests\" or \"time\""),
        ("share of requests(users, good) >= 1%", 1, 19, "a stream of requests"),
        ("share of requests(traffic/users, nice) >= 1%", 1, 34, "is no kind of request"),
        ("quantile(120%, traffic/users) <= 1s", 1, 10, "a share such as 95%"),
        ("max(pods.ready) between 10m and 5m > 1", 1, 17, "ends before it begins"),
        ("max(pods.ready) >= 1 max", 1, 22, "expected the end of the criterion"),
        ("always(pods.ready > 1), nothing at 3", 1, 25, "partial credit"),
        ("max(pods.ready) == 3, nothing at 1", 1, 23, "partial credit"),
        ("max(pods.ready)\n  >= 5parsecs", 2, 6, "is no number"),
        ("max(pods.ready) >= 5 §", 1, 22, "has no meaning here"),
        ("eventually(pods.ready > 1) within 3 after 5m", 1, 35, "a time such as 10m"),
        ("max(pods.ready) => 1", 1, 17, "did you mean \">=\"?"),
        ("median(pods.ready) > 1", 1, 1, "is no function"),
    ])
    func errorsSayWhere(_ text: String, _ line: Int, _ column: Int, _ part: String) {
        #expect { try criterion(text) } throws: { error in
            guard let error = error as? CriterionError else { return false }
            #expect(error.message.contains(part), "\(error)")
            #expect(error.position == CriterionPosition(line: line, column: column), "\(error)")
            return true
        }
    }

    @Test func nestingIsBounded() {
        let deep = String(repeating: "(", count: 500) + "1" + String(repeating: ")", count: 500) + " > 0"
        #expect(throws: CriterionError.self) { try criterion(deep) }
        #expect(throws: CriterionError.self) { try criterion(String(repeating: "not ", count: 900) + "1 > 0") }
        #expect(throws: CriterionError.self) { try criterion(String(repeating: "1 + ", count: 5_000) + "1 > 0") }
    }

    @Test func anAuthorIsToldWhatMustBeRecorded() throws {
        let needs = CriterionNeeds([
            try criterion("always(pods.ready > 1) and share of requests(traffic/users, good) > 1%"),
            try criterion(
                "mean(deployment/a.cpu / deployment/a.requestedCPU) < reference(best) and count of events(Killing) == 0"
            ),
        ])
        #expect(needs.measurements == ["deployment/a.cpu", "deployment/a.requestedCPU", "pods.ready"])
        #expect(needs.streams == ["traffic/users"])
        #expect(needs.references == ["best"])
        #expect(needs.events)
    }

    @Test func garbageNeverTraps() {
        var state: UInt64 = 7
        let parts = [
            "(", ")", "and", "or", "not", "always", "share", "of", "time", "requests", "traffic/users", ",", "5m",
            "99%", ">=", "/", "-", "pods.ready", "between", "nothing", "at", "*", "1e400", "é",
        ]
        for _ in 0..<3_000 {
            var text = ""
            for _ in 0..<12 {
                state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
                text += parts[Int(state >> 33) % parts.count] + " "
            }
            if let expression = try? criterion(text) { _ = expression.evaluate([recording()]) }
        }
    }
}
