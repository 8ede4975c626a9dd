import ContainerRuntime
import KubernetesAPI
import Simulation

/// From a pod with a sandbox to running containers: `SyncPod` and `startContainer` of `kuberuntime`.
extension Kubelet {
    /// Begins whatever may begin now.
    mutating func proceed(_ sandbox: SandboxID, _ context: inout ClusterContext) {
        guard let record = record(sandbox), record.stage == .active, let pod = context.store[record.id],
            isReachable(record)
        else { return }
        for (index, container) in record.containers.enumerated() where container.role == .ephemeral {
            if case .waiting = container.state, container.last == nil, !container.isBusy {
                begin(sandbox, index, pod, &context)
            }
        }
        if !record.everRan {
            for (index, container) in record.containers.enumerated()
            where container.role == .initialization || container.role == .sidecar {
                switch container.state {
                case .waiting:
                    if !container.isBusy { begin(sandbox, index, pod, &context) }
                    return
                case .running:
                    if container.role == .sidecar, container.started { continue }
                    return
                case .terminated(let termination):
                    if container.role == .initialization, termination.code == 0 { continue }
                    return
                }
            }
        }
        for (index, container) in record.containers.enumerated() where container.role == .regular {
            // A postStart hook holds up the containers behind it.
            if container.inPostStart || isStartingWithHook(container, pod.container(at: index)) { return }
            guard case .waiting = container.state, container.last == nil, !container.isBusy else {
                // A pull holds up the containers behind it.
                if case .waiting(let reason, _) = container.state, container.isBusy, reason != "CrashLoopBackOff",
                    container.last == nil,
                    container.pullStarted > .zero
                {
                    return
                }
                continue
            }
            if begin(sandbox, index, pod, &context) { return }
        }
    }

    /// Whether a container is on its way to its first start, and has a postStart hook.
    private func isStartingWithHook(_ container: ContainerRecord, _ spec: Container?) -> Bool {
        guard container.isBusy, container.last == nil, case .waiting(let reason, _) = container.state else {
            return false
        }
        return (reason == "ContainerCreating" || reason == "PodInitializing") && spec?.lifecycle?.postStart != nil
    }

    /// Takes one container towards its start.
    /// - Returns: whether it has to wait for its image.
    @discardableResult
    mutating func begin(_ sandbox: SandboxID, _ index: Int, _ pod: Pod, _ context: inout ClusterContext) -> Bool {
        guard let spec = pod.container(at: index), let record = record(sandbox) else { return false }
        if let missing = missingReference(of: spec, pod, context) {
            wait(sandbox, index, "CreateContainerConfigError", missing, &context)
            event(.warning, "Failed", "Error: \(missing)", pod, spec, index, &context)
            retryLater(sandbox, index, after: .seconds(10), &context)
            return false
        }
        let node = Int(record.node.index)
        let image = spec.image
        let names = names(ofImage: image)
        guard names.isValid else {
            wait(
                sandbox, index, "InvalidImageName",
                "Failed to apply default image tag \"\(image)\": couldn't parse image name \"\(image)\": invalid reference format",
                &context)
            event(
                .warning, "InspectFailed",
                "Failed to apply default image tag \"\(image)\": couldn't parse image name \"\(image)\": invalid reference format",
                pod, spec, index, &context)
            event(.warning, "Failed", "Error: InvalidImageName", pod, spec, index, &context)
            return false
        }
        let isPresent = nodes[node].images.contains(names.normalized)
        switch spec.imagePullPolicy {
        case "Never" where !isPresent:
            wait(
                sandbox, index, "ErrImageNeverPull",
                "Container image \"\(image)\" is not present with pull policy of Never", &context)
            event(
                .warning, "ErrImageNeverPull", "Container image \"\(image)\" is not present with pull policy of Never",
                pod, spec, index, &context)
            event(.warning, "Failed", "Error: ErrImageNeverPull", pod, spec, index, &context)
            retryLater(sandbox, index, after: .seconds(10), &context)
            return true
        case "Always": break
        default:
            if isPresent {
                event(
                    .normal, "Pulled",
                    "Container image \"\(image)\" already present on machine and can be accessed by the pod", pod, spec,
                    index, &context)
                schedule(sandbox, index, &context)
                return false
            }
        }
        pull(sandbox, index, image, isPresent, pod, spec, &context)
        return true
    }

