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
    /// Whether every connection has ended and none can follow.
    var isOver: Bool { get }
    /// What is to be sent: messages of a WebSocket, or bytes of a connection.
    func takeOutput() -> [[UInt8]]
}

/// SPDY, over an upgraded connection or within the binary messages of a WebSocket: a stream for errors and one for data
/// a connection, joined by their `requestid` (`k8s.io/kubelet/pkg/cri/streaming/portforward`).
final class SPDYPortForwardStreams: PortForwardStreams {
    private struct Pair {
        let id: String
        let number: Int
        let port: Int
        var error: UInt32?
        var data: UInt32?
        /// What came on the stream for data before the one for errors was there.
        var early: [UInt8] = []
        var isFinishedEarly = false

        var isWhole: Bool { error != nil && data != nil }
    }

    private let connection = SPDYConnection()
    private var pairs: [Pair] = []
    private var next = 1

    /// The name of the protocol over an upgrade, and over a WebSocket.
    static let (protocols, tunnel) = (["portforward.k8s.io"], "SPDY/3.1+portforward.k8s.io")
    /// Bytes that may come on a stream for data that has no stream for errors yet.
    static let earlyLimit = 64 << 10

    func receive(_ bytes: [UInt8]) throws -> [PortForwardEvent] {
        var events: [PortForwardEvent] = []
        for event in try connection.receive(bytes) {
            switch event {
            case .opened(let stream, let headers, let isFinished):
                guard let type = headers["streamtype"], ["error", "data"].contains(type),
                    let port = headers["port"].flatMap({ UInt16($0) }), port > 0
                else {
                    connection.reset(stream, status: 3)
                    continue
                }
                // Clients of old leave the identifier out and open the two streams one after the other.
                let id = headers["requestid"] ?? "\(type == "error" ? stream : stream &- 2)"
                events += open(stream, type, Int(port), id)
                if isFinished, let index = pairs.firstIndex(where: { $0.data == stream }) {
                    events += take([], isFinished: true, index)
                }
            case .data(let stream, let bytes, let isFinished):
                guard let index = pairs.firstIndex(where: { $0.data == stream }) else { continue }
                events += take(bytes, isFinished: isFinished, index)
            case .reset(let stream):
                guard let index = pairs.firstIndex(where: { $0.data == stream || $0.error == stream }) else {
                    continue
                }
                events += drop(index)
            case .goAway: continue
            }
        }
        return events
    }

    private func open(_ stream: UInt32, _ type: String, _ port: Int, _ id: String) -> [PortForwardEvent] {
        var index = pairs.count
        if let known = pairs.firstIndex(where: { $0.id == id }) {
            index = known
        } else {
            pairs.append(Pair(id: id, number: next, port: port))
            next += 1
        }
        let taken = type == "error" ? pairs[index].error : pairs[index].data
        guard pairs[index].port == port, taken == nil else {
            connection.reset(stream, status: 3)
            return []
        }
        if type == "error" { pairs[index].error = stream } else { pairs[index].data = stream }
        connection.reply(stream)
        guard pairs[index].isWhole else { return [] }
        let pair = pairs[index]
        pairs[index].early = []
        return [.opened(connection: pair.number, port: port)]
            + (pair.early.isEmpty ? [] : [.data(connection: pair.number, bytes: pair.early)])
            + (pair.isFinishedEarly ? [.closed(connection: pair.number)] : [])
    }

    private func take(_ bytes: [UInt8], isFinished: Bool, _ index: Int) -> [PortForwardEvent] {
        let number = pairs[index].number
        guard pairs[index].isWhole else {
            guard pairs[index].early.count + bytes.count <= Self.earlyLimit else { return drop(index) }
            pairs[index].early += bytes
            if isFinished { pairs[index].isFinishedEarly = true }
            return []
        }
        return (bytes.isEmpty ? [] : [.data(connection: number, bytes: bytes)])
            + (isFinished ? [.closed(connection: number)] : [])
    }

    /// Lets a connection go of which the client wants nothing more. kubectl resets the stream for data and then waits
    /// for the end of the one for errors.
    private func drop(_ index: Int) -> [PortForwardEvent] {
        let pair = pairs.remove(at: index)
        end(pair)
        return pair.isWhole ? [.closed(connection: pair.number)] : []
    }

    private func end(_ pair: Pair, saying text: String = "") {
        if let stream = pair.error { connection.send(Array(text.utf8), on: stream, finishing: true) }
        if let stream = pair.data { connection.send([], on: stream, finishing: true) }
    }

    func send(_ bytes: [UInt8], on number: Int) {
        if let stream = pairs.first(where: { $0.number == number })?.data { connection.send(bytes, on: stream) }
    }

    func fail(_ number: Int, _ text: String) {
        guard let index = pairs.firstIndex(where: { $0.number == number }) else { return }
        end(pairs.remove(at: index), saying: text)
    }

    func close(_ number: Int) { fail(number, "") }

    /// Never: the client may open another connection.
    var isOver: Bool { false }

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

    var isOver: Bool { !isOpen.contains(true) }

    func takeOutput() -> [[UInt8]] {
        defer { messages = [] }
        return messages
    }
}
