import KubernetesAPI

/// The conditions that the kubelet derives from container statuses (`pkg/kubelet/status/generate.go`).
public enum PodConditionRules {
    /// A condition's status, reason and message.
    public struct Verdict: Sendable, Equatable {
        public var isTrue: Bool
        public var reason = ""
        public var message = ""
    }

    public static func initialized(spec: PodSpec, status: PodStatus, phase: String) -> Verdict {
        var unknown: [String] = []
        var incomplete: [String] = []
        for container in spec.ownInitContainers {
            guard let found = status.initContainerStatuses.first(where: { $0.name == container.name }) else {
                unknown.append(container.name)
                continue
            }
            if container.restartPolicy == "Always" ? found.started != true : !found.ready {
                incomplete.append(container.name)
            }
        }
        if phase == "Succeeded", unknown.isEmpty { return Verdict(isTrue: true, reason: "PodCompleted") }
        // Once a regular container ran, initialisation is over for good.
        let ran = status.containerStatuses.contains {
            $0.state?.running != nil || $0.state?.terminated != nil || $0.lastState?.terminated != nil
        }
        if ran { return Verdict(isTrue: true) }
        guard !unknown.isEmpty || !incomplete.isEmpty else { return Verdict(isTrue: true) }
        return Verdict(
            isTrue: false, reason: "ContainersNotInitialized",
            message: message([("unknown", unknown), ("incomplete", incomplete)]))
    }

    public static func containersReady(spec: PodSpec, status: PodStatus, phase: String) -> Verdict {
        var unknown: [String] = []
        var unready: [String] = []
        for container in spec.ownInitContainers where container.restartPolicy == "Always" {
            guard let found = status.initContainerStatuses.first(where: { $0.name == container.name }) else {
                unknown.append(container.name)
                continue
            }
            if !found.ready { unready.append(container.name) }
        }
        for container in spec.ownContainers {
            guard let found = status.containerStatuses.first(where: { $0.name == container.name }) else {
                unknown.append(container.name)
                continue
            }
            if !found.ready { unready.append(container.name) }
        }
        if phase == "Succeeded", unknown.isEmpty { return Verdict(isTrue: false, reason: "PodCompleted") }
        if phase == "Failed", unknown.isEmpty { return Verdict(isTrue: false, reason: "PodFailed") }
        guard !unknown.isEmpty || !unready.isEmpty else { return Verdict(isTrue: true) }
        return Verdict(
            isTrue: false, reason: "ContainersNotReady", message: message([("unknown", unknown), ("unready", unready)]))
    }

    public static func ready(spec: PodSpec, status: PodStatus, phase: String) -> Verdict {
        let containers = containersReady(spec: spec, status: status, phase: phase)
        guard containers.isTrue else { return containers }
        var missing: [String] = []
        for gate in spec.readinessGates {
            guard let condition = status.conditions.first(where: { $0.type == gate.conditionType }) else {
                missing.append(
                    "corresponding condition of pod readiness gate \"\(gate.conditionType)\" does not exist.")
                continue
            }
            if condition.status != "True" {
                missing.append(
                    "the status of pod readiness gate \"\(gate.conditionType)\" is not \"True\", but \(condition.status)"
                )
            }
        }
        guard !missing.isEmpty else { return Verdict(isTrue: true) }
        return Verdict(isTrue: false, reason: "ReadinessGatesNotReady", message: missing.joined(separator: ", "))
    }

    private static func message(_ groups: [(state: String, names: [String])]) -> String {
        groups.filter { !$0.names.isEmpty }.map {
            "containers with \($0.state) status: [\($0.names.joined(separator: " "))]"
        }
        .joined(separator: ", ")
    }
}
