import KubernetesAPI

/// Subresources of a pod that may change a part of its spec only (`pkg/registry/core/pod/strategy.go`).
extension ClusterContext {
    /// `resize`: new resources and resize policies for running containers; all else stays as it is.
    /// - Throws: 422 Invalid in the API server's words.
    mutating func admitResize<Object: StoredObject>(_ object: Object, replacing old: Object) throws(APIStatus) -> Object
    {
        guard let wanted = object as? Pod, let before = old as? Pod else { return object }
        let pod = try check(wanted.droppingAllButResources(of: before), replacing: before, "resize")
        try admitLimits(pod)
        try chargeQuotas(pod, replacing: before)
        return pod as? Object ?? object
    }

    /// `ephemeralcontainers`: more containers for debugging; all else stays as it is.
    /// - Throws: 422 Invalid in the API server's words.
    func admitEphemeralContainers<Object: StoredObject>(_ object: Object, replacing old: Object) throws(APIStatus)
        -> Object
    {
        guard let wanted = object as? Pod, let before = old as? Pod else { return object }
        var pod = before
        pod.spec.ephemeralContainers = wanted.withDefaults().spec.ephemeralContainers
        return try check(pod, replacing: before, "ephemeralcontainers") as? Object ?? object
    }

    private func check(_ pod: Pod, replacing old: Pod, _ subresource: String) throws(APIStatus) -> Pod {
        try Validation.check(pod, replacing: old, subresource: subresource)
        return pod
    }
}

extension Pod {
    /// The old pod with this one's resources and resize policies. Containers that were added, removed, renamed or moved
    /// are left for validation to name (`dropNonResizeUpdates`).
    fileprivate func droppingAllButResources(of old: Pod) -> Pod {
        guard let containers = Self.resized(old.spec.containers, spec.containers),
            let initContainers = Self.resized(old.spec.initContainers, spec.initContainers)
        else { return self }
        var pod = old
        pod.spec.containers = containers
        pod.spec.initContainers = initContainers
        return pod
    }

    private static func resized(_ old: [Container], _ new: [Container]) -> [Container]? {
        guard old.map(\.name) == new.map(\.name) else { return nil }
        return zip(old, new).map { before, wanted in
            var container = before
            container.resources = wanted.resources
            container.resizePolicy = wanted.resizePolicy
            return container
        }
    }
}
