import ContainerRuntime
import KubernetesAPI
import Simulation

/// Machines: how they join, fail and run short of memory.
extension Kubelet {
    mutating func observe(_ node: Node, _ old: Node?, _ kind: ObjectChange.Kind, _ context: inout ClusterContext) {
        let name = node.metadata.name
        switch kind {
        case .added:
            let hardware = NodeHardware(
                cpuMilli: node.status.capacity["cpu"]?.milliValue ?? 0,
                memoryBytes: node.status.capacity["memory"]?.value ?? 0,
                gpus: Int(clamping: node.status.capacity["nvidia.com/gpu"]?.value ?? 0),
                coreSpeed: node.metadata.annotations[Self.coreSpeedAnnotation].flatMap(Double.init) ?? 1)
            let id = NodeID(index: UInt32(nodes.count))
            nodes.append(NodeRecord(name: name, hardware: hardware, network: id.index))
            nodesByName[name] = id
            context.runtimeRequests.append(.addNode(id, hardware))
            context.recordEvent(.normal, "Starting", "Starting kubelet.", about: node, source: .kubelet, host: name)
            if node.spec.podCIDR.isEmpty, let object = context.store.nodes.id(name) {
                let range = Self.networkPrefix(id.index) + "0/24"
                context.update(object) { node in
                    node.spec.podCIDR = range
                    node.spec.podCIDRs = [range]
                }
            }
            context.queue.schedule(.kubelet(.checkPressure(id)), after: .seconds(10), on: &context.clock)
        case .deleted:
            guard let id = nodesByName.removeValue(forKey: name) else { return }
            nodes[Int(id.index)].isPresent = false
            loseContainers(on: id)
            context.runtimeRequests.append(.removeNode(id))
        case .modified: break
        }
    }

    /// By which a scenario tells a machine's speed; not part of Kubernetes.
    static let coreSpeedAnnotation = "kubelab.dev/core-speed"

    /// A machine fails, is cut off, or comes back.
    mutating func setHealth(of name: String, _ health: NodeHealth, _ context: inout ClusterContext) {
        guard let id = nodesByName[name], nodes[Int(id.index)].health != health else { return }
        let before = nodes[Int(id.index)].health
        nodes[Int(id.index)].health = health
        nodes[Int(id.index)].healthSince = context.now
        switch health {
        case .failed:
            loseContainers(on: id)
            context.runtimeRequests.append(.removeNode(id))
        case .partitioned: break
        case .healthy:
            if before == .failed {
                context.runtimeRequests.append(.addNode(id, nodes[Int(id.index)].hardware))
                if let node = context.store.nodes.named(name) {
                    context.recordEvent(
                        .normal, "Starting", "Starting kubelet.", about: node, source: .kubelet, host: name)
                }
                restartAll(on: id, &context)
            } else {
                for sandbox in nodes[Int(id.index)].sandboxes { catchUp(sandbox, &context) }
            }
        }
        if let node = context.store.nodes.id(name) { context.enqueue(.nodeLifecycle, node) }
    }

    /// Every run on the machine is over; nobody says so.
    private mutating func loseContainers(on node: NodeID) {
        for sandbox in nodes[Int(node.index)].sandboxes {
            guard let record = record(sandbox) else { continue }
            for (index, container) in record.containers.enumerated() {
                guard let run = container.runtime else { continue }
                endRun(run)
                _ = modify(sandbox) { $0.containers[index].runtime = nil }
            }
        }
    }

