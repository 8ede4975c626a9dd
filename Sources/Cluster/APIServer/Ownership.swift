import KubernetesAPI

extension KubernetesObject {
    /// The one owner that controls the object.
    public var controller: OwnerReference? { metadata.ownerReferences.first { $0.controller == true } }

    /// A reference by which another object names this one as its controller.
    public var controllerReference: OwnerReference {
        var reference = OwnerReference()
        reference.apiVersion = Self.resource.apiVersion
        reference.kind = Self.resource.kind
        reference.name = metadata.name
        reference.uid = metadata.uid
        reference.controller = true
        reference.blockOwnerDeletion = true
        return reference
    }
}

extension ClusterContext {
    /// The object of that kind which controls another, if it lives.
    func controller<Object: StoredObject>(of object: some KubernetesObject, _ type: Object.Type = Object.self)
        -> ObjectID<Object>?
    {
        // Asked for every change of a pod: the reference is looked at where it lies.
        let owners = object.metadata.ownerReferences
        guard let place = owners.firstIndex(where: { $0.controller == true }),
            owners[place].kind == Object.resource.kind,
            let id = store[keyPath: Object.table].id(namespace: object.metadata.namespace, name: owners[place].name),
            store[id]?.metadata.uid == owners[place].uid
        else { return nil }
        return id
    }
}

extension LabelSelector {
    /// Whether labels fulfil the selector; an empty selector matches everything.
    public func matches(_ labels: [String: String]) -> Bool {
        matchLabels.allSatisfy { labels[$0.key] == $0.value }
            && matchExpressions.allSatisfy { expression in
                switch expression.operator {
                case "In": labels[expression.key].map(expression.values.contains) ?? false
                case "NotIn": labels[expression.key].map { !expression.values.contains($0) } ?? true
                case "Exists": labels[expression.key] != nil
                case "DoesNotExist": labels[expression.key] == nil
                default: false
                }
            }
    }

    public var isEmpty: Bool { matchLabels.isEmpty && matchExpressions.isEmpty }
}

extension Pod {
    /// Neither finished nor being deleted (`controller.IsPodActive`).
    public var isActive: Bool {
        status.phase != "Succeeded" && status.phase != "Failed" && metadata.deletionTimestamp == nil
    }

    /// Phase Succeeded or Failed.
    var isFinished: Bool { status.phase == "Succeeded" || status.phase == "Failed" }

    /// The condition of a type.
    public func condition(_ type: String) -> PodCondition? { status.conditions.first { $0.type == type } }

    public var isReady: Bool {
        // Asked for every pod of a set each time one changes: the condition is looked at where it lies.
        status.conditions.firstIndex { $0.type == "Ready" }.map { status.conditions[$0].status == "True" } ?? false
    }
}
