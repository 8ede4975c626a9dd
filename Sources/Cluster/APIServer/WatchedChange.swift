import KubernetesAPI
import Simulation

/// One change of the store as those who watch see it: which objects it may concern, what was before and what is now.
///
/// Objects are kept as they lie in the store, which costs little, and become JSON only for somebody who wants it.
public struct WatchedChange: Sendable {
    /// What a watch is about.
    public enum Subject: Sendable, Equatable {
        case objects(ObjectKind)
        case events
        /// Made from the slices of a service, or stored.
        case endpoints
        /// A kind that a definition adds, or definitions, in any of its versions: `plural.group`.
        case custom(String)
        /// Kinds that change all the time and cannot be watched (metrics.k8s.io).
        case nothing

        /// What a watch of a kind is about.
        public init(_ resource: ResourceType) {
            switch (resource.group, resource.kind) {
            case ("", "Event"), ("events.k8s.io", "Event"): self = .events
            case ("", "Endpoints"): self = .endpoints
            case ("metrics.k8s.io", _): self = .nothing
            default: self = ObjectKind(resource).map { .objects($0) } ?? .custom(resource.qualifiedPlural)
            }
        }
    }

    enum Content: Sendable {
        case object(old: (any KubernetesObject)?, new: any KubernetesObject)
        case custom(old: CustomObject?, new: CustomObject)
    }

    public let subject: Subject
    public let kind: ObjectChange.Kind
    /// The store's revision after it.
    public let revision: Int64
    let content: Content

    /// What the change is to somebody who selected some objects: one that begins to match is new, one that ceases to is
    /// gone (`watch_cache.go`). Nil if it is none of his business.
    func event(for selection: ObjectSelection) -> WatchEvent.Kind? {
        let (before, after): (Bool, Bool)
        switch content {
        case .object(let old, let new):
            before = kind != .added && selection.matches(old ?? new)
            after = kind != .deleted && selection.matches(new)
        case .custom(let old, let new):
            before = kind != .added && selection.matches((old ?? new).metadata)
            after = kind != .deleted && selection.matches(new.metadata)
        }
        return switch (before, after) {
        case (false, false): nil
        case (false, true): .added
        case (true, true): .modified
        case (true, false): .deleted
        }
    }

    /// The object that an event of a kind shows: for a deletion as it was last, with the revision of its end.
    /// - Parameter resource: the version in which it is wanted, of a definition's kind or of autoscalers.
    public func object(for event: WatchEvent.Kind, as resource: ResourceType) -> JSONValue {
        switch content {
        case .object(let old, let new):
            var shown = new
            if event == .deleted, let old {
                shown = old
                shown.metadata.resourceVersion = new.metadata.resourceVersion
            }
            return resource == HorizontalPodAutoscalerV1.resource
                ? ClusterContext.version1(shown.jsonValue) : shown.jsonValue
        case .custom(let old, let new):
            guard event == .deleted else { return new.json(as: resource) }
            var last = old ?? new
            last.metadata.resourceVersion = new.metadata.resourceVersion
            return last.json(as: resource)
        }
    }
}

/// The objects that a watch selects.
public struct WatchSelection: Sendable {
    public let subject: WatchedChange.Subject
    public let resource: ResourceType
    let selection: ObjectSelection

    /// - Throws: `BadRequest` for selectors that cannot be used.
    public init(_ request: APIRequest) throws(APIStatus) {
        subject = WatchedChange.Subject(request.resource)
        resource = request.resource
        selection = try ObjectSelection(request)
    }

    /// What a change is to this watch; nil if it does not concern it.
    public func event(of change: WatchedChange) -> WatchEvent.Kind? {
        change.subject == subject ? change.event(for: selection) : nil
    }
}

extension Cluster {
    /// Begins to keep every change for ``takeChanges()``. What is kept is no part of the state.
    public mutating func keepChanges() { context.feed = context.feed ?? [] }

    /// The changes since the last time, in their order.
    public mutating func takeChanges() -> [WatchedChange] {
        guard let changes = context.feed, !changes.isEmpty else { return [] }
        context.feed = []
        return changes
    }

    /// The revision of the newest change.
    public var revision: Int64 { context.store.revision }
}
