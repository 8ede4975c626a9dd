import PromQL
import Simulation
import Testing

@testable import Monitoring

/// What a remote write brings into the store, and what is refused with which words.
@Suite struct RemoteWriteTests {
    private typealias Encoder = RemoteWriteEncoder

    static let now: Int64 = 1_767_600_000_000
    static let up = [("__name__", "up"), ("job", "edge")]

    static func request(
        _ message: [UInt8], type: String = "application/x-protobuf", encoding: String = "snappy"
    ) -> RemoteWriteRequest {
        RemoteWriteRequest(
            contentType: type, contentEncoding: encoding, body: RemoteWriteEncoder.compressed(message))
    }

    static func server(_ configuration: String = "global: {}") throws -> PrometheusServer {
        PrometheusServer(try PrometheusConfiguration(configuration))
    }

    private func samples(_ server: PrometheusServer, _ labels: [(String, String)]) -> [Sample] {
        guard let id = server.store.identifier(of: Labels(labels.map { Label($0.0, $0.1) })) else { return [] }
        return server.store.samples(id)
    }

    @Test func samplesAndStaleMarkersAreTaken() throws {
        var server = try Self.server()
        let message =
            Encoder.series(Self.up, [(Self.now - 2000, 1), (Self.now - 1000, 0.5), (Self.now, StaleMarker.value)])
            + Encoder.series([("job", "edge"), ("__name__", "load"), ("empty", "")], [(Self.now, -3.25)])
            + Encoder.block(3, Encoder.integer(1, 1) + Encoder.block(2, Array("up".utf8)))
        let outcome = server.receive(Self.request(message), now: Self.now)
        #expect(outcome.status == 204 && outcome.stored == 4 && outcome.refused == 0)
        #expect(samples(server, Self.up).map(\.value.bitPattern) == [1, 0.5, StaleMarker.value].map(\.bitPattern))
        #expect(samples(server, [("__name__", "load"), ("job", "edge")]).map(\.value) == [-3.25])
        // Once more: nothing is new, and nothing is wrong for the newest samples.
        let again = server.receive(
            Self.request(Encoder.series([("__name__", "load"), ("job", "edge")], [(Self.now, -3.25)])), now: Self.now)
        #expect(again.status == 204 && !again.changed && again.repeated == 1)
    }

    @Test func wholeRequestsAreRefusedForOneSample() throws {
        var server = try Self.server()
        _ = server.receive(Self.request(Encoder.series(Self.up, [(Self.now, 1)])), now: Self.now)
        let cases: [(samples: [(Int64, Double)], message: String)] = [
            ([(Self.now - 1, 1)], "out of order sample"),
            (
                [(Self.now, 2)],
                "duplicate sample for timestamp \(Self.now); overrides not allowed: existing 1, new value 2"
            ),
            ([(Self.now - 3_600_001, 1)], "out of bounds"), ([(.min, 1)], "out of bounds"),
            ([(Self.now + 600_001, 1)], "out of bounds: timestamp is too far in the future"),
            ([(.max, 1)], "out of bounds: timestamp is too far in the future"),
        ]
        for (bad, message) in cases {
            let body = Encoder.series([("__name__", "other")], [(Self.now, 5)]) + Encoder.series(Self.up, bad)
            let outcome = server.receive(Self.request(body), now: Self.now)
            #expect(outcome.status == 400 && outcome.message == message, "\(outcome)")
            #expect(outcome.refused == 2 && !outcome.changed)
        }
        #expect(server.store.seriesCount == 1 && server.store.samplesAppended == 1)
    }

    @Test func aWindowAcceptsWhatIsLate() throws {
        var server = try Self.server("storage: {tsdb: {out_of_order_time_window: 30m}}")
        _ = server.receive(Self.request(Encoder.series(Self.up, [(Self.now, 1)])), now: Self.now)
        let late = server.receive(
            Self.request(Encoder.series(Self.up, [(Self.now - 1_800_000, 7)])), now: Self.now)
        #expect(late.status == 204 && late.stored == 1)
        let later = server.receive(
            Self.request(Encoder.series(Self.up, [(Self.now - 1_800_001, 7)])), now: Self.now)
        #expect(later.status == 400 && later.message == "too old sample")
        #expect(samples(server, Self.up).map(\.value) == [7, 1])
    }

