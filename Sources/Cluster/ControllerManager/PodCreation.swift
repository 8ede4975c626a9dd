import KubernetesAPI

extension ClusterContext {
    /// Creates a pod from a workload's template, owned by the workload (`controller_utils.go`, `GetPodFromTemplate`).
    /// - Parameters:
    ///   - name: nil lets the API server make one from `generateName`.
    ///   - references: the owner's reference, shared by pods that are created together.
    ///   - customize: changes what the workload changes, after the template was copied.
    /// - Throws: what admission answers, as the workload's FailedCreate event prints it.
    mutating func createPod(
        from template: PodTemplateSpec, owner: some KubernetesObject, name: String? = nil,
        references: [OwnerReference]? = nil, customize: (inout Pod) -> Void = { _ in }
    ) throws(APIStatus) -> ObjectID<Pod> {
        var pod = Pod()
        if let name {
            pod.metadata.name = name
        } else {
            pod.metadata.generateName = owner.metadata.name + "-"
        }
        pod.metadata.namespace = owner.metadata.namespace
        pod.metadata.labels = template.metadata.labels
        pod.metadata.annotations = template.metadata.annotations
        pod.metadata.finalizers = template.metadata.finalizers
        pod.metadata.ownerReferences = references ?? [owner.controllerReference]
        pod.spec = template.spec
        // The API server's defaults of a pod. Most pods lack nothing and go on sharing their template's spec.
        if pod.spec.lacksRequests { pod.spec.applyDefaults(isTemplate: false) }
        customize(&pod)
        try admitNamespace(of: pod)
        try admit(&pod, like: template.spec)
        self.name(&pod)
        try admitLimits(pod)
        if name != nil, store.pods.id(pod.key) != nil { throw .alreadyExists(Pod.resource, pod.metadata.name) }
        try chargeQuotas(pod)
        return try create(pod)
    }
}

/// How controllers answer a failing creation: an event and, for sets of replicas, a condition.
extension APIStatus {
    /// The text of a FailedCreate event.
    var creationFailure: String { "Error creating: \(message)" }
}
