import ContainerRuntime
import KubernetesAPI
import Simulation

/// All kubelets of the cluster: they bring pods to life on their nodes, watch over them and stop them
/// (`pkg/kubelet`).
///
/// One value for all nodes, because their pods share one table; no node looks at another's.
public struct Kubelet: Sendable {
    var configuration: KubeletConfiguration
    var nodes: [NodeRecord] = []
    var nodesByName: [String: NodeID] = [:]
    /// Places of pods; nil where none is. Generations of free places are kept beside.
    var pods: [PodRecord?] = []
    var podGenerations: [UInt32] = []
    var freePods: [UInt32] = []
    var sandboxes: [ObjectID<Pod>: SandboxID] = [:]
    /// For each slot of a run: whose it is, and its generation.
    var runs: [(sandbox: SandboxID, container: UInt8, generation: UInt32)] = []
    var freeRuns: [UInt32] = []
    var random: RandomStream
    /// The names of images in full; they follow from the specs, and are no state.
    var imageNames: [String: ImageNames] = [:]

    public init(configuration: KubeletConfiguration = KubeletConfiguration(), seed: UInt64) {
        self.configuration = configuration
        random = RandomStream(seed: seed, name: "kubelet")
    }

    // MARK: Looking up

    /// The running sandbox of a pod.
    public func sandbox(of pod: ObjectID<Pod>) -> SandboxID? { sandboxes[pod] }

    /// The present runs of a pod's containers.
    public func containers(of pod: ObjectID<Pod>) -> [ContainerID] {
        guard let sandbox = sandboxes[pod], let record = record(sandbox) else { return [] }
        return record.containers.compactMap { $0.isRunning ? $0.runtime : nil }
    }

    /// The pod that a sandbox belongs to.
    public func pod(of sandbox: SandboxID) -> ObjectID<Pod>? { record(sandbox)?.id }

    public func nodeID(_ name: String) -> NodeID? { nodesByName[name] }
    public func nodeName(_ id: NodeID) -> String? { Int(id.index) < nodes.count ? nodes[Int(id.index)].name : nil }

    /// Whether a node's kubelet can be reached.
    public func health(of node: String) -> (health: NodeHealth, since: SimulationTime)? {
        nodesByName[node].map { (nodes[Int($0.index)].health, nodes[Int($0.index)].healthSince) }
    }

    func record(_ sandbox: SandboxID) -> PodRecord? {
        guard Int(sandbox.slot) < pods.count, let record = pods[Int(sandbox.slot)],
            record.generation == sandbox.generation
        else {
            return nil
        }
        return record
    }

    /// Changes a record in place, if the pod is still there.
    mutating func modify<Result>(_ sandbox: SandboxID, _ body: (inout PodRecord) -> Result) -> Result? {
        guard Int(sandbox.slot) < pods.count, pods[Int(sandbox.slot)]?.generation == sandbox.generation,
            var record = pods[Int(sandbox.slot)].take()
        else { return nil }
        let wasCounted = record.stage != .finished
        defer {
            if wasCounted, record.stage == .finished { nodes[Int(record.node.index)].load.remove(record.requests) }
            pods[Int(sandbox.slot)] = record
        }
        return body(&record)
    }

    /// Whether the kubelet of a pod's node is there to act.
    func isReachable(_ record: PodRecord) -> Bool { isReachable(record.node) }

    func isReachable(_ node: NodeID) -> Bool {
        nodes[Int(node.index)].isPresent && nodes[Int(node.index)].health == .healthy
    }

    /// Whether the kubelet of a pod's node runs at all; cut off from the control plane it still carries out what it began.
    func isAlive(_ record: PodRecord) -> Bool {
        let node = nodes[Int(record.node.index)]
        return node.isPresent && node.health != .failed
    }

    // MARK: Events

    mutating func handle(
        _ work: KubeletWork, usage: inout some ContainerUsageSource & ContainerLogSource,
        _ context: inout ClusterContext
    ) {
        switch work {
        case .sync(let pod): sync(pod, &context)
        case .sandboxReady(let pod): sandboxReady(pod, &context)
        case .imagePulled(let pod, let container): imagePulled(pod, Int(container), &context)
        case .startContainer(let pod, let container): startContainer(pod, Int(container), &context)
        case .exitNoticed(let pod, let container): exitNoticed(pod, Int(container), logs: &usage, &context)
        case .retry(let pod, let container): retry(pod, Int(container), &context)
        case .probe(let pod, let container, let kind): runProbe(pod, Int(container), kind, &context)
        case .graceExpired(let pod, let container): graceExpired(pod, Int(container), &context)
        case .finalize(let pod): finalize(pod, &context)
        case .activeDeadline(let pod): activeDeadline(pod, &context)
        case .checkPressure(let node): checkPressure(node, usage: &usage, &context)
        }
    }

