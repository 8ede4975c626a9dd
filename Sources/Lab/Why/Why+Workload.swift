import Cluster
import KubernetesAPI
import Simulation
import Workloads

extension Why {
    /// The record of the autoscaler's last pass, and how its size came about.
    func autoscaler(_ key: String) -> [WhyExplanation.Line] {
        guard let object = store.horizontalPodAutoscalers.named(key) else {
            return [WhyExplanation.Line("there is no horizontalpodautoscaler/\(key)")]
        }
        var lines: [WhyExplanation.Line] = []
        let records = world.cluster.autoscalerRecords(namespace: object.metadata.namespace, name: object.metadata.name)
        if let decision = records.last?.decision {
            lines += decision.explanation.enumerated().map { index, text in
                WhyExplanation.Line(at: index == 0 ? decision.time : nil, text, depth: index == 0 ? 0 : 1)
            }
        } else {
            lines.append(WhyExplanation.Line("it has made no pass since \(WhyExplanation.clock(begin.seconds))"))
        }
        for condition in object.status.conditions {
            lines.append(
                WhyExplanation.Line(
                    "\(condition.type) is \(condition.status): \(condition.reason): \(condition.message)", depth: 1))
        }
        let rescales = journal.notes.filter { $0.subject == subject.journalName && Self.isRescale($0) }
        if !rescales.isEmpty { lines.append(WhyExplanation.Line("sizes that it set:")) }
        for note in rescales.suffix(8) {
            lines.append(WhyExplanation.Line(at: note.time, note.text))
            lines += trafficChanges(at: note.time, depth: 1)
        }
        return lines
    }

    /// A Deployment's state, its pods that are not well, and what changed its size or its version last.
    func deployment(_ key: String) -> [WhyExplanation.Line] {
        guard let deployment = store.deployments.named(key) else {
            return [WhyExplanation.Line("there is no deployment/\(key)")] + lines(notes(of: "deployment/" + key))
        }
        let status = deployment.status
        var lines = [
            WhyExplanation.Line(
                "deployment/\(key) wants \(deployment.spec.replicas ?? 1) pods: \(status.updatedReplicas) of the present version, \(status.readyReplicas) ready, \(status.availableReplicas) available"
            )
        ]
        if deployment.spec.paused == true { lines.append(WhyExplanation.Line("it is paused: nothing rolls", depth: 1)) }
        for condition in status.conditions where condition.status != "True" || condition.type == "Progressing" {
            lines.append(
                WhyExplanation.Line(
                    "\(condition.type) is \(condition.status): \(condition.reason): \(condition.message)", depth: 1))
        }
        for set in store.dependents(of: deployment.metadata.uid, ReplicaSet.self).compactMap({ store[$0] }) {
            for failure in set.status.conditions where failure.type == "ReplicaFailure" && failure.status == "True" {
                lines.append(
                    WhyExplanation.Line(
                        "cannot create pods: \(failure.message)", subject: "replicaset/\(set.key)", depth: 1))
            }
            for pod in store.dependents(of: set.metadata.uid, Pod.self).compactMap({ store[$0] }) where !pod.isReady {
                lines.append(WhyExplanation.Line(state(of: pod), subject: "pod/\(pod.key)", depth: 1))
                lines += self.lines(notes(of: "pod/" + pod.key).filter { !$0.link.isEmpty }, limit: 2, depth: 2)
            }
        }
        let scalings = notes(of: "deployment/" + key).filter { $0.isRoot || $0.text.contains("ScalingReplicaSet") }
        for note in scalings.suffix(4) {
            lines.append(WhyExplanation.Line(at: note.time, note.text, isRoot: note.isRoot))
            if !note.isRoot { lines += chainLines(from: note.event, of: "deployment/" + key) }
        }
        return lines
    }

    /// A node's conditions, and what changed them.
    func node(_ name: String) -> [WhyExplanation.Line] {
        guard let node = store.nodes.named(name) else {
            return [WhyExplanation.Line("there is no node/\(name)")] + lines(notes(of: "node/" + name))
        }
        let ready = node.status.conditions.first { $0.type == "Ready" }
        var lines = [
            WhyExplanation.Line(
                "node/\(name) is \(ready?.status == "True" ? "ready" : "not ready\(ready.map { ": " + $0.message } ?? "")")\(node.spec.unschedulable == true ? ", cordoned" : "") and has \(store.pods(on: name).count) pods"
            )
        ]
        for condition in node.status.conditions where condition.type != "Ready" && condition.status != "False" {
            lines.append(
                WhyExplanation.Line("\(condition.type) is \(condition.status): \(condition.message)", depth: 1))
        }
        let history = notes(of: "node/" + name)
        lines += self.lines(history)
        if let last = history.last(where: { $0.text.contains("NodeNotReady") || $0.text.contains("NodeReady") }) {
            lines += chainLines(from: last.event, of: "node/" + name)
        }
        for fault in world.incidents.inForce {
            guard let description = world.incidents.faults.last(where: { $0.name == fault }),
                description.effect.concerns(node)
            else { continue }
            lines.append(faultLine(fault, before: world.now, depth: 1))
        }
        return lines
    }
}

