import ContainerRuntime
import KubernetesAPI

/// The kubelets' records against the store, and against themselves.
extension Kubelet {
    func audit(_ context: ClusterContext, _ found: inout [String]) {
        var perNode: [UInt32: [SandboxID]] = [:]
        for (slot, record) in pods.enumerated() {
            guard let record else { continue }
            let sandbox = SandboxID(slot: UInt32(slot), generation: record.generation)
            let name = context.store[record.id]?.key ?? "sandbox \(slot).\(record.generation)"
            perNode[record.node.index, default: []].append(sandbox)
            if sandboxes[record.id] != sandbox { found.append("kubelet: \(name) is known by another sandbox") }
            if record.generation != podGenerations[slot] { found.append("kubelet: \(name) has an old generation") }
            if let pod = context.store[record.id] {
                if pod.metadata.uid != record.uid { found.append("kubelet: \(name) is another pod by now") }
                if nodes[Int(record.node.index)].name != pod.spec.nodeName {
                    found.append(
                        "kubelet: \(name) is bound to \(pod.spec.nodeName) and runs on \(nodes[Int(record.node.index)].name)"
                    )
                }
            }
            audit(record, sandbox, name, &found)
        }
        if sandboxes.count != pods.count(where: { $0 != nil }) {
            found.append("kubelet: \(sandboxes.count) sandboxes, not as many records")
        }
        for (index, node) in nodes.enumerated() where node.sandboxes != (perNode[UInt32(index)] ?? []).sorted() {
            found.append("kubelet: \(node.name) lists other pods than belong to it")
        }
        var recounted = self
        recounted.restore(from: context.store)
        for (kept, anew) in zip(nodes, recounted.nodes) where kept.load != anew.load {
            found.append("kubelet: \(kept.name) counts \(kept.load), a recount says \(anew.load)")
        }
        context.store.pods.forEach { id, pod in
            guard !pod.spec.nodeName.isEmpty, pod.status.phase != "Succeeded", pod.status.phase != "Failed",
                let node = nodesByName[pod.spec.nodeName], nodes[Int(node.index)].isPresent, sandboxes[id] == nil
            else { return }
            found.append("kubelet: \(pod.key) is bound to \(pod.spec.nodeName), whose kubelet does not know it")
        }
    }

    private func audit(_ record: PodRecord, _ sandbox: SandboxID, _ name: String, _ found: inout [String]) {
        for (index, container) in record.containers.enumerated() {
            if let run = container.runtime {
                guard let owner = owner(of: run), owner.sandbox == sandbox, owner.container == index else {
                    found.append("kubelet: container \(index) of \(name) holds a run that is not its own")
                    continue
                }
                if !container.isRunning {
                    found.append("kubelet: container \(index) of \(name) has a run and does not run")
                }
            }
            if record.stage == .finished, container.runtime != nil {
                found.append("kubelet: \(name) is finished and container \(index) runs")
            }
        }
    }

    /// Runs that are to be running now, by the node that they are on, for the comparison with the runtime.
    public var expectedRuns: [(run: ContainerID, sandbox: SandboxID, node: NodeID)] {
        var runs: [(run: ContainerID, sandbox: SandboxID, node: NodeID)] = []
        for (slot, record) in pods.enumerated() {
            guard let record else { continue }
            for container in record.containers {
                if let run = container.runtime {
                    runs.append((run, SandboxID(slot: UInt32(slot), generation: record.generation), record.node))
                }
            }
        }
        return runs
    }
}
