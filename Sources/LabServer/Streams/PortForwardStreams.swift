/// What a client of port-forward does.
enum PortForwardEvent: Equatable {
    /// A connection to a port was opened.
    case opened(connection: Int, port: Int)
    case data(connection: Int, bytes: [UInt8])
    /// The client sends no more on it.
    case closed(connection: Int)
}

/// One side of a port-forward.
protocol PortForwardStreams: AnyObject {
    /// - Throws: if the client does not keep to its protocol.
    func receive(_ bytes: [UInt8]) throws -> [PortForwardEvent]
    func send(_ bytes: [UInt8], on connection: Int)
    /// Says why a connection cannot go on.
    func fail(_ connection: Int, _ text: String)
    func close(_ connection: Int)
    /// What is to be sent: messages of a WebSocket, or bytes of a connection.
    func takeOutput() -> [[UInt8]]
}

/// SPDY, over an upgraded connection or within the binary messages of a WebSocket: a stream for errors and one for data
/// a connection, joined by their `requestid`.
final class SPDYPortForwardStreams: PortForwardStreams {
    private struct Pair {
        var port: Int
        var error: UInt32?
        var data: UInt32?
    }

    private let connection = SPDYConnection()
    private var pairs: [(id: String, number: Int, pair: Pair)] = []
    private var next = 1

    /// The name of the protocol over an upgrade, and over a WebSocket.
    static let (protocols, tunnel) = (["portforward.k8s.io"], "SPDY/3.1+portforward.k8s.io")

    func receive(_ bytes: [UInt8]) throws -> [PortForwardEvent] {
        var events: [PortForwardEvent] = []
        for event in try connection.receive(bytes) {
            switch event {
            case .opened(let stream, let headers, _):
                guard let type = headers["streamtype"], ["error", "data"].contains(type),
                    let port = headers["port"].flatMap({ Int($0) }), (1...65_535).contains(port)
                else {
                    connection.reset(stream, status: 3)
                    continue
                }
                // Clients of old leave the identifier out and open the two streams one after the other.
                let id = headers["requestid"] ?? "\(type == "error" ? stream : stream &- 2)"
                if let event = open(stream, type, port, id) { events.append(event) }
            case .data(let stream, let bytes, let isFinished):
                guard let entry = pairs.first(where: { $0.pair.data == stream }) else { continue }
                if !bytes.isEmpty { events.append(.data(connection: entry.number, bytes: bytes)) }
                if isFinished { events.append(.closed(connection: entry.number)) }
            case .reset(let stream):
                guard let entry = pairs.first(where: { $0.pair.data == stream || $0.pair.error == stream }) else {
                    continue
                }
                pairs.removeAll { $0.number == entry.number }
                events.append(.closed(connection: entry.number))
            case .goAway: continue
            }
        }
        return events
    }

    private func open(_ stream: UInt32, _ type: String, _ port: Int, _ id: String) -> PortForwardEvent? {
        let index = pairs.firstIndex { $0.id == id } ?? pairs.count
        if index == pairs.count {
            pairs.append((id, next, Pair(port: port)))
            next += 1
        }
        guard pairs[index].pair.port == port else {
            connection.reset(stream, status: 3)
            return nil
        }
        if type == "error" { pairs[index].pair.error = stream } else { pairs[index].pair.data = stream }
        connection.reply(stream)
        guard pairs[index].pair.error != nil, pairs[index].pair.data != nil else { return nil }
        return .opened(connection: pairs[index].number, port: port)
    }

    private func pair(_ number: Int) -> Pair? { pairs.first { $0.number == number }?.pair }

    func send(_ bytes: [UInt8], on number: Int) {
        if let stream = pair(number)?.data { connection.send(bytes, on: stream) }
    }

    func fail(_ number: Int, _ text: String) {
        if let stream = pair(number)?.error { connection.send(Array(text.utf8), on: stream, finishing: true) }
        if let stream = pair(number)?.data { connection.send([], on: stream, finishing: true) }
        pairs.removeAll { $0.number == number }
    }

    func close(_ number: Int) {
        for stream in [pair(number)?.error, pair(number)?.data] {
            if let stream { connection.send([], on: stream, finishing: true) }
        }
        pairs.removeAll { $0.number == number }
    }

    func takeOutput() -> [[UInt8]] {
        let bytes = connection.takeOutput()
        return bytes.isEmpty ? [] : [bytes]
    }
}

/// `v4.channel.k8s.io` as Python's client speaks it: for the port with index i, channel 2i carries data and 2i+1 errors;
/// the first message of each tells the port.
final class ChannelPortForwardStreams: PortForwardStreams {
    private let ports: [Int]
    private var messages: [[UInt8]] = []
    private var isOpen: [Bool]

    static let name = "v4.channel.k8s.io"

    /// - Parameter ports: those that the request names, at most 100.
    init(ports: [Int]) {
        self.ports = Array(ports.prefix(100))
        isOpen = self.ports.map { _ in true }
        for (index, port) in self.ports.enumerated() {
            let text = [UInt8(truncatingIfNeeded: port), UInt8(truncatingIfNeeded: port >> 8)]
            messages.append([UInt8(2 * index)] + text)
            messages.append([UInt8(2 * index + 1)] + text)
        }
    }

    /// The connections that are open from the beginning.
    var opening: [PortForwardEvent] {
        ports.enumerated().map { .opened(connection: $0.offset, port: $0.element) }
    }

    func receive(_ message: [UInt8]) throws -> [PortForwardEvent] {
        guard let channel = message.first, channel % 2 == 0, message.count > 1,
            isOpen.indices.contains(Int(channel / 2)),
            isOpen[Int(channel / 2)]
        else { return [] }
        return [.data(connection: Int(channel / 2), bytes: Array(message.dropFirst()))]
    }

    func send(_ bytes: [UInt8], on connection: Int) {
        guard isOpen.indices.contains(connection), isOpen[connection] else { return }
        messages.append([UInt8(2 * connection)] + bytes)
    }

    func fail(_ connection: Int, _ text: String) {
        guard isOpen.indices.contains(connection), isOpen[connection] else { return }
        messages.append([UInt8(2 * connection + 1)] + Array(text.utf8))
        isOpen[connection] = false
    }

    func close(_ connection: Int) {
        if isOpen.indices.contains(connection) { isOpen[connection] = false }
    }

    /// Whether every connection has ended.
    var isOver: Bool { !isOpen.contains(true) }

    func takeOutput() -> [[UInt8]] {
        defer { messages = [] }
        return messages
    }
}
