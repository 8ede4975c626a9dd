import ContainerRuntime
import Simulation

/// Machines and processes come and go.
extension Workloads {
    mutating func addMachine(_ node: NodeID, _ hardware: NodeHardware) {
        let index = Int(node.index)
        while machines.count <= index { machines.append(MachineState()) }
        machines[index].isPresent = true
        machines[index].cores = max(0.001, Double(hardware.cpuMilli) / 1000)
        machines[index].speed = hardware.coreSpeed.isFinite ? max(0.01, hardware.coreSpeed) : 1
        machines[index].memoryCapacity = max(0, hardware.memoryBytes)
        machines[index].gpus = max(0, hardware.gpus)
    }

    /// The power goes: everything on the machine is gone and nobody is told.
    mutating func removeMachine(_ node: NodeID) {
        let index = Int(node.index)
        guard machines.indices.contains(index) else { return }
        while machines[index].firstProcess != .max {
            release(Int(machines[index].firstProcess), loss: .timedOut, reporting: false)
        }
        machines[index].isPresent = false
    }

    /// Whether this run of this container exists.
    @inline(__always) func isRunning(_ container: ContainerID) -> Bool {
        container.slot < UInt32(processes.count) && processes[Int(container.slot)].id == container
            && processes[Int(container.slot)].phase != .absent
    }

    mutating func start(_ id: ContainerID, _ configuration: ContainerConfiguration) {
        let slot = Int(id.slot)
        while processes.count <= slot {
            processes.append(Process())
            containers.append(nil)
        }
        if processes[slot].phase != .absent { release(slot, loss: .reset) }
        let node = Int(configuration.node.index)
        guard machines.indices.contains(node), machines[node].isPresent else {
            reports.append(.exited(id, ExitStatus(code: 128, reason: "StartError", message: "node is gone")))
            return
        }
        let program = catalogue.program(for: configuration.image)
        processes[slot] = Process(
            id, configuration, program: program, catalogue.programs[program], now: clock.now)
        containers[slot] = configuration
        link(slot, to: configuration.sandbox, on: node)
        applyFaults(toNew: slot)
        let behaviour = catalogue.programs[program].behaviour
        if configuration.resources.gpus < behaviour.gpus {
            // Python has been imported by then.
            processes[slot].lacksDevices = true
            processes[slot].crashTimer = queue.schedule(
                .process(slot: id.slot, generation: id.generation, .crash), after: .seconds(3), on: &clock)
        }
        if case .service(let service) = behaviour.program { beginEngine(slot, service) }
        let base = behaviour.memory.base.multiplyingSaturating(Int64(processes[slot].workers))
        grow(slot, by: Int64(Double(base) * min(1, max(0, behaviour.startup.workingSetWhileLoading))))
        beginStart(slot, behaviour)
        if let after = behaviour.crash.after {
            var stream = RandomStream(seed: mixed(seed, nextNumber), name: "crash")
            processes[slot].crashTimer = queue.schedule(
                .process(slot: id.slot, generation: id.generation, .crash),
                after: Duration(seconds: after.sample(using: &stream)), on: &clock)
        }
    }

    private mutating func link(_ slot: Int, to sandbox: SandboxID, on node: Int) {
        let entry = Int(sandbox.slot)
        while sandboxes.count <= entry { sandboxes.append(SandboxEntry()) }
        if sandboxes[entry].generation != sandbox.generation {
            sandboxes[entry].generation = sandbox.generation
            sandboxes[entry].firstProcess = .max
            sandboxes[entry].proxy = .max
        }
        if catalogue.programs[Int(processes[slot].behaviour)].behaviour.proxyWork != nil {
            sandboxes[entry].proxy = UInt32(slot)
        }
        processes[slot].nextInSandbox = sandboxes[entry].firstProcess
        sandboxes[entry].firstProcess = UInt32(slot)
        let first = machines[node].firstProcess
        processes[slot].nextOnNode = first
        if first != .max { processes[Int(first)].previousOnNode = UInt32(slot) }
        machines[node].firstProcess = UInt32(slot)
    }