    @Test func seriesThatAreNoneAreLeftOut() throws {
        var server = try Self.server()
        let bad = [[("job", "x")], [("__name__", "a"), ("b", "1"), ("b", "2")], [("__name__", "a"), ("", "x")]]
        let invalid = Encoder.block(
            1,
            Encoder.block(1, Encoder.block(1, Array("__name__".utf8)) + Encoder.block(2, [0xFF, 0xFE]))
                + Encoder.block(2, Encoder.double(1, 1) + Encoder.integer(2, Self.now)))
        let message =
            bad.flatMap { Encoder.series($0, [(Self.now, 1)]) } + invalid + Encoder.series(Self.up, [(Self.now, 1)])
        let outcome = server.receive(Self.request(message), now: Self.now)
        #expect(outcome.status == 204 && outcome.stored == 1 && outcome.refused == 4)
        #expect(server.store.seriesCount == 1)
    }

    @Test func histogramsAndExemplarsAreTaken() throws {
        var server = try Self.server("storage: {exemplars: {max_exemplars: 3}}")
        func span(_ offset: Int64, _ length: Int64) -> [UInt8] {
            Encoder.block(11, Encoder.zigzag(1, offset) + Encoder.integer(2, length))
        }
        let deltas = Encoder.block(12, [2, 4, 1].flatMap { Encoder.varint(UInt64($0)) })
        let histogram =
            Encoder.integer(1, 7) + Encoder.double(3, 12.5) + Encoder.zigzag(4, 2) + Encoder.double(5, 0.001)
            + Encoder.integer(6, 1) + span(-1, 2) + span(3, 1) + deltas + Encoder.integer(15, Self.now)
        let name = [("__name__", "latency")]
        let exemplars = [0.25, 0.5, 0.5].map { Encoder.exemplar([("trace_id", "abc")], $0, at: Self.now) }
        let message =
            Encoder.series(name, histograms: [histogram])
            + Encoder.series([("__name__", "n")], [(Self.now, 1)], exemplars: exemplars)
        let outcome = server.receive(Self.request(message), now: Self.now)
        #expect(outcome.stored == 2 && outcome.exemplars == 2, "\(outcome)")
        let id = try #require(server.store.identifier(of: Labels(["__name__": "latency"])))
        let kept = try #require(server.store.histograms(id).first)
        #expect(kept.histogram.positive.map(\.index) == [-1, 0, 4])
        #expect(kept.histogram.positive.map(\.count) == [1, 3, 2] && kept.histogram.count == 7)
        #expect(kept.histogram.schema == 2 && kept.histogram.zeroCount == 1 && kept.time == Self.now)
        #expect(server.store.exemplars.map(\.value) == [0.25, 0.5])

        // One more bucket than counts; a wrong total; a schema that there is not; a bucket beyond every number.
        let wrong: [(histogram: [UInt8], message: String)] = [
            (
                Encoder.integer(1, 3) + span(0, 2) + Encoder.block(12, [6]),
                "positive side: spans need 2 buckets, have 1 buckets"
            ),
            (Encoder.integer(1, 9) + span(0, 1) + Encoder.block(12, [6]), "3 observations found in buckets"),
            (Encoder.zigzag(4, 77), "schema 77: histogram has an invalid schema"),
            (
                span(Int64(Int32.max), 1) + Encoder.block(12, [2]),
                "positive side: histogram has a bucket beyond every number"
            ),
            (span(0, Int64(UInt32.max)), "positive side: spans need 4294967295 buckets, have 0 buckets"),
        ]
        for (bad, message) in wrong {
            let body = Encoder.series(name, histograms: [bad + Encoder.integer(15, Self.now + 1)])
            let outcome = server.receive(Self.request(body), now: Self.now)
            #expect(outcome.status == 400 && outcome.message.hasPrefix(message), "\(outcome)")
        }
    }

