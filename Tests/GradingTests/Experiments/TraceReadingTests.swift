import Lab
import Monitoring
import OpenTelemetry
import Simulation
import Testing

@testable import Grading

@Suite struct TraceReadingTests {
    /// A trace in the making, as the desk's programs send it; times in milliseconds.
    private struct Story {
        var spans: [StoredSpan] = []
        let trace: UInt64

        init(_ trace: UInt64) { self.trace = trace }

        /// - Returns: the span's number, for its children.
        @discardableResult mutating func add(
            _ service: String, _ kind: SpanKind, below parent: UInt64 = 0, _ begin: UInt64, _ end: UInt64,
            error: String? = nil, _ attributes: [Attribute] = []
        ) -> UInt64 {
            let number = UInt64(spans.count + 1)
            var attributes = attributes
            if let error { attributes.append(Attribute("error.type", .string(error))) }
            let start = 1_000_000_000_000 + trace * 60_000_000_000
            spans.append(
                StoredSpan(
                    Span(
                        traceID: TraceID(high: 1, low: trace), spanID: SpanID(trace << 16 | number),
                        parentSpanID: parent == 0 ? .invalid : SpanID(trace << 16 | parent), name: "POST",
                        kind: kind, startTimeUnixNano: start + begin * 1_000_000,
                        endTimeUnixNano: start + end * 1_000_000, attributes: attributes,
                        status: error == nil ? .unset : .error()),
                    resource: Resource([Attribute("service.name", .string(service))])))
            return number
        }

        mutating func serve(
            _ service: DeskService, _ path: String, below parent: UInt64 = 0, _ begin: UInt64, _ end: UInt64,
            error: String? = nil
        ) -> UInt64 {
            add(
                service.rawValue, .server, below: parent, begin, end, error: error,
                [Attribute("url.path", .string(path))])
        }

        @discardableResult mutating func call(
            _ address: String, by service: DeskService, below parent: UInt64, _ begin: UInt64, _ end: UInt64,
            error: String? = nil
        ) -> UInt64 {
            add(
                service.rawValue, .client, below: parent, begin, end, error: error,
                [Attribute("server.address", .string(address))])
        }

        mutating func chat(below parent: UInt64, _ begin: UInt64, _ end: UInt64, error: String? = nil) {
            let step = add(DeskService.agent.rawValue, .internal, below: parent, begin, end, error: error)
            add(
                DeskService.agent.rawValue, .client, below: step, begin, end, error: error,
                [Attribute("gen_ai.operation.name", .string("chat"))])
        }
    }

    private static func store(_ stories: [Story]) -> TraceStore {
        var store = TraceStore()
        for span in stories.flatMap(\.spans) { store.add(span) }
        return store
    }

    /// Browsing takes 60 ms, 12 of them in the database; a question three seconds, nearly all of them at the model.
    private static let ordinary: [Story] = ((1 as UInt64)...20).map { number in
        var story = Story(number)
        if number % 2 == 0 {
            let gateway = story.serve(.gateway, "/orders", 0, 60)
            let call = story.call("orders.support-desk", by: .gateway, below: gateway, 40, 60)
            let orders = story.serve(.orders, "/", below: call, 41, 59)
            story.call("orders-database", by: .orders, below: orders, 46, 58)
        } else {
            let gateway = story.serve(.gateway, "/ask", 0, 3200)
            let agent = story.serve(
                .agent, "/", below: story.call("support-agent.support-desk", by: .gateway, below: gateway, 50, 3200),
                51,
                3199)
            let call = story.call("retriever.support-desk", by: .agent, below: agent, 52, 132)
            _ = story.serve(.retriever, "/", below: call, 53, 131)
            story.chat(below: agent, 150, 3190)
        }
        return story
    }

    /// Whom nine such requests blame.
    private static func blamed(_ make: (inout Story) -> Void) -> Set<Suspect> {
        let stories = ((101 as UInt64)...109).map { number in
            var story = Story(number)
            make(&story)
            return story
        }
        return TraceReading(usualIn: store(ordinary)).suspects(in: store(ordinary + stories), since: 0)
    }

    /// The gateway gives up after two seconds; orders and its call to the database are cancelled by that.
    @Test func aCallGivenUpBlamesWhoWasWaitedFor() {
        let database = Self.blamed { story in
            let gateway = story.serve(.gateway, "/orders", 0, 2050, error: "504")
            let call = story.call("orders.support-desk", by: .gateway, below: gateway, 50, 2050, error: "timeout")
            // The server notices a little later.
            let orders = story.serve(.orders, "/", below: call, 51, 2052, error: "cancelled")
            story.call("orders-database", by: .orders, below: orders, 60, 2052, error: "cancelled")
        }
        #expect(database == [.database])
        let orders = Self.blamed { story in
            let gateway = story.serve(.gateway, "/orders", 0, 2050, error: "504")
            let call = story.call("orders.support-desk", by: .gateway, below: gateway, 50, 2050, error: "timeout")
            let orders = story.serve(.orders, "/", below: call, 51, 2052, error: "cancelled")
            story.call("orders-database", by: .orders, below: orders, 2040, 2052, error: "cancelled")
        }
        #expect(orders == [.service(.orders)])
    }

    /// Users leave: nobody in the chain failed.
    @Test func aUserWhoLeavesBlamesWhoWasWaitedFor() {
        let blamed = Self.blamed { story in
            let gateway = story.serve(.gateway, "/ask", 0, 25_000, error: "cancelled")
            let call = story.call(
                "support-agent.support-desk", by: .gateway, below: gateway, 50, 25_000, error: "cancelled")
            let agent = story.serve(.agent, "/", below: call, 51, 25_000, error: "cancelled")
            story.chat(below: agent, 150, 25_000, error: "cancelled")
        }
        #expect(blamed == [.model])
    }

