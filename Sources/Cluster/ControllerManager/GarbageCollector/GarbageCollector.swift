import KubernetesAPI
import Simulation

/// Deletes what nobody owns any more and carries out foreground and orphaning deletion
/// (`pkg/controller/garbagecollector`).
struct GarbageCollector: Controller, Sendable {
    /// UIDs of owners that are gone, by the identifier they had, until their dependents were seen to.
    private var absentOwners: [AnyObjectID: String] = [:]

    init() {}

    /// The process restarts: its graph is built anew from what there is.
    mutating func restart(_ context: inout ClusterContext) {
        absentOwners = [:]
        for kind in ObjectKind.allCases {
            func open<Object: StoredObject>(_ type: Object.Type, _ context: inout ClusterContext) {
                let table = context.store[keyPath: Object.table]
                for id in table.ids {
                    guard let metadata = table[id]?.metadata else { continue }
                    let lacksOwner = metadata.ownerReferences.contains {
                        !Self.lives($0, metadata.namespace, context)
                    }
                    if Self.waits(metadata) || lacksOwner { context.enqueue(.garbageCollector, id) }
                }
            }
            open(kind.type, &context)
        }
    }

    mutating func observe(_ change: ObjectChange, _ context: inout ClusterContext) {
        switch change.kind {
        case .deleted:
            let metadata = change.metadata
            context.collectCustomDependents(of: metadata.uid)
            if !context.store.dependents(of: metadata.uid).isEmpty {
                absentOwners[change.id] = metadata.uid
                context.enqueue(.garbageCollector, change.id)
            }
            // An owner that waits for its dependents may now have lost the last one.
            for owner in metadata.ownerReferences {
                if let id = Self.find(owner, metadata.namespace, context), Self.waits(context.metadata(of: id)) {
                    context.enqueue(.garbageCollector, id)
                }
            }
        case .added:
            let metadata = change.metadata
            if !metadata.ownerReferences.isEmpty,
                metadata.ownerReferences.allSatisfy({ !Self.lives($0, metadata.namespace, context) })
            {
                context.enqueue(.garbageCollector, change.id)
            }
        case .modified:
            // Nobody waits for what is not being deleted.
            guard change.metadata.deletionTimestamp != nil else { return }
            if Self.waits(change.metadata) { context.enqueue(.garbageCollector, change.id) }
        }
    }

    mutating func reconcile(_ id: AnyObjectID, _ context: inout ClusterContext) {
        if let uid = absentOwners.removeValue(forKey: id) {
            for dependent in context.store.dependents(of: uid) { collect(dependent, without: uid, &context) }
            return
        }
        guard let metadata = context.metadata(of: id) else { return }
        if metadata.deletionTimestamp != nil {
            finish(id, metadata, &context)
        } else if !metadata.ownerReferences.isEmpty {
            let absent = metadata.ownerReferences.filter { !Self.lives($0, metadata.namespace, context) }
            if absent.count == metadata.ownerReferences.count {
                context.delete(id)
            } else if !absent.isEmpty {
                // One owner lives: only the references to those that are gone go.
                context.updateMetadata(of: id) { metadata in
                    metadata.ownerReferences.removeAll { reference in absent.contains { $0.uid == reference.uid } }
                }
            }
        }
    }

    /// One owner of a dependent is gone: the dependent goes too, unless another owner lives.
    private func collect(_ dependent: AnyObjectID, without uid: String, _ context: inout ClusterContext) {
        guard let metadata = context.metadata(of: dependent) else { return }
        let others = metadata.ownerReferences.filter {
            $0.uid != uid && Self.lives($0, metadata.namespace, context)
        }
        if others.isEmpty {
            if metadata.deletionTimestamp == nil { context.delete(dependent) }
        } else {
            context.updateMetadata(of: dependent) { $0.ownerReferences.removeAll { $0.uid == uid } }
        }
    }

    /// Takes an object that is being deleted one step closer to its end.
    private func finish(_ id: AnyObjectID, _ metadata: ObjectMeta, _ context: inout ClusterContext) {
        let dependents = context.store.dependents(of: metadata.uid)
        if metadata.finalizers.contains("orphan") {
            for dependent in dependents {
                context.updateMetadata(of: dependent) { $0.ownerReferences.removeAll { $0.uid == metadata.uid } }
            }
            context.updateMetadata(of: id) { $0.finalizers.removeAll { $0 == "orphan" } }
        } else if metadata.finalizers.contains("foregroundDeletion") {
            var blocked = false
            for dependent in dependents {
                unblockCircle(dependent, &context)
                guard let inner = context.metadata(of: dependent) else { continue }
                if inner.ownerReferences.contains(where: { $0.uid == metadata.uid && $0.blockOwnerDeletion == true }) {
                    blocked = true
                }
                if inner.deletionTimestamp == nil { context.delete(dependent, propagation: .foreground) }
            }
            if !blocked { context.updateMetadata(of: id) { $0.finalizers.removeAll { $0 == "foregroundDeletion" } } }
        }
    }

    /// Whether the dependents of an owner that is gone still wait to be seen to.
    func collectsDependents(of uid: String) -> Bool { absentOwners.values.contains(uid) }

    /// A dependent that itself owns something which waits for its dependents would wait in a circle: its references stop
    /// blocking (`attemptToDeleteItem`, the case of a circular dependency).
    private func unblockCircle(_ dependent: AnyObjectID, _ context: inout ClusterContext) {
        guard let metadata = context.metadata(of: dependent),
            metadata.ownerReferences.contains(where: { $0.blockOwnerDeletion == true }),
            context.store.dependents(of: metadata.uid).contains(where: { inner in
                context.metadata(of: inner).map {
                    $0.deletionTimestamp != nil && $0.finalizers.contains("foregroundDeletion")
                } == true
            })
        else { return }
        context.updateMetadata(of: dependent) { metadata in
            for index in metadata.ownerReferences.indices { metadata.ownerReferences[index].blockOwnerDeletion = false }
        }
    }

    private static func waits(_ metadata: ObjectMeta?) -> Bool {
        guard let metadata, metadata.deletionTimestamp != nil else { return false }
        return metadata.finalizers.contains("foregroundDeletion") || metadata.finalizers.contains("orphan")
    }

    /// Whether an owner is there, of a built-in kind or of one that a definition adds.
    private static func lives(_ owner: OwnerReference, _ namespace: String, _ context: ClusterContext) -> Bool {
        find(owner, namespace, context) != nil || context.store.custom.lives(owner, namespace)
    }

    /// The living object that a reference names; its UID must be the one named.
    static func find(_ owner: OwnerReference, _ namespace: String, _ context: ClusterContext) -> AnyObjectID? {
        guard let kind = ObjectKind.byKindName[owner.kind] else { return nil }
        func open<Object: StoredObject>(_ type: Object.Type) -> AnyObjectID? {
            let table = context.store[keyPath: Object.table]
            guard let id = table.id(namespace: Object.resource.namespaced ? namespace : "", name: owner.name),
                table[id]?.metadata.uid == owner.uid
            else { return nil }
            return AnyObjectID(id)
        }
        return open(kind.type)
    }
}

extension GarbageCollector: BinaryCodable {
    func write(to writer: inout BinaryWriter) { writer.write(absentOwners) }
    init(from reader: inout BinaryReader) throws(BinaryDecodingError) { absentOwners = try reader.read() }
}
