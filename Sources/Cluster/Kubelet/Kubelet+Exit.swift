import ContainerRuntime
import KubernetesAPI
import Simulation

/// Exits, restarts, and the orderly end of a pod.
extension Kubelet {
    /// The runtime says that a container stopped. The kubelet notices with its next relist.
    mutating func exited(_ run: ContainerID, _ status: ExitStatus, _ context: inout ClusterContext) {
        guard let (sandbox, index) = owner(of: run), let record = record(sandbox) else { return }
        endRun(run)
        _ = modify(sandbox) { record in
            record.containers[index].exit = status
            record.containers[index].runtime = nil
        }
        guard isReachable(record) else { return }
        context.queue.schedule(
            .kubelet(.exitNoticed(sandbox, container: UInt8(index))), after: configuration.relistLatency,
            on: &context.clock)
    }

    mutating func exitNoticed(
        _ sandbox: SandboxID, _ index: Int, logs: inout some ContainerLogSource, _ context: inout ClusterContext
    ) {
        guard let record = record(sandbox), var exit = record.containers[index].exit,
            let pod = context.store[record.id], isReachable(record)
        else { return }
        let now = context.now
        var since = now
        if case .running(let start) = record.containers[index].state { since = start }
        let spec = pod.container(at: index)
        if exit.message.isEmpty, exit.code != 0, spec?.terminationMessagePolicy == "FallbackToLogsOnError",
            let run = record.containers[index].lastRun
        {
            exit.message = TerminationMessage.tail(of: logs.logLines(of: run))
        }
        let wasInPostStart = record.containers[index].inPostStart
        if wasInPostStart, !record.containers[index].isStopping, let spec {
            // The hook ended with its container.
            event(.warning, "FailedPostStartHook", "PostStartHook failed", pod, spec, index, &context)
            let error = hookError(spec, pod, "container not running")
            _ = modify(sandbox) { $0.containers[index].hookError = error }
        }
        let termination = ContainerRecord.Termination(
            code: Int32(clamping: exit.code), reason: exit.reason, message: exit.message, started: since,
            finished: now - configuration.relistLatency,
            container: record.containers[index].lastRun ?? ContainerID(slot: .max, generation: UInt32(index)))
        let timers = record.containers[index].probes.map(\.timer) + [record.containers[index].graceTimer]
        for timer in timers { context.queue.cancel(timer) }
        _ = modify(sandbox) { record in
            record.containers[index].exit = nil
            record.containers[index].state = .terminated(termination)
            record.containers[index].probes = []
            record.containers[index].started = false
            record.containers[index].ready = record.containers[index].role == .initialization && exit.code == 0
            record.containers[index].isStopping = false
            record.containers[index].inPreStop = false
            record.containers[index].heldBack = nil
            record.containers[index].inPostStart = false
        }
        if record.stage == .terminating {
            continueTermination(sandbox, pod, &context)
            return
        }
        if finishIfDone(sandbox, pod, &context) { return }
        if mayRestart(record.containers[index].role, code: exit.code, pod.container(at: index), pod) {
            writeStatus(sandbox, &context)
            restart(sandbox, index, &context)
            if wasInPostStart { proceed(sandbox, &context) }
        } else {
            writeStatus(sandbox, &context)
            proceed(sandbox, &context)
        }
    }

    /// Whether a container that exited may run again (`ShouldContainerBeRestarted`).
    func mayRestart(_ role: ContainerRecord.Role, code: Int, _ container: Container?, _ pod: Pod) -> Bool {
        if role == .sidecar { return true }
        if role == .ephemeral { return false }
        if role == .initialization { return code != 0 && pod.spec.restartPolicy != "Never" }
        if let container {
            return PodPhase.mayRestart(container, exitCode: Int32(clamping: code), podPolicy: pod.spec.restartPolicy)
        }
        return false
    }

