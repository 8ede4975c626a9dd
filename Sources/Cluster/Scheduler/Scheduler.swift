import KubernetesAPI
import Simulation

/// kube-scheduler: one pod at a time, from its queue to a node (`pkg/scheduler`).
public struct Scheduler: Sendable {
    /// A pod that waits.
    struct QueuedPod: Sendable {
        var id: ObjectID<Pod>
        var priority: Int32
        /// When it came to the queue first; orders pods of equal priority.
        var queued: SimulationTime
        var order: UInt64
        /// How often it was tried.
        var attempts: Int32 = 0
        /// When it was last found unschedulable, and by which plugins.
        var failed: SimulationTime = .zero
        var plugins: [SchedulerPlugin] = []
    }

    /// What one cycle costs in simulated time.
    static let cycleTime: Duration = .milliseconds(2)
    static let bindingTime: Duration = .milliseconds(5)
    static let unschedulableTimeout: Duration = .minutes(5)

    var nodes: [NodeInfo] = []
    var nodesByName: [String: Int] = [:]
    /// The node each known pod counts on, also while its binding is under way.
    var placements: [ObjectID<Pod>: Int] = [:]
    var active = ActiveQueue()
    var backoff: [QueuedPod] = []
    var unschedulable: [QueuedPod] = []
    var nominated: [ObjectID<Pod>: String] = [:]
    var nextOrder: UInt64 = 1
    var nextStart = 0
    var cyclePending = false
    var flushPending = false
    var dice: RandomStream
    /// Pods in one of the three queues; membership only, rebuilt on restore.
    var waiting: Set<ObjectID<Pod>> = []
    /// Pods with rules about other pods, over all nodes; rebuilt on restore.
    var podsWithAffinity = 0
    private var memory = SchedulingMemory()
    private var selectors = DefaultSelectors()
    private var bindings = TopologyMerge()
    /// Labels of the pods on the nodes; rebuilt on restore.
    private var groups = LabelGroups()

    public init(seed: UInt64) { dice = RandomStream(seed: seed, name: "scheduler/ties") }

    // MARK: Changes

    mutating func observe(_ change: ObjectChange, _ context: inout ClusterContext) {
        switch change.id.kind {
        case .pod:
            if let (id, old, pod) = change.pod { observe(id, old, pod, change, &context) }
        case .node:
            if let (_, old, node) = change.object(Node.self) { observe(node, old, change.kind, &context) }
        case .persistentVolumeClaim, .podDisruptionBudget:
            if change.kind != .deleted {
                moveUnschedulable(where: { $0.plugins.isEmpty || $0.plugins.contains(.volumeBinding) }, &context)
            }
        default: break
        }
    }

    private mutating func observe(
        _ id: ObjectID<Pod>, _ old: Pod?, _ pod: Pod, _ change: ObjectChange, _ context: inout ClusterContext
    ) {
        let kind = change.kind
        if kind == .deleted || pod.isFinished {
            if unplace(id) { moveUnschedulable(where: Self.waitsForRoom, &context) }
            drop(id)
            return
        }
        if !pod.spec.nodeName.isEmpty {
            if placements[id] == nil { place(id, pod, on: pod.spec.nodeName, &context) }
            if kind == .added || old?.spec.nodeName.isEmpty == true {
                drop(id)
                // A new neighbour may be what another pod's affinity waits for.
                moveUnschedulable(
                    where: { $0.plugins.contains(.interPodAffinity) || $0.plugins.contains(.podTopologySpread) },
                    &context)
            } else if change.concerns([.spec, .labels, .startTime, .deletion]) {
                refresh(id, pod, &context)
            }
            return
        }
        guard pod.metadata.deletionTimestamp == nil,
            pod.spec.schedulerName.isEmpty || pod.spec.schedulerName == "default-scheduler"
        else {
            return
        }
        if kind == .added {
            enqueue(id, pod, &context)
        } else if let old, old.spec.schedulingGates.isEmpty != pod.spec.schedulingGates.isEmpty {
            enqueue(id, pod, &context)
        }
    }

    private static func waitsForRoom(_ pod: QueuedPod) -> Bool {
        pod.plugins.isEmpty
            || pod.plugins.contains { plugin in
                plugin == .nodeResourcesFit || plugin == .nodePorts || plugin == .interPodAffinity
                    || plugin == .podTopologySpread
            }
    }

