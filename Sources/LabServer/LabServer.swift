import Foundation
import Lab
import NIOCore
import NIOHTTP1
import NIOPosix
import NIOSSL

/// A lab behind HTTP: the Kubernetes API, and time that runs.
public final class LabServer: Sendable {
    public struct Configuration: Sendable {
        /// Address to listen on.
        public var host = "127.0.0.1"
        /// 0 for any that is free.
        public var port = 0
        /// Where a lab with Prometheus has its HTTP API, without TLS; 0 for any port that is free.
        public var prometheusPort = 0
        /// Where it has Loki's, likewise.
        public var lokiPort = 0
        /// Where a lab that records traces has Tempo's.
        public var tempoPort = 0
        public var speed = Speed.times(1)
        /// Without TLS, for tests.
        public var isInsecure = false
        /// What clients have to show.
        public var token: String
        /// Bounds on what clients may do.
        var limits = HTTPConnection.Limits()

        public init(token: String) { self.token = token }
    }

    /// Why an address cannot be listened on, in the system's words: `address already in use`.
    public struct AddressError: Error, CustomStringConvertible {
        public var description: String
    }

    private let group: MultiThreadedEventLoopGroup
    private let channel: any Channel
    private let otherChannels: [any Channel]
    private let clock: Task<Void, Never>
    let host: LabHost
    /// What clients need to get in.
    public let kubeconfig: Kubeconfig
    /// `http://127.0.0.1:9090`; nil for a lab without Prometheus.
    public let prometheus: String?
    /// `http://127.0.0.1:3100`; nil for a lab without monitoring.
    public let loki: String?
    /// `http://127.0.0.1:3200`; nil for a lab that records no traces.
    public let tempo: String?

    /// Connections that may be open at once; one more is closed at once.
    static let maximumConnections = 4_000

    /// Begins to serve a lab.
    /// - Throws: if the address cannot be had, or certificates cannot be made.
    public static func start(_ session: LabSession, _ configuration: Configuration) async throws -> LabServer {
        let namespace = session.world.scenario.namespace
        let began = ContinuousClock.now
        let host = LabHost(session, speed: configuration.speed) { ContinuousClock.now - began }
        let service = APIService(
            host: host, authenticator: Authenticator(token: configuration.token, needsNone: configuration.isInsecure))
        let certificates =
            configuration.isInsecure
            ? nil
            : try ServerCertificates(
                names: ["localhost", "127.0.0.1", "::1", "kubernetes.default.svc", configuration.host], now: Date())
        let tls = try certificates?.context()
        let group = MultiThreadedEventLoopGroup(numberOfThreads: 2)
        do {
            let connections = ConnectionCount(limit: maximumConnections)
            let requests = RequestCount()
            let channel = try await ServerBootstrap(group: group)
                .serverChannelOption(.backlog, value: 1_024)
                .serverChannelOption(.socketOption(.so_reuseaddr), value: 1)
                .childChannelInitializer { channel in
                    channel.eventLoop.makeCompletedFuture {
                        try Self.configure(channel, tls, connections, service, requests, configuration.limits)
                    }
                }
                .childChannelOption(.socketOption(.tcp_nodelay), value: 1)
                .bind(host: configuration.host, port: configuration.port).get()
            let port = channel.localAddress?.port ?? configuration.port
            let name = configuration.host.contains(":") ? "[\(configuration.host)]" : configuration.host
            let kubeconfig = Kubeconfig(
                server: "\(configuration.isInsecure ? "http" : "https")://\(name):\(port)",
                token: configuration.token, authority: certificates?.authority ?? "", namespace: namespace)
            var others: [any Channel] = []
            func listen(
                _ port: Int, _ answer: @escaping @Sendable (HTTPRequest) async -> HTTPAnswer
            ) async throws -> String? {
                let plain = try await Self.listenPlainly(
                    group, connections, configuration.limits, host: configuration.host, port: port, answer)
                others.append(plain)
                return plain.localAddress?.port.map { "http://\(name):\($0)" }
            }
            var addresses = Addresses()
            if session.world.monitoring != nil {
                let prometheus = PrometheusService(host: host, requests: requests)
                addresses.prometheus = try await listen(configuration.prometheusPort) { await prometheus.answer($0) }
                let telemetry = TelemetryService(host: host, requests: requests)
                addresses.loki = try await listen(configuration.lokiPort) { await telemetry.answerLoki($0) }
                if session.world.recordsTraces {
                    addresses.tempo = try await listen(configuration.tempoPort) { await telemetry.answerTempo($0) }
                }
            }
            return LabServer(group, channel, others, host, service, kubeconfig, addresses)
        } catch {
            try? await group.shutdownGracefully()
            guard let failure = error as? IOError else { throw error }
            throw AddressError(description: String(cString: strerror(failure.errnoCode)).lowercased())
        }
    }

