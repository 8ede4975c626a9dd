import Simulation

/// An agent's loop for a representative request: the same rules as request by request, without events.
extension Workloads {
    /// What is known of a run on the way.
    private struct FlowRun {
        var elapsed = 0.0
        var context: Int64
        var cachedContext: Int64 = 0
        var lastUse = -Double.infinity
        var tokens: Int64 = 0
        /// When it began, in the time of its trace.
        var begin = 0.0
    }

    mutating func flowRun(_ slot: Int, _ index: Int, depth: Int, _ walk: inout FlowWalk) -> FlowAnswer {
        let plan = catalogue.plans[index].plan
        guard providers.indices.contains(Int(catalogue.plans[index].provider)) else {
            return FlowAnswer(outcome: .serverError, seconds: 0)
        }
        let isLooping = walk.random.unit() < min(1, plan.loopProbability + processes[slot].condition.loopProbability)
        let isFailing = walk.random.unit() < plan.failureProbability
        if isFailing { walk.isPoor = true }
        let drawn = plan.steps.sample(using: &walk.random) * (isFailing ? plan.failureFactor : 1)
        var steps = isLooping || !drawn.isFinite ? Int.max / 2 : Int(min(max(1, drawn.rounded()), 1e6))
        var run = FlowRun(
            context: Int64(clamping: plan.systemTokens) + tokens(plan.userTokens.sample(using: &walk.random)))
        run.begin = walk.trace?.at ?? 0
        let span = openFlowSpan(&walk)
        var step = openFlowSpan(&walk)
        run.elapsed += flowBurst(slot, seconds: plan.firstStepWork.sample(using: &walk.random) * slowness(slot), &walk)
        let deadline = plan.deadline?.seconds ?? .infinity
        var done = 0
        var answer = FlowAnswer(outcome: .ok, seconds: 0)
        while true {
            answer = flowAsk(slot, index, plan, &run, isFirst: done == 0, &walk)
            done += 1
            walk.steps += 1
            if answer.outcome != .ok { break }
            noteSteps(slot, walk.weight)
            if done >= steps { break }
            if done >= plan.stepCap {
                answer.outcome = plan.failsAtCap ? .serverError : .ok
                break
            }
            if run.elapsed >= deadline {
                answer.outcome = .gatewayTimeout
                break
            }
            if let budget = plan.tokenBudget, run.tokens >= Int64(clamping: budget) {
                answer.outcome = .serverError
                break
            }
            steps += flowTools(slot, index, plan, depth: depth, &run, &walk)
            run.context += tokens(plan.growthTokens.sample(using: &walk.random))
            closeFlowStep(step, index, done, .ok, slot, run, &walk)
            step = openFlowSpan(&walk)
        }
        closeFlowStep(step, index, done, answer.outcome, slot, run, &walk)
        closeFlowSpan(span, .agent, after: run.elapsed, answer.outcome, slot: slot, &walk) { span in
            span.subject = catalogue.plans[index].provider
            span.ordinal = UInt32(clamping: answer.outcome == .ok ? done : done - 1)
        }
        answer.seconds = run.elapsed
        let factor = catalogue.programs[Int(processes[slot].behaviour)].behaviour.memory.perPromptByte
        flows[slot].promptBytes += Double(run.context) * 4 * factor * run.elapsed * Double(walk.weight)
        return answer
    }

    private func closeFlowStep(
        _ step: (number: UInt64, parent: UInt64, at: Double)?, _ index: Int, _ number: Int, _ outcome: Outcome,
        _ slot: Int, _ run: FlowRun, _ walk: inout FlowWalk
    ) {
        let length = run.begin + run.elapsed - (step?.at ?? 0)
        closeFlowSpan(step, .step, after: length, outcome, slot: slot, &walk) { span in
            span.subject = catalogue.plans[index].provider
            span.ordinal = UInt32(clamping: number)
        }
    }

    /// The tools of one step; the steps that repairing their errors takes.
    private mutating func flowTools(
        _ slot: Int, _ index: Int, _ plan: AgentPlan, depth: Int, _ run: inout FlowRun, _ walk: inout FlowWalk
    ) -> Int {
        guard !plan.tools.isEmpty else { return 0 }
        let whole = max(0, plan.toolsPerStep).rounded(.down)
        let number = Int(min(whole, 1000)) + (walk.random.unit() < plan.toolsPerStep - whole ? 1 : 0)
        var repairs = 0
        for _ in 0..<number {
            let pick = walk.random.unit() * (catalogue.plans[index].weights.last ?? 0)
            let tool = catalogue.plans[index].weights.firstIndex { pick < $0 } ?? plan.tools.count - 1
            let succeeded: Bool
            let outcome: Outcome
            let subject: UInt32
            walk.trace?.at = run.begin + run.elapsed
            let span = openFlowSpan(&walk)
            let before = run.elapsed
            switch catalogue.plans[index].tools[tool] {
            case .service(let call):
                let child = flowCall(slot, Int(call), depth: depth, &walk)
                run.elapsed += child.seconds
                succeeded = child.outcome == .ok
                outcome = child.outcome
                subject = catalogue.calls[Int(call)].target | CallSpan.serviceTool
            case .external(let call):
                let (seconds, failure) = flowTool(Int(call), &walk)
                run.elapsed += seconds
                succeeded = failure == nil
                outcome = Self.toolOutcome(failure)
                subject = catalogue.toolCalls[Int(call)].tool & ~CallSpan.serviceTool
            }
            closeFlowSpan(span, .tool, after: run.elapsed - before, outcome, slot: slot, &walk) { span in
                span.subject = subject
            }
            if !succeeded { repairs += 1 }
            noteTool(
                slot, plan: UInt32(clamping: index), tool: UInt32(clamping: tool), succeeded: succeeded,
                count: walk.weight)
        }
        return repairs
    }

