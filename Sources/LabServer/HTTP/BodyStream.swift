import NIOCore
import NIOHTTP1
import Synchronization

/// The body of an answer that grows as things happen: a watch, a log that is followed.
///
/// What a client does not read piles up here, bounded: one that is too slow loses its connection, and nobody else waits.
final class BodyStream: Sendable {
    private let channel: any Channel
    private let pending = Atomic<Int>(0)
    private let isOpen = Atomic<Bool>(true)

    /// Bytes that may wait to be read by the client.
    static let limit = 16 << 20

    init(_ channel: any Channel) { self.channel = channel }

    /// Sends a piece.
    /// - Returns: false if nobody reads any more.
    @discardableResult
    func send(_ bytes: [UInt8]) -> Bool {
        guard isOpen.load(ordering: .relaxed) else { return false }
        let size = bytes.count
        guard pending.add(size, ordering: .relaxed).newValue <= Self.limit else {
            isOpen.store(false, ordering: .relaxed)
            channel.close(promise: nil)
            return false
        }
        let part = HTTPServerResponsePart.body(.byteBuffer(ByteBuffer(bytes: bytes)))
        channel.writeAndFlush(part).whenComplete { result in
            self.pending.subtract(size, ordering: .relaxed)
            if case .failure = result { self.isOpen.store(false, ordering: .relaxed) }
        }
        return true
    }

    /// Ends the connection in the middle of the body.
    func abort() {
        isOpen.store(false, ordering: .relaxed)
        channel.close(promise: nil)
    }
}
