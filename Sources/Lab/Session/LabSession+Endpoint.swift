import Cluster
import KubernetesAPI
import Monitoring
import Simulation

/// kubectl-shaped commands work on a session as on a cluster; what they change and the time that they let pass are
/// inputs.
extension LabSession: SimulatedEndpoint {
    public var wallTime: Time { world.wallTime }
    public var customKinds: [CustomKind] { world.cluster.customKinds }

    public mutating func respond(to request: APIRequest) -> APIResponse {
        var request = request
        // Account of who wrote what is kept in labs, where people look, not in trials.
        if request.fieldManager.isEmpty { request.fieldManager = "kubectl" }
        guard request.changesObjects else {
            // On a copy: a reader leaves no trace, not even a number in the order of events.
            var copy = world
            return copy.respond(to: request)
        }
        let before = world
        let response = world.respond(to: request)
        if case .failure = response.body {
            world = before
        } else {
            note(.request(request))
        }
        return response
    }

    public mutating func watch(_ request: APIRequest, for limit: Swift.Duration, _ each: (WatchEvent?) -> Bool) {
        // A request that cannot be read selects nothing; the list that comes before a watch says why.
        guard failure == nil, let watch = try? world.cluster.beginWatch(request) else { return }
        let (seconds, attoseconds) = limit.components
        let end = world.now + max(.zero, .seconds(seconds) + .nanoseconds(attoseconds / 1_000_000_000))
        do {
            try follow(watch, until: end, each)
            world.cluster.endWatch(watch)
            // Whole instants only: a replay handles all events of an input's time.
            try world.advance(to: world.now)
            note(.advance)
        } catch {
            world.cluster.endWatch(watch)
            failure = error
        }
    }

    private mutating func follow(_ watch: Cluster.WatchID, until end: SimulationTime, _ each: (WatchEvent?) -> Bool)
        throws
    {
        while world.now < end {
            let tick = min(world.now + Self.lookInterval, end)
            var stopped = true
            while stopped {
                stopped = try world.advance(to: tick) { $0.cluster.hasWatchEvents(watch) }
                let events = world.cluster.takeWatchEvents(watch)
                guard !events.isEmpty else { continue }
                // What is told may be printed at once, so it is committed first.
                note(.advance)
                try commitInputs()
                for var event in events {
                    event.time = wallTime
                    guard each(event) else { return }
                }
            }
            note(.advance)
            if !each(nil) { return }
        }
    }
}

extension APIRequest {
    /// Whether it is an input: it changes what is stored.
    public var changesObjects: Bool {
        switch verb {
        case .get, .list: false
        case .create, .update, .patch, .delete, .deletecollection: !dryRun && !isReview && subresource != "token"
        }
    }
}

extension LabSession {
    /// Asks the lab's Alertmanager; what changes something there is an input.
    /// - Returns: nil for a lab without one.
    public mutating func askAlertmanager(_ request: AlertmanagerRequest) -> AlertmanagerResponse? {
        guard request.method != "GET", request.method != "HEAD" else {
            var copy = world
            return copy.askAlertmanager(request)
        }
        let answer = world.askAlertmanager(request)
        if answer != nil { note(.alertmanager(request)) }
        return answer
    }

    /// Hands a remote write to the lab's Prometheus; one that changes its store is an input.
    /// - Returns: nil for a lab without one.
    public mutating func receive(_ request: RemoteWriteRequest) -> RemoteWriteOutcome? {
        let outcome = world.receive(request)
        if outcome?.changed == true { note(.remoteWrite(request)) }
        return outcome
    }
}
