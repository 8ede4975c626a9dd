import ContainerRuntime
import Simulation

/// What whoever scrapes a program meets: who listens, and how long a small answer takes while the program is busy.
extension Workloads {
    /// The running containers on a machine, in the order of their slots.
    public func containers(on node: NodeID) -> [ContainerID] {
        guard Int(node.index) < machines.count else { return [] }
        var found: [ContainerID] = []
        var slot = machines[Int(node.index)].firstProcess
        while slot != .max {
            found.append(processes[Int(slot)].id)
            slot = processes[Int(slot)].nextOnNode
        }
        return found.sorted()
    }

    /// One machine as its own exporter shows it.
    public struct MachineGauges: Sendable, Equatable {
        public var cores: Double
        public var memoryBytes: Int64
        /// Resident bytes of its containers.
        public var memoryUsed: Int64
        /// Threads that want a core.
        public var runnable: Int
        public var gpus: Int
        /// CPU nanoseconds that all its containers have used, those that are gone among them.
        public var cpuNanoseconds: Double
    }

    /// The gauges of a machine; nil if it is not there.
    /// - Parameter now: up to when running containers' CPU is counted; nil counts only those that are gone.
    public func machine(_ node: NodeID, now: SimulationTime? = nil) -> MachineGauges? {
        guard Int(node.index) < machines.count, machines[Int(node.index)].isPresent else { return nil }
        let machine = machines[Int(node.index)]
        return MachineGauges(
            cores: machine.cores, memoryBytes: machine.memoryCapacity, memoryUsed: machine.memoryUsed,
            runnable: Int(machine.demand), gpus: machine.gpus,
            cpuNanoseconds: machine.endedWork + (now.map { runningWork(machine, at: $0) } ?? 0))
    }

    private func runningWork(_ machine: MachineState, at now: SimulationTime) -> Double {
        var (sum, slot) = (0.0, machine.firstProcess)
        while slot != .max {
            var account = processes[Int(slot)].cpu
            account.advance(to: now.nanoseconds)
            sum += account.used
            slot = processes[Int(slot)].nextOnNode
        }
        return sum
    }

    /// When a running container was started; nil if it is not running.
    public func started(_ container: ContainerID) -> SimulationTime? {
        isRunning(container) ? processes[Int(container.slot)].started : nil
    }

    /// Whether a container's program answers requests, so that it counts them.
    public func answersRequests(_ container: ContainerID) -> Bool {
        guard isRunning(container), case .service = program(of: container).program else { return false }
        return true
    }

    /// Whether a container's requests are runs of an agent.
    public func runsAgents(_ container: ContainerID) -> Bool {
        guard isRunning(container), case .service(let service) = program(of: container).program else { return false }
        return service.routes.contains { $0.stages.contains { if case .agent = $0 { true } else { false } } }
    }

    private func program(of container: ContainerID) -> Behaviour {
        catalogue.programs[Int(processes[Int(container.slot)].behaviour)].behaviour
    }

    /// The container of a pod that accepts connections to a port; nil if none does.
    public func listeningContainer(_ sandbox: SandboxID, port: Int) -> ContainerID? {
        listener(sandbox, port: port).map { processes[$0].id }
    }

    /// How long an answer that costs next to nothing waits for a container's event loop: behind the bursts that are on
    /// the CPU and in the queue, at the rate at which they go on now. Nil if the program stands still.
    ///
    /// An estimate at this instant, not a request: scraping costs the program nothing and changes nothing.
    public func responseDelay(of container: ContainerID, now: SimulationTime) -> Duration? {
        guard isRunning(container) else { return nil }
        let slot = Int(container.slot)
        guard !processes[slot].isDeadlocked else { return nil }
        guard processes[slot].busyLoops >= processes[slot].workers else { return .zero }
        var account = processes[slot].cpu
        account.advance(to: now.nanoseconds)
        var left = 0.0
        var call = processes[slot].runHead
        while call != .max {
            left += max(0, calls[call].work - account.served)
            call = calls[call].link
        }
        call = processes[slot].queueHead
        while call != .max {
            left += max(0, calls[call].work)
            call = calls[call].link
        }
        var rate = account.rate * Double(max(1, account.running))
        if account.quota.isLimited { rate = min(rate, account.quota.perPeriod / Double(CPUQuota.period)) }
        guard rate > 1e-6 else { return nil }
        return .nanoseconds(Int64(min(left / rate, 9e18)))
    }
}
