import Simulation

/// Working through the stages of a request.
extension Workloads {
    /// Goes on with a call until it has to wait for something.
    mutating func proceed(_ call: UInt32) {
        let slot = Int(calls[call].process)
        let routes = catalogue.programs[Int(processes[slot].behaviour)].routes
        let range = routes[min(Int(calls[call].route), routes.count - 1)]
        while calls[call].stage < range.count {
            let step = Int(range.first + calls[call].stage)
            switch catalogue.steps[step] {
            case .compute(let work):
                calls[call].stage += 1
                let seconds = draw(call, work) * slowness(slot)
                if seconds > 0 { return submit(call, seconds: seconds) }
            case .wait(let duration):
                calls[call].stage += 1
                let seconds = draw(call, duration)
                if seconds > 0 {
                    calls[call].state = .waiting
                    return setWake(call, after: Duration(seconds: seconds))
                }
            case .block(let duration):
                calls[call].stage += 1
                let seconds = draw(call, duration)
                if seconds > 0 { return block(call, seconds: seconds) }
            case .call(let index):
                return place(call, Int(index))
            case .tool(let index):
                return use(call, Int(index))
            case .agent(let index):
                return beginRun(call, index)
            case .cached(let share):
                calls[call].stage = chance(call, share) ? range.count : calls[call].stage + 1
            case .publish(let topic):
                calls[call].stage += 1
                publish(
                    topic, journey: .none, source: calls[call].source, dice: mixed(calls[call].dice, 1 << 40),
                    from: call)
            case .fail(let share):
                calls[call].stage += 1
                if chance(call, share) { return finish(call, .serverError) }
            case .generate(let generation):
                return generate(call, generation)
            }
        }
        let errors = processes[slot].condition.errorRate
        if errors > 0, calls[call].outcome == .ok, chance(call, errors) { calls[call].outcome = .serverError }
        finish(call, calls[call].outcome)
    }

    /// The end of a call's own work.
    mutating func finish(_ call: UInt32, _ outcome: Outcome, retryAfter: Duration = .zero) {
        if !calls[call].run.isNone { endRun(call, outcome) }
        calls[call].outcome = outcome
        switch calls[call].kind {
        case .request: respond(call, outcome, retryAfter: retryAfter)
        case .batch: batchEnded(call)
        case .job: jobEnded(call)
        case .rejection, .probe, .command, .importing, .loading, .warmUpWork, .warmUp, .hook, .blockage:
            finishInternal(call)
        }
    }

    /// Holds the event loop for a while.
    mutating func block(_ call: UInt32, seconds: Double) {
        calls[call].blocks = true
        calls[call].work = max(1, seconds * 1e9)
        enqueue(call)
    }

    /// A burst is over.
    mutating func burstEnded(_ call: UInt32) {
        let slot = Int(calls[call].process)
        if isFollowed(call) { follow("the burst is done") }
        if calls[call].isCancelled { return dissolve(call) }
        if processes[slot].isDeadlocked, calls[call].kind != .command {
            // What held the loop never lets go of it.
            calls[call].work = 1
            return enqueue(call)
        }
        switch calls[call].kind {
        case .request, .batch, .job:
            if calls[call].run.isNone { proceed(call) } else { agentBurstEnded(call) }
        case .rejection: respond(call, .unavailable)
        case .probe: answerProbe(call)
        case .command: commandEnded(call)
        case .importing, .warmUpWork: startPartEnded(call)
        case .loading, .warmUp, .hook, .blockage: finishInternal(call)
        }
    }

    /// What a call waited for has come.
    mutating func wake(_ handle: Handle<Call>) {
        guard calls.contains(handle) else { return }
        let call = handle.slot
        let slot = Int(calls[call].process)
        // A probe's alarm is its deadline.
        if calls[call].kind != .probe { calls[call].timer = .none }
        switch calls[call].state {
        case .blocking:
            calls[call].blocks = false
            processes[slot].busyLoops -= 1
            feedLoops(slot)
            burstEnded(call)
        case .backingOff:
            if calls[call].run.isNone { resume(call) } else { callTool(calls[call].run.slot) }
        case .waiting:
            traceAnswered(call, nil)
            if processes[slot].isDeadlocked, calls[call].kind != .hook {
                calls[call].work = 1
                return enqueue(call)
            }
            switch calls[call].kind {
            case .request, .batch, .job: proceed(call)
            case .probe: finishProbe(call)
            case .loading, .warmUp: startPartEnded(call)
            case .hook: hookEnded(call)
            case .rejection, .command, .importing, .warmUpWork, .blockage: finishInternal(call)
            }
        case .connecting, .admission, .queued, .running, .calling, .asking:
            break
        }
    }

    // MARK: Calls to other services

