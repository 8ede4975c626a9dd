import Simulation

/// One model call: its tokens, its attempts and its bill.
extension Workloads {
    /// Sends the context to the model.
    mutating func ask(_ run: UInt32) {
        let call = runs[run].call.slot
        let plan = catalogue.plans[Int(runs[run].plan)].plan
        let index = Int(catalogue.plans[Int(runs[run].plan)].provider)
        if runs[run].attempt == 0 { runs[run].output = max(1, tokens(draw(call, plan.outputTokens))) }
        splitPrompt(run, plan, provider: index)
        let ordinal = calls[call].draws
        calls[call].draws = ordinal &+ 1
        var stream = RandomStream(seed: mixed(calls[call].dice, UInt64(ordinal)), name: "model")
        let answer = providers[index].take(
            Provider.Ask(
                uncached: runs[run].uncached, cached: runs[run].cached, written: runs[run].written,
                output: runs[run].output, timeout: max(.nanoseconds(1), plan.modelTimeout),
                exceedsContext: runs[run].context > Int64(clamping: plan.contextLimit)),
            now: clock.now, random: &stream)
        providers[index].reading.attempts += 1
        providers[index].reading.inFlight += 1
        runs[run].attempts += 1
        runs[run].asked = clock.now
        runs[run].fate = answer.fate
        runs[run].firstToken = answer.firstToken
        runs[run].whole = answer.delay
        runs[run].retryAfter = answer.retryAfter
        runs[run].phase = .asking
        calls[call].state = .asking
        if isFollowed(call) {
            follow(
                "step \(runs[run].stepsDone + 1): asks \(providers[index].name) with \(runs[run].context) tokens (\(runs[run].cached) cached), attempt \(runs[run].attempt + 1)"
            )
        }
        runs[run].slicesLeft = 0
        if plan.streamWork > 0, answer.fate == .answered { beginStream(run, plan) }
        setRunAlarm(run, after: runs[run].slicesLeft > 0 ? nextSlice(run) : answer.delay)
    }

    /// How much of the prompt the provider has in its cache: all that this run sent before, or the system prompt that
    /// other runs have sent lately. A prompt that starts differently each time is never cached.
    private mutating func splitPrompt(_ run: UInt32, _ plan: AgentPlan, provider index: Int) {
        let configuration = providers[index].configuration
        let context = runs[run].context
        runs[run].uncached = context
        runs[run].cached = 0
        runs[run].written = 0
        let changes = plan.changesPrefix || condition(of: calls[runs[run].call.slot].process).changesPrefix
        guard !changes, context >= Int64(configuration.cacheMinimumTokens) else { return }
        var cached: Int64 = 0
        if runs[run].cachedContext > 0, clock.now - runs[run].lastUse < configuration.cacheLifetime {
            cached = runs[run].cachedContext
        } else if plan.systemTokens >= configuration.cacheMinimumTokens,
            clock.now - providers[index].prefixUse[Int(runs[run].plan)] < configuration.cacheLifetime
        {
            cached = Int64(plan.systemTokens)
        }
        cached = min(cached, context)
        runs[run].cached = cached
        runs[run].written = context - cached
        runs[run].uncached = 0
    }

    /// The CPU of reading a stream, spread over its time in eight slices and the end: the event loop is busy a little
    /// all along, as it is with one event for each chunk.
    private static let slices: Int32 = 8

    private mutating func beginStream(_ run: UInt32, _ plan: AgentPlan) {
        let work = Double(runs[run].output) * plan.streamWork
        let isLong = work > 0.005
        runs[run].slicesLeft = isLong ? Self.slices : 0
        runs[run].sliceWork = isLong ? work / Double(Self.slices + 1) : work
    }

    /// From now to the next slice, or to the end.
    private func nextSlice(_ run: UInt32) -> Duration {
        let done = Double(Self.slices - runs[run].slicesLeft + 1) / Double(Self.slices + 1)
        let decoding = runs[run].whole - runs[run].firstToken
        return runs[run].asked + runs[run].firstToken + decoding * done - clock.now
    }

    private mutating func sliceCame(_ run: UInt32) {
        runs[run].slicesLeft -= 1
        let slice = internalCall(.blockage, in: Int(calls[runs[run].call.slot].process))
        submit(slice, seconds: runs[run].sliceWork)
        setRunAlarm(
            run,
            after: runs[run].slicesLeft > 0 ? nextSlice(run) : runs[run].asked + runs[run].whole - clock.now)
    }

    /// A model's answer, a slice of it, a tool's answer, or the end of a wait.
    mutating func agent(_ handle: Handle<AgentRun>) {
        guard runs.contains(handle) else { return }
        let run = handle.slot
        runs[run].timer = .none
        switch runs[run].phase {
        case .asking: if runs[run].slicesLeft > 0 { sliceCame(run) } else { attemptEnded(run) }
        case .backingOff: ask(run)
        case .usingTool: agentToolEnded(runs[run].call.slot, nil)
        case .thinking, .working: break
        }
    }

