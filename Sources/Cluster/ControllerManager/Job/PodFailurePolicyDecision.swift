import KubernetesAPI

/// What a Job's `podFailurePolicy` says about a pod that failed (`pod_failure_policy.go`): the first rule that matches.
enum PodFailurePolicyDecision: Equatable {
    /// The failure counts towards the limits; also when no rule matches.
    case count
    /// The failure does not count; the pod is replaced.
    case ignore
    /// The pod's index has failed for good.
    case failIndex
    case failJob(message: String)

    init(_ policy: PodFailurePolicy?, _ pod: Pod) {
        self = .count
        for (place, rule) in (policy?.rules ?? []).enumerated() {
            guard let reason = Self.match(rule, pod) else { continue }
            switch rule.action {
            case "FailJob": self = .failJob(message: "\(reason) matching FailJob rule at index \(place)")
            case "FailIndex": self = .failIndex
            case "Ignore": self = .ignore
            default: self = .count
            }
            return
        }
    }

    /// Why a rule matches, in the controller's words; nil if it does not.
    private static func match(_ rule: PodFailurePolicyRule, _ pod: Pod) -> String? {
        if let codes = rule.onExitCodes {
            for status in pod.status.containerStatuses + pod.status.initContainerStatuses {
                guard codes.containerName.isEmpty || codes.containerName == status.name,
                    let ended = status.state?.terminated,
                    ended.exitCode != 0
                else { continue }
                let listed = codes.values.contains(ended.exitCode)
                if codes.operator == "In" ? listed : !listed {
                    return "Container \(status.name) for pod \(pod.key) failed with exit code \(ended.exitCode)"
                }
            }
            return nil
        }
        for pattern in rule.onPodConditions {
            let wanted = pattern.status.isEmpty ? "True" : pattern.status
            if pod.status.conditions.contains(where: { $0.type == pattern.type && $0.status == wanted }) {
                return "Pod \(pod.key) has condition \(pattern.type)"
            }
        }
        return nil
    }
}

/// Whether a Job's `successPolicy` is fulfilled (`success_policy.go`).
enum SuccessPolicyDecision {
    /// The message of the condition, nil while no rule matches.
    static func message(_ policy: SuccessPolicy?, completed: CompletionIndexes, completions: Int32) -> String? {
        for (place, rule) in (policy?.rules ?? []).enumerated() {
            let matched: Bool
            if !rule.succeededIndexes.isEmpty {
                let wanted = CompletionIndexes(rule.succeededIndexes, completions: completions)
                let found = wanted.intersectionCount(with: completed, completions: completions)
                matched = found >= (rule.succeededCount ?? wanted.count)
            } else {
                matched = rule.succeededCount.map { completed.count >= $0 } ?? false
            }
            if matched { return "Matched rules at index \(place)" }
        }
        return nil
    }
}

extension CompletionIndexes {
    func intersectionCount(with other: CompletionIndexes, completions: Int32) -> Int32 {
        (0..<max(0, completions)).reduce(0) { $0 + (contains($1) && other.contains($1) ? 1 : 0) }
    }
}
