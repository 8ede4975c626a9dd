import Foundation
import KubernetesAPI
import NIOCore
import NIOHTTP1
import NIOPosix
import NIOSSL

/// Speaks to a lab that another process serves: one request, one answer.
public struct LabClient: Sendable {
    private let host: String
    private let port: Int
    private let isSecure: Bool
    private let token: String
    private let authority: String

    init(_ kubeconfig: Kubeconfig, token: String? = nil) {
        let url = URLComponents(string: kubeconfig.server)
        host = url?.host ?? ""
        port = url?.port ?? 0
        isSecure = url?.scheme == "https"
        self.token = token ?? kubeconfig.token
        authority = kubeconfig.authority
    }

    /// - Parameter kubeconfig: the file that the server wrote.
    /// - Returns: nil if there is none, or it is not one of ours.
    public init?(kubeconfig path: String) {
        guard let data = FileManager.default.contents(atPath: path),
            let document = try? YAMLReader.documents(Array(data)).first?.value,
            let cluster = document["clusters"]?.array?.first?["cluster"], let server = cluster["server"]?.string,
            let url = URLComponents(string: server), let host = url.host, let port = url.port,
            let token = document["users"]?.array?.first?["user"]?["token"]?.string
        else { return nil }
        self.host = host.hasPrefix("[") ? String(host.dropFirst().dropLast()) : host
        self.port = port
        isSecure = url.scheme == "https"
        self.token = token
        let encoded = cluster["certificate-authority-data"]?.string ?? ""
        guard case .success(let bytes) = Base64.decode(encoded) else { return nil }
        authority = String(decoding: bytes, as: UTF8.self)
    }

    public struct Answer: Sendable {
        public var code: Int
        public var body: [UInt8]

        /// The body as JSON; null if it is none.
        public var json: JSONValue { (try? JSONValue(parsingJSON: body[...])) ?? .null }
        /// The message of a failure.
        public var message: String { json["message"]?.string ?? String(decoding: body.prefix(500), as: UTF8.self) }
    }

    /// Reads what lies at a path.
    /// - Throws: if nobody answers.
    public func get(_ path: String) async throws -> Answer { try await send(.GET, path) }

    /// Sends a document to a path.
    /// - Throws: if nobody answers.
    public func post(_ path: String, _ body: JSONValue) async throws -> Answer { try await send(.POST, path, body) }

    /// Sends a request and waits for its answer, however long that takes.
    /// - Throws: if nobody answers.
    func send(_ method: HTTPMethod, _ path: String, _ body: JSONValue? = nil) async throws -> Answer {
        let group = MultiThreadedEventLoopGroup.singleton
        let promise = group.next().makePromise(of: Answer.self)
        let tls = try isSecure ? context() : nil
        let bootstrap = ClientBootstrap(group: group)
            .connectTimeout(.seconds(5))
            .channelInitializer { channel in
                channel.eventLoop.makeCompletedFuture {
                    let pipeline = channel.pipeline.syncOperations
                    if let tls { try pipeline.addHandler(NIOSSLClientHandler(context: tls, serverHostname: nil)) }
                    try pipeline.addHTTPClientHandlers()
                    try pipeline.addHandler(AnswerCollector(promise))
                }
            }
        let channel: any Channel
        do { channel = try await bootstrap.connect(host: host, port: port).get() } catch {
            promise.fail(error)
            throw error
        }
        let bytes = body?.compactBytes ?? []
        var headers = HTTPHeaders([
            ("Host", "\(host):\(port)"), ("Accept", "application/json"), ("User-Agent", "kubelab"),
            ("Connection", "close"),
        ])
        if !token.isEmpty { headers.add(name: "Authorization", value: "Bearer \(token)") }
        if body != nil {
            headers.add(name: "Content-Type", value: "application/json")
            headers.add(name: "Content-Length", value: "\(bytes.count)")
        }
        channel.write(
            HTTPClientRequestPart.head(HTTPRequestHead(version: .http1_1, method: method, uri: path, headers: headers)),
            promise: nil)
        if !bytes.isEmpty {
            channel.write(HTTPClientRequestPart.body(.byteBuffer(ByteBuffer(bytes: bytes))), promise: nil)
        }
        channel.writeAndFlush(HTTPClientRequestPart.end(nil), promise: nil)
        return try await withTaskCancellationHandler {
            try await promise.futureResult.get()
        } onCancel: {
            channel.close(promise: nil)
        }
    }

    private func context() throws -> NIOSSLContext {
        var configuration = TLSConfiguration.makeClientConfiguration()
        configuration.trustRoots = .certificates(try NIOSSLCertificate.fromPEMBytes(Array(authority.utf8)))
        return try NIOSSLContext(configuration: configuration)
    }

    /// The server's connection broke off.
    struct BrokenOff: Error, CustomStringConvertible {
        var description: String { "the server ended the connection without an answer" }
    }

    private final class AnswerCollector: ChannelInboundHandler {
        typealias InboundIn = HTTPClientResponsePart
        private let promise: EventLoopPromise<Answer>
        private var answer = Answer(code: 0, body: [])
        private var isDone = false

        init(_ promise: EventLoopPromise<Answer>) { self.promise = promise }

        func channelRead(context: ChannelHandlerContext, data: NIOAny) {
            switch unwrapInboundIn(data) {
            case .head(let head): answer.code = Int(head.status.code)
            case .body(let part): answer.body.append(contentsOf: part.readableBytesView)
            case .end:
                isDone = true
                promise.succeed(answer)
                context.close(promise: nil)
            }
        }

        func channelInactive(context: ChannelHandlerContext) {
            if !isDone { promise.fail(BrokenOff()) }
        }

        func errorCaught(context: ChannelHandlerContext, error: any Error) {
            if !isDone { promise.fail(error) }
            isDone = true
            context.close(promise: nil)
        }
    }
}
