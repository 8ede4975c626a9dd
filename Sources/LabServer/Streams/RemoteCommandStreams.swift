import KubernetesAPI

/// What a client of exec or attach does, whatever the protocol.
enum RemoteCommandEvent: Equatable {
    /// All the streams that the client wants are there; the command may begin.
    case ready
    case input([UInt8])
    case inputClosed
    case resized(width: Int, height: Int)
    /// The client is gone.
    case closed
}

/// Which streams a client of exec or attach asked for.
struct RemoteCommandOptions: Sendable, Equatable {
    var takesInput: Bool
    var givesOutput: Bool
    var givesError: Bool
    var hasTerminal: Bool

    init(_ http: HTTPRequest) {
        takesInput = http.flag("stdin")
        givesOutput = http.flag("stdout")
        hasTerminal = http.flag("tty")
        // With a terminal there is one stream for both.
        givesError = http.flag("stderr") && !hasTerminal
    }
}

/// One side of an exec or attach.
protocol RemoteCommandStreams: AnyObject {
    /// - Throws: if the client does not keep to its protocol.
    func receive(_ bytes: [UInt8]) throws -> [RemoteCommandEvent]
    func send(_ output: ExecOutput)
    /// The last word: how the command ended.
    func finish(_ status: JSONValue)
    /// What is to be sent: messages of a WebSocket, or bytes of a connection.
    func takeOutput() -> [[UInt8]]
}

/// `v4.channel.k8s.io` and `v5.channel.k8s.io`: messages whose first byte is a channel
/// (`k8s.io/apimachinery/pkg/util/remotecommand`).
final class WebSocketCommandStreams: RemoteCommandStreams {
    enum Channel: UInt8 { case input, output, error, status, resize }

    private let canClose: Bool
    private var messages: [[UInt8]] = []

    /// Protocols, the preferred one first.
    static let protocols = ["v5.channel.k8s.io", "v4.channel.k8s.io"]

    /// - Parameter name: the protocol; in the fifth version a client can say that its input has ended.
    init(_ name: String) { canClose = name == Self.protocols[0] }

    func receive(_ message: [UInt8]) throws -> [RemoteCommandEvent] {
        guard let first = message.first else { return [] }
        if first == 255, canClose, message.count >= 2 {
            return message[1] == Channel.input.rawValue ? [.inputClosed] : []
        }
        switch Channel(rawValue: first) {
        case .input: return [.input(Array(message.dropFirst()))]
        case .resize:
            return TerminalSize(message.dropFirst()).map { [.resized(width: $0.width, height: $0.height)] } ?? []
        case .output, .error, .status, nil: return []
        }
    }

    func send(_ output: ExecOutput) {
        messages.append([output.stream == .output ? Channel.output.rawValue : Channel.error.rawValue] + output.bytes)
    }

    func finish(_ status: JSONValue) { messages.append([Channel.status.rawValue] + status.compactBytes) }

    func takeOutput() -> [[UInt8]] {
        defer { messages = [] }
        return messages
    }
}

/// A terminal's size, as the channel for it carries it: `{"Width":80,"Height":24}`.
struct TerminalSize: Equatable {
    var width: Int
    var height: Int

    init?(_ bytes: some Sequence<UInt8>) {
        guard let value = try? JSONValue(parsingJSON: Array(bytes)[...]), case .integer(let width)? = value["Width"],
            case .integer(let height)? = value["Height"]
        else { return nil }
        self.width = Int(clamping: width)
        self.height = Int(clamping: height)
    }
}

/// `v4.channel.k8s.io` over SPDY: a stream each for input, output, errors, the status and the terminal's size.
final class SPDYCommandStreams: RemoteCommandStreams {
    private let connection = SPDYConnection()
    private let options: RemoteCommandOptions
    private var streams: [String: UInt32] = [:]
    private var isReady = false
    /// A size may come in parts.
    private var sizes: [UInt8] = []
    /// Input that came before the command could begin.
    private var early: [RemoteCommandEvent] = []
    private var earlySize = 0

    static let protocols = ["v4.channel.k8s.io"]
    /// Bytes of input that may come before every stream is there.
    static let earlyLimit = 1 << 20

    /// The client sends input, and not the streams without which nothing begins.
    struct EarlyInputError: Error {}

    init(_ options: RemoteCommandOptions) { self.options = options }

    private var wanted: [String] {
        ["error"] + (options.takesInput ? ["stdin"] : []) + (options.givesOutput ? ["stdout"] : [])
            + (options.givesError ? ["stderr"] : []) + (options.hasTerminal ? ["resize"] : [])
    }

    func receive(_ bytes: [UInt8]) throws -> [RemoteCommandEvent] {
        var events: [RemoteCommandEvent] = []
        for event in try connection.receive(bytes) {
            switch event {
            case .opened(let stream, let headers, let isFinished):
                guard let type = headers["streamtype"], wanted.contains(type), streams[type] == nil else {
                    connection.reset(stream, status: 3)
                    continue
                }
                streams[type] = stream
                connection.reply(stream)
                if type == "stdin", isFinished { try take([], isFinished: true, &events) }
                if !isReady, wanted.allSatisfy({ streams[$0] != nil }) {
                    isReady = true
                    events.append(.ready)
                    events += early
                    early = []
                }
            case .data(let stream, let bytes, let isFinished) where stream == streams["stdin"]:
                try take(bytes, isFinished: isFinished, &events)
            case .reset(let stream) where stream == streams["stdin"]:
                try take([], isFinished: true, &events)
            case .data(let stream, let bytes, _) where stream == streams["resize"]:
                sizes = Array((sizes + bytes).suffix(256))
                if let size = TerminalSize(sizes.split(separator: 10).last ?? sizes[...]) {
                    sizes = []
                    events.append(.resized(width: size.width, height: size.height))
                }
            case .data, .reset: continue
            case .goAway: events.append(.closed)
            }
        }
        return events
    }

    private func take(_ bytes: [UInt8], isFinished: Bool, _ events: inout [RemoteCommandEvent]) throws {
        let taken = (bytes.isEmpty ? [] : [RemoteCommandEvent.input(bytes)]) + (isFinished ? [.inputClosed] : [])
        guard !isReady else { return events += taken }
        earlySize += bytes.count
        guard earlySize <= Self.earlyLimit else { throw EarlyInputError() }
        early += taken
    }

    func send(_ output: ExecOutput) {
        guard let stream = streams[output.stream == .output ? "stdout" : "stderr"] else { return }
        connection.send(output.bytes, on: stream)
    }

    func finish(_ status: JSONValue) {
        if let stream = streams["error"] { connection.send(status.compactBytes, on: stream, finishing: true) }
        for type in ["stdout", "stderr", "stdin", "resize"] {
            if let stream = streams[type] { connection.send([], on: stream, finishing: true) }
        }
    }

    func takeOutput() -> [[UInt8]] {
        let bytes = connection.takeOutput()
        return bytes.isEmpty ? [] : [bytes]
    }
}
