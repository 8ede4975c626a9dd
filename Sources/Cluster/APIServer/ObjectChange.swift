import KubernetesAPI

/// One change of the store, as a watch would deliver it.
public struct ObjectChange: Sendable {
    public enum Kind: Sendable { case added, modified, deleted }

    public var kind: Kind
    public var id: AnyObjectID
    public var revision: Int64
    /// The object before, for changes and deletions.
    public var old: (any KubernetesObject)?
    /// The object after; for deletions as it was last.
    public var new: any KubernetesObject

    /// The object after the change, if it is of that kind.
    public func object<Object: StoredObject>(_ type: Object.Type) -> (id: ObjectID<Object>, old: Object?, new: Object)? {
        guard let id: ObjectID<Object> = id.typed(), let new = new as? Object else { return nil }
        return (id, old as? Object, new)
    }
}
