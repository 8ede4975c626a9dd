import ContainerRuntime
import Simulation

/// Model servers: requests go into the engine of their process and come out when their answer is complete.
extension Workloads {
    /// A process with an engine has started.
    mutating func beginEngine(_ slot: Int, _ service: ServiceProgram) {
        guard var engine = service.engine, let container = containers[slot] else { return }
        let options = ServerOptions(container)
        engine.maximumSequences = max(1, options.maximumSequences ?? engine.maximumSequences)
        engine.batchedTokens = max(1, options.batchedTokens ?? engine.batchedTokens)
        engine.schedulingPolicy = options.schedulingPolicy ?? engine.schedulingPolicy
        while engines.count <= slot { engines.append(nil) }
        engines[slot] = ModelEngine(configuration: engine, now: clock.now)
        let factor = engineSlowness(slot)
        engines[slot]?.setSlowness(factor, now: clock.now)
    }

    /// The process is gone, and what it had in its engine with it.
    mutating func endEngine(_ slot: Int) {
        guard slot < engines.count, let engine = engines[slot] else { return }
        queue.cancel(engine.timer)
        engines[slot] = nil
    }

    @inline(__always) func hasEngine(_ slot: Int) -> Bool { slot < engines.count && engines[slot] != nil }

    private func engineSlowness(_ slot: Int) -> Double {
        processes[slot].isDeadlocked ? .infinity : max(0.001, slowness(slot))
    }

    /// A request's `generate` stage.
    mutating func generate(_ call: UInt32, _ generation: Generation) {
        let slot = Int(calls[call].process)
        let prompt = max(1, tokens(draw(call, generation.promptTokens)))
        let output = max(1, tokens(draw(call, generation.outputTokens)))
        calls[call].stage += 1
        guard hasEngine(slot) else { return finish(call, .serverError) }
        calls[call].state = .asking
        let priority = Int32(clamping: generation.priority)
        guard
            engines[slot]?.add(call: call, prompt: prompt, output: output, priority: priority, now: clock.now) ?? false
        else { return finish(call, .clientError) }
        if isFollowed(call) {
            follow(
                "stands in the engine of \(podName(slot)): \(prompt) prompt tokens, \(output) to write; \(engines[slot]?.running.count ?? 0) run, \((engines[slot]?.waiting.count ?? 1) - 1) wait before it"
            )
        }
        settleEngine(slot)
    }

    /// The caller has gone while the engine worked on its request.
    mutating func leaveEngine(_ call: UInt32) {
        guard calls[call].state == .asking, calls[call].run.isNone, calls[call].process != .max else { return }
        let slot = Int(calls[call].process)
        guard hasEngine(slot) else { return }
        engines[slot]?.remove(call: call, now: clock.now)
        touchedEngines.append(UInt32(slot))
    }

    /// Engines from which a request has gone are brought up to date once the present event has been handled.
    mutating func settleTouchedEngines() {
        while let slot = touchedEngines.popLast() {
            if hasEngine(Int(slot)) { settleEngine(Int(slot)) }
        }
    }

    /// Something in an engine's batch is due.
    mutating func engineAlarm(_ id: ContainerID) {
        guard isRunning(id), hasEngine(Int(id.slot)) else { return }
        engines[Int(id.slot)]?.timer = .none
        settleEngine(Int(id.slot))
    }

    /// Faults have changed what engines can do.
    mutating func refreshEngines() {
        for slot in engines.indices where engines[slot] != nil {
            let factor = engineSlowness(slot)
            engines[slot]?.setSlowness(factor, now: clock.now)
            settleEngine(slot)
        }
    }

    private mutating func settleEngine(_ slot: Int) {
        guard let outcome = engines[slot]?.settle(now: clock.now) else { return }
        if let timer = engines[slot]?.timer { queue.cancel(timer) }
        engines[slot]?.timer = .none
        if let delay = engines[slot]?.next {
            let id = processes[slot].id
            engines[slot]?.timer = queue.schedule(
                .engine(slot: id.slot, generation: id.generation), after: delay, on: &clock)
        }
        for call in outcome.firstTokens { firstTokenCame(call) }
        for call in outcome.finished {
            if isFollowed(call) { follow("the answer is complete") }
            proceed(call)
        }
    }

    /// The first token travels back to the user, through all that stream it on.
    private mutating func firstTokenCame(_ first: UInt32) {
        if isFollowed(first) { follow("the first token comes") }
        var call = first
        while calls[call].origin == .call {
            let parent = Handle<Call>(slot: calls[call].originSlot, generation: calls[call].originGeneration)
            guard calls.contains(parent) else { return }
            call = parent.slot
        }
        guard calls[call].origin == .journey else { return }
        let journey = Handle<Journey>(slot: calls[call].originSlot, generation: calls[call].originGeneration)
        guard journeys.contains(journey), sources[Int(journeys[journey.slot].source)].configuration.streams,
            journeys[journey.slot].firstToken == .never
        else { return }
        journeys[journey.slot].firstToken = clock.now
        // Somebody who reads has patience; the client's time-out of the attempt stays.
        journeys[journey.slot].patience = .never
        queue.cancel(journeys[journey.slot].timer)
        journeys[journey.slot].timer = .none
        if let timeout = sources[Int(journeys[journey.slot].source)].configuration.timeout {
            journeys[journey.slot].timer = queue.schedule(
                .journeyDeadline(journey: journey.slot, generation: journey.generation),
                at: max(clock.now, calls[call].sent + timeout), on: &clock)
        }
    }
}

extension Workloads {
    /// A model server's engine as its own metrics show it.
    public struct EngineGauges: Sendable, Equatable {
        /// `vllm:num_requests_running` and `vllm:num_requests_waiting`.
        public var running: Int
        public var waiting: Int
        /// `vllm:kv_cache_usage_perc`: 0 to 1.
        public var cacheUsage: Double
        /// `DCGM_FI_DEV_GPU_UTIL`: percent.
        public var gpuUtilization: Double
        public var counters: EngineCounters
    }

    /// The gauges of a container's engine at this instant, or nil if it has none.
    public func engine(of container: ContainerID, now: SimulationTime) -> EngineGauges? {
        guard isRunning(container), hasEngine(Int(container.slot)), var engine = engines[Int(container.slot)] else {
            return nil
        }
        engine.advance(to: now)
        return EngineGauges(
            running: engine.running.count, waiting: engine.waiting.count, cacheUsage: engine.cacheUsage,
            gpuUtilization: engine.activity.percent, counters: engine.counters)
    }
}
