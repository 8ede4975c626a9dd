import KubernetesAPI

/// The scheduler's cache against the store that it mirrors.
extension Scheduler {
    /// No node is asked for more than it can allocate. A pod that its owner put on a node by hand is the kubelet's to
    /// reject, and counts until then; one that was resized asks for what it may have to wait for.
    func auditRoom(_ found: inout [String]) {
        for node in nodes where node.isPresent {
            let before = found.count
            defer {
                if found.count > before, node.pods.contains(where: { $0.isPlacedByHand || $0.isResized }) {
                    found.removeLast(found.count - before)
                }
            }
            let (asked, room) = (node.requested, node.allocatable)
            if asked.cpuMilli > room.cpuMilli {
                found.append("\(node.name): \(asked.cpuMilli)m CPU of \(room.cpuMilli)m are given away")
            }
            if asked.memory > room.memory {
                found.append("\(node.name): \(asked.memory) bytes of \(room.memory) are given away")
            }
            for (name, amount) in asked.extended where amount > room[name] {
                found.append("\(node.name): \(amount) \(name) of \(room[name]) are given away")
            }
            if Int64(node.pods.count) > node.allowedPods {
                found.append("\(node.name): \(node.pods.count) pods of \(node.allowedPods)")
            }
        }
    }

    /// Room, cache and queues.
    func audit(_ context: ClusterContext, _ found: inout [String]) {
        auditRoom(&found)
        auditCache(context, &found)
        auditPlaces(context, &found)
    }

    /// The cache as it is kept against one built anew, as after a snapshot.
    private func auditCache(_ context: ClusterContext, _ found: inout [String]) {
        var rebuilt = self
        rebuilt.restore(from: context.store)
        for (kept, anew) in zip(nodes, rebuilt.nodes) {
            guard kept.isPresent == anew.isPresent else {
                found.append("scheduler: \(kept.name) is \(kept.isPresent ? "there" : "gone") for the cache only")
                continue
            }
            if kept.pods.map(\.id) != anew.pods.map(\.id) {
                found.append("scheduler: \(kept.name) has other pods after a restart")
            }
            if !kept.requested.amountsEqual(anew.requested) {
                found.append(
                    "scheduler: \(kept.name) has \(kept.requested) requested, \(anew.requested) after a restart")
            }
            if kept.nonZeroCPU != anew.nonZeroCPU || kept.nonZeroMemory != anew.nonZeroMemory {
                found.append("scheduler: \(kept.name) is scored otherwise after a restart")
            }
            if kept.podsWithAffinity != anew.podsWithAffinity
                || kept.podsWithRequiredAntiAffinity != anew.podsWithRequiredAntiAffinity
            {
                found.append("scheduler: \(kept.name) counts affinities otherwise after a restart")
            }
            if kept.isPresent, kept.node != anew.node {
                found.append("scheduler: \(kept.name) is an older node object")
            }
            // The labels that a binding adds reach the cache when the pod starts.
            for (before, after) in zip(kept.pods, anew.pods)
            where before.startTime != after.startTime || before.priority != after.priority
                || after.startTime != nil && !before.readsLike(after)
            {
                found.append("scheduler: \(before.pod.key) on \(kept.name) is older in the cache than in the store")
            }
        }
    }

    /// Every pod is where it must be: counted on its node, or in exactly one queue.
    private func auditPlaces(_ context: ClusterContext, _ found: inout [String]) {
        var queued: [ObjectID<Pod>: Int] = [:]
        for pod in active.pods + backoff + unschedulable { queued[pod.id, default: 0] += 1 }
        context.store.pods.forEach { id, pod in
            let finished = pod.status.phase == "Succeeded" || pod.status.phase == "Failed"
            let times = queued.removeValue(forKey: id) ?? 0
            if times > 1 { found.append("scheduler: \(pod.key) waits in \(times) queues") }
            if finished {
                if placements[id] != nil { found.append("scheduler: \(pod.key) is finished and holds room") }
            } else if !pod.spec.nodeName.isEmpty {
                if times > 0 { found.append("scheduler: \(pod.key) is bound and queued") }
                let node = placements[id].map { nodes[$0].name }
                if node != pod.spec.nodeName, nodesByName[pod.spec.nodeName] != nil {
                    found.append(
                        "scheduler: \(pod.key) runs on \(pod.spec.nodeName), the cache says \(node ?? "nowhere")")
                }
            } else if pod.metadata.deletionTimestamp == nil, pod.spec.schedulingGates.isEmpty,
                pod.spec.schedulerName.isEmpty || pod.spec.schedulerName == "default-scheduler", times == 0,
                placements[id] == nil
            {
                found.append("scheduler: \(pod.key) waits for a node and nobody looks for one")
            }
        }
        for id in placements.keys.sorted() where context.store[id] == nil {
            found.append(
                "scheduler: pod \(id.slot).\(id.generation) is gone and holds room on \(nodes[placements[id] ?? 0].name)"
            )
        }
        if !queued.isEmpty { found.append("scheduler: \(queued.count) pods that are gone wait for a node") }
        if !active.isEmpty, !cyclePending {
            found.append("scheduler: \(active.count) pods are ready to be tried and no cycle is coming")
        }
    }
}

extension PodInfo {
    /// Whether spreading and preemption see the same in both.
    fileprivate func readsLike(_ other: PodInfo) -> Bool {
        isPreempted == other.isPreempted && pod.metadata.labels == other.pod.metadata.labels
            && (pod.metadata.deletionTimestamp == nil) == (other.pod.metadata.deletionTimestamp == nil)
    }
}

extension PodInfo {
    /// Its spec was changed since its creation, beyond the change that its deletion is.
    var isResized: Bool { pod.metadata.generation > (pod.metadata.deletionTimestamp == nil ? 1 : 2) }
}

extension ResourceVector {
    /// Equality that does not see extended resources of which there are none, nor their order.
    func amountsEqual(_ other: ResourceVector) -> Bool {
        func sorted(_ vector: ResourceVector) -> [(name: String, amount: Int64)] {
            vector.extended.filter { $0.amount != 0 }.sorted { $0.name.utf8.lexicographicallyPrecedes($1.name.utf8) }
        }
        return cpuMilli == other.cpuMilli && memory == other.memory && ephemeralStorage == other.ephemeralStorage
            && sorted(self).elementsEqual(sorted(other), by: ==)
    }
}
