import ContainerRuntime
import Simulation

/// A request's way: to a server, into one of its slots, and back.
extension Workloads {
    /// Sends a request; it reaches the server after `delay`, or at once.
    mutating func send(
        to target: UInt32, path: UInt32, from origin: Call.Origin, originSlot: UInt32, originGeneration: UInt32,
        trace: UInt64, source: UInt32, dice: UInt64, depth: UInt8, delay: Duration
    ) -> Handle<Call> {
        var call = Call()
        call.number = takeNumber()
        call.trace = trace
        call.source = source
        call.dice = dice
        call.origin = origin
        call.originSlot = originSlot
        call.originGeneration = originGeneration
        call.depth = depth
        call.target = target
        call.path = path
        call.sent = clock.now
        let handle = calls.insert(call)
        services[Int(target)].level.noteArrival(now: clock.now)
        if delay > .zero {
            queue.schedule(.connect(call: handle.slot, generation: handle.generation), after: delay, on: &clock)
        }
        return handle
    }

    /// The request arrives: kube-proxy picks an endpoint, and something listens there or not.
    mutating func connect(_ handle: Handle<Call>) {
        guard calls.contains(handle), calls[handle.slot].state == .connecting else { return }
        let call = handle.slot
        guard calls[call].origin != .nobody else {
            calls.remove(call)
            return
        }
        guard calls[call].depth < 32 else { return fail(call, .loopDetected) }
        if calls[call].origin == .journey, !sources[Int(calls[call].source)].connections.isEmpty {
            return connectKept(call)
        }
        let target = Int(calls[call].target)
        if services[target].index < 0 { services[target].index = endpoints.index(of: services[target].level.name) }
        guard let endpoint = endpoints.choose(services[target].index, random: &dice),
            let slot = listener(endpoint.sandbox, port: endpoint.port)
        else { return fail(call, .refused) }
        accept(call, by: slot)
    }

    /// Sends a request over one of the client's open connections, which is made anew if its server has closed it.
    private mutating func connectKept(_ call: UInt32) {
        let source = Int(calls[call].source)
        let index = Int(dice.below(UInt64(sources[source].connections.count)))
        let kept = sources[source].connections[index]
        let lifetime = sources[source].configuration.keepAlive?.lifetime
        let isYoung = lifetime.map { clock.now - kept.opened < $0 } ?? true
        if isYoung, isRunning(kept.container), answersOpenConnections(Int(kept.container.slot)) {
            return accept(call, by: Int(kept.container.slot))
        }
        let target = Int(calls[call].target)
        if services[target].index < 0 { services[target].index = endpoints.index(of: services[target].level.name) }
        guard let endpoint = endpoints.choose(services[target].index, random: &dice),
            let slot = listener(endpoint.sandbox, port: endpoint.port)
        else { return fail(call, .refused) }
        sources[source].connections[index].container = processes[slot].id
        sources[source].connections[index].opened = clock.now
        accept(call, by: slot)
    }

    /// Whether a server still reads from connections that were open before.
    private func answersOpenConnections(_ slot: Int) -> Bool {
        switch processes[slot].phase {
        case .serving: !processes[slot].drainsConnections
        case .stopping:
            !processes[slot].drainsConnections
                && catalogue.programs[Int(processes[slot].behaviour)].behaviour.shutdown.keepsConnections
        case .starting, .absent: false
        }
    }

    /// The process of a pod that listens on a port.
    func listener(_ sandbox: SandboxID, port: Int) -> Int? {
        guard sandbox.slot < UInt32(sandboxes.count), sandboxes[Int(sandbox.slot)].generation == sandbox.generation
        else { return nil }
        var slot = sandboxes[Int(sandbox.slot)].firstProcess
        while slot != .max {
            if listens(Int(slot), on: port) { return Int(slot) }
            slot = processes[Int(slot)].nextInSandbox
        }
        return nil
    }

    /// Whether a connection to this port of a process is accepted.
    @inline(__always) func listens(_ slot: Int, on port: Int) -> Bool {
        guard processes[slot].phase == .serving else { return false }
        if processes[slot].port != 0 { return Int(processes[slot].port) == port }
        return containers[slot]?.ports.contains { $0.number == port } ?? false
    }