    /// SIGTERM.
    mutating func terminate(_ id: ContainerID) {
        guard isRunning(id) else { return }
        let slot = Int(id.slot)
        guard processes[slot].phase != .stopping, !processes[slot].swallowsSignals, !processes[slot].isDeadlocked
        else { return }
        let program = catalogue.programs[Int(processes[slot].behaviour)].behaviour
        let wasStarting = processes[slot].phase == .starting
        processes[slot].phase = .stopping
        processes[slot].exitCode = Int32(clamping: program.shutdown.exitCode)
        switch program.program {
        case .sleep, .batch:
            // Nothing to finish: the default action of the signal, or the handler of a script.
            doom(slot, ExitStatus(code: Int(processes[slot].exitCode)))
        case .service, .consumer:
            if wasStarting {
                doom(slot, ExitStatus(code: Int(processes[slot].exitCode)))
                return
            }
            if program.shutdown.dropsRequests {
                doom(slot, ExitStatus(code: Int(processes[slot].exitCode)))
                return
            }
            if let timeout = processes[slot].gracefulTimeout {
                processes[slot].stopTimer = queue.schedule(
                    .process(slot: id.slot, generation: id.generation, .gracefulTimeout), after: timeout, on: &clock)
            }
            log(.terminating, slot)
            if processes[slot].inFlight > 0 { log(.waitingForConnections, slot) }
            closeIfIdle(slot)
        }
    }

    /// A stopping process with nothing left to do closes its connections and exits.
    mutating func closeIfIdle(_ slot: Int) {
        guard processes[slot].phase == .stopping, processes[slot].inFlight == 0, processes[slot].admissionCount == 0
        else { return }
        // While clients keep connections that it would answer on, it waits for them to close.
        if catalogue.programs[Int(processes[slot].behaviour)].behaviour.shutdown.keepsConnections,
            hasKeptConnections(slot)
        {
            return
        }
        queue.cancel(processes[slot].stopTimer)
        let closing = catalogue.programs[Int(processes[slot].behaviour)].behaviour.shutdown.closing
        let id = processes[slot].id
        processes[slot].stopTimer = queue.schedule(
            .process(slot: id.slot, generation: id.generation, .closing), after: closing, on: &clock)
    }

    private func hasKeptConnections(_ slot: Int) -> Bool {
        guard !processes[slot].drainsConnections else { return false }
        let id = processes[slot].id
        return sources.contains { $0.connections.contains { $0.container == id } }
    }

    /// SIGKILL.
    mutating func kill(_ id: ContainerID) {
        guard isRunning(id) else { return }
        doom(Int(id.slot), ExitStatus(code: 137))
    }

    mutating func processTimer(_ id: ContainerID, _ timer: ProcessTimer) {
        guard isRunning(id) else { return }
        let slot = Int(id.slot)
        let behaviour = catalogue.programs[Int(processes[slot].behaviour)].behaviour
        switch timer {
        case .crash where processes[slot].lacksDevices:
            log(.crashed, slot, level: .error, number: 1)
            noteCrash(slot)
            doom(
                slot,
                ExitStatus(
                    code: 1,
                    message:
                        "RuntimeError: Failed to infer device type: \(containers[slot]?.resources.gpus ?? 0) of \(behaviour.gpus) GPU(s)"
                ))
        case .crash:
            log(.crashed, slot, level: .error, number: Int32(clamping: behaviour.crash.exitCode))
            noteCrash(slot)
            doom(slot, ExitStatus(code: behaviour.crash.exitCode, message: behaviour.crash.message))
        case .growth: takeMemoryOfFault(slot)
        case .gracefulTimeout, .closing:
            log(.finished, slot)
            doom(slot, ExitStatus(code: Int(processes[slot].exitCode)))
        }
    }

    /// Ends a process once the present event has been handled.
    mutating func doom(_ slot: Int, _ status: ExitStatus) {
        doomed.append(Doom(process: processes[slot].id, status: status))
    }

    mutating func carryOutDooms() {
        var index = 0
        while index < doomed.count {
            let doom = doomed[index]
            index += 1
            guard isRunning(doom.process) else { continue }
            release(Int(doom.process.slot), loss: .reset)
            reports.append(.exited(doom.process, doom.status))
        }
        doomed.removeAll(keepingCapacity: true)
    }

