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

    /// The same for the ReplicaSets that a Deployment's selector means.
    mutating func claimReplicaSets(for deployment: Deployment) {
        let uid = deployment.metadata.uid
        let selector = deployment.spec.selector
        guard deployment.metadata.deletionTimestamp == nil, !selector.isEmpty else { return }
        for id in store.dependents(of: uid, ReplicaSet.self) {
            guard let set = store[id], set.controller?.uid == uid, set.metadata.deletionTimestamp == nil,
                !selector.matches(set.metadata.labels)
            else { continue }
            update(id) { $0.metadata.ownerReferences.removeAll { $0.uid == uid } }
        }
        for id in store.orphanReplicaSets {
            guard let set = store[id], set.metadata.namespace == deployment.metadata.namespace,
                set.metadata.deletionTimestamp == nil, selector.matches(set.metadata.labels)
            else { continue }
            update(id) { $0.metadata.ownerReferences.append(deployment.controllerReference) }
        }
    }

    /// Puts the workloads into their queue that might want an object which nobody controls.
    mutating func enqueueClaimants<Workload: StoredObject>(
        of object: some KubernetesObject, _ controller: ControllerName, _ selector: (Workload) -> LabelSelector?
    ) {
        let table = store[keyPath: Workload.table]
        for id in table.ids {
            guard let workload = table[id], workload.metadata.namespace == object.metadata.namespace,
                let selector = selector(workload),
                !selector.isEmpty, selector.matches(object.metadata.labels)
            else { continue }
            enqueue(controller, id)
        }
    }
}
