import KubernetesAPI

/// What one object takes of a ResourceQuota, and which quotas it falls under (`pkg/quota/v1/evaluator/core`).
enum QuotaUsage {
    /// Amounts by the names that quotas use. Finished pods take nothing but their count.
    static func of(_ object: any KubernetesObject) -> [String: Quantity] {
        let resource = Swift.type(of: object).resource
        var usage: [String: Quantity] = ["count/" + resource.qualifiedPlural: Quantity(1)]
        switch object {
        case let pod as Pod: usage.merge(of(pod)) { _, new in new }
        case let service as Service:
            usage["services"] = Quantity(1)
            let ports = Quantity(Int64(service.spec.ports.count))
            switch service.spec.type {
            case "NodePort": usage["services.nodeports"] = ports
            case "LoadBalancer":
                usage["services.nodeports"] = service.spec.allocateLoadBalancerNodePorts == false ? Quantity(0) : ports
                usage["services.loadbalancers"] = Quantity(1)
            default: break
            }
        case let claim as PersistentVolumeClaim:
            usage["persistentvolumeclaims"] = Quantity(1)
            let size = claim.spec.resources?.requests["storage"] ?? Quantity()
            usage["requests.storage"] = size
            if let storageClass = claim.spec.storageClassName, !storageClass.isEmpty {
                usage["\(storageClass).storageclass.storage.k8s.io/requests.storage"] = size
                usage["\(storageClass).storageclass.storage.k8s.io/persistentvolumeclaims"] = Quantity(1)
            }
        case is ConfigMap: usage["configmaps"] = Quantity(1)
        case is Secret: usage["secrets"] = Quantity(1)
        case is ResourceQuota: usage["resourcequotas"] = Quantity(1)
        default: break
        }
        return usage
    }

    private static func of(_ pod: Pod) -> [String: Quantity] {
        guard pod.status.phase != "Succeeded", pod.status.phase != "Failed" else { return [:] }
        var usage: [String: Quantity] = ["pods": Quantity(1)]
        for (name, amount) in PodResources.requests(of: pod) {
            usage["requests." + name] = amount
            if name == "cpu" || name == "memory" || name == "ephemeral-storage" { usage[name] = amount }
        }
        for (name, amount) in PodResources.limits(of: pod)
        where name == "cpu" || name == "memory" || name == "ephemeral-storage" {
            usage["limits." + name] = amount
        }
        return usage
    }

    /// Amounts that a pod must state for each container while a quota counts them.
    private static let required = ["cpu", "memory", "requests.cpu", "requests.memory", "limits.cpu", "limits.memory"]

    /// What a pod leaves open although a quota counts it: `limits.cpu for: app; requests.cpu for: app`.
    static func missing(in pod: Pod, _ quota: ResourceQuota) -> String? {
        var containers: [String: [String]] = [:]
        for container in pod.spec.ownContainers + pod.spec.ownInitContainers {
            for name in required where quota.spec.hard[name] != nil {
                let parts = name.split(separator: ".")
                let amounts = parts.first == "limits" ? container.resources?.limits : container.resources?.requests
                if amounts?[String(parts.last ?? "")] == nil { containers[name, default: []].append(container.name) }
            }
        }
        guard !containers.isEmpty else { return nil }
        return containers.keys.sorted { $0.utf8.lexicographicallyPrecedes($1.utf8) }.map { name in
            "\(name) for: \((containers[name] ?? []).sorted { $0.utf8.lexicographicallyPrecedes($1.utf8) }.joined(separator: ","))"
        }.joined(separator: "; ")
    }

    /// Whether an object falls under a quota: its scopes speak of pods only.
    static func covers(_ quota: ResourceQuota, _ object: any KubernetesObject) -> Bool {
        var terms = quota.spec.scopes.map { (scope: $0, operator: "Exists", values: [String]()) }
        terms += (quota.spec.scopeSelector?.matchExpressions ?? []).map { ($0.scopeName, $0.operator, $0.values) }
        guard !terms.isEmpty else { return true }
        guard let pod = object as? Pod else { return false }
        return terms.allSatisfy { term in
            switch term.scope {
            case "BestEffort": QualityOfService(of: pod) == .bestEffort
            case "NotBestEffort": QualityOfService(of: pod) != .bestEffort
            case "Terminating": pod.spec.activeDeadlineSeconds ?? -1 >= 0
            case "NotTerminating": pod.spec.activeDeadlineSeconds == nil
            case "PriorityClass": matches(pod.spec.priorityClassName, term.operator, term.values)
            case "CrossNamespacePodAffinity": false
            default: false
            }
        }
    }