    private mutating func observe(
        _ node: Node, _ old: Node?, _ kind: ObjectChange.Kind, _ context: inout ClusterContext
    ) {
        let name = node.metadata.name
        switch kind {
        case .added:
            if let index = nodesByName[name] {
                nodes[index].update(node)
                nodes[index].isPresent = true
                memory.touch(index)
            } else {
                nodesByName[name] = nodes.count
                memory.touch(nodes.count)
                nodes.append(NodeInfo(node))
                for pod in context.store.pods(on: name) {
                    if let object = context.store[pod] { place(pod, object, on: name, &context) }
                }
            }
            moveUnschedulable(where: { _ in true }, &context)
        case .modified:
            guard let index = nodesByName[name] else { return }
            nodes[index].update(node)
            memory.touch(index)
            if old?.spec.taints != node.spec.taints || old?.spec.unschedulable != node.spec.unschedulable
                || old?.metadata.labels != node.metadata.labels || old?.status.allocatable != node.status.allocatable
            {
                moveUnschedulable(where: { _ in true }, &context)
            }
        case .deleted:
            if let index = nodesByName[name] {
                nodes[index].isPresent = false
                memory.touch(index)
            }
        }
    }

    // MARK: The cache

    private mutating func place(
        _ id: ObjectID<Pod>, _ pod: Pod, on node: String, _ context: inout ClusterContext
    ) {
        guard let index = nodesByName[node], placements[id] == nil else { return }
        placements[id] = index
        add(PodInfo(pod, id: id, shape: context.shape(of: pod)), to: index)
    }

    private mutating func add(_ info: PodInfo, to node: Int) {
        var info = info
        info.group = groups.enter(info.pod)
        nodes[node].add(info)
        if info.hasAffinity { podsWithAffinity += 1 }
        memory.count(info, on: node, groups, sign: 1)
    }

    private mutating func remove(at place: Int, from node: Int) {
        let info = nodes[node].pods[place]
        if info.hasAffinity { podsWithAffinity -= 1 }
        memory.count(info, on: node, groups, sign: -1)
        if groups.leave(info.group) { memory.forget(group: info.group) }
        nodes[node].remove(at: place)
    }

    private mutating func unplace(_ id: ObjectID<Pod>) -> Bool {
        guard let index = placements.removeValue(forKey: id), let place = nodes[index].place(of: id) else {
            return false
        }
        remove(at: place, from: index)
        return true
    }

    private mutating func refresh(_ id: ObjectID<Pod>, _ pod: Pod, _ context: inout ClusterContext) {
        guard let index = placements[id], let place = nodes[index].place(of: id) else { return }
        let old = nodes[index].pods[place]
        if old.pod.spec.isIdentical(to: pod.spec), old.pod.metadata.labels == pod.metadata.labels,
            (old.pod.metadata.deletionTimestamp == nil) == (pod.metadata.deletionTimestamp == nil)
        {
            // Only what victims are chosen by has changed, and that no memory holds.
            var info = PodInfo(pod, id: id, shape: old.shape)
            info.group = old.group
            nodes[index].pods[place] = info
            return
        }
        let shape = context.shape(of: pod)
        guard shape !== old.shape else {
            // It asks for the same, with other labels: that of a binding.
            memory.count(old, on: index, groups, sign: -1)
            if groups.leave(old.group) { memory.forget(group: old.group) }
            var info = PodInfo(pod, id: id, shape: shape)
            info.group = groups.enter(pod)
            nodes[index].pods[place] = info
            memory.count(info, on: index, groups, sign: 1)
            return
        }
        remove(at: place, from: index)
        add(PodInfo(pod, id: id, shape: shape), to: index)
    }

    /// Rebuilds what follows from the store, after a snapshot was read.
    mutating func restore(from store: APIStore) {
        let order = nodesByName
        nodes = []
        for (name, _) in order.sorted(by: { $0.value < $1.value }) {
            if let node = store.nodes.named(name) {
                nodes.append(NodeInfo(node))
            } else {
                var gone = Node()
                gone.metadata.name = name
                var info = NodeInfo(gone)
                info.isPresent = false
                nodes.append(info)
            }
        }
        let placed = placements
        groups = LabelGroups()
        for (id, index) in placed.sorted(by: { $0.key < $1.key }) {
            guard let pod = store[id], index < nodes.count else { continue }
            var info = PodInfo(pod, id: id)
            info.group = groups.enter(pod)
            nodes[index].add(info)
        }
        podsWithAffinity = nodes.reduce(0) { $0 + $1.podsWithAffinity }
        waiting = Set((active.pods + backoff + unschedulable).map(\.id))
        memory.forget()
        selectors = DefaultSelectors()
    }

