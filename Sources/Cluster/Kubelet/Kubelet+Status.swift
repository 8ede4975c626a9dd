import ContainerRuntime
import KubernetesAPI
import Simulation

/// The status manager: what of a pod's record the API shows, written in one update and only if it differs.
extension Kubelet {
    mutating func writeStatus(_ sandbox: SandboxID, _ context: inout ClusterContext) {
        guard let record = record(sandbox), let pod = context.store[record.id], isReachable(record) else { return }
        let status = status(of: record, pod, context)
        guard status != pod.status else { return }
        context.update(record.id) { $0.status = status }
    }

    private func status(of record: PodRecord, _ pod: Pod, _ context: borrowing ClusterContext) -> PodStatus {
        var status = pod.status
        let count = pod.spec.initContainers.count
        status.initContainerStatuses = []
        status.containerStatuses = []
        for (index, container) in record.containers.enumerated() {
            guard let spec = pod.container(at: index) else { continue }
            let entry = containerStatus(container, index, spec, record, context)
            if index < count {
                status.initContainerStatuses.append(entry)
            } else {
                status.containerStatuses.append(entry)
            }
        }
        let isTerminal = record.stage == .finished
        var phase = PodPhase.phase(spec: pod.spec, status: status, isTerminal: isTerminal)
        if status.phase == "Failed" || status.phase == "Succeeded" { phase = status.phase }
        if let override = record.override, record.stage == .finished || record.stage == .terminating {
            if record.stage == .finished { phase = override.phase }
            status.reason = override.reason
            status.message = override.message
        }
        // A pod that is stopped before it ever ran has failed.
        if isTerminal, phase == "Pending" { phase = "Failed" }
        if !isTerminal, phase == "Failed" || phase == "Succeeded", record.stage == .terminating {
            phase = pod.status.phase == "Pending" ? "Pending" : "Running"
        }
        status.phase = phase
        let now = context.wallTime
        status.startTime = nil
        if let start = record.startTime { status.startTime = context.wallTime(at: start) }
        status.hostIP = Self.hostAddress(record.node)
        status.hostIPs = [Self.hostIP(status.hostIP)]
        status.podIP = record.address
        status.podIPs = record.address.isEmpty ? [] : [Self.podIP(record.address)]
        if status.qosClass.isEmpty { status.qosClass = QualityOfService(of: pod).rawValue }
        status.observedGeneration = pod.metadata.generation
        apply(
            &status, "PodReadyToStartContainers", PodConditionRules.Verdict(isTrue: record.hasSandbox && !isTerminal),
            now, pod)
        apply(
            &status, "Initialized", PodConditionRules.initialized(spec: pod.spec, status: status, phase: phase), now,
            pod)
        apply(&status, "Ready", PodConditionRules.ready(spec: pod.spec, status: status, phase: phase), now, pod)
        apply(
            &status, "ContainersReady", PodConditionRules.containersReady(spec: pod.spec, status: status, phase: phase),
            now, pod)
        apply(&status, "PodScheduled", PodConditionRules.Verdict(isTrue: true), now, pod)
        order(&status)
        return status
    }

    private func apply(
        _ status: inout PodStatus, _ type: String, _ verdict: PodConditionRules.Verdict, _ now: Time, _ pod: Pod
    ) {
        var condition = PodCondition()
        condition.type = type
        condition.status = verdict.isTrue ? "True" : "False"
        condition.reason = verdict.reason
        condition.message = verdict.message
        condition.lastTransitionTime = now
        condition.observedGeneration = pod.metadata.generation
        if let place = status.conditions.firstIndex(where: { $0.type == type }) {
            if status.conditions[place].status == condition.status {
                condition.lastTransitionTime = status.conditions[place].lastTransitionTime
            }
            status.conditions[place] = condition
        } else {
            status.conditions.append(condition)
        }
    }

