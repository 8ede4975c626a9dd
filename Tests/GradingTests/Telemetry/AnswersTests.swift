import Lab
import Monitoring
import OpenTelemetry
import PromQL
import Simulation
import Testing

@testable import Grading

/// Answers with their queries, and how far they are from a truth that is written down by hand: twenty minutes in which
/// users sent a hundred requests, one in ten of them slow because of a database.
@Suite struct AnswersTests {
    private static let start: Int64 = 1_767_571_200_000

    private static func duty() throws -> AnswersDuty {
        let source = try ConfigurationSource(
            file: "exercise.yaml",
            text: """
                file: answers.yaml
                from: 10m
                to: 30m
                questions:
                  - name: requests
                    languages: [traceql, promql]
                    truth: count of requests(traffic/users, all) between 10m and 30m
                    tolerance: 0.02
                  - {name: p95, truth: "quantile(95%, traffic/users) between 10m and 30m", tolerance: 0.1}
                  - name: cause
                    languages: [traceql]
                    criticalPath: {traffic: users, slowerThan: 2s}
                    tolerance: 0.1
                """)
        return try source.decode(AnswersDuty.self)
    }

    /// A request of a user through a gateway to a database.
    private static func trace(_ number: UInt64, into store: inout TraceStore) {
        let slow = number % 10 == 0
        let end = UInt64(start + 600_000) * 1_000_000 + (number + 1) * 10_000_000_000
        let length: UInt64 = slow ? 5_000_000_000 : 500_000_000
        func span(_ id: UInt64, _ parent: UInt64, _ name: String, _ kind: SpanKind, _ service: String, _ cut: UInt64) {
            store.add(
                StoredSpan(
                    Span(
                        traceID: TraceID(high: 1, low: number + 1), spanID: SpanID(id),
                        parentSpanID: SpanID(parent), name: name, kind: kind,
                        startTimeUnixNano: end - length + cut, endTimeUnixNano: end - cut,
                        attributes: name == "db" ? [Attribute("server.address", .string("db"))] : []),
                    resource: Resource([Attribute("service.name", .string(service))])))
        }
        span(1, 0, "POST /ask", .client, "users", 0)
        span(2, 1, "POST /ask", .server, "gateway", 50_000_000)
        span(3, 2, "db", .client, "gateway", 100_000_000)
    }

    private static func place() throws -> AnswerJudgement.Place {
        var (store, metrics) = (TraceStore(), TimeSeriesStore())
        for number in 0..<100 { trace(UInt64(number), into: &store) }
        for minute in 0...30 {
            for (pod, share) in [("a", 1.0), ("b", 2.0)] {
                let labels = Labels([Label("__name__", "requests_total"), Label("pod", pod)])
                try metrics.append(labels, time: start + Int64(minute) * 60_000, value: Double(minute) * share)
            }
        }
        var writer = BinaryWriter()
        writer.write(store)
        var observation = TelemetryObservation(
            recording: TrialRecording(duration: .minutes(30)), store: metrics, interval: 60_000, start: start,
            end: start + 1_800_000, faults: [], felt: [:])
        observation.answers = AnsweredWorld(
            truths: [
                "requests": .number(100), "p95": .number(5),
                "cause": .ranking([RankedName(name: "db", amount: 48), RankedName(name: "gateway", amount: 24)]),
            ], traces: writer.bytes, logs: LogStore(), begin: start * 1_000_000)
        return AnswerJudgement.Place(key: "by hand", observation: observation)
    }

    private static func document(_ answers: String) -> String {
        "apiVersion: kubelab.dev/v1\nkind: Answers\nspec:\n  answers:\n" + answers
    }

    private static func facts(_ answers: String) throws -> TrialRecording {
        let place = try place()
        var recording = place.observation.recording
        AnswerJudgement(duty: try duty(), pipeline: nil).judge(
            Submission(files: [.init(name: "answers.yaml", text: document(answers))]), in: place, shown: place,
            into: &recording)
        return recording
    }

    private static let right = """
            - {question: requests, answer: 100, traceql: '{ resource.service.name = "users" }', reduce: traces}
            - {question: p95, answer: 5s, traceql: '{ resource.service.name = "users" }', reduce: p95}
            - {question: cause, answer: db, traceql: '{ duration > 2s }', reduce: critical-path}

        """