    /// Takes a process and all its calls out of the world; callers see `loss`.
    mutating func release(_ slot: Int, loss: Outcome, reporting: Bool = true) {
        let machine = Int(processes[slot].node)
        processes[slot].cpu.advance(to: clock.now.nanoseconds)
        if processes[slot].cpu.running > 0 { changeThreads(slot, by: -processes[slot].cpu.running) }
        queue.cancel(processes[slot].cpu.timer)
        queue.cancel(processes[slot].crashTimer)
        queue.cancel(processes[slot].stopTimer)
        machines[machine].memoryUsed -= processes[slot].memory.resident
        if recording.observesWork { machines[machine].endedWork += processes[slot].cpu.used }
        unlink(slot, machine)
        leaveTopic(slot)
        endEngine(slot)
        if slot < flows.count { flows[slot] = FlowState() }
        processes[slot].phase = .absent
        containers[slot] = nil
        // Callers are told only when the process is gone, so that nothing they do can reach it.
        var lost: [Call] = []
        while processes[slot].firstCall != .max {
            let call = processes[slot].firstCall
            abandonWork(call, loss)
            traceServed(call, loss)
            lost.append(calls[call])
            detach(call)
            calls.remove(call)
        }
        let id = processes[slot].id
        let isStale = processes[slot].cpu.isStale
        processes[slot] = Process()
        processes[slot].cpu.isStale = isStale
        for call in lost {
            if call.origin == .probe, !reporting { continue }
            if call.kind == .hook, reporting { reports.append(.hookFinished(id, succeeded: false)) }
            tell(call, loss, retryAfter: .zero)
        }
    }

    private mutating func unlink(_ slot: Int, _ machine: Int) {
        let sandbox = Int(processes[slot].sandbox.slot)
        if sandboxes[sandbox].proxy == UInt32(slot) { sandboxes[sandbox].proxy = Self.lostProxy }
        var link = sandboxes[sandbox].firstProcess
        if link == UInt32(slot) {
            sandboxes[sandbox].firstProcess = processes[slot].nextInSandbox
        } else {
            while link != .max, processes[Int(link)].nextInSandbox != UInt32(slot) {
                link = processes[Int(link)].nextInSandbox
            }
            if link != .max { processes[Int(link)].nextInSandbox = processes[slot].nextInSandbox }
        }
        let next = processes[slot].nextOnNode
        let previous = processes[slot].previousOnNode
        if next != .max { processes[Int(next)].previousOnNode = previous }
        if previous != .max {
            processes[Int(previous)].nextOnNode = next
        } else {
            machines[machine].firstProcess = next
        }
    }

    mutating func resize(_ id: ContainerID, _ resources: ContainerResources) {
        guard isRunning(id) else { return }
        let slot = Int(id.slot)
        processes[slot].cpu.advance(to: clock.now.nanoseconds)
        processes[slot].cpu.quota.resize(limitMilli: resources.cpuLimitMilli)
        processes[slot].cpu.weight = FairShare.shares(requestMilli: resources.cpuRequestMilli)
        processes[slot].memoryLimit = resources.memoryLimitBytes ?? .max
        processes[slot].memoryRequest = resources.memoryRequestBytes
        containers[slot]?.resources = resources
        markStale(slot)
        let machine = Int(processes[slot].node)
        if machines[machine].isContended, !machines[machine].isStale {
            machines[machine].isStale = true
            staleMachines.append(UInt32(machine))
        }
        grow(slot, by: 0)
    }
}

extension Workloads: ContainerUsageSource {
    public func usage(of container: ContainerID, now: SimulationTime) -> ContainerUsage? {
        guard isRunning(container) else { return nil }
        var account = processes[Int(container.slot)].cpu
        account.advance(to: now.nanoseconds)
        return ContainerUsage(
            cpuNanoseconds: account.used < 9e18 ? Int64(account.used) : .max,
            workingSetBytes: processes[Int(container.slot)].memory.resident, cfsPeriods: account.quota.periods,
            cfsThrottledPeriods: account.quota.throttledPeriods)
    }
}
