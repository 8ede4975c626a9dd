import ContainerRuntime
import Simulation

/// Recording the spans of requests as they are worked on; every function here changes nothing but what is recorded.
extension Workloads {
    /// Records spans from now on, of requests that begin from now on; where spans are recorded already, what is kept stays,
    /// and further ones are recorded by these settings.
    public mutating func recordTraces(_ settings: TraceSettings) {
        if tracing == nil { tracing = TraceLog(settings) } else { tracing?.settings = settings }
    }

    /// Whether spans are recorded.
    public var recordsTraces: Bool { tracing != nil }

    /// Says where spans of a container will come from. A container that nobody has named has no resource.
    public mutating func nameTracePlace(_ container: ContainerID, _ attributes: [(name: String, value: String)]) {
        tracing?.add(TracePlace(container: container, attributes: attributes))
    }

    /// The spans that are kept at an instant, in the order in which they ended. Spans of aggregated traffic may end later
    /// than the instant.
    public func callSpans(now: SimulationTime) -> [CallSpan] { tracing?.kept(now: now) ?? [] }

    public var tracePlaces: [TracePlace] { tracing?.places ?? [] }

    /// Traces that gave way to newer ones since the world began.
    public var evictedTraces: Int64 { tracing?.evictedTraces ?? 0 }

    /// Spans that have ended since traces are recorded, whether they are kept or not; nil where none are recorded.
    public func receivedSpans(now: SimulationTime) -> Int64? { tracing?.received(now: now) }

    /// Whether a request that begins now is recorded.
    func isSampled(_ request: UInt64) -> Bool {
        guard let tracing else { return false }
        if let only = tracing.settings.only { return request == only }
        return tracing.settings.keeps(low: TraceIdentity.trace(of: request, seed: seed).low)
    }

    mutating func keep(_ span: CallSpan) {
        tracing?.append(span)
        guard tracing?.wantsSweep(now: clock.now) ?? false else { return }
        tracing?.sweep(now: clock.now) { [processes] id in
            id.slot < UInt32(processes.count) && processes[Int(id.slot)].id == id
                && processes[Int(id.slot)].phase != .absent
        }
    }

    private mutating func newSpan() -> UInt64 { tracing?.takeNumber() ?? 0 }

    private func place(of slot: UInt32) -> UInt32 {
        slot < UInt32(processes.count) ? tracing?.place(processes[Int(slot)].id) ?? .max : .max
    }

    // MARK: Users

    mutating func traceAttempt(_ journey: Handle<Journey>) {
        guard journeys[journey.slot].tracing.isTraced else { return }
        journeys[journey.slot].tracing.attemptSpan = newSpan()
        journeys[journey.slot].tracing.attemptBegan = clock.now
        journeys[journey.slot].tracing.attempts &+= 1
    }

    /// Says whose child a call is that an attempt has sent.
    mutating func traceSent(_ call: Handle<Call>, by journey: Handle<Journey>) {
        guard journeys[journey.slot].tracing.isTraced else { return }
        calls[call.slot].tracing.isTraced = true
        calls[call.slot].tracing.parent = journeys[journey.slot].tracing.attemptSpan
    }

    mutating func traceAttemptEnded(_ handle: Handle<Journey>, _ outcome: Outcome) {
        let journey = journeys[handle.slot]
        guard journey.tracing.attemptSpan != 0 else { return }
        journeys[handle.slot].tracing.attemptSpan = 0
        let source = sources[Int(journey.source)]
        var span = CallSpan(
            .attempt, trace: journey.number, number: journey.tracing.attemptSpan,
            parent: CallSpan.root(of: journey.number),
            begin: journey.tracing.attemptBegan, end: clock.now, outcome: outcome)
        span.subject = source.target
        span.source = journey.source
        span.path = source.path
        span.ordinal = UInt32(journey.attempt)
        keep(span)
    }

    mutating func traceRequest(_ journey: Journey, _ outcome: Outcome) {
        guard journey.tracing.isTraced else { return }
        var span = CallSpan(
            .request, trace: journey.number, number: CallSpan.root(of: journey.number), parent: 0,
            begin: journey.arrival, end: clock.now, outcome: outcome)
        span.subject = journey.source
        span.source = journey.source
        span.path = sources[Int(journey.source)].path
        span.ordinal = journey.tracing.attempts > 0 ? journey.tracing.attempts - 1 : UInt32(journey.attempt)
        keep(span)
    }

