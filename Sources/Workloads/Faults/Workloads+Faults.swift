import ContainerRuntime
import Simulation

/// One application of a fault, to take it back by.
public struct FaultID: Hashable, Sendable, RawRepresentable, BinaryCodable {
    public var rawValue: UInt32
    public init(rawValue: UInt32) { self.rawValue = rawValue }
}

/// A fault in force.
struct ActiveFault: Sendable {
    var id: FaultID
    var fault: WorkloadFault
}

/// Faults come and go. What they change is always worked out anew from the list of those in force, so that taking one
/// back leaves exactly the others.
extension Workloads {
    /// Puts a fault into force; it stays until it is reverted.
    @discardableResult
    public mutating func apply(_ fault: WorkloadFault, clock: inout Clock, reports: inout [RuntimeReport]) -> FaultID {
        swap(&self.clock, &clock)
        swap(&self.reports, &reports)
        defer {
            settleAfterFault()
            swap(&self.reports, &reports)
            swap(&self.clock, &clock)
        }
        let id = FaultID(rawValue: nextFault)
        nextFault += 1
        faults.append(ActiveFault(id: id, fault: fault))
        refresh(fault)
        strike(fault)
        return id
    }

    /// Takes a fault back. What it broke once (a crash, memory taken) stays broken.
    public mutating func revert(_ id: FaultID, clock: inout Clock, reports: inout [RuntimeReport]) {
        guard let index = faults.firstIndex(where: { $0.id == id }) else { return }
        swap(&self.clock, &clock)
        swap(&self.reports, &reports)
        let fault = faults.remove(at: index).fault
        refresh(fault)
        settleAfterFault()
        swap(&self.reports, &reports)
        swap(&self.clock, &clock)
    }

    /// Faults in force, oldest first.
    public var activeFaults: [(id: FaultID, fault: WorkloadFault)] { faults.map { ($0.id, $0.fault) } }

    /// Works out anew what a kind of fault changes.
    private mutating func refresh(_ fault: WorkloadFault) {
        switch fault {
        case .provider(let name, _):
            guard let index = catalogue.providers.firstIndex(of: name) else { return }
            var condition = ProviderCondition.healthy
            for case .provider(name, let one) in faults.map(\.fault) { condition = condition.combined(with: one) }
            providers[index].set(condition, now: clock.now)
        case .tool(let name, _):
            guard let index = catalogue.tools.firstIndex(of: name) else { return }
            var condition = ToolCondition()
            for case .tool(name, let one) in faults.map(\.fault) { condition = condition.combined(with: one) }
            tools[index] = condition
        case .traffic(let name, _):
            guard let index = sources.firstIndex(where: { $0.configuration.name == name }) else { return }
            var scale = 1.0
            for case .traffic(name, let multiplier) in faults.map(\.fault) { scale *= multiplier }
            setScale(UInt32(index), scale.isFinite ? scale : 1)
        case .retries:
            restorePolicies()
        case .image:
            for slot in processes.indices where processes[slot].phase != .absent {
                processes[slot].condition = condition(forImage: containers[slot]?.image ?? "")
            }
            refreshEngines()
        case .deadlock:
            refreshDeadlocks()
        case .block, .crash, .memory:
            break
        }
    }

    /// The retry policies in force, the last fault winning.
    mutating func restorePolicies() {
        for index in sources.indices {
            sources[index].retries = sources[index].configuration.retries
            for case .retries(sources[index].configuration.name, let policy) in faults.map(\.fault) {
                sources[index].retries = policy
            }
        }
    }

    /// What happens once, at the instant a fault comes.
    private mutating func strike(_ fault: WorkloadFault) {
        switch fault {
        case .provider, .tool, .traffic, .retries, .image:
            break
        case .deadlock(let target):
            for slot in struck(by: target) {
                processes[slot].isDeadlocked = true
                note(slot, "stands still: it accepts connections and answers nobody, not even its probes", link: lastFault)
            }
            refreshEngines()
        case .block(let target, let duration):
            for slot in struck(by: target) {
                note(slot, "its event loop is blocked for \(duration.seconds) s", link: lastFault)
                let call = internalCall(.blockage, in: slot)
                block(call, seconds: max(0, duration.seconds))
            }
        case .crash(let target, let exitCode):
            for slot in struck(by: target) {
                note(slot, "exits with code \(exitCode)", link: lastFault)
                doom(slot, ExitStatus(code: exitCode))
            }
        case .memory(let target, let bytes, let span):
            for slot in struck(by: target) {
                note(slot, "takes \(Self.mebibytes(bytes)) of memory that it never gives back", link: lastFault)
                processes[slot].growthLeft = max(0, bytes)
                processes[slot].growthPerSecond = max(1, max(0, bytes) / max(1, span.wholeSeconds))
                if span < .seconds(1) { processes[slot].growthPerSecond = max(0, bytes) }
                takeMemoryOfFault(slot)
            }
        }
    }

