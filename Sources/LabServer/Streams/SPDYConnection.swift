/// One side of a SPDY/3.1 connection, as kubectl's exec, attach and port-forward speak it (`moby/spdystream`).
///
/// A state machine without a network: bytes go in, events and bytes come out. Windows are not enforced, as spdystream
/// does not either; what a client sends is given on at once.
final class SPDYConnection {
    enum Event: Equatable {
        /// The other side opened a stream.
        case opened(stream: UInt32, headers: [String: String], isFinished: Bool)
        case data(stream: UInt32, bytes: [UInt8], isFinished: Bool)
        case reset(stream: UInt32)
        case goAway
    }

    /// Why a connection cannot go on.
    enum Failure: Error, Equatable {
        case version(UInt16), frameTooLarge(Int), damagedHeaders, malformed(String), tooManyStreams
    }

    /// Bytes of one frame, of its headers, and streams at most.
    static let (frameLimit, headerLimit, streamLimit) = (1 << 20, 64 << 10, 1_000)

    private let inflater = Inflater(dictionary: SPDYDictionary.bytes)
    private let deflater = Deflater(dictionary: SPDYDictionary.bytes)
    private var received: [UInt8] = []
    private var newestStream: UInt32 = 0
    /// Who has said of a stream that nothing more comes.
    private struct Sides { var isFinishedThere = false, isFinishedHere = false }

    /// Streams on which a side has more to say. Once both have ended it, a stream is forgotten: a port-forward lives for
    /// as many connections as come.
    private var streams: [UInt32: Sides] = [:]
    /// Bytes to send.
    private var output: [UInt8] = []

    func takeOutput() -> [UInt8] {
        defer { output = [] }
        return output
    }

    // MARK: Receiving

    /// Takes bytes from the other side.
    /// - Throws: `Failure`; the connection has to be closed then.
    func receive(_ bytes: some Sequence<UInt8>) throws(Failure) -> [Event] {
        received += bytes
        var events: [Event] = []
        var offset = 0
        defer { received.removeFirst(offset) }
        while received.count - offset >= 8 {
            let length = Int(number(offset + 5, 3))
            guard length <= Self.frameLimit else { throw .frameTooLarge(length) }
            guard received.count - offset >= 8 + length else { break }
            let body = Array(received[(offset + 8)..<(offset + 8 + length)])
            let head = number(offset, 4)
            let flags = received[offset + 4]
            offset += 8 + length
            if let event = try frame(head, flags, body) { events.append(event) }
        }
        return events
    }

    private func number(_ offset: Int, _ count: Int) -> UInt32 {
        received[offset..<(offset + count)].reduce(0) { $0 << 8 | UInt32($1) }
    }

    private static func number(_ bytes: [UInt8], _ offset: Int) -> UInt32 {
        bytes[offset..<(offset + 4)].reduce(0) { $0 << 8 | UInt32($1) }
    }

    private func frame(_ head: UInt32, _ flags: UInt8, _ body: [UInt8]) throws(Failure) -> Event? {
        let isFinished = flags & 1 != 0
        guard head & 0x8000_0000 != 0 else {
            let stream = head
            guard streams[stream] != nil else {
                // Data for a stream that nobody has, or has any more, ends that stream only.
                if stream > newestStream { reset(stream, status: 2) }
                return nil
            }
            if isFinished { finish(stream, \.isFinishedThere) }
            return .data(stream: stream, bytes: body, isFinished: isFinished)
        }
        let version = UInt16(head >> 16 & 0x7fff)
        guard version == 3 else { throw .version(version) }
        func need(_ count: Int) throws(Failure) {
            guard body.count >= count else { throw .malformed("a frame of type \(head & 0xffff) is too short") }
        }
        switch head & 0xffff {
        case 1:
            try need(10)
            let stream = Self.number(body, 0) & 0x7fff_ffff
            let headers = try self.headers(Array(body[10...]))
            guard stream & 1 == 1, stream > newestStream else {
                throw .malformed("stream \(stream) cannot be opened after \(newestStream)")
            }
            guard streams.count < Self.streamLimit else { throw .tooManyStreams }
            newestStream = stream
            streams[stream] = Sides(isFinishedThere: isFinished)
            return .opened(stream: stream, headers: headers, isFinished: isFinished)
        case 2:
            try need(4)
            _ = try headers(Array(body[4...]))
            return nil
        case 3:
            try need(8)
            let stream = Self.number(body, 0) & 0x7fff_ffff
            streams[stream] = nil
            return .reset(stream: stream)
        case 6:
            try need(4)
            // A ping of the client has an odd number and is sent back; an answer to one of ours would have an even one.
            if body[3] & 1 == 1 { control(6, Array(body.prefix(4))) }
            return nil
        case 7: return .goAway
        case 8:
            try need(4)
            _ = try headers(Array(body[4...]))
            return nil
        // Settings and windows.
        case 4, 9: return nil
        default: return nil
        }
    }

    /// A block of headers: a count, and name and value with their lengths, compressed.
    private func headers(_ compressed: [UInt8]) throws(Failure) -> [String: String] {
        guard !compressed.isEmpty else { return [:] }
        guard let block = inflater.inflate(compressed, limit: Self.headerLimit) else { throw .damagedHeaders }
        var offset = 0
        func word() throws(Failure) -> UInt32 {
            guard block.count - offset >= 4 else { throw .damagedHeaders }
            defer { offset += 4 }
            return Self.number(block, offset)
        }
        func text() throws(Failure) -> String {
            let length = Int(try word())
            guard length <= block.count - offset else { throw .damagedHeaders }
            defer { offset += length }
            return String(decoding: block[offset..<(offset + length)], as: UTF8.self)
        }
        var headers: [String: String] = [:]
        for _ in 0..<(try word()) {
            let name = try text().lowercased()
            headers[name] = try text()
        }
        return headers
    }

    // MARK: Sending

    /// Accepts a stream that the other side opened.
    func reply(_ stream: UInt32) { control(2, Self.bytes(stream) + deflater.deflate([0, 0, 0, 0])) }

    func send(_ bytes: [UInt8], on stream: UInt32, finishing: Bool = false) {
        var rest = bytes[...]
        repeat {
            let part = rest.prefix(32 << 10)
            rest = rest.dropFirst(part.count)
            let flags: UInt8 = finishing && rest.isEmpty ? 1 : 0
            output += Self.bytes(stream) + [flags] + Self.bytes(UInt32(part.count)).dropFirst() + part
        } while !rest.isEmpty
        if finishing { finish(stream, \.isFinishedHere) }
    }

    private func finish(_ stream: UInt32, _ side: WritableKeyPath<Sides, Bool>) {
        guard var sides = streams[stream] else { return }
        sides[keyPath: side] = true
        streams[stream] = sides.isFinishedThere && sides.isFinishedHere ? nil : sides
    }

    /// Ends a stream at once.
    func reset(_ stream: UInt32, status: UInt32 = 5) {
        streams[stream] = nil
        control(3, Self.bytes(stream) + Self.bytes(status))
    }

    func goAway() { control(7, Self.bytes(newestStream) + Self.bytes(0)) }

    private func control(_ type: UInt8, _ body: [UInt8]) {
        output += [0x80, 3, 0, type, 0] + Self.bytes(UInt32(body.count)).dropFirst() + body
    }

    private static func bytes(_ number: UInt32) -> [UInt8] {
        [24, 16, 8, 0].map { UInt8(truncatingIfNeeded: number >> $0) }
    }
}