    private mutating func pull(
        _ sandbox: SandboxID, _ index: Int, _ image: String, _ isPresent: Bool, _ pod: Pod, _ spec: Container,
        _ context: inout ClusterContext
    ) {
        guard let record = record(sandbox) else { return }
        let now = context.now
        let backoffLeft =
            modify(sandbox) { record -> Duration? in
                guard let failed = record.containers[index].pullFailedAt else { return nil }
                return record.containers[index].pullBackoff.attempt(finishedAt: failed, now: now)
            } ?? nil
        if let backoffLeft {
            event(.normal, "BackOff", "Back-off pulling image \"\(image)\"", pod, spec, index, &context)
            event(.warning, "Failed", "Error: ImagePullBackOff", pod, spec, index, &context)
            wait(
                sandbox, index, "ImagePullBackOff",
                "Back-off pulling image \"\(image)\": ErrImagePull: \(pullError(image))", &context)
            retryLater(sandbox, index, after: backoffLeft, &context)
            return
        }
        event(.normal, "Pulling", "Pulling image \"\(image)\"", pod, spec, index, &context)
        let node = Int(record.node.index)
        let start = max(now, nodes[node].pullFreeAt)
        let bytes =
            isPresent || isMissing(image) ? 0 : configuration.imageSizes[image] ?? configuration.defaultImageSize
        let transfer = Duration(seconds: Double(bytes) / Double(max(1, configuration.pullBandwidth)))
        let end = start + configuration.registryLatency + transfer
        nodes[node].pullFreeAt = end
        _ = modify(sandbox) { record in
            record.containers[index].isBusy = true
            record.containers[index].pullStarted = start
        }
        let timer = context.queue.schedule(
            .kubelet(.imagePulled(sandbox, container: UInt8(index))), at: end, on: &context.clock)
        _ = modify(sandbox) { $0.containers[index].pending = timer }
    }

    private func isMissing(_ image: String) -> Bool {
        configuration.missingImages.contains(image)
            || configuration.missingImages.contains(ImageReference.normalized(image))
    }

    private func pullError(_ image: String) -> String {
        let name = ImageReference.normalized(image)
        return
            "rpc error: code = NotFound desc = failed to pull and unpack image \"\(name)\": failed to resolve image: \(name): not found"
    }

    mutating func imagePulled(_ sandbox: SandboxID, _ index: Int, _ context: inout ClusterContext) {
        guard let record = record(sandbox), record.stage == .active, let pod = context.store[record.id],
            let spec = pod.container(at: index),
            isReachable(record)
        else { return }
        let image = spec.image
        let now = context.now
        let began = record.containers[index].pullStarted
        _ = modify(sandbox) { record in
            record.containers[index].isBusy = false
            record.containers[index].pullStarted = .zero
        }
        if isMissing(image) {
            let error = pullError(image)
            event(.warning, "Failed", "Failed to pull image \"\(image)\": \(error)", pod, spec, index, &context)
            event(.warning, "Failed", "Error: ErrImagePull", pod, spec, index, &context)
            _ = modify(sandbox) { record in
                // The first failure makes the entry; each later one doubles it.
                record.containers[index].pullFailedAt = now
                if record.containers[index].pullBackoff.delay == nil {
                    _ = record.containers[index].pullBackoff.attempt(finishedAt: now, now: now)
                }
            }
            wait(sandbox, index, "ErrImagePull", error, &context)
            retryLater(sandbox, index, after: .seconds(1), &context)
            return
        }
        let size = configuration.imageSizes[image] ?? configuration.defaultImageSize
        nodes[Int(record.node.index)].images.insert(ImageReference.normalized(image))
        _ = modify(sandbox) { $0.containers[index].pullFailedAt = nil }
        let waited = now - (record.startTime.map { max($0, began - configuration.registryLatency) } ?? began)
        event(
            .normal, "Pulled",
            "Successfully pulled image \"\(image)\" in \((now - began).goText) (\(max(now - began, waited).goText) including waiting). Image size: \(size) bytes.",
            pod, spec, index, &context)
        schedule(sandbox, index, &context)
        proceed(sandbox, &context)
    }

    private mutating func schedule(_ sandbox: SandboxID, _ index: Int, _ context: inout ClusterContext) {
        let timer = context.queue.schedule(
            .kubelet(.startContainer(sandbox, container: UInt8(index))), after: configuration.startLatency,
            on: &context.clock)
        _ = modify(sandbox) { record in
            record.containers[index].isBusy = true
            record.containers[index].pending = timer
        }
    }

