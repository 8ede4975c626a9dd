import KubernetesAPI
import Simulation

/// A group of machines of one kind that the cloud adds and removes on request.
public struct NodeGroup: Sendable {
    public var name: String
    /// What a new machine looks like; its name is the template's with a number.
    public var template: Node
    public var minimum: Int
    public var maximum: Int
    /// From the request to a ready node.
    public var startup: Duration

    public init(name: String, template: Node, minimum: Int, maximum: Int, startup: Duration) {
        self.name = name
        self.template = template
        self.minimum = minimum
        self.maximum = maximum
        self.startup = startup
    }
}

/// What a scenario says about the cluster autoscaler; without groups it does nothing.
public struct ClusterAutoscalerConfiguration: Sendable {
    public var groups: [NodeGroup] = []
    public var scanInterval: Duration = .seconds(10)
    /// A node below this share of requests is not needed.
    public var utilizationThreshold = 0.5
    /// How long it must be so (`--scale-down-unneeded-time`).
    public var unneededTime: Duration = .minutes(10)
    /// No scale-down that soon after a scale-up (`--scale-down-delay-after-add`).
    public var delayAfterAdd: Duration = .minutes(10)

    public init() {}
}

/// Adds machines for pods that fit nowhere and removes machines that nobody needs
/// (`kubernetes/autoscaler`, `cluster-autoscaler/core`).
public struct ClusterAutoscaler: Sendable {
    let configuration: ClusterAutoscalerConfiguration
    /// Machines that were asked for and are not there yet, by group.
    private var pending: [Int]
    private var nextNumber: [Int]
    private var unneededSince: [String: SimulationTime] = [:]
    private var lastScaleUp = SimulationTime.zero

    static let groupLabel = "kubelab.dev/node-group"

    init(configuration: ClusterAutoscalerConfiguration, seed: UInt64) {
        self.configuration = configuration
        pending = configuration.groups.map { _ in 0 }
        nextNumber = configuration.groups.map { _ in 1 }
    }

    mutating func start(_ context: inout ClusterContext) {
        guard !configuration.groups.isEmpty else { return }
        for (index, group) in configuration.groups.enumerated() {
            for _ in 0..<group.minimum { addNode(index, &context) }
        }
        context.queue.schedule(.clusterAutoscaler(.scan), after: configuration.scanInterval, on: &context.clock)
    }

    mutating func handle(_ work: ClusterAutoscalerWork, _ context: inout ClusterContext) {
        switch work {
        case .nodeReady(let group):
            pending[Int(group)] = max(0, pending[Int(group)] - 1)
            addNode(Int(group), &context)
        case .scan:
            context.queue.schedule(.clusterAutoscaler(.scan), after: configuration.scanInterval, on: &context.clock)
            if !scaleUp(&context) { scaleDown(&context) }
        }
    }

    private mutating func addNode(_ group: Int, _ context: inout ClusterContext) {
        var node = configuration.groups[group].template
        node.metadata.name += "-\(nextNumber[group])"
        nextNumber[group] += 1
        node.metadata.labels["kubernetes.io/hostname"] = node.metadata.name
        node.metadata.labels[Self.groupLabel] = configuration.groups[group].name
        node.becomeReady(at: context.wallTime)
        _ = try? context.create(node)
    }

    private func nodes(of group: Int, _ context: ClusterContext) -> [(id: ObjectID<Node>, object: Node)] {
        context.store.nodes.sorted.filter {
            $0.object.metadata.labels[Self.groupLabel] == configuration.groups[group].name
        }
    }

    // MARK: Up

