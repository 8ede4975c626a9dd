import PromQL
import Simulation
import Testing

@testable import Monitoring

/// Bodies that lie: an outcome, never a trap. `KUBELAB_FUZZ` says how many; 50,000 by default.
@Suite struct RemoteWriteFuzzTests {
    private typealias Encoder = RemoteWriteEncoder

    private static func message(_ random: inout RandomStream) -> [UInt8] {
        let now = RemoteWriteTests.now
        return (0..<1 + random.below(3)).flatMap { _ -> [UInt8] in
            let histogram =
                Encoder.integer(1, Int64(random.below(9))) + Encoder.zigzag(4, Int64(random.below(70)) - 60)
                + Encoder.block(11, Encoder.zigzag(1, Int64(random.below(9)) - 4) + Encoder.integer(2, 2))
                + Encoder.block(12, [2, 2]) + Encoder.double(16, 1) + Encoder.integer(15, now)
            return Encoder.series(
                [("__name__", "m\(random.below(5))"), ("pod", "web-\(random.below(3))")],
                (0..<random.below(4)).map { _ in (now + Int64(random.below(4)) * 1000, Double(random.below(100))) },
                exemplars: [Encoder.exemplar([("trace_id", "t\(random.below(9))")], 1, at: now)],
                histograms: random.chance(0.3) ? [histogram] : [])
        }
    }

    private static func mutilate(_ bytes: inout [UInt8], _ random: inout RandomStream) {
        for _ in 0..<1 + random.below(4) where !bytes.isEmpty {
            let place = Int(random.below(UInt64(bytes.count)))
            switch random.below(5) {
            case 0: bytes[place] = UInt8(truncatingIfNeeded: random.below(256))
            case 1: bytes.remove(at: place)
            case 2: bytes.insert([0, 0x7F, 0x80, 0xFF][Int(random.below(4))], at: place)
            case 3: bytes.removeSubrange(place...)
            default: bytes[place] ^= 1 << UInt8(random.below(8))
            }
        }
    }

    @Test func everyBodyHasAnOutcome() throws {
        var random = RandomStream(seed: 11, name: "bodies")
        var (server, taken, refused) = (try RemoteWriteTests.server("storage: {exemplars: {max_exemplars: 20}}"), 0, 0)
        for round in 0..<ScrapingFuzz.count {
            if round % 500 == 0 { server = try RemoteWriteTests.server("storage: {exemplars: {max_exemplars: 20}}") }
            var body: [UInt8]
            switch random.below(4) {
            case 0:
                body = (0..<random.below(64)).map { _ in UInt8(truncatingIfNeeded: random.below(256)) }
            case 1:
                body = Encoder.compressed(Self.message(&random))
                Self.mutilate(&body, &random)
            case 2:
                var message = Self.message(&random)
                Self.mutilate(&message, &random)
                body = Encoder.stored(message)
            default: body = Encoder.compressed(Self.message(&random))
            }
            let outcome = server.receive(
                RemoteWriteRequest(contentType: "", contentEncoding: "snappy", body: body), now: RemoteWriteTests.now)
            #expect(outcome.status == 204 || outcome.status == 400)
            #expect(outcome.status == 204 || !outcome.message.isEmpty)
            if outcome.stored > 0 { taken += 1 }
            if outcome.status == 400 { refused += 1 }
        }
        #expect(taken > ScrapingFuzz.count / 100 && refused > ScrapingFuzz.count / 5, "\(taken) and \(refused)")
    }

    /// What the encoder of the tests makes is read back, however well it can be compressed.
    @Test func blocksAreReadBack() throws {
        var random = RandomStream(seed: 12, name: "blocks")
        for _ in 0..<2_000 {
            let letters = 1 + random.below(6)
            let bytes = (0..<random.below(2_000)).map { _ in UInt8(truncatingIfNeeded: random.below(letters)) }
            #expect(try SnappyBlock.decode(RemoteWriteEncoder.compressed(bytes), limit: 2_000) == bytes)
            #expect(try SnappyBlock.decode(RemoteWriteEncoder.stored(bytes), limit: 2_000) == bytes)
        }
    }
}
