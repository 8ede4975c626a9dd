import Monitoring
import Simulation
import Testing
import Workloads

@testable import Lab

/// The Collector's own metrics, against the spans of the world.
@Suite struct CollectorExporterTests {
    private static func world(_ traces: String, resolution: String) throws -> World {
        let prometheus =
            "{global: {scrape_interval: 15s}, scrape_configs: [{job_name: otel-collector, "
            + "static_configs: [{targets: [otel-collector:8888, otel-collector:4317]}]}]}"
        return try TraceWorldTests.world(
            seconds: 30, "{\(traces)prometheus: '\(prometheus)'}", resolution: resolution)
    }

    private static func received(_ world: World) throws -> Double? {
        try MonitoringTests.number("otelcol_receiver_accepted_spans{receiver=\"otlp\", transport=\"grpc\"}", world)
    }

    /// Every span is counted when it has ended, and stays counted when it is let go.
    @Test(arguments: ["requests", "aggregated"]) func everySpanIsCounted(resolution: String) throws {
        var all = try Self.world("traces: {limit: 1000000, retention: 9h}, ", resolution: resolution)
        var few = try Self.world("traces: {limit: 1000, retention: 10s}, ", resolution: resolution)
        var counts: [Double] = [0]
        for minute in 1...4 {
            for second in stride(from: 0, through: 60, by: 15) {
                try all.advance(to: .zero + .seconds(Int64(minute * 60 + second)))
                try few.advance(to: .zero + .seconds(Int64(minute * 60 + second)))
                let ended = all.workloads.callSpans(now: all.now).count { $0.end <= all.now }
                #expect(all.workloads.receivedSpans(now: all.now) == Int64(ended))
                #expect(few.workloads.receivedSpans(now: few.now) == Int64(ended))
            }
            let scrape = try #require(
                try MonitoringTests.number(
                    "timestamp(otelcol_receiver_accepted_spans) - \(all.epochMilliseconds(at: .zero) / 1000)", all))
            // What happened between the last scrape and now is not in the sample. The requests of aggregated traffic are
            // worked out for an interval once it is over, so that a scrape within it cannot have their spans yet.
            let ended = all.workloads.callSpans(now: all.now).count { $0.end.seconds <= scrape }
            let received = try #require(try Self.received(few))
            #expect(try Self.received(all) == received)
            #expect(resolution == "requests" ? received == Double(ended) : received <= Double(ended))
            counts.append(received)
        }
        #expect(counts == counts.sorted() && Set(counts).count == counts.count, "\(counts)")
        #expect((counts.last ?? 0) > 300)
    }

    @Test func whatComesInGoesOut() throws {
        var world = try Self.world("traces: {}, ", resolution: "requests")
        try world.advance(to: .zero + .minutes(3))
        for equal in [
            "otelcol_processor_incoming_items{processor=\"k8s_attributes\", otel_signal=\"traces\"}",
            "otelcol_processor_outgoing_items", "otelcol_exporter_sent_spans{exporter=\"otlp_grpc/tempo\"}",
        ] { #expect(try MonitoringTests.number(equal, world) == Self.received(world), "\(equal)") }
        for zero in [
            "otelcol_receiver_refused_spans", "otelcol_exporter_send_failed_spans",
            "otelcol_exporter_queue_size{data_type=\"traces\"}", "up{instance=\"otel-collector:4317\"}",
        ] { #expect(try MonitoringTests.number(zero, world) == 0, "\(zero)") }
        #expect(try MonitoringTests.number("up{instance=\"otel-collector:8888\"}", world) == 1)
        #expect(try MonitoringTests.number("deriv(otelcol_process_uptime[1m])", world) == 1)
        let exposed = world.exposeCollector()
        #expect(exposed.samples.allSatisfy { exposed.metadata[$0.labels.name] != nil })
        // It goes on after a snapshot as it would have.
        var again = try World(decoding: world.encode(), scenario: world.scenario)
        try world.advance(to: .zero + .minutes(4))
        try again.advance(to: .zero + .minutes(4))
        #expect(world.stateDigest == again.stateDigest)
        #expect(try Self.received(again) == Self.received(world))
    }

    /// Where no traces are recorded there is no Collector.
    @Test func nobodyAnswersWithoutTraces() throws {
        let world = try Self.world("", resolution: "requests")
        #expect(try MonitoringTests.number("up{instance=\"otel-collector:8888\"}", world) == 0)
        #expect(try MonitoringTests.query("{__name__=~\"otelcol_.+\"}", world).isEmpty)
    }
}