    private static func matches(_ value: String, _ sign: String, _ values: [String]) -> Bool {
        switch sign {
        case "In": values.contains(value)
        case "NotIn": !values.contains(value)
        case "DoesNotExist": value.isEmpty
        default: !value.isEmpty
        }
    }
}

/// The admission plugin ResourceQuota (`apiserver/pkg/admission/plugin/resourcequota`), and the amounts in use.
extension ClusterContext {
    /// Charges an object to the quotas of its namespace, or says which one it would exceed.
    mutating func chargeQuotas(_ object: any KubernetesObject, replacing old: (any KubernetesObject)? = nil)
        throws(APIStatus)
    {
        guard store.resourceQuotas.count > 0 else { return }
        let resource = Swift.type(of: object).resource
        let wanted = QuotaUsage.of(object)
        let before = old.map(QuotaUsage.of) ?? [:]
        var charges: [(id: ObjectID<ResourceQuota>, used: [String: Quantity])] = []
        for (id, _) in store.resourceQuotas.sorted {
            guard var quota = store[id], quota.metadata.namespace == object.metadata.namespace,
                QuotaUsage.covers(quota, object)
            else {
                continue
            }
            if quota.status.hard.isEmpty {
                recountQuota(id)
                quota = store[id] ?? quota
            }
            func names(_ names: [String]) -> [String] { names.sorted { $0.utf8.lexicographicallyPrecedes($1.utf8) } }
            let counted = names(wanted.keys.filter { quota.status.hard[$0] != nil })
            if let pod = object as? Pod, old == nil, let missing = QuotaUsage.missing(in: pod, quota) {
                throw .forbidden(
                    resource, object.metadata.name, "failed quota: \(quota.metadata.name): must specify \(missing)")
            }
            guard !counted.isEmpty else { continue }
            var used = quota.status.used
            var exceeded: [String] = []
            var grows = false
            for name in counted {
                let delta = (wanted[name] ?? Quantity()) - (before[name] ?? Quantity())
                guard delta > Quantity() else { continue }
                grows = true
                let total = (used[name] ?? Quantity()) + delta
                if total > quota.status.hard[name] ?? Quantity() { exceeded.append(name) }
                used[name] = total
            }
            guard exceeded.isEmpty else {
                func list(_ amount: (String) -> Quantity) -> String {
                    exceeded.map { "\($0)=\(amount($0))" }.joined(separator: ",")
                }
                throw .forbidden(
                    resource, object.metadata.name,
                    "exceeded quota: \(quota.metadata.name), requested: \(list { (wanted[$0] ?? Quantity()) - (before[$0] ?? Quantity()) }), "
                        + "used: \(list { quota.status.used[$0] ?? Quantity() }), limited: \(list { quota.status.hard[$0] ?? Quantity() })"
                )
            }
            if grows { charges.append((id, used)) }
        }
        for (id, used) in charges { update(id) { $0.status.used = used } }
    }

    /// Counts anew what a quota's namespace uses, and writes it if it differs.
    mutating func recountQuota(_ id: ObjectID<ResourceQuota>) {
        guard let quota = store[id] else { return }
        var used = quota.spec.hard.mapValues { _ in Quantity() }
        func add(_ object: any KubernetesObject) {
            guard QuotaUsage.covers(quota, object) else { return }
            for (name, amount) in QuotaUsage.of(object) where used[name] != nil {
                used[name] = (used[name] ?? Quantity()) + amount
            }
        }
        for kind in ObjectKind.allCases where kind.type.resource.namespaced && Self.counts(kind, quota) {
            func open<Object: StoredObject>(_ type: Object.Type) {
                store[keyPath: Object.table].forEach { _, object in
                    if object.metadata.namespace == quota.metadata.namespace { add(object) }
                }
            }
            open(kind.type)
        }
        guard quota.status.hard != quota.spec.hard || quota.status.used != used else { return }
        update(id) {
            $0.status.hard = quota.spec.hard
            $0.status.used = used
        }
    }

    /// Whether objects of a kind can count towards a quota at all.
    private static func counts(_ kind: ObjectKind, _ quota: ResourceQuota) -> Bool {
        switch kind {
        case .pod, .service, .persistentVolumeClaim, .configMap, .secret, .resourceQuota: true
        default: quota.spec.hard["count/" + kind.type.resource.qualifiedPlural] != nil
        }
    }
}