    /// Starts a container again, at once or after its back-off.
    mutating func restart(_ sandbox: SandboxID, _ index: Int, _ context: inout ClusterContext) {
        guard let record = record(sandbox), record.stage == .active, let pod = context.store[record.id],
            let spec = pod.container(at: index),
            !record.containers[index].isBusy
        else { return }
        guard let ended = record.containers[index].termination ?? record.containers[index].last else { return }
        let now = context.now
        let left = modify(sandbox) { $0.containers[index].backoff.attempt(finishedAt: ended.finished, now: now) } ?? nil
        if let left {
            let delay = record.containers[index].backoff.delay ?? CrashBackoff.initial
            if case .terminated = record.containers[index].state {
                _ = modify(sandbox) { record in
                    record.containers[index].last = ended
                    record.containers[index].state = .waiting(
                        reason: "CrashLoopBackOff",
                        message:
                            "back-off \(delay.goText) restarting failed container=\(spec.name) pod=\(pod.metadata.name)_\(pod.metadata.namespace)(\(pod.metadata.uid))"
                    )
                }
            }
            event(
                .warning, "BackOff",
                "Back-off restarting failed container \(spec.name) in pod \(pod.metadata.name)_\(pod.metadata.namespace)(\(pod.metadata.uid))",
                pod, spec, index, &context)
            writeStatus(sandbox, &context)
            // The worker comes back up to half as late again as the back-off ends.
            let jitter = 1 + 0.5 * random.unit()
            retryLater(sandbox, index, after: min(left, .seconds(60)) * jitter, &context)
            return
        }
        _ = modify(sandbox) { record in
            record.containers[index].last = ended
            record.containers[index].restartCount &+= 1
            let error = record.containers[index].hookError
            record.containers[index].state = .waiting(
                reason: error.isEmpty ? "ContainerCreating" : "PostStartHookError", message: error)
        }
        begin(sandbox, index, pod, &context)
    }

    /// Ends a pod whose regular containers are all done for good, or whose initialisation failed.
    /// - Returns: whether it is over.
    private mutating func finishIfDone(_ sandbox: SandboxID, _ pod: Pod, _ context: inout ClusterContext) -> Bool {
        guard let record = record(sandbox) else { return true }
        let failedInit = record.containers.contains { container in
            container.role == .initialization && (container.termination?.code ?? 0) != 0
                && pod.spec.restartPolicy == "Never"
        }
        let regular = record.containers.enumerated().filter { $0.element.role == .regular }
        let done = regular.allSatisfy { index, container in
            guard let termination = container.termination else { return false }
            return !mayRestart(.regular, code: Int(termination.code), pod.container(at: index), pod)
        }
        guard failedInit || (done && !regular.isEmpty) else { return false }
        terminate(sandbox, pod, grace: .seconds(pod.spec.terminationGracePeriodSeconds ?? 30), &context)
        return true
    }

    // MARK: Killing

    /// Stops one container so that it is restarted: a probe failed, or its spec changed.
    mutating func kill(
        _ sandbox: SandboxID, _ index: Int, grace: Duration, _ message: String, _ context: inout ClusterContext
    ) {
        guard let record = record(sandbox), let pod = context.store[record.id], let spec = pod.container(at: index),
            !record.containers[index].isStopping, record.containers[index].runtime != nil
        else { return }
        event(.normal, "Killing", message, pod, spec, index, &context)
        stop(sandbox, index, spec, grace: grace, &context)
    }

    /// preStop hook, SIGTERM, and SIGKILL when the grace is over.
    private mutating func stop(
        _ sandbox: SandboxID, _ index: Int, _ spec: Container, grace: Duration, _ context: inout ClusterContext
    ) {
        guard let record = record(sandbox), let run = record.containers[index].runtime,
            !record.containers[index].isStopping
        else { return }
        for probe in record.containers[index].probes where probe.kind != .readiness || record.stage != .terminating {
            context.queue.cancel(probe.timer)
        }
        let timer = context.queue.schedule(
            .kubelet(.graceExpired(sandbox, container: UInt8(index))), after: max(grace, .seconds(2)),
            on: &context.clock)
        let hook = spec.lifecycle?.preStop
        _ = modify(sandbox) { record in
            record.containers[index].isStopping = true
            record.containers[index].inPreStop = hook != nil
            record.containers[index].graceTimer = timer
        }
        if let hook, grace > .zero {
            context.runtimeRequests.append(.runHook(run, HookAction(hook, in: spec)))
        } else {
            context.runtimeRequests.append(.terminate(run))
        }
    }

    mutating func graceExpired(_ sandbox: SandboxID, _ index: Int, _ context: inout ClusterContext) {
        guard let record = record(sandbox), index < record.containers.count, let run = record.containers[index].runtime,
            isAlive(record)
        else { return }
        if record.containers[index].inPreStop {
            // The hook overran: the program still gets the signal and the shortest grace.
            _ = modify(sandbox) { $0.containers[index].inPreStop = false }
            context.runtimeRequests.append(.terminate(run))
            let timer = context.queue.schedule(
                .kubelet(.graceExpired(sandbox, container: UInt8(index))), after: .seconds(2), on: &context.clock)
            _ = modify(sandbox) { $0.containers[index].graceTimer = timer }
            return
        }
        context.runtimeRequests.append(.kill(run))
    }

