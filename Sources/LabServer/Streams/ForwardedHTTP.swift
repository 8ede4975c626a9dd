/// HTTP/1.1 as a server sees it on one forwarded connection: requests come out of bytes, answers become bytes.
///
/// Only what a simulated program can tell apart is looked at: method, path, and where a request ends.
struct ForwardedHTTP {
    struct Request: Equatable {
        var method: String
        var path: String
        /// Whether the connection stays for another one.
        var keepsAlive: Bool
    }

    enum Event: Equatable {
        case request(Request)
        /// It is no HTTP, or too much of it: answer with 400 and close.
        case garbage
    }

    /// Bytes of a head and of a body at most.
    static let (headLimit, bodyLimit) = (16 << 10, 1 << 20)

    private enum State: Equatable {
        case head
        /// So many bytes of a body are still to come.
        case body(Int)
        case chunkSize, chunk(Int), trailer
        case broken
    }

    private var state = State.head
    private var buffer: [UInt8] = []
    private var request: Request?
    private var bodySize = 0

    mutating func receive(_ bytes: [UInt8]) -> [Event] {
        guard state != .broken else { return [] }
        buffer += bytes
        var events: [Event] = []
        while let event = next() {
            events.append(event)
            if event == .garbage { break }
        }
        return events
    }

    private mutating func next() -> Event? {
        while true {
            switch state {
            case .broken: return nil
            case .head:
                // Empty lines before a request are tolerated (RFC 9112, section 2.2).
                while buffer.starts(with: [13, 10]) { buffer.removeFirst(2) }
                guard let end = end(of: [13, 10, 13, 10], within: Self.headLimit) else {
                    return buffer.count > Self.headLimit ? broken() : nil
                }
                let head = String(decoding: buffer[..<end], as: UTF8.self)
                buffer.removeFirst(end + 4)
                guard begin(head) else { return broken() }
                if state == .head { return finished() }
            case .body(let left):
                let taken = min(left, buffer.count)
                buffer.removeFirst(taken)
                state = .body(left - taken)
                guard left == taken else { return nil }
                return finished()
            case .chunkSize:
                guard let line = line() else { return buffer.count > 1_024 ? broken() : nil }
                let digits = line.prefix { $0 != ";" && $0 != " " }
                guard let size = Int(digits, radix: 16), size >= 0 else { return broken() }
                bodySize += min(size, Self.bodyLimit + 1)
                guard bodySize <= Self.bodyLimit else { return broken() }
                state = size == 0 ? .trailer : .chunk(size + 2)
            case .chunk(let left):
                let taken = min(left, buffer.count)
                buffer.removeFirst(taken)
                state = left == taken ? .chunkSize : .chunk(left - taken)
                guard left == taken else { return nil }
            case .trailer:
                guard let line = line() else { return buffer.count > Self.headLimit ? broken() : nil }
                if line.isEmpty { return finished() }
            }
        }
    }

    private mutating func begin(_ head: String) -> Bool {
        let lines = head.split(separator: "\r\n", omittingEmptySubsequences: false)
        let words = (lines.first ?? "").split(separator: " ")
        guard words.count == 3, words[2] == "HTTP/1.1" || words[2] == "HTTP/1.0", words[1].hasPrefix("/"),
            words[0].allSatisfy({ $0.isASCII && $0.isLetter })
        else { return false }
        var keepsAlive = words[2] == "HTTP/1.1"
        var length = 0
        var isChunked = false
        for line in lines.dropFirst() {
            let sides = line.split(separator: ":", maxSplits: 1)
            guard sides.count == 2 else { return false }
            let value = sides[1].trimmingSpaces.lowercased()
            switch sides[0].lowercased() {
            case "content-length":
                guard let number = Int(value), number >= 0, number <= Self.bodyLimit else { return false }
                length = number
            case "transfer-encoding":
                guard value == "chunked" else { return false }
                isChunked = true
            case "connection":
                if value == "close" { keepsAlive = false }
                if value == "keep-alive" { keepsAlive = true }
            default: break
            }
        }
        request = Request(method: String(words[0]), path: String(words[1]), keepsAlive: keepsAlive)
        bodySize = 0
        state = isChunked ? .chunkSize : length > 0 ? .body(length) : .head
        return true
    }

    private mutating func finished() -> Event? {
        state = .head
        defer { request = nil }
        return request.map { .request($0) }
    }

    private mutating func broken() -> Event {
        state = .broken
        buffer = []
        return .garbage
    }

    private mutating func line() -> String? {
        guard let end = end(of: [13, 10], within: buffer.count) else { return nil }
        defer { buffer.removeFirst(end + 2) }
        return String(decoding: buffer[..<end], as: UTF8.self)
    }

    /// Where some bytes begin for the first time.
    private func end(of mark: [UInt8], within limit: Int) -> Int? {
        guard buffer.count >= mark.count else { return nil }
        for index in 0...min(buffer.count - mark.count, limit) where buffer[index...].starts(with: mark) {
            return index
        }
        return nil
    }

    /// An answer, head and body.
    static func answer(status: Int, reason: String, body: String, to request: Request?) -> [UInt8] {
        let bytes = Array(body.utf8)
        let keepsAlive = request?.keepsAlive ?? false
        let head =
            "HTTP/1.1 \(status) \(reason)\r\ncontent-type: text/plain\r\ncontent-length: \(bytes.count)\r\n"
            + (keepsAlive ? "" : "connection: close\r\n") + "\r\n"
        return Array(head.utf8) + (request?.method == "HEAD" ? [] : bytes)
    }
}