    /// Asks for machines for pods that the scheduler found no place for. True if it asked for any.
    private mutating func scaleUp(_ context: inout ClusterContext) -> Bool {
        var waiting: [(id: ObjectID<Pod>, pod: Pod)] = []
        context.store.pods.forEach { id, pod in
            if pod.spec.nodeName.isEmpty, pod.metadata.deletionTimestamp == nil, pod.status.nominatedNodeName.isEmpty,
                let condition = pod.condition("PodScheduled"), condition.status == "False",
                condition.reason == "Unschedulable"
            {
                waiting.append((id, pod))
            }
        }
        guard !waiting.isEmpty else { return false }
        // Machines on their way take pods first.
        for (group, count) in pending.enumerated() where count > 0 {
            for _ in 0..<count { _ = fill(NodeInfo(configuration.groups[group].template), &waiting) }
        }
        guard !waiting.isEmpty else { return false }
        var best: (group: Int, nodes: Int, pods: [(id: ObjectID<Pod>, pod: Pod)], waste: Double)?
        for (index, group) in configuration.groups.enumerated() {
            let room = group.maximum - nodes(of: index, context).count - pending[index]
            guard room > 0 else { continue }
            var left = waiting
            var placed: [(id: ObjectID<Pod>, pod: Pod)] = []
            var count = 0
            var free = 0.0
            while count < room, !left.isEmpty {
                let (taken, waste) = fill(NodeInfo(group.template), &left)
                if taken.isEmpty { break }
                placed += taken
                free += waste
                count += 1
            }
            guard count > 0 else { continue }
            let waste = free / Double(count)
            // The expander 'least-waste', after 'most pods'.
            if best == nil || placed.count > best!.pods.count
                || (placed.count == best!.pods.count && waste < best!.waste)
            {
                best = (index, count, placed, waste)
            }
        }
        guard let best else {
            for (_, pod) in waiting {
                let reasons = refusals(pod, context)
                context.recordEvent(
                    .normal, "NotTriggerScaleUp", "pod didn't trigger scale-up: \(reasons)", about: pod,
                    source: .clusterAutoscaler)
            }
            return false
        }
        let group = configuration.groups[best.group]
        let size = nodes(of: best.group, context).count + pending[best.group]
        for (_, pod) in best.pods {
            context.recordEvent(
                .normal, "TriggeredScaleUp",
                "pod triggered scale-up: [{\(group.name) \(size)->\(size + best.nodes) (max: \(group.maximum))}]",
                about: pod,
                source: .clusterAutoscaler)
        }
        pending[best.group] += best.nodes
        lastScaleUp = context.now
        for _ in 0..<best.nodes {
            context.queue.schedule(
                .clusterAutoscaler(.nodeReady(group: UInt32(best.group))), after: group.startup, on: &context.clock)
        }
        return true
    }

    /// Puts as many waiting pods on an empty machine as fit; returns them and the share that stays free.
    private func fill(
        _ empty: NodeInfo, _ waiting: inout [(id: ObjectID<Pod>, pod: Pod)]
    ) -> (taken: [(id: ObjectID<Pod>, pod: Pod)], waste: Double) {
        var node = empty
        var taken: [(id: ObjectID<Pod>, pod: Pod)] = []
        var left: [(id: ObjectID<Pod>, pod: Pod)] = []
        for entry in waiting {
            let info = PodInfo(entry.pod, id: entry.id)
            if SchedulingCycle(info, [node], SchedulingSurroundings()).filter(node) == nil {
                node.add(info)
                taken.append(entry)
            } else {
                left.append(entry)
            }
        }
        waiting = left
        let cpu = 1 - Double(node.requested.cpuMilli) / Double(max(1, node.allocatable.cpuMilli))
        let memory = 1 - Double(node.requested.memory) / Double(max(1, node.allocatable.memory))
        return (taken, cpu + memory)
    }

    private func refusals(_ pod: Pod, _ context: ClusterContext) -> String {
        var reasons: [String] = []
        for (index, group) in configuration.groups.enumerated() {
            if nodes(of: index, context).count + pending[index] >= group.maximum {
                reasons.append("max node group size reached")
            } else {
                let node = NodeInfo(group.template)
                let rejection = SchedulingCycle(PodInfo(pod), [node], SchedulingSurroundings()).filter(node)
                reasons += rejection?.reasons ?? []
            }
        }
        return FailedSchedulingMessage.counted(reasons.map { [$0] })
    }