    // MARK: Messages

    /// A message is on its way: its sender's span, and whether the work on it, a trace of its own, will be recorded.
    mutating func traceMessage(_ message: inout Message, journey: Handle<Journey>, from call: UInt32?) {
        guard tracing != nil else { return }
        message.tracing.isTraced = isSampled(message.number)
        let (trace, parent, slot): (UInt64, UInt64, UInt32)
        if journeys.contains(journey), journeys[journey.slot].tracing.isTraced {
            trace = journeys[journey.slot].number
            (parent, slot) = (CallSpan.root(of: trace), .max)
        } else if let call, calls[call].tracing.isTraced {
            (trace, parent, slot) = (calls[call].trace, calls[call].number, calls[call].process)
        } else {
            return
        }
        var span = CallSpan(
            .publish, trace: trace, number: newSpan(), parent: parent, begin: clock.now, end: clock.now, outcome: .ok)
        span.subject = message.topic
        if slot == .max { span.source = message.source }
        span.place = place(of: slot)
        message.tracing.trace = trace
        message.tracing.span = span.number
        keep(span)
    }

    // MARK: Servers

    /// A call has left a queue: the one for a slot, or the one for an event loop.
    @inline(__always) mutating func traceDequeued(_ call: UInt32, from instant: SimulationTime) {
        guard calls[call].tracing.isTraced, instant != .never else { return }
        calls[call].tracing.queuedSince = .never
        let waited = clock.now - instant
        guard waited > .zero else { return }
        calls[call].tracing.waited = calls[call].tracing.waited + waited
        // Later bursts wait as well, but by then the request has been begun with.
        if calls[call].stage <= 1 { calls[call].tracing.dequeued = clock.now }
    }

    /// The server's work on a call is over. To be called while the call is still its process's.
    mutating func traceServed(_ call: UInt32, _ outcome: Outcome) {
        let one = calls[call]
        guard one.tracing.isTraced, one.process != .max else { return }
        let isJob = one.kind == .job
        var span = CallSpan(
            isJob ? .process : .serve, trace: one.trace, number: one.number, parent: isJob ? 0 : one.tracing.parent,
            begin: one.began, end: clock.now, outcome: outcome)
        span.place = place(of: one.process)
        span.path = one.path
        span.subject = one.target
        if isJob {
            span.subject = catalogue.programs[Int(processes[Int(one.process)].behaviour)].topic
            (span.linkedTrace, span.linkedSpan) = (one.tracing.linkedTrace, one.tracing.parent)
            span.path = .max
        }
        span.dequeued = one.tracing.dequeued
        span.waited = one.tracing.waited
        if one.tracing.queuedSince != .never { span.waited = span.waited + (clock.now - one.tracing.queuedSince) }
        if one.state == .admission { span.waited = span.waited + (clock.now - one.began) }
        keep(span)
    }

    // MARK: Calls to others

    /// An attempt at a call goes out; `handle` is the other side's call, none if it does not get so far.
    mutating func traceCall(_ call: UInt32, target: UInt32, path: UInt32) {
        guard calls[call].tracing.isTraced else { return }
        open(call, subject: target, path: path, isExternal: false)
    }

    mutating func traceSent(_ child: Handle<Call>, by call: UInt32) {
        guard calls[call].tracing.isTraced else { return }
        calls[child.slot].tracing.isTraced = true
        calls[child.slot].tracing.parent = calls[call].tracing.sentSpan
    }

    mutating func traceExternal(_ call: UInt32, tool: UInt32, _ outcome: Outcome) {
        guard calls[call].tracing.isTraced else { return }
        open(call, subject: tool, path: .max, isExternal: true)
        calls[call].tracing.sentOutcome = outcome
    }

    private mutating func open(_ call: UInt32, subject: UInt32, path: UInt32, isExternal: Bool) {
        let handle = calls[call].run
        let isTool = runs.contains(handle) && runs[handle.slot].tracing.tool != 0
        calls[call].tracing.sentSpan = newSpan()
        calls[call].tracing.sentParent = isTool ? runs[handle.slot].tracing.tool : calls[call].number
        calls[call].tracing.sentAt = clock.now
        calls[call].tracing.sentSubject = subject
        calls[call].tracing.sentPath = path
        calls[call].tracing.isExternal = isExternal
    }

