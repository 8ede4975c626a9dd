import ContainerRuntime
import Simulation

/// Probes are answered by the program itself: a busy event loop answers late, a blocked one not at all.
extension Workloads {
    mutating func probe(_ token: ProbeToken, _ id: ContainerID, _ action: ProbeAction, timeout: Duration) {
        guard isRunning(id) else {
            reports.append(.probed(token, .connectionRefused))
            return
        }
        let slot = Int(id.slot)
        switch action {
        case .tcpSocket(let port):
            // The kernel shakes hands, even for a program that stands still.
            let isOpen = answering(slot, port) != nil
            reports.append(.probed(token, isOpen ? .success(status: 0) : .connectionRefused))
        case .httpGet(let path, let port):
            guard let server = answering(slot, port) else {
                reports.append(.probed(token, .connectionRefused))
                return
            }
            ask(token, server, path: path, timeout: timeout)
        case .grpc(let port, let service):
            guard let server = answering(slot, port) else {
                reports.append(.probed(token, .connectionRefused))
                return
            }
            ask(token, server, path: service.isEmpty ? "grpc" : "grpc/" + service, timeout: timeout)
        case .exec(let command):
            execute(token, slot, command, timeout: timeout)
        }
    }

    /// Who answers on a port of the pod: a probe goes to the pod's address, whichever of its containers listens there.
    private func answering(_ slot: Int, _ port: Int) -> Int? {
        listens(slot, on: port) ? slot : listener(processes[slot].sandbox, port: port)
    }

    /// The health path that a request's path means (a query does not matter), or nil.
    private func healthPath(_ slot: Int, _ path: String) -> Int? {
        let plain = path.utf8.firstIndex(of: UInt8(ascii: "?")).map { path[..<$0] } ?? path[...]
        return catalogue.programs[Int(processes[slot].behaviour)].behaviour.health.firstIndex {
            $0.path.utf8.elementsEqual(plain.utf8)
        }
    }

    mutating func ask(_ token: ProbeToken, _ slot: Int, path: String, timeout: Duration) {
        let behaviour = catalogue.programs[Int(processes[slot].behaviour)].behaviour
        if case .sleep = behaviour.program, behaviour.health.isEmpty {
            reports.append(.probed(token, .success(status: 200)))
            return
        }
        let index = healthPath(slot, path)
        let work = index.map { behaviour.health[$0].work.seconds } ?? 0.00045
        let connections = processes[slot].inFlight + processes[slot].admissionCount
        // What asks others is answered by an event, while the endpoint table is lent.
        let asksOthers = index.map { behaviour.health[$0].check == .dependencies } ?? false
        if connections < processes[slot].limit, !asksOthers, waiting(slot, index) == nil, !isBusyWithFlows(slot),
            chargeAtOnce(slot, seconds: work)
        {
            let result = healthResult(slot, index)
            if let index { noteProbe(slot, index, result, latency: .zero) }
            reports.append(.probed(token, result))
            return
        }
        let call = probeCall(.probe, token, slot, timeout: timeout)
        calls[call].route = connections >= processes[slot].limit ? .max - 1 : index.map { UInt32($0) } ?? .max
        submit(call, seconds: work)
    }

    private mutating func probeCall(_ kind: Call.Kind, _ token: ProbeToken, _ slot: Int, timeout: Duration) -> UInt32 {
        let call = internalCall(kind, in: slot)
        calls[call].origin = .probe
        calls[call].token = token.rawValue
        let handle = calls.handle(call)
        calls[call].timer = queue.schedule(
            .probeDeadline(call: handle.slot, generation: handle.generation),
            after: max(timeout, .nanoseconds(1)), on: &clock)
        return call
    }

    /// How long an answer waits beyond its CPU time, if it does.
    private func waiting(_ slot: Int, _ index: Int?) -> Distribution? {
        guard let index else { return nil }
        let health = catalogue.programs[Int(processes[slot].behaviour)].behaviour.health[index]
        if let loaded = health.waitUnderLoad, Int(processes[slot].inFlight) >= health.loadThreshold { return loaded }
        return health.wait
    }

    /// The event loop got to the probe; some answers then wait for something else.
    mutating func answerProbe(_ call: UInt32) {
        let slot = Int(calls[call].process)
        let index = calls[call].route < .max - 1 ? Int(calls[call].route) : nil
        var seconds = waiting(slot, index).map { draw(call, $0) } ?? 0
        if let index { seconds += dependencyWait(slot, index) }
        if isBusyWithFlows(slot) {
            var stream = RandomStream(seed: mixed(calls[call].dice, UInt64(calls[call].draws)), name: "")
            calls[call].draws &+= 1
            seconds += flows[slot].loopWait(random: &stream)
        }
        if seconds > 0 {
            calls[call].state = .waiting
            let handle = calls.handle(call)
            // The deadline keeps its own alarm; this one is found stale when the deadline comes first.
            queue.schedule(
                .wake(call: handle.slot, generation: handle.generation), after: Duration(seconds: seconds), on: &clock)
        } else {
            finishProbe(call)
        }
    }

