import ContainerRuntime
import KubernetesAPI
import Workloads

/// A port-forward from its beginning to its end: the HTTP requests that come through become requests in the lab.
actor ForwardConversation {
    private let sandbox: SandboxID
    private let host: LabHost
    private let output: StreamOutput
    private let streams: any PortForwardStreams
    private let opening: [PortForwardEvent]
    private var connections:
        [(number: Int, port: Int, http: ForwardedHTTP, waiting: [ForwardedHTTP.Request], isBusy: Bool)] = []

    /// Requests of one connection that may wait for those before them.
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
        output.send(streams.takeOutput())
        for await bytes in pieces {
            // An empty DATA frame of the tunnel is an empty message.
            guard !bytes.isEmpty else { continue }
            guard let events = try? streams.receive(bytes) else { return }
            for event in events { handle(event) }
            output.send(streams.takeOutput())
        }
    }

    private func handle(_ event: PortForwardEvent) {
        switch event {
        case .opened(let number, let port):
            connections.append((number, port, ForwardedHTTP(), [], false))
        case .closed(let number):
            guard let index = connections.firstIndex(where: { $0.number == number }) else { return }
            // What was asked is still answered.
            if connections[index].isBusy || !connections[index].waiting.isEmpty { return }
            connections.remove(at: index)
            streams.close(number)
        case .data(let number, let bytes):
            guard let index = connections.firstIndex(where: { $0.number == number }) else { return }
            for event in connections[index].http.receive(bytes) {
                switch event {
                case .request(let request):
                    guard connections[index].waiting.count < Self.pipelineLimit else { continue }
                    connections[index].waiting.append(request)
                case .garbage:
                    streams.send(
                        ForwardedHTTP.answer(
                            status: 400, reason: "Bad Request", body: "the lab's programs speak HTTP/1.1 only\n",
                            to: nil),
                        on: number)
                    streams.close(number)
                    connections.remove(at: index)
                    return
                }
            }
            sendNext(number)
        }
    }

    private func sendNext(_ number: Int) {
        guard let index = connections.firstIndex(where: { $0.number == number }), !connections[index].isBusy,
            !connections[index].waiting.isEmpty
        else { return }
        connections[index].isBusy = true
        let request = connections[index].waiting.removeFirst()
        let (port, sandbox, host) = (connections[index].port, sandbox, host)
        Task {
            await host.send(request.path, to: sandbox, port: port) { exchange in
                Task { await self.answer(exchange, to: request, on: number, port) }
            }
        }
    }

    private func answer(_ exchange: Exchange?, to request: ForwardedHTTP.Request, on number: Int, _ port: Int) {
        guard let index = connections.firstIndex(where: { $0.number == number }) else { return }
        connections[index].isBusy = false
        switch exchange?.end?.how {
        case .answered(let status)?:
            streams.send(
                ForwardedHTTP.answer(
                    status: status, reason: Exchange.reason(status), body: exchange?.body(status: status) ?? "",
                    to: request), on: number)
            if request.keepsAlive {
                sendNext(number)
            } else {
                streams.close(number)
                connections.remove(at: index)
            }
        case .refused?, nil:
            streams.fail(
                number,
                "an error occurred forwarding \(port) -> \(port): failed to connect to localhost:\(port) inside namespace: connection refused"
            )
            connections.remove(at: index)
        case .reset?, .timedOut?:
            streams.fail(
                number, "an error occurred forwarding \(port) -> \(port): the connection was reset by the program")
            connections.remove(at: index)
        }
        output.send(streams.takeOutput())
    }
}