    /// Sends the request of a `call` stage.
    mutating func place(_ call: UInt32, _ index: Int) {
        let target = catalogue.calls[index].target
        if calls[call].attempt == 0 {
            services[Int(target)].budget.noteRequest(catalogue.calls[index].retries, now: clock.now)
        }
        services[Int(target)].level.noteAttempt(now: clock.now)
        calls[call].state = .calling
        if isFollowed(call) {
            follow(
                "calls \(services[Int(target)].level.name)\(calls[call].attempt > 0 ? ", attempt \(calls[call].attempt + 1)" : "")"
            )
        }
        traceCall(call, target: target, path: catalogue.calls[index].path)
        guard passProxy(Int(calls[call].process), isOut: true) else {
            // Refused on the pod's own loopback: known at once, told as an event, so that retries keep their order.
            calls[call].child = .none
            let handle = calls.handle(call)
            calls[call].timer = queue.schedule(
                .proxyRefused(call: handle.slot, generation: handle.generation), after: .microseconds(100), on: &clock)
            return
        }
        let parent = calls.handle(call)
        let ordinal = calls[call].draws
        calls[call].draws = ordinal &+ 1
        calls[call].child = send(
            to: target, path: catalogue.calls[index].path, from: .call, originSlot: parent.slot,
            originGeneration: parent.generation, trace: calls[call].trace, source: calls[call].source,
            dice: mixed(calls[call].dice, UInt64(ordinal)), depth: calls[call].depth &+ 1,
            delay: max(.nanoseconds(1), configuration.network.hop + configuration.network.sidecar))
        traceSent(calls[call].child, by: call)
        if let timeout = catalogue.calls[index].timeout {
            calls[call].timer = queue.schedule(
                .childDeadline(call: parent.slot, generation: parent.generation), after: timeout, on: &clock)
        }
    }

    /// The stage's call that a caller is waiting for.
    private func pendingCall(_ call: UInt32) -> Int? {
        if !calls[call].run.isNone { return pendingToolCall(calls[call].run.slot) }
        let routes = catalogue.programs[Int(processes[Int(calls[call].process)].behaviour)].routes
        let range = routes[min(Int(calls[call].route), routes.count - 1)]
        guard calls[call].stage < range.count,
            case .call(let index) = catalogue.steps[Int(range.first + calls[call].stage)]
        else { return nil }
        return Int(index)
    }

    mutating func childDeadline(_ handle: Handle<Call>) {
        guard calls.contains(handle), calls[handle.slot].state == .calling else { return }
        let call = handle.slot
        calls[call].timer = .none
        let child = calls[call].child
        calls[call].child = .none
        if isFollowed(call) { follow("\(podName(Int(calls[call].process))) gives up waiting for its call") }
        orphan(child, .timedOut)
        childEnded(call, .timedOut, .zero)
    }

    /// The pod's own sidecar did not listen.
    mutating func proxyRefused(_ handle: Handle<Call>) {
        guard calls.contains(handle), calls[handle.slot].state == .calling else { return }
        calls[handle.slot].timer = .none
        childEnded(handle.slot, .refused, .zero)
    }

    mutating func childAnswered(_ handle: Handle<Call>, _ outcome: Outcome, _ retryAfter: Duration) {
        guard calls.contains(handle), calls[handle.slot].state == .calling else { return }
        let call = handle.slot
        queue.cancel(calls[call].timer)
        calls[call].timer = .none
        calls[call].child = .none
        childEnded(call, outcome, retryAfter)
    }

    private mutating func childEnded(_ call: UInt32, _ outcome: Outcome, _ retryAfter: Duration) {
        traceAnswered(call, outcome)
        guard let index = pendingCall(call) else { return finish(call, .serverError) }
        let policy = catalogue.calls[index].retries
        if outcome != .ok, outcome.isRetryable, Int(calls[call].attempt) < policy.maximum,
            services[Int(catalogue.calls[index].target)].budget.take(policy, now: clock.now)
        {
            calls[call].attempt &+= 1
            calls[call].state = .backingOff
            let ordinal = calls[call].draws
            calls[call].draws = ordinal &+ 1
            var stream = RandomStream(seed: mixed(calls[call].dice, UInt64(ordinal)), name: "")
            return setWake(
                call, after: policy.wait(before: Int(calls[call].attempt), retryAfter: retryAfter, random: &stream))
        }
        calls[call].attempt = 0
        if !calls[call].run.isNone { return agentToolEnded(call, outcome) }
        calls[call].stage += 1
        if outcome == .ok || catalogue.calls[index].isOptional { return resume(call) }
        finish(call, outcome.passedOn)
    }

    /// Goes on after waiting, unless the program stands still.
    private mutating func resume(_ call: UInt32) {
        if processes[Int(calls[call].process)].isDeadlocked {
            calls[call].work = 1
            return enqueue(call)
        }
        proceed(call)
    }

    // MARK: Tools outside the cluster

    mutating func use(_ call: UInt32, _ index: Int) {
        calls[call].stage += 1
        let tool = catalogue.toolCalls[index]
        let (seconds, succeeded) = drawTool(call, Int(tool.tool))
        let timeout = tool.timeout?.seconds ?? .infinity
        if isFollowed(call) { follow(toolNote(Int(tool.tool), seconds, timeout, succeeded)) }
        traceExternal(call, tool: tool.tool, seconds > timeout ? .timedOut : succeeded ? .ok : .serverError)
        if !tool.isOptional, !succeeded || seconds > timeout {
            calls[call].outcome = succeeded ? .gatewayTimeout : .badGateway
            calls[call].stage = .max - 1
        }
        calls[call].state = .waiting
        setWake(call, after: Duration(seconds: min(seconds, timeout)))
    }
}