    /// The kubelet's own conditions in its order, others behind them as they were.
    private func order(_ status: inout PodStatus) {
        let own = ["PodReadyToStartContainers", "Initialized", "Ready", "ContainersReady", "PodScheduled"]
        let sorted = own.compactMap { type in status.conditions.first { $0.type == type } }
        status.conditions = sorted + status.conditions.filter { !own.contains($0.type) }
    }

    private func containerStatus(
        _ container: ContainerRecord, _ index: Int, _ spec: Container, _ record: PodRecord,
        _ context: borrowing ClusterContext
    ) -> ContainerStatus {
        var status = ContainerStatus()
        status.name = spec.name
        let image = ImageReference.normalized(spec.image)
        // The image as it is written, until the runtime has it.
        let hasRun = container.last != nil || container.isRunning || container.termination != nil
        status.image = hasRun ? image : spec.image
        status.restartCount = container.restartCount
        status.ready = container.ready
        status.started = container.isRunning ? container.started : container.termination != nil ? false : false
        var state = ContainerState()
        switch container.state {
        case .waiting(let reason, let message):
            var waiting = ContainerStateWaiting()
            waiting.reason = reason
            waiting.message = message
            state.waiting = waiting
        case .running(let since):
            var running = ContainerStateRunning()
            running.startedAt = context.wallTime(at: since)
            state.running = running
            status.containerID = Self.containerID(record, index, container.restartCount)
            status.imageID = ImageReference.identifier(image, digest: Self.hexadecimal(image))
        case .terminated(let termination):
            state.terminated = Self.terminated(termination, record, index, container.restartCount, context)
            status.containerID = state.terminated?.containerID ?? ""
            status.imageID = ImageReference.identifier(image, digest: Self.hexadecimal(image))
        }
        status.state = state
        var last = ContainerState()
        if let termination = container.last {
            last.terminated = Self.terminated(termination, record, index, max(0, container.restartCount - 1), context)
            if status.containerID.isEmpty { status.containerID = last.terminated?.containerID ?? "" }
            status.imageID = ImageReference.identifier(image, digest: Self.hexadecimal(image))
        }
        status.lastState = last
        if container.isRunning, spec.resources != nil {
            status.resources = Self.actualResources(container, spec)
        }
        return status
    }

    private static func terminated(
        _ termination: ContainerRecord.Termination, _ record: PodRecord, _ index: Int, _ run: Int32,
        _ context: borrowing ClusterContext
    ) -> ContainerStateTerminated {
        var ended = ContainerStateTerminated()
        ended.exitCode = termination.code
        ended.reason = termination.reason
        ended.message = termination.message
        ended.startedAt = context.wallTime(at: termination.started)
        ended.finishedAt = context.wallTime(at: termination.finished)
        ended.containerID = containerID(record, index, run)
        return ended
    }

    /// A stable identifier in the shape of containerd's, made of pod, container and run.
    private static func containerID(_ record: PodRecord, _ index: Int, _ run: Int32) -> String {
        "containerd://" + hexadecimal(record.uid + "/\(index)/\(run)")
    }

    /// 64 hexadecimal digits that follow from a text: FNV-1a, four times with different beginnings.
    private static func hexadecimal(_ text: String) -> String {
        (0..<4).map { lane in
            var hash: UInt64 = 0xcbf2_9ce4_8422_2325 &+ UInt64(lane) &* 0x9e37_79b9_7f4a_7c15
            for byte in text.utf8 { hash = (hash ^ UInt64(byte)) &* 0x0000_0100_0000_01b3 }
            hash ^= hash >> 29
            let digits = String(hash, radix: 16)
            return String(repeating: "0", count: 16 - digits.count) + digits
        }.joined()
    }

    static func hostAddress(_ node: NodeID) -> String { "192.168.\(node.index / 250 % 250).\(node.index % 250 + 2)" }

    private static func hostIP(_ address: String) -> HostIP {
        var ip = HostIP()
        ip.ip = address
        return ip
    }

    private static func podIP(_ address: String) -> PodIP {
        var ip = PodIP()
        ip.ip = address
        return ip
    }
}