    /// Takes the next part of the memory that a fault makes a process take.
    mutating func takeMemoryOfFault(_ slot: Int) {
        let bytes = min(processes[slot].growthLeft, processes[slot].growthPerSecond)
        processes[slot].growthLeft -= bytes
        if processes[slot].growthLeft > 0 {
            let id = processes[slot].id
            queue.schedule(.process(slot: id.slot, generation: id.generation, .growth), after: .seconds(1), on: &clock)
        }
        grow(slot, by: bytes)
    }

    /// Lets programs go on that no deadlock in force strikes any more. New containers are never struck: a restart heals.
    private mutating func refreshDeadlocks() {
        let targets = faults.compactMap { active -> FaultTarget? in
            if case .deadlock(let target) = active.fault { target } else { nil }
        }
        for slot in processes.indices where processes[slot].isDeadlocked {
            guard !targets.contains(where: { strikes($0, slot) }) else { continue }
            processes[slot].isDeadlocked = false
            feedLoops(slot)
        }
        refreshEngines()
    }

    /// Running containers that a fault strikes, in the order of their slots.
    private func struck(by target: FaultTarget) -> [Int] {
        Array(
            processes.indices.lazy.filter { processes[$0].phase != .absent && strikes(target, $0) }
                .prefix(max(0, target.count ?? .max)))
    }

    private func strikes(_ target: FaultTarget, _ slot: Int) -> Bool {
        guard let container = containers[slot] else { return false }
        if let image = target.image, !Self.image(container.image, is: image) { return false }
        if let pod = target.pod, !container.pod.utf8.starts(with: pod.utf8) { return false }
        return true
    }

    /// Whether an image reference is the named one: in full, without its tag, or without its registry and path.
    static func image(_ reference: String, is name: String) -> Bool {
        if reference.utf8.elementsEqual(name.utf8) { return true }
        func withoutTag(_ text: Substring) -> Substring {
            let plain = text.split(separator: "@", maxSplits: 1, omittingEmptySubsequences: false).first ?? text
            let last = plain.lastIndex(of: "/").map { plain.index(after: $0) } ?? plain.startIndex
            return plain[last...].firstIndex(of: ":").map { plain[..<$0] } ?? plain
        }
        let whole = Substring(reference)
        let short = whole.split(separator: "/").last ?? whole
        return [withoutTag(whole), short, withoutTag(short)].contains { $0.utf8.elementsEqual(name.utf8) }
    }

    private func condition(forImage image: String) -> ImageCondition {
        var condition = ImageCondition()
        for case .image(let name, let one) in faults.map(\.fault) where Self.image(image, is: name) {
            condition = condition.combined(with: one)
        }
        return condition
    }

    /// A new container of an image with a fault.
    mutating func applyFaults(toNew slot: Int) {
        guard !faults.isEmpty, let image = containers[slot]?.image else { return }
        let condition = condition(forImage: image)
        processes[slot].condition = condition
        processes[slot].hangs = condition.hangsAtStart
        if condition.crashesAtStart {
            let id = processes[slot].id
            processes[slot].crashTimer = queue.schedule(
                .process(slot: id.slot, generation: id.generation, .crash), after: .milliseconds(500), on: &clock)
        }
    }

    @inline(__always) func condition(of process: UInt32) -> ImageCondition {
        process == .max ? ImageCondition() : processes[Int(process)].condition
    }

    /// Factor on a process's CPU work.
    @inline(__always) func slowness(_ slot: Int) -> Double { processes[slot].condition.slowness }

    @inline(__always) func extraLeak(_ slot: Int) -> Int64 { processes[slot].condition.leakPerRequest }

    // MARK: What probes of dependencies see

    func providerAnswers(_ index: Int) -> Bool {
        let condition = providers[index].condition
        return !condition.hangs && condition.errorRate < 0.5 && condition.overloadRate < 0.5
    }

    func toolAnswers(_ index: Int) -> Bool { !tools[index].hangs && tools[index].errorRate < 0.5 }

    /// Seconds that a question to the provider takes before it is answered or given up.
    func providerHang(_ index: Int) -> Double {
        let condition = providers[index].condition
        return condition.hangs ? 10 : providers[index].configuration.firstToken.seconds * condition.firstTokenFactor
    }

    /// How long a tool takes this time, and whether it succeeds.
    mutating func drawTool(_ call: UInt32, _ tool: Int) -> (seconds: Double, succeeded: Bool) {
        guard tools.indices.contains(tool) else { return (0.001, false) }
        let seconds = draw(call, catalogue.toolConfigurations[tool].latency) * tools[tool].latencyFactor
        let errors = min(1, catalogue.toolConfigurations[tool].errorRate + tools[tool].errorRate)
        let failed = chance(call, errors)
        return tools[tool].hangs ? (3600, false) : (max(0, seconds), !failed)
    }
}