    mutating func startContainer(_ sandbox: SandboxID, _ index: Int, _ context: inout ClusterContext) {
        guard let record = record(sandbox), record.stage == .active, let pod = context.store[record.id],
            let spec = pod.container(at: index),
            isReachable(record)
        else { return }
        let run = newRun(sandbox, index)
        let now = context.now
        let resources = Self.resources(of: spec)
        let epoch = record.startTime ?? now
        let hook = spec.lifecycle?.postStart
        var before = ContainerRecord.Waiting(reason: "ContainerCreating", message: "")
        if case .waiting(let reason, let message) = record.containers[index].state {
            before = ContainerRecord.Waiting(reason: reason, message: message)
        }
        _ = modify(sandbox) { record in
            record.containers[index].isBusy = false
            record.containers[index].isStopping = false
            record.containers[index].inPreStop = false
            record.containers[index].runtime = run
            record.containers[index].lastRun = run
            record.containers[index].state = .running(since: now)
            record.containers[index].exit = nil
            record.containers[index].heldBack = hook == nil ? nil : before
            record.containers[index].inPostStart = hook != nil
            if hook == nil { record.containers[index].begin(spec) }
            record.containers[index].allocated = resources
            record.containers[index].image = spec.image
            record.containers[index].probes = ProbeKind.allCases.filter { spec.probe($0) != nil }.map {
                ProbeWorker(kind: $0, epoch: epoch)
            }
            if record.containers[index].role == .regular { record.everRan = true }
        }
        event(.normal, "Created", "Container created", pod, spec, index, &context)
        event(.normal, "Started", "Container started", pod, spec, index, &context)
        let configuration = ContainerConfiguration(
            node: record.node, sandbox: sandbox, namespace: pod.metadata.namespace, pod: pod.metadata.name,
            container: spec.name,
            image: spec.image, command: spec.command, arguments: spec.args,
            environment: environment(of: spec, pod, record, context),
            labels: pod.metadata.labels.sorted { $0.key.utf8.lexicographicallyPrecedes($1.key.utf8) }.map {
                (name: $0.key, value: $0.value)
            },
            ports: spec.ports.map { (name: $0.name, number: Int($0.containerPort)) }, resources: resources,
            oomScoreAdjustment: QualityOfService.oomScoreAdjustment(
                of: spec, in: pod, nodeMemory: nodes[Int(record.node.index)].hardware.memoryBytes),
            restartCount: Int(record.containers[index].restartCount))
        context.runtimeRequests.append(.start(run, configuration))
        if let hook {
            context.runtimeRequests.append(.runHook(run, HookAction(hook, in: spec)))
        } else {
            startProbes(sandbox, index, &context)
        }
        completeResize(sandbox, pod, &context)
        writeStatus(sandbox, &context)
        proceed(sandbox, &context)
    }

    /// Waits in a state with a reason.
    mutating func wait(
        _ sandbox: SandboxID, _ index: Int, _ reason: String, _ message: String, _ context: inout ClusterContext
    ) {
        _ = modify(sandbox) { $0.containers[index].state = .waiting(reason: reason, message: message) }
        writeStatus(sandbox, &context)
    }

    mutating func retryLater(_ sandbox: SandboxID, _ index: Int, after delay: Duration, _ context: inout ClusterContext)
    {
        let timer = context.queue.schedule(
            .kubelet(.retry(sandbox, container: UInt8(index))), after: delay, on: &context.clock)
        _ = modify(sandbox) { record in
            record.containers[index].isBusy = true
            record.containers[index].pending = timer
        }
    }

    /// A back-off is over.
    mutating func retry(_ sandbox: SandboxID, _ index: Int, _ context: inout ClusterContext) {
        guard let record = record(sandbox), record.stage == .active, let pod = context.store[record.id],
            isReachable(record)
        else { return }
        _ = modify(sandbox) { $0.containers[index].isBusy = false }
        if record.containers[index].last != nil || record.containers[index].termination != nil {
            restart(sandbox, index, &context)
        } else {
            begin(sandbox, index, pod, &context)
        }
    }

    func event(
        _ type: EventLog.EventType, _ reason: String, _ message: String, _ pod: Pod, _ container: Container,
        _ index: Int,
        _ context: inout ClusterContext
    ) {
        context.recordEvent(
            type, reason, message, about: pod, source: .kubelet, host: pod.spec.nodeName, container: container.name,
            list: pod.containerList(at: index))
    }

    static func resources(of container: Container) -> ContainerResources {
        let (requests, limits) = (container.resources?.requests ?? [:], container.resources?.limits ?? [:])
        return ContainerResources(
            cpuRequestMilli: requests["cpu"]?.milliValue ?? 0, cpuLimitMilli: limits["cpu"]?.milliValue,
            memoryRequestBytes: requests["memory"]?.value ?? 0, memoryLimitBytes: limits["memory"]?.value,
            gpus: Int(clamping: limits["nvidia.com/gpu"]?.value ?? 0))
    }
}

extension ContainerRecord {
    /// The container runs, and what it must do before that is done: from here on its probes decide.
    mutating func begin(_ spec: Container) {
        started = spec.startupProbe == nil
        ready = started && spec.readinessProbe == nil && (role == .regular || role == .sidecar)
    }
}

extension Duration {
    /// As Go prints a duration truncated to milliseconds: `1.234s`, `850ms`, `1m2s`.
    public var goText: String {
        let millis = max(0, nanoseconds / 1_000_000)
        if millis < 1_000 { return millis == 0 ? "0s" : "\(millis)ms" }
        let (minutes, rest) = (millis / 60_000, millis % 60_000)
        var seconds = "\(rest / 1_000)"
        if rest % 1_000 != 0 {
            var fraction = "\(1_000 + rest % 1_000)".dropFirst()
            while fraction.last == "0" { fraction.removeLast() }
            seconds += "." + fraction
        }
        let hours = minutes / 60
        return (hours > 0 ? "\(hours)h" : "") + (minutes > 0 ? "\(minutes % 60)m" : "") + "\(seconds)s"
    }
}
