import Simulation

/// Sharing cores: bursts of work wait for an event loop of their process, then share the machine's cores with
/// everything else that runs there.
extension Workloads {
    /// Draws a number that depends on this call alone.
    @inline(__always) mutating func draw(_ call: UInt32, _ distribution: Distribution) -> Double {
        let ordinal = calls[call].draws
        calls[call].draws = ordinal &+ 1
        if case .constant(let value) = distribution { return value }
        var stream = RandomStream(seed: mixed(calls[call].dice, UInt64(ordinal)), name: "")
        return distribution.sample(using: &stream)
    }

    @inline(__always) mutating func chance(_ call: UInt32, _ probability: Double) -> Bool {
        guard probability > 0 else { return false }
        let ordinal = calls[call].draws
        calls[call].draws = ordinal &+ 1
        return Double(mixed(calls[call].dice, UInt64(ordinal)) >> 11) * 0x1p-53 < probability
    }

    /// Gives a burst of `seconds` of reference CPU to the event loop of the call's process.
    mutating func submit(_ call: UInt32, seconds: Double) {
        let slot = calls[call].process
        let speed = machines[Int(processes[Int(slot)].node)].speed
        calls[call].work = max(1, seconds.isFinite ? seconds * 1e9 / speed : 1)
        if isFollowed(call) { follow(burstNote(call)) }
        enqueue(call)
    }

    /// Puts a burst whose work is set behind the others, or on a free event loop.
    mutating func enqueue(_ call: UInt32) {
        let slot = Int(calls[call].process)
        if processes[slot].busyLoops < processes[slot].workers, !processes[slot].isDeadlocked {
            processes[slot].busyLoops += 1
            if calls[call].blocks { beginBlocking(call) } else { startBurst(call) }
        } else {
            calls[call].state = .queued
            if calls[call].tracing.isTraced, calls[call].tracing.queuedSince == .never {
                calls[call].tracing.queuedSince = clock.now
            }
            calls[call].link = .max
            if processes[slot].queueTail == .max {
                processes[slot].queueHead = call
            } else {
                calls[processes[slot].queueTail].link = call
            }
            processes[slot].queueTail = call
            processes[slot].queueCount += 1
        }
    }

    /// Puts a burst on the CPU at once, as a thread of its own.
    mutating func startBurst(_ call: UInt32) {
        let slot = Int(calls[call].process)
        processes[slot].cpu.advance(to: clock.now.nanoseconds)
        if processes[slot].cpu.running == 0 { processes[slot].cpu.served = 0 }
        calls[call].state = .running
        calls[call].work += processes[slot].cpu.served
        calls[call].link = processes[slot].runHead
        processes[slot].runHead = call
        changeThreads(slot, by: 1)
    }

    /// Changes how many threads of a process want a core.
    mutating func changeThreads(_ slot: Int, by change: Int32) {
        let machine = Int(processes[slot].node)
        let before = processes[slot].cpu.running
        processes[slot].cpu.running = before + change
        machines[machine].demand += change
        if before == 0, change > 0 {
            processes[slot].cpu.place = UInt32(machines[machine].active.count)
            machines[machine].active.append(UInt32(slot))
        } else if before + change == 0 {
            leaveActive(slot, machine)
        }
        markStale(slot)
        if !machines[machine].isStale,
            machines[machine].isContended || Double(machines[machine].demand) > machines[machine].cores
        {
            machines[machine].isStale = true
            staleMachines.append(UInt32(machine))
        }
    }

    private mutating func leaveActive(_ slot: Int, _ machine: Int) {
        let place = Int(processes[slot].cpu.place)
        let last = machines[machine].active.removeLast()
        if Int(last) != slot {
            machines[machine].active[place] = last
            processes[Int(last)].cpu.place = UInt32(place)
        }
        processes[slot].cpu.place = .max
    }

    @inline(__always) mutating func markStale(_ slot: Int) {
        guard !processes[slot].cpu.isStale else { return }
        processes[slot].cpu.isStale = true
        staleProcesses.append(UInt32(slot))
    }

    /// A burst is over, or the quota's state changed on a contended machine.
    mutating func cpuAlarm(_ index: UInt32) {
        let slot = Int(index)
        processes[slot].cpu.timer = .none
        processes[slot].cpu.due = .max
        processes[slot].cpu.advance(to: clock.now.nanoseconds)
        markStale(slot)
        let machine = Int(processes[slot].node)
        if machines[machine].isContended, !machines[machine].isStale {
            machines[machine].isStale = true
            staleMachines.append(UInt32(machine))
        }
        // Take the finished bursts off the CPU first, then let waiting ones on, then let the finished ones go on:
        // what they start stands behind what was waiting, as in an event loop.
        var finished = UInt32.max
        var previous = UInt32.max
        var call = processes[slot].runHead
        let limit = processes[slot].cpu.served + 0.5
        while call != .max {
            let next = calls[call].link
            if calls[call].work <= limit {
                if previous == .max { processes[slot].runHead = next } else { calls[previous].link = next }
                calls[call].link = finished
                finished = call
                changeThreads(slot, by: -1)
            } else {
                previous = call
            }
            call = next
        }
        var one = finished
        while one != .max {
            if calls[one].kind != .command { processes[slot].busyLoops -= 1 }
            one = calls[one].link
        }
        feedLoops(slot)
        while finished != .max {
            let next = calls[finished].link
            calls[finished].link = .max
            burstEnded(finished)
            finished = next
        }
    }

