import ContainerRuntime
import Simulation

/// Aggregated traffic: every few seconds the requests that came are represented by a few, each standing for many,
/// whose way through the services is worked out at once. For trials of days; a test measures its error.
extension Workloads {
    mutating func beginFlows() {
        guard sources.contains(where: \.isAggregated) else { return }
        lastFlow = clock.now
        for index in sources.indices where sources[index].isAggregated {
            sources[index].area = sources[index].drawGap()
        }
        queue.schedule(.flow, after: flowInterval, on: &clock)
    }

    private var flowInterval: Duration { max(configuration.accounting.flowInterval, .milliseconds(100)) }

    mutating func flowTick() {
        let start = lastFlow
        while flows.count < processes.count { flows.append(FlowState()) }
        shareCapacity()
        for index in sources.indices where sources[index].isAggregated { flow(index, from: start) }
        rollFlows(seconds: max(1e-3, (clock.now - start).seconds))
        lastFlow = clock.now
        queue.schedule(.flow, after: flowInterval, on: &clock)
    }

    /// One source's requests since the last tick.
    private mutating func flow(_ index: Int, from start: SimulationTime) {
        let expected = sources[index].curve.area(from: start, to: clock.now) * sources[index].scale
        let number = drawCount(index, expected: expected)
        let growth = sources[index].lastFlow > 0 ? min(4, max(0.25, expected / sources[index].lastFlow)) : 1
        sources[index].lastFlow = expected
        guard number > 0 else { return }
        sources[index].level.noteArrival(now: clock.now, count: number)
        sources[index].begun += UInt64(number)
        let target = Int(sources[index].target)
        if services[target].index < 0 { services[target].index = endpoints.index(of: services[target].level.name) }
        let pods = endpoints.services[services[target].index].endpoints.count
        let fewest = configuration.accounting.flowSamples
        let samples = min(number, Int64(max(fewest, min(256, 4 * pods))))
        var failed = 0.0
        for sample in 0..<samples {
            let weight = number / samples + (sample < number % samples ? 1 : 0)
            failed +=
                flowJourney(
                    index, weight: weight, growth: growth, evenness: expected / Double(number),
                    place: (start, sample, samples)) * Double(weight)
        }
        sources[index].failureShare = failed / Double(number)
    }

    /// How many requests came: Poisson, or more variable, around the expectation.
    private mutating func drawCount(_ index: Int, expected: Double) -> Int64 {
        guard expected > 0 else { return 0 }
        if expected > 200 {
            let variation = sources[index].configuration.variation
            let normal = sources[index].random.normal()
            return Int64(min(1e12, max(0, (expected + normal * expected.squareRoot() * variation).rounded())))
        }
        var count: Int64 = 0
        var left = expected
        // The gap under way at the end of an interval goes on in the next.
        while sources[index].area <= left {
            left -= sources[index].area
            sources[index].area = sources[index].drawGap()
            count += 1
        }
        sources[index].area -= left
        return count
    }

    /// One representative user, with all attempts; the share of attempts that failed.
    /// - Parameter place: the begin of the interval, and which of how many representatives of it this is.
    private mutating func flowJourney(
        _ index: Int, weight: Int64, growth: Double, evenness: Double,
        place: (start: SimulationTime, sample: Int64, samples: Int64)
    ) -> Double {
        let policy = sources[index].retries
        let timeout = sources[index].configuration.timeout?.seconds ?? 3600
        var patience = Double.infinity
        if let distribution = sources[index].configuration.patience {
            patience = max(0.001, distribution.sample(using: &sources[index].random))
        }
        var walk = FlowWalk(
            random: RandomStream(seed: sources[index].random.next(), name: ""), weight: weight, growth: growth,
            evenness: evenness, source: UInt32(index))
        beginFlowTrace(&walk, from: place.start, place: place.sample, of: place.samples)
        var elapsed = 0.0
        var failures = 0.0
        var attempt = 0
        while true {
            sources[index].level.noteAttempt(now: clock.now, count: weight)
            walk.trace?.at = min(elapsed, patience)
            let span = openFlowSpan(&walk)
            let answer = flowRequest(sources[index].target, path: sources[index].path, depth: 0, &walk)
            var outcome = answer.outcome
            var seconds = answer.seconds
            if seconds > timeout {
                outcome = .timedOut
                seconds = timeout
            }
            let isAbandoned = elapsed + seconds > patience
            closeFlowSpan(
                span, .attempt, after: isAbandoned ? patience - elapsed : seconds, isAbandoned ? .abandoned : outcome,
                &walk
            ) { [target = sources[index].target, path = sources[index].path] span in
                (span.subject, span.path, span.ordinal) = (target, path, UInt32(clamping: attempt))
            }
            if isAbandoned {
                end(index, .abandoned, patience, walk, weight)
                endFlowTrace(walk, .abandoned, after: patience, attempts: attempt)
                return failures / Double(attempt + 1)
            }
            elapsed += seconds
            if outcome != .ok { failures += 1 }
            let isAllowed = grants(policy, failureShare: sources[index].failureShare, &walk)
            guard outcome != .ok, outcome.isRetryable, attempt < policy.maximum, isAllowed else {
                end(index, outcome, elapsed, walk, weight)
                endFlowTrace(walk, outcome, after: elapsed, attempts: attempt)
                return failures / Double(attempt + 1)
            }
            attempt += 1
            elapsed += policy.wait(before: attempt, retryAfter: answer.retryAfter, random: &walk.random).seconds
        }
    }

