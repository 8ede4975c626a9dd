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

    /// Bytes of a head, of a body, and of the line before a chunk at most.
    static let (headLimit, bodyLimit, chunkLineLimit) = (16 << 10, 1 << 20, 1 << 10)

    private enum State: Equatable {
        /// Lines are collected until an empty one.
        case head
        /// So many bytes of a body are still to come.
        case body(Int)
        case chunkSize, chunk(Int), chunkEnd, trailer
        case broken
    }

    private var state = State.head
    /// The line that is being read, and the lines of the head before it.
    private var line: [UInt8] = []
    private var head: [String] = []
    private var headSize = 0
    private var request: Request?
    private var bodySize = 0

    /// Takes bytes, each of them once: nothing is kept but the head of the request that is under way.
    mutating func receive(_ bytes: [UInt8]) -> [Event] {
        var events: [Event] = []
        var rest = bytes[...]
        while !rest.isEmpty, state != .broken {
            if let event = next(&rest) { events.append(event) }
        }
        return events
    }

    private mutating func next(_ rest: inout ArraySlice<UInt8>) -> Event? {
        switch state {
        case .broken:
            rest = []
            return nil
        case .body(let left):
            return skip(left, of: &rest) { $0 == 0 ? nil : .body($0) }
        case .chunk(let left):
            return skip(left, of: &rest) { $0 == 0 ? .chunkEnd : .chunk($0) }
        case .head, .chunkSize, .chunkEnd, .trailer:
            let end = rest.firstIndex(of: 10)
            let part = rest[..<(end ?? rest.endIndex)]
            rest = end.map { rest[($0 + 1)...] } ?? []
            let limit = state == .head || state == .trailer ? Self.headLimit - headSize : Self.chunkLineLimit
            guard line.count + part.count <= limit else { return broken() }
            line += part
            guard end != nil else { return nil }
            if line.last == 13 { line.removeLast() }
            defer { line = [] }
            return take(line)
        }
    }

    /// Leaves out bytes of a body.
    private mutating func skip(
        _ count: Int, of rest: inout ArraySlice<UInt8>, then state: (Int) -> State?
    ) -> Event? {
        let taken = min(count, rest.count)
        rest = rest.dropFirst(taken)
        guard let next = state(count - taken) else { return finished() }
        self.state = next
        return nil
    }

    private mutating func take(_ line: [UInt8]) -> Event? {
        switch state {
        case .head:
            guard line.isEmpty else {
                headSize += line.count + 2
                head.append(String(decoding: line, as: UTF8.self))
                return nil
            }
            // Empty lines before a request are tolerated (RFC 9112, section 2.2).
            guard !head.isEmpty else { return nil }
            guard begin(head) else { return broken() }
            (head, headSize) = ([], 0)
            return state == .head ? finished() : nil
        case .chunkSize:
            let digits = line.prefix { $0 != UInt8(ascii: ";") && $0 != 32 }
            guard let size = Self.number(String(decoding: digits, as: UTF8.self), radix: 16) else { return broken() }
            bodySize += min(size, Self.bodyLimit + 1)
            guard bodySize <= Self.bodyLimit else { return broken() }
            state = size == 0 ? .trailer : .chunk(size)
            return nil
        case .chunkEnd:
            guard line.isEmpty else { return broken() }
            state = .chunkSize
            return nil
        case .trailer:
            headSize += line.count + 2
            return line.isEmpty ? finished() : nil
        case .body, .chunk, .broken: return nil
        }
    }

    /// A number without a sign.
    private static func number(_ text: some StringProtocol, radix: Int = 10) -> Int? {
        text.first == "+" || text.first == "-" ? nil : Int(text, radix: radix)
    }

    private mutating func begin(_ head: [String]) -> Bool {
        let words = (head.first ?? "").split(separator: " ")
        guard words.count == 3, words[2] == "HTTP/1.1" || words[2] == "HTTP/1.0", words[1].hasPrefix("/"),
            words[0].allSatisfy({ $0.isASCII && $0.isLetter })
        else { return false }
        var keepsAlive = words[2] == "HTTP/1.1"
        var length: Int?
        var isChunked = false
        for line in head.dropFirst() {
            let sides = line.split(separator: ":", maxSplits: 1, omittingEmptySubsequences: false)
            guard sides.count == 2, !sides[0].isEmpty, !sides[0].contains(" ") else { return false }
            let value = sides[1].trimmingSpaces.lowercased()
            switch sides[0].lowercased() {
            case "content-length":
                guard let number = Self.number(value), number <= Self.bodyLimit, length ?? number == number else {
                    return false
                }
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
        // Two ends for one body are none (RFC 9112, section 6.3).
        guard length == nil || !isChunked else { return false }
        request = Request(method: String(words[0]), path: String(words[1]), keepsAlive: keepsAlive)
        bodySize = 0
        state = isChunked ? .chunkSize : length.map { $0 > 0 ? .body($0) : .head } ?? .head
        return true
    }

    private mutating func finished() -> Event? {
        state = .head
        headSize = 0
        defer { request = nil }
        return request.map { .request($0) }
    }

    private mutating func broken() -> Event {
        state = .broken
        (line, head) = ([], [])
        return .garbage
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
