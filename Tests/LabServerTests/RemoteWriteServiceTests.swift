import Foundation
import KubernetesAPI
import NIOHTTP1
import Testing

@testable import Lab
@testable import LabServer

/// Remote writes to a served lab: samples are inputs, so that the lab's file leads to the same world (`end` holds that).
@Suite struct RemoteWriteServiceTests {
    /// `edge_temperature{room="a"}` at a second: a block of one literal with one series and one sample in it.
    private func body(_ value: Double, at seconds: Int64) -> [UInt8] {
        func block(_ number: UInt8, _ bytes: [UInt8]) -> [UInt8] { [number << 3 | 2, UInt8(bytes.count)] + bytes }
        func label(_ name: String, _ value: String) -> [UInt8] {
            block(1, block(1, Array(name.utf8)) + block(2, Array(value.utf8)))
        }
        var (rest, time) = (UInt64(bitPattern: seconds * 1000), [UInt8]())
        while rest >= 0x80 {
            time.append(UInt8(truncatingIfNeeded: rest) | 0x80)
            rest >>= 7
        }
        let bits = (0..<8).map { UInt8(truncatingIfNeeded: value.bitPattern >> (8 * $0)) }
        let sample = block(2, [0x09] + bits + [0x10] + time + [UInt8(rest)])
        let message = block(1, label("__name__", "edge_temperature") + label("room", "a") + sample)
        return [UInt8(message.count), 60 << 2, UInt8(message.count - 1)] + message
    }

    private func write(
        _ lab: ServedLab, _ body: [UInt8], type: String = "application/x-protobuf", method: HTTPMethod = .POST
    ) async throws -> (status: Int, text: String) {
        var head = HTTPRequestHead(version: .http1_1, method: method, uri: "/api/v1/write")
        head.headers.add(name: "Content-Type", value: type)
        head.headers.add(name: "Content-Encoding", value: "snappy")
        let request = try #require(HTTPRequest(head, body: body))
        let answer = await PrometheusService(host: lab.server.host).answer(request)
        guard case .bytes(let bytes) = answer.body else { return (Int(answer.status.code), "") }
        return (Int(answer.status.code), String(decoding: bytes, as: UTF8.self))
    }

    @Test func whatIsWrittenIsKeptAndReplayed() async throws {
        let lab = try await ServedLab.begin(PrometheusServiceTests.scenario)
        try await lab.pass(60)
        let now = try #require(await lab.server.host.prometheus).now / 1000
        let digest = await lab.server.host.session.world.stateDigest
        #expect(try await write(lab, [1, 2, 3]) == (400, "snappy: corrupt input\n"))
        #expect(try await write(lab, body(1, at: now), type: "text/plain").status == 415)
        #expect(try await write(lab, body(1, at: now), method: .GET).status == 405)
        #expect(try await write(lab, body(1, at: now - 7200)) == (400, "out of bounds\n"))
        // What is refused leaves no trace.
        #expect(await lab.server.host.session.world.stateDigest == digest)
        #expect(try await write(lab, body(21.5, at: now)) == (204, ""))
        try await lab.pass(30)
        #expect(try await write(lab, body(22, at: now + 30)) == (204, ""))
        #expect(try await write(lab, body(23, at: now + 20)) == (400, "out of order sample\n"))
        let state = try #require(await lab.server.host.prometheus)
        let id = state.server.store.allSeries.first { state.server.store.labels($0).name == "edge_temperature" }
        #expect(state.server.store.samples(try #require(id)).map(\.value) == [21.5, 22])
        try await lab.end()
    }

    @Test func aLabWithoutPrometheusTakesNothing() async throws {
        let lab = try await ServedLab.begin(RecordedSession.scenario)
        #expect(try await write(lab, body(1, at: 0)).status == 404)
        try await lab.end()
    }

    /// Debian's Prometheus scrapes itself and writes to the lab, whose clock is the wall's.
    @Test(.enabled(if: RealClient.havePrometheus, Comment(rawValue: RealClient.promtoolAdvice)))
    func aRealPrometheusWrites() async throws {
        let formatter = ISO8601DateFormatter()
        let lab = try await ServedLab.begin(PrometheusServiceTests.scenario, start: formatter.string(from: Date()))
        let address = try #require(lab.server.prometheus)
        try lab.write("writer.yml", "{}")
        let real = try await RealPrometheus(
            folder: lab.folder, configuration: lab.folder + "/writer.yml", data: "writer")
        defer { real.end() }
        try lab.write(
            "writer.yml",
            """
            global: {scrape_interval: 1s, external_labels: {origin: real}}
            scrape_configs: [{job_name: self, static_configs: [{targets: ["\(real.instance)"]}]}]
            remote_write: [{url: "\(address)/api/v1/write", queue_config: {batch_send_deadline: 1s}}]
            """)
        real.reload()
        // The limit only ends a test that has failed.
        let limit = ContinuousClock.now + .seconds(600)
        var written = 0
        while ContinuousClock.now < limit {
            guard let store = await lab.server.host.prometheus?.server.store else { break }
            written = store.allSeries.count { store.labels($0)["origin"] == "real" }
            let ups = store.allSeries.filter {
                store.labels($0).name == "up" && store.labels($0)["origin"] == "real"
            }
            if let up = ups.first, store.samples(up).count >= 3 { break }
            try await Task.sleep(for: .milliseconds(200))
        }
        real.end()
        // All of its own metrics, and no sample twice.
        #expect(written > 200, "\(written)")
        let store = try #require(await lab.server.host.prometheus).server.store
        let up = try #require(
            store.allSeries.first { store.labels($0).name == "up" && store.labels($0)["origin"] == "real" })
        let samples = store.samples(up)
        #expect(samples.count >= 3 && samples.allSatisfy { $0.value == 1 || $0.value.isNaN })
        #expect(store.labels(up)["job"] == "self" && store.labels(up)["instance"] == real.instance)
        try await lab.end()
    }
}
