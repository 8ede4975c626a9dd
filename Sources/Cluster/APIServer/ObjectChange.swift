import KubernetesAPI

/// One change of the store, as a watch would deliver it.
public struct ObjectChange: Sendable {
    public enum Kind: Sendable { case added, modified, deleted }

    /// What of a pod is another than before; what most who look at pods ask first.
    struct PodDifferences: OptionSet, Sendable {
        let rawValue: UInt16

        static let phase = PodDifferences(rawValue: 1)
        static let readiness = PodDifferences(rawValue: 2)
        static let address = PodDifferences(rawValue: 4)
        static let startTime = PodDifferences(rawValue: 8)
        static let labels = PodDifferences(rawValue: 16)
        /// Deletion was asked for.
        static let deletion = PodDifferences(rawValue: 32)
        static let spec = PodDifferences(rawValue: 64)
        static let node = PodDifferences(rawValue: 128)
        /// Deletion was asked for, or with another time.
        static let deletionTime = PodDifferences(rawValue: 256)

        init(rawValue: UInt16) { self.rawValue = rawValue }

        init(_ old: Pod, _ new: Pod) {
            self = []
            if !old.sharesStatus(with: new) {
                if old.status.phase != new.status.phase { insert(.phase) }
                if old.isReady != new.isReady { insert(.readiness) }
                if old.status.podIP != new.status.podIP { insert(.address) }
                if old.status.startTime != new.status.startTime { insert(.startTime) }
            }
            if old.metadata.labels != new.metadata.labels { insert(.labels) }
            if old.metadata.deletionTimestamp != new.metadata.deletionTimestamp
                || old.metadata.deletionGracePeriodSeconds != new.metadata.deletionGracePeriodSeconds
            {
                insert(.deletionTime)
            }
            if (old.metadata.deletionTimestamp == nil) != (new.metadata.deletionTimestamp == nil) { insert(.deletion) }
            if !old.spec.isIdentical(to: new.spec) { insert(.spec) }
            if old.spec.nodeName != new.spec.nodeName { insert(.node) }
        }
    }

    /// Pods, of which nearly all changes are, lie here themselves; the others behind an existential.
    private enum Objects: Sendable {
        case pods(old: Pod?, new: Pod)
        case others(old: (any KubernetesObject)?, new: any KubernetesObject)
    }

    public var kind: Kind
    public var id: AnyObjectID
    public var revision: Int64
    private var objects: Objects
    /// For changes of pods; empty for all others.
    let differences: PodDifferences

    init<Object: StoredObject>(kind: Kind, id: ObjectID<Object>, revision: Int64, old: Object?, new: Object) {
        self.kind = kind
        self.id = AnyObjectID(id)
        self.revision = revision
        if let pod = new as? Pod {
            let before = old as? Pod
            objects = .pods(old: before, new: pod)
            differences = before.map { PodDifferences($0, pod) } ?? []
        } else {
            objects = .others(old: old, new: new)
            differences = []
        }
    }

    /// The object before, for changes and deletions.
    public var old: (any KubernetesObject)? {
        switch objects {
        case .pods(let old, _): old
        case .others(let old, _): old
        }
    }

    /// The object after; for deletions as it was last.
    public var new: any KubernetesObject {
        switch objects {
        case .pods(_, let new): new
        case .others(_, let new): new
        }
    }

    /// Metadata of the object after the change.
    var metadata: ObjectMeta {
        switch objects {
        case .pods(_, let new): new.metadata
        case .others(_, let new): new.metadata
        }
    }

    /// Whether a pod came, went, or changed in one of these respects.
    func concerns(_ respects: PodDifferences) -> Bool { kind != .modified || !differences.isDisjoint(with: respects) }

    /// The pod of a change of a pod.
    var pod: (id: ObjectID<Pod>, old: Pod?, new: Pod)? {
        guard case .pods(let old, let new) = objects else { return nil }
        return (ObjectID(slot: id.slot, generation: id.generation), old, new)
    }

    /// The object after the change, if it is of that kind.
    public func object<Object: StoredObject>(_ type: Object.Type) -> (id: ObjectID<Object>, old: Object?, new: Object)?
    {
        guard let id: ObjectID<Object> = id.typed() else { return nil }
        switch objects {
        case .pods(let old, let new):
            guard let new = new as? Object else { return nil }
            return (id, old as? Object, new)
        case .others(let old, let new):
            guard let new = new as? Object else { return nil }
            return (id, old as? Object, new)
        }
    }
}
