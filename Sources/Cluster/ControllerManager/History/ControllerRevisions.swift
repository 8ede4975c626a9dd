import KubernetesAPI
import OrderedCollections
import Simulation

/// The numbered templates of a StatefulSet or DaemonSet, kept as ControllerRevisions
/// (`pkg/controller/history/controller_history.go`).
extension ClusterContext {
    /// The revision of the owner's present template: found, renumbered as the newest, or created.
    /// - Returns: its name, `owner-hash`.
    mutating func currentRevision(of owner: some KubernetesObject, template: PodTemplateSpec) -> (
        name: String, hash: String
    ) {
        let hash = TemplateHash.text(of: template)
        let name = "\(owner.metadata.name)-\(hash)"
        let key = owner.metadata.namespace + "/" + name
        let newest = revisions(of: owner).last?.revision.revision ?? 0
        if let id = store.controllerRevisions.id(key) {
            if let found = store[id], found.revision < newest { update(id) { $0.revision = newest + 1 } }
            return (name, hash)
        }
        var revision = ControllerRevision()
        revision.metadata.name = name
        revision.metadata.namespace = owner.metadata.namespace
        revision.metadata.labels = template.metadata.labels
        revision.metadata.labels["controller.kubernetes.io/hash"] = hash
        revision.metadata.ownerReferences = [owner.controllerReference]
        var content: OrderedDictionary<String, JSONValue> = [:]
        if case .object(let members) = template.jsonValue { content = members }
        content["$patch"] = .string("replace")
        revision.data = .object(["spec": .object(["template": .object(content)])])
        revision.revision = newest + 1
        _ = try? create(revision)
        return (name, hash)
    }

    /// The owner's revisions, oldest first.
    func revisions(of owner: some KubernetesObject) -> [(
        id: ObjectID<ControllerRevision>, revision: ControllerRevision
    )] {
        store.dependents(of: owner.metadata.uid, ControllerRevision.self).compactMap { id in store[id].map { (id, $0) }
        }.sorted {
            ($0.revision.revision, $0.id) < ($1.revision.revision, $1.id)
        }
    }

    /// Deletes the oldest revisions above the limit that nothing uses any more.
    /// - Parameter live: names that a pod or the status still speaks of.
    mutating func trimRevisions(of owner: some KubernetesObject, limit: Int, live: Set<String>) {
        let unused = revisions(of: owner).filter { !live.contains($0.revision.metadata.name) }
        for (id, _) in unused.prefix(max(0, unused.count - max(0, limit))) { delete(id) }
    }

    /// The template that a revision holds; nil if it is gone or cannot be read.
    func template(ofRevision name: String, namespace: String) -> PodTemplateSpec? {
        guard let revision = store.controllerRevisions.named(namespace + "/" + name),
            case .object(let data)? = revision.data,
            case .object(let spec)? = data["spec"], case .object(var template)? = spec["template"]
        else { return nil }
        template["$patch"] = nil
        var reader = JSONFieldReader()
        var result = PodTemplateSpec()
        do { try result.setJSON(.object(template), &reader) } catch { return nil }
        return result
    }
}