    private mutating func attemptEnded(_ run: UInt32) {
        let call = runs[run].call.slot
        let plan = catalogue.plans[Int(runs[run].plan)].plan
        let index = Int(catalogue.plans[Int(runs[run].plan)].provider)
        providers[index].reading.inFlight -= 1
        if isFollowed(call) {
            follow(
                "\(providers[index].name): \(runs[run].fate == .answered ? "answered with \(runs[run].output) tokens" : "\(runs[run].fate)") after \(Self.milliseconds(clock.now - runs[run].asked))"
            )
        }
        switch runs[run].fate {
        case .answered:
            providers[index].reading.answered += 1
            providers[index].reading.firstToken.record(runs[run].firstToken)
            providers[index].reading.latency.record(runs[run].whole)
            charge(run, provider: index, output: runs[run].output)
            traceChat(run, .ok, output: runs[run].output)
            noteCached(run, provider: index)
            runs[run].attempt = 0
            runs[run].context = runs[run].context.addingSaturating(runs[run].output)
            runs[run].phase = .working
            var work = runs[run].stepsDone == 0 ? 0 : draw(call, plan.stepWork)
            work = work * slowness(Int(calls[call].process)) + (plan.streamWork > 0 ? runs[run].sliceWork : 0)
            submit(call, seconds: max(work, 0.000_001))
        case .limited:
            providers[index].reading.limited += 1
            traceChat(run, .tooManyRequests, output: nil)
            retry(run, plan, otherwise: .tooManyRequests)
        case .overloaded:
            providers[index].reading.overloaded += 1
            traceChat(run, .unavailable, output: nil)
            retry(run, plan, otherwise: .unavailable)
        case .failed:
            providers[index].reading.failed += 1
            traceChat(run, .serverError, output: nil)
            retry(run, plan, otherwise: .badGateway)
        case .timedOut:
            providers[index].reading.timedOut += 1
            // The tokens that came before the client gave up are paid for.
            let isBilled = !providers[index].condition.hangs
            if isBilled { charge(run, provider: index, output: produced(run)) }
            traceChat(run, .timedOut, output: isBilled ? produced(run) : nil)
            retry(run, plan, otherwise: .gatewayTimeout)
        case .invalid:
            providers[index].reading.invalid += 1
            traceChat(run, .clientError, output: nil)
            runs[run].phase = .thinking
            finish(call, .clientError)
        }
    }

    private mutating func retry(_ run: UInt32, _ plan: AgentPlan, otherwise outcome: Outcome) {
        let call = runs[run].call.slot
        runs[run].phase = .backingOff
        guard Int(runs[run].attempt) < plan.retries.maximum, clock.now < runs[run].deadline else {
            return finish(call, outcome, retryAfter: runs[run].retryAfter)
        }
        runs[run].attempt &+= 1
        let ordinal = calls[call].draws
        calls[call].draws = ordinal &+ 1
        var stream = RandomStream(seed: mixed(calls[call].dice, UInt64(ordinal)), name: "")
        calls[call].state = .asking
        setRunAlarm(
            run,
            after: plan.retries.wait(before: Int(runs[run].attempt), retryAfter: runs[run].retryAfter, random: &stream))
    }

    private mutating func noteCached(_ run: UInt32, provider index: Int) {
        guard runs[run].uncached == 0 else { return }
        runs[run].cachedContext = runs[run].context
        runs[run].lastUse = clock.now
        providers[index].prefixUse[Int(runs[run].plan)] = clock.now
    }

    /// Tokens of the answer that have come by now.
    private func produced(_ run: UInt32) -> Int64 {
        let elapsed = (clock.now - runs[run].asked).seconds
        let first = runs[run].firstToken.seconds
        let index = Int(catalogue.plans[Int(runs[run].plan)].provider)
        let rate = providers[index].configuration.decodeRate / max(1, providers[index].condition.decodeFactor)
        return min(runs[run].output, Int64(min(1e9, max(0, (elapsed - first) * rate))))
    }

    /// The caller has gone in the middle of an answer.
    mutating func abortAsk(_ run: UInt32, _ outcome: Outcome) {
        let index = Int(catalogue.plans[Int(runs[run].plan)].provider)
        providers[index].reading.inFlight -= 1
        providers[index].reading.aborted += 1
        let wasTaken = runs[run].fate == .answered || runs[run].fate == .timedOut
        let isBilled = wasTaken && !providers[index].condition.hangs
        if isBilled { charge(run, provider: index, output: produced(run)) }
        traceChat(run, outcome, output: isBilled ? produced(run) : nil)
    }

    /// Writes one bill into every book.
    private mutating func charge(_ run: UInt32, provider index: Int, output: Int64) {
        let call = runs[run].call.slot
        let bill = providers[index].bill(
            uncached: runs[run].uncached, cached: runs[run].cached, written: runs[run].written, output: output)
        providers[index].reading.billed += bill
        runs[run].bill += bill
        let slot = calls[call].process
        if slot != .max { processes[Int(slot)].meter.bill += bill }
        if calls[call].source < UInt32(sources.count) {
            sources[Int(calls[call].source)].level.noteBill(bill, now: clock.now)
        } else {
            unattributed += bill
        }
    }
}
