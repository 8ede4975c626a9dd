import KubernetesAPI
import NIOCore
import NIOHTTP1
import NIOWebSocket

/// One client's connection: collects a request, has it answered, sends the answer. Pipelined requests wait (NIO holds
/// back what comes meanwhile).
final class HTTPConnection: ChannelInboundHandler, RemovableChannelHandler {
    typealias InboundIn = HTTPServerRequestPart
    typealias OutboundOut = HTTPServerResponsePart

    typealias Service = @Sendable (HTTPRequest) async -> HTTPAnswer

    /// Bounds on what clients may do.
    struct Limits: Sendable {
        /// Bytes of a body (the API server's own limit).
        var body = 3 << 20
        /// From the head of a request to its end.
        var request = TimeAmount.seconds(30)
        /// Between requests, and before the first.
        var idle = TimeAmount.seconds(120)
        /// From an answer to the client's having it; streams take as long as they take, and are bounded otherwise.
        var answer = TimeAmount.seconds(60)
    }

    private let service: Service
    private let limits: Limits
    private var head: HTTPRequestHead?
    private var body: [UInt8] = []
    private var isTooLarge = false
    private var work: Task<Void, Never>?
    private var timer: Scheduled<Void>?

    init(limits: Limits, service: @escaping Service) {
        self.limits = limits
        self.service = service
    }

    func handlerAdded(context: ChannelHandlerContext) {
        if context.channel.isActive { wait(limits.idle, context.channel) }
    }

    func channelActive(context: ChannelHandlerContext) {
        wait(limits.idle, context.channel)
        context.fireChannelActive()
    }

    /// Closes the connection unless something happens in time.
    private func wait(_ time: TimeAmount, _ channel: any Channel) {
        timer?.cancel()
        timer = channel.eventLoop.scheduleTask(in: time) { channel.close(promise: nil) }
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        switch unwrapInboundIn(data) {
        case .head(let head):
            wait(limits.request, context.channel)
            self.head = head
            body = []
            isTooLarge = false
            if head.headers.first(name: "expect")?.lowercased() == "100-continue" {
                context.writeAndFlush(
                    wrapOutboundOut(.head(HTTPResponseHead(version: head.version, status: .continue))), promise: nil)
            }
        case .body(let part):
            guard !isTooLarge, body.count + part.readableBytes <= limits.body else {
                isTooLarge = true
                body = []
                return
            }
            body.append(contentsOf: part.readableBytesView)
        case .end:
            timer?.cancel()
            timer = nil
            answer(context)
        }
    }

    private func answer(_ context: ChannelHandlerContext) {
        guard let head else { return }
        self.head = nil
        let request = HTTPRequest(head, body: body)
        body = []
        let refusal = isTooLarge ? APIStatus.tooLarge(limits.body) : nil
        let closes = isTooLarge
        let channel = context.channel
        let handler = NIOLoopBound(self, eventLoop: context.eventLoop)
        let (service, patience) = (service, limits.answer)
        let job: @Sendable () async -> Void = {
            let answer: HTTPAnswer =
                if let refusal { .failure(refusal) } else if let request { await service(request) } else {
                    .failure(.badRequest("the path or the query of the request cannot be read"))
                }
            await Self.send(answer, for: head, closes: closes, on: channel, within: patience)
            channel.eventLoop.execute { handler.value.answered(channel) }
        }
        work = Task(operation: job)
    }

    private func answered(_ channel: any Channel) {
        work = nil
        if channel.isActive { wait(limits.idle, channel) }
    }

    /// Sends an answer to its end.
    private static func send(
        _ answer: HTTPAnswer, for head: HTTPRequestHead, closes: Bool, on channel: any Channel,
        within patience: TimeAmount
    ) async {
        let keepsAlive = head.isKeepAlive && !closes
        var headers = HTTPHeaders(answer.headers.map { ($0.name, $0.value) })
        headers.replaceOrAdd(name: "Content-Type", value: answer.contentType)
        headers.replaceOrAdd(name: "Cache-Control", value: headers.first(name: "Cache-Control") ?? "no-cache, private")
        if !keepsAlive { headers.replaceOrAdd(name: "Connection", value: "close") }
        switch answer.body {
        case .bytes(let bytes):
            headers.replaceOrAdd(name: "Content-Length", value: "\(bytes.count)")
            let response = HTTPResponseHead(version: head.version, status: answer.status, headers: headers)
            channel.write(HTTPServerResponsePart.head(response), promise: nil)
            if head.method != .HEAD, !bytes.isEmpty {
                channel.write(HTTPServerResponsePart.body(.byteBuffer(ByteBuffer(bytes: bytes))), promise: nil)
            }
        case .stream(let write):
            headers.replaceOrAdd(name: "Transfer-Encoding", value: "chunked")
            let response = HTTPResponseHead(version: head.version, status: answer.status, headers: headers)
            try? await channel.writeAndFlush(HTTPServerResponsePart.head(response))
            await write(BodyStream(channel))
        }
        let limit = channel.eventLoop.scheduleTask(in: patience) { channel.close(promise: nil) }
        try? await channel.writeAndFlush(HTTPServerResponsePart.end(nil))
        limit.cancel()
        if !keepsAlive { try? await channel.close() }
    }

    /// Another protocol takes over.
    func handlerRemoved(context: ChannelHandlerContext) { timer?.cancel() }

    func channelInactive(context: ChannelHandlerContext) {
        timer?.cancel()
        work?.cancel()
        context.fireChannelInactive()
    }

    /// What goes wrong on one connection ends this one only.
    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        // NIO tells everybody that an upgrade was refused, and then hands the request on: it is about to be answered.
        if error is APIStatus || error is NIOWebSocketUpgradeError { return }
        context.close(promise: nil)
    }
}

extension APIStatus {
    static func tooLarge(_ limit: Int) -> APIStatus {
        APIStatus(
            code: 413, reason: "RequestEntityTooLarge", message: "Request entity too large: limit is \(limit)")
    }
}
