import KubernetesAPI

extension ClusterContext {
    /// Defaulting, admission and validation of a new object, in the API server's order.
    mutating func admit<Object: StoredObject>(_ object: Object) throws(APIStatus) -> Object {
        var object = object.withDefaults()
        if Object.resource.namespaced { try admitNamespace(of: object) }
        if var pod = object as? Pod {
            try admit(&pod)
            pod.status.phase = "Pending"
            pod.status.qosClass = QualityOfService(of: pod).rawValue
            if let admitted = pod as? Object { object = admitted }
        } else if var job = object as? Job {
            select(&job)
            if let admitted = job as? Object { object = admitted }
        }
        try Validation.check(object)
        name(&object)
        try admitLimits(object)
        try chargeQuotas(object)
        if var service = object as? Service {
            try allocations.allocate(&service, replacing: nil, store)
            if let admitted = service as? Object { object = admitted }
        }
        return object
    }

    /// NamespaceLifecycle: the namespace must be there, and must not be going.
    func admitNamespace<Object: KubernetesObject>(of object: Object) throws(APIStatus) {
        let namespace = object.metadata.namespace
        guard let home = store.namespaces.named(namespace) else { throw .notFound(Namespace.resource, namespace) }
        guard home.metadata.deletionTimestamp == nil else {
            throw .forbidden(
                Object.resource, object.metadata.name.isEmpty ? object.metadata.generateName : object.metadata.name,
                "unable to create new content in namespace \(namespace) because it is being terminated")
        }
    }

    /// Gives an object its name before the plugins that only check are asked, so that they can name it.
    mutating func name<Object: StoredObject>(_ object: inout Object) {
        guard object.metadata.name.isEmpty, !object.metadata.generateName.isEmpty else { return }
        repeat {
            object.metadata.name = generatedName(object.metadata.generateName)
        } while store[keyPath: Object.table].id(object.key) != nil
    }

    /// LimitRanger's bounds.
    func admitLimits(_ object: any KubernetesObject) throws(APIStatus) {
        guard store.limitRanges.count > 0 else { return }
        let ranges = limitRanges(in: object.metadata.namespace)
        let problems: [String]
        switch object {
        case let pod as Pod: problems = LimitRanger.problems(of: pod, ranges)
        case let claim as PersistentVolumeClaim: problems = LimitRanger.problems(of: claim, ranges)
        default: return
        }
        guard !problems.isEmpty else { return }
        let text = problems.count == 1 ? problems[0] : "[" + problems.joined(separator: ", ") + "]"
        throw .forbidden(Swift.type(of: object).resource, object.metadata.name, text)
    }

    /// The selector and labels by which a Job knows its pods (`pkg/registry/batch/job`, `generateSelector`).
    private mutating func select(_ job: inout Job) {
        guard job.spec.manualSelector != true else { return }
        if job.metadata.uid.isEmpty { job.metadata.uid = newUID() }
        let uid = job.metadata.uid
        for (key, value) in [("controller-uid", uid), ("job-name", job.metadata.name)] {
            job.spec.template.metadata.labels[key] = value
            job.spec.template.metadata.labels["batch.kubernetes.io/" + key] = value
        }
        if job.spec.selector == nil {
            var selector = LabelSelector()
            selector.matchLabels = ["batch.kubernetes.io/controller-uid": uid]
            job.spec.selector = selector
        }
        // Defaulting, which happens once more when the object is read: a Job without labels has its template's.
        if job.metadata.labels.isEmpty { job.metadata.labels = job.spec.template.metadata.labels }
    }

    /// The same for a changed object; what may not change is refused.
    mutating func admit<Object: StoredObject>(_ object: Object, replacing old: Object, subresource: String)
        throws(APIStatus) -> Object
    {
        var object = object.withDefaults()
        if var service = object as? Service, let before = old as? Service {
            service.keepAllocations(of: before)
            if let kept = service as? Object { object = kept }
        }
        try Validation.check(object, replacing: old, subresource: subresource)
        if Object.objectKind == .service || Object.objectKind == .persistentVolumeClaim {
            try admitLimits(object)
            try chargeQuotas(object, replacing: old)
        }
        if var service = object as? Service {
            try allocations.allocate(&service, replacing: old as? Service, store)
            if let admitted = service as? Object { object = admitted }
        }
        return object
    }
}
