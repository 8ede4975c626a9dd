import Foundation
import Synchronization

/// How a worker is started.
public struct WorkerCommand: Sendable {
    /// An absolute path.
    public var executable: String
    public var arguments: [String]
    public var environment: [String: String]

    public init(executable: String, arguments: [String], environment: [String: String]) {
        self.executable = executable
        self.arguments = arguments
        self.environment = environment
    }
}

/// What one submission may use.
public struct WorkerLimits: Sendable {
    /// Seconds of processor time, which a busy machine does not shorten.
    public var processorSeconds: Double
    /// Bytes that a worker may allocate.
    public var memoryBytes: Int

    public init(processorSeconds: Double = 60, memoryBytes: Int = 1 << 30) {
        self.processorSeconds = min(86_400, max(0.01, processorSeconds))
        self.memoryBytes = max(64 << 20, memoryBytes)
    }

    /// Wall seconds after which a worker that uses no processor is given up.
    var wallSeconds: Double { processorSeconds * 5 + 30 }

    /// Binds this process to the limits. Files cannot be written and no core is dumped.
    public func bindThisProcess() {
        func bind(_ resource: __rlimit_resource, _ value: rlim_t) {
            var limit = rlimit(rlim_cur: value, rlim_max: value)
            setrlimit(__rlimit_resource_t(resource.rawValue), &limit)
        }
        // Data counts what is written to, not what is reserved, unlike the address space.
        bind(RLIMIT_DATA, rlim_t(memoryBytes))
        bind(RLIMIT_FSIZE, 0)
        bind(RLIMIT_CORE, 0)
    }
}

/// What became of a question to a worker.
enum WorkerAnswer: Equatable {
    case answer([UInt8])
    /// It used up its time; it is gone.
    case outOfTime
    /// It ended before it answered.
    case ended(signal: Int32, status: Int32, peakMemory: Int)
    case interrupted
}

/// A process that answers questions, one at a time, each a line; an answer is its length in decimal digits, a line
/// break and so many bytes. It may crash, hang or babble without harm to the one who asks.
final class WorkerProcess {
    private let pid: pid_t
    private let input: Int32
    private let output: Int32
    private var isGone = false
    /// The most memory that this process had before it started the worker. Linux says the same of the worker until it has
    /// more, as if it had grown out of this one.
    private let inherited: Int

    /// Most bytes of an answer.
    static let maximumAnswer = 8 << 20

    private static let ignoresBrokenPipes: Void = { signal(SIGPIPE, SIG_IGN) }()

    /// One process is started at a time, so that none inherits the ends of another's pipes: with a copy of them alive
    /// the end of a worker would go unnoticed.
    private static let starting = Mutex(())

    /// Two ends that programs started later do not get.
    private static func makePipe() -> (read: Int32, write: Int32)? {
        var ends: [Int32] = [-1, -1]
        guard pipe(&ends) == 0 else { return nil }
        for end in ends { _ = fcntl(end, F_SETFD, FD_CLOEXEC) }
        return (ends[0], ends[1])
    }

    /// - Returns: nil if the process cannot be started.
    convenience init?(_ command: WorkerCommand) {
        _ = Self.ignoresBrokenPipes
        let started = Self.starting.withLock { _ in Self.start(command) }
        guard let started else { return nil }
        self.init(pid: started.pid, input: started.input, output: started.output)
    }

    private init(pid: pid_t, input: Int32, output: Int32) {
        self.pid = pid
        self.input = input
        self.output = output
        var usage = rusage()
        getrusage(RUSAGE_SELF.rawValue, &usage)
        inherited = Int(usage.ru_maxrss) << 10
    }

    private static func start(_ command: WorkerCommand) -> (pid: pid_t, input: Int32, output: Int32)? {
        guard let toWorker = makePipe() else { return nil }
        guard let fromWorker = makePipe() else {
            close(toWorker.read)
            close(toWorker.write)
            return nil
        }
        var actions = posix_spawn_file_actions_t()
        posix_spawn_file_actions_init(&actions)
        defer { posix_spawn_file_actions_destroy(&actions) }
        posix_spawn_file_actions_adddup2(&actions, toWorker.read, STDIN_FILENO)
        posix_spawn_file_actions_adddup2(&actions, fromWorker.write, STDOUT_FILENO)
        posix_spawn_file_actions_addopen(&actions, STDERR_FILENO, "/dev/null", O_WRONLY, 0)
        var attributes = posix_spawnattr_t()
        posix_spawnattr_init(&attributes)
        defer { posix_spawnattr_destroy(&attributes) }
        // A group of its own: Ctrl-C is for the one who asks, who ends the workers.
        posix_spawnattr_setflags(&attributes, Int16(POSIX_SPAWN_SETPGROUP))
        posix_spawnattr_setpgroup(&attributes, 0)
        var arguments = ([command.executable] + command.arguments).map { strdup($0) } + [nil]
        var environment =
            command.environment.sorted { $0.key.utf8.lexicographicallyPrecedes($1.key.utf8) }
            .map { strdup("\($0.key)=\($0.value)") } + [nil]
        defer { for text in arguments + environment { free(text) } }
        var child: pid_t = 0
        let failure = posix_spawn(&child, command.executable, &actions, &attributes, &arguments, &environment)
        close(toWorker.read)
        close(fromWorker.write)
        guard failure == 0 else {
            close(toWorker.write)
            close(fromWorker.read)
            return nil
        }
        return (child, toWorker.write, fromWorker.read)
    }