    // MARK: Down

    private mutating func scaleDown(_ context: inout ClusterContext) {
        let now = context.now
        var candidates: [(group: Int, id: ObjectID<Node>, node: Node)] = []
        for index in configuration.groups.indices {
            let members = nodes(of: index, context)
            for (id, node) in members {
                if isUnneeded(node, context) {
                    if unneededSince[node.metadata.name] == nil { unneededSince[node.metadata.name] = now }
                } else {
                    unneededSince[node.metadata.name] = nil
                }
                if members.count > configuration.groups[index].minimum, let since = unneededSince[node.metadata.name],
                    now - since >= configuration.unneededTime, now - lastScaleUp >= configuration.delayAfterAdd
                {
                    candidates.append((index, id, node))
                }
            }
        }
        guard let (_, id, node) = candidates.first else { return }
        remove(id, node, &context)
    }

    /// Below the threshold, and every pod may and can move elsewhere.
    private func isUnneeded(_ node: Node, _ context: ClusterContext) -> Bool {
        var info = NodeInfo(node)
        var movable: [PodInfo] = []
        for id in context.store.pods(on: node.metadata.name) {
            guard let pod = context.store[id], pod.isActive else { continue }
            info.add(PodInfo(pod, id: id))
            if pod.controller?.kind == "DaemonSet" { continue }
            guard
                pod.controller != nil
                    || pod.metadata.annotations["cluster-autoscaler.kubernetes.io/safe-to-evict"] == "true",
                pod.metadata.annotations["cluster-autoscaler.kubernetes.io/safe-to-evict"] != "false"
            else { return false }
            guard mayLeave(pod, context) else { return false }
            movable.append(PodInfo(pod, id: id))
        }
        let cpu = Double(info.requested.cpuMilli) / Double(max(1, info.allocatable.cpuMilli))
        let memory = Double(info.requested.memory) / Double(max(1, info.allocatable.memory))
        guard max(cpu, memory) < configuration.utilizationThreshold else { return false }
        var others: [NodeInfo] = context.store.nodes.sorted.filter { $0.object.metadata.name != node.metadata.name }.map
        { _, other in
            var info = NodeInfo(other)
            for id in context.store.pods(on: other.metadata.name) {
                if let pod = context.store[id], pod.isActive { info.add(PodInfo(pod, id: id)) }
            }
            return info
        }
        for pod in movable {
            guard
                let place = others.firstIndex(where: {
                    SchedulingCycle(pod, others, SchedulingSurroundings()).filter($0) == nil
                })
            else {
                return false
            }
            others[place].add(pod)
        }
        return true
    }

    /// What holds a pod where it is (`simulator/drainability`): data on the node's own disk, and a budget that has
    /// nothing to spare. A pod that says it is safe to evict may leave its data.
    private func mayLeave(_ pod: Pod, _ context: ClusterContext) -> Bool {
        let isSafe = pod.metadata.annotations["cluster-autoscaler.kubernetes.io/safe-to-evict"] == "true"
        let hasLocalData = pod.spec.volumes.contains {
            $0.volumeSource.emptyDir != nil || $0.volumeSource.hostPath != nil
        }
        guard isSafe || !hasLocalData else { return false }
        return context.budgets(of: pod).allSatisfy { context.store[$0]?.status.disruptionsAllowed ?? 0 > 0 }
    }

