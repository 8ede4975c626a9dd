import Dispatch
import Foundation
import KubernetesAPI
import Lab
import LabServer
import NIOCore
import NIOHTTP1
import NIOPosix
import Synchronization

/// A list of 10,000 pods and 100 watchers of their changes, beside a server that only sends the same bytes.
func serving() throws -> [Figure] {
    let folder = NSTemporaryDirectory() + "serving-" + UUID().uuidString
    try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
    defer { try? FileManager.default.removeItem(atPath: folder) }
    let before = peakMemory()
    var session = try fleetLab(folder + "/lab.kubelab", pods: 10_000)
    try session.commit()
    var configuration = LabServer.Configuration(token: "benchmark")
    configuration.speed = .paused
    configuration.isInsecure = true
    let (opened, settings) = (session, configuration)
    let server = try waited { try await LabServer.start(opened, settings) }
    let port = URLComponents(string: server.kubeconfig.server)?.port ?? 0
    let table = "application/json;as=Table;v=v1;g=meta.k8s.io"
    var figures: [Figure] = []
    for (name, accept) in [("JSON", "application/json"), ("as a Table", table)] {
        let size = try exchange(port, "/api/v1/pods", accept)
        let ours = try median(of: 5) { try wallSeconds { _ = try exchange(port, "/api/v1/pods", accept) } }
        let plain = try waited { try await PlainServer.start(sending: size) }
        let theirs = try median(of: 5) { try wallSeconds { _ = try exchange(plain.port, "/", accept) } }
        try waited { try await plain.stop() }
        figures.append(
            Figure(
                "list of 10,000 pods, \(name)", ours, "s", .atMost,
                note:
                    "\(size / 1_000_000) MB; a server that only sends them: \(Figure.format(theirs)) s, ratio \(Figure.format(ours / theirs))"
            ))
    }
    figures.append(try watching(port))
    figures.append(Figure("memory of the served lab with 10,000 pods", peakMemory() - before, "MB", .atMost))
    try waited { try await server.stop() }
    return figures
}

/// A lab with pods that run.
private func fleetLab(_ path: String, pods: Int) throws -> LabSession {
    let text = try String(contentsOfFile: fixtures + "/fleet/scenario.yaml", encoding: .utf8)
        .replacingOccurrences(of: "count: 1000", with: "count: \(pods / 100)")
    let scenario = ScenarioFile(scenario: try ScenarioFile.parse(text, file: "fleet"), text: text, manifests: [])
    var session = try LabSession.create(path, scenario: scenario, seed: 1)
    let template = try String(contentsOfFile: fixtures + "/fleet/deployment.yaml", encoding: .utf8)
    _ = session.respond(to: APIRequest(.create, Namespace.resource, body: ["metadata": ["name": "fleet"]]))
    for number in 1...(pods / 1_000) {
        let manifest = try YAMLReader.documents(template.replacingOccurrences(of: "NUMBER", with: "\(number)"))
        _ = session.respond(to: APIRequest(.create, Deployment.resource, namespace: "fleet", body: manifest[0].value))
    }
    try session.pass(.minutes(5))
    return session
}

/// 100 watchers see how a Deployment loses and gets its pods.
private func watching(_ port: Int) throws -> Figure {
    let watchers = 100
    let group = MultiThreadedEventLoopGroup.singleton
    let counters = (0..<watchers).map { _ in LineCounter() }
    let channels = try waited {
        var channels: [any Channel] = []
        for counter in counters {
            let channel = try await ClientBootstrap(group: group)
                .channelInitializer { channel in
                    channel.eventLoop.makeCompletedFuture {
                        try channel.pipeline.syncOperations.addHandler(CountingHandler(counter))
                    }
                }
                .connect(host: "127.0.0.1", port: port).get()
            let request =
                "GET /api/v1/namespaces/fleet/pods?watch=true&resourceVersionMatch=NotOlderThan&labelSelector=app%3Didle-1 HTTP/1.1\r\nHost: x\r\n\r\n"
            try await channel.writeAndFlush(ByteBuffer(string: request))
            channels.append(channel)
        }
        return channels
    }
    // What is there already comes first.
    for _ in 0..<3_000 where counters.contains(where: { $0.lines.load(ordering: .relaxed) < 1_000 }) { usleep(10_000) }
    let begun = counters.map { ($0.lines.load(ordering: .relaxed), $0.bytes.load(ordering: .relaxed)) }
    let wall = try wallSeconds {
        for replicas in [300, 1_000] {
            try post(
                port, .PATCH, "/apis/apps/v1/namespaces/fleet/deployments/idle-1/scale", "application/merge-patch+json",
                "{\"spec\":{\"replicas\":\(replicas)}}")
            try post(port, .POST, "/kubelab/v1/clock", "application/json", "{\"advance\":\"2m\"}")
        }
        let wanted = counters[0].lines.load(ordering: .relaxed)
        var last = wanted
        for _ in 0..<3_000 {
            usleep(20_000)
            let slowest = counters.map { $0.lines.load(ordering: .relaxed) }.min() ?? 0
            let newest = counters.map { $0.lines.load(ordering: .relaxed) }.max() ?? 0
            if slowest == newest, newest == last { break }
            last = newest
        }
    }
    let changes = counters[0].lines.load(ordering: .relaxed) - begun[0].0
    let bytes = zip(counters, begun).reduce(0) { $0 + $1.0.bytes.load(ordering: .relaxed) - $1.1.1 }
    try waited { for channel in channels { try? await channel.close() } }
    let plain = try waited { try await PlainServer.start(sending: bytes / watchers) }
    let theirs = wallSeconds {
        DispatchQueue.concurrentPerform(iterations: watchers) { _ in _ = try? exchange(plain.port, "/", "*/*") }
    }
    try waited { try await plain.stop() }
    return Figure(
        "100 watchers of \(changes) changes", wall, "s", .atMost,
        note:
            "\(bytes / 1_000_000) MB in all, the changes themselves simulated; a server that only sends them: \(Figure.format(theirs)) s, ratio \(Figure.format(wall / theirs))"
    )
}