    // MARK: Queues

    private mutating func enqueue(_ id: ObjectID<Pod>, _ pod: Pod, _ context: inout ClusterContext) {
        guard !waiting.contains(id) else { return }
        guard pod.spec.schedulingGates.isEmpty else {
            setCondition(id, "SchedulingGated", "Scheduling is blocked due to non-empty scheduling gates", &context)
            return
        }
        push(QueuedPod(id: id, priority: pod.spec.priority ?? 0, queued: context.now, order: takeOrder()), &context)
    }

    private mutating func takeOrder() -> UInt64 {
        defer { nextOrder += 1 }
        return nextOrder
    }

    private mutating func push(_ pod: QueuedPod, _ context: inout ClusterContext) {
        waiting.insert(pod.id)
        active.push(pod)
        scheduleCycle(&context)
    }

    private mutating func drop(_ id: ObjectID<Pod>) {
        nominated[id] = nil
        guard waiting.remove(id) != nil else { return }
        active.remove(id)
        backoff.removeAll { $0.id == id }
        unschedulable.removeAll { $0.id == id }
    }

    private mutating func scheduleCycle(_ context: inout ClusterContext) {
        guard !cyclePending, !active.isEmpty else { return }
        cyclePending = true
        context.queue.schedule(.scheduler(.cycle), after: Self.cycleTime, on: &context.clock)
    }

    /// 1, 2, 4, 8, then 10 s.
    static func backoffDuration(attempts: Int32) -> Duration {
        attempts >= 5 ? .seconds(10) : .seconds(Int64(1) << Int64(max(0, attempts - 1)))
    }

    /// Pods for which something relevant changed wait for the rest of their back-off only.
    private mutating func moveUnschedulable(where concerns: (QueuedPod) -> Bool, _ context: inout ClusterContext) {
        guard !unschedulable.isEmpty else { return }
        var stay: [QueuedPod] = []
        for pod in unschedulable {
            guard concerns(pod) else {
                stay.append(pod)
                continue
            }
            let end = pod.failed + Self.backoffDuration(attempts: pod.attempts)
            if end <= context.now {
                push(pod, &context)
            } else {
                backoff.append(pod)
                context.queue.schedule(.scheduler(.flushBackoff), at: end, on: &context.clock)
            }
        }
        unschedulable = stay
    }

    mutating func handle(_ work: SchedulerWork, _ context: inout ClusterContext) {
        switch work {
        case .cycle: cycle(&context)
        case .flushBackoff:
            let now = context.now
            let due = backoff.filter { $0.failed + Self.backoffDuration(attempts: $0.attempts) <= now }
            backoff.removeAll { pod in due.contains { $0.id == pod.id } }
            for pod in due { push(pod, &context) }
        case .flushUnschedulable:
            flushPending = false
            let now = context.now
            let due = unschedulable.filter { now - $0.failed >= Self.unschedulableTimeout }
            unschedulable.removeAll { pod in due.contains { $0.id == pod.id } }
            for pod in due { push(pod, &context) }
            scheduleFlush(&context)
        case .bind(let id): bind(id, &context)
        }
    }

    private mutating func scheduleFlush(_ context: inout ClusterContext) {
        guard !flushPending, let oldest = unschedulable.map(\.failed).min() else { return }
        flushPending = true
        context.queue.schedule(
            .scheduler(.flushUnschedulable), at: oldest + Self.unschedulableTimeout, on: &context.clock)
    }

    // MARK: One cycle

    private mutating func cycle(_ context: inout ClusterContext) {
        cyclePending = false
        guard var queued = active.popFirst() else { return }
        waiting.remove(queued.id)
        defer { scheduleCycle(&context) }
        guard let pod = context.store[queued.id], pod.spec.nodeName.isEmpty, pod.metadata.deletionTimestamp == nil
        else { return }
        queued.attempts += 1
        let info = PodInfo(pod, id: queued.id, shape: context.shape(of: pod))
        if let node = chooseFromMemory(info, context) ?? chooseNode(info, queued, &context) {
            assume(queued.id, info, node, &context)
        }
    }

    /// The node for one more replica of what was placed before; nil if every node must be looked at.
    private mutating func chooseFromMemory(_ info: PodInfo, _ context: borrowing ClusterContext) -> Int? {
        guard podsWithAffinity == 0, nominated.isEmpty, info.shape.isPlain, info.pod.spec.nodeName.isEmpty else {
            return nil
        }
        return memory.choose(
            info, nodes, groups, selector: selectors.selector(of: info.pod, context), start: &nextStart, dice: &dice)
    }