    private mutating func end(_ index: Int, _ outcome: Outcome, _ seconds: Double, _ walk: FlowWalk, _ weight: Int64) {
        sources[index].level.noteEnd(outcome, latency: Duration(seconds: seconds), now: clock.now, count: weight)
        if walk.isPoor, outcome == .ok { sources[index].level.notePoor(now: clock.now, count: weight) }
    }

    /// A retry budget as a share: retries up to it pass, the rest do not.
    func grants(_ policy: RetryPolicy, failureShare: Double, _ walk: inout FlowWalk) -> Bool {
        guard let budget = policy.budget else { return true }
        let draw = walk.random.unit()
        return failureShare <= budget || draw < budget / failureShare
    }

    // MARK: Capacity and use

    /// What each process with flows can get of its machine.
    private mutating func shareCapacity() {
        for machine in machines.indices where machines[machine].isPresent {
            var slots: [Int] = []
            var slot = machines[machine].firstProcess
            var wanted = 0.0
            claims.removeAll(keepingCapacity: true)
            while slot != .max {
                let index = Int(slot)
                if flows[index].isActive {
                    let most = flowCores(index)
                    // Demand in cores: what came in the last interval, and all it can use while work is left over.
                    let demand =
                        flows[index].backlog > 0 ? most : min(most, flows[index].utilisation * flows[index].capacity)
                    slots.append(index)
                    claims.append(FairShare.Claim(weight: processes[index].cpu.weight, demand: demand))
                    wanted += demand
                }
                slot = processes[index].nextOnNode
            }
            let cores = max(0.05, machines[machine].cores - Double(machines[machine].demand))
            let isCrowded = wanted > cores
            if isCrowded { FairShare.divide(cores, among: &claims) }
            for (place, index) in slots.enumerated() {
                flows[index].loops = Double(processes[index].workers)
                flows[index].capacity = isCrowded ? max(0.001, claims[place].share) : flowCores(index)
            }
        }
    }

    /// Cores that a process can use if the machine is free.
    func flowCores(_ slot: Int) -> Double {
        min(Double(processes[slot].workers), processes[slot].cpu.quota.perPeriod / Double(CPUQuota.period))
    }

    private mutating func rollFlows(seconds: Double) {
        for slot in flows.indices where flows[slot].isActive {
            guard processes[slot].phase != .absent else {
                flows[slot] = FlowState()
                continue
            }
            let slots = processes[slot].slots == .max ? Double.infinity : Double(processes[slot].slots)
            let used = flows[slot].roll(seconds: seconds, slots: slots, slowness: slowness(slot))
            processes[slot].cpu.advance(to: clock.now.nanoseconds)
            processes[slot].cpu.used += used
            if processes[slot].cpu.quota.isLimited {
                let share = flows[slot].utilisation
                let periods = seconds * 10 * min(1, share * 4)
                processes[slot].cpu.quota.note(
                    periods: Int64(periods.rounded()),
                    throttled: Int64((periods * FlowState.throttledShare(utilisation: share)).rounded()))
            }
            let memory = catalogue.programs[Int(processes[slot].behaviour)].behaviour.memory
            let held = Int64(
                min(1e15, flows[slot].inFlight * Double(memory.perRequest) + flows[slot].promptBytes / seconds))
            flows[slot].promptBytes = 0
            let change = held - flows[slot].held
            flows[slot].held = held
            if change != 0 { grow(slot, by: change) }
        }
        for index in services.indices where services[index].flowRequests > 0 {
            services[index].flowFailureShare = services[index].flowFailures / services[index].flowRequests
            services[index].flowRequests = 0
            services[index].flowFailures = 0
        }
    }

    func isBusyWithFlows(_ slot: Int) -> Bool {
        slot < flows.count && (flows[slot].utilisation > 0.01 || flows[slot].backlog > 0)
    }

    func flowInFlight(_ slot: Int) -> Int { slot < flows.count ? Int(flows[slot].inFlight.rounded()) : 0 }
}
