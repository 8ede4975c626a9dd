import Cluster
import KubernetesAPI
import Simulation
import Workloads

extension Why {
    /// Why a pod is as it is: its state, what happened to it, and where it came from or why it went.
    func pod(_ asked: String) -> [WhyExplanation.Line] {
        let key = podKey(asked)
        let name = "pod/" + key
        let history = notes(of: name)
        var lines: [WhyExplanation.Line] = []
        if let pod = store.pods.named(key) {
            lines.append(WhyExplanation.Line("\(name) \(state(of: pod))"))
            if pod.spec.nodeName.isEmpty, pod.status.phase == "Pending" { lines += room(for: pod) }
        } else if let last = journal.notes.last(where: { $0.subject == name }) {
            lines.append(WhyExplanation.Line(at: last.time, "\(name) is gone"))
        } else {
            return [
                WhyExplanation.Line(
                    "there is no \(name), and there was none since \(WhyExplanation.clock(begin.seconds))")
            ]
        }
        lines += self.lines(history)
        for (title, word) in [("it was created", "added at revision"), ("it was told to stop", "")] {
            let note =
                word.isEmpty
                ? history.last { $0.text.contains("Killing: Stopping container") }
                : journal.notes.first { $0.subject == name && $0.text.hasPrefix(word) }
            guard let note else { continue }
            lines.append(WhyExplanation.Line(at: note.time, title + ":"))
            lines += chainLines(from: note.event, of: name)
        }
        return lines
    }

    /// The pod that is meant: the one of that name, else the first whose name begins so.
    private func podKey(_ asked: String) -> String {
        if store.pods.id(asked) != nil || journal.notes.contains(where: { $0.subject == "pod/" + asked }) {
            return asked
        }
        return store.pods.sorted.first { $0.object.key.hasPrefix(asked) }?.object.key
            ?? journal.notes.last { $0.subject.hasPrefix("pod/" + asked) }.map {
                String($0.subject.dropFirst("pod/".count))
            } ?? asked
    }

    /// One sentence about a pod's state.
    func state(of pod: Pod) -> String {
        let place = pod.spec.nodeName.isEmpty ? "" : " on \(pod.spec.nodeName)"
        if pod.metadata.deletionTimestamp != nil { return "is being stopped\(place)" }
        let statuses = pod.status.initContainerStatuses + pod.status.containerStatuses
        let restarts = statuses.reduce(0) { $0 + Int($1.restartCount) }
        let again = restarts == 0 ? "" : ", restarted \(restarts) time(s)"
        if pod.status.phase == "Failed" || pod.status.phase == "Succeeded" {
            return
                "\(pod.status.phase == "Failed" ? "has failed" : "has finished")\(place)\(pod.status.reason.isEmpty ? "" : ": \(pod.status.reason): \(pod.status.message)")"
        }
        if pod.spec.nodeName.isEmpty {
            let scheduled = pod.condition("PodScheduled")
            return
                "is Pending: no node was found for it\(scheduled.map { $0.message.isEmpty ? "" : ": " + $0.message } ?? "")"
        }
        for status in statuses {
            if let waiting = status.state?.waiting, !waiting.reason.isEmpty, waiting.reason != "ContainerCreating",
                waiting.reason != "PodInitializing"
            {
                let ended =
                    status.lastState?.terminated.map {
                        "; the last run ended with \($0.reason), exit code \($0.exitCode)"
                    } ?? ""
                return
                    "waits in \(waiting.reason)\(place)\(again): container \(status.name): \(waiting.message)\(ended)"
            }
        }
        if let ready = pod.condition("Ready"), ready.status != "True" {
            return
                "is \(pod.status.phase) and not ready\(place)\(again)\(ready.message.isEmpty ? "" : ": \(ready.message)")"
        }
        let ended =
            statuses.compactMap { $0.lastState?.terminated }.first.map {
                "; the last run ended with \($0.reason), exit code \($0.exitCode)"
            } ?? ""
        return "runs and is ready\(place)\(again)\(ended)"
    }

    /// What the pod asks for and what each node has left.
    private func room(for pod: Pod) -> [WhyExplanation.Line] {
        func amounts(_ object: Pod) -> (cpu: Int64, memory: Int64) {
            let requests = PodResources.requests(of: object)
            return (requests["cpu"]?.milliValue ?? 0, requests["memory"]?.value ?? 0)
        }
        let wanted = amounts(pod)
        var lines = [
            WhyExplanation.Line("it asks for \(wanted.cpu)m CPU and \(wanted.memory >> 20)Mi of memory", depth: 1)
        ]
        for (_, node) in store.nodes.sorted.prefix(12) {
            var free = (
                cpu: node.status.allocatable["cpu"]?.milliValue ?? 0,
                memory: node.status.allocatable["memory"]?.value ?? 0
            )
            for id in store.pods(on: node.metadata.name) {
                guard let other = store[id], other.status.phase != "Succeeded", other.status.phase != "Failed" else {
                    continue
                }
                let used = amounts(other)
                free = (free.cpu - used.cpu, free.memory - used.memory)
            }
            var lacks: [String] = []
            if free.cpu < wanted.cpu { lacks.append("\(wanted.cpu - free.cpu)m CPU too little") }
            if free.memory < wanted.memory {
                lacks.append("\((wanted.memory - free.memory) >> 20)Mi of memory too little")
            }
            if node.spec.unschedulable == true { lacks.append("cordoned") }
            lacks += node.spec.taints.filter { $0.effect != "PreferNoSchedule" }.map { "taint \($0.key)" }
            lines.append(
                WhyExplanation.Line(
                    "has \(free.cpu)m CPU and \(free.memory >> 20)Mi left\(lacks.isEmpty ? "" : ": " + lacks.joined(separator: ", "))",
                    subject: "node/\(node.metadata.name)", depth: 1))
        }
        return lines
    }
}
