import KubernetesAPI

/// Making room for a pod by removing less important ones (`plugins/defaultpreemption`, `framework/preemption`).
struct DefaultPreemption {
    struct Candidate {
        var node: Int
        /// Most important first.
        var victims: [PodInfo]
        var violations: Int
    }

    struct Outcome {
        /// The node and whom to remove from it; nil if preemption does not help.
        var chosen: Candidate?
        /// What the FailedScheduling message says of it; nil if a node was found.
        var message: String?
    }

    let cycle: SchedulingCycle
    /// Where the pod was nominated before, as a place in the cycle's nodes.
    var nominatedNode: Int?

    /// - Parameter rejections: of each node of the cycle; nil where none was asked for.
    func run(_ rejections: [Rejection?]) -> Outcome {
        let prefix = "no new claims to deallocate, preemption: "
        if cycle.pod.pod.spec.preemptionPolicy == "Never" {
            return Outcome(message: prefix + "not eligible due to preemptionPolicy=Never.")
        }
        // One round of victims is enough: the room that they leave is kept for the pod.
        if let index = nominatedNode, rejections[index]?.isUnresolvable != true,
            cycle.nodes[index].pods.contains(where: { $0.priority < cycle.pod.priority && $0.isPreempted })
        {
            return Outcome(message: prefix + "not eligible due to a terminating pod on the nominated node.")
        }
        var candidates: [Candidate] = []
        var reasons: [[String]] = []
        for (index, rejection) in rejections.enumerated() {
            guard let rejection else { continue }
            if rejection.isUnresolvable {
                reasons.append(["Preemption is not helpful for scheduling"])
                continue
            }
            switch victims(on: index) {
            case .success(let candidate): candidates.append(candidate)
            case .failure(let failure): reasons.append(failure.reasons)
            }
        }
        guard let best = choose(candidates) else {
            let text = FailedSchedulingMessage.counted(reasons)
            return Outcome(message: prefix + "0/\(rejections.count) nodes are available: \(text).")
        }
        return Outcome(chosen: best)
    }

    private struct Failure: Error {
        var reasons: [String]
    }

    /// Removes all less important pods, then puts back as many as fit, the most important first.
    private func victims(on index: Int) -> Result<Candidate, Failure> {
        var node = cycle.nodes[index]
        var removed: [PodInfo] = []
        for place in node.pods.indices.reversed() where node.pods[place].priority < cycle.pod.priority {
            removed.append(node.pods[place])
            node.remove(at: place)
        }
        guard !removed.isEmpty else {
            return .failure(Failure(reasons: ["No preemption victims found for incoming pod"]))
        }
        if let rejection = cycle.filter(asIf: node, at: index) { return .failure(Failure(reasons: rejection.reasons)) }
        removed.sort(by: Self.isMoreImportant)
        var (violating, others) = splitByBudgets(removed)
        var victims: [PodInfo] = []
        var violations = 0
        for (group, isViolating) in [(violating, true), (others, false)] {
            for pod in group {
                node.add(pod)
                if cycle.filter(asIf: node, at: index) != nil {
                    if let place = node.pods.lastIndex(where: {
                        $0.pod.metadata.uid == pod.pod.metadata.uid && $0.pod.key == pod.pod.key
                    }) {
                        node.remove(at: place)
                    }
                    victims.append(pod)
                    if isViolating { violations += 1 }
                }
            }
        }
        (violating, others) = ([], [])
        victims.sort(by: Self.isMoreImportant)
        return .success(Candidate(node: index, victims: victims, violations: violations))
    }

    private func splitByBudgets(_ pods: [PodInfo]) -> (violating: [PodInfo], others: [PodInfo]) {
        var left = cycle.surroundings.budgets.map(\.status.disruptionsAllowed)
        var violating: [PodInfo] = []
        var others: [PodInfo] = []
        for pod in pods {
            var violates = false
            for (index, budget) in cycle.surroundings.budgets.enumerated() {
                guard budget.metadata.namespace == pod.pod.metadata.namespace, let selector = budget.spec.selector,
                    !selector.isEmpty,
                    selector.matches(pod.pod.metadata.labels), budget.status.disruptedPods[pod.pod.metadata.name] == nil
                else { continue }
                left[index] -= 1
                if left[index] < 0 { violates = true }
            }
            if violates { violating.append(pod) } else { others.append(pod) }
        }
        return (violating, others)
    }

    /// Higher priority, then the one that runs longer.
    static func isMoreImportant(_ left: PodInfo, _ right: PodInfo) -> Bool {
        if left.priority != right.priority { return left.priority > right.priority }
        return (left.startTime ?? Time(epochSeconds: .max)) < (right.startTime ?? Time(epochSeconds: .max))
    }

    /// Fewest budget violations, lowest top victim, lowest sum, fewest victims, latest start of the top victims.
    private func choose(_ candidates: [Candidate]) -> Candidate? {
        var left = candidates
        func keep(_ score: (Candidate) -> Int64) {
            guard let best = left.map(score).min() else { return }
            left = left.filter { score($0) == best }
        }
        keep { Int64($0.violations) }
        keep { Int64($0.victims.first?.priority ?? .min) }
        // Priorities are shifted so that many low ones do not outweigh by being negative.
        keep { $0.victims.reduce(0) { $0 + Int64($1.priority) + Int64(Int32.max) + 1 } }
        keep { Int64($0.victims.count) }
        keep { candidate in
            let top = candidate.victims.first?.priority
            let earliest =
                candidate.victims.filter { $0.priority == top }.compactMap(\.startTime?.epochSeconds).min() ?? .max
            return earliest == .max ? .min : -earliest
        }
        return left.first
    }
}

extension Pod {
    /// On its way out to make room for a more important pod.
    var isPreempted: Bool {
        metadata.deletionTimestamp != nil
            && status.conditions.contains {
                $0.type == "DisruptionTarget" && $0.status == "True" && $0.reason == "PreemptionByScheduler"
            }
    }
}
