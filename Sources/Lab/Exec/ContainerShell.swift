import Cluster
import ContainerRuntime
import KubernetesAPI
import Simulation
import Workloads

/// A world that commands in containers act on: it lets them look, and does what they change.
public protocol ShellHost {
    var world: World { get }
    /// Sends a request from a container. An input of the lab.
    /// - Returns: the number of the exchange (`Workloads.exchange(_:)`).
    mutating func send(_ request: ExchangeRequest) -> UInt64
    /// Sends a signal to the first process of a container. An input of the lab.
    mutating func signal(_ container: ContainerID, _ number: Int)
}

/// One `exec` in a container: what it was told, what it waits for, what it wrote and how it ended.
///
/// A value without a clock of its own. Whoever drives it calls ``run(on:)`` whenever the world has moved on or input
/// came, takes the output, and stops at ``ending``. It is no part of the world: what it changes there (requests,
/// signals) are inputs of the lab, and a replay needs nothing else.
public struct ContainerShell: Sendable {
    /// What a command waits for.
    enum Pending: Sendable {
        case sleep(until: SimulationTime, status: Int32, says: String)
        case exchange(UInt64, WebRequest)
        /// `cat` without files: what comes in goes out.
        case copyInput
    }

    /// Where a command's output goes.
    enum Sink: Sendable { case stream(ExecOutput.Stream), nowhere }

    /// A running script; a script within a script has a frame of its own.
    struct Frame: Sendable {
        var program: [ShellInstruction]
        var place = 0
        var status: Int32 = 0
        var variables: [(name: String, value: String, isExported: Bool)] = []
        var arguments: [String] = []
        /// The words that `for` loops have still to walk over, innermost last.
        var walks: [ArraySlice<String>] = []
        var folder = "/"
        var output = Sink.stream(.output)
        var error = Sink.stream(.error)
        /// A shell without a script takes its commands from what it reads.
        var readsCommands = false
    }

    public let target: ExecTarget
    private let hasTerminal: Bool
    var frames: [Frame] = []
    private var pending: Pending?
    private var pendingSinks: (output: Sink, error: Sink) = (.stream(.output), .stream(.error))
    private var input: [UInt8] = []
    private var inputIsClosed: Bool
    private var terminal = TerminalLine()
    private var outputs: [ExecOutput] = []
    private var outputSize = 0
    private var tiredUntil: SimulationTime?
    private var hasPrompted = false
    /// How it ended; nil while it goes on.
    public private(set) var ending: ExecEnding?

    /// Output that nobody has taken yet above which a command stands still, in bytes.
    static let outputLimit = 1 << 20
    /// Input that is kept; more is dropped, as a terminal's buffer drops it.
    static let inputLimit = 1 << 20
    /// Commands at one instant after which a shell lets a millisecond pass: loops take time.
    static let commandsPerInstant = 200
    static let deepestScript = 20

    /// Begins a command in a container.
    /// - Throws: what the API server or the kubelet answers where none can run.
    public init(_ request: ExecRequest, in world: World) throws(APIStatus) {
        var asked = APIRequest(
            .create, Pod.resource, namespace: request.namespace, name: request.pod, subresource: "exec")
        asked.user = request.user
        asked.impersonated = request.impersonated
        try world.cluster.authorize(asked)
        target = try world.cluster.execTarget(
            namespace: request.namespace, pod: request.pod, container: request.container)
        hasTerminal = request.hasTerminal
        inputIsClosed = !request.takesInput
        guard let first = request.command.first, !first.isEmpty else {
            throw .badRequest("you must specify at least one command for the container")
        }
        guard let surroundings = ContainerSurroundings(target, in: world) else {
            throw APIStatus(
                code: 500, reason: "InternalError",
                message:
                    "Internal error occurred: unable to upgrade connection: container not found (\"\(target.container.name)\")"
            )
        }
        guard ShellCommands.binary(first) != nil else { throw Self.missingBinary(first, target, world) }
        var command = SimpleCommand()
        command.words = request.command.map { ShellWord(parts: [.text($0, quoted: true)]) }
        var frame = Frame(program: [.command(command)])
        frame.folder = target.container.workingDir.isEmpty ? "/" : target.container.workingDir
        frame.variables = surroundings.environment.map { ($0.name, $0.value, true) }
        frames = [frame]
    }