    @Test func whoDoesNotAnswerHasNoSpanAndIsBlamed() {
        for error in ["timeout", "connection_refused"] {
            let blamed = Self.blamed { story in
                let gateway = story.serve(.gateway, "/ask", 0, 5200, error: "502")
                let call = story.call(
                    "support-agent.support-desk", by: .gateway, below: gateway, 50, 5200, error: "502")
                let agent = story.serve(.agent, "/", below: call, 51, 5190, error: "502")
                story.call("retriever.support-desk", by: .agent, below: agent, 55, 5180, error: error)
            }
            #expect(blamed == [.service(.retriever)], "\(error)")
        }
    }

    @Test func theDeepestFailureIsBlamed() {
        let orders = Self.blamed { story in
            let gateway = story.serve(.gateway, "/orders", 0, 55, error: "502")
            let call = story.call("orders.support-desk", by: .gateway, below: gateway, 40, 55, error: "500")
            let orders = story.serve(.orders, "/", below: call, 41, 54, error: "500")
            story.call("orders-database", by: .orders, below: orders, 42, 50)
        }
        #expect(orders == [.service(.orders)])
        // By the conventions a server's span of a 429 is no error; a tool failed before, which the agent took in its stride.
        let model = Self.blamed { story in
            let limited = [Attribute("url.path", .string("/ask")), Attribute("http.response.status_code", .int(429))]
            let gateway = story.add("gateway", .server, 0, 900, limited)
            let call = story.call("support-agent.support-desk", by: .gateway, below: gateway, 50, 900, error: "429")
            let agent = story.add("support-agent", .server, below: call, 51, 890, limited)
            story.call("orders.support-desk", by: .agent, below: agent, 300, 400, error: "500")
            story.chat(below: agent, 500, 880, error: "429")
        }
        #expect(model == [.model])
    }

    /// The model takes longer than the retriever even so: it always does.
    @Test func whatIsUsualIsBlamedForNothing() {
        let blamed = Self.blamed { story in
            let gateway = story.serve(.gateway, "/ask", 0, 7000)
            let call = story.call("support-agent.support-desk", by: .gateway, below: gateway, 50, 7000)
            let agent = story.serve(.agent, "/", below: call, 51, 6990)
            let retrieving = story.call("retriever.support-desk", by: .agent, below: agent, 60, 3260)
            _ = story.serve(.retriever, "/", below: retrieving, 61, 3250)
            story.chat(below: agent, 3300, 6900)
        }
        #expect(blamed == [.service(.retriever)])
        #expect(
            TraceReading(usualIn: Self.store(Self.ordinary)).suspects(in: Self.store(Self.ordinary), since: 0) == [])
    }

    /// One of ten waits long for the database on any day.
    @Test func whatFailsOnAnyDayIsBlamedForNothing() {
        func day(_ first: UInt64, slow: Int) -> [Story] {
            (0..<40).map { place in
                var story = Story(first + UInt64(place))
                let length: UInt64 = place < slow ? 400 : 60
                let gateway = story.serve(.gateway, "/orders", 0, length)
                let call = story.call("orders.support-desk", by: .gateway, below: gateway, 40, length)
                let orders = story.serve(.orders, "/", below: call, 41, length)
                story.call("orders-database", by: .orders, below: orders, 46, length)
                return story
            }
        }
        let reading = TraceReading(usualIn: Self.store(day(1, slow: 3)))
        #expect(reading.suspects(in: Self.store(day(101, slow: 4)), since: 0) == [])
        #expect(reading.suspects(in: Self.store(day(101, slow: 8)), since: 0) == [.database])
    }

    /// A process that is killed sends no spans; its caller's say whom they lost.
    @Test func whoDiesIsBlamedByItsCallers() {
        let blamed = Self.blamed { story in
            let gateway = story.serve(.gateway, "/orders", 0, 80, error: "502")
            let call = story.call(
                "orders.support-desk", by: .gateway, below: gateway, 50, 80, error: "connection_reset")
            let orders = story.serve(.orders, "/", below: call, 51, 80, error: "connection_reset")
            story.call("orders-database", by: .orders, below: orders, 60, 80, error: "connection_reset")
        }
        #expect(blamed == [.service(.orders)])
    }

    /// In the world of the experiment, with the spans that the model makes.
    @Test func aSlowDatabaseIsBlamedAndNotItsCallers() throws {
        let settings = ExperimentSettings(folder: repository + "/labs/experiments")
        let incident = try #require(
            (UInt64(1)...).lazy.map { Incident(seed: $0, harmlessReleases: 0) }.first { $0.kind == .slowDatabase })
        let beginning = try SimulatedDesk.begin(incident, seed: 5, settings)
        var desk = SimulatedDesk(beginning, ResponderProfile(), .correlated, settings, cures: incident.cures)
        desk.wait(minutes: 7)
        let seen = zip(LookUp.traces.observables, desk.look(.traces)).filter(\.1).map(\.0)
        #expect(seen == [.culprit(.database)])
        // Without traces there is nothing to see in them.
        var blind = SimulatedDesk(beginning, ResponderProfile(), .metrics, settings, cures: incident.cures)
        blind.wait(minutes: 7)
        #expect(!blind.look(.traces).contains(true))
        #expect(blind.minutesToRecovery == desk.minutesToRecovery)
    }
}
