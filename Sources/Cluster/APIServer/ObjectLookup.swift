import KubernetesAPI

/// Lookups of single kinds for other rooms. A generic lookup that is called from another module is not compiled for its
/// kind and asks the runtime for its types each time; these are.
extension APIStore {
    /// The Deployment called `namespace/name`.
    public func deployment(_ key: String) -> Deployment? { deployments.named(key) }

    /// The HorizontalPodAutoscaler called `namespace/name`.
    public func horizontalPodAutoscaler(_ key: String) -> HorizontalPodAutoscaler? {
        horizontalPodAutoscalers.named(key)
    }

    public func node(_ name: String) -> Node? { nodes.named(name) }

    public func pod(_ id: ObjectID<Pod>) -> Pod? { pods[id] }

    /// The pods of all ReplicaSets of a Deployment, in the order of their slots.
    /// - Parameter uid: of the Deployment.
    public func pods(ofDeployment uid: String) -> [ObjectID<Pod>] {
        var found: [ObjectID<Pod>] = []
        for set in dependents(of: uid) {
            guard let set: ObjectID<ReplicaSet> = set.typed(), let object = replicaSets[set] else { continue }
            for pod in dependents(of: object.metadata.uid) {
                if let pod: ObjectID<Pod> = pod.typed() { found.append(pod) }
            }
        }
        return found
    }
}
