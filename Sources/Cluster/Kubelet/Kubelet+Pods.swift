import ContainerRuntime
import KubernetesAPI
import Simulation

/// How pods come to a node and what a change of their objects means.
extension Kubelet {
    mutating func observe(_ change: ObjectChange, _ context: inout ClusterContext) {
        switch change.id.kind {
        case .pod:
            guard let id: ObjectID<Pod> = change.id.typed(),
                sandboxes[id] == nil || change.concerns([.spec, .deletionTime]), let (_, old, pod) = change.pod
            else { return }
            observe(id, old, pod, change.kind, &context)
        case .node:
            guard let (_, old, node) = change.object(Node.self) else { return }
            observe(node, old, change.kind, &context)
        default: break
        }
    }

    private mutating func observe(
        _ id: ObjectID<Pod>, _ old: Pod?, _ pod: Pod, _ kind: ObjectChange.Kind, _ context: inout ClusterContext
    ) {
        guard let sandbox = sandboxes[id] else {
            if kind != .deleted, !pod.spec.nodeName.isEmpty, pod.status.phase != "Succeeded",
                pod.status.phase != "Failed",
                let node = nodesByName[pod.spec.nodeName]
            {
                add(id, pod, node, &context)
            }
            return
        }
        if kind == .deleted {
            // Removed by force: the kubelet kills what is left.
            killEverything(sandbox, &context)
            forget(sandbox, &context)
            return
        }
        guard let old else { return }
        if !old.spec.isIdentical(to: pod.spec) { recount(sandbox, context.shape(of: pod)) }
        if pod.metadata.deletionTimestamp != nil,
            old.metadata.deletionTimestamp == nil
                || old.metadata.deletionGracePeriodSeconds != pod.metadata.deletionGracePeriodSeconds
        {
            context.queue.schedule(.kubelet(.sync(sandbox)), after: configuration.watchLatency, on: &context.clock)
        } else if !old.spec.isIdentical(to: pod.spec), old.metadata.generation != pod.metadata.generation {
            context.queue.schedule(.kubelet(.sync(sandbox)), after: configuration.watchLatency, on: &context.clock)
        }
    }

    private mutating func add(_ id: ObjectID<Pod>, _ pod: Pod, _ node: NodeID, _ context: inout ClusterContext) {
        let hasInit = !pod.spec.ownInitContainers.isEmpty
        let reason = hasInit ? "PodInitializing" : "ContainerCreating"
        let containers =
            pod.spec.ownInitContainers.map {
                ContainerRecord(role: $0.restartPolicy == "Always" ? .sidecar : .initialization, reason: reason)
            }
            + pod.spec.ownContainers.map { _ in ContainerRecord(role: .regular, reason: reason) }
        guard containers.count <= Int(UInt8.max) else { return }
        let sandbox: SandboxID
        if let slot = freePods.popLast() {
            sandbox = SandboxID(slot: slot, generation: podGenerations[Int(slot)])
        } else {
            sandbox = SandboxID(slot: UInt32(pods.count), generation: 1)
            pods.append(nil)
            podGenerations.append(1)
        }
        var record = PodRecord(
            id: id, uid: pod.metadata.uid, node: node, generation: sandbox.generation, containers: containers)
        record.requests = NodeLoad.share(context.shape(of: pod).requests)
        nodes[Int(node.index)].load.add(record.requests)
        pods[Int(sandbox.slot)] = record
        sandboxes[id] = sandbox
        nodes[Int(node.index)].sandboxes.insertSorted(sandbox)
        context.queue.schedule(.kubelet(.sync(sandbox)), after: configuration.watchLatency, on: &context.clock)
    }

    /// Looks at a pod: begins it, ends it, or follows a change of its spec.
    mutating func sync(_ sandbox: SandboxID, _ context: inout ClusterContext) {
        guard let record = record(sandbox), let pod = context.store[record.id], isReachable(record) else { return }
        noteEphemeralContainers(sandbox, pod)
        if pod.metadata.deletionTimestamp != nil {
            _ = modify(sandbox) { $0.isDeleted = true }
            let grace = Duration.seconds(pod.metadata.deletionGracePeriodSeconds ?? 30)
            terminate(sandbox, pod, grace: grace, &context)
            return
        }
        switch record.stage {
        case .starting where record.startTime == nil: begin(sandbox, pod, &context)
        case .starting: break
        case .active:
            followSpec(sandbox, pod, &context)
            proceed(sandbox, &context)
        case .terminating, .finished: break
        }
    }

    /// Containers that were added to the pod since the kubelet last looked.
    private mutating func noteEphemeralContainers(_ sandbox: SandboxID, _ pod: Pod) {
        let count = min(
            Int(UInt8.max),
            pod.spec.initContainers.count + pod.spec.containers.count + pod.spec.ephemeralContainers.count)
        guard !pod.spec.ephemeralContainers.isEmpty else { return }
        _ = modify(sandbox) { record in
            while record.containers.count < count {
                record.containers.append(ContainerRecord(role: .ephemeral, reason: "ContainerCreating"))
            }
        }
    }