    mutating func finishProbe(_ call: UInt32) {
        let slot = Int(calls[call].process)
        if recording.observesRoutes, calls[call].route < .max - 1 {
            // The program counts what it answers, whether or not anybody still waits for it.
            let path = Int(calls[call].route)
            noteProbe(slot, path, healthResult(slot, path), latency: clock.now - calls[call].began)
        }
        if calls[call].origin == .probe {
            let token = ProbeToken(rawValue: calls[call].token)
            switch calls[call].route {
            case .max - 1: reports.append(.probed(token, Self.failure(503)))
            case .max: reports.append(.probed(token, healthResult(slot, nil)))
            default: reports.append(.probed(token, healthResult(slot, Int(calls[call].route))))
            }
        }
        queue.cancel(calls[call].timer)
        finishInternal(call)
    }

    private static func failure(_ status: Int) -> ProbeResult {
        .failure(code: status, output: "HTTP probe failed with statuscode: \(status)")
    }

    /// What a health path says at this instant.
    private func healthResult(_ slot: Int, _ index: Int?) -> ProbeResult {
        guard let index else { return Self.failure(404) }
        let health = catalogue.programs[Int(processes[slot].behaviour)].behaviour.health[index]
        if health.needsAuthorization { return Self.failure(401) }
        switch health.check {
        case .alive: return .success(status: 200)
        case .ready: return processes[slot].isWarm ? .success(status: 200) : Self.failure(503)
        case .dependencies:
            let allAnswer = processes[slot].isWarm && health.dependencies.allSatisfy(answers)
            return allAnswer ? .success(status: 200) : Self.failure(503)
        case .neighbours:
            var other = sandboxes[Int(processes[slot].sandbox.slot)].firstProcess
            while other != .max {
                if Int(other) != slot, !processes[Int(other)].listens { return Self.failure(500) }
                other = processes[Int(other)].nextInSandbox
            }
            return .success(status: 204)
        }
    }

    /// Whether a service, provider or tool would answer now.
    private func answers(_ dependency: String) -> Bool {
        if let provider = catalogue.providers.firstIndex(of: dependency) { return providerAnswers(provider) }
        if let tool = catalogue.tools.firstIndex(of: dependency) { return toolAnswers(tool) }
        guard let target = catalogue.target(named: Self.qualified(dependency)) else { return false }
        guard let index = endpoints.existingIndex(of: services[Int(target)].level.name) else { return false }
        return endpoints.services[index].exists && !endpoints.services[index].endpoints.isEmpty
    }

    /// Seconds that a path waits for the dependencies it asks.
    private func dependencyWait(_ slot: Int, _ index: Int) -> Double {
        let health = catalogue.programs[Int(processes[slot].behaviour)].behaviour.health[index]
        guard health.check == .dependencies else { return 0 }
        return health.dependencies.reduce(0) { longest, name in
            guard let provider = catalogue.providers.firstIndex(of: name) else { return longest }
            return max(longest, providerHang(provider))
        }
    }

    mutating func probeDeadline(_ handle: Handle<Call>) {
        guard calls.contains(handle), calls[handle.slot].origin == .probe else { return }
        calls[handle.slot].origin = .nobody
        calls[handle.slot].timer = .none
        reports.append(.probed(ProbeToken(rawValue: calls[handle.slot].token), .timedOut))
    }

    // MARK: Commands

    /// A command in the container is a process of its own: it needs CPU, not the event loop. A command that asks one
    /// of the program's paths (`curl localhost:8000/healthz`) fails as the path does.
    private mutating func execute(_ token: ProbeToken, _ slot: Int, _ command: [String], timeout: Duration) {
        let text = command.joined(separator: " ")
        let behaviour = catalogue.programs[Int(processes[slot].behaviour)].behaviour
        let named = behaviour.health.firstIndex { $0.path == "exec " + text }
        let asked = behaviour.health.firstIndex { $0.path.utf8.first == UInt8(ascii: "/") && text.contains($0.path) }
        let call = probeCall(.command, token, slot, timeout: timeout)
        calls[call].route = named.map { UInt32($0) } ?? asked.map { UInt32($0) } ?? .max
        calls[call].path = named == nil && asked != nil ? 1 : 0
        let isPython = text.contains("python")
        calls[call].work = (isPython ? 0.06 : 0.004) * 1e9 / machines[Int(processes[slot].node)].speed
        startBurst(call)
    }

    mutating func commandEnded(_ call: UInt32) {
        let slot = Int(calls[call].process)
        guard calls[call].origin == .probe else { return finishInternal(call) }
        let token = ProbeToken(rawValue: calls[call].token)
        let index = calls[call].route == .max ? nil : Int(calls[call].route)
        if calls[call].path == 1, let index {
            // The command's request stands in the event loop's queue like any other.
            guard processes[slot].phase == .serving else {
                reports.append(.probed(token, .failure(code: 7, output: "connection refused")))
                queue.cancel(calls[call].timer)
                return finishInternal(call)
            }
            calls[call].kind = .probe
            calls[call].route = UInt32(index)
            let health = catalogue.programs[Int(processes[slot].behaviour)].behaviour.health[index]
            return submit(call, seconds: health.work.seconds)
        }
        let result = index.map { healthResult(slot, $0) } ?? .success(status: 0)
        if case .success = result {
            reports.append(.probed(token, .success(status: 0)))
        } else {
            reports.append(.probed(token, .failure(code: 1, output: "")))
        }
        queue.cancel(calls[call].timer)
        finishInternal(call)
    }
}
