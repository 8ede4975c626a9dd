import ContainerRuntime
import Simulation

/// From the first instruction to a warm program: importing (CPU), loading (waiting), the port opens, warming up.
extension Workloads {
    mutating func beginStart(_ slot: Int, _ behaviour: Behaviour) {
        if processes[slot].hangs || processes[slot].lacksDevices { return }
        if case .sleep = behaviour.program, case .constant(0) = behaviour.startup.importing {
            // Nothing to wait for: most containers of a large world.
            processes[slot].phase = .serving
            processes[slot].isWarm = true
            grow(slot, by: remainingBase(slot, behaviour))
            return
        }
        log(.started, slot)
        processes[slot].pendingStarts = processes[slot].workers
        for _ in 0..<processes[slot].workers {
            let call = internalCall(.importing, in: slot)
            submit(call, seconds: draw(call, behaviour.startup.importing))
        }
    }

    /// A piece of work that the process gives itself.
    mutating func internalCall(_ kind: Call.Kind, in slot: Int) -> UInt32 {
        var call = Call()
        call.number = takeNumber()
        call.trace = call.number
        call.dice = mixed(
            seed, mixed(UInt64(processes[slot].id.slot), UInt64(processes[slot].id.generation)) &+ call.number)
        call.origin = .process
        call.kind = kind
        call.process = UInt32(slot)
        call.sent = clock.now
        call.began = clock.now
        let handle = calls.insert(call)
        attach(handle.slot, to: slot)
        return handle.slot
    }

    mutating func takeNumber() -> UInt64 {
        defer { nextNumber += 1 }
        return nextNumber
    }

    private func remainingBase(_ slot: Int, _ behaviour: Behaviour) -> Int64 {
        let base = behaviour.memory.base.multiplyingSaturating(Int64(processes[slot].workers))
        return max(0, base - processes[slot].memory.live)
    }

    /// One part of the start is over.
    mutating func startPartEnded(_ call: UInt32) {
        let slot = Int(calls[call].process)
        let behaviour = catalogue.programs[Int(processes[slot].behaviour)].behaviour
        let kind = calls[call].kind
        finishInternal(call)
        switch kind {
        case .importing:
            processes[slot].pendingStarts -= 1
            guard processes[slot].pendingStarts == 0 else { return }
            grow(slot, by: remainingBase(slot, behaviour))
            wait(.loading, behaviour.startup.loading, in: slot)
        case .loading:
            if behaviour.startup.listensWhileWarming { open(slot) }
            let next = internalCall(.warmUpWork, in: slot)
            let work = draw(next, behaviour.startup.warmUpWork)
            if work > 0 {
                submit(next, seconds: work)
            } else {
                startPartEnded(next)
            }
        case .warmUpWork:
            wait(.warmUp, behaviour.startup.warmUp, in: slot)
        case .warmUp:
            grow(slot, by: behaviour.memory.loaded)
            processes[slot].isWarm = true
            log(.ready, slot)
            open(slot)
            beginProgram(slot, behaviour)
        case .request, .rejection, .probe, .command, .batch, .job, .hook, .blockage:
            break
        }
    }

    private mutating func wait(_ kind: Call.Kind, _ duration: Distribution, in slot: Int) {
        let call = internalCall(kind, in: slot)
        let seconds = draw(call, duration)
        if seconds > 0 {
            calls[call].state = .waiting
            setWake(call, after: Duration(seconds: seconds))
        } else {
            startPartEnded(call)
        }
    }

    /// The port opens.
    private mutating func open(_ slot: Int) {
        guard processes[slot].phase == .starting else { return }
        processes[slot].phase = .serving
        if case .service = catalogue.programs[Int(processes[slot].behaviour)].behaviour.program {
            let port = processes[slot].port
            log(.listening, slot, number: port > 0 ? port : Int32(clamping: containers[slot]?.ports.first?.number ?? 0))
        }
    }

    /// A warm program begins its work.
    private mutating func beginProgram(_ slot: Int, _ behaviour: Behaviour) {
        switch behaviour.program {
        case .sleep, .service: break
        case .consumer: takeMessages(slot)
        case .batch:
            let call = internalCall(.batch, in: slot)
            processes[slot].inFlight += 1
            proceed(call)
        }
    }

    /// The batch has run: the process exits.
    mutating func batchEnded(_ call: UInt32) {
        let slot = Int(calls[call].process)
        var code = calls[call].outcome == .ok ? 0 : 1
        if case .batch(let batch) = catalogue.programs[Int(processes[slot].behaviour)].behaviour.program {
            if chance(call, batch.failureProbability) { code = batch.failureCode }
            if calls[call].outcome != .ok { code = batch.failureCode }
        }
        processes[slot].inFlight -= 1
        finishInternal(call)
        doom(slot, ExitStatus(code: code))
    }

    mutating func finishInternal(_ call: UInt32) {
        detach(call)
        calls.remove(call)
    }
}