    /// The machine boots: pods that still belong here start from the beginning.
    private mutating func restartAll(on node: NodeID, _ context: inout ClusterContext) {
        for sandbox in nodes[Int(node.index)].sandboxes {
            guard let record = record(sandbox) else { continue }
            guard let pod = context.store[record.id] else {
                forget(sandbox, &context)
                continue
            }
            // What was being stopped has stopped with the machine.
            if record.stage == .finished || record.stage == .terminating || pod.metadata.deletionTimestamp != nil {
                _ = modify(sandbox) { record in
                    record.isDeleted = pod.metadata.deletionTimestamp != nil
                    record.stage = .finished
                }
                writeStatus(sandbox, &context)
                guard pod.metadata.deletionTimestamp != nil else { continue }
                context.queue.schedule(.kubelet(.finalize(sandbox)), after: .seconds(5), on: &context.clock)
                continue
            }
            // Pulls, starts and back-offs ended with the machine; one that came to its end later would start a container
            // a second time.
            for container in record.containers {
                context.queue.cancel(container.pending)
                for worker in container.probes { context.queue.cancel(worker.timer) }
            }
            let now = context.now
            _ = modify(sandbox) { record in
                record.stage = .starting
                record.hasSandbox = false
                record.everRan = false
                for index in record.containers.indices {
                    record.containers[index].heldBack = nil
                    record.containers[index].inPostStart = false
                    record.containers[index].pending = .none
                    if record.containers[index].role == .ephemeral {
                        record.containers[index].endWithMachine(at: now, index)
                        continue
                    }
                    if case .running(let since) = record.containers[index].state {
                        record.containers[index].last = ContainerRecord.Termination(
                            code: 255, reason: "Unknown", message: "", started: since, finished: now,
                            container: record.containers[index].lastRun
                                ?? ContainerID(slot: .max, generation: UInt32(index)))
                        record.containers[index].restartCount &+= 1
                    }
                    record.containers[index].state = .waiting(reason: "ContainerCreating", message: "")
                    record.containers[index].last =
                        record.containers[index].role == .regular ? nil : record.containers[index].last
                    record.containers[index].isBusy = false
                    record.containers[index].isStopping = false
                    record.containers[index].exit = nil
                    record.containers[index].probes = []
                    record.containers[index].started = false
                    record.containers[index].ready = false
                }
            }
            context.recordEvent(
                .normal, "SandboxChanged", "Pod sandbox changed, it will be killed and re-created.", about: pod,
                source: .kubelet,
                host: pod.spec.nodeName)
            context.queue.schedule(
                .kubelet(.sandboxReady(sandbox)), after: .seconds(10) + configuration.sandboxLatency, on: &context.clock
            )
        }
    }

    /// After a partition: what happened meanwhile is told, what was asked meanwhile is done.
    private mutating func catchUp(_ sandbox: SandboxID, _ context: inout ClusterContext) {
        guard let record = record(sandbox) else { return }
        guard context.store[record.id] != nil else {
            killEverything(sandbox, &context)
            forget(sandbox, &context)
            return
        }
        for (index, container) in record.containers.enumerated() where container.exit != nil {
            context.queue.schedule(
                .kubelet(.exitNoticed(sandbox, container: UInt8(index))), after: .seconds(1), on: &context.clock)
        }
        for (index, container) in record.containers.enumerated()
        where container.runtime != nil && container.heldBack == nil {
            _ = modify(sandbox) { record in
                for place in record.containers[index].probes.indices {
                    record.containers[index].probes[place].awaiting = false
                }
            }
            startProbes(sandbox, index, &context)
        }
        for (index, container) in record.containers.enumerated()
        where container.heldBack != nil && !container.inPostStart && container.runtime != nil && !container.isStopping {
            postStartFailed(sandbox, index, &context)
        }
        writeStatus(sandbox, &context)
        context.queue.schedule(.kubelet(.sync(sandbox)), after: .seconds(1), on: &context.clock)
    }

    // MARK: Memory pressure

    /// The eviction manager's pass over one node, every 10 s: one pod a pass (`eviction_manager.go`).
    mutating func checkPressure(_ id: NodeID, usage: inout some ContainerUsageSource, _ context: inout ClusterContext) {
        let node = nodes[Int(id.index)]
        guard node.isPresent else { return }
        context.queue.schedule(.kubelet(.checkPressure(id)), after: .seconds(10), on: &context.clock)
        guard node.health == .healthy, !node.sandboxes.isEmpty || node.underMemoryPressure else { return }
        var used: Int64 = 0
        var byPod: [(sandbox: SandboxID, bytes: Int64)] = []
        for sandbox in node.sandboxes {
            guard let record = record(sandbox), record.stage == .active || record.stage == .terminating else {
                continue
            }
            var bytes: Int64 = 0
            for container in record.containers {
                if let run = container.runtime, let usage = usage.usage(of: run, now: context.now) {
                    bytes = bytes.addingSaturating(usage.workingSetBytes)
                }
            }
            used = used.addingSaturating(bytes)
            byPod.append((sandbox, bytes))
        }
        let available = node.hardware.memoryBytes - used
        let pressed = available < configuration.evictionHardMemory
        if pressed { nodes[Int(id.index)].pressureSeen = context.now }
        let shows =
            pressed || (node.underMemoryPressure && context.now - nodes[Int(id.index)].pressureSeen < .minutes(5))
        if shows != node.underMemoryPressure { setPressure(id, shows, &context) }
        guard pressed,
            !byPod.contains(where: {
                record($0.sandbox)?.stage == .terminating && record($0.sandbox)?.override?.reason == "Evicted"
            })
        else { return }
        evictOne(id, byPod, available: available, &context)
    }

