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

    private mutating func status(of record: PodRecord, _ pod: Pod, _ context: borrowing ClusterContext) -> PodStatus {
        var status = pod.status
        status.initContainerStatuses = []
        status.containerStatuses = []
        status.ephemeralContainerStatuses = []
        for (index, container) in record.containers.enumerated() {
            guard let spec = pod.container(at: index) else { continue }
            let entry = containerStatus(container, index, spec, record, context)
            switch container.role {
            case .initialization, .sidecar: status.initContainerStatuses.append(entry)
            case .regular: status.containerStatuses.append(entry)
            case .ephemeral: status.ephemeralContainerStatuses.append(entry)
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
        let host = nodes[Int(record.node.index)].hostAddress
        status.hostIP = host
        if status.hostIPs.count != 1 || status.hostIPs[0].ip != host { status.hostIPs = [Self.hostIP(host)] }
        status.podIP = record.address
        if record.address.isEmpty {
            status.podIPs = []
        } else if status.podIPs.count != 1 || status.podIPs[0].ip != record.address {
            status.podIPs = [Self.podIP(record.address)]
        }
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
        let own = Self.ownConditions
        guard status.conditions.count < own.count || zip(own, status.conditions).contains(where: { $0 != $1.type })
        else {
            return
        }
        let sorted = own.compactMap { type in status.conditions.first { $0.type == type } }
        status.conditions = sorted + status.conditions.filter { !own.contains($0.type) }
    }

    private static let ownConditions = [
        "PodReadyToStartContainers", "Initialized", "Ready", "ContainersReady", "PodScheduled",
    ]

    /// A status of a container that never ended, whose empty `lastState` all share.
    private static let blankStatus: ContainerStatus = {
        var status = ContainerStatus()
        status.lastState = ContainerState()
        return status
    }()

    private mutating func containerStatus(
        _ container: ContainerRecord, _ index: Int, _ spec: Container, _ record: PodRecord,
        _ context: borrowing ClusterContext
    ) -> ContainerStatus {
        var status = Self.blankStatus
        status.name = spec.name
        let image = names(ofImage: spec.image)
        // The image as it is written, until the runtime has it.
        let shown = container.heldBack.map { .waiting(reason: $0.reason, message: $0.message) } ?? container.state
        let isRunning = container.isRunning && container.heldBack == nil
        let hasRun = container.last != nil || isRunning || container.termination != nil
        status.image = hasRun ? image.normalized : spec.image
        status.restartCount = container.restartCount
        status.ready = container.ready
        status.started = container.role == .ephemeral ? nil : isRunning && container.started
        var state = ContainerState()
        switch shown {
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
            status.imageID = image.identifier
        case .terminated(let termination):
            state.terminated = Self.terminated(termination, record, index, container.restartCount, context)
            status.containerID = state.terminated?.containerID ?? ""
            status.imageID = image.identifier
        }
        status.state = state
        if let termination = container.last {
            var last = ContainerState()
            last.terminated = Self.terminated(termination, record, index, max(0, container.restartCount - 1), context)
            if status.containerID.isEmpty { status.containerID = last.terminated?.containerID ?? "" }
            status.lastState = last
            status.imageID = image.identifier
        }
        if isRunning, spec.resources != nil {
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
        hexadecimal("\(record.uid)/\(index)/\(run)", after: "containerd://")
    }

    /// An image as specs, nodes and statuses call it.
    struct ImageNames: Sendable {
        /// Whether the spec's text can name an image at all.
        var isValid: Bool
        var normalized: String
        /// What a status calls the image that runs.
        var identifier: String
    }

    /// The names of an image of a spec; containers that run it share the texts.
    mutating func names(ofImage image: String) -> ImageNames {
        if let known = imageNames[image] { return known }
        let normalized = ImageReference.normalized(image)
        let names = ImageNames(
            isValid: ImageReference.isValid(image), normalized: normalized,
            identifier: ImageReference.identifier(normalized, digest: Self.hexadecimal(normalized, after: "")))
        if imageNames.count >= 1_024 { imageNames = [:] }
        imageNames[image] = names
        return names
    }

    private static let digits = Array("0123456789abcdef".utf8)

    /// 64 hexadecimal digits that follow from a text: FNV-1a, four times with different beginnings.
    static func hexadecimal(_ text: String, after prefix: String) -> String {
        var (text, prefix) = (text, prefix)
        var hashes: (UInt64, UInt64, UInt64, UInt64) = (0, 0, 0, 0)
        func beginning(_ lane: UInt64) -> UInt64 { 0xcbf2_9ce4_8422_2325 &+ lane &* 0x9e37_79b9_7f4a_7c15 }
        hashes = (beginning(0), beginning(1), beginning(2), beginning(3))
        text.withUTF8 { bytes in
            for byte in bytes {
                hashes.0 = (hashes.0 ^ UInt64(byte)) &* 0x0000_0100_0000_01b3
                hashes.1 = (hashes.1 ^ UInt64(byte)) &* 0x0000_0100_0000_01b3
                hashes.2 = (hashes.2 ^ UInt64(byte)) &* 0x0000_0100_0000_01b3
                hashes.3 = (hashes.3 ^ UInt64(byte)) &* 0x0000_0100_0000_01b3
            }
        }
        return prefix.withUTF8 { before in
            String(unsafeUninitializedCapacity: before.count + 64) { buffer in
                var place = before.count
                for (index, byte) in before.enumerated() { buffer[index] = byte }
                for hash in [hashes.0, hashes.1, hashes.2, hashes.3] {
                    let finished = hash ^ hash >> 29
                    for shift in stride(from: 60, through: 0, by: -4) {
                        buffer[place] = digits[Int(finished >> UInt64(shift) & 0xf)]
                        place += 1
                    }
                }
                return place
            }
        }
    }

    /// The address of a node by its number.
    static func hostAddress(_ number: UInt32) -> String { "192.168.\(number / 250 % 250).\(number % 250 + 2)" }

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
