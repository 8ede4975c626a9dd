import ContainerRuntime
import Simulation

/// A representative request on its way.
struct FlowWalk: Sendable {
    var random: RandomStream
    /// How many requests it stands for.
    var weight: Int64
    /// How much more comes now than in the last interval.
    var growth: Double
    /// Expected over drawn number of requests.
    var evenness: Double
    var source: UInt32
    var steps = 0
    /// Requests to services that it made so far.
    var hops = 0
    var isPoor = false
    /// What is recorded of it; nil for nothing.
    var trace: FlowTrace?

    /// Most requests to services of one representative request. Services that call each other in a circle, with retries,
    /// would make some 2³² of them before the depth of 32 ends the circle; live requests are stopped by time-outs and
    /// full queues long before.
    static let hopLimit = 1_000
}

/// How a representative request ended, and when.
struct FlowAnswer: Sendable {
    var outcome: Outcome
    var seconds: Double
    var retryAfter = Duration.zero
}

/// The way of one representative request through the services, worked out without events.
extension Workloads {
    /// A request to a service.
    mutating func flowRequest(_ target: UInt32, path: UInt32, depth: Int, _ walk: inout FlowWalk) -> FlowAnswer {
        let service = Int(target)
        services[service].level.noteArrival(now: clock.now, count: walk.weight)
        services[service].flowRequests += Double(walk.weight)
        let answer = flowServe(service, path: path, depth: depth, &walk)
        if answer.outcome != .ok { services[service].flowFailures += Double(walk.weight) }
        services[service].level.noteEnd(
            answer.outcome, latency: Duration(seconds: answer.seconds), now: clock.now, count: walk.weight)
        return answer
    }

    private mutating func flowServe(_ service: Int, path: UInt32, depth: Int, _ walk: inout FlowWalk) -> FlowAnswer {
        guard depth < 32, walk.hops < FlowWalk.hopLimit else { return FlowAnswer(outcome: .loopDetected, seconds: 0) }
        walk.hops += 1
        if services[service].index < 0 { services[service].index = endpoints.index(of: services[service].level.name) }
        guard let slot = flowEndpoint(service) else { return FlowAnswer(outcome: .refused, seconds: 0) }
        if processes[slot].isDeadlocked { return FlowAnswer(outcome: .timedOut, seconds: 3600) }
        // A process that has had no flow yet.
        if flows[slot].meanTime == 0, flows[slot].requests == 0 {
            flows[slot].loops = Double(processes[slot].workers)
            flows[slot].isLimited = processes[slot].cpu.quota.isLimited
            flows[slot].capacity = flowCores(slot)
        }
        let waiting = flows[slot].slotBacklog + flows[slot].backlog / max(1, flows[slot].meanBurst)
        guard waiting < Double(processes[slot].backlog) else { return FlowAnswer(outcome: .refused, seconds: 0) }
        let limit = Double(processes[slot].limit)
        if flows[slot].inFlight * walk.growth > limit, walk.random.unit() > limit / (flows[slot].inFlight * walk.growth)
        {
            let span = openFlowSpan(&walk)
            let wait = flowBurst(slot, seconds: 0.0005, &walk)
            closeFlowSpan(span, .serve, after: wait, .unavailable, slot: slot, &walk) { span in
                (span.subject, span.path) = (UInt32(clamping: service), path)
            }
            processes[slot].meter.answered.count(.unavailable, walk.weight)
            return FlowAnswer(outcome: .unavailable, seconds: wait)
        }
        let span = openFlowSpan(&walk)
        var seconds = 0.0
        if processes[slot].slots < .max {
            seconds += flows[slot].slotWait(
                slots: Double(processes[slot].slots), growth: walk.growth, random: &walk.random)
        }
        walk.trace?.at += seconds
        _ = flowProxy(slot, isOut: false, &walk)
        let program = Int(processes[slot].behaviour)
        let crash = catalogue.programs[program].behaviour.crash
        let chance = (crash.perRequest + processes[slot].condition.crashPerRequest) * Double(walk.weight)
        if chance > 0, walk.random.unit() < chance {
            doom(slot, ExitStatus(code: crash.exitCode, message: crash.message))
        }
        let routes = catalogue.programs[program].routeOfPath
        let route = Int(path) < routes.count ? Int(routes[Int(path)]) : 0
        var answer = flowStages(slot, catalogue.programs[program].routes[route], depth: depth, &walk)
        flows[slot].requests += Double(walk.weight)
        flows[slot].serverTime += Double(walk.weight) * answer.seconds
        processes[slot].meter.answered.count(answer.outcome, walk.weight)
        processes[slot].meter.latency.record(Duration(seconds: answer.seconds), count: UInt32(clamping: walk.weight))
        noteRoute(
            slot, UInt32(clamping: route), status: answer.outcome.status, latency: Duration(seconds: answer.seconds),
            count: walk.weight)
        leaveBehind(slot, catalogue.programs[program].behaviour.memory, count: walk.weight)
        answer.seconds += seconds
        closeFlowSpan(span, .serve, after: answer.seconds, answer.outcome, slot: slot, &walk) { span in
            (span.subject, span.path) = (UInt32(clamping: service), path)
            guard seconds > 0 else { return }
            span.waited = Duration(seconds: seconds)
            span.dequeued = span.begin + span.waited
        }
        return answer
    }