    /// What containerd says of a command that the image has not.
    private static func missingBinary(_ name: String, _ target: ExecTarget, _ world: World) -> APIStatus {
        var digest = Digest()
        digest.fold(target.pod.metadata.uid)
        digest.fold(UInt64(bitPattern: world.now.nanoseconds))
        digest.fold(name)
        let id = digest.description + Digest().description
        let why =
            name.contains("/")
            ? "stat \(name): no such file or directory" : "executable file not found in $PATH"
        return APIStatus(
            code: 500, reason: "InternalError",
            message:
                "Internal error occurred: error executing command in container: failed to exec in container: failed to start exec \"\(id)\": OCI runtime exec failed: exec failed: unable to start container process: exec: \(GoText.quoted(name)): \(why): unknown"
        )
    }

    // MARK: Input and output

    /// Whether everything that the command can do now needs input.
    public var waitsForInput: Bool {
        guard ending == nil, !inputIsClosed, input.isEmpty else { return false }
        if case .copyInput? = pending { return true }
        return pending == nil && (frames.last?.readsCommands ?? false)
            && (frames.last.map { $0.place >= $0.program.count } ?? false)
    }

    /// When to call ``run(on:)`` again at the latest, if the command waits for time to pass; nil if it waits for
    /// something else.
    public var wakes: SimulationTime? {
        if let tiredUntil { return tiredUntil }
        if case .sleep(let until, _, _)? = pending { return until }
        return nil
    }

    /// Takes bytes of the command's standard input.
    public mutating func provide(_ bytes: some Sequence<UInt8>) {
        guard ending == nil, !inputIsClosed else { return }
        guard hasTerminal else {
            input += bytes.prefix(Self.inputLimit - input.count)
            return
        }
        for byte in bytes {
            switch terminal.take(byte) {
            case .nothing: break
            case .echo(let echo): write(.stream(.output), echo, cooked: false)
            case .line(let line):
                write(.stream(.output), Array("\r\n".utf8), cooked: false)
                if input.count + line.count <= Self.inputLimit { input += line }
            case .interrupt:
                write(.stream(.output), Array("^C\r\n".utf8), cooked: false)
                interrupt()
            case .end:
                inputIsClosed = true
            }
        }
    }

    /// The client sends no more.
    public mutating func closeInput() { inputIsClosed = true }

    /// Ctrl-C: ends the running command; a shell without a script goes on with its next line.
    public mutating func interrupt() {
        guard ending == nil else { return }
        pending = nil
        tiredUntil = nil
        while let last = frames.last, !last.readsCommands {
            _ = last
            frames.removeLast()
        }
        guard let place = frames.indices.last else { return end(.exited(130)) }
        frames[place].place = frames[place].program.count
        frames[place].status = 130
        hasPrompted = false
    }

    /// Takes what was written since the last time.
    public mutating func takeOutput() -> [ExecOutput] {
        defer {
            outputs = []
            outputSize = 0
        }
        return outputs
    }

    mutating func write(_ sink: Sink, _ bytes: [UInt8], cooked: Bool = true) {
        guard case .stream(var stream) = sink, !bytes.isEmpty else { return }
        var bytes = bytes
        if hasTerminal {
            stream = .output
            if cooked { bytes = bytes.flatMap { $0 == 10 ? [13, 10] : [$0] } }
        }
        outputSize += bytes.count
        if outputs.last?.stream == stream {
            outputs[outputs.count - 1].bytes += bytes
        } else {
            outputs.append(ExecOutput(stream, bytes))
        }
    }

    private mutating func end(_ ending: ExecEnding) {
        self.ending = ending
        pending = nil
        frames = []
    }

