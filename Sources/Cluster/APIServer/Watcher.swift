import KubernetesAPI
import Simulation

/// Somebody who listens to changes (a watch). It is no part of the state: nothing is kept for it in a snapshot, and
/// without listeners a change costs one comparison.
struct Watcher: Sendable {
    enum Subject: Sendable, Equatable {
        case objects(ObjectKind)
        case events
        /// Made from the slices of a service, or stored.
        case endpoints
        /// A kind that a definition adds, or definitions; by its resource.
        case custom(ResourceType)
        /// Kinds that change all the time and cannot be watched (metrics.k8s.io).
        case nothing
    }

    let id: UInt32
    let subject: Subject
    let selection: ObjectSelection
    var pending: [WatchEvent] = []

    init(id: UInt32, request: APIRequest) throws(APIStatus) {
        self.id = id
        switch (request.resource.group, request.resource.kind) {
        case ("", "Event"), ("events.k8s.io", "Event"): subject = .events
        case ("", "Endpoints"): subject = .endpoints
        case ("metrics.k8s.io", _): subject = .nothing
        default: subject = ObjectKind(request.resource).map { .objects($0) } ?? .custom(request.resource)
        }
        selection = try ObjectSelection(request)
    }

    /// A change of an object of a kind that a definition adds.
    mutating func note(
        _ kind: ObjectChange.Kind, old: CustomObject?, new: CustomObject, as resource: ResourceType
    ) {
        let before = kind != .added && selection.matches((old ?? new).metadata)
        let after = kind != .deleted && selection.matches(new.metadata)
        guard before || after else { return }
        let change: WatchEvent.Kind = !before ? .added : after ? .modified : .deleted
        pending.append(WatchEvent(kind: change, object: new.json(as: resource)))
    }

    /// An object that begins to match is new to the listener, one that ceases to is gone (`watch_cache.go`).
    mutating func note(_ kind: ObjectChange.Kind, old: (any KubernetesObject)?, new: any KubernetesObject) {
        let before = kind != .added && selection.matches(old ?? new)
        let after = kind != .deleted && selection.matches(new)
        switch (before, after) {
        case (false, false): break
        case (false, true): pending.append(WatchEvent(kind: .added, object: new.jsonValue))
        case (true, true): pending.append(WatchEvent(kind: .modified, object: new.jsonValue))
        case (true, false):
            var last = old ?? new
            last.metadata.resourceVersion = new.metadata.resourceVersion
            pending.append(WatchEvent(kind: .deleted, object: last.jsonValue))
        }
    }
}

extension ClusterContext {
    /// Tells those who listen about a change of an object.
    mutating func tellWatchers<Object: StoredObject>(_ kind: ObjectChange.Kind, old: Object?, new: Object) {
        for index in watchers.indices where watchers[index].subject == .objects(Object.objectKind) {
            watchers[index].note(kind, old: old, new: new)
        }
        guard watchers.contains(where: { $0.subject == .endpoints }), let change = endpointsChange(kind, old, new)
        else {
            return
        }
        for index in watchers.indices where watchers[index].subject == .endpoints {
            watchers[index].note(change.kind, old: change.old, new: change.new)
        }
    }

    /// What a change means for those who listen to Endpoints.
    private func endpointsChange<Object: StoredObject>(_ kind: ObjectChange.Kind, _ old: Object?, _ new: Object) -> (
        kind: ObjectChange.Kind, old: Endpoints?, new: Endpoints
    )? {
        if let endpoints = new as? Endpoints { return (kind, old as? Endpoints, endpoints) }
        if let slice = new as? EndpointSlice, let owner = slice.controller,
            let service = store.services.named(slice.metadata.namespace + "/" + owner.name),
            let endpoints = endpoints(of: service)
        {
            let isFirst = kind == .added && store.dependents(of: service.metadata.uid, EndpointSlice.self).count == 1
            return (isFirst ? .added : .modified, nil, endpoints)
        }
        if kind == .deleted, let service = new as? Service, let endpoints = endpoints(of: service) {
            return (.deleted, endpoints, endpoints)
        }
        return nil
    }

    /// Tells those who listen about an Event that was recorded.
    mutating func tellWatchers(_ record: EventLog.Record) {
        let event = object(of: record)
        for index in watchers.indices where watchers[index].subject == .events {
            watchers[index].note(record.count == 1 ? .added : .modified, old: nil, new: event)
        }
    }
}

extension Cluster {
    /// A handle on a watch that was begun.
    public struct WatchID: Hashable, Sendable { let rawValue: UInt32 }

    /// Begins to keep changes of the objects that a request selects, until ``endWatch(_:)``.
    /// - Throws: `BadRequest` for selectors that cannot be used.
    public mutating func beginWatch(_ request: APIRequest) throws(APIStatus) -> WatchID {
        try authorize(request, isWatch: true)
        let id = (context.watchers.map(\.id).max() ?? 0) + 1
        context.watchers.append(try Watcher(id: id, request: request))
        return WatchID(rawValue: id)
    }

    /// Whether changes wait to be taken.
    public func hasWatchEvents(_ watch: WatchID) -> Bool {
        context.watchers.contains { $0.id == watch.rawValue && !$0.pending.isEmpty }
    }

    /// Takes the changes since the last time, in their order.
    public mutating func takeWatchEvents(_ watch: WatchID) -> [WatchEvent] {
        guard let index = context.watchers.firstIndex(where: { $0.id == watch.rawValue }) else { return [] }
        defer { context.watchers[index].pending.removeAll() }
        return context.watchers[index].pending
    }

    public mutating func endWatch(_ watch: WatchID) { context.watchers.removeAll { $0.id == watch.rawValue } }
}