    /// The endpoints in turn: many requests spread more evenly than the few that stand for them would by chance.
    private mutating func flowEndpoint(_ service: Int) -> Int? {
        let known = endpoints.services[services[service].index]
        guard known.exists, !known.endpoints.isEmpty else { return nil }
        let endpoint = known.endpoints[services[service].flowTurn % known.endpoints.count]
        services[service].flowTurn = (services[service].flowTurn + 1) % known.endpoints.count
        return listener(endpoint.sandbox, port: endpoint.port)
    }

    /// The stages of a route, one after the other.
    private mutating func flowStages(
        _ slot: Int, _ range: Catalogue.RouteRange, depth: Int, _ walk: inout FlowWalk
    ) -> FlowAnswer {
        var answer = FlowAnswer(outcome: .ok, seconds: 0)
        let begin = walk.trace?.at ?? 0
        for step in Int(range.first)..<Int(range.first + range.count) {
            walk.trace?.at = begin + answer.seconds
            switch catalogue.steps[step] {
            case .compute(let work):
                answer.seconds += flowBurst(slot, seconds: work.sample(using: &walk.random) * slowness(slot), &walk)
            case .wait(let duration):
                answer.seconds += max(0, duration.sample(using: &walk.random))
            case .block(let duration):
                let length = max(0, duration.sample(using: &walk.random))
                answer.seconds += length + flowHold(slot, seconds: length, &walk)
            case .call(let index):
                let passes = flowProxy(slot, isOut: true, &walk)
                let child =
                    passes ? flowCall(slot, Int(index), depth: depth, &walk) : flowRefusal(slot, Int(index), &walk)
                answer.seconds += child.seconds
                if child.outcome != .ok, !catalogue.calls[Int(index)].isOptional {
                    answer.outcome = child.outcome.passedOn
                    return answer
                }
            case .tool(let index):
                let span = openFlowSpan(&walk)
                let (seconds, failure) = flowTool(Int(index), &walk)
                closeFlowSpan(span, .external, after: seconds, Self.toolOutcome(failure), slot: slot, &walk) { span in
                    span.subject = catalogue.toolCalls[Int(index)].tool
                }
                answer.seconds += seconds
                if let failure, !catalogue.toolCalls[Int(index)].isOptional {
                    answer.outcome = failure
                    return answer
                }
            case .agent(let index):
                let run = flowRun(slot, Int(index), depth: depth, &walk)
                answer.seconds += run.seconds
                answer.retryAfter = run.retryAfter
                if run.outcome != .ok {
                    answer.outcome = run.outcome
                    return answer
                }
            case .cached(let share):
                if walk.random.unit() < share { return answer }
            case .publish(let topic):
                for _ in 0..<min(walk.weight, 1000) {
                    publish(topic, journey: .none, source: walk.source, dice: walk.random.next())
                }
            case .generate:
                // Scenarios with engines may not have aggregated traffic.
                answer.outcome = .serverError
                return answer
            case .fail(let share):
                if walk.random.unit() < share {
                    answer.outcome = .serverError
                    return answer
                }
            }
        }
        let errors = processes[slot].condition.errorRate
        if errors > 0, walk.random.unit() < errors { answer.outcome = .serverError }
        return answer
    }

    /// The work of the pod's sidecar; false if it is down.
    private mutating func flowProxy(_ slot: Int, isOut: Bool, _ walk: inout FlowWalk) -> Bool {
        let proxy = sandboxes[Int(processes[slot].sandbox.slot)].proxy
        guard proxy != .max else { return true }
        guard proxy != Self.lostProxy, processes[Int(proxy)].phase == .serving else { return false }
        let work = catalogue.programs[Int(processes[Int(proxy)].behaviour)].behaviour.proxyWork ?? .zero
        notePassage(Int(proxy), isOut: isOut, walk.weight)
        _ = flowBurst(Int(proxy), seconds: work.seconds, &walk)
        return true
    }