    /// What a call has sent is over, for the caller. Without an outcome a tool ends as it was going to.
    mutating func traceAnswered(_ call: UInt32, _ outcome: Outcome?) {
        let one = calls[call]
        guard one.tracing.sentSpan != 0 else { return }
        calls[call].tracing.sentSpan = 0
        var span = CallSpan(
            one.tracing.isExternal ? .external : .call, trace: one.trace, number: one.tracing.sentSpan,
            parent: one.tracing.sentParent, begin: one.tracing.sentAt, end: clock.now,
            outcome: outcome ?? one.tracing.sentOutcome)
        span.place = place(of: one.process)
        span.subject = one.tracing.sentSubject
        span.path = one.tracing.sentPath
        span.ordinal = one.tracing.isExternal ? 0 : UInt32(one.attempt)
        if one.tracing.isExternal { logFailure(.toolFailed, call, span) }
        keep(span)
    }

    // MARK: Agents

    mutating func traceRun(_ run: UInt32) {
        guard calls[runs[run].call.slot].tracing.isTraced else { return }
        runs[run].tracing.isTraced = true
        runs[run].tracing.span = newSpan()
        runs[run].tracing.began = clock.now
        traceStep(run)
    }

    /// A step begins, and with it the last one ends.
    mutating func traceStep(_ run: UInt32) {
        guard runs[run].tracing.isTraced else { return }
        endStep(run, .ok)
        runs[run].tracing.step = newSpan()
        runs[run].tracing.stepBegan = clock.now
        runs[run].tracing.stepNumber = UInt32(clamping: runs[run].stepsDone) &+ 1
    }

    private func agentSpan(
        _ run: UInt32, _ operation: CallSpan.Operation, _ number: UInt64, parent: UInt64, begin: SimulationTime,
        _ outcome: Outcome
    ) -> CallSpan {
        let call = calls[runs[run].call.slot]
        var span = CallSpan(
            operation, trace: call.trace, number: number, parent: parent, begin: begin, end: clock.now, outcome: outcome
        )
        span.place = place(of: call.process)
        span.subject = catalogue.plans[Int(runs[run].plan)].provider
        return span
    }

    private mutating func endStep(_ run: UInt32, _ outcome: Outcome) {
        let tracing = runs[run].tracing
        guard tracing.step != 0 else { return }
        runs[run].tracing.step = 0
        var span = agentSpan(
            run, .step, tracing.step, parent: tracing.span, begin: tracing.stepBegan, outcome)
        span.ordinal = tracing.stepNumber
        keep(span)
    }

    /// An attempt at a model is over. Without a bill nothing was paid for it.
    mutating func traceChat(_ run: UInt32, _ outcome: Outcome, output: Int64?) {
        guard runs[run].tracing.isTraced else { return }
        var span = agentSpan(
            run, .chat, newSpan(), parent: runs[run].tracing.step, begin: runs[run].asked, outcome)
        span.ordinal = UInt32(runs[run].attempt)
        if let output {
            (span.uncachedInput, span.cachedInput) = (runs[run].uncached, runs[run].cached)
            (span.cacheWrites, span.output) = (runs[run].written, output)
            if clock.now - runs[run].asked >= runs[run].firstToken { span.firstToken = runs[run].firstToken }
        }
        logFailure(.modelFailed, runs[run].call.slot, span)
        keep(span)
    }

    mutating func traceTool(_ run: UInt32, outcome: Outcome = .ok) {
        guard runs[run].tracing.isTraced else { return }
        runs[run].tracing.toolOutcome = outcome
        // Another attempt belongs to the use that has begun.
        guard runs[run].tracing.tool == 0 else { return }
        runs[run].tracing.tool = newSpan()
        runs[run].tracing.toolBegan = clock.now
    }