    @Test func rightAnswersAreNotOff() throws {
        let recording = try Self.facts(Self.right)
        for name in ["requests-off", "p95-off", "cause-off", "stated-wrong"] {
            #expect(recording.facts[name] == 0, "\(name): \(recording.factNotes[name]?.text ?? "")")
        }
    }

    /// The mean of nine fast and one slow is 0.95 s; the longest spans are those around the database.
    @Test func wrongQueriesAreOffByHowMuchTheyMiss() throws {
        let recording = try Self.facts(
            """
                - {question: requests, answer: 100, traceql: '{ kind = client }', reduce: spans}
                - {question: p95, answer: 5s, traceql: '{ resource.service.name = "users" }', reduce: mean}
                - {question: cause, answer: db, traceql: '{ kind = server }', reduce: longest}

            """)
        #expect(recording.facts["requests-off"] == 1)
        #expect(abs((recording.facts["p95-off"] ?? 0) - 0.81) < 1e-9)
        #expect(recording.facts["cause-off"] == 0.5)
        #expect(recording.facts["stated-wrong"] == 0)
        #expect(
            recording.factNotes["p95-off"]?.text == "the query for p95 gave 950ms, 81% too low. It was asked at 30m")
        #expect(
            recording.factNotes["p95-off"]?.looks == [
                "kubelab traceql '{ resource.service.name = \"users\" }' --reduce mean --start 10m --end 30m"
            ])
        #expect(recording.factNotes["p95-off"]?.moment == .zero + .minutes(30))
    }

    @Test func whatIsWrittenDownIsComparedWithTheWorldThatIsSeen() throws {
        let recording = try Self.facts(Self.right.replacing("answer: 100", with: "answer: 103"))
        #expect(recording.facts["requests-off"] == 0)
        #expect(recording.facts["stated-wrong"] == 1)
        #expect(recording.factNotes["stated-wrong"]?.text.hasSuffix("requests") == true)
    }

    @Test func oneNumberIsOneElement() throws {
        func off(_ query: String) throws -> (Double?, String) {
            let recording = try Self.facts("    - {question: requests, answer: 1, promql: '\(query)'}\n")
            return (recording.facts["requests-off"], recording.factNotes["requests-off"]?.text ?? "")
        }
        // Twenty minutes of one and two a minute.
        #expect(try off("sum(increase(requests_total[20m])) + 40").0.map { $0 < 0.01 } == true)
        #expect(
            try off("increase(requests_total[20m])") == (
                1,
                "the query for requests gave 2 numbers, where one is asked for: sum them, or choose one. It was asked at 30m"
            ))
        #expect(try off("nothing_total").1.contains("gave nothing: there is no metric nothing_total."))
        #expect(try off("requests_total[5m]").1.contains("many samples of each series"))
        // A query without end is stopped.
        #expect(try off("sum_over_time(requests_total[1000000h:1s])").1.contains("no answer"))
        // What is not answered is as wrong as can be.
        let missing = try Self.facts("    - {question: requests, answer: 1, promql: 'vector(100)'}\n")
        #expect(missing.facts["requests-off"] == 0 && missing.facts["cause-off"] == 1)
        #expect(missing.factNotes["cause-off"]?.text == "the question cause has no answer")
    }

    @Test func answersAreReadWithTheirUnits() {
        #expect(AnswerValue(parsing: "350ms") == .number(0.35))
        #expect(AnswerValue(parsing: "4.5s") == .number(4.5))
        #expect(AnswerValue(parsing: " 12% ") == .number(0.12))
        #expect(AnswerValue(parsing: "2m") == .number(120))
        #expect(AnswerValue(parsing: "orders-db") == .name("orders-db"))
        #expect(AnswerValue(parsing: "nan") == .name("nan"))
        #expect(AnswerValue(parsing: "s") == .name("s"))
        #expect(AnswerTruth.number(0).distance(of: .number(0)) == 0)
        #expect(AnswerTruth.number(2).distance(of: .number(.infinity)) == 1)
        #expect(AnswerTruth.ranking([]).distance(of: .name("x")) == 1)
    }

    @Test(arguments: [
        ("- {question: requests, answer: 1}", "promql, logql or traceql"),
        ("- {question: requests, answer: 1, promql: up, logql: up}", "promql and logql"),
        ("- {question: requests, answer: 1, promql: 'sum('}", "spec.answers[0].promql"),
        ("- {question: requests, answer: 1, logql: '{app=\"a\"}'}", "gives lines"),
        ("- {question: requests, answer: 1, logql: 'vector(1)'}", "asked in traceql or promql"),
        ("- {question: requests, answer: 1, traceql: '{ }'}", "reduced by one of spans, traces"),
        ("- {question: requests, answer: 1, traceql: '{', reduce: spans}", "spec.answers[0].traceql"),
        ("- {question: requests, answer: 1, traceql: '{ }', reduce: critical-path}", "asks for a number"),
        ("- {question: cause, answer: db, traceql: '{ }', reduce: spans}", "asks for a name"),
        ("- {question: colour, answer: 1, promql: up}", "there are requests, p95, cause"),
        ("- {question: requests, answer: 1, promql: up, query: up}", "query"),
        ("- {question: requests, answer: 1, promql: up, reduce: spans}", "belongs to traceql only"),
        ("- {question: p95, answer: 1, promql: up}\n    - {question: p95, answer: 1, promql: up}", "answered twice"),
        ("[]", "between 1 and 50 answers"),
    ])
    func whatCannotBeReadIsTold(_ answers: String, _ words: String) throws {
        let faults = try Self.duty().faults(
            in: .init(name: "answers.yaml", text: Self.document("    \(answers)\n")))
        #expect(faults.count == 1)
        let told = faults.map(\.description).joined()
        #expect(told.contains(words), "\(told)")
        #expect(told.contains("answers.yaml:"), "\(told)")
    }

    /// A question may be about another time than the rest, and about what programs did.
    @Test func questionsHaveTimesAndTruthsOfTheirOwn() throws {
        func duty(_ question: String) throws -> AnswersDuty {
            try ConfigurationSource(
                file: "exercise.yaml", text: "{file: answers.yaml, from: 10m, to: 30m, questions: [\(question)]}"
            ).decode(AnswersDuty.self)
        }
        let hurt = try duty(
            "{name: hurt, work: {event: request, program: a, outcome: failed, distinct: user_id}, from: 1m, tolerance: 0.1}"
        )
        let time = hurt.time(of: hurt.questions[0])
        #expect(time.from == .minutes(1) && time.to == .minutes(30) && !hurt.questions[0].asksForName)
        let led = try duty("{name: led, work: {event: tool_call, program: a, leading: tool}, tolerance: 0.1}")
        #expect(led.questions[0].asksForName)
        for (question, words) in [
            ("{name: a, tolerance: 0.1}", "one of 'truth', 'criticalPath' and 'work'"),
            ("{name: a, work: {event: lunch, program: a, leading: cause}, tolerance: 0.1}", "request, model_call"),
            ("{name: a, work: {event: request, program: a, leading: tool}, tolerance: 0.1}", "nothing that a request"),
            ("{name: a, work: {event: request, program: a}, tolerance: 0.1}", "'distinct' or 'leading'"),
            (
                "{name: a, work: {event: request, program: a, leading: cause}, from: 31m, tolerance: 0.1}",
                "'to' must be after 'from'"
            ),
        ] {
            let error = #expect(throws: Lab.ConfigurationError.self) { try duty(question) }
            #expect(error.map { "\($0)".contains(words) } == true, "\(String(describing: error))")
        }
    }

    @Test func mutantsLeaveConditionsOut() {
        let mutants = AnswerMutation.withoutCondition(#"sum(rate({app="a,b", pod!="x"} |= "{c, d}" [5m]))"#)
        #expect(
            mutants.map(\.text) == [
                #"sum(rate({ pod!="x"} |= "{c, d}" [5m]))"#, #"sum(rate({app="a,b"} |= "{c, d}" [5m]))"#,
            ])
        let spans = AnswerMutation.withoutCondition("{ name = `a && b` && duration > 5s } | count() > 1")
        #expect(spans.map(\.text) == ["{ duration > 5s } | count() > 1", "{ name = `a && b` } | count() > 1"])
        #expect(AnswerMutation.withoutCondition("{ a = 1").isEmpty)
        let names = AnswerMutation.mutations(of: Self.document(Self.right)).map(\.name)
        #expect(names.contains("requests removed") && names.contains("p95 reduce: p90"))
        #expect(
            names.contains("requests answer: times 10") && names.contains("cause traceql: 2s divided by 10") == false)
    }
}