    /// A burst of reference CPU seconds: its wait for the event loop and its own time.
    mutating func flowBurst(_ slot: Int, seconds: Double, _ walk: inout FlowWalk) -> Double {
        guard seconds > 0, seconds.isFinite else { return 0 }
        let work = seconds * 1e9 / machines[Int(processes[slot].node)].speed
        let wait = flowHold(slot, seconds: 0, &walk, work: work)
        // A burst longer than the quota waits for whole periods (reference section 4).
        let quota = processes[slot].cpu.quota.perPeriod
        let periods = quota < work ? (work / quota).rounded(.down) * max(0, Double(CPUQuota.period) - quota) : 0
        return wait + (work + periods) / 1e9
    }

    /// Time on an event loop, with or without CPU; what it waits for the loop.
    private mutating func flowHold(_ slot: Int, seconds: Double, _ walk: inout FlowWalk, work: Double = 0) -> Double {
        let weight = Double(walk.weight)
        let length = work + seconds * 1e9
        flows[slot].work += work * weight / slowness(slot)
        flows[slot].blocking += seconds * 1e9 * weight
        flows[slot].bursts += weight
        flows[slot].expectedBursts += weight * walk.evenness
        flows[slot].squares += length * length * weight
        return flows[slot].loopWait(growth: walk.growth, random: &walk.random)
    }

    /// A call that the pod's own sidecar does not take.
    private mutating func flowRefusal(_ slot: Int, _ index: Int, _ walk: inout FlowWalk) -> FlowAnswer {
        let answer = FlowAnswer(outcome: .refused, seconds: 0.0001)
        let span = openFlowSpan(&walk)
        closeFlowSpan(span, .call, after: answer.seconds, answer.outcome, slot: slot, &walk) { span in
            (span.subject, span.path) = (catalogue.calls[index].target, catalogue.calls[index].path)
        }
        return answer
    }

    /// How a call to a tool ended, from how the request fails because of it.
    static func toolOutcome(_ failure: Outcome?) -> Outcome {
        switch failure {
        case nil: .ok
        case .gatewayTimeout: .timedOut
        default: .serverError
        }
    }

    /// A call to another service, with its time-out and retries.
    mutating func flowCall(_ slot: Int, _ index: Int, depth: Int, _ walk: inout FlowWalk) -> FlowAnswer {
        let call = catalogue.calls[index]
        let begin = walk.trace?.at ?? 0
        let hop = (configuration.network.hop + configuration.network.sidecar).seconds
        var elapsed = 0.0
        var attempt = 0
        while true {
            services[Int(call.target)].level.noteAttempt(now: clock.now, count: walk.weight)
            walk.trace?.at = begin + elapsed
            let span = openFlowSpan(&walk)
            walk.trace?.at += hop
            var answer = flowRequest(call.target, path: call.path, depth: depth + 1, &walk)
            answer.seconds += hop
            if let timeout = call.timeout?.seconds, answer.seconds > timeout {
                answer.outcome = .timedOut
                answer.seconds = timeout
            }
            closeFlowSpan(span, .call, after: answer.seconds, answer.outcome, slot: slot, &walk) { span in
                (span.subject, span.path, span.ordinal) = (call.target, call.path, UInt32(clamping: attempt))
            }
            elapsed += answer.seconds
            let isAllowed = grants(call.retries, failureShare: services[Int(call.target)].flowFailureShare, &walk)
            guard answer.outcome != .ok, answer.outcome.isRetryable, attempt < call.retries.maximum, isAllowed else {
                answer.seconds = elapsed
                return answer
            }
            attempt += 1
            elapsed += call.retries.wait(before: attempt, retryAfter: answer.retryAfter, random: &walk.random).seconds
        }
    }

    /// A tool outside the cluster; how long it takes, and how it fails if it does.
    mutating func flowTool(_ index: Int, _ walk: inout FlowWalk) -> (seconds: Double, failure: Outcome?) {
        let call = catalogue.toolCalls[index]
        let timeout = call.timeout?.seconds ?? 3600
        guard tools.indices.contains(Int(call.tool)) else { return (0.001, .badGateway) }
        let condition = tools[Int(call.tool)]
        let tool = catalogue.toolConfigurations[Int(call.tool)]
        let seconds = max(0, tool.latency.sample(using: &walk.random) * condition.latencyFactor)
        let failed = walk.random.unit() < min(1, tool.errorRate + condition.errorRate)
        if condition.hangs || seconds > timeout { return (timeout, condition.hangs ? .badGateway : .gatewayTimeout) }
        return (seconds, failed ? .badGateway : nil)
    }
}
