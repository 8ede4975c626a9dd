import KubernetesAPI

/// How workloads keep hold of the pods that their selectors mean (`controller_ref_manager.go`): a pod of theirs that no
/// longer matches is released, one that matches and that nobody controls is adopted.
extension ClusterContext {
    /// Adopts and releases, then lists the pods that the workload controls.
    mutating func claimPods(for owner: some KubernetesObject, selector: LabelSelector?) -> [ObjectID<Pod>] {
        let uid = owner.metadata.uid
        guard owner.metadata.deletionTimestamp == nil, let selector, !selector.isEmpty else {
            return store.dependents(of: uid, Pod.self)
        }
        for id in store.dependents(of: uid, Pod.self) {
            guard let pod = store[id], !selector.matches(pod.metadata.labels), pod.metadata.deletionTimestamp == nil
            else { continue }
            update(id) { $0.metadata.ownerReferences.removeAll { $0.uid == uid } }
        }
        for id in store.orphanPods {
            guard let pod = store[id], pod.metadata.namespace == owner.metadata.namespace, pod.isActive,
                selector.matches(pod.metadata.labels)
            else { continue }
            update(id) { $0.metadata.ownerReferences.append(owner.controllerReference) }
        }
        return store.dependents(of: uid, Pod.self)
    }

    /// Puts the workloads into their queue that might want a pod which nobody controls.
    mutating func enqueueClaimants<Workload: StoredObject>(
        of pod: Pod, _ controller: ControllerName, _ selector: (Workload) -> LabelSelector?
    ) {
        let table = store[keyPath: Workload.table]
        for id in table.ids {
            guard let workload = table[id], workload.metadata.namespace == pod.metadata.namespace,
                let selector = selector(workload),
                !selector.isEmpty, selector.matches(pod.metadata.labels)
            else { continue }
            enqueue(controller, id)
        }
    }
}