    // MARK: Running

    /// Goes on as far as the present instant allows.
    public mutating func run(on host: inout some ShellHost) {
        guard ending == nil else { return }
        guard host.world.cluster.isPresent(target.run), host.world.workloads.startTime(of: target.run) != nil else {
            // The container has stopped: its processes are killed with it.
            return end(.exited(137))
        }
        let now = host.world.now
        if let tired = tiredUntil {
            guard now >= tired else { return }
            tiredUntil = nil
        }
        var commands = 0
        while ending == nil, outputSize < Self.outputLimit {
            if pending != nil, !resume(on: host) { return }
            guard let place = frames.indices.last else { return end(.exited(0)) }
            guard frames[place].place < frames[place].program.count else {
                if frames[place].readsCommands {
                    guard readCommands(place) else { return }
                } else {
                    pop()
                }
                continue
            }
            commands += 1
            if commands > Self.commandsPerInstant {
                tiredUntil = now + .milliseconds(1)
                return
            }
            step(place, on: &host)
        }
    }

    /// A script has come to its end: its status is that of the command that ran it.
    private mutating func pop(with status: Int32? = nil) {
        guard let done = frames.popLast() else { return }
        let status = status ?? done.status
        if let place = frames.indices.last { frames[place].status = status } else { end(.exited(status & 0xff)) }
    }

    /// Takes the next line that a shell without a script has read.
    /// - Returns: false if there is none yet.
    private mutating func readCommands(_ place: Int) -> Bool {
        if hasTerminal, !hasPrompted {
            write(frames[place].output, Array("# ".utf8))
            hasPrompted = true
        }
        let line: [UInt8]
        if let newline = input.firstIndex(of: 10) {
            line = Array(input[..<newline])
            input.removeSubrange(...newline)
        } else {
            guard inputIsClosed else { return false }
            line = input
            input = []
            guard !line.isEmpty else {
                pop()
                return true
            }
        }
        hasPrompted = false
        load(String(decoding: line, as: UTF8.self), place)
        return true
    }

    /// Makes a script what a frame runs next.
    private mutating func load(_ script: String, _ place: Int) {
        do {
            frames[place].program = try ShellParser.program(script)
        } catch {
            frames[place].program = []
            frames[place].status = 2
            write(frames[place].error, Array("sh: \(error.line): \(error.message)\n".utf8))
        }
        frames[place].place = 0
        frames[place].walks = []
    }

    /// - Returns: false while what the command waits for has not come.
    private mutating func resume(on host: borrowing some ShellHost) -> Bool {
        let world = host.world
        switch pending {
        case .sleep(let until, let status, let says):
            guard world.now >= until else { return false }
            finish(status, error: says)
        case .exchange(let number, let request):
            guard let exchange = world.workloads.exchange(number) else {
                finish(56, error: "curl: (56) Recv failure: Connection reset by peer\n")
                return true
            }
            guard exchange.end != nil else { return false }
            let answer = request.answer(to: exchange)
            write(pendingSinks.output, answer.output)
            finish(answer.status, error: answer.error)
        case .copyInput:
            write(pendingSinks.output, input)
            input = []
            guard inputIsClosed else { return false }
            finish(0, error: "")
        case nil: break
        }
        return true
    }

    private mutating func finish(_ status: Int32, error: String) {
        write(pendingSinks.error, Array(error.utf8))
        pending = nil
        if let place = frames.indices.last { frames[place].status = status }
    }