    // MARK: The end of a pod

    /// Begins to stop a pod, or shortens the grace of one that is being stopped.
    mutating func terminate(_ sandbox: SandboxID, _ pod: Pod, grace: Duration, _ context: inout ClusterContext) {
        guard let record = record(sandbox) else { return }
        let deadline = context.now + grace
        switch record.stage {
        case .finished:
            continueTermination(sandbox, pod, &context)
            return
        case .terminating:
            guard deadline < record.deadline else { return }
            _ = modify(sandbox) { $0.deadline = deadline }
            for (index, container) in record.containers.enumerated() where container.isStopping {
                context.queue.cancel(container.graceTimer)
                let timer = context.queue.schedule(
                    .kubelet(.graceExpired(sandbox, container: UInt8(index))),
                    at: max(deadline, context.now + .seconds(2)), on: &context.clock)
                _ = modify(sandbox) { $0.containers[index].graceTimer = timer }
            }
            return
        case .starting, .active:
            _ = modify(sandbox) { record in
                record.stage = .terminating
                record.deadline = deadline
            }
        }
        for (index, container) in record.containers.enumerated() {
            // Liveness and startup are no longer asked; readiness is, until the end.
            for probe in container.probes where probe.kind != .readiness { context.queue.cancel(probe.timer) }
            if container.role != .sidecar, container.runtime != nil, let spec = pod.container(at: index) {
                event(.normal, "Killing", "Stopping container \(spec.name)", pod, spec, index, &context)
                if container.isStopping {
                    context.queue.cancel(container.graceTimer)
                    let timer = context.queue.schedule(
                        .kubelet(.graceExpired(sandbox, container: UInt8(index))), after: max(grace, .seconds(2)),
                        on: &context.clock)
                    _ = modify(sandbox) { $0.containers[index].graceTimer = timer }
                } else {
                    stop(sandbox, index, spec, grace: grace, &context)
                }
            }
        }
        writeStatus(sandbox, &context)
        continueTermination(sandbox, pod, &context)
    }

    /// Stops sidecars in reverse order once the others are gone; when nothing runs, ends the pod.
    mutating func continueTermination(_ sandbox: SandboxID, _ pod: Pod, _ context: inout ClusterContext) {
        guard let record = record(sandbox) else { return }
        func holds(_ container: ContainerRecord) -> Bool { container.runtime != nil || container.exit != nil }
        if record.containers.contains(where: { $0.role != .sidecar && holds($0) }) {
            writeStatus(sandbox, &context)
            return
        }
        if let index = record.containers.lastIndex(where: { $0.role == .sidecar && holds($0) }) {
            if record.containers[index].runtime != nil, !record.containers[index].isStopping,
                let spec = pod.container(at: index)
            {
                event(.normal, "Killing", "Stopping container \(spec.name)", pod, spec, index, &context)
                stop(sandbox, index, spec, grace: max(record.deadline - context.now, .seconds(2)), &context)
            }
            writeStatus(sandbox, &context)
            return
        }
        _ = modify(sandbox) { $0.stage = .finished }
        writeStatus(sandbox, &context)
        if record.isDeleted {
            context.queue.schedule(.kubelet(.finalize(sandbox)), after: .milliseconds(200), on: &context.clock)
        }
    }

    /// Everything has stopped: the object goes.
    mutating func finalize(_ sandbox: SandboxID, _ context: inout ClusterContext) {
        guard let record = record(sandbox), isReachable(record), let pod = context.store[record.id] else { return }
        if pod.metadata.finalizers.isEmpty {
            context.remove(record.id)
        } else {
            context.update(record.id) { $0.metadata.deletionGracePeriodSeconds = 0 }
        }
    }

    /// Kills what runs without ceremony: the object is gone already.
    mutating func killEverything(_ sandbox: SandboxID, _ context: inout ClusterContext) {
        guard let record = record(sandbox) else { return }
        for container in record.containers {
            if let run = container.runtime { context.runtimeRequests.append(.kill(run)) }
        }
    }
}