    /// Looks at every node. Nil if none takes the pod, which then waits.
    private mutating func chooseNode(
        _ info: PodInfo, _ queued: QueuedPod, _ context: inout ClusterContext
    ) -> Int? {
        let pod = info.pod
        var cycle = SchedulingCycle(info, nodes, surroundings(of: pod, context))
        cycle.nominated = nominatedPods(beside: info, context)
        if let failure = cycle.preFilterFailure {
            let count = nodes.filter(\.isPresent).count
            fail(queued, pod, "0/\(count) nodes are available: \(failure). not found", [.volumeBinding], &context)
            return nil
        }
        let (feasible, rejections) = findFeasible(cycle)
        if let chosen = choose(feasible, cycle) { return chosen }
        let present = nodes.indices.filter { nodes[$0].isPresent }
        let plugins = SchedulerPlugin.allCases.filter { plugin in rejections.contains { $0?.plugin == plugin } }
        guard !present.isEmpty else {
            fail(queued, pod, "no nodes available to schedule pods", plugins, &context)
            return nil
        }
        var surroundings = cycle.surroundings
        surroundings.budgets = context.store.podDisruptionBudgets.sorted.map(\.object)
        var kept = SchedulingCycle(info, present.map { nodes[$0] }, surroundings)
        var own: Int?
        for (place, index) in present.enumerated() {
            kept.nominated[place] = cycle.nominated[index]
            if nominated[queued.id] == nodes[index].name { own = place }
        }
        let asked = present.map { rejections[$0] }
        let outcome = DefaultPreemption(cycle: kept, nominatedNode: own).run(asked)
        let message = FailedSchedulingMessage.text(
            nodes: present.count, reasons: asked.compactMap { $0?.reasons }, postFilter: outcome.message)
        if let chosen = outcome.chosen { preempt(queued, pod, chosen, on: present[chosen.node], &context) }
        fail(queued, pod, message, plugins, &context)
        return nil
    }

    /// Who is nominated to each node and at least as important as a pod, in the order of their identifiers.
    private func nominatedPods(beside info: PodInfo, _ context: borrowing ClusterContext) -> [Int: [PodInfo]] {
        guard !nominated.isEmpty else { return [:] }
        var result: [Int: [PodInfo]] = [:]
        for (id, name) in nominated.sorted(by: { $0.key < $1.key }) where id != info.id {
            guard let index = nodesByName[name], nodes[index].isPresent, let pod = context.store[id] else { continue }
            let guest = PodInfo(pod, id: id)
            if guest.priority >= info.priority { result[index, default: []].append(guest) }
        }
        return result
    }

    private func surroundings(of pod: Pod, _ context: borrowing ClusterContext) -> SchedulingSurroundings {
        var surroundings = SchedulingSurroundings()
        let affinity = pod.spec.affinity
        if affinity?.podAffinity != nil || affinity?.podAntiAffinity != nil
            || podsWithAffinity > 0
        {
            context.store.namespaces.forEach { _, namespace in
                surroundings.namespaces[namespace.metadata.name] = namespace.metadata.labels
            }
        }
        for volume in pod.spec.ownVolumes {
            guard let name = volume.volumeSource.persistentVolumeClaim?.claimName else { continue }
            if context.store.persistentVolumeClaims.id(namespace: pod.metadata.namespace, name: name) != nil {
                surroundings.claims.insert(pod.metadata.namespace + "/" + name)
            }
        }
        surroundings.defaultSelector = DefaultSelectors.selector(of: pod, context)
        return surroundings
    }

    /// How many feasible nodes are enough: all below 100, then a falling share.
    static func feasibleNodesToFind(_ count: Int) -> Int {
        guard count > 100 else { return count }
        return max(100, count * max(5, 50 - count / 125) / 100)
    }

    private mutating func findFeasible(_ cycle: SchedulingCycle) -> (feasible: [Int], rejections: [Rejection?]) {
        var rejections = [Rejection?](repeating: nil, count: nodes.count)
        var feasible: [Int] = []
        if let name = nominated[cycle.pod.id ?? ObjectID(slot: .max, generation: 0)], let index = nodesByName[name],
            nodes[index].isPresent,
            cycle.filter(at: index) == nil
        {
            return ([index], rejections)
        }
        let present = nodes.lazy.filter(\.isPresent).count
        let enough = Self.feasibleNodesToFind(present)
        var looked = 0
        for offset in nodes.indices {
            let index = (nextStart + offset) % nodes.count
            guard nodes[index].isPresent else { continue }
            looked = offset + 1
            if let rejection = cycle.filter(at: index) {
                rejections[index] = rejection
            } else {
                feasible.append(index)
                if feasible.count >= enough { break }
            }
        }
        if !nodes.isEmpty { nextStart = (nextStart + looked) % nodes.count }
        return (feasible.sorted(), rejections)
    }

