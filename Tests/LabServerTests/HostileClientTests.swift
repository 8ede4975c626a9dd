import Cluster
import Foundation
import KubernetesAPI
import NIOCore
import NIOPosix
import Testing

@testable import LabServer

/// Clients that are careless, broken or hostile: a Status or a closed connection, and nobody else notices.
@Suite struct HostileClientTests {
    /// - Parameter limits: nil for times that no test outlasts. While all tests run at once, minutes may lie between two
    ///   steps of a test, and none of them is the client's fault.
    private func with(
        limits: HTTPConnection.Limits? = nil, insecure: Bool = true, _ body: (ServedLab, Int) async throws -> Void
    ) async throws {
        var patient = HTTPConnection.Limits()
        (patient.request, patient.idle, patient.answer) = (.hours(1), .hours(1), .hours(1))
        let lab = try await ServedLab.begin(RecordedSession.scenario, insecure: insecure, limits: limits ?? patient)
        let port = try #require(URLComponents(string: lab.server.kubeconfig.server)?.port)
        try await body(lab, port)
        guard limits == nil else {
            // With short limits a client that the machine holds up would lose its connection as well.
            let answer = await lab.server.host.respond(to: APIRequest(.list, Node.resource))
            guard case .list = answer.response.body else { throw APIStatus.badRequest("nodes") }
            return try await lab.end()
        }
        // Whatever happened, the next client is served.
        let answer = try await LabClient(lab.server.kubeconfig).send(.GET, "/api/v1/nodes")
        #expect(answer.code == 200 && answer.json["items"]?.array?.count == 3)
        try await lab.end()
    }

    private func request(_ method: String, _ path: String, _ headers: [String] = [], body: String = "") -> String {
        let length = body.isEmpty ? [] : ["Content-Length: \(body.utf8.count)"]
        return (["\(method) \(path) HTTP/1.1", "Host: x", "Connection: close"] + headers + length).map { $0 + "\r\n" }
            .joined()
            + "\r\n" + body
    }