    private mutating func step(_ place: Int, on host: inout some ShellHost) {
        let instruction = frames[place].program[frames[place].place]
        frames[place].place += 1
        switch instruction {
        case .command(let command): perform(command, place, on: &host)
        case .negate: frames[place].status = frames[place].status == 0 ? 1 : 0
        case .jump(let target): frames[place].place = target
        case .jumpIfFailed(let target): if frames[place].status != 0 { frames[place].place = target }
        case .jumpIfSucceeded(let target): if frames[place].status == 0 { frames[place].place = target }
        case .succeed: frames[place].status = 0
        case .beginFor(let words):
            let scope = ShellScope(frames[place])
            frames[place].walks.append(words.flatMap(scope.fields)[...])
        case .nextFor(let name, let end):
            guard let depth = frames[place].walks.indices.last, let next = frames[place].walks[depth].popFirst() else {
                _ = frames[place].walks.popLast()
                frames[place].place = end
                return
            }
            frames[place].set(name, next)
        }
    }

    private mutating func perform(_ command: SimpleCommand, _ place: Int, on host: inout some ShellHost) {
        let scope = ShellScope(frames[place])
        var (output, error) = (frames[place].output, frames[place].error)
        for redirect in command.redirects {
            let sink: Sink
            switch redirect.target {
            case .descriptor(let other): sink = other == 2 ? error : output
            case .file(let word):
                let path = scope.fields(word).joined(separator: " ")
                if redirect.descriptor == 0 {
                    guard path == "/dev/null" else {
                        write(
                            frames[place].error,
                            Array("sh: 1: cannot open \(path): this shell reads no files as input\n".utf8))
                        frames[place].status = 2
                        return
                    }
                    continue
                }
                guard ["/dev/null", "/dev/stdout", "/dev/stderr"].contains(path) else {
                    write(frames[place].error, Array("sh: 1: cannot create \(path): Read-only file system\n".utf8))
                    frames[place].status = 2
                    return
                }
                sink = path == "/dev/null" ? .nowhere : .stream(path == "/dev/stderr" ? .error : .output)
            }
            if redirect.descriptor == 2 { error = sink } else { output = sink }
        }
        let words = command.words.flatMap(scope.fields)
        guard let name = words.first else {
            for (name, value) in command.assignments { frames[place].set(name, scope.text(value)) }
            frames[place].status = 0
            return
        }
        var environment = frames[place].exported
        for (name, value) in command.assignments {
            environment.removeAll { $0.name == name }
            environment.append((name, scope.text(value)))
        }
        guard let surroundings = ContainerSurroundings(target, in: host.world) else { return }
        let isScript = frames.count > 1 || frames[place].readsCommands
        let call = ShellCommands.Call(
            words: words, environment: environment, folder: frames[place].folder, surroundings: surroundings)
        pendingSinks = (output, error)
        let outcome = isScript ? ShellCommands.builtIn(call, frame: &frames[place]) : nil
        switch outcome ?? ShellCommands.run(call) {
        case .ended(let status, let text, let complaint):
            write(output, text)
            write(error, Array(complaint.utf8))
            frames[place].status = status
        case .exit(let status): pop(with: status)
        case .sleep(let span, let status, let says):
            pending = .sleep(until: host.world.now + span, status: status, says: says)
        case .copyInput: pending = .copyInput
        case .request(let exchange, let request): pending = .exchange(host.send(exchange), request)
        case .signal(let number):
            host.signal(target.run, number)
            frames[place].status = 0
        case .script(let text, let arguments):
            guard frames.count < Self.deepestScript else {
                write(error, Array("\(name): too many shells within shells\n".utf8))
                frames[place].status = 2
                return
            }
            var frame = Frame(program: [])
            frame.variables = environment.map { ($0.name, $0.value, true) }
            frame.folder = frames[place].folder
            frame.arguments = arguments
            (frame.output, frame.error) = (output, error)
            frame.readsCommands = text == nil
            frames.append(frame)
            hasPrompted = false
            if let text { load(text, frames.count - 1) }
        }
    }
}

extension ContainerShell.Frame {
    mutating func set(_ name: String, _ value: String) {
        if let place = variables.firstIndex(where: { $0.name == name }) {
            variables[place].value = value
        } else {
            variables.append((name, value, false))
        }
    }

    var exported: [(name: String, value: String)] { variables.filter(\.isExported).map { ($0.name, $0.value) } }
}
