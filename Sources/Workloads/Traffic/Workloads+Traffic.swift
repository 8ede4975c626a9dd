import Simulation

/// Users: when they come, how long they wait, how often they try again.
extension Workloads {
    mutating func beginTraffic(_ index: UInt32) {
        let source = Int(index)
        guard !sources[source].isAggregated else { return }
        if let closed = sources[source].configuration.closed {
            for _ in 0..<max(0, min(closed.users, 1_000_000)) {
                // Users start somewhere in their thinking, so that they do not march in step.
                let thinking = closed.thinking.sample(using: &sources[source].random)
                let share = sources[source].random.unit()
                queue.schedule(
                    .turn(source: index, remaining: 0), after: Duration(seconds: thinking * share), on: &clock)
            }
        } else {
            sources[source].area = sources[source].drawGap()
            sources[source].drawn = clock.now
            scheduleArrival(index)
        }
    }

    /// Sets the alarm for the arrival that is under way.
    mutating func scheduleArrival(_ index: UInt32) {
        let source = Int(index)
        queue.cancel(sources[source].timer)
        sources[source].timer = .none
        guard
            let time = sources[source].curve.time(
                after: sources[source].drawn, area: sources[source].area, scale: sources[source].scale)
        else { return }
        sources[source].timer = queue.schedule(.arrival(source: index), at: time, on: &clock)
    }

    /// Multiplies a source's rate from now on; the arrival under way keeps what it has waited so far.
    mutating func setScale(_ index: UInt32, _ scale: Double) {
        let source = Int(index)
        let passed = sources[source].curve.area(from: sources[source].drawn, to: clock.now) * sources[source].scale
        sources[source].area = max(0, sources[source].area - passed)
        sources[source].drawn = clock.now
        sources[source].scale = max(0, scale)
        guard !sources[source].isAggregated else { return }
        if sources[source].configuration.closed == nil { scheduleArrival(index) }
    }

    mutating func arrival(_ index: UInt32) {
        let source = Int(index)
        sources[source].area = sources[source].drawGap()
        sources[source].drawn = clock.now
        scheduleArrival(index)
        var remaining: UInt32 = 0
        if let sessions = sources[source].configuration.sessions {
            let requests = sessions.requests.sample(using: &sources[source].random).rounded()
            remaining = UInt32(min(max(requests, 1), 1_000_000)) - 1
        }
        beginJourney(index, remaining: remaining)
    }

    mutating func turn(_ index: UInt32, remaining: UInt32) { beginJourney(index, remaining: remaining) }

    private mutating func beginJourney(_ index: UInt32, remaining: UInt32) {
        let source = Int(index)
        var journey = Journey()
        journey.number = takeNumber()
        journey.source = index
        journey.dice = mixed(seed ^ (UInt64(index) << 48), sources[source].begun)
        journey.arrival = clock.now
        journey.remaining = remaining
        journey.tracing.isTraced = isSampled(journey.number)
        if let patience = sources[source].configuration.patience {
            var stream = RandomStream(seed: journey.dice, name: "patience")
            journey.patience = clock.now + Duration(seconds: max(0.001, patience.sample(using: &stream)))
        }
        sources[source].begun += 1
        sources[source].inFlight += 1
        sources[source].level.noteArrival(now: clock.now)
        sources[source].budget.noteRequest(sources[source].retries, now: clock.now)
        if followed != 0, journey.number == followed { follow("sent by traffic/\(sources[source].configuration.name)") }
        attempt(journeys.insert(journey))
    }

    /// Sends a journey's request.
    private mutating func attempt(_ handle: Handle<Journey>) {
        let journey = journeys[handle.slot]
        let source = Int(journey.source)
        sources[source].level.noteAttempt(now: clock.now)
        journeys[handle.slot].firstToken = .never
        let deadline =
            sources[source].configuration.timeout.map { min(clock.now + $0, journey.patience) } ?? journey.patience
        if deadline < .never {
            journeys[handle.slot].timer = queue.schedule(
                .journeyDeadline(journey: handle.slot, generation: handle.generation), at: deadline, on: &clock)
        }
        if sources[source].topic != .max {
            publish(sources[source].topic, journey: handle, source: journey.source, dice: journey.dice)
            return
        }
        services[Int(sources[source].target)].level.noteAttempt(now: clock.now)
        traceAttempt(handle)
        let call = send(
            to: sources[source].target, path: sources[source].path, from: .journey, originSlot: handle.slot,
            originGeneration: handle.generation, trace: journey.number, source: journey.source,
            dice: journey.attempt == 0 ? journey.dice : mixed(journey.dice, 1000 + UInt64(journey.attempt)), depth: 0,
            delay: .zero)
        journeys[handle.slot].call = call
        traceSent(call, by: handle)
        connect(call)
    }

