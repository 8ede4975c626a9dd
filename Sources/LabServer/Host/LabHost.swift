import Cluster
import Kubectl
import KubernetesAPI
import Lab
import Simulation

/// The one owner of a served lab's world: requests come in one after another, time passes between them.
///
/// What arrives is an input like any other: it is written to the lab's file before it is answered. What time does is
/// written once a second, and whenever an input is; reading leaves no trace.
actor LabHost {
    /// An answer with what is needed to show it.
    struct Reply: Sendable {
        var response: APIResponse
        /// The cluster's wall clock.
        var now: Time
        /// The kinds that definitions add.
        var kinds: [CustomKind]
        /// For a deletion: whether the object is still there, waiting for its end.
        var isLeft = true
    }

    var session: LabSession
    private var pace: Pace
    private var history: ChangeHistory
    private var watches: [(id: Int, watch: HostedWatch)] = []
    /// Numbers of watches, commands and the like.
    var nextNumber = 1
    var shells: [HostedShell] = []
    var exchanges: [HostedExchange] = []
    var logs: [HostedLog] = []
    /// Logs and traces as they were last asked for.
    var telemetry = RecentTelemetry()
    /// Why time stands still although it should run.
    private(set) var failure: String?
    private var isAdvancing = false
    /// When inputs and when the whole world were written last.
    private var (written, saved) = (Swift.Duration.zero, Swift.Duration.zero)
    private let wall: @Sendable () -> Swift.Duration

    /// Events that are handled at once before requests get their turn.
    static let portion: UInt64 = 20_000
    /// Wall time between two writings of what time did, and of the whole world.
    static let (writeInterval, saveInterval) = (Swift.Duration.seconds(1), Swift.Duration.seconds(30))

    /// - Parameter wall: time of the wall since some moment.
    init(_ session: LabSession, speed: Speed, wall: @escaping @Sendable () -> Swift.Duration) {
        var session = session
        session.keepChanges()
        history = ChangeHistory(since: session.world.cluster.revision)
        pace = Pace(speed, wall: wall(), time: session.now)
        self.session = session
        self.wall = wall
    }

    var speed: Speed { pace.speed }
    var namespace: String { session.world.scenario.namespace }
    var now: SimulationTime { session.now }
    var kinds: [CustomKind] { session.world.cluster.customKinds }

    // MARK: Requests

    /// Answers a request; one that changes something is in the lab's file before the answer is known.
    /// - Parameter precondition: what must be so of a stored object before it is deleted.
    func respond(to request: APIRequest, if precondition: Precondition = Precondition()) -> Reply {
        var reply = Reply(response: APIResponse(code: 200, body: .text("")), now: session.wallTime, kinds: kinds)
        if !precondition.isEmpty, let refusal = refusal(of: request, precondition) {
            reply.response = APIResponse(refusal)
            return reply
        }
        reply.response = session.respond(to: request)
        guard request.changesObjects else { return reply }
        if case .failure = reply.response.body { return reply }
        do { try write() } catch {
            reply.response = APIResponse(.internalError("\(error)"))
            return reply
        }
        if request.verb == .delete, case .object(let object) = reply.response.body {
            reply.isLeft = isThere(object, request)
        }
        reply.kinds = kinds
        return reply
    }

    /// A part of a list of stored objects; nil for other lists, which ``respond(to:if:)`` answers.
    func listing(_ reading: RequestReader.Reading) throws(APIStatus) -> (Listing, Time)? {
        let listing = try session.world.cluster.listing(
            reading.request, after: reading.continuation?.key ?? "", limit: reading.limit)
        return listing.map { ($0, session.wallTime) }
    }

    /// Whoever may not delete does not learn what the object is like either.
    private func refusal(of request: APIRequest, _ precondition: Precondition) -> APIStatus? {
        do throws(APIStatus) { try authorize(request) } catch { return error }
        guard case .object(let object) = stored(request) else { return nil }
        let metadata = object["metadata"]
        return precondition.conflict(
            uid: metadata?["uid"]?.string ?? "", revision: metadata?["resourceVersion"]?.string ?? "", request)
    }

    private func stored(_ request: APIRequest) -> APIResponse.Body {
        let reading = APIRequest(.get, request.resource, namespace: request.namespace, name: request.name)
        return session.respond(to: reading).body
    }

    private func isThere(_ object: JSONValue, _ request: APIRequest) -> Bool {
        guard case .object(let now) = stored(request) else { return false }
        return now["metadata"]?["uid"] == object["metadata"]?["uid"]
    }

    /// Writes what came in, and tells those who watch.
    func write() throws {
        do { try session.commitInputs() } catch {
            try? session.revert()
            begin()
            throw error
        }
        written = wall()
        tell()
    }

    /// After the world was another for a moment: whoever watches has to begin anew.
    private func begin() {
        session.keepChanges()
        history = ChangeHistory(since: session.world.cluster.revision)
        for (_, watch) in watches { watch.stream.abort() }
        watches = []
        pace.restart(wall: wall(), time: session.now)
    }

    /// The newest revision of the store.
    var revision: Int64 { session.world.cluster.revision }

    /// The service account that a token stands for.
    func user(ofToken token: String) -> RequestUser? {
        session.world.cluster.user(ofToken: token, at: session.wallTime)
    }

    func effectiveUser(_ sender: RequestUser, as impersonated: RequestUser) throws(APIStatus) -> RequestUser {
        try session.world.cluster.effectiveUser(sender, as: impersonated)
    }

    func decide(_ wanted: AccessAttributes) -> Bool { session.world.cluster.decide(wanted).isAllowed }

    func authorize(_ request: APIRequest) throws(APIStatus) { try session.world.cluster.authorize(request) }

    func authorize(watch request: APIRequest) throws(APIStatus) {
        try session.world.cluster.authorize(request, isWatch: true)
    }

    // MARK: Watches

    /// Begins a watch: sends what it begins with, and from then on what changes.
    /// - Throws: why it cannot begin there; what it asks for may have been forgotten since it was let in.
    /// - Returns: its number.
    func begin(_ watch: HostedWatch, _ start: HostedWatch.Start) throws(APIStatus) -> Int {
        tell()
        if case .after(let revision) = start, let refusal = refusal(ofWatchAfter: revision) { throw refusal }
        var watch = watch
        let now = session.wallTime
        AddedKinds.$current.withValue(kinds) {
            switch start {
            case .present, .presentWithBookmark:
                if case .list(let objects) = session.respond(to: watch.request).body {
                    for object in objects { watch.send("ADDED", object, at: now) }
                }
                if start == .presentWithBookmark {
                    watch.sendBookmark(revision: session.world.cluster.revision, endsInitialEvents: true)
                }
            case .after(let revision):
                for entry in history.since(revision) ?? [] { watch.send(entry, at: now) }
            }
        }
        let id = nextNumber
        nextNumber += 1
        watches.append((id, watch))
        return id
    }

    /// Why a watch cannot begin after a revision; nil if it can.
    func refusal(ofWatchAfter revision: Int64) -> APIStatus? {
        tell()
        let newest = session.world.cluster.revision
        if revision > newest {
            return .tooLarge(revision: revision, newest: newest)
        }
        guard history.since(revision) == nil else { return nil }
        return APIStatus(
            code: 410, reason: "Expired", message: "too old resource version: \(revision) (\(history.forgotten))")
    }

    var watchCount: Int { watches.count }

    /// What those who watch now would get as a list.
    var watched: [JSONValue] {
        watches.flatMap { _, watch -> [JSONValue] in
            if case .list(let objects) = session.respond(to: watch.request).body { objects } else { [] }
        }
    }

    func end(_ watch: Int) { watches.removeAll { $0.id == watch } }

    /// Tells a watch how far it has come, if it wants to know.
    func sendBookmark(_ watch: Int) {
        guard let index = watches.firstIndex(where: { $0.id == watch }), watches[index].watch.wantsBookmarks else {
            return
        }
        watches[index].watch.sendBookmark(revision: session.world.cluster.revision)
    }

    /// Gives the newest changes to those who watch, in their order.
    private func tell() {
        let changes = session.takeChanges()
        guard !changes.isEmpty else { return }
        let entries = changes.map(ChangeHistory.Entry.init)
        for entry in entries { history.append(entry) }
        guard !watches.isEmpty else { return }
        let now = session.wallTime
        AddedKinds.$current.withValue(kinds) {
            for index in watches.indices {
                for entry in entries { watches[index].watch.send(entry, at: now) }
            }
        }
    }

    // MARK: Time

    /// Lets pass what is due of simulated time, a portion at most.
    /// - Returns: whether more is due at once.
    func tick() -> Bool {
        let moment = wall()
        guard !isAdvancing, failure == nil else { return false }
        var due = pace.due(wall: moment, time: session.now)
        // A command that sleeps goes on at its own instant.
        if let wakes = shells.compactMap(\.shell.wakes).min() { due = min(due, max(wakes, session.now)) }
        if due > session.now {
            do { try pass(to: due) } catch {
                failure = "\(error)"
                pace.set(.paused, wall: moment, time: session.now)
                begin()
                return false
            }
        }
        keep(at: moment)
        return session.now < due
    }

    /// A portion of time, and what clients who wait for something see of it.
    private func pass(to target: SimulationTime) throws {
        try session.pass(to: target, events: Self.portion)
        tell()
        giveLogs()
        runShells()
        giveExchanges()
    }

    private func keep(at moment: Swift.Duration) {
        do {
            if moment - saved >= Self.saveInterval {
                try session.commit()
                (saved, written) = (moment, moment)
            } else if moment - written >= Self.writeInterval {
                try session.commitInputs()
                written = moment
            }
        } catch {
            failure = "\(error)"
            pace.set(.paused, wall: moment, time: session.now)
        }
    }

    func set(_ speed: Speed) {
        failure = nil
        pace.set(speed, wall: wall(), time: session.now)
    }

    /// Lets time pass that somebody asked for, however fast the lab runs otherwise; requests are answered meanwhile.
    /// - Throws: `RunError`, `LabStoreError`, or `CancellationError` if whoever asked went away.
    /// - Returns: whether the condition holds, which ends it early; false without one.
    @discardableResult
    func advance(by duration: Simulation.Duration, until condition: Lab.Condition? = nil) async throws -> Bool {
        while isAdvancing {
            try await Task.sleep(for: .milliseconds(10))
        }
        isAdvancing = true
        defer {
            isAdvancing = false
            pace.restart(wall: wall(), time: session.now)
        }
        let target = session.now + duration
        var holds = false
        while session.now < target, !holds {
            // A condition is looked at once a simulated second.
            let stop = condition == nil ? target : min(target, session.now + .seconds(1))
            do { try pass(to: stop) } catch {
                begin()
                throw error
            }
            keep(at: wall())
            holds = condition?.holds(in: session.world) ?? false
            await Task.yield()
            try Task.checkCancellation()
        }
        try session.commit()
        return holds
    }

    /// Writes everything; the lab can be opened by others afterwards.
    func finish() throws {
        for (_, watch) in watches { watch.stream.abort() }
        watches = []
        try session.commit()
    }
}

extension LabHost {
    /// Lets something go wrong, as `kubelab fault` does; its `at` counts from now.
    /// - Throws: `ConfigurationError` for a text that is no fault.
    func inject(_ fault: String) throws {
        try session.inject(fault, file: "fault")
        try write()
    }
}
