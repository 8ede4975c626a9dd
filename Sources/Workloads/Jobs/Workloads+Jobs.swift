import ContainerRuntime
import Simulation

/// Jobs: published, taken by a consumer, done and acknowledged, or delivered again.
extension Workloads {
    /// - Parameter call: the call during which the message is sent, where one is.
    mutating func publish(
        _ topic: UInt32, journey: Handle<Journey>, source: UInt32, dice: UInt64, from call: UInt32? = nil
    ) {
        guard topics.indices.contains(Int(topic)) else {
            if !journey.isNone { journeyAnswered(journey, .refused, .zero) }
            return
        }
        var message = Message()
        message.number = takeNumber()
        message.topic = topic
        message.source = source
        message.journey = journey
        message.dice = dice
        message.published = clock.now
        let poison = topics[Int(topic)].configuration.poisonProbability
        message.isPoison = poison > 0 && Double(mixed(dice, 1 << 41) >> 11) * 0x1p-53 < poison
        message.state = .delayed
        traceMessage(&message, journey: journey, from: call)
        topics[Int(topic)].level.noteArrival(now: clock.now)
        topics[Int(topic)].delayed += 1
        let handle = messages.insert(message)
        // Through the broker; the time it takes also keeps a job that publishes jobs from doing so without end at
        // one instant.
        queue.schedule(
            .deliver(message: handle.slot, generation: handle.generation),
            after: max(.microseconds(1), configuration.network.hop), on: &clock)
    }

    /// A warm consumer begins to take messages.
    mutating func takeMessages(_ slot: Int) {
        let topic = catalogue.programs[Int(processes[slot].behaviour)].topic
        guard topics.indices.contains(Int(topic)) else { return }
        topics[Int(topic)].consumers.append(UInt32(slot))
        wake(topic: topic)
    }

    mutating func leaveTopic(_ slot: Int) {
        let topic = Int(catalogue.programs[Int(processes[slot].behaviour)].topic)
        guard topics.indices.contains(topic) else { return }
        topics[topic].consumers.removeAll { $0 == UInt32(slot) }
    }

    /// Looks at a topic again before time goes on.
    private mutating func wake(topic: UInt32) {
        if !wokenTopics.contains(topic) { wokenTopics.append(topic) }
    }

    /// Gives waiting messages to consumers that have room, in turn.
    mutating func handOutMessages() {
        guard let topic = wokenTopics.popLast() else { return }
        let index = Int(topic)
        while topics[index].waiting > 0, let slot = nextConsumer(index), let handle = topics[index].takeReady() {
            begin(handle, in: slot)
        }
    }

    private mutating func nextConsumer(_ topic: Int) -> Int? {
        let count = topics[topic].consumers.count
        for offset in 0..<count {
            let place = (topics[topic].turn + offset) % count
            let slot = Int(topics[topic].consumers[place])
            guard processes[slot].phase == .serving, !processes[slot].isDeadlocked,
                Int(processes[slot].inFlight) < concurrency(slot)
            else { continue }
            topics[topic].turn = (place + 1) % count
            return slot
        }
        return nil
    }

    private func concurrency(_ slot: Int) -> Int {
        guard case .consumer(let consumer) = catalogue.programs[Int(processes[slot].behaviour)].behaviour.program
        else { return 0 }
        return max(1, consumer.concurrency)
    }

    private mutating func begin(_ handle: Handle<Message>, in slot: Int) {
        messages[handle.slot].state = .working
        messages[handle.slot].deliveries += 1
        let message = messages[handle.slot]
        let topic = Int(message.topic)
        topics[topic].working += 1
        topics[topic].level.noteAttempt(now: clock.now)
        if message.deliveries > 1 { topics[topic].redelivered += 1 }
        let call = internalCall(.job, in: slot)
        calls[call].origin = .message
        calls[call].originSlot = handle.slot
        calls[call].originGeneration = handle.generation
        calls[call].source = message.source
        calls[call].trace = message.number
        calls[call].dice = mixed(message.dice, UInt64(message.deliveries))
        calls[call].tracing.isTraced = message.tracing.isTraced
        calls[call].tracing.parent = message.tracing.span
        calls[call].tracing.linkedTrace = message.tracing.trace
        messages[handle.slot].workNumber = calls[call].number
        logWork(.jobTaken, call, slot, .ok)
        processes[slot].inFlight += 1
        let program = catalogue.programs[Int(processes[slot].behaviour)].behaviour
        calls[call].memory = program.memory.perRequest
        grow(slot, by: program.memory.perRequest)
        if let deadline = topics[topic].configuration.acknowledgementDeadline {
            messages[handle.slot].timer = queue.schedule(
                .acknowledgementDeadline(message: handle.slot, generation: handle.generation), after: deadline,
                on: &clock)
        }
        if message.isPoison || chance(call, program.crash.perRequest + processes[slot].condition.crashPerRequest) {
            doom(slot, ExitStatus(code: program.crash.exitCode, message: program.crash.message))
        }
        proceed(call)
    }

