import KubernetesAPI
import Simulation
import Testing

@testable import LabServer

/// The streams of exec, attach and port-forward as a client sees them; the client is built of the same frames with
/// contexts of its own.
@Suite struct SPDYTests {
    /// Adler-32 of the dictionary, which the protocol's draft states by its identifier.
    @Test func theDictionaryIsThatOfTheProtocol() {
        var (a, b) = (UInt32(1), UInt32(0))
        for byte in SPDYDictionary.bytes {
            a = (a + UInt32(byte)) % 65_521
            b = (b + a) % 65_521
        }
        #expect(SPDYDictionary.bytes.count == 1_423)
        #expect(b << 16 | a == 0xe3c6_a7c2)
    }

    private final class Client {
        private let deflater = Deflater(dictionary: SPDYDictionary.bytes)

        func open(_ stream: UInt32, _ headers: [(String, String)]) -> [UInt8] {
            var block = Self.number(UInt32(headers.count))
            for (name, value) in headers {
                for text in [name, value] { block += Self.number(UInt32(text.utf8.count)) + Array(text.utf8) }
            }
            let body = Self.number(stream) + Self.number(0) + [0, 0] + deflater.deflate(block)
            return [0x80, 3, 0, 1, 0] + Self.number(UInt32(body.count)).dropFirst() + body
        }

        func data(_ stream: UInt32, _ bytes: [UInt8], finishing: Bool = false) -> [UInt8] {
            Self.number(stream) + [finishing ? 1 : 0] + Self.number(UInt32(bytes.count)).dropFirst() + bytes
        }

        static func number(_ value: UInt32) -> [UInt8] {
            [24, 16, 8, 0].map { UInt8(truncatingIfNeeded: value >> $0) }
        }
    }

    private func session() -> [UInt8] {
        let client = Client()
        return client.open(1, [("streamtype", "error")]) + client.open(3, [("streamtype", "stdin"), ("x", "y")])
            + [0x80, 3, 0, 6, 0, 0, 0, 4, 0, 0, 0, 1] + client.data(3, Array("hello".utf8))
            + client.data(3, [], finishing: true) + [0x80, 3, 0, 4, 0, 0, 0, 4, 0, 0, 0, 0]
            + client.open(5, [("streamtype", "stdout")]) + [0x80, 3, 0, 7, 0, 0, 0, 8, 0, 0, 0, 0, 0, 0, 0, 0]
    }

    private let expected: [SPDYConnection.Event] = [
        .opened(stream: 1, headers: ["streamtype": "error"], isFinished: false),
        .opened(stream: 3, headers: ["streamtype": "stdin", "x": "y"], isFinished: false),
        .data(stream: 3, bytes: Array("hello".utf8), isFinished: false),
        .data(stream: 3, bytes: [], isFinished: true),
        .opened(stream: 5, headers: ["streamtype": "stdout"], isFinished: false), .goAway,
    ]

    @Test func aSessionIsReadWhole() throws {
        let connection = SPDYConnection()
        #expect(try connection.receive(session()) == expected)
        // The ping comes back.
        #expect(connection.takeOutput() == [0x80, 3, 0, 6, 0, 0, 0, 4, 0, 0, 0, 1])
    }

    @Test func bytesMayComeOneByOne() throws {
        let connection = SPDYConnection()
        var events: [SPDYConnection.Event] = []
        for byte in session() { events += try connection.receive([byte]) }
        #expect(events == expected)
    }

    @Test func whatIsSentCanBeRead() throws {
        let connection = SPDYConnection()
        _ = try connection.receive(session())
        _ = connection.takeOutput()
        connection.reply(1)
        connection.send([UInt8](repeating: 7, count: 70_000), on: 5, finishing: true)
        let output = connection.takeOutput()
        #expect(output.prefix(4) == [0x80, 3, 0, 2])
        // The data frames together carry every byte, and only the last one ends the stream.
        var (offset, carried, flags) = (8 + Int(output[7]), 0, [UInt8]())
        while offset + 8 <= output.count {
            let length = Int(output[offset + 5]) << 16 | Int(output[offset + 6]) << 8 | Int(output[offset + 7])
            #expect(Array(output[offset..<(offset + 4)]) == [0, 0, 0, 5])
            flags.append(output[offset + 4])
            carried += length
            offset += 8 + length
        }
        #expect(carried == 70_000 && flags == [0, 0, 1])
    }

    @Test func badFramesEndTheConnection() {
        let client = Client()
        let cases: [[UInt8]] = [
            [0x80, 2, 0, 1, 0, 0, 0, 0], [0x80, 3, 0, 1, 0, 0xff, 0xff, 0xff], [0x80, 3, 0, 1, 0, 0, 0, 2, 0, 0],
            client.open(2, []), client.open(0, []),
            [0x80, 3, 0, 1, 0, 0, 0, 14, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0, 1, 2, 3, 4],
        ]
        for bytes in cases {
            #expect(throws: SPDYConnection.Failure.self) { try SPDYConnection().receive(bytes) }
        }
        let twice = SPDYConnection()
        let other = Client()
        #expect(throws: SPDYConnection.Failure.self) { try twice.receive(other.open(3, []) + other.open(1, [])) }
    }

