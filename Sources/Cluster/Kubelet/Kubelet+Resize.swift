import ContainerRuntime
import KubernetesAPI
import Simulation

/// Changes of a running pod's spec: other images restart containers, other resources are given in place where they fit
/// (`pkg/kubelet/allocation/allocation_manager.go`).
extension Kubelet {
    mutating func followSpec(_ sandbox: SandboxID, _ pod: Pod, _ context: inout ClusterContext) {
        followImages(sandbox, pod, &context)
        guard let record = record(sandbox) else { return }
        var changed: [Int] = []
        for (index, container) in record.containers.enumerated() {
            guard let spec = pod.container(at: index), container.runtime != nil, !container.isStopping else { continue }
            if Self.resources(of: spec) != container.allocated { changed.append(index) }
        }
        guard !changed.isEmpty else {
            mark(record.id, pod, pending: nil, &context)
            return
        }
        if let refusal = refusal(of: pod, sandbox, context) {
            mark(record.id, pod, pending: refusal, &context)
            // A deferred resize is tried again while the pod lives.
            context.queue.cancel(record.resizeTimer)
            guard refusal.reason == "Deferred" else { return }
            let timer = context.queue.schedule(.kubelet(.sync(sandbox)), after: .seconds(10), on: &context.clock)
            _ = modify(sandbox) { $0.resizeTimer = timer }
            return
        }
        mark(record.id, pod, pending: nil, &context)
        context.recordEvent(
            .normal, "ResizeStarted", "Pod resize started", about: pod, source: .kubelet, host: pod.spec.nodeName)
        var restarts = false
        for index in changed {
            if let spec = pod.container(at: index), give(sandbox, index, spec, pod, &context) { restarts = true }
        }
        if restarts {
            let time = context.wallTime
            context.update(record.id) { $0.setCondition("PodResizeInProgress", "True", at: time) }
        } else {
            complete(pod, &context)
        }
        writeStatus(sandbox, &context)
    }

    private mutating func followImages(_ sandbox: SandboxID, _ pod: Pod, _ context: inout ClusterContext) {
        guard let record = record(sandbox) else { return }
        for (index, container) in record.containers.enumerated() {
            guard let spec = pod.container(at: index), container.isRunning, container.image != spec.image else {
                continue
            }
            kill(
                sandbox, index, grace: .seconds(pod.spec.terminationGracePeriodSeconds ?? 30),
                "Container \(spec.name) definition changed, will be restarted", &context)
        }
    }

    /// Gives a container its new resources, or has it restarted if its policy asks for that.
    /// - Returns: whether it restarts.
    private mutating func give(
        _ sandbox: SandboxID, _ index: Int, _ spec: Container, _ pod: Pod, _ context: inout ClusterContext
    ) -> Bool {
        guard let container = record(sandbox)?.containers[index], let run = container.runtime else { return false }
        let wanted = Self.resources(of: spec)
        let before = container.allocated
        let changes = [
            "cpu": wanted.cpuLimitMilli != before.cpuLimitMilli || wanted.cpuRequestMilli != before.cpuRequestMilli,
            "memory": wanted.memoryLimitBytes != before.memoryLimitBytes
                || wanted.memoryRequestBytes != before.memoryRequestBytes,
        ]
        _ = modify(sandbox) { $0.containers[index].allocated = wanted }
        if spec.resizePolicy.contains(where: {
            $0.restartPolicy == "RestartContainer" && changes[$0.resourceName] == true
        }) {
            kill(
                sandbox, index, grace: .seconds(pod.spec.terminationGracePeriodSeconds ?? 30),
                "Container \(spec.name) resize requires restart", &context)
            return true
        }
        context.runtimeRequests.append(.resize(run, wanted))
        return false
    }

    /// A container that was restarted for its resources is up again.
    func completeResize(_ sandbox: SandboxID, _ pod: Pod, _ context: inout ClusterContext) {
        guard pod.condition("PodResizeInProgress") != nil, let record = record(sandbox) else { return }
        let isDone = record.containers.enumerated().allSatisfy { index, container in
            guard let spec = pod.container(at: index) else { return true }
            return !container.isStopping && (!container.isRunning || container.allocated == Self.resources(of: spec))
        }
        guard isDone else { return }
        context.update(record.id) { $0.status.conditions.removeAll { $0.type == "PodResizeInProgress" } }
        complete(pod, &context)
    }

    private func complete(_ pod: Pod, _ context: inout ClusterContext) {
        context.recordEvent(
            .normal, "ResizeCompleted", "Pod resize completed", about: pod, source: .kubelet, host: pod.spec.nodeName)
    }

    /// Writes or takes back the condition of a resize that cannot be done, or not yet.
    private func mark(
        _ id: ObjectID<Pod>, _ pod: Pod, pending: (reason: String, message: String)?, _ context: inout ClusterContext
    ) {
        let found = pod.condition("PodResizePending")
        guard found?.reason != pending?.reason || found?.message != pending?.message else { return }
        let time = context.wallTime
        context.update(id) { pod in
            if let pending {
                pod.setCondition("PodResizePending", "True", reason: pending.reason, message: pending.message, at: time)
            } else {
                pod.status.conditions.removeAll { $0.type == "PodResizePending" }
            }
        }
    }

    /// Why a node cannot give a pod what it asks for: never, or not beside the others.
    private func refusal(of pod: Pod, _ sandbox: SandboxID, _ context: borrowing ClusterContext) -> (
        reason: String, message: String
    )? {
        guard let record = record(sandbox), let node = context.store.nodes.named(pod.spec.nodeName) else { return nil }
        let wanted = PodResources.requests(of: pod)
        let others = nodes[Int(record.node.index)].sandboxes.filter { $0 != sandbox }.compactMap { other -> Pod? in
            guard let record = self.record(other), record.stage != .finished else { return nil }
            return context.store[record.id]
        }
        for name in ["cpu", "memory"] {
            guard let request = wanted[name] else { continue }
            let capacity = node.status.allocatable[name] ?? Quantity()
            func number(_ quantity: Quantity) -> Int64 { name == "cpu" ? quantity.milliValue : quantity.value }
            if request > capacity {
                return (
                    "Infeasible",
                    "Node didn't have enough capacity: \(name), requested: \(number(request)), capacity: \(number(capacity))"
                )
            }
            let used = others.reduce(Quantity()) { $0 + (PodResources.requests(of: $1)[name] ?? Quantity()) }
            if used + request > capacity {
                return (
                    "Deferred",
                    "Node didn't have enough resource: \(name), requested: \(number(request)), used: \(number(used)), capacity: \(number(capacity))"
                )
            }
        }
        return nil
    }

    /// What a running container has, which during a resize is not what its spec asks for.
    static func actualResources(_ container: ContainerRecord, _ spec: Container) -> ResourceRequirements? {
        guard var resources = spec.resources else { return nil }
        let given = container.allocated
        guard given != Self.resources(of: spec) else { return resources }
        if resources.requests["cpu"] != nil { resources.requests["cpu"] = Quantity(milli: given.cpuRequestMilli) }
        if resources.requests["memory"] != nil {
            resources.requests["memory"] = Quantity(given.memoryRequestBytes, format: .binarySI)
        }
        if resources.limits["cpu"] != nil { resources.limits["cpu"] = given.cpuLimitMilli.map { Quantity(milli: $0) } }
        if resources.limits["memory"] != nil {
            resources.limits["memory"] = given.memoryLimitBytes.map { Quantity($0, format: .binarySI) }
        }
        return resources
    }
}
