import KubernetesAPI
import Simulation

/// Events as users write them: beside the records that the cluster's own components make.
extension Cluster {
    /// Answers a write of a user; nil for a request that only reads.
    mutating func answerEventWrite(_ request: APIRequest, clock: inout Clock) -> APIResponse? {
        guard request.verb != .get, request.verb != .list else { return nil }
        guard request.resource == Event.resource, request.subresource.isEmpty else {
            return APIResponse(
                APIStatus(
                    code: 404, reason: "NotFound", message: "the server could not find the requested resource",
                    kind: request.resource.plural))
        }
        if request.dryRun {
            var trial = context
            trial.dismissListeners()
            trial.clock = clock
            return trial.answerEventWrite(request)
        }
        return lend(&clock) { $0.context.answerEventWrite(request) }
    }
}

extension ClusterContext {
    /// All Events, by namespace and name.
    var eventObjects: [Event] {
        (events.records.map { object(of: $0) } + events.written.map(\.event)).sorted {
            $0.key.utf8.lexicographicallyPrecedes($1.key.utf8)
        }
    }

    fileprivate mutating func answerEventWrite(_ request: APIRequest) -> APIResponse {
        do {
            switch request.verb {
            case .create: return try createEvent(request)
            case .update, .patch: return try changeEvent(request)
            default: return try deleteEvents(request)
            }
        } catch { return APIResponse(error) }
    }

    private func event(_ request: APIRequest) throws(APIStatus) -> Event {
        let found = eventObjects.first {
            $0.metadata.namespace == request.namespace && $0.metadata.name == request.name
        }
        guard let found else { throw .notFound(Event.resource, request.name) }
        return found
    }

    private mutating func createEvent(_ request: APIRequest) throws(APIStatus) -> APIResponse {
        guard let body = request.body else { throw .badRequest("the request has no body") }
        var (event, warnings) = try request.decoded(body, as: Event.self)
        if event.metadata.namespace.isEmpty { event.metadata.namespace = request.namespace }
        guard event.metadata.namespace == request.namespace else {
            throw .badRequest("the namespace of the provided object does not match the namespace sent on the request")
        }
        event.clearSystemMetadata()
        try admitNamespace(of: event)
        try Validation.check(event)
        if event.metadata.name.isEmpty { event.metadata.name = generatedName(event.metadata.generateName) }
        let key = event.key
        if eventObjects.contains(where: { $0.key == key }) {
            throw .alreadyExists(Event.resource, event.metadata.name)
        }
        event.metadata.uid = newUID()
        event.metadata.creationTimestamp = wallTime
        put(&event, .added)
        return APIResponse(code: 201, body: .object(event.jsonValue), warnings: warnings)
    }

    /// Changes an Event; one of the cluster's own becomes the user's, and the component begins another.
    private mutating func changeEvent(_ request: APIRequest) throws(APIStatus) -> APIResponse {
        guard var body = request.body else { throw .badRequest("the request has no body") }
        let old = try event(request)
        if request.verb == .patch {
            body = try apply(request, to: old.jsonValue, Event.self)
            try PatchResult.check(body, request, Event.self)
        }
        var (event, warnings) = try request.decoded(body, as: Event.self)
        if !event.metadata.resourceVersion.isEmpty, event.metadata.resourceVersion != old.metadata.resourceVersion {
            throw .conflict(
                Event.resource, old.metadata.name,
                "the object has been modified; please apply your changes to the latest version and try again")
        }
        event.keepSystemMetadata(of: old)
        try Validation.check(event, replacing: old, subresource: "")
        if event != old {
            removeRecords(of: [old])
            put(&event, .modified)
        }
        return APIResponse(code: 200, body: .object(event.jsonValue), warnings: warnings)
    }

    private mutating func deleteEvents(_ request: APIRequest) throws(APIStatus) -> APIResponse {
        if request.verb == .delete {
            let found = try event(request)
            remove([found])
            return APIResponse(code: 200, body: .object(found.jsonValue))
        }
        let selection = try ObjectSelection(request)
        let found = eventObjects.filter { selection.matches($0) }
        remove(found)
        return APIResponse(code: 200, body: .list(found.map(\.jsonValue)))
    }

    private mutating func put(_ event: inout Event, _ kind: ObjectChange.Kind) {
        store.revision += 1
        event.metadata.resourceVersion = "\(store.revision)"
        event.apiVersion = nil
        event.kind = nil
        events.write(event, now: now)
        tellEventWatchers(kind, event)
    }

    private mutating func remove(_ found: [Event]) {
        removeRecords(of: found)
        events.removeWritten(Set(found.map(\.key)))
        for var event in found {
            store.revision += 1
            event.metadata.resourceVersion = "\(store.revision)"
            tellEventWatchers(.deleted, event)
        }
    }

    private mutating func removeRecords(of found: [Event]) {
        let keys = Set(found.map(\.key))
        events.removeRecords(Set(events.records.filter { keys.contains(object(of: $0).key) }.map(\.number)))
    }

    private mutating func tellEventWatchers(_ kind: ObjectChange.Kind, _ event: Event) {
        let revision = store.revision
        tell(
            WatchedChange(subject: .events, kind: kind, revision: revision, content: .object(old: event, new: event)))
    }
}