    /// Starts waiting bursts while event loops are free.
    mutating func feedLoops(_ slot: Int) {
        while processes[slot].queueHead != .max, processes[slot].busyLoops < processes[slot].workers,
            !processes[slot].isDeadlocked
        {
            let call = processes[slot].queueHead
            processes[slot].queueHead = calls[call].link
            if processes[slot].queueHead == .max { processes[slot].queueTail = .max }
            processes[slot].queueCount -= 1
            calls[call].link = .max
            processes[slot].busyLoops += 1
            if calls[call].isCancelled {
                processes[slot].busyLoops -= 1
                dissolve(call)
                continue
            }
            traceDequeued(call, from: calls[call].tracing.queuedSince)
            if calls[call].blocks {
                beginBlocking(call)
            } else {
                startBurst(call)
            }
        }
    }

    /// Sets the alarms of all processes whose CPU changed at this instant.
    mutating func resetAlarms() {
        let now = clock.now.nanoseconds
        var index = 0
        while index < staleMachines.count {
            let machine = Int(staleMachines[index])
            machines[machine].isStale = false
            divideCores(machine, now: now)
            index += 1
        }
        staleMachines.removeAll(keepingCapacity: true)
        index = 0
        while index < staleProcesses.count {
            let slot = Int(staleProcesses[index])
            processes[slot].cpu.isStale = false
            if processes[slot].phase != .absent { setAlarm(slot, now: now) }
            index += 1
        }
        staleProcesses.removeAll(keepingCapacity: true)
    }

    /// Works out every container's share of a machine that is, or was, contended.
    private mutating func divideCores(_ machine: Int, now: Int64) {
        let wasContended = machines[machine].isContended
        machines[machine].isContended = Double(machines[machine].demand) > machines[machine].cores
        guard wasContended || machines[machine].isContended else { return }
        let count = machines[machine].active.count
        claims.removeAll(keepingCapacity: true)
        for place in 0..<count {
            let slot = Int(machines[machine].active[place])
            processes[slot].cpu.advance(to: now)
            let isThrottled = processes[slot].cpu.quota.isExhausted(at: now)
            if isThrottled { processes[slot].cpu.quota.noteWaiting() }
            claims.append(
                FairShare.Claim(
                    weight: processes[slot].cpu.weight, demand: isThrottled ? 0 : Double(processes[slot].cpu.running)))
        }
        FairShare.divide(machines[machine].cores, among: &claims)
        for place in 0..<count {
            let slot = Int(machines[machine].active[place])
            let rate = machines[machine].isContended ? claims[place].share / Double(processes[slot].cpu.running) : 1
            if rate != processes[slot].cpu.rate || machines[machine].isContended != wasContended
                || processes[slot].cpu.quota.isLimited
            {
                processes[slot].cpu.rate = rate
                markStale(slot)
            }
        }
    }

    /// Sets a process's alarm to the end of its next burst or, on a contended machine, to the next change of its quota.
    private mutating func setAlarm(_ slot: Int, now: Int64) {
        var delay = Int64.max
        if processes[slot].cpu.running > 0 {
            let isContended = machines[Int(processes[slot].node)].isContended
            if !isContended { processes[slot].cpu.rate = 1 }
            var least = Double.infinity
            var call = processes[slot].runHead
            while call != .max {
                least = min(least, calls[call].work)
                call = calls[call].link
            }
            if isContended, processes[slot].cpu.quota.isExhausted(at: now) {
                delay = processes[slot].cpu.quota.timeToRefill(from: now)
            } else {
                delay = processes[slot].cpu.delay(until: least)
                if isContended {
                    let rate = processes[slot].cpu.rate * Double(processes[slot].cpu.running)
                    if let exhaustion = processes[slot].cpu.quota.exhaustion(from: now, rate: rate) {
                        delay = min(delay, exhaustion)
                    }
                }
            }
        }
        let due = delay == .max ? Int64.max : now.addingSaturating(delay)
        guard due != processes[slot].cpu.due else { return }
        queue.cancel(processes[slot].cpu.timer)
        processes[slot].cpu.due = due
        processes[slot].cpu.timer =
            due == .max
            ? .none : queue.schedule(.cpu(process: UInt32(slot)), at: SimulationTime(nanoseconds: due), on: &clock)
    }

    /// Charges a short burst to an idle process without an event; false where it would have to wait.
    mutating func chargeAtOnce(_ slot: Int, seconds: Double) -> Bool {
        let machine = Int(processes[slot].node)
        guard processes[slot].cpu.running == 0, processes[slot].busyLoops == 0, processes[slot].queueHead == .max,
            !processes[slot].isDeadlocked, !machines[machine].isContended
        else { return false }
        let work = max(0, seconds) * 1e9 / machines[machine].speed
        processes[slot].cpu.advance(to: clock.now.nanoseconds)
        guard processes[slot].cpu.quota.charge(work, at: clock.now.nanoseconds) else { return false }
        processes[slot].cpu.used += work
        return true
    }

    /// Holds an event loop without using the CPU.
    mutating func beginBlocking(_ call: UInt32) {
        calls[call].state = .blocking
        let handle = calls.handle(call)
        calls[call].timer = queue.schedule(
            .wake(call: handle.slot, generation: handle.generation), after: Duration(seconds: calls[call].work / 1e9),
            on: &clock)
    }
}
