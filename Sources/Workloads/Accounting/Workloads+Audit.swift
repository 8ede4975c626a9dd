import Simulation

/// What must hold between any two events.
extension Workloads {
    /// Violations of conservation, each as a sentence; empty when all is well.
    public func audit() -> [String] {
        var found: [String] = []
        auditRequests(&found)
        auditProcesses(&found)
        auditMachines(&found)
        auditMoney(&found)
        auditTopics(&found)
        auditEngines(&found)
        return found
    }

    /// Each engine's own laws; each request in exactly one engine, which knows it; no GPU in two containers.
    private func auditEngines(_ found: inout [String]) {
        var generating = 0
        for slot in engines.indices {
            guard let engine = engines[slot] else { continue }
            let name = "container \(slot)"
            guard processes.indices.contains(slot), processes[slot].phase != .absent else {
                found.append("\(name): an engine without a process")
                continue
            }
            found += engine.audit().map { "\(name): \($0)" }
            for sequence in engine.waiting + engine.running {
                generating += 1
                let call = calls[sequence.call]
                if call.process != UInt32(slot) || call.state != .asking || !call.run.isNone {
                    found.append("\(name): a sequence without its call")
                }
            }
        }
        let asking = calls.slots.filter { calls[$0].state == .asking && calls[$0].run.isNone }.count
        if asking != generating { found.append("\(asking) calls generate, \(generating) sequences exist") }
        for (index, machine) in machines.enumerated() {
            var gpus = 0
            var slot = machine.firstProcess
            while slot != .max {
                gpus += containers[Int(slot)]?.resources.gpus ?? 0
                slot = processes[Int(slot)].nextOnNode
            }
            if gpus > machine.gpus { found.append("node \(index): \(gpus) of \(machine.gpus) GPUs given out") }
        }
    }

    private func auditRequests(_ found: inout [String]) {
        var journeysOf = [Int64](repeating: 0, count: sources.count)
        for slot in journeys.slots { journeysOf[Int(journeys[slot].source)] += 1 }
        for (index, source) in sources.enumerated() {
            let total = source.level.total
            if source.inFlight != journeysOf[index] {
                found.append("\(source.level.name): \(source.inFlight) counted in flight, \(journeysOf[index]) exist")
            }
            if total.arrived != total.outcomes.total + source.inFlight {
                found.append(
                    "\(source.level.name): \(total.arrived) arrived, \(total.outcomes.total) ended, \(source.inFlight) in flight"
                )
            }
            if total.latency.count + total.failureLatency.count != total.outcomes.total {
                found.append("\(source.level.name): latencies and outcomes differ in number")
            }
        }
        var callsTo = [Int64](repeating: 0, count: services.count)
        for slot in calls.slots {
            let call = calls[slot]
            if call.origin == .journey || call.origin == .call { callsTo[Int(call.target)] += 1 }
            if call.origin == .journey {
                let journey = Handle<Journey>(slot: call.originSlot, generation: call.originGeneration)
                if !journeys.contains(journey) || journeys[journey.slot].call != calls.handle(slot) {
                    found.append("call \(call.number): its journey does not know it")
                }
            }
            if call.origin == .call {
                let parent = Handle<Call>(slot: call.originSlot, generation: call.originGeneration)
                if !calls.contains(parent) || calls[parent.slot].child != calls.handle(slot) {
                    found.append("call \(call.number): its caller does not know it")
                }
            }
        }
        for (index, service) in services.enumerated() {
            let total = service.level.total
            if total.arrived != total.outcomes.total + callsTo[index] {
                found.append(
                    "\(service.level.name): \(total.arrived) requests, \(total.outcomes.total) ended, \(callsTo[index]) pending"
                )
            }
        }
    }

