import KubernetesAPI
import NIOCore
import Synchronization

/// The end of an upgraded connection: gives what the client sends to the lab, and what the lab has to say to the client.
final class StreamSession: ChannelInboundHandler {
    typealias InboundIn = ByteBuffer
    typealias OutboundOut = ByteBuffer

    private let conversation: Conversation
    private let output: StreamOutput
    /// What the client sends is handled in its order, one piece after the other.
    private let pieces: AsyncStream<[UInt8]>
    private let inlet: AsyncStream<[UInt8]>.Continuation
    private var work: Task<Void, Never>?

    /// Messages that may wait for the lab; a client that sends more loses its connection.
    static let backlog = 1_024

    private enum Conversation: Sendable {
        case command(CommandConversation)
        case forward(ForwardConversation)
    }

    init(_ plan: StreamPlan, _ name: StreamProtocol, _ host: LabHost, on channel: any Channel) {
        (pieces, inlet) = AsyncStream.makeStream(bufferingPolicy: .bufferingOldest(Self.backlog))
        output = StreamOutput(channel)
        switch plan {
        case .exec(let request, let options):
            conversation = .command(CommandConversation(.exec(request), options, name, host, output))
        case .attach(let log, let options):
            conversation = .command(CommandConversation(.attach(log), options, name, host, output))
        case .forward(let sandbox, let ports):
            conversation = .forward(ForwardConversation(sandbox, ports: ports, name, host, output))
        }
    }

    func handlerAdded(context: ChannelHandlerContext) {
        let (conversation, pieces, output) = (conversation, pieces, output)
        work = Task {
            switch conversation {
            case .command(let command): await command.run(pieces)
            case .forward(let forward): await forward.run(pieces)
            }
            await output.end()
        }
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        let bytes = Array(unwrapInboundIn(data).readableBytesView)
        if case .dropped = inlet.yield(bytes) { context.close(promise: nil) }
    }

    func channelInactive(context: ChannelHandlerContext) {
        inlet.finish()
        work?.cancel()
        context.fireChannelInactive()
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) { context.close(promise: nil) }
}

/// Where a conversation's bytes go. What the client does not read is bounded.
final class StreamOutput: Sendable {
    private let channel: any Channel
    private let pending = Atomic<Int>(0)
    /// The writing of what was sent last.
    private let last = Mutex<EventLoopFuture<Void>?>(nil)

    /// How long a client may take to read the end.
    static let patience = TimeAmount.seconds(60)

    init(_ channel: any Channel) { self.channel = channel }

    func send(_ messages: [[UInt8]]) {
        for message in messages {
            let size = message.count
            guard pending.add(size, ordering: .relaxed).newValue <= BodyStream.limit else {
                channel.close(promise: nil)
                return
            }
            let written = channel.writeAndFlush(ByteBuffer(bytes: message))
            written.whenComplete { _ in self.pending.subtract(size, ordering: .relaxed) }
            last.withLock { $0 = written }
        }
    }

    /// Ends the connection once the client has got everything: closing it drops what was not written.
    func end() async {
        let channel = channel
        let limit = channel.eventLoop.scheduleTask(in: Self.patience) { channel.close(promise: nil) }
        try? await last.withLock { $0 }?.get()
        limit.cancel()
        try? await channel.close()
    }
}

/// An exec or attach from its beginning to its end.
actor CommandConversation {
    enum Subject: Sendable {
        case exec(ExecRequest)
        /// The log that is followed.
        case attach(APIRequest)
    }

    private let subject: Subject
    private let host: LabHost
    private let output: StreamOutput
    private let streams: any RemoteCommandStreams
    private var shell: Int?
    private var log: Int?
    private let needsStreams: Bool
    private let (told, teller) = AsyncStream.makeStream(of: ([ExecOutput], JSONValue?).self)

    init(
        _ subject: Subject, _ options: RemoteCommandOptions, _ name: StreamProtocol, _ host: LabHost,
        _ output: StreamOutput
    ) {
        self.subject = subject
        self.host = host
        self.output = output
        switch name {
        case .webSocket(let name):
            streams = WebSocketCommandStreams(name)
            needsStreams = false
        case .spdy:
            streams = SPDYCommandStreams(options)
            needsStreams = true
        }
    }

    func run(_ pieces: AsyncStream<[UInt8]>) async {
        if !needsStreams { await begin() }
        await withTaskGroup(of: Void.self) { group in
            group.addTask { await self.listen(pieces) }
            group.addTask { await self.tell() }
            await group.next()
            group.cancelAll()
        }
        if let shell { await host.end(shell: shell) }
        if let log { await host.end(log: log) }
    }

    private func begin() async {
        switch subject {
        case .exec(let request):
            let teller = teller
            shell = await host.begin(request) { teller.yield(($0, $1)) }
        case .attach(let request):
            let teller = teller
            do throws(APIStatus) {
                log = try await host.follow(request) { piece in
                    teller.yield(
                        (
                            piece.map { [ExecOutput(.output, $0)] } ?? [],
                            piece == nil ? ExecEnding.exited(0).status : nil
                        ))
                }
            } catch {
                teller.yield(([], ExecEnding.failed(error).status))
            }
        }
    }

    private func listen(_ pieces: AsyncStream<[UInt8]>) async {
        for await bytes in pieces {
            guard let events = try? streams.receive(bytes) else { return }
            output.send(streams.takeOutput())
            for event in events {
                switch event {
                case .ready: await begin()
                case .input(let bytes): if let shell { await host.provide(bytes, to: shell) }
                case .inputClosed: if let shell { await host.closeInput(of: shell) }
                case .resized: break
                case .closed: return
                }
            }
        }
    }

    private func tell() async {
        for await (outputs, status) in told {
            for one in outputs { streams.send(one) }
            if let status { streams.finish(status) }
            output.send(streams.takeOutput())
            if status != nil { return }
        }
    }
}