    mutating func traceToolEnded(_ run: UInt32, _ outcome: Outcome?) {
        let tracing = runs[run].tracing
        guard tracing.tool != 0 else { return }
        runs[run].tracing.tool = 0
        var span = agentSpan(
            run, .tool, tracing.tool, parent: tracing.step, begin: tracing.toolBegan, outcome ?? tracing.toolOutcome)
        span.subject =
            switch catalogue.plans[Int(runs[run].plan)].tools[Int(runs[run].tool)] {
            case .service(let index): catalogue.calls[Int(index)].target | CallSpan.serviceTool
            case .external(let index): catalogue.toolCalls[Int(index)].tool & ~CallSpan.serviceTool
            }
        logFailure(.toolFailed, runs[run].call.slot, span)
        keep(span)
    }

    /// A run is over, and with it all that it was doing.
    mutating func traceRunEnded(_ run: UInt32, _ outcome: Outcome) {
        guard runs[run].tracing.isTraced else { return }
        traceToolEnded(run, outcome == .ok ? .abandoned : outcome)
        endStep(run, outcome)
        let call = calls[runs[run].call.slot]
        let tracing = runs[run].tracing
        var span = agentSpan(run, .agent, tracing.span, parent: call.number, begin: tracing.began, outcome)
        span.ordinal = UInt32(clamping: runs[run].stepsDone)
        keep(span)
    }

    // MARK: Names

    /// What a span is about, as the scenario calls it: a source of traffic, `namespace/service`, a topic, a model or a
    /// tool; empty for a server that was reached past all services.
    public func subject(of span: CallSpan) -> String {
        func name(_ names: [String], _ index: UInt32) -> String {
            names.indices.contains(Int(index)) ? names[Int(index)] : ""
        }
        switch span.operation {
        case .request: return sourceName(of: span)
        case .attempt, .serve, .call: return name(catalogue.targets, span.subject)
        case .publish, .process: return name(catalogue.topics, span.subject)
        case .agent, .step, .chat: return name(catalogue.providers, span.subject)
        case .external, .tool: return toolName(span.subject)
        }
    }

    /// The name of the source of traffic whose client made a span; empty for a span of a container.
    public func sourceName(of span: CallSpan) -> String {
        sources.indices.contains(Int(span.source)) ? sources[Int(span.source)].configuration.name : ""
    }

    /// The name of a tool: the service's own, or as the scenario calls it.
    func toolName(_ subject: UInt32) -> String {
        let isService = subject & CallSpan.serviceTool != 0
        let index = Int(subject & ~CallSpan.serviceTool)
        let names = isService ? catalogue.targets : catalogue.tools
        guard names.indices.contains(index) else { return "" }
        return names[index].split(separator: "/").last.map(String.init) ?? names[index]
    }

    /// The path that a span's request asked for; empty where it asked for none that the scenario knows.
    public func path(of span: CallSpan) -> String {
        catalogue.paths.indices.contains(Int(span.path)) ? catalogue.paths[Int(span.path)] : ""
    }

    /// The service or the topic that a source's requests go to.
    public func target(ofSource index: Int) -> String {
        guard sources.indices.contains(index) else { return "" }
        if sources[index].topic != .max { return sources[index].configuration.topic ?? "" }
        return catalogue.targets.indices.contains(Int(sources[index].target))
            ? catalogue.targets[Int(sources[index].target)] : ""
    }
}

extension Workloads {
    /// Writes the spans and what those at work know of theirs.
    public func writeTraces(to writer: inout BinaryWriter) {
        guard let tracing else { return }
        tracing.write(to: &writer)
        for slot in calls.slots { writer.write(calls[slot].tracing) }
        for slot in journeys.slots { writer.write(journeys[slot].tracing) }
        for slot in runs.slots { writer.write(runs[slot].tracing) }
        for slot in messages.slots { writer.write(messages[slot].tracing) }
    }

    /// Reads what ``writeTraces(to:)`` wrote, into workloads that have been read already.
    public mutating func readTraces(
        _ settings: TraceSettings, from reader: inout BinaryReader
    ) throws(BinaryDecodingError) {
        tracing = try TraceLog(settings, from: &reader)
        for slot in calls.slots { calls[slot].tracing = try reader.read() }
        for slot in journeys.slots { journeys[slot].tracing = try reader.read() }
        for slot in runs.slots { runs[slot].tracing = try reader.read() }
        for slot in messages.slots { messages[slot].tracing = try reader.read() }
    }
}
