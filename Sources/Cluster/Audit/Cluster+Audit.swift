import ContainerRuntime
import KubernetesAPI
import Simulation

/// What must hold between any two events, whatever users, faults and restarts do.
extension Cluster {
    /// Violations, each as a sentence; empty when all is well. Costs time in proportion to everything that exists.
    public func audit(at now: SimulationTime) -> [String] {
        var found = context.store.audit()
        auditOwners(&found)
        auditWork(now, &found)
        scheduler.audit(context, &found)
        kubelet.audit(context, &found)
        auditEndpoints(&found)
        return found
    }

    /// What costs little: in proportion to the nodes.
    public func quickAudit(at now: SimulationTime) -> [String] {
        var found: [String] = []
        scheduler.auditRoom(&found)
        auditWork(now, &found)
        return found
    }

    /// No event lies in the past, and a changed object is waited for by nobody but through the queue.
    private func auditWork(_ now: SimulationTime, _ found: inout [String]) {
        if let next = context.queue.next, next.time < now {
            found.append("an event of \(next.time.seconds) s is pending at \(now.seconds) s")
        }
        if !context.changes.isEmpty { found.append("\(context.changes.count) changes were shown to nobody") }
        if !context.runtimeRequests.isEmpty {
            found.append("\(context.runtimeRequests.count) runtime requests were not carried out")
        }
    }

    /// Every object that names owners has a living one, or is on its way out.
    private func auditOwners(_ found: inout [String]) {
        func open<Object: StoredObject>(_ type: Object.Type) {
            context.store[keyPath: Object.table].forEach { id, object in
                let metadata = object.metadata
                guard !metadata.ownerReferences.isEmpty, metadata.deletionTimestamp == nil,
                    metadata.ownerReferences.allSatisfy({
                        GarbageCollector.find($0, metadata.namespace, context) == nil
                    }),
                    !context.pendingKeys.contains(WorkKey(controller: .garbageCollector, id: AnyObjectID(id))),
                    !metadata.ownerReferences.contains(where: { controllers.collectsDependents(of: $0.uid) })
                else { return }
                found.append("\(Object.resource.singular)/\(object.key) outlives its owners and nobody collects it")
            }
        }
        for kind in ObjectKind.allCases { open(kind.type) }
    }

    /// Clients are sent to sandboxes that the kubelet knows, or knew until a moment ago.
    private func auditEndpoints(_ found: inout [String]) {
        for service in kubeProxy.endpoints.services where !service.exists && !service.endpoints.isEmpty {
            found.append("service \(service.name) is gone and has \(service.endpoints.count) endpoints")
        }
    }
}

extension APIStore {
    /// Indexes as they are kept against indexes built anew, revisions and identities.
    func audit() -> [String] {
        var found: [String] = []
        var rebuilt = self
        rebuilt.rebuildIndexes()
        if rebuilt.dependentsByOwner != dependentsByOwner {
            found.append("the index of dependents is not what the objects say")
        }
        if rebuilt.podsByNode != podsByNode { found.append("the index of pods by node is not what the pods say") }
        if rebuilt.podTallies != podTallies {
            found.append("the counted pods of a ReplicaSet are not what a recount says")
        }
        if rebuilt.orphanPods != orphanPods {
            found.append("the index of pods without a controller is not what the pods say")
        }
        if rebuilt.orphanReplicaSets != orphanReplicaSets {
            found.append("the index of ReplicaSets without a controller is not what they say")
        }
        var uids: [String: String] = [:]
        func open<Object: StoredObject>(_ type: Object.Type) {
            let table = self[keyPath: Object.table]
            found += table.audit()
            table.forEach { _, object in
                let name = "\(Object.resource.singular)/\(object.key)"
                if let version = Int64(object.metadata.resourceVersion), version > revision || version <= 0 {
                    found.append("\(name) has revision \(version), the store is at \(revision)")
                }
                if let other = uids.updateValue(name, forKey: object.metadata.uid) {
                    found.append("\(name) and \(other) share the uid \(object.metadata.uid)")
                }
            }
        }
        for kind in ObjectKind.allCases { open(kind.type) }
        return found
    }
}
