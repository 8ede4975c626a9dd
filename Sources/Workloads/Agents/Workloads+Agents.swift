import Simulation

/// An agent's loop: ask the model, use tools, ask again with a longer context, until it answers or is stopped.
extension Workloads {
    mutating func beginRun(_ call: UInt32, _ index: UInt32) {
        let plan = catalogue.plans[Int(index)].plan
        guard providers.indices.contains(Int(catalogue.plans[Int(index)].provider)) else {
            return finish(call, .serverError)
        }
        var run = AgentRun()
        run.call = calls.handle(call)
        run.plan = index
        run.deadline = plan.deadline.map { clock.now + $0 } ?? .never
        run.isLooping = chance(call, min(1, plan.loopProbability + condition(of: calls[call].process).loopProbability))
        run.failing = chance(call, plan.failureProbability)
        var steps = draw(call, plan.steps) * (run.failing ? plan.failureFactor : 1)
        steps = steps.isFinite ? min(max(1, steps.rounded()), 1e6) : 1
        run.stepsLeft = run.isLooping ? .max : Int32(steps)
        run.context = Int64(clamping: plan.systemTokens).addingSaturating(tokens(draw(call, plan.userTokens)))
        if run.failing { calls[call].isPoor = true }
        let handle = runs.insert(run)
        calls[call].run = handle
        traceRun(handle.slot)
        holdPrompt(call, bytes: run.context)
        // Building the first prompt is part of the first step's work.
        runs[handle.slot].phase = .thinking
        let work = draw(call, plan.firstStepWork) * slowness(Int(calls[call].process))
        if work > 0 {
            submit(call, seconds: work)
        } else {
            ask(handle.slot)
        }
    }

    func tokens(_ value: Double) -> Int64 { value.isFinite ? Int64(min(max(0, value.rounded()), 1e9)) : 0 }

    /// Memory for a context of so many more tokens, four bytes each.
    private mutating func holdPrompt(_ call: UInt32, bytes tokens: Int64) {
        let slot = Int(calls[call].process)
        let factor = catalogue.programs[Int(processes[slot].behaviour)].behaviour.memory.perPromptByte
        let bytes = Int64(min(1e15, Double(tokens) * 4 * max(0, factor)))
        calls[call].memory += bytes
        grow(slot, by: bytes)
    }

    /// The event loop has done the work around a model call.
    mutating func agentBurstEnded(_ call: UInt32) {
        let run = calls[call].run.slot
        switch runs[run].phase {
        case .thinking: ask(run)
        case .working: stepEnded(run)
        case .asking, .backingOff, .usingTool: break
        }
    }

    /// A model's answer has been read: is it the last?
    private mutating func stepEnded(_ run: UInt32) {
        let call = runs[run].call.slot
        let plan = catalogue.plans[Int(runs[run].plan)].plan
        runs[run].stepsDone += 1
        noteSteps(Int(calls[call].process))
        if !runs[run].isLooping { runs[run].stepsLeft -= 1 }
        if runs[run].stepsLeft <= 0 { return answerFound(run) }
        if Int(runs[run].stepsDone) >= plan.stepCap {
            // MaxTurnsExceeded: nothing to answer with.
            return plan.failsAtCap ? finish(call, .serverError) : answerFound(run)
        }
        if clock.now >= runs[run].deadline { return finish(call, .gatewayTimeout) }
        let spent = runs[run].bill
        if let budget = plan.tokenBudget,
            spent.uncachedInput + spent.cachedInput + spent.cacheWrites + spent.output >= Int64(clamping: budget)
        {
            return finish(call, .serverError)
        }
        let whole = max(0, plan.toolsPerStep).rounded(.down)
        runs[run].toolsLeft = Int32(min(whole, 1000)) + (chance(call, plan.toolsPerStep - whole) ? 1 : 0)
        useTools(run)
    }

    private mutating func answerFound(_ run: UInt32) {
        let call = runs[run].call.slot
        endRun(call, .ok)
        calls[call].stage += 1
        proceed(call)
    }