    /// Takes a report of the container runtime.
    mutating func receive(_ report: RuntimeReport, _ context: inout ClusterContext) {
        switch report {
        case .exited(let container, let status): exited(container, status, &context)
        case .probed(let token, let result): probed(token, result, &context)
        case .hookFinished(let container, let succeeded): hookFinished(container, succeeded, &context)
        }
    }

    // MARK: Runs

    /// A new run of a container; runs are told apart by generation.
    mutating func newRun(_ sandbox: SandboxID, _ container: Int) -> ContainerID {
        if let slot = freeRuns.popLast() {
            runs[Int(slot)].sandbox = sandbox
            runs[Int(slot)].container = UInt8(container)
            return ContainerID(slot: slot, generation: runs[Int(slot)].generation)
        }
        runs.append((sandbox, UInt8(container), 1))
        return ContainerID(slot: UInt32(runs.count - 1), generation: 1)
    }

    /// Whose run it is; nil for one that is over.
    func owner(of run: ContainerID) -> (sandbox: SandboxID, container: Int)? {
        guard Int(run.slot) < runs.count, runs[Int(run.slot)].generation == run.generation else { return nil }
        return (runs[Int(run.slot)].sandbox, Int(runs[Int(run.slot)].container))
    }

    mutating func endRun(_ run: ContainerID) {
        guard owner(of: run) != nil else { return }
        runs[Int(run.slot)].generation &+= 1
        freeRuns.append(run.slot)
    }

    mutating func forget(_ sandbox: SandboxID, _ context: inout ClusterContext) {
        guard let record = record(sandbox) else { return }
        context.queue.cancel(record.deadlineTimer)
        context.queue.cancel(record.resizeTimer)
        for container in record.containers {
            context.queue.cancel(container.graceTimer)
            for probe in container.probes { context.queue.cancel(probe.timer) }
            if let run = container.runtime { endRun(run) }
        }
        sandboxes[record.id] = nil
        if record.stage != .finished { nodes[Int(record.node.index)].load.remove(record.requests) }
        nodes[Int(record.node.index)].sandboxes.removeSorted(sandbox)
        pods[Int(sandbox.slot)] = nil
        podGenerations[Int(sandbox.slot)] &+= 1
        freePods.append(sandbox.slot)
    }
}

extension Kubelet: BinaryCodable {
    public func write(to writer: inout BinaryWriter) {
        writer.section("kubelet", version: 4)
        writer.write(configuration)
        writer.write(nodes)
        writer.write(nodesByName)
        writer.write(pods)
        writer.write(podGenerations)
        writer.write(freePods)
        writer.write(runs.count)
        for run in runs {
            writer.write(run.sandbox)
            writer.writeByte(run.container)
            writer.write(run.generation)
        }
        writer.write(freeRuns)
        writer.write(random)
    }

    public init(from reader: inout BinaryReader) throws(BinaryDecodingError) {
        try reader.section("kubelet", version: 4)
        configuration = try reader.read()
        nodes = try reader.read()
        nodesByName = try reader.read()
        pods = try reader.read()
        podGenerations = try reader.read()
        freePods = try reader.read()
        let count: Int = try reader.read()
        guard count >= 0, count <= reader.remaining else { throw .malformed(what: "kubelet", offset: reader.offset) }
        for _ in 0..<count { runs.append((try reader.read(), try reader.readByte(), try reader.read())) }
        freeRuns = try reader.read()
        random = try reader.read()
        guard podGenerations.count == pods.count, freePods.allSatisfy({ Int($0) < pods.count }),
            freeRuns.allSatisfy({ Int($0) < runs.count }),
            nodesByName.values.allSatisfy({ Int($0.index) < nodes.count }),
            pods.allSatisfy({ $0.map { Int($0.node.index) < nodes.count } ?? true })
        else { throw .malformed(what: "kubelet", offset: reader.offset) }
        for (slot, record) in pods.enumerated() {
            if let record { sandboxes[record.id] = SandboxID(slot: UInt32(slot), generation: record.generation) }
        }
    }
}