    /// One model call with its retries.
    private mutating func flowAsk(
        _ slot: Int, _ index: Int, _ plan: AgentPlan, _ run: inout FlowRun, isFirst: Bool, _ walk: inout FlowWalk
    ) -> FlowAnswer {
        let provider = Int(catalogue.plans[index].provider)
        let output = max(1, tokens(plan.outputTokens.sample(using: &walk.random)))
        var attempt = 0
        while true {
            let (uncached, cached, written) = flowPrompt(slot, index, plan, run)
            let answer = providers[provider].take(
                Provider.Ask(
                    uncached: uncached, cached: cached, written: written, output: output,
                    timeout: max(.nanoseconds(1), plan.modelTimeout),
                    exceedsContext: run.context > Int64(clamping: plan.contextLimit)),
                now: clock.now, random: &walk.random, weight: walk.weight)
            providers[provider].reading.note(answer, weight: walk.weight)
            walk.trace?.at = run.begin + run.elapsed
            let span = openFlowSpan(&walk)
            run.elapsed += answer.delay.seconds
            closeFlowSpan(
                span, .chat, after: answer.delay.seconds, Self.chatOutcome(answer.fate), slot: slot, &walk
            ) { span in
                span.subject = catalogue.plans[index].provider
                span.ordinal = UInt32(clamping: attempt)
                guard answer.fate == .answered else { return }
                (span.uncachedInput, span.cachedInput, span.cacheWrites) = (uncached, cached, written)
                (span.output, span.firstToken) = (output, answer.firstToken)
            }
            let outcome: Outcome
            switch answer.fate {
            case .answered:
                charge(provider, slot, uncached: uncached, cached: cached, written: written, output: output, walk)
                run.tokens += uncached + cached + written + output
                run.context += output
                if uncached == 0 {
                    run.cachedContext = run.context - output
                    run.lastUse = run.elapsed
                    providers[provider].prefixUse[index] = clock.now
                }
                let work = (isFirst ? 0 : plan.stepWork.sample(using: &walk.random)) * slowness(slot)
                run.elapsed += flowBurst(slot, seconds: work + plan.streamWork * Double(output), &walk)
                return FlowAnswer(outcome: .ok, seconds: 0)
            case .invalid: return FlowAnswer(outcome: .clientError, seconds: 0)
            case .limited: outcome = .tooManyRequests
            case .overloaded: outcome = .unavailable
            case .failed: outcome = .badGateway
            case .timedOut:
                outcome = .gatewayTimeout
                if !providers[provider].condition.hangs {
                    let rate = providers[provider].configuration.decodeRate
                    let produced = Int64(max(0, (plan.modelTimeout - answer.firstToken).seconds * rate))
                    charge(
                        provider, slot, uncached: uncached, cached: cached, written: written,
                        output: min(output, produced), walk)
                }
            }
            guard attempt < plan.retries.maximum else {
                return FlowAnswer(outcome: outcome, seconds: 0, retryAfter: answer.retryAfter)
            }
            attempt += 1
            run.elapsed +=
                plan.retries.wait(before: attempt, retryAfter: answer.retryAfter, random: &walk.random).seconds
        }
    }

    /// How an attempt at a model ended, as its client sees it.
    private static func chatOutcome(_ fate: ModelFate) -> Outcome {
        switch fate {
        case .answered: .ok
        case .limited: .tooManyRequests
        case .overloaded: .unavailable
        case .failed: .serverError
        case .invalid: .clientError
        case .timedOut: .timedOut
        }
    }

    private func flowPrompt(_ slot: Int, _ index: Int, _ plan: AgentPlan, _ run: FlowRun) -> (Int64, Int64, Int64) {
        let provider = Int(catalogue.plans[index].provider)
        let configuration = providers[provider].configuration
        guard !plan.changesPrefix, !processes[slot].condition.changesPrefix,
            run.context >= Int64(configuration.cacheMinimumTokens)
        else { return (run.context, 0, 0) }
        var cached: Int64 = 0
        if run.cachedContext > 0, run.elapsed - run.lastUse < configuration.cacheLifetime.seconds {
            cached = run.cachedContext
        } else if plan.systemTokens >= configuration.cacheMinimumTokens,
            clock.now - providers[provider].prefixUse[index] < configuration.cacheLifetime
        {
            cached = Int64(plan.systemTokens)
        }
        cached = min(cached, run.context)
        return (0, cached, run.context - cached)
    }

    private mutating func charge(
        _ provider: Int, _ slot: Int, uncached: Int64, cached: Int64, written: Int64, output: Int64, _ walk: FlowWalk
    ) {
        let weight = walk.weight
        var bill = providers[provider].bill(
            uncached: uncached.multiplyingSaturating(weight), cached: cached.multiplyingSaturating(weight),
            written: written.multiplyingSaturating(weight), output: output.multiplyingSaturating(weight))
        bill.calls = weight
        providers[provider].reading.billed += bill
        processes[slot].meter.bill += bill
        sources[Int(walk.source)].level.noteBill(bill, now: clock.now)
    }
}

extension ProviderReading {
    /// Counts an attempt that is over at once.
    mutating func note(_ answer: Provider.Answer, weight: Int64) {
        attempts += weight
        switch answer.fate {
        case .answered:
            answered += weight
            firstToken.record(answer.firstToken, count: UInt32(clamping: weight))
            latency.record(answer.delay, count: UInt32(clamping: weight))
        case .limited: limited += weight
        case .overloaded: overloaded += weight
        case .failed: failed += weight
        case .invalid: invalid += weight
        case .timedOut: timedOut += weight
        }
    }
}