    /// A consumer has finished its work on a message, well or badly.
    mutating func jobEnded(_ call: UInt32) {
        let slot = Int(calls[call].process)
        let ended = calls[call]
        processes[slot].inFlight -= 1
        processes[slot].meter.answered.count(ended.outcome)
        processes[slot].meter.latency.record(clock.now - ended.began)
        noteExample(slot, trace: ended.trace, began: ended.began)
        grow(slot, by: -ended.memory)
        leaveBehind(slot, catalogue.programs[Int(processes[slot].behaviour)].behaviour.memory)
        noteFreedSlot(slot)
        traceServed(call, ended.outcome)
        logWork(.jobDone, call, slot, ended.outcome)
        finishInternal(call)
        let handle = Handle<Message>(slot: ended.originSlot, generation: ended.originGeneration)
        let topic = catalogue.programs[Int(processes[slot].behaviour)].topic
        if ended.origin == .message, messages.contains(handle), messages[handle.slot].workNumber == ended.number {
            settle(handle, ended)
        } else if topics.indices.contains(Int(topic)) {
            topics[Int(topic)].duplicates += 1
        }
        if topics.indices.contains(Int(topic)) { wake(topic: topic) }
    }

    private mutating func settle(_ handle: Handle<Message>, _ call: Call) {
        let topic = Int(messages[handle.slot].topic)
        queue.cancel(messages[handle.slot].timer)
        messages[handle.slot].timer = .none
        messages[handle.slot].workNumber = 0
        topics[topic].working -= 1
        guard call.outcome == .ok else { return again(handle) }
        let message = messages[handle.slot]
        messages.remove(handle.slot)
        topics[topic].level.noteEnd(.ok, latency: clock.now - message.published, now: clock.now)
        tellJourney(message, .ok, call)
    }

    private mutating func tellJourney(_ message: Message, _ outcome: Outcome, _ call: Call?) {
        guard journeys.contains(message.journey) else { return }
        if let call {
            journeys[message.journey.slot].steps &+= call.steps
            if call.isPoor { journeys[message.journey.slot].isPoor = true }
        }
        journeyAnswered(message.journey, outcome, .zero)
    }

    /// The consumer died over it.
    mutating func messageLost(_ handle: Handle<Message>, _ call: Call) {
        guard messages.contains(handle), messages[handle.slot].workNumber == call.number else { return }
        queue.cancel(messages[handle.slot].timer)
        messages[handle.slot].timer = .none
        messages[handle.slot].workNumber = 0
        topics[Int(messages[handle.slot].topic)].working -= 1
        again(handle)
    }

    /// Another delivery after a while, or the dead letters.
    private mutating func again(_ handle: Handle<Message>) {
        let message = messages[handle.slot]
        let topic = Int(message.topic)
        if let maximum = topics[topic].configuration.maximumDeliveries, Int(message.deliveries) >= maximum {
            messages.remove(handle.slot)
            topics[topic].deadLetters += 1
            topics[topic].level.noteEnd(.serverError, latency: clock.now - message.published, now: clock.now)
            return tellJourney(message, .serverError, nil)
        }
        messages[handle.slot].state = .delayed
        topics[topic].delayed += 1
        queue.schedule(
            .deliver(message: handle.slot, generation: handle.generation),
            after: topics[topic].configuration.redeliveryDelay, on: &clock)
    }

    mutating func deliver(_ handle: Handle<Message>) {
        guard messages.contains(handle), messages[handle.slot].state == .delayed else { return }
        let topic = messages[handle.slot].topic
        topics[Int(topic)].delayed -= 1
        messages[handle.slot].state = .ready
        topics[Int(topic)].ready.append(handle)
        wake(topic: topic)
    }

    /// The broker believes that the consumer is gone, though it may still be at work.
    mutating func acknowledgementDeadline(_ handle: Handle<Message>) {
        guard messages.contains(handle), messages[handle.slot].state == .working else { return }
        messages[handle.slot].timer = .none
        messages[handle.slot].workNumber = 0
        topics[Int(messages[handle.slot].topic)].working -= 1
        again(handle)
    }
}
