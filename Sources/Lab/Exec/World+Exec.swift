import Cluster
import ContainerRuntime
import KubernetesAPI
import Simulation
import Workloads

/// A request that a command in a container, or a client behind a forwarded port, sends. An input of a lab.
public struct ExchangeRequest: Sendable, Equatable {
    public var target: Exchange.Target
    /// Of the URL, with its query.
    public var path: String
    /// When the client gives up; nil for never.
    public var timeout: Duration?

    public init(target: Exchange.Target, path: String, timeout: Duration? = nil) {
        self.target = target
        self.path = path
        self.timeout = timeout
    }
}

extension ExchangeRequest: BinaryCodable {
    public func write(to writer: inout BinaryWriter) {
        writer.write(target)
        writer.write(path)
        writer.write(timeout)
    }

    public init(from reader: inout BinaryReader) throws(BinaryDecodingError) {
        self.init(target: try reader.read(), path: try reader.read(), timeout: try reader.read())
    }
}

extension World: ShellHost {
    public var world: World { self }

    @discardableResult public mutating func send(_ request: ExchangeRequest) -> UInt64 {
        clock.begin(event: clock.takeSequence(), at: clock.now)
        let number = workloads.beginExchange(
            with: request.target, path: request.path, timeout: request.timeout, clock: &clock,
            endpoints: &cluster.endpoints, reports: &reports)
        carry()
        return number
    }

    public mutating func signal(_ container: ContainerID, _ number: Int) {
        clock.begin(event: clock.takeSequence(), at: clock.now)
        clock.note("container", "a command in it sent signal \(number) to process 1", isRoot: true)
        _ = workloads.signal(container, number, clock: &clock, reports: &reports)
        carry()
    }

    public mutating func execute(_ request: ExecRequest, input: [UInt8]?, _ each: (ExecOutput?) -> Bool) -> ExecEnding {
        var shell: ContainerShell
        do { shell = try ContainerShell(request, in: self) } catch { return .failed(error) }
        shell.give(all: input)
        while true {
            shell.run(on: &self)
            for output in shell.takeOutput() { guard each(output) else { return .exited(130) } }
            if let ending = shell.ending { return ending }
            guard let next = shell.nextStop(from: now, in: self), (try? advance(to: next)) != nil, each(nil) else {
                return .exited(130)
            }
        }
    }
}

extension ContainerShell {
    /// All input at once, or none.
    mutating func give(all input: [UInt8]?) {
        if let input { provide(input) }
        closeInput()
    }

    /// The instant up to which time has to pass before the command can go on, at most a second away: the end of a
    /// sleep, or, while an answer is outstanding, the next event that may bring it.
    /// - Returns: nil if nothing will ever go on.
    func nextStop(from now: SimulationTime, in world: borrowing World) -> SimulationTime? {
        let limit = now + .seconds(1)
        if let wakes { return min(wakes, limit) }
        guard let next = world.nextEventTime else { return nil }
        return min(max(next, now), limit)
    }
}

extension LabSession: ShellHost {
    public mutating func send(_ request: ExchangeRequest) -> UInt64 {
        finishInstant()
        let number = world.send(request)
        note(.exchange(request))
        return number
    }

    public mutating func signal(_ container: ContainerID, _ number: Int) {
        finishInstant()
        world.signal(container, number)
        note(.signal(container, number))
    }

    /// A replay handles all events of an input's time before it, so the present does.
    private mutating func finishInstant() {
        do { try world.advance(to: world.now) } catch { failure = error }
    }

    public mutating func execute(_ request: ExecRequest, input: [UInt8]?, _ each: (ExecOutput?) -> Bool) -> ExecEnding {
        guard failure == nil else { return .exited(130) }
        var shell: ContainerShell
        do { shell = try ContainerShell(request, in: world) } catch { return .failed(error) }
        shell.give(all: input)
        do {
            while true {
                shell.run(on: &self)
                let outputs = shell.takeOutput()
                if !outputs.isEmpty {
                    // What is told may be printed at once, so that it is committed first.
                    try commitInputs()
                    for output in outputs { guard each(output) else { return .exited(130) } }
                }
                if let ending = shell.ending { return ending }
                guard let next = shell.nextStop(from: now, in: world) else { return .exited(130) }
                try world.advance(to: next)
                note(.advance)
                guard each(nil) else { return .exited(130) }
            }
        } catch {
            failure = error
            return .exited(130)
        }
    }
}