    @Test(arguments: [
        (
            "application/json", "snappy", 415,
            "expected application/x-protobuf as the first (media) part, got application/json content-type"
        ),
        (
            "application/x-protobuf;proto=io.prometheus.write.v2.Request", "snappy", 415,
            "io.prometheus.write.v2.Request protobuf message is not accepted by this server; accepted "
                + "prometheus.WriteRequest"
        ),
        (
            "application/x-protobuf;charset", "snappy", 415,
            "as per https://www.rfc-editor.org/rfc/rfc9110#parameter expected parameters to be key-values, got charset "
                + "in application/x-protobuf;charset content-type"
        ),
        (
            "application/x-protobuf", "gzip", 415,
            "gzip encoding (compression) is not accepted by this server; only snappy is acceptable"
        ),
        ("application/x-protobuf;proto=prometheus.WriteRequest", "Snappy", 204, ""), ("", "", 204, ""),
    ])
    func headersDecide(type: String, encoding: String, status: Int, message: String) throws {
        var server = try Self.server()
        let body = Encoder.series(Self.up, [(Self.now, 1)])
        let outcome = server.receive(Self.request(body, type: type, encoding: encoding), now: Self.now)
        #expect(outcome.status == status && outcome.message == message, "\(outcome)")
    }

    @Test(
        arguments: [
            ([], "snappy: corrupt input"), ([5], "snappy: corrupt input"), ([4, 0], "snappy: corrupt input"),
            ([4, 0x05, 1], "snappy: corrupt input"), ([0xFF, 0xFF, 0xFF, 0xFF, 0x1F], "snappy: corrupt input"),
            ([0xFF, 0xFF, 0xFF, 0xFF, 0x0F], "snappy: decoded block is too large"),
            (RemoteWriteEncoder.stored([0x0A, 0x05]), "unexpected EOF"),
            (RemoteWriteEncoder.stored([0x08, 0x05]), "proto: wrong wireType = 0 for field Timeseries"),
            (RemoteWriteEncoder.stored([0x0F]), "proto: illegal wireType 7"),
            (RemoteWriteEncoder.stored([0x0C]), "proto: WriteRequest: wiretype end group for non-group"),
            (RemoteWriteEncoder.stored([0x00]), "proto: WriteRequest: illegal tag 0 (wire type 0)"),
            (RemoteWriteEncoder.stored([UInt8](repeating: 0xFF, count: 11)), "proto: integer overflow"),
            (
                RemoteWriteEncoder.stored([0x0A] + [UInt8](repeating: 0xFF, count: 9) + [1]),
                "proto: negative length found during unmarshaling"
            ),
        ] as [([UInt8], String)])
    func garbageIsToldWhy(body: [UInt8], message: String) throws {
        var server = try Self.server()
        let outcome = server.receive(
            RemoteWriteRequest(contentType: "", contentEncoding: "snappy", body: body), now: Self.now)
        #expect(outcome.status == 400 && outcome.message == message, "\(outcome)")
    }

    @Test func emptySeriesAreBounded() throws {
        let message = [[UInt8]](repeating: [0x0A, 0x00], count: WriteRequest.maximumSeries + 1).flatMap { $0 }
        #expect(throws: ProtobufError.self) { try WriteRequest(message) }
    }

    /// Whatever is written: each sample is stored, there already, or refused, and the store holds as many as it says.
    @Test func samplesAreConserved() throws {
        var random = RandomStream(seed: 7, name: "remote write")
        for round in 0..<60 {
            var server = try Self.server(
                round % 2 == 0 ? "global: {}" : "storage: {tsdb: {out_of_order_time_window: 10m}}")
            var stored = 0
            for _ in 0..<20 {
                var (message, written) = ([UInt8](), 0)
                for _ in 0..<random.below(4) {
                    let labels =
                        [("__name__", "m"), ("s", "\(random.below(3))")] + (random.chance(0.1) ? [("s", "x")] : [])
                    let samples = (0..<random.below(5)).map { _ in
                        (Self.now + Int64(random.below(900)) * 1000 - 300_000, Double(random.below(3)))
                    }
                    written += samples.count
                    message += Encoder.series(labels, samples)
                }
                let outcome = server.receive(Self.request(message), now: Self.now)
                #expect(outcome.stored + outcome.repeated + outcome.refused == written)
                #expect(outcome.status == 204 || outcome.stored == 0)
                stored += outcome.stored
            }
            #expect(server.store.samplesAppended == stored)
            #expect(server.store.allSeries.reduce(0) { $0 + server.store.samples($1).count } == stored)
        }
    }
}