    /// Taints the node, evicts its pods and gives the machine back once it is empty.
    private mutating func remove(_ id: ObjectID<Node>, _ node: Node, _ context: inout ClusterContext) {
        let name = node.metadata.name
        if !node.spec.taints.contains(where: { $0.key == "ToBeDeletedByClusterAutoscaler" }) {
            var taint = Taint()
            taint.key = "ToBeDeletedByClusterAutoscaler"
            taint.value = "\(context.wallTime.epochSeconds)"
            taint.effect = "NoSchedule"
            context.update(id, changesSpec: true) { $0.spec.taints.append(taint) }
            context.recordEvent(
                .normal, "ScaleDown", "marked the node as toBeDeleted/unschedulable", about: node,
                source: .clusterAutoscaler)
        }
        var left = false
        for pod in context.store.pods(on: name) {
            guard let object = context.store[pod], object.controller?.kind != "DaemonSet" else { continue }
            if object.isActive { try? context.evict(pod) }
            if let now = context.store[pod], now.status.phase != "Succeeded", now.status.phase != "Failed" {
                left = true
            }
        }
        guard !left else { return }
        for pod in context.store.pods(on: name) { context.remove(pod) }
        context.recordEvent(
            .normal, "ScaleDown", "node removed by cluster autoscaler", about: node, source: .clusterAutoscaler)
        unneededSince[name] = nil
        context.remove(id)
    }
}

extension Node {
    /// The conditions and address of a node whose kubelet has just registered it.
    public mutating func becomeReady(at time: Time) {
        setCondition(
            "MemoryPressure", "False", reason: "KubeletHasSufficientMemory",
            message: "kubelet has sufficient memory available", at: time)
        setCondition(
            "DiskPressure", "False", reason: "KubeletHasNoDiskPressure", message: "kubelet has no disk pressure",
            at: time)
        setCondition(
            "PIDPressure", "False", reason: "KubeletHasSufficientPID", message: "kubelet has sufficient PID available",
            at: time)
        setCondition("Ready", "True", reason: "KubeletReady", message: "kubelet is posting ready status", at: time)
    }
}

extension ClusterAutoscaler: BinaryCodable {
    public func write(to writer: inout BinaryWriter) {
        writer.section("cluster-autoscaler", version: 1)
        writer.write(configuration.groups.count)
        for group in configuration.groups {
            writer.write(group.name)
            writer.write(String(decoding: group.template.jsonValue.compactBytes, as: UTF8.self))
            writer.write(group.minimum)
            writer.write(group.maximum)
            writer.write(group.startup)
        }
        writer.write(configuration.scanInterval)
        writer.write(configuration.utilizationThreshold)
        writer.write(configuration.unneededTime)
        writer.write(configuration.delayAfterAdd)
        writer.write(pending)
        writer.write(nextNumber)
        writer.write(unneededSince)
        writer.write(lastScaleUp)
    }

    public init(from reader: inout BinaryReader) throws(BinaryDecodingError) {
        try reader.section("cluster-autoscaler", version: 1)
        var configuration = ClusterAutoscalerConfiguration()
        let count: Int = try reader.read()
        guard count >= 0, count <= reader.remaining else {
            throw .malformed(what: "node groups", offset: reader.offset)
        }
        for _ in 0..<count {
            let name: String = try reader.read()
            let text: String = try reader.read()
            guard let value = try? JSONValue(parsingJSON: Array(text.utf8)[...]),
                let node = try? Node.decode(json: value).object
            else {
                throw .malformed(what: "node group", offset: reader.offset)
            }
            configuration.groups.append(
                NodeGroup(
                    name: name, template: node, minimum: try reader.read(), maximum: try reader.read(),
                    startup: try reader.read()))
        }
        configuration.scanInterval = try reader.read()
        configuration.utilizationThreshold = try reader.read()
        configuration.unneededTime = try reader.read()
        configuration.delayAfterAdd = try reader.read()
        self.configuration = configuration
        pending = try reader.read()
        nextNumber = try reader.read()
        unneededSince = try reader.read()
        lastScaleUp = try reader.read()
        guard pending.count == count, nextNumber.count == count else {
            throw .malformed(what: "node groups", offset: reader.offset)
        }
    }
}