    private mutating func choose(_ feasible: [Int], _ cycle: SchedulingCycle) -> Int? {
        guard feasible.count > 1 else { return feasible.first }
        let totals = cycle.totals(feasible.map { nodes[$0] })
        let best = totals.max() ?? 0
        let top = feasible.indices.filter { totals[$0] == best }
        return feasible[top[Int(dice.below(UInt64(top.count)))]]
    }

    /// Counts the pod on its node at once; the API server learns of it a little later.
    private mutating func assume(_ id: ObjectID<Pod>, _ info: PodInfo, _ node: Int, _ context: inout ClusterContext) {
        placements[id] = node
        add(info, to: node)
        nominated[id] = nil
        context.queue.schedule(.scheduler(.bind(id)), after: Self.bindingTime, on: &context.clock)
    }

    private mutating func bind(_ id: ObjectID<Pod>, _ context: inout ClusterContext) {
        guard let index = placements[id] else { return }
        guard let pod = context.store[id], pod.spec.nodeName.isEmpty, pod.metadata.deletionTimestamp == nil else {
            if context.store[id]?.spec.nodeName.isEmpty ?? true { _ = unplace(id) }
            return
        }
        let name = nodes[index].name
        let time = context.wallTime
        let labels = bindings.labels(of: pod, on: context.topologyLabels(of: name))
        let bound = context.update(id) { pod in
            pod.bind(to: name, labels: labels, at: time)
            pod.status.nominatedNodeName = ""
        }
        if let bound {
            context.recordEvent(
                .normal, "Scheduled", "Successfully assigned \(bound.key) to \(name)", about: bound, source: .scheduler)
        }
    }

    private mutating func fail(
        _ queued: QueuedPod, _ pod: Pod, _ message: String, _ plugins: [SchedulerPlugin],
        _ context: inout ClusterContext
    ) {
        var queued = queued
        queued.failed = context.now
        queued.plugins = plugins
        waiting.insert(queued.id)
        unschedulable.append(queued)
        scheduleFlush(&context)
        context.recordEvent(
            .warning, "FailedScheduling", String(decoding: message.utf8.prefix(1_024), as: UTF8.self), about: pod,
            source: .scheduler)
        setCondition(queued.id, "Unschedulable", message, &context)
    }

    private func setCondition(_ id: ObjectID<Pod>, _ reason: String, _ message: String, _ context: inout ClusterContext)
    {
        guard let pod = context.store[id] else { return }
        if let old = pod.condition("PodScheduled"), old.status == "False", old.reason == reason, old.message == message
        {
            return
        }
        let time = context.wallTime
        context.update(id) { $0.setCondition("PodScheduled", "False", reason: reason, message: message, at: time) }
    }

    private mutating func preempt(
        _ queued: QueuedPod, _ pod: Pod, _ candidate: DefaultPreemption.Candidate, on node: Int,
        _ context: inout ClusterContext
    ) {
        let name = nodes[node].name
        let time = context.wallTime
        for victim in candidate.victims {
            guard let id = victim.id, let object = context.store[id] else { continue }
            context.update(id) { pod in
                pod.setCondition(
                    "DisruptionTarget", "True", reason: "PreemptionByScheduler",
                    message: "default-scheduler: preempting to accommodate a higher priority pod", at: time)
            }
            context.recordEvent(
                .normal, "Preempted", "Preempted by pod \(pod.metadata.uid) on node \(name)", about: object,
                source: .scheduler)
            context.delete(id)
        }
        // Who was nominated there and is less important must look for another place.
        for (id, place) in nominated.sorted(by: { $0.key < $1.key }) where place == name && id != queued.id {
            guard let object = context.store[id], (object.spec.priority ?? 0) < queued.priority else { continue }
            nominated[id] = nil
            context.update(id) { $0.status.nominatedNodeName = "" }
            moveUnschedulable(where: { $0.id == id }, &context)
        }
        nominated[queued.id] = name
        context.update(queued.id) { $0.status.nominatedNodeName = name }
    }
}
