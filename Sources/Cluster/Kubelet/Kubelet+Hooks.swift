import ContainerRuntime
import KubernetesAPI
import Simulation

/// Lifecycle hooks (`pkg/kubelet/lifecycle/handlers.go`): what follows from how they end.
extension Kubelet {
    /// The runtime answers a hook. It does not say which: a container that is stopped while its postStart hook runs may
    /// have two of them, and the signal follows the later answer.
    mutating func hookFinished(_ run: ContainerID, _ succeeded: Bool, _ context: inout ClusterContext) {
        guard let (sandbox, index) = owner(of: run), let record = record(sandbox) else { return }
        if record.containers[index].inPostStart {
            _ = modify(sandbox) { $0.containers[index].inPostStart = false }
            // Whoever stops a pod cancels what is being started.
            guard !record.containers[index].isStopping else { return }
            if succeeded {
                postStartSucceeded(sandbox, index, &context)
            } else if isReachable(record) {
                postStartFailed(sandbox, index, &context)
            }
            return
        }
        guard record.containers[index].inPreStop, isReachable(record), let pod = context.store[record.id],
            let spec = pod.container(at: index)
        else { return }
        if !succeeded { event(.warning, "FailedPreStopHook", "PreStopHook failed", pod, spec, index, &context) }
        _ = modify(sandbox) { $0.containers[index].inPreStop = false }
        context.runtimeRequests.append(.terminate(run))
    }

    /// The container is what it seemed to be not yet: running. Its probes begin, and the containers behind it.
    private mutating func postStartSucceeded(_ sandbox: SandboxID, _ index: Int, _ context: inout ClusterContext) {
        guard let record = record(sandbox), let spec = context.store[record.id]?.container(at: index) else { return }
        _ = modify(sandbox) { record in
            record.containers[index].heldBack = nil
            record.containers[index].hookError = ""
            record.containers[index].begin(spec)
        }
        guard isReachable(record) else { return }
        startProbes(sandbox, index, &context)
        writeStatus(sandbox, &context)
        proceed(sandbox, &context)
    }

    /// The container is killed and started again, if its policy lets it; those behind it wait no longer.
    mutating func postStartFailed(_ sandbox: SandboxID, _ index: Int, _ context: inout ClusterContext) {
        guard let record = record(sandbox), let pod = context.store[record.id], let spec = pod.container(at: index)
        else { return }
        event(.warning, "FailedPostStartHook", "PostStartHook failed", pod, spec, index, &context)
        let error = hookError(spec, pod, nil)
        _ = modify(sandbox) { $0.containers[index].hookError = error }
        kill(
            sandbox, index, grace: .seconds(pod.spec.terminationGracePeriodSeconds ?? 30), "FailedPostStartHook",
            &context)
        proceed(sandbox, &context)
    }

    /// What a waiting container says of its hook.
    func hookError(_ spec: Container, _ pod: Pod, _ problem: String?) -> String {
        let place =
            "for Container \"\(spec.name)\" in Pod \"\(pod.metadata.name)_\(pod.metadata.namespace)(\(pod.metadata.uid))\" failed - error: "
        if let command = spec.lifecycle?.postStart?.exec?.command {
            let words = command.joined(separator: " ")
            return "Exec lifecycle hook ([\(words)]) " + place + (problem ?? "command '\(words)' exited with 1: ")
                + ", message: \"\""
        }
        let path = spec.lifecycle?.postStart?.httpGet?.path ?? ""
        return "HTTP lifecycle hook (\(path)) " + place + (problem ?? "connection refused") + ", message: \"\""
    }
}

/// What a container leaves behind when it wrote no message (`readLastStringFromContainerLogs`).
enum TerminationMessage {
    static let maximumLines = 80
    static let maximumBytes = 2_048

    /// The end of a log, within the limits of lines and bytes.
    static func tail(of lines: [LogLine]) -> String {
        let text = lines.suffix(maximumLines).map { $0.text + "\n" }.joined()
        guard text.utf8.count > maximumBytes else { return text }
        return String(decoding: text.utf8.suffix(maximumBytes), as: UTF8.self)
    }
}