private final class LineCounter: Sendable {
    let lines = Atomic<Int>(0)
    let bytes = Atomic<Int>(0)
}

private final class CountingHandler: ChannelInboundHandler {
    typealias InboundIn = ByteBuffer
    private let counter: LineCounter
    private var last: UInt8 = 0
    init(_ counter: LineCounter) { self.counter = counter }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        let view = unwrapInboundIn(data).readableBytesView
        var lines = 0
        // Each event is a line of its own; the frames around it end in a carriage return.
        for byte in view {
            if byte == 10, last == UInt8(ascii: "}") { lines += 1 }
            last = byte
        }
        counter.lines.add(lines, ordering: .relaxed)
        counter.bytes.add(view.count, ordering: .relaxed)
    }
}

/// Sends so many bytes to whoever asks.
private final class PlainServer: Sendable {
    let port: Int
    private let channel: any Channel

    private init(_ channel: any Channel) {
        self.channel = channel
        port = channel.localAddress?.port ?? 0
    }

    static func start(sending size: Int) async throws -> PlainServer {
        let body = ByteBuffer(repeating: UInt8(ascii: "x"), count: size)
        let channel = try await ServerBootstrap(group: MultiThreadedEventLoopGroup.singleton)
            .serverChannelOption(.backlog, value: 256)
            .childChannelInitializer { channel in
                channel.eventLoop.makeCompletedFuture {
                    try channel.pipeline.syncOperations.configureHTTPServerPipeline()
                    try channel.pipeline.syncOperations.addHandler(Handler(body))
                }
            }
            .bind(host: "127.0.0.1", port: 0).get()
        return PlainServer(channel)
    }

    func stop() async throws { try await channel.close() }

    private final class Handler: ChannelInboundHandler {
        typealias InboundIn = HTTPServerRequestPart
        typealias OutboundOut = HTTPServerResponsePart
        private let body: ByteBuffer
        init(_ body: ByteBuffer) { self.body = body }

        func channelRead(context: ChannelHandlerContext, data: NIOAny) {
            guard case .end = unwrapInboundIn(data) else { return }
            let headers = HTTPHeaders([("Content-Length", "\(body.readableBytes)"), ("Connection", "close")])
            context.write(
                wrapOutboundOut(.head(HTTPResponseHead(version: .http1_1, status: .ok, headers: headers))), promise: nil
            )
            context.write(wrapOutboundOut(.body(.byteBuffer(body))), promise: nil)
            let channel = context.channel
            context.writeAndFlush(wrapOutboundOut(.end(nil))).whenComplete { _ in channel.close(promise: nil) }
        }
    }
}

/// One request over a connection of its own, its answer read to the end.
/// - Returns: how many bytes the answer had.
private func exchange(_ port: Int, _ path: String, _ accept: String) throws -> Int {
    try send(port, "GET \(path) HTTP/1.1\r\nHost: x\r\nAccept: \(accept)\r\nConnection: close\r\n\r\n")
}

private func post(_ port: Int, _ method: HTTPMethod, _ path: String, _ type: String, _ body: String) throws {
    _ = try send(
        port,
        "\(method.rawValue) \(path) HTTP/1.1\r\nHost: x\r\nContent-Type: \(type)\r\nContent-Length: \(body.utf8.count)\r\nConnection: close\r\n\r\n\(body)"
    )
}

private func send(_ port: Int, _ request: String) throws -> Int {
    let descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
    defer { close(descriptor) }
    var address = sockaddr_in()
    address.sin_family = sa_family_t(AF_INET)
    address.sin_port = in_port_t(port).bigEndian
    address.sin_addr.s_addr = inet_addr("127.0.0.1")
    let status = withUnsafePointer(to: &address) {
        $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
            connect(descriptor, $0, socklen_t(MemoryLayout<sockaddr_in>.size))
        }
    }
    guard status == 0 else { throw CocoaError(.fileReadUnknown) }
    let bytes = Array(request.utf8)
    _ = bytes.withUnsafeBytes { write(descriptor, $0.baseAddress, $0.count) }
    var total = 0
    var part = [UInt8](repeating: 0, count: 1 << 18)
    while true {
        let count = read(descriptor, &part, part.count)
        guard count > 0 else { return total }
        total += count
    }
}

/// Waits for asynchronous work: benchmarks are plain functions.
private func waited<Value: Sendable>(_ work: @escaping @Sendable () async throws -> Value) throws -> Value {
    let done = DispatchSemaphore(value: 0)
    let box = Box<Value>()
    Task {
        do { box.result = .success(try await work()) } catch { box.result = .failure(error) }
        done.signal()
    }
    done.wait()
    guard let result = box.result else { throw CocoaError(.featureUnsupported) }
    return try result.get()
}

/// Written before the semaphore is signalled and read after it was waited for.
private final class Box<Value: Sendable>: @unchecked Sendable { var result: Result<Value, any Error>? }