    /// Headers that grow to megabytes are no headers.
    @Test func aBombOfHeadersEndsTheConnection() {
        let bytes = Client().open(1, [("x", String(repeating: "a", count: 4_000_000))])
        #expect(bytes.count < 100_000)
        #expect(throws: SPDYConnection.Failure.damagedHeaders) { try SPDYConnection().receive(bytes) }
    }

    @Test func streamsAreBounded() {
        let (client, connection) = (Client(), SPDYConnection())
        #expect(throws: SPDYConnection.Failure.tooManyStreams) {
            for stream in 0...UInt32(SPDYConnection.streamLimit) {
                _ = try connection.receive(client.open(2 * stream + 1, []))
            }
        }
    }

    /// A port-forward lives for as many connections as come: streams that both sides have ended count no longer.
    @Test func endedStreamsAreForgotten() throws {
        let (client, forward) = (Client(), SPDYPortForwardStreams())
        for number in 0..<UInt32(2 * SPDYConnection.streamLimit) {
            let (error, data) = (4 * number + 1, 4 * number + 3)
            let headers = [("port", "8080"), ("requestid", "\(number)")]
            _ = try forward.receive(client.open(error, headers + [("streamtype", "error")]))
            let opened = try forward.receive(client.open(data, headers + [("streamtype", "data")]))
            guard case .opened(let connection, _)? = opened.first else {
                Issue.record("connection \(number): \(opened)")
                return
            }
            _ = try forward.receive(client.data(error, [], finishing: true) + client.data(data, [], finishing: true))
            forward.close(connection)
            _ = forward.takeOutput()
        }
    }

    @Test func randomBytesHarmNobody() {
        var random = RandomStream(seed: 9, name: "spdy")
        let whole = session()
        for _ in 0..<5_000 {
            var bytes = whole
            for _ in 0...random.below(4) { bytes[Int(random.below(UInt64(bytes.count)))] = UInt8(random.below(256)) }
            let connection = SPDYConnection()
            _ = try? connection.receive(bytes)
            let streams = SPDYCommandStreams(RemoteCommandOptions(takesInput: true))
            _ = try? streams.receive(bytes)
            let forward = SPDYPortForwardStreams()
            _ = try? forward.receive(bytes)
        }
    }

    @Test func portForwardJoinsItsStreams() throws {
        let (client, forward) = (Client(), SPDYPortForwardStreams())
        let headers = [("port", "8080"), ("requestid", "0")]
        #expect(try forward.receive(client.open(1, headers + [("streamtype", "error")])).isEmpty)
        #expect(
            try forward.receive(client.open(3, headers + [("streamtype", "data")])) == [
                .opened(connection: 1, port: 8080)
            ])
        #expect(try forward.receive(client.data(3, [1, 2])) == [.data(connection: 1, bytes: [1, 2])])
        #expect(try forward.receive(client.data(3, [], finishing: true)) == [.closed(connection: 1)])
        #expect(try forward.receive(client.open(5, [("port", "0"), ("streamtype", "data")])).isEmpty)
    }

    @Test func channelsOfAWebSocket() throws {
        let newest = WebSocketCommandStreams("v5.channel.k8s.io")
        #expect(try newest.receive([0] + Array("hi".utf8)) == [.input(Array("hi".utf8))])
        #expect(try newest.receive([255, 0]) == [.inputClosed])
        #expect(try newest.receive([4] + Array(#"{"Width":80,"Height":24}"#.utf8)) == [.resized(width: 80, height: 24)])
        #expect(try newest.receive([9, 9]).isEmpty && newest.receive([]).isEmpty && newest.receive([4, 1]).isEmpty)
        #expect(try WebSocketCommandStreams("v4.channel.k8s.io").receive([255, 0]).isEmpty)
        newest.send(ExecOutput(.error, [7]))
        newest.finish(["status": "Success"])
        #expect(newest.takeOutput() == [[2, 7], [3] + Array(#"{"status":"Success"}"#.utf8)])
        let channels = ChannelPortForwardStreams(ports: [8080, 9])
        #expect(channels.takeOutput() == [[0, 0x90, 0x1f], [1, 0x90, 0x1f], [2, 9, 0], [3, 9, 0]])
        #expect(try channels.receive([2, 5]) == [.data(connection: 1, bytes: [5])])
        channels.fail(1, "no")
        #expect(try channels.receive([2, 5]).isEmpty && channels.takeOutput() == [[3] + Array("no".utf8)])
    }
}

extension RemoteCommandOptions {
    fileprivate init(takesInput: Bool) {
        self.init(
            HTTPRequest(.init(version: .http1_1, method: .GET, uri: "/?stdin=\(takesInput)&stdout=true"), body: [])!)
    }
}