    deinit { _ = stop() }

    /// Asks one question and waits for its answer.
    /// - Parameters:
    ///   - line: the question, without line breaks.
    ///   - isInterrupted: asked several times a second.
    /// After anything but an answer the worker is gone.
    func ask(_ line: String, limits: WorkerLimits, isInterrupted: () -> Bool) -> WorkerAnswer {
        guard !isGone else { return .ended(signal: 0, status: 0, peakMemory: 0) }
        let began = DispatchTime.now().uptimeNanoseconds
        let processorBegan = processorSeconds
        guard write(Array(line.utf8) + [0x0a]) else { return stop() }
        var received: [UInt8] = []
        var buffer = [UInt8](repeating: 0, count: 64 << 10)
        while true {
            switch Self.message(in: received) {
            case .complete(let bytes): return .answer(bytes)
            case .nonsense: return stop()
            case .incomplete: break
            }
            var waiting = pollfd(fd: output, events: Int16(POLLIN), revents: 0)
            if poll(&waiting, 1, 100) > 0 {
                let count = read(output, &buffer, buffer.count)
                if count > 0 {
                    received += buffer[..<count]
                } else if count == 0 || errno != EINTR {
                    return stop()
                }
            }
            if isInterrupted() {
                _ = stop()
                return .interrupted
            }
            let wall = Double(DispatchTime.now().uptimeNanoseconds &- began) / 1e9
            if processorSeconds - processorBegan > limits.processorSeconds || wall > limits.wallSeconds {
                _ = stop()
                return .outOfTime
            }
        }
    }

    /// Ends the worker, if it still lives, and says how it ended.
    @discardableResult
    func stop() -> WorkerAnswer {
        guard !isGone else { return .ended(signal: 0, status: 0, peakMemory: 0) }
        isGone = true
        close(input)
        // One that has ended by itself keeps its own reason.
        var status: Int32 = 0
        var usage = rusage()
        var waited = wait4(pid, &status, WNOHANG, &usage)
        if waited == 0 {
            // The end of its output comes before its own by a moment.
            usleep(20_000)
            waited = wait4(pid, &status, WNOHANG, &usage)
        }
        if waited == 0 {
            kill(pid, SIGKILL)
            while wait4(pid, &status, 0, &usage) < 0, errno == EINTR {}
        }
        close(output)
        return .ended(signal: status & 0x7f, status: status >> 8 & 0xff, peakMemory: Self.peak(usage, above: inherited))
    }

    /// In bytes; 0 if it is what the worker was born with.
    private static func peak(_ usage: rusage, above inherited: Int) -> Int {
        let peak = Int(usage.ru_maxrss) << 10
        return peak > inherited ? peak : 0
    }

    /// Processor time of the worker so far.
    private var processorSeconds: Double {
        var clock: clockid_t = 0
        var time = timespec()
        guard clock_getcpuclockid(pid, &clock) == 0, clock_gettime(clock, &time) == 0 else { return 0 }
        return Double(time.tv_sec) + Double(time.tv_nsec) / 1e9
    }

    private func write(_ bytes: [UInt8]) -> Bool {
        var offset = 0
        while offset < bytes.count {
            let count = bytes[offset...].withUnsafeBytes { Foundation.write(input, $0.baseAddress, $0.count) }
            if count < 0, errno == EINTR { continue }
            guard count > 0 else { return false }
            offset += count
        }
        return true
    }

    enum Message: Equatable {
        case incomplete
        case nonsense
        case complete([UInt8])
    }

    /// The message at the beginning of what was received.
    static func message(in received: [UInt8]) -> Message {
        guard let end = received.firstIndex(of: 0x0a) else { return received.count > 8 ? .nonsense : .incomplete }
        guard let count = Int(String(decoding: received[..<end], as: UTF8.self)), (1...maximumAnswer).contains(count)
        else { return .nonsense }
        let body = received.count - end - 1
        if body > count { return .nonsense }
        return body == count ? .complete(Array(received[(end + 1)...])) : .incomplete
    }
}