    /// What the plain addresses are.
    private struct Addresses {
        var prometheus: String?
        var loki: String?
        var tempo: String?
    }

    /// Listens without TLS and without a token.
    private static func listenPlainly(
        _ group: MultiThreadedEventLoopGroup, _ connections: ConnectionCount, _ limits: HTTPConnection.Limits,
        host: String, port: Int, _ answer: @escaping @Sendable (HTTPRequest) async -> HTTPAnswer
    ) async throws -> any Channel {
        try await ServerBootstrap(group: group)
            .serverChannelOption(.socketOption(.so_reuseaddr), value: 1)
            .childChannelInitializer { channel in
                channel.eventLoop.makeCompletedFuture {
                    let pipeline = channel.pipeline.syncOperations
                    try pipeline.addHandler(connections.handler())
                    try pipeline.configureHTTPServerPipeline(
                        withPipeliningAssistance: true, withErrorHandling: true)
                    try pipeline.addHandler(HTTPConnection(limits: limits, service: answer))
                }
            }
            .childChannelOption(.socketOption(.tcp_nodelay), value: 1)
            .bind(host: host, port: port).get()
    }

    private static func configure(
        _ channel: any Channel, _ tls: NIOSSLContext?, _ connections: ConnectionCount, _ service: APIService,
        _ requests: RequestCount, _ limits: HTTPConnection.Limits
    ) throws {
        let pipeline = channel.pipeline.syncOperations
        try pipeline.addHandler(connections.handler())
        if let tls { try pipeline.addHandler(NIOSSLServerHandler(context: tls)) }
        let connection = NIOLoopBound(
            HTTPConnection(limits: limits) {
                let answer = await service.answer($0)
                requests.note(.kubernetes, code: answer.status.code)
                return answer
            }, eventLoop: channel.eventLoop)
        let upgrade: NIOHTTPServerUpgradeSendableConfiguration = (
            upgraders: StreamUpgrade.upgraders(service, on: channel),
            completionHandler: { context in
                context.pipeline.syncOperations.removeHandler(connection.value, promise: nil)
            }
        )
        try pipeline.configureHTTPServerPipeline(
            withPipeliningAssistance: true, withServerUpgrade: upgrade, withErrorHandling: true)
        try pipeline.addHandler(connection.value)
    }

    private init(
        _ group: MultiThreadedEventLoopGroup, _ channel: any Channel, _ otherChannels: [any Channel],
        _ host: LabHost, _ service: APIService, _ kubeconfig: Kubeconfig, _ addresses: Addresses
    ) {
        self.group = group
        self.channel = channel
        self.otherChannels = otherChannels
        prometheus = addresses.prometheus
        loki = addresses.loki
        tempo = addresses.tempo
        self.host = host
        self.kubeconfig = kubeconfig
        clock = Task {
            while !Task.isCancelled {
                let isBusy = !service.isIdle
                let wantsMore: Bool
                if isBusy, await host.speed == .maxIdle { wantsMore = false } else { wantsMore = await host.tick() }
                if wantsMore { await Task.yield() } else { try? await Task.sleep(for: .milliseconds(20)) }
            }
        }
    }

    /// Ends: takes no more clients, lets go those there are, writes the lab.
    /// - Throws: `LabStoreError` if the lab cannot be written.
    public func stop() async throws {
        clock.cancel()
        await clock.value
        try? await channel.close()
        for other in otherChannels { try? await other.close() }
        let result: Result<Void, any Error>
        do {
            try await host.finish()
            result = .success(())
        } catch { result = .failure(error) }
        try? await group.shutdownGracefully()
        try result.get()
    }
}
