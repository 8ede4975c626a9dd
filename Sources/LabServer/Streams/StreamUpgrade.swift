import KubernetesAPI
import NIOCore
import NIOHTTP1
import NIOWebSocket

/// Turns an HTTP connection into one of streams: a WebSocket, or SPDY after an upgrade.
///
/// A request that is refused is no upgrade; it goes on to the HTTP service, which says why.
enum StreamUpgrade {
    /// What was granted on one connection, between the check and the change.
    private typealias Granted = NIOLoopBoundBox<(plan: StreamPlan, protocol: StreamProtocol)?>

    static func upgraders(_ service: APIService, on channel: any Channel) -> [any HTTPServerProtocolUpgrader & Sendable]
    {
        let granted = Granted(nil, eventLoop: channel.eventLoop)
        return [webSocket(service, granted), SPDYUpgrader(service: service, granted: granted)]
    }

    private static func plan(
        _ head: HTTPRequestHead, _ service: APIService, on channel: any Channel
    ) -> EventLoopFuture<StreamPlan> {
        channel.eventLoop.makeFutureWithTask {
            guard let http = HTTPRequest(head, body: []) else { throw APIStatus.badRequest("the path cannot be read") }
            return try await service.streamPlan(http)
        }
    }

    // MARK: WebSocket

    private static func webSocket(_ service: APIService, _ granted: Granted) -> NIOWebSocketServerUpgrader {
        NIOWebSocketServerUpgrader(
            maxFrameSize: 1 << 20,
            shouldUpgrade: { channel, head in
                let offered = head.headers.webSocketProtocols
                return plan(head, service, on: channel).flatMapThrowing { plan in
                    let name = try StreamProtocol.webSocket(offered: offered, for: plan)
                    granted.value = (plan, .webSocket(name))
                    return HTTPHeaders([("Sec-WebSocket-Protocol", name)])
                }
                // Refused: the same request gets its answer from the service.
                .flatMapErrorThrowing { _ in nil }
            },
            upgradePipelineHandler: { channel, _ in
                channel.eventLoop.makeCompletedFuture {
                    guard let (plan, name) = granted.value else { return }
                    let pipeline = channel.pipeline.syncOperations
                    try pipeline.addHandler(
                        NIOWebSocketFrameAggregator(
                            minNonFinalFragmentSize: 0, maxAccumulatedFrameCount: 1_024,
                            maxAccumulatedFrameSize: 1 << 20))
                    try pipeline.addHandler(WebSocketMessages())
                    try pipeline.addHandler(StreamSession(plan, name, service.host, on: channel))
                }
            })
    }

    // MARK: SPDY

    private final class SPDYUpgrader: HTTPServerProtocolUpgrader, Sendable {
        let supportedProtocol = "SPDY/3.1"
        let requiredUpgradeHeaders: [String] = []
        private let service: APIService
        private let granted: Granted

        init(service: APIService, granted: Granted) {
            self.service = service
            self.granted = granted
        }

        func buildUpgradeResponse(
            channel: any Channel, upgradeRequest head: HTTPRequestHead, initialResponseHeaders headers: HTTPHeaders
        ) -> EventLoopFuture<HTTPHeaders> {
            let offered = head.headers.streamProtocols
            let granted = granted
            return plan(head, service, on: channel).flatMapThrowing { plan in
                let name = try StreamProtocol.spdy(offered: offered, for: plan)
                granted.value = (plan, .spdy(name))
                var headers = headers
                headers.replaceOrAdd(name: "X-Stream-Protocol-Version", value: name)
                return headers
            }
        }

        func upgrade(context: ChannelHandlerContext, upgradeRequest: HTTPRequestHead) -> EventLoopFuture<Void> {
            let channel = context.channel
            let (service, granted) = (service, granted)
            return channel.eventLoop.makeCompletedFuture {
                guard let (plan, name) = granted.value else { return }
                try channel.pipeline.syncOperations.addHandler(StreamSession(plan, name, service.host, on: channel))
            }
        }
    }
}

/// Binary messages of a WebSocket as plain bytes, one buffer a message; pings are answered.
private final class WebSocketMessages: ChannelDuplexHandler {
    typealias InboundIn = WebSocketFrame
    typealias InboundOut = ByteBuffer
    typealias OutboundIn = ByteBuffer
    typealias OutboundOut = WebSocketFrame

    private var isClosing = false

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        let frame = unwrapInboundIn(data)
        switch frame.opcode {
        case .binary, .text: context.fireChannelRead(wrapInboundOut(frame.unmaskedData))
        case .ping:
            context.writeAndFlush(
                wrapOutboundOut(WebSocketFrame(fin: true, opcode: .pong, data: frame.unmaskedData)), promise: nil)
        case .connectionClose:
            if !isClosing {
                isClosing = true
                let part = frame.unmaskedData.getSlice(
                    at: frame.unmaskedData.readerIndex, length: min(2, frame.unmaskedData.readableBytes))
                context.writeAndFlush(
                    wrapOutboundOut(WebSocketFrame(fin: true, opcode: .connectionClose, data: part ?? ByteBuffer())),
                    promise: nil)
            }
            context.close(promise: nil)
        default: break
        }
    }

    func write(context: ChannelHandlerContext, data: NIOAny, promise: EventLoopPromise<Void>?) {
        context.write(
            wrapOutboundOut(WebSocketFrame(fin: true, opcode: .binary, data: unwrapOutboundIn(data))), promise: promise)
    }

    /// Ends politely: the closing frame with the code for 'all is done', then the connection.
    func close(context: ChannelHandlerContext, mode: CloseMode, promise: EventLoopPromise<Void>?) {
        guard !isClosing, mode == .all else { return context.close(mode: mode, promise: promise) }
        isClosing = true
        var data = ByteBuffer()
        data.write(webSocketErrorCode: .normalClosure)
        context.writeAndFlush(
            wrapOutboundOut(WebSocketFrame(fin: true, opcode: .connectionClose, data: data)), promise: nil)
        context.close(mode: mode, promise: promise)
    }
}