    @Test func credentialsAreLookedAt() async throws {
        try await with(insecure: false) { lab, _ in
            let none = try await LabClient(lab.server.kubeconfig, token: "").send(.GET, "/api/v1/pods")
            #expect(
                none.code == 403 && none.message.contains("User \"system:anonymous\" cannot list resource \"pods\""))
            let health = try await LabClient(lab.server.kubeconfig, token: "").send(.GET, "/healthz")
            #expect(health.code == 200)
            for token in ["wrong", "a.b.c", String(repeating: "x", count: 10_000), "test-tokem"] {
                let wrong = try await LabClient(lab.server.kubeconfig, token: token).send(.GET, "/api/v1/pods")
                #expect(wrong.code == 401 && wrong.json["reason"]?.string == "Unauthorized")
            }
        }
    }

    /// A refused upgrade is answered in words, over either protocol; kubectl would print nothing but an early end.
    @Test(arguments: [
        (
            "GET",
            [
                "Connection: Upgrade", "Upgrade: websocket", "Sec-WebSocket-Version: 13",
                "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==", "Sec-WebSocket-Protocol: v5.channel.k8s.io",
            ]
        ),
        ("POST", ["Connection: Upgrade", "Upgrade: SPDY/3.1", "X-Stream-Protocol-Version: v4.channel.k8s.io"]),
        ("POST", []),
    ])
    func refusedUpgradesAreAnswered(method: String, headers: [String]) async throws {
        try await with { _, port in
            for (extra, code) in [
                ([] as [String], 404), (["Impersonate-User: bob"], 403), (["Authorization: Bearer x"], 401),
            ] {
                let connection = try #require(RawConnection(port: port))
                let lines = [
                    "\(method) /api/v1/namespaces/default/pods/none/exec?command=ls&stdout=true HTTP/1.1", "Host: x",
                ]
                await connection.send((lines + headers + extra).map { $0 + "\r\n" }.joined() + "\r\n")
                let answer = await connection.read(until: "\"code\":\(code)}")
                #expect(answer.hasPrefix("HTTP/1.1 \(code)") && answer.contains("\"kind\":\"Status\""), "\(answer)")
            }
        }
    }

    /// A protocol of streams that nobody here speaks is refused, with those that are known.
    @Test(arguments: [
        (["Upgrade: websocket", "Sec-WebSocket-Protocol: v9.channel.k8s.io, x"], 403, "supports [v5.channel.k8s.io"),
        (
            ["Upgrade: SPDY/3.1", "X-Stream-Protocol-Version: v9.channel.k8s.io"], 403,
            "server accepts [v4.channel.k8s.io]"
        ),
        (["Upgrade: SPDY/3.1"], 400, "X-Stream-Protocol-Version is required"),
    ])
    func unknownStreamProtocolsAreRefused(headers: [String], code: Int, words: String) async throws {
        try await with { lab, port in
            let files = try RecordedSession.inputs()
            for document in try YAMLReader.documents(files["01-web.yaml"] ?? "") {
                let row = try #require(KindRow.builtIn.first { $0.resource.kind == document.value["kind"]?.string })
                _ = await lab.server.host.respond(
                    to: APIRequest(.create, row.resource, namespace: "default", body: document.value))
            }
            try await lab.pass(60)
            let pods = await lab.server.host.session.world.cluster.context.store.pods.sorted
            let pod = try #require(pods.first?.1.metadata.name)
            let connection = try #require(RawConnection(port: port))
            let lines = [
                "GET /api/v1/namespaces/default/pods/\(pod)/exec?command=ls&stdout=true HTTP/1.1", "Host: x",
                "Connection: Upgrade", "Sec-WebSocket-Version: 13", "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==",
            ]
            await connection.send((lines + headers).map { $0 + "\r\n" }.joined() + "\r\n")
            let answer = await connection.read(until: "\"code\":\(code)}")
            #expect(answer.hasPrefix("HTTP/1.1 \(code)") && answer.contains(words), "\(answer)")
        }
    }

    /// A certificate that is over, or another authority's, is the client's to refuse, and it does.
    @Test func certificatesAreLookedAt() async throws {
        let old = try ServerCertificates(names: ["127.0.0.1"], now: Date(timeIntervalSinceNow: -60 * 86_400))
        let other = try ServerCertificates(names: ["127.0.0.1"], now: Date())
        try await with(insecure: false) { lab, _ in
            for authority in [old.authority, other.authority] {
                var kubeconfig = lab.server.kubeconfig
                kubeconfig.authority = authority
                await #expect(throws: (any Error).self) {
                    try await LabClient(kubeconfig).send(.GET, "/healthz")
                }
            }
        }
    }

    @Test func largeBodiesAreRefused() async throws {
        try await with { _, port in
            let connection = try #require(RawConnection(port: port))
            await connection.send(
                "POST /api/v1/namespaces HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: 4000000\r\n\r\n"
            )
            await connection.send([UInt8](repeating: 32, count: 4_000_000))
            let answer = await connection.read()
            #expect(answer.hasPrefix("HTTP/1.1 413") && answer.contains("limit is 3145728"))
        }
    }

    /// Large answers that nobody fetches are not kept for ever.
    @Test func whoeverDoesNotFetchAnAnswerLosesIt() async throws {
        var limits = HTTPConnection.Limits()
        limits.answer = .seconds(1)
        try await with(limits: limits) { lab, port in
            let text = String(repeating: "x", count: 1_000_000)
            for number in 0..<16 {
                let body: JSONValue = ["metadata": ["name": .string("big-\(number)")], "data": ["text": .string(text)]]
                _ = await lab.server.host.respond(
                    to: APIRequest(.create, ConfigMap.resource, namespace: "default", body: body))
            }
            let connection = try #require(RawConnection(port: port))
            await connection.send("GET /api/v1/configmaps HTTP/1.1\r\nHost: x\r\n\r\n")
            // Whoever asks later is served meanwhile; what the first one finds when it reads at last is cut off.
            let whole = try await LabClient(lab.server.kubeconfig).get("/api/v1/configmaps")
            #expect(whole.code == 200 && whole.body.count > 16_000_000)
            try await Task.sleep(for: .seconds(3))
            let cut = await connection.read()
            #expect(cut.hasPrefix("HTTP/1.1 200") && cut.utf8.count < 16_000_000)
        }
    }

    @Test func halfABodyHarmsNobody() async throws {
        try await with { _, port in
            for _ in 0..<50 {
                let connection = try #require(RawConnection(port: port))
                await connection.send(
                    "POST /api/v1/namespaces HTTP/1.1\r\nHost: x\r\nContent-Length: 100\r\n\r\n{\"metadata\":")
            }
        }
    }

    @Test func slowClientsLoseTheirConnection() async throws {
        var limits = HTTPConnection.Limits()
        limits.request = .seconds(1)
        limits.idle = .seconds(2)
        try await with(limits: limits) { _, port in
            let slow = try #require(RawConnection(port: port))
            await slow.send("POST /api/v1/namespaces HTTP/1.1\r\nHost: x\r\nContent-Length: 100\r\n\r\n{")
            let nothing = await slow.read()
            #expect(nothing.isEmpty)
            let silent = try #require(RawConnection(port: port))
            let silence = await silent.read()
            #expect(silence.isEmpty)
        }
    }

    @Test func aThousandIdleConnectionsAreBorne() async throws {
        try await with { _, port in
            var open: [RawConnection] = []
            for _ in 0..<1_000 { if let connection = RawConnection(port: port) { open.append(connection) } }
            #expect(open.count == 1_000)
            let last = try #require(open.last)
            await last.send(request("GET", "/readyz"))
            let answer = await last.read()
            #expect(answer.hasPrefix("HTTP/1.1 200"))
        }
    }

    @Test func anAbandonedWatchEnds() async throws {
        try await with { lab, port in
            var watcher = RawConnection(port: port)
            await watcher?.send("GET /api/v1/pods?watch=true HTTP/1.1\r\nHost: x\r\n\r\n")
            let head = await watcher?.read(until: "\r\n\r\n") ?? ""
            #expect(head.hasPrefix("HTTP/1.1 200"))
            try await lab.untilWatches(1)
            #expect(await lab.server.host.watchCount == 1)
            watcher = nil
            try await lab.untilWatches(0)
            #expect(await lab.server.host.watchCount == 0)
        }
    }

    /// What a watch asks for may be forgotten between its admission and its beginning: it ends with a failure.
    @Test func aWatchThatComesTooLateIsTold() async throws {
        try await with { lab, port in
            let channel = try await ClientBootstrap(group: .singletonMultiThreadedEventLoopGroup)
                .connect(host: "127.0.0.1", port: port).get()
            let request = APIRequest(.list, ConfigMap.resource)
            let watch = HostedWatch(
                request, resource: ConfigMap.resource, selection: try WatchSelection(request), form: .json,
                inclusion: .metadata, wantsBookmarks: false, stream: BodyStream(channel))
            for (revision, code) in [(Int64.max, 504), (-1, 410)] {
                do throws(APIStatus) {
                    _ = try await lab.server.host.begin(watch, .after(revision))
                    Issue.record("it began after \(revision)")
                } catch { #expect(error.code == code) }
            }
            #expect(await lab.server.host.watchCount == 0)
            try await channel.close()
        }
    }

    /// A watcher that reads nothing may not make the server keep everything for it.
    @Test func aWatcherThatReadsNothingLosesItsConnection() async throws {
        try await with { lab, port in
            let watcher = try #require(RawConnection(port: port))
            await watcher.send("GET /api/v1/configmaps?watch=true HTTP/1.1\r\nHost: x\r\n\r\n")
            try await lab.untilWatches(1)
            let text = String(repeating: "x", count: 1_000_000)
            for number in 0..<40 {
                let body: JSONValue = ["metadata": ["name": .string("big-\(number)")], "data": ["text": .string(text)]]
                let answer = try await LabClient(lab.server.kubeconfig).send(
                    .POST, "/api/v1/namespaces/default/configmaps", body)
                #expect(answer.code == 201)
            }
            try await lab.untilWatches(0)
            #expect(await lab.server.host.watchCount == 0)
        }
    }

    @Test(arguments: [
        "/api/v1/namespaces/..%2f..%2fetc/pods", "/api/v1/namespaces/default/pods/..%2F..%2Fpasswd",
        "/api/v1/../../etc/passwd", "/api/v1/namespaces/default/pods/%2e%2e", "//api//v1", "/api/v1/namespaces//pods",
        "/api/v1/namespaces/default/pods/x/proxy/a", "/apis/nothing/v1/things", "/api/v2/pods", "/static/index.html",
        "/api/v1/namespaces/default/pods/a%00b/log/extra",
    ])
    func pathsThatLeadNowhere(path: String) async throws {
        try await with { _, port in
            let connection = try #require(RawConnection(port: port))
            await connection.send(request("GET", path))
            let answer = await connection.read()
            #expect(answer.hasPrefix("HTTP/1.1 404"), "\(answer)")
            #expect(answer.contains("\"kind\":\"Status\""))
        }
    }

    @Test func bodiesThatCannotBeRead() async throws {
        let path = "/api/v1/namespaces/default/configmaps"
        let deep = String(repeating: "[", count: 100_000)
        let cases: [(String, [String], String, Int)] = [
            ("POST", [], deep, 400), ("POST", [], "{\"metadata\":", 400), ("POST", [], "\u{0}\u{1}", 400),
            ("POST", [], "", 400),
            ("POST", ["Content-Type: application/xml"], "<a/>", 415),
            ("POST", ["Content-Type: application/cbor"], "abc", 415),
            ("POST", ["Content-Type: application/vnd.kubernetes.protobuf"], "k8s\u{0}garbage", 400),
            ("POST", ["Content-Type: application/yaml"], "a: &x [*x]", 400),
            ("POST", [], "{\"kind\":\"Pod\",\"apiVersion\":\"v1\"}", 400),
            ("PUT", [], "{}", 405), ("TRACE", [], "", 405), ("PATCH", [], "{}", 405),
            ("GET", ["Accept: image/png"], "", 406),
        ]
        try await with { _, port in
            for (method, headers, body, code) in cases {
                let connection = try #require(RawConnection(port: port))
                await connection.send(request(method, path, headers, body: body))
                let answer = await connection.read()
                #expect(
                    answer.hasPrefix("HTTP/1.1 \(code)"),
                    "\(method) \(headers) \(body.prefix(40)): \(answer.prefix(300))")
            }
        }
    }

    @Test func whatIsNoHTTPIsRefused() async throws {
        try await with { _, port in
            for text in [
                "GET\r\n\r\n", "\u{16}\u{3}\u{1}\u{2}\u{0}", "GET / HTTP/9.9\r\n\r\n",
                String(repeating: "A", count: 200_000),
            ] {
                let connection = try #require(RawConnection(port: port))
                await connection.send(text + "\r\n\r\n")
                let answer = await connection.read()
                #expect(
                    answer.isEmpty || answer.hasPrefix("HTTP/1.1 4") || answer.hasPrefix("HTTP/1.1 505"), "\(answer)")
            }
        }
    }

    /// One client sends without end and reads nothing; others are answered all the while.
    @Test func aFloodHoldsNobodyUp() async throws {
        try await with { lab, port in
            let flood = Task.detached {
                guard let connection = RawConnection(port: port) else { return }
                let one = "GET /api/v1/nodes HTTP/1.1\r\nHost: x\r\n\r\n"
                for _ in 0..<200 where !Task.isCancelled {
                    guard await connection.send(String(repeating: one, count: 50)) else { return }
                }
            }
            for _ in 0..<50 {
                let answer = try await LabClient(lab.server.kubeconfig).send(.GET, "/api/v1/namespaces")
                #expect(answer.code == 200)
            }
            flood.cancel()
        }
    }
}
