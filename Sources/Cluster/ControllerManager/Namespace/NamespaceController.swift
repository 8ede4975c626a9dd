import KubernetesAPI
import Simulation

/// Furnishes new namespaces and empties those that terminate (`pkg/controller/namespace`, `serviceaccounts_controller`,
/// `rootcacertpublisher`).
struct NamespaceController: Controller, Sendable {
    mutating func observe(_ change: ObjectChange, _ context: inout ClusterContext) {
        if change.id.kind == .namespace {
            context.enqueue(.namespace, change.id)
        } else if change.kind == .deleted, !change.metadata.namespace.isEmpty,
            let id = context.store.namespaces.id(change.metadata.namespace),
            context.store[id]?.metadata.deletionTimestamp != nil || Self.isFurniture(change)
        {
            context.enqueue(.namespace, id)
        }
    }

    /// What every namespace has, and gets again when somebody deletes it.
    private static func isFurniture(_ change: ObjectChange) -> Bool {
        (change.id.kind == .serviceAccount && change.metadata.name == "default")
            || (change.id.kind == .configMap && change.metadata.name == "kube-root-ca.crt")
    }

    mutating func reconcile(_ id: AnyObjectID, _ context: inout ClusterContext) {
        guard let id: ObjectID<Namespace> = id.typed(), let namespace = context.store[id] else { return }
        if namespace.metadata.deletionTimestamp == nil {
            furnish(namespace.metadata.name, &context)
        } else if !empty(namespace.metadata.name, &context) {
            context.remove(id)
        }
    }

    /// Every namespace has a default service account and the cluster's root certificate.
    private func furnish(_ name: String, _ context: inout ClusterContext) {
        if context.store.serviceAccounts.id(namespace: name, name: "default") == nil {
            var account = ServiceAccount()
            account.metadata.name = "default"
            account.metadata.namespace = name
            _ = try? context.create(account)
        }
        if context.store.configMaps.id(namespace: name, name: "kube-root-ca.crt") == nil {
            var map = ConfigMap()
            map.metadata.name = "kube-root-ca.crt"
            map.metadata.namespace = name
            map.metadata.annotations["kubernetes.io/description"] =
                "Contains a CA bundle that can be used to verify the kube-apiserver when using internal endpoints such as the internal service IP or kubernetes.default.svc. No other usage is guaranteed across distributions of Kubernetes clusters."
            map.data["ca.crt"] =
                "-----BEGIN CERTIFICATE-----\nc2ltdWxhdGVkIGJ5IGt1YmVsYWI=\n-----END CERTIFICATE-----\n"
            _ = try? context.create(map)
        }
    }

    /// Deletes what the namespace holds; true while something is left.
    private func empty(_ name: String, _ context: inout ClusterContext) -> Bool {
        var left = false
        for kind in ObjectKind.allCases where kind.type.resource.namespaced {
            func open<Object: StoredObject>(_ type: Object.Type, _ context: inout ClusterContext) {
                let table = context.store[keyPath: Object.table]
                for id in table.ids where table[id]?.metadata.namespace == name {
                    if table[id]?.metadata.deletionTimestamp == nil { context.delete(id) }
                    if context.store[id] != nil { left = true }
                }
            }
            open(kind.type, &context)
        }
        return context.emptyOfCustomObjects(name) || left
    }
}
