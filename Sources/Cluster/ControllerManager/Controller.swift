import KubernetesAPI

/// A control loop: it sees changes, remembers keys, and brings the object behind a key closer to its spec.
///
/// A reconcile reads the store as it is at that moment; between a change and the reconcile that it causes lies
/// `ClusterSettings.informerLag`.
protocol Controller {
    /// Puts the keys that a change concerns into the controller's queue.
    mutating func observe(_ change: ObjectChange, _ context: inout ClusterContext)
    /// Handles one key. The object may be gone.
    mutating func reconcile(_ id: AnyObjectID, _ context: inout ClusterContext)
}
