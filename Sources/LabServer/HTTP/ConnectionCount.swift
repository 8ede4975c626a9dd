import NIOCore
import Synchronization

/// Counts open connections and closes those above the limit before anything is read from them.
final class ConnectionCount: Sendable {
    private let open = Atomic<Int>(0)
    private let limit: Int

    init(limit: Int) { self.limit = limit }

    func handler() -> some ChannelInboundHandler { Handler(self) }

    private final class Handler: ChannelInboundHandler {
        typealias InboundIn = NIOAny
        private let count: ConnectionCount
        private var isCounted = false

        init(_ count: ConnectionCount) { self.count = count }

        func channelActive(context: ChannelHandlerContext) {
            isCounted = true
            guard count.open.add(1, ordering: .relaxed).newValue <= count.limit else {
                context.close(promise: nil)
                return
            }
            context.fireChannelActive()
        }

        func channelInactive(context: ChannelHandlerContext) {
            if isCounted { count.open.subtract(1, ordering: .relaxed) }
            isCounted = false
            context.fireChannelInactive()
        }
    }
}