    private func auditProcesses(_ found: inout [String]) {
        var held = 0
        for process in processes where process.phase != .absent {
            var requests: Int32 = 0
            var waiting: Int32 = 0
            var running: Int32 = 0
            var loops: Int32 = 0
            var memory: Int64 = 0
            var call = process.firstCall
            while call != .max {
                held += 1
                let one = calls[call]
                memory += one.memory
                let serves = one.kind == .request || one.kind == .batch || one.kind == .job
                if serves, one.state == .admission { waiting += 1 } else if serves { requests += 1 }
                if one.state == .running { running += 1 }
                if (one.state == .running && one.kind != .command) || one.state == .blocking { loops += 1 }
                if one.process != process.id.slot { found.append("call \(one.number): in the wrong list") }
                call = one.next
            }
            let name = "container \(process.id.slot).\(process.id.generation)"
            if requests != process.inFlight {
                found.append("\(name): \(process.inFlight) in flight, \(requests) exist")
            }
            if waiting != process.admissionCount {
                found.append("\(name): \(process.admissionCount) waiting, \(waiting) exist")
            }
            if running != process.cpu.running {
                found.append("\(name): \(process.cpu.running) threads, \(running) exist")
            }
            if loops != process.busyLoops { found.append("\(name): \(process.busyLoops) busy loops, \(loops) exist") }
            if process.memory.live < memory { found.append("\(name): less memory than its requests hold") }
            if process.cpu.running > 0, !queue.isPending(process.cpu.timer), process.cpu.rate > 0 {
                found.append("\(name): runs without an alarm")
            }
        }
        let connecting = calls.slots.filter { calls[$0].process == .max }.count
        if held + connecting != calls.count {
            found.append("\(calls.count) calls, \(held) held, \(connecting) connecting")
        }
    }

    private func auditMachines(_ found: inout [String]) {
        for (index, machine) in machines.enumerated() {
            var demand: Int32 = 0
            var memory: Int64 = 0
            var active = 0
            var share = 0.0
            var slot = machine.firstProcess
            while slot != .max {
                let process = processes[Int(slot)]
                demand += process.cpu.running
                memory += process.memory.resident
                if process.cpu.running > 0 {
                    active += 1
                    share += process.cpu.rate * Double(process.cpu.running)
                }
                slot = process.nextOnNode
            }
            if demand != machine.demand {
                found.append("node \(index): demand \(machine.demand), \(demand) threads exist")
            }
            if memory != machine.memoryUsed {
                found.append("node \(index): \(machine.memoryUsed) bytes counted, \(memory) exist")
            }
            if active != machine.active.count {
                found.append("node \(index): \(machine.active.count) active, \(active) exist")
            }
            if share > machine.cores * 1.000001 {
                found.append("node \(index): \(share) of \(machine.cores) cores given out")
            }
        }
    }

    private func auditMoney(_ found: inout [String]) {
        var asking = [Int64](repeating: 0, count: providers.count)
        for slot in runs.slots {
            let run = runs[slot]
            if run.phase == .asking { asking[Int(catalogue.plans[Int(run.plan)].provider)] += 1 }
            if !calls.contains(run.call) || calls[run.call.slot].run != runs.handle(slot) {
                found.append("a run without its call")
            }
        }
        var billed = TokenBill()
        for (index, provider) in providers.enumerated() {
            let reading = provider.reading
            billed += reading.billed
            if reading.inFlight != asking[index] {
                found.append("\(provider.name): \(reading.inFlight) in flight, \(asking[index]) runs wait")
            }
            let ended =
                reading.answered + reading.limited + reading.overloaded + reading.failed + reading.invalid
                + reading.timedOut + reading.aborted
            if reading.attempts != ended + reading.inFlight {
                found.append(
                    "\(provider.name): \(reading.attempts) attempts, \(ended) ended, \(reading.inFlight) in flight")
            }
            if reading.billed.cost != provider.configuration.prices.cost(of: reading.billed) {
                found.append("\(provider.name): the bill is not the sum of its tokens")
            }
        }
        var attributed = unattributed
        for source in sources { attributed += source.level.total.bill }
        if billed != attributed { found.append("billed \(billed), attributed \(attributed)") }
    }

    private func auditTopics(_ found: inout [String]) {
        var present = [Int64](repeating: 0, count: topics.count)
        for slot in messages.slots { present[Int(messages[slot].topic)] += 1 }
        for (index, topic) in topics.enumerated() {
            let held = Int64(topic.waiting) + topic.working + topic.delayed
            if held != present[index] { found.append("\(topic.level.name): \(held) counted, \(present[index]) exist") }
            let total = topic.level.total
            if total.arrived != total.outcomes.total + held {
                found.append(
                    "\(topic.level.name): \(total.arrived) published, \(total.outcomes.total) ended, \(held) held")
            }
        }
    }
}
