import Simulation
import Testing

@testable import LabServer

@Suite struct ForwardedHTTPTests {
    private typealias Request = ForwardedHTTP.Request

    private static let bytes = Array(
        ("GET /a?b=1 HTTP/1.1\r\nHost: x\r\n\r\n" + "POST /b HTTP/1.1\r\nContent-Length: 5\r\n\r\nhello"
            + "\r\nPUT /c HTTP/1.1\r\nTransfer-Encoding: chunked\r\nConnection: close\r\n\r\n3\r\nabc\r\n0\r\n\r\n")
            .utf8)

    private static let expected: [ForwardedHTTP.Event] = [
        .request(Request(method: "GET", path: "/a?b=1", keepsAlive: true)),
        .request(Request(method: "POST", path: "/b", keepsAlive: true)),
        .request(Request(method: "PUT", path: "/c", keepsAlive: false)),
    ]

    @Test func requestsFollowEachOther() {
        var http = ForwardedHTTP()
        #expect(http.receive(Self.bytes) == Self.expected)
    }

    @Test func bytesMayComeInAnyParts() {
        for size in 1...40 {
            var http = ForwardedHTTP()
            var events: [ForwardedHTTP.Event] = []
            for start in stride(from: 0, to: Self.bytes.count, by: size) {
                events += http.receive(Array(Self.bytes[start..<min(Self.bytes.count, start + size)]))
            }
            #expect(events == Self.expected, "in parts of \(size)")
        }
    }

    @Test(arguments: [
        "hello\r\n\r\n", "GET / HTTP/2\r\n\r\n", "GET x HTTP/1.1\r\n\r\n", "GET / HTTP/1.1\r\nbroken\r\n\r\n",
        "POST / HTTP/1.1\r\nContent-Length: -1\r\n\r\n", "POST / HTTP/1.1\r\nContent-Length: 99999999999\r\n\r\n",
        "POST / HTTP/1.1\r\nTransfer-Encoding: gzip\r\n\r\n",
        "POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n",
        "POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\nfffffff\r\n",
        "POST / HTTP/1.1\r\nContent-Length: +5\r\n\r\n",
        "POST / HTTP/1.1\r\nContent-Length: 5\r\nContent-Length: 6\r\n\r\n",
        "POST / HTTP/1.1\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n",
        "POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n+3\r\n",
        "POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n1\r\nabc\r\n",
        "POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n1" + String(repeating: ";", count: 2_000) + "\r\n",
        "POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n" + String(repeating: "a: b\r\n", count: 5_000),
        "GET / HTTP/1.1\r\n: x\r\n\r\n", "GET / HTTP/1.1\r\na b: x\r\n\r\n",
        "GET / HTTP/1.1\r\n" + String(repeating: "a: b\r\n", count: 5_000), String(repeating: "a", count: 20_000),
    ])
    func otherBytesAreGarbage(text: String) {
        var http = ForwardedHTTP()
        #expect(http.receive(Array(text.utf8)) == [.garbage])
        #expect(http.receive(Self.bytes).isEmpty, "nothing more is read")
    }

    @Test func headersMayBeEmptyAndLinesMayEndShort() {
        var http = ForwardedHTTP()
        #expect(
            http.receive(Array("GET / HTTP/1.0\nAccept:\nConnection: keep-alive\n\n".utf8)) == [
                .request(Request(method: "GET", path: "/", keepsAlive: true))
            ])
    }

    /// Each byte is looked at once, whatever it belongs to.
    @Test func manySmallThingsInOnePieceAreRead() {
        var http = ForwardedHTTP()
        #expect(http.receive(Array(String(repeating: "\r\n", count: 200_000).utf8)).isEmpty)
        let head = "POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n"
        let body = String(repeating: "1\r\na\r\n", count: 100_000) + "0\r\n\r\n"
        #expect(http.receive(Array((head + body).utf8)).count == 1)
        #expect(http.receive(Array(String(repeating: "GET / HTTP/1.1\r\n\r\n", count: 5_000).utf8)).count == 5_000)
    }

    @Test func randomBytesHarmNobody() {
        var random = RandomStream(seed: 4, name: "http")
        for _ in 0..<5_000 {
            var bytes = Self.bytes
            for _ in 0...random.below(4) { bytes[Int(random.below(UInt64(bytes.count)))] = UInt8(random.below(256)) }
            var http = ForwardedHTTP()
            _ = http.receive(bytes)
        }
    }
}
