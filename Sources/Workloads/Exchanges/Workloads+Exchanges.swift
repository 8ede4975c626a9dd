import ContainerRuntime
import Simulation

/// Requests from outside: they queue in the servers like those of users, and take the time that those take.
extension Workloads {
    /// Ended exchanges that are remembered, so that whoever waits can read how theirs ended.
    static let rememberedExchanges = 256
    /// Tokens of exchanges have the bit that no kubelet's probe has.
    private static let tokenMark: UInt64 = 1 << 63

    /// The exchange of a number; nil once it has been forgotten.
    public func exchange(_ number: UInt64) -> Exchange? {
        exchanges.first { $0.number == number }
    }

    /// Sends a request at this instant.
    /// - Parameters:
    ///   - path: of the URL; a path that answers probes answers as it does to a probe.
    ///   - timeout: when the client gives up; nil for never.
    /// - Returns: the number of the exchange.
    public mutating func beginExchange(
        with target: Exchange.Target, path: String, timeout: Duration?, clock: inout Clock,
        endpoints: inout EndpointTable, reports: inout [RuntimeReport]
    ) -> UInt64 {
        swap(&self.clock, &clock)
        swap(&self.endpoints, &endpoints)
        swap(&self.reports, &reports)
        let number = openExchange(with: target, path: path, timeout: timeout)
        settleAfterFault()
        takeExchangeAnswers()
        swap(&self.reports, &reports)
        swap(&self.endpoints, &endpoints)
        swap(&self.clock, &clock)
        return number
    }

    private mutating func openExchange(with target: Exchange.Target, path: String, timeout: Duration?) -> UInt64 {
        var exchange = Exchange(number: takeNumber(), began: clock.now)
        if let timeout {
            exchange.deadline = queue.schedule(
                .exchangeDeadline(number: exchange.number), after: max(.nanoseconds(1), timeout), on: &clock)
        }
        let number = exchange.number
        let slot = server(of: target, for: number)
        if let slot, let container = containers[slot] { exchange.server = container.namespace + "/" + container.pod }
        exchanges.append(exchange)
        forgetOldExchanges()
        guard let slot else {
            endExchange(number, .refused)
            return number
        }
        let behaviour = catalogue.programs[Int(processes[slot].behaviour)].behaviour
        let plain = path.split(separator: "?", maxSplits: 1).first.map(String.init) ?? path
        let isHealth = behaviour.health.contains { $0.path == plain }
        if isHealth || behaviour.isIdle {
            // The client's own deadline ends it; the program has no other.
            ask(ProbeToken(rawValue: Self.tokenMark | number), slot, path: plain, timeout: .seconds(1_000_000))
            return number
        }
        var call = Call()
        call.number = takeNumber()
        call.trace = call.number
        call.dice = mixed(seed, number)
        call.origin = .exchange
        call.originSlot = UInt32(truncatingIfNeeded: number)
        call.originGeneration = UInt32(truncatingIfNeeded: number >> 32)
        call.path = catalogue.path(named: plain) ?? .max
        call.sent = clock.now
        call.tracing.isTraced = isSampled(call.number)
        let handle = calls.insert(call)
        if let place = exchanges.firstIndex(where: { $0.number == number }) { exchanges[place].call = handle }
        accept(handle.slot, by: slot)
        return number
    }

    /// The process that a connection reaches; an own die chooses, so that users' connections go where they would have.
    private func server(of target: Exchange.Target, for number: UInt64) -> Int? {
        switch target {
        case .pod(let sandbox, let port): return listener(sandbox, port: port)
        case .service(let name):
            var own = RandomStream(seed: mixed(seed, number), name: "exchange")
            guard let index = endpoints.existingIndex(of: name),
                let endpoint = endpoints.choose(index, random: &own)
            else { return nil }
            return listener(endpoint.sandbox, port: endpoint.port)
        }
    }

    private mutating func forgetOldExchanges() {
        guard exchanges.count > Self.rememberedExchanges else { return }
        if let oldest = exchanges.firstIndex(where: { $0.end != nil }) { exchanges.remove(at: oldest) }
    }

    /// The call of an exchange has ended.
    mutating func exchangeAnswered(_ call: Call, _ outcome: Outcome) {
        let number = UInt64(call.originGeneration) << 32 | UInt64(call.originSlot)
        switch outcome {
        case .refused: endExchange(number, .refused)
        case .reset: endExchange(number, .reset)
        case .timedOut, .abandoned: endExchange(number, .timedOut)
        default: endExchange(number, .answered(status: outcome.status))
        }
    }

    mutating func exchangeDeadline(_ number: UInt64) {
        guard let place = exchanges.firstIndex(where: { $0.number == number }), exchanges[place].end == nil else {
            return
        }
        exchanges[place].deadline = .none
        let call = exchanges[place].call
        endExchange(number, .timedOut)
        orphan(call, .abandoned)
    }

    private mutating func endExchange(_ number: UInt64, _ how: Exchange.Ending) {
        guard let place = exchanges.firstIndex(where: { $0.number == number }), exchanges[place].end == nil else {
            return
        }
        queue.cancel(exchanges[place].deadline)
        exchanges[place].deadline = .none
        exchanges[place].call = .none
        exchanges[place].end = (clock.now, how)
    }

    /// Takes the answers that are not a kubelet's out of the reports.
    mutating func takeExchangeAnswers() {
        guard !exchanges.isEmpty, !reports.isEmpty else { return }
        var kept: [RuntimeReport] = []
        for report in reports {
            guard case .probed(let token, let result) = report, token.rawValue & Self.tokenMark != 0 else {
                kept.append(report)
                continue
            }
            let number = token.rawValue & ~Self.tokenMark
            switch result {
            case .success(let status): endExchange(number, .answered(status: status == 0 ? 200 : status))
            case .failure(let code, _): endExchange(number, .answered(status: code))
            case .connectionRefused: endExchange(number, .reset)
            case .timedOut: endExchange(number, .timedOut)
            }
        }
        reports = kept
    }

    // MARK: What a command in a container sees and does

    /// How the kernel delivers a signal that comes from inside the container to its first process.
    ///
    /// A first process gets only signals that it handles: SIGKILL and SIGSTOP never reach it from its own container.
    /// - Returns: false if there is no such process.
    public mutating func signal(
        _ container: ContainerID, _ number: Int, clock: inout Clock, reports: inout [RuntimeReport]
    ) -> Bool {
        guard isRunning(container) else { return false }
        // SIGINT, SIGQUIT and SIGTERM are what servers handle by shutting down.
        guard [2, 3, 15].contains(number) else { return true }
        perform(.terminate(container), clock: &clock, reports: &reports)
        return true
    }

    /// The instant at which the first process of a container began; nil for one that does not run.
    public func startTime(of container: ContainerID) -> SimulationTime? {
        isRunning(container) ? processes[Int(container.slot)].started : nil
    }

    /// How many worker processes a container's program runs.
    public func workerCount(of container: ContainerID) -> Int {
        isRunning(container) ? Int(processes[Int(container.slot)].workers) : 0
    }
}

extension Behaviour {
    /// Whether it answers every request at once, on any path.
    fileprivate var isIdle: Bool {
        if case .sleep = program { health.isEmpty } else { false }
    }
}