    private mutating func begin(_ sandbox: SandboxID, _ pod: Pod, _ context: inout ClusterContext) {
        let now = context.now
        _ = modify(sandbox) { $0.startTime = now }
        if let rejection = rejection(of: pod, sandbox, context) {
            _ = modify(sandbox) { record in
                record.stage = .finished
                record.override = ("Failed", rejection.reason, rejection.message)
            }
            context.recordEvent(
                .warning, rejection.reason, rejection.message, about: pod, source: .kubelet, host: pod.spec.nodeName)
            writeStatus(sandbox, &context)
            return
        }
        writeStatus(sandbox, &context)
        if let seconds = pod.spec.activeDeadlineSeconds {
            context.queue.schedule(.kubelet(.activeDeadline(sandbox)), after: .seconds(seconds), on: &context.clock)
        }
        context.queue.schedule(
            .kubelet(.sandboxReady(sandbox)), after: configuration.sandboxLatency, on: &context.clock)
    }

    /// Admission on the node: what the scheduler, or a user who set `nodeName`, could not know.
    private func rejection(of pod: Pod, _ sandbox: SandboxID, _ context: borrowing ClusterContext) -> (
        reason: String, message: String
    )? {
        guard let record = record(sandbox), let node = context.store.nodes.named(pod.spec.nodeName) else { return nil }
        let limit = node.status.allocatable["pods"]?.value ?? configuration.maxPods
        let load = nodes[Int(record.node.index)].load
        if load.certainlyHolds(record.requests, in: node.status.allocatable, pods: limit) { return nil }
        var others: [Pod] = []
        for other in nodes[Int(record.node.index)].sandboxes where other != sandbox {
            guard let record = self.record(other), record.stage != .finished else { continue }
            if let pod = context.store[record.id] { others.append(pod) }
        }
        if Int64(others.count) >= limit {
            return (
                "OutOfpods",
                "Pod was rejected: Node didn't have enough resource: pods, requested: 1, used: \(others.count), capacity: \(limit)"
            )
        }
        let wanted = PodResources.requests(of: pod)
        let asked = others.map { PodResources.requests(of: $0) }
        for name in wanted.keys.sorted(by: { $0.utf8.lexicographicallyPrecedes($1.utf8) }) {
            guard let request = wanted[name], !request.isZero else { continue }
            let capacity = node.status.allocatable[name] ?? Quantity()
            let used = asked.reduce(Quantity()) { $0 + ($1[name] ?? Quantity()) }
            guard used + request > capacity else { continue }
            let inMilli = name == "cpu"
            func number(_ quantity: Quantity) -> Int64 { inMilli ? quantity.milliValue : quantity.value }
            return (
                "OutOf\(name)",
                "Pod was rejected: Node didn't have enough resource: \(name), requested: \(number(request)), used: \(number(used)), capacity: \(number(capacity))"
            )
        }
        return nil
    }

    mutating func sandboxReady(_ sandbox: SandboxID, _ context: inout ClusterContext) {
        guard let record = record(sandbox), record.stage == .starting, isReachable(record),
            let pod = context.store[record.id]
        else { return }
        if let missing = missingVolume(of: pod, context) {
            context.recordEvent(.warning, "FailedMount", missing, about: pod, source: .kubelet, host: pod.spec.nodeName)
            context.queue.schedule(.kubelet(.sandboxReady(sandbox)), after: .seconds(10), on: &context.clock)
            return
        }
        noteEphemeralContainers(sandbox, pod)
        let address = newAddress(on: record.node)
        _ = modify(sandbox) { record in
            record.stage = .active
            record.hasSandbox = true
            record.address = address
        }
        writeStatus(sandbox, &context)
        proceed(sandbox, &context)
    }

    /// A volume whose ConfigMap, Secret or claim is not there.
    private func missingVolume(of pod: Pod, _ context: borrowing ClusterContext) -> String? {
        let namespace = pod.metadata.namespace
        for volume in pod.spec.ownVolumes {
            let source = volume.volumeSource
            if let map = source.configMap, map.optional != true,
                context.store.configMaps.id(namespace: namespace, name: map.localObjectReference.name) == nil
            {
                return
                    "MountVolume.SetUp failed for volume \"\(volume.name)\" : configmap \"\(map.localObjectReference.name)\" not found"
            }
            if let secret = source.secret, secret.optional != true,
                context.store.secrets.id(namespace: namespace, name: secret.secretName) == nil
            {
                return
                    "MountVolume.SetUp failed for volume \"\(volume.name)\" : secret \"\(secret.secretName)\" not found"
            }
        }
        return nil
    }

    /// The next free address of a node's pod network, 10.244.N.0/24 and on.
    private mutating func newAddress(on node: NodeID) -> String {
        let network = nodes[Int(node.index)].network
        let host = nodes[Int(node.index)].nextAddress
        nodes[Int(node.index)].nextAddress = host >= 254 ? 2 : host + 1
        return Self.networkPrefix(network) + "\(host)"
    }

    /// `10.244.N.`, what the addresses of a node's pods begin with; the range is the node's `podCIDR`.
    static func networkPrefix(_ network: UInt32) -> String { "10.\(244 + network / 256 % 12).\(network % 256)." }

    mutating func activeDeadline(_ sandbox: SandboxID, _ context: inout ClusterContext) {
        guard let record = record(sandbox), record.stage == .active || record.stage == .starting,
            let pod = context.store[record.id]
        else {
            return
        }
        let message = "Pod was active on the node longer than the specified deadline"
        context.recordEvent(.normal, "DeadlineExceeded", message, about: pod, source: .kubelet, host: pod.spec.nodeName)
        _ = modify(sandbox) { $0.override = ("Failed", "DeadlineExceeded", message) }
        terminate(sandbox, pod, grace: .seconds(pod.spec.terminationGracePeriodSeconds ?? 30), &context)
    }
}