    /// The next tool, or the next model call when all are done.
    private mutating func useTools(_ run: UInt32) {
        let call = runs[run].call.slot
        let plan = Int(runs[run].plan)
        guard runs[run].toolsLeft > 0, !catalogue.plans[plan].tools.isEmpty else {
            let growth = tokens(draw(call, catalogue.plans[plan].plan.growthTokens))
            runs[run].context = runs[run].context.addingSaturating(growth)
            holdPrompt(call, bytes: growth)
            traceStep(run)
            runs[run].phase = .thinking
            return ask(run)
        }
        runs[run].toolsLeft -= 1
        runs[run].toolCalls += 1
        let total = catalogue.plans[plan].weights.last ?? 0
        var stream = RandomStream(seed: mixed(calls[call].dice, UInt64(calls[call].draws)), name: "")
        calls[call].draws &+= 1
        let pick = stream.unit() * total
        let index = catalogue.plans[plan].weights.firstIndex { pick < $0 } ?? catalogue.plans[plan].tools.count - 1
        runs[run].tool = UInt32(index)
        runs[run].phase = .usingTool
        callTool(run)
    }

    /// Calls the tool that the agent has picked; also the way back after a wait for a retry.
    mutating func callTool(_ run: UInt32) {
        let call = runs[run].call.slot
        switch catalogue.plans[Int(runs[run].plan)].tools[Int(runs[run].tool)] {
        case .service(let index):
            traceTool(run)
            place(call, Int(index))
        case .external(let index):
            let tool = catalogue.toolCalls[Int(index)]
            let (seconds, succeeded) = drawTool(call, Int(tool.tool))
            let timeout = tool.timeout?.seconds ?? .infinity
            if isFollowed(call) { follow(toolNote(Int(tool.tool), seconds, timeout, succeeded)) }
            runs[run].toolFailed = !succeeded || seconds > timeout
            traceTool(run, outcome: seconds > timeout ? .timedOut : succeeded ? .ok : .serverError)
            calls[call].state = .asking
            setRunAlarm(run, after: Duration(seconds: min(seconds, timeout)))
        }
    }

    func pendingToolCall(_ run: UInt32) -> Int? {
        guard case .service(let index) = catalogue.plans[Int(runs[run].plan)].tools[Int(runs[run].tool)] else {
            return nil
        }
        return Int(index)
    }

    /// A tool has answered. An error goes to the model, which needs a step more to repair it.
    /// - Parameter outcome: how a call to a service ended; nil for a tool outside the cluster.
    mutating func agentToolEnded(_ call: UInt32, _ outcome: Outcome?) {
        let run = calls[call].run.slot
        let succeeded = outcome.map { $0 == .ok } ?? !runs[run].toolFailed
        traceToolEnded(run, outcome)
        noteTool(Int(calls[call].process), plan: runs[run].plan, tool: runs[run].tool, succeeded: succeeded)
        if !succeeded, !runs[run].isLooping { runs[run].stepsLeft += 1 }
        if clock.now >= runs[run].deadline { return finish(call, .gatewayTimeout) }
        useTools(run)
    }

    mutating func setRunAlarm(_ run: UInt32, after delay: Duration) {
        let handle = runs.handle(run)
        runs[run].timer = queue.schedule(
            .agent(run: handle.slot, generation: handle.generation), after: delay, on: &clock)
    }

    /// A run is over, however it ended; a model call under way is aborted and billed for what it produced.
    mutating func endRun(_ call: UInt32, _ outcome: Outcome) {
        let handle = calls[call].run
        guard runs.contains(handle) else { return }
        queue.cancel(runs[handle.slot].timer)
        if runs[handle.slot].phase == .asking { abortAsk(handle.slot, outcome) }
        traceRunEnded(handle.slot, outcome)
        calls[call].steps &+= UInt32(clamping: runs[handle.slot].stepsDone)
        runs.remove(handle.slot)
        calls[call].run = .none
    }
}
