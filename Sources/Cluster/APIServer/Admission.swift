import KubernetesAPI

extension ClusterContext {
    /// Defaulting, admission and validation of a new object, in the API server's order.
    mutating func admit<Object: StoredObject>(_ object: Object) throws(APIStatus) -> Object {
        var object = object.withDefaults()
        if Object.resource.namespaced, store.namespaces.named(object.metadata.namespace) == nil {
            throw .notFound(Namespace.resource, object.metadata.namespace)
        }
        if var pod = object as? Pod {
            try admit(&pod)
            pod.status.phase = "Pending"
            if let admitted = pod as? Object { object = admitted }
        }
        try Validation.check(object)
        if var service = object as? Service {
            allocations.allocate(&service, store)
            if let admitted = service as? Object { object = admitted }
        }
        return object
    }

    /// The same for a changed object; what may not change is refused.
    func admit<Object: StoredObject>(_ object: Object, replacing old: Object, subresource: String) throws(APIStatus) -> Object {
        var object = object.withDefaults()
        if var service = object as? Service, let before = old as? Service {
            // Addresses that were allocated stay, even if the new text does not name them.
            if service.spec.clusterIP.isEmpty { service.spec.clusterIP = before.spec.clusterIP }
            if service.spec.clusterIPs.isEmpty { service.spec.clusterIPs = before.spec.clusterIPs }
            for index in service.spec.ports.indices where service.spec.ports[index].nodePort == nil {
                service.spec.ports[index].nodePort = before.spec.ports.first { $0.port == service.spec.ports[index].port }?.nodePort
            }
            if let kept = service as? Object { object = kept }
        }
        try Validation.check(object, replacing: old, subresource: subresource)
        return object
    }
}
