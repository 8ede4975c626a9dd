import KubernetesAPI

/// The phase and conditions that follow from container statuses: pure functions of spec and status
/// (`kubelet_pods.go` `getPhase`, `status/generate.go`).
public enum PodPhase {
    /// Whether a container that exited may run again: its rules, its own policy, the pod's.
    public static func mayRestart(_ container: Container, exitCode: Int32, podPolicy: String) -> Bool {
        for rule in container.restartPolicyRules {
            guard let codes = rule.exitCodes else { continue }
            let listed = codes.values.contains(exitCode)
            if codes.operator == "In" ? listed : !listed {
                return rule.action == "Restart" || rule.action == "RestartAllContainers"
            }
        }
        switch container.restartPolicy ?? (podPolicy.isEmpty ? "Always" : podPolicy) {
        case "Always": return true
        case "OnFailure": return exitCode != 0
        default: return false
        }
    }

    /// The phase of a pod.
    /// - Parameter isTerminal: whether the pod is being torn down for good.
    public static func phase(spec: PodSpec, status: PodStatus, isTerminal: Bool) -> String {
        var pendingInit = 0
        var failedInit = 0
        let hasRun = status.containerStatuses.contains {
            $0.state?.running != nil || $0.state?.terminated != nil || $0.lastState?.terminated != nil
        }
        for container in spec.ownInitContainers where container.restartPolicy != "Always" {
            guard let found = status.initContainerStatuses.first(where: { $0.name == container.name }) else {
                pendingInit += 1
                continue
            }
            if found.state?.running != nil {
                pendingInit += 1
            } else if let ended = found.state?.terminated {
                if ended.exitCode != 0 {
                    if initMayRestart(container, ended.exitCode, spec) { pendingInit += 0 } else { failedInit += 1 }
                }
            } else if found.state?.waiting != nil {
                if let last = found.lastState?.terminated {
                    if last.exitCode != 0, !initMayRestart(container, last.exitCode, spec) { failedInit += 1 }
                } else {
                    pendingInit += 1
                }
            } else {
                pendingInit += 1
            }
        }
        var sidecarsWaiting = 0
        for container in spec.ownInitContainers where container.restartPolicy == "Always" {
            let found = status.initContainerStatuses.first { $0.name == container.name }
            if found == nil || (found?.started != true && !hasRun) { pendingInit += hasRun ? 0 : 1 }
            if found?.state?.waiting != nil, found?.lastState?.terminated == nil, hasRun { sidecarsWaiting += 1 }
        }
        var (unknown, running, waiting, stopped, succeeded) = (0, 0, sidecarsWaiting, 0, 0)
        var mayRestartAny = false
        for container in spec.ownInitContainers where container.restartPolicy == "Always" {
            guard let found = status.initContainerStatuses.first(where: { $0.name == container.name }) else { continue }
            if found.state?.running != nil { running += 1 }
        }
        for container in spec.ownContainers {
            guard let found = status.containerStatuses.first(where: { $0.name == container.name }) else {
                unknown += 1
                continue
            }
            let ended = found.state?.terminated ?? (found.state?.waiting != nil ? found.lastState?.terminated : nil)
            if found.state?.running != nil {
                running += 1
            } else if let ended {
                stopped += 1
                if ended.exitCode == 0, found.state?.terminated != nil { succeeded += 1 }
                if mayRestart(container, exitCode: ended.exitCode, podPolicy: spec.restartPolicy) {
                    mayRestartAny = true
                }
            } else if found.state?.waiting != nil {
                waiting += 1
            } else {
                unknown += 1
            }
        }
        if failedInit > 0 { return "Failed" }
        if pendingInit > 0,
            !hasRun
                || spec.ownInitContainers.contains(where: { container in
                    container.restartPolicy != "Always"
                        && status.initContainerStatuses.first { $0.name == container.name }?.state?.terminated == nil
                        && !hasRun
                })
        {
            return "Pending"
        }
        if waiting > 0 { return "Pending" }
        if running > 0, unknown == 0 { return "Running" }
        if running == 0, stopped > 0, unknown == 0 {
            if isTerminal { return succeeded == stopped ? "Succeeded" : "Failed" }
            if mayRestartAny { return "Running" }
            return succeeded == stopped ? "Succeeded" : "Failed"
        }
        return "Pending"
    }

    private static func initMayRestart(_ container: Container, _ exitCode: Int32, _ spec: PodSpec) -> Bool {
        if !container.restartPolicyRules.isEmpty || container.restartPolicy != nil {
            return mayRestart(container, exitCode: exitCode, podPolicy: spec.restartPolicy)
        }
        return spec.restartPolicy != "Never"
    }
}