    mutating func accept(_ call: UInt32, by slot: Int) {
        let connections = processes[slot].inFlight + processes[slot].admissionCount
        guard processes[slot].admissionCount < processes[slot].backlog else { return fail(call, .refused) }
        attach(call, to: slot)
        calls[call].began = clock.now
        if isFollowed(call), calls[call].origin != .exchange {
            follow(
                "\(services[Int(calls[call].target)].level.name) takes it: \(podName(slot)), which has \(connections) request(s) already"
            )
        }
        if recording.isOn, calls[call].origin == .journey { noteServer(call, slot) }
        _ = passProxy(slot, isOut: false)
        let program = Int(processes[slot].behaviour)
        if connections >= processes[slot].limit {
            calls[call].kind = .rejection
            var work = 0.0005
            if case .service(let service) = catalogue.programs[program].behaviour.program {
                work = service.rejectionWork.seconds
            }
            return submit(call, seconds: work)
        }
        let path = Int(calls[call].path)
        let routes = catalogue.programs[program].routeOfPath
        calls[call].route = path < routes.count ? routes[path] : 0
        if processes[slot].inFlight < processes[slot].slots {
            beginServing(call)
        } else {
            if isFollowed(call) {
                follow("waits for one of \(processes[slot].slots) slots, \(processes[slot].admissionCount) before it")
            }
            calls[call].state = .admission
            calls[call].link = .max
            if processes[slot].admissionTail == .max {
                processes[slot].admissionHead = call
            } else {
                calls[processes[slot].admissionTail].link = call
            }
            processes[slot].admissionTail = call
            processes[slot].admissionCount += 1
        }
    }

    /// A slot of the server begins with a request.
    mutating func beginServing(_ call: UInt32) {
        let slot = Int(calls[call].process)
        processes[slot].inFlight += 1
        if calls[call].state == .admission { traceDequeued(call, from: calls[call].began) }
        let program = Int(processes[slot].behaviour)
        let bytes = catalogue.programs[program].behaviour.memory.perRequest
        calls[call].memory = bytes
        grow(slot, by: bytes)
        let crash = catalogue.programs[program].behaviour.crash
        if chance(call, crash.perRequest + processes[slot].condition.crashPerRequest) {
            noteCrash(slot)
            doom(slot, ExitStatus(code: crash.exitCode, message: crash.message))
        }
        proceed(call)
    }

    /// Lets waiting requests into slots that became free at this instant.
    mutating func admitWaiting() {
        var index = 0
        while index < freed.count {
            let slot = Int(freed[index])
            index += 1
            processes[slot].hasFreedSlots = false
            while processes[slot].phase != .absent, processes[slot].admissionHead != .max,
                processes[slot].inFlight < processes[slot].slots
            {
                let call = processes[slot].admissionHead
                processes[slot].admissionHead = calls[call].link
                if processes[slot].admissionHead == .max { processes[slot].admissionTail = .max }
                processes[slot].admissionCount -= 1
                calls[call].link = .max
                if calls[call].isCancelled {
                    dissolve(call)
                } else {
                    beginServing(call)
                }
            }
            if processes[slot].phase == .stopping { closeIfIdle(slot) }
        }
        freed.removeAll(keepingCapacity: true)
    }

    /// The server's answer goes back to whoever waits for it.
    mutating func respond(_ call: UInt32, _ outcome: Outcome, retryAfter: Duration = .zero) {
        let slot = Int(calls[call].process)
        if isFollowed(call) {
            follow("\(podName(slot)) answers \(outcome) after \(Self.milliseconds(clock.now - calls[call].began))")
        }
        if calls[call].kind == .request { endServing(call, slot, outcome) }
        traceServed(call, outcome)
        logWork(.request, call, slot, outcome)
        let answered = calls[call]
        detach(call)
        calls.remove(call)
        tell(answered, outcome, retryAfter: retryAfter)
    }

    private mutating func endServing(_ call: UInt32, _ slot: Int, _ outcome: Outcome) {
        processes[slot].inFlight -= 1
        processes[slot].meter.answered.count(outcome)
        processes[slot].meter.latency.record(clock.now - calls[call].began)
        noteRoute(slot, calls[call].route, status: outcome.status, latency: clock.now - calls[call].began)
        noteExample(slot, trace: calls[call].trace, began: calls[call].began)
        processes[slot].meter.recent.note(clock.now - calls[call].began, now: clock.now)
        grow(slot, by: -calls[call].memory)
        leaveBehind(slot, catalogue.programs[Int(processes[slot].behaviour)].behaviour.memory)
        noteFreedSlot(slot)
    }

    mutating func noteFreedSlot(_ slot: Int) {
        guard !processes[slot].hasFreedSlots,
            processes[slot].admissionHead != .max || processes[slot].phase == .stopping
        else { return }
        processes[slot].hasFreedSlots = true
        freed.append(UInt32(slot))
    }

