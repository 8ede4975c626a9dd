import ContainerRuntime
import KubernetesAPI
import Workloads

/// A port-forward from its beginning to its end: the HTTP requests that come through become requests in the lab.
actor ForwardConversation {
    private struct Connection {
        let number: Int
        let port: Int
        var http = ForwardedHTTP()
        var waiting: [ForwardedHTTP.Request] = []
        var isBusy = false
        /// How it ends, once everything that was asked before is answered.
        var ending: Ending?
    }

    private enum Ending {
        /// The client sends no more.
        case closed
        /// What it sends is no HTTP.
        case garbage
    }

    private let sandbox: SandboxID
    private let host: LabHost
    private let output: StreamOutput
    private let streams: any PortForwardStreams
    private let opening: [PortForwardEvent]
    private var connections: [Connection] = []

    /// Requests of one connection that may wait for those before them; whoever sends more is not listened to any more.
    static let pipelineLimit = 64

    init(_ sandbox: SandboxID, ports: [Int], _ name: StreamProtocol, _ host: LabHost, _ output: StreamOutput) {
        self.sandbox = sandbox
        self.host = host
        self.output = output
        if name == .webSocket(ChannelPortForwardStreams.name) {
            let channels = ChannelPortForwardStreams(ports: ports)
            streams = channels
            opening = channels.opening
        } else {
            streams = SPDYPortForwardStreams()
            opening = []
        }
    }

    func run(_ pieces: AsyncStream<[UInt8]>) async {
        for event in opening { handle(event) }
        tell()
        for await bytes in pieces {
            // An empty DATA frame of the tunnel is an empty message.
            guard !bytes.isEmpty else { continue }
            guard let events = try? streams.receive(bytes) else { return }
            for event in events { handle(event) }
            tell()
        }
    }

    private func tell() {
        output.send(streams.takeOutput())
        guard streams.isOver else { return }
        let output = output
        Task { await output.end() }
    }

    private func handle(_ event: PortForwardEvent) {
        switch event {
        case .opened(let number, let port):
            connections.append(Connection(number: number, port: port))
        case .closed(let number):
            guard let index = index(of: number) else { return }
            connections[index].ending = connections[index].ending ?? .closed
            goOn(index)
        case .data(let number, let bytes):
            guard let index = index(of: number), connections[index].ending == nil else { return }
            for event in connections[index].http.receive(bytes) {
                switch event {
                case .request(let request) where connections[index].waiting.count < Self.pipelineLimit:
                    connections[index].waiting.append(request)
                case .request: connections[index].ending = .closed
                case .garbage: connections[index].ending = .garbage
                }
                if connections[index].ending != nil { break }
            }
            goOn(index)
        }
    }

    private func index(of number: Int) -> Int? { connections.firstIndex { $0.number == number } }

    /// Sends the next request that waits, or ends a connection that has nothing more to answer.
    private func goOn(_ index: Int) {
        guard !connections[index].isBusy else { return }
        let (number, port) = (connections[index].number, connections[index].port)
        guard !connections[index].waiting.isEmpty else {
            guard let ending = connections[index].ending else { return }
            if ending == .garbage {
                let text = "the lab's programs speak HTTP/1.1 only\n"
                streams.send(ForwardedHTTP.answer(status: 400, reason: "Bad Request", body: text, to: nil), on: number)
            }
            return close(index)
        }
        connections[index].isBusy = true
        let request = connections[index].waiting.removeFirst()
        let (sandbox, host) = (sandbox, host)
        Task {
            await host.send(request.path, to: sandbox, port: port) { exchange in
                Task { await self.answer(exchange, to: request, on: number) }
            }
        }
    }

    private func close(_ index: Int) { streams.close(connections.remove(at: index).number) }

    private func answer(_ exchange: Exchange?, to request: ForwardedHTTP.Request, on number: Int) {
        guard let index = index(of: number) else { return }
        connections[index].isBusy = false
        switch exchange?.end?.how {
        case .answered(let status)?:
            streams.send(
                ForwardedHTTP.answer(
                    status: status, reason: Exchange.reason(status), body: exchange?.body(status: status) ?? "",
                    to: request), on: number)
            if request.keepsAlive { goOn(index) } else { close(index) }
        case .refused?, nil:
            fail(
                index, "failed to connect to localhost:\(connections[index].port) inside namespace: connection refused")
        case .reset?, .timedOut?: fail(index, "the connection was reset by the program")
        }
        tell()
    }

    private func fail(_ index: Int, _ text: String) {
        let connection = connections.remove(at: index)
        let port = connection.port
        streams.fail(connection.number, "an error occurred forwarding \(port) -> \(port): \(text)")
    }
}