extension FaultDescription.Effect {
    /// Whether it strikes a machine.
    func concerns(_ node: Node) -> Bool {
        switch self {
        case .node(let name, _): name == node.metadata.name
        case .zone(let zone, _): node.metadata.labels["topology.kubernetes.io/zone"] == zone
        case .drain(let name): name == node.metadata.name
        case .workload, .restart: false
        }
    }

    /// What it does, in a few words.
    public var summary: String {
        switch self {
        case .node(let name, let health): "node/\(name) \(Self.word(health))"
        case .zone(let zone, let health): "every node of zone \(zone) \(Self.word(health))"
        case .drain(let name): "node/\(name) is drained for maintenance"
        case .workload(let fault): fault.summary
        case .restart(let controller): "the \(controller) controller restarts"
        }
    }

    private static func word(_ health: NodeHealth) -> String {
        switch health {
        case .healthy: "is well"
        case .failed: "loses its power"
        case .partitioned: "is cut off from the control plane"
        }
    }
}

extension WorkloadFault {
    /// What it does, in a few words.
    public var summary: String {
        switch self {
        case .provider(let name, let condition):
            var parts: [String] = []
            if condition.hangs { parts.append("answers nobody") }
            if condition.errorRate > 0 { parts.append("fails \(Self.percent(condition.errorRate)) of calls") }
            if condition.overloadRate > 0 {
                parts.append("is overloaded for \(Self.percent(condition.overloadRate)) of calls")
            }
            if condition.firstTokenFactor != 1 {
                parts.append("takes \(condition.firstTokenFactor) times as long to the first token")
            }
            if condition.decodeFactor != 1 { parts.append("writes \(condition.decodeFactor) times as slowly") }
            if condition.stallRate > 0 { parts.append("stalls \(Self.percent(condition.stallRate)) of streams") }
            if condition.limitFactor != 1 { parts.append("grants \(condition.limitFactor) times its limits") }
            return "provider \(name) " + (parts.isEmpty ? "is as usual" : parts.joined(separator: ", "))
        case .tool(let name, let condition):
            return "tool \(name) "
                + (condition.hangs
                    ? "answers nobody"
                    : "takes \(condition.latencyFactor) times as long, \(Self.percent(condition.errorRate)) more errors")
        case .traffic(let name, let multiplier): return "traffic \(name) comes at \(multiplier) times its rate"
        case .retries(let name, let policy): return "traffic \(name) tries again up to \(policy.maximum) times"
        case .image(let name, let condition):
            var parts: [String] = []
            if condition.slowness != 1 { parts.append("needs \(condition.slowness) times the CPU") }
            if condition.leakPerRequest > 0 {
                parts.append("loses \(condition.leakPerRequest >> 10)Ki of memory with each request")
            }
            if condition.errorRate > 0 { parts.append("fails \(Self.percent(condition.errorRate)) of requests") }
            if condition.crashPerRequest > 0 {
                parts.append("crashes at \(Self.percent(condition.crashPerRequest)) of requests")
            }
            if condition.loopProbability > 0 {
                parts.append("goes round in circles for \(Self.percent(condition.loopProbability)) of requests")
            }
            if condition.changesPrefix { parts.append("changes the beginning of its prompts") }
            if condition.hangsAtStart { parts.append("never finishes starting") }
            if condition.crashesAtStart { parts.append("exits while starting") }
            return "image \(name) " + parts.joined(separator: ", ")
        case .deadlock(let target): return "\(target.summary) stands still"
        case .block(let target, let duration):
            return "the event loop of \(target.summary) is blocked for \(duration.seconds) s"
        case .crash(let target, let code): return "\(target.summary) exits with code \(code)"
        case .memory(let target, let bytes, let span):
            return "\(target.summary) takes \(bytes >> 20)Mi of memory"
                + (span > .zero ? " over \(span.wholeSeconds) s" : "")
        }
    }

    /// To a hundredth of a percent, of which little is left in `0.02%`.
    private static func percent(_ share: Double) -> String {
        let hundredths = Int((share * 10_000).rounded())
        guard hundredths > 0 else { return share > 0 ? "less than 0.01%" : "0%" }
        let (whole, rest) = (hundredths / 100, hundredths % 100)
        if rest == 0 { return "\(whole)%" }
        return rest % 10 == 0 ? "\(whole).\(rest / 10)%" : "\(whole).\(rest < 10 ? "0" : "")\(rest)%"
    }
}

extension FaultTarget {
    /// What it strikes, in a few words.
    var summary: String {
        let number = count.map { "\($0) container(s)" } ?? "every container"
        return number + (image.map { " of image \($0)" } ?? "") + (pod.map { " in pods \($0)*" } ?? "")
    }
}
