import KubernetesAPI
import Simulation

/// Somebody who listens to changes (a watch). It is no part of the state: nothing is kept for it in a snapshot, and
/// without listeners a change costs one comparison.
struct Watcher: Sendable {
    let id: UInt32
    let selection: WatchSelection
    var pending: [WatchEvent] = []

    mutating func note(_ change: WatchedChange) {
        guard let event = selection.event(of: change) else { return }
        pending.append(WatchEvent(kind: event, object: change.object(for: event, as: selection.resource)))
    }
}

extension ClusterContext {
    /// For a trial of which nobody shall hear.
    mutating func dismissListeners() {
        watchers = []
        feed = nil
    }

    var isWatched: Bool { feed != nil || !watchers.isEmpty }

    /// Tells those who listen; who has to make something for it asks first whether there is anybody.
    mutating func tell(_ change: WatchedChange) {
        for index in watchers.indices { watchers[index].note(change) }
        feed?.append(change)
    }

    /// Tells those who listen about a change of an object.
    mutating func tellWatchers<Object: StoredObject>(_ kind: ObjectChange.Kind, old: Object?, new: Object) {
        let revision = store.revision
        tell(
            WatchedChange(
                subject: .objects(Object.objectKind), kind: kind, revision: revision,
                content: .object(old: old, new: new)))
        guard feed != nil || watchers.contains(where: { $0.selection.subject == .endpoints }),
            let change = endpointsChange(kind, old, new)
        else { return }
        tell(
            WatchedChange(
                subject: .endpoints, kind: change.kind, revision: revision,
                content: .object(old: change.old, new: change.new)))
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
        tell(
            WatchedChange(
                subject: .events, kind: record.count == 1 ? .added : .modified, revision: record.revision,
                content: .object(old: nil, new: event)))
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
        context.watchers.append(Watcher(id: id, selection: try WatchSelection(request)))
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