    /// A request that no server took.
    mutating func fail(_ call: UInt32, _ outcome: Outcome) {
        let failed = calls[call]
        if isFollowed(call) { follow(failureNote(failed, outcome)) }
        if failed.process != .max { detach(call) }
        calls.remove(call)
        tell(failed, outcome, retryAfter: .zero)
    }

    /// Tells whoever waits for a call how it ended. The call itself is gone by now.
    mutating func tell(_ call: Call, _ outcome: Outcome, retryAfter: Duration) {
        switch call.origin {
        case .nobody, .process:
            break
        case .message:
            messageLost(Handle(slot: call.originSlot, generation: call.originGeneration), call)
        case .journey:
            services[Int(call.target)].level.noteEnd(outcome, latency: clock.now - call.sent, now: clock.now)
            let journey = Handle<Journey>(slot: call.originSlot, generation: call.originGeneration)
            if journeys.contains(journey) {
                journeys[journey.slot].steps &+= call.steps
                if call.isPoor { journeys[journey.slot].isPoor = true }
            }
            journeyAnswered(journey, outcome, retryAfter)
        case .call:
            services[Int(call.target)].level.noteEnd(outcome, latency: clock.now - call.sent, now: clock.now)
            let parent = Handle<Call>(slot: call.originSlot, generation: call.originGeneration)
            if calls.contains(parent) {
                calls[parent.slot].steps &+= call.steps
                if call.isPoor { calls[parent.slot].isPoor = true }
            }
            childAnswered(parent, outcome, retryAfter)
        case .probe:
            reports.append(.probed(ProbeToken(rawValue: call.token), .connectionRefused))
        case .exchange:
            exchangeAnswered(call, outcome)
        }
    }

    /// The caller has gone. The work goes on unless the server notices the closed connection.
    mutating func orphan(_ handle: Handle<Call>, _ outcome: Outcome) {
        guard calls.contains(handle) else { return }
        let call = handle.slot
        if calls[call].origin == .journey || calls[call].origin == .call {
            services[Int(calls[call].target)].level.noteEnd(
                outcome, latency: clock.now - calls[call].sent, now: clock.now)
        }
        calls[call].origin = .nobody
        let slot = calls[call].process
        guard slot != .max else {
            calls.remove(call)
            return
        }
        if catalogue.programs[Int(processes[Int(slot)].behaviour)].cancelsOnDisconnect { cancel(call) }
    }

    /// Stops the work of a call as soon as its server can.
    mutating func cancel(_ call: UInt32) {
        switch calls[call].state {
        case .connecting, .admission, .queued, .running, .blocking:
            calls[call].isCancelled = true
        case .waiting, .calling, .asking, .backingOff:
            dissolve(call)
        }
    }

    /// Ends a cancelled call without an answer.
    mutating func dissolve(_ call: UInt32) {
        abandonWork(call)
        traceServed(call, .abandoned)
        let slot = Int(calls[call].process)
        let wasServing = calls[call].kind == .request && calls[call].state != .admission
        if wasServing {
            processes[slot].inFlight -= 1
            noteRoute(slot, calls[call].route, status: 0, latency: clock.now - calls[call].began)
            grow(slot, by: -calls[call].memory)
            noteFreedSlot(slot)
        }
        detach(call)
        calls.remove(call)
    }

    /// Lets go of everything a call waits for.
    /// - Parameter outcome: how what it did ends, as those see it who look at its trace.
    mutating func abandonWork(_ call: UInt32, _ outcome: Outcome = .abandoned) {
        leaveEngine(call)
        traceAnswered(call, outcome)
        if !calls[call].run.isNone { endRun(call, outcome) }
        queue.cancel(calls[call].timer)
        orphan(calls[call].child, .abandoned)
        calls[call].child = .none
    }

    mutating func attach(_ call: UInt32, to slot: Int) {
        calls[call].process = UInt32(slot)
        let first = processes[slot].firstCall
        calls[call].previous = .max
        calls[call].next = first
        if first != .max { calls[first].previous = call }
        processes[slot].firstCall = call
    }

    mutating func detach(_ call: UInt32) {
        let slot = calls[call].process
        guard slot != .max else { return }
        let next = calls[call].next
        let previous = calls[call].previous
        if next != .max { calls[next].previous = previous }
        if previous != .max {
            calls[previous].next = next
        } else {
            processes[Int(slot)].firstCall = next
        }
    }

    mutating func setWake(_ call: UInt32, after delay: Duration) {
        let handle = calls.handle(call)
        calls[call].timer = queue.schedule(
            .wake(call: handle.slot, generation: handle.generation), after: delay, on: &clock)
    }
}