    private mutating func setPressure(_ id: NodeID, _ pressed: Bool, _ context: inout ClusterContext) {
        nodes[Int(id.index)].underMemoryPressure = pressed
        let name = nodes[Int(id.index)].name
        guard let node = context.store.nodes.id(name) else { return }
        let time = context.wallTime
        let updated = context.update(node) { object in
            object.setCondition(
                "MemoryPressure", pressed ? "True" : "False",
                reason: pressed ? "KubeletHasInsufficientMemory" : "KubeletHasSufficientMemory",
                message: pressed
                    ? "kubelet has insufficient memory available" : "kubelet has sufficient memory available", at: time)
            object.spec.taints.removeAll { $0.key == "node.kubernetes.io/memory-pressure" }
            if pressed {
                var taint = Taint()
                taint.key = "node.kubernetes.io/memory-pressure"
                taint.effect = "NoSchedule"
                object.spec.taints.append(taint)
            }
        }
        if let updated {
            context.recordEvent(
                .normal, pressed ? "NodeHasInsufficientMemory" : "NodeHasSufficientMemory",
                "Node \(name) status is now: \(pressed ? "NodeHasInsufficientMemory" : "NodeHasSufficientMemory")",
                about: updated,
                source: .kubelet, host: name)
        }
    }

    private mutating func evictOne(
        _ id: NodeID, _ byPod: [(sandbox: SandboxID, bytes: Int64)], available: Int64, _ context: inout ClusterContext
    ) {
        let name = nodes[Int(id.index)].name
        if let node = context.store.nodes.named(name) {
            context.recordEvent(
                .warning, "EvictionThresholdMet", "Attempting to reclaim memory", about: node, source: .kubelet,
                host: name)
        }
        var candidates: [EvictionRanking.Candidate] = []
        for (sandbox, bytes) in byPod {
            guard let record = record(sandbox), record.stage == .active, let pod = context.store[record.id],
                pod.spec.priority ?? 0 < 2_000_000_000
            else { continue }
            candidates.append(
                EvictionRanking.Candidate(
                    name: "\(sandbox.slot)", priority: pod.spec.priority ?? 0,
                    requestBytes: PodResources.requests(of: pod)["memory"]?.value ?? 0,
                    usageBytes: bytes))
        }
        guard let first = EvictionRanking.order(candidates).first, let slot = UInt32(first.name),
            let sandbox = byPod.first(where: { $0.sandbox.slot == slot })?.sandbox, let record = record(sandbox),
            let pod = context.store[record.id]
        else { return }
        let container = pod.spec.ownContainers.first?.name ?? ""
        let message =
            "The node was low on resource: memory. Threshold quantity: \(Quantity(configuration.evictionHardMemory, format: .binarySI)), available: \(Quantity(max(0, available) / 1024 * 1024, format: .binarySI)). Container \(container) was using \(Quantity((first.usageBytes ?? 0) / 1024 * 1024, format: .binarySI)), request is \(Quantity(first.requestBytes, format: .binarySI)), has larger consumption of memory. "
        context.recordEvent(.warning, "Evicted", message, about: pod, source: .kubelet, host: name)
        let time = context.wallTime
        context.update(record.id) { pod in
            pod.setCondition("DisruptionTarget", "True", reason: "TerminationByKubelet", message: message, at: time)
        }
        _ = modify(sandbox) { $0.override = ("Failed", "Evicted", message) }
        terminate(sandbox, pod, grace: .seconds(1), &context)
    }
}

extension ContainerRecord {
    /// An ephemeral container ends with its machine: it is not started again.
    fileprivate mutating func endWithMachine(at now: SimulationTime, _ index: Int) {
        isBusy = false
        isStopping = false
        exit = nil
        guard case .running(let since) = state else { return }
        state = .terminated(
            Termination(
                code: 255, reason: "Unknown", message: "", started: since, finished: now,
                container: lastRun ?? ContainerID(slot: .max, generation: UInt32(index))))
    }
}

extension Node {
    /// Sets a condition; the transition time moves only when the status changes.
    public mutating func setCondition(_ type: String, _ status: String, reason: String, message: String, at time: Time)
    {
        var condition = NodeCondition()
        condition.type = type
        condition.status = status
        condition.reason = reason
        condition.message = message
        condition.lastHeartbeatTime = time
        condition.lastTransitionTime = time
        if let index = self.status.conditions.firstIndex(where: { $0.type == type }) {
            if self.status.conditions[index].status == status {
                condition.lastTransitionTime = self.status.conditions[index].lastTransitionTime
            }
            self.status.conditions[index] = condition
        } else {
            self.status.conditions.append(condition)
        }
    }
}