    mutating func journeyRetry(_ handle: Handle<Journey>) {
        guard journeys.contains(handle) else { return }
        queue.cancel(journeys[handle.slot].timer)
        journeys[handle.slot].timer = .none
        attempt(handle)
    }

    mutating func journeyAnswered(_ handle: Handle<Journey>, _ outcome: Outcome, _ retryAfter: Duration) {
        guard journeys.contains(handle) else { return }
        queue.cancel(journeys[handle.slot].timer)
        journeys[handle.slot].timer = .none
        journeys[handle.slot].call = .none
        attemptEnded(handle, outcome, retryAfter)
    }

    mutating func journeyDeadline(_ handle: Handle<Journey>) {
        guard journeys.contains(handle) else { return }
        let journey = journeys[handle.slot]
        journeys[handle.slot].timer = .none
        let hasLeft = clock.now >= journey.patience
        if followed != 0, journey.number == followed {
            follow(hasLeft ? "the user has lost patience and leaves" : "the client's time-out for this attempt is over")
        }
        journeys[handle.slot].call = .none
        orphan(journey.call, hasLeft ? .abandoned : .timedOut)
        if hasLeft { traceAttemptEnded(handle, .abandoned) }
        if hasLeft { endJourney(handle, .abandoned) } else { attemptEnded(handle, .timedOut, .zero) }
    }

    /// Another attempt, or the end.
    private mutating func attemptEnded(_ handle: Handle<Journey>, _ outcome: Outcome, _ retryAfter: Duration) {
        traceAttemptEnded(handle, outcome)
        let journey = journeys[handle.slot]
        let source = Int(journey.source)
        let policy = sources[source].retries
        guard outcome != .ok, outcome.isRetryable, Int(journey.attempt) < policy.maximum,
            sources[source].budget.take(policy, now: clock.now)
        else { return endJourney(handle, outcome) }
        journeys[handle.slot].attempt &+= 1
        var stream = RandomStream(seed: mixed(journey.dice, UInt64(journey.attempt)), name: "backoff")
        let wait = policy.wait(before: Int(journey.attempt) + 1, retryAfter: retryAfter, random: &stream)
        if followed != 0, journey.number == followed {
            follow("ended as \(outcome); the client tries again in \(Self.milliseconds(wait))")
        }
        queue.schedule(.journeyRetry(journey: handle.slot, generation: handle.generation), after: wait, on: &clock)
        if journey.patience < .never {
            journeys[handle.slot].timer = queue.schedule(
                .journeyDeadline(journey: handle.slot, generation: handle.generation), at: journey.patience, on: &clock)
        }
    }

    private mutating func endJourney(_ handle: Handle<Journey>, _ outcome: Outcome) {
        let journey = journeys[handle.slot]
        let index = Int(journey.source)
        if followed != 0, journey.number == followed {
            follow(
                "over: \(outcome) after \(Self.milliseconds(clock.now - journey.arrival)) and \(Int(journey.attempt) + 1) attempt(s)"
            )
        }
        if recording.isOn { record(journey, outcome) }
        traceRequest(journey, outcome)
        journeys.remove(handle.slot)
        sources[index].inFlight -= 1
        if journey.isPoor, outcome == .ok { sources[index].level.notePoor(now: clock.now) }
        // Whoever reads along has waited until the first token.
        let served = outcome == .ok ? min(clock.now, journey.firstToken) : clock.now
        sources[index].level.noteEnd(outcome, latency: served - journey.arrival, now: clock.now)
        if let closed = sources[index].configuration.closed {
            let thinking = closed.thinking.sample(using: &sources[index].random)
            queue.schedule(
                .turn(source: journey.source, remaining: 0), after: Duration(seconds: max(0.000_001, thinking)),
                on: &clock)
        } else if journey.remaining > 0, let sessions = sources[index].configuration.sessions, outcome != .abandoned {
            let thinking = sessions.thinking.sample(using: &sources[index].random)
            queue.schedule(
                .turn(source: journey.source, remaining: journey.remaining - 1),
                after: Duration(seconds: max(0, thinking)),
                on: &clock)
        }
    }
}
