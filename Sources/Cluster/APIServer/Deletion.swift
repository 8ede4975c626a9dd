import KubernetesAPI
import Simulation

/// What happens to dependents when an object is deleted.
public enum DeletionPropagation: String, Sendable {
    case foreground = "Foreground"
    case background = "Background"
    case orphan = "Orphan"

    /// The finalizer by which the garbage collector knows that an object waits for it.
    var finalizer: String? {
        switch self {
        case .foreground: "foregroundDeletion"
        case .orphan: "orphan"
        case .background: nil
        }
    }
}

extension ClusterContext {
    /// Deletes an object as the API server does: gracefully where the kind asks for it, after its finalizers, with the
    /// garbage collector seeing to the dependents.
    /// - Parameter gracePeriodSeconds: for pods; nil takes the pod's own (`pkg/registry/core/pod/strategy.go`).
    /// - Returns: the object as it is after the request, nil if it is gone at once.
    @discardableResult
    public mutating func delete<Object: StoredObject>(
        _ id: ObjectID<Object>, propagation: DeletionPropagation = .background, gracePeriodSeconds: Int64? = nil
    ) -> Object? {
        guard let object = store[id] else { return nil }
        if let pod = object as? Pod, let id: ObjectID<Pod> = AnyObjectID(id).typed() {
            return deletePod(pod, id, gracePeriodSeconds) as? Object
        }
        if let namespace = object as? Namespace, let id: ObjectID<Namespace> = AnyObjectID(id).typed() {
            guard namespace.metadata.deletionTimestamp == nil else { return object }
            let time = wallTime
            return update(id) {
                $0.metadata.deletionTimestamp = time
                $0.status.phase = "Terminating"
            } as? Object
        }
        let finalizer = propagation.finalizer
        guard finalizer != nil || !object.metadata.finalizers.isEmpty else {
            remove(id)
            return nil
        }
        let time = wallTime
        return update(id, changesSpec: true) { object in
            if object.metadata.deletionTimestamp == nil {
                object.metadata.deletionTimestamp = time
                object.metadata.deletionGracePeriodSeconds = 0
            }
            if let finalizer, !object.metadata.finalizers.contains(finalizer) {
                object.metadata.finalizers.append(finalizer)
            }
        }
    }

    /// Pods are only marked here; the kubelet stops the containers and confirms. A later request can only shorten.
    private mutating func deletePod(_ pod: Pod, _ id: ObjectID<Pod>, _ requested: Int64?) -> Pod? {
        var grace = requested ?? pod.spec.terminationGracePeriodSeconds ?? 30
        if grace < 0 { grace = 1 }
        if pod.spec.nodeName.isEmpty || pod.status.phase == "Succeeded" || pod.status.phase == "Failed" { grace = 0 }
        if let before = pod.metadata.deletionGracePeriodSeconds, pod.metadata.deletionTimestamp != nil {
            grace = min(grace, before)
        }
        if grace == 0, pod.metadata.finalizers.isEmpty {
            remove(id)
            return nil
        }
        let deadline = Time(epochSeconds: wallTime.epochSeconds.addingSaturating(grace))
        guard pod.metadata.deletionTimestamp == nil || pod.metadata.deletionGracePeriodSeconds != grace else {
            return pod
        }
        return update(id, changesSpec: true) {
            $0.metadata.deletionTimestamp = deadline
            $0.metadata.deletionGracePeriodSeconds = grace
        }
    }

    /// Deletes an object whose kind is known at run time only.
    public mutating func delete(_ id: AnyObjectID, propagation: DeletionPropagation = .background) {
        func open<Object: StoredObject>(_ type: Object.Type, _ context: inout ClusterContext) {
            if let id: ObjectID<Object> = id.typed() { context.delete(id, propagation: propagation) }
        }
        open(id.kind.type, &self)
    }

    /// Metadata of an object whose kind is known at run time only.
    public func metadata(of id: AnyObjectID) -> ObjectMeta? {
        func open<Object: StoredObject>(_ type: Object.Type) -> ObjectMeta? {
            let id: ObjectID<Object>? = id.typed()
            return id.flatMap { store[$0]?.metadata }
        }
        return open(id.kind.type)
    }

    /// Changes the metadata of an object whose kind is known at run time only.
    mutating func updateMetadata(of id: AnyObjectID, _ body: (inout ObjectMeta) -> Void) {
        func open<Object: StoredObject>(_ type: Object.Type, _ context: inout ClusterContext) {
            if let id: ObjectID<Object> = id.typed() { context.update(id) { body(&$0.metadata) } }
        }
        open(id.kind.type, &self)
    }
}
