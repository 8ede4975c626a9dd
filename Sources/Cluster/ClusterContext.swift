import ContainerRuntime
import KubernetesAPI
import Simulation

/// What a component of the cluster works with while it handles an event: the API store, the time, the queue and the
/// way out to the container runtime. Components never call each other; they change objects and see changes.
public struct ClusterContext: Sendable {
    public var clock = Clock()
    public var queue = EventQueue<ClusterWork>()
    public internal(set) var store = APIStore()
    public var events = EventLog()
    public var settings: ClusterSettings
    /// Requests to the container runtime, carried out by `World` right after the event; a reused buffer.
    public var runtimeRequests: [RuntimeRequest] = []
    /// Changes that no component has seen yet; routed right after the event.
    var changes: [ObjectChange] = []
    /// Keys that wait in a controller's queue already; membership only, so its order never matters.
    var pendingKeys: Set<WorkKey> = []
    var allocations: ServiceAllocations
    /// What follows from specs; not part of the state.
    var shapes = SpecCache<PodShape>()
    var admitted = SpecCache<AdmittedTemplate>()
    /// Who listens to changes; not part of the state.
    var watchers: [Watcher] = []
    /// Every change since somebody took them last; nil while nobody wants them. Not part of the state.
    var feed: [WatchedChange]?
    /// Every change since an inspector asked for them; nil while nobody does. Not part of the state.
    var trail: [ObjectChange]?
    private var names: RandomStream
    private var uids: RandomStream
    /// For what befalls controllers: late watches and lost races.
    private var mishaps: RandomStream

    public init(settings: ClusterSettings, seed: UInt64) {
        self.settings = settings
        names = RandomStream(seed: seed, name: "apiserver/names")
        uids = RandomStream(seed: seed, name: "apiserver/uids")
        mishaps = RandomStream(seed: seed, name: "controllers/mishaps")
        allocations = ServiceAllocations(seed: seed)
    }

    public var now: SimulationTime { clock.now }

    /// The wall clock of the simulated cluster, in whole seconds as API objects carry it.
    public var wallTime: Time { wallTime(at: clock.now) }

    public func wallTime(at time: SimulationTime) -> Time { settings.wallTime(at: time) }

    /// The simulated instant of an API timestamp.
    public func simulationTime(_ time: Time) -> SimulationTime {
        settings.simulationTime(time)
    }

    /// Whether a key waits in a controller's queue.
    mutating func take(_ controller: ControllerName, _ id: AnyObjectID) -> Bool {
        pendingKeys.remove(WorkKey(controller: controller, id: id)) != nil
    }

    /// Puts a key into a controller's work queue, once, as an informer's handler does.
    public mutating func enqueue(_ controller: ControllerName, _ id: AnyObjectID) {
        guard pendingKeys.insert(WorkKey(controller: controller, id: id)).inserted else { return }
        var delay = settings.informerLag
        if settings.informerLagSpread > .zero { delay += settings.informerLagSpread * mishaps.unit() }
        queue.schedule(.reconcile(controller, id), after: delay, on: &clock)
    }

    /// Whether the controller that is about to handle a key loses the race for its first write; then the key comes
    /// back after the delay of a rate limiter (`workqueue.DefaultTypedControllerRateLimiter`: 5 ms at first).
    mutating func losesRace(_ controller: ControllerName, _ id: AnyObjectID) -> Bool {
        guard settings.updateConflictRate > 0, mishaps.chance(settings.updateConflictRate) else { return false }
        queue.schedule(.reconcile(controller, id), after: .milliseconds(5 + Int64(mishaps.below(40))), on: &clock)
        return true
    }

    public mutating func enqueue<Object: StoredObject>(_ controller: ControllerName, _ id: ObjectID<Object>) {
        enqueue(controller, AnyObjectID(id))
    }

    /// Puts a key into a controller's work queue after a delay (`AddAfter`): beside what waits there already.
    public mutating func enqueue<Object: StoredObject>(
        _ controller: ControllerName, _ id: ObjectID<Object>, after delay: Duration
    ) {
        queue.schedule(.reconcile(controller, AnyObjectID(id)), after: delay, on: &clock)
    }

    // MARK: Writing

    /// Stores a new object: gives it name, UID, revision, generation and creation time. Admission comes before.
    /// - Throws: `AlreadyExists`.
    @discardableResult
    public mutating func create<Object: StoredObject>(_ object: Object) throws(APIStatus) -> ObjectID<Object> {
        var object = object
        if object.metadata.name.isEmpty, !object.metadata.generateName.isEmpty {
            repeat {
                object.metadata.name = generatedName(object.metadata.generateName)
            } while store[keyPath: Object.table].id(object.key) != nil
        }
        guard store[keyPath: Object.table].id(object.key) == nil else {
            throw .alreadyExists(Object.resource, object.metadata.name)
        }
        store.revision += 1
        if object.metadata.uid.isEmpty { object.metadata.uid = newUID() }
        object.metadata.resourceVersion = String(store.revision)
        if object.metadata.generation == 0, Object.countsGenerations { object.metadata.generation = 1 }
        object.metadata.creationTimestamp = wallTime
        object.apiVersion = nil
        object.kind = nil
        let id = store[keyPath: Object.table].insert(object)
        store.index(object, id)
        emit(.added, id, old: nil, new: object)
        return id
    }

    /// Changes an object and tells the watchers. Returns the object after the change, nil if it is gone.
    ///
    /// The caller makes sure that there is a change; `changesSpec` counts `metadata.generation` up.
    @discardableResult
    public mutating func update<Object: StoredObject>(
        _ id: ObjectID<Object>, changesSpec: Bool = false, _ body: (inout Object) -> Void
    ) -> Object? {
        guard let old = store[id] else { return nil }
        let revision = store.revision + 1
        // Only owners and the node of a pod are indexed; few updates touch them.
        let new = store[keyPath: Object.table].modify(id) { object in
            body(&object)
            object.metadata.resourceVersion = String(revision)
            if changesSpec, Object.countsGenerations { object.metadata.generation += 1 }
            return object
        }
        guard let new else { return nil }
        store.revision = revision
        if Self.indexKeysDiffer(old, new) {
            store.unindex(old, id)
            store.index(new, id)
        } else if let old = old as? Pod, let new = new as? Pod {
            store.retally(old, new)
        }
        emit(.modified, id, old: old, new: new)
        if new.metadata.deletionTimestamp != nil, new.metadata.finalizers.isEmpty,
            !Object.deletesGracefully || (Object.objectKind == .pod && new.metadata.deletionGracePeriodSeconds == 0)
        {
            remove(id)
            return nil
        }
        return new
    }

    /// Removes an object at once, whatever its finalizers; `APIServer` and the garbage collector decide when.
    @discardableResult
    public mutating func remove<Object: StoredObject>(_ id: ObjectID<Object>) -> Object? {
        guard let old = store[keyPath: Object.table].remove(id) else { return nil }
        store.unindex(old, id)
        store.revision += 1
        var last = old
        last.metadata.resourceVersion = "\(store.revision)"
        emit(.deleted, id, old: old, new: last)
        return last
    }

    private mutating func emit<Object: StoredObject>(
        _ kind: ObjectChange.Kind, _ id: ObjectID<Object>, old: Object?, new: Object
    ) {
        clock.note("\(Object.resource.singular)/\(new.key)", "\(kind) at revision \(store.revision)")
        if isWatched { tellWatchers(kind, old: old, new: new) }
        let change = ObjectChange(kind: kind, id: id, revision: store.revision, old: old, new: new)
        changes.append(change)
        trail?.append(change)
    }

    private static func indexKeysDiffer<Object: StoredObject>(_ old: Object, _ new: Object) -> Bool {
        if let old = old as? Pod, let new = new as? Pod, old.spec.nodeName != new.spec.nodeName { return true }
        let (before, after) = (old.metadata.ownerReferences, new.metadata.ownerReferences)
        return before.count != after.count || zip(before, after).contains { $0.uid != $1.uid }
    }

    // MARK: Names

    private static let nameAlphabet = Array("bcdfghjklmnpqrstvwxz2456789")

    /// A name from `generateName`: at most 58 bytes of it and five random characters.
    mutating func generatedName(_ base: String) -> String {
        String(decoding: base.utf8.prefix(58), as: UTF8.self) + generatedSuffix()
    }

    /// Five random characters.
    mutating func generatedSuffix() -> String {
        var suffix = ""
        for _ in 0..<5 { suffix.append(Self.nameAlphabet[Int(names.below(UInt64(Self.nameAlphabet.count)))]) }
        return suffix
    }

    /// A random UUID (version 4) from the world's seed.
    mutating func newUID() -> String {
        var (high, low) = (uids.next(), uids.next())
        high = high & 0xffff_ffff_ffff_0fff | 0x4000
        low = low & 0x3fff_ffff_ffff_ffff | 0x8000_0000_0000_0000
        func hex(_ value: UInt64, _ digits: Int) -> String {
            let text = String(value, radix: 16)
            return String(repeating: "0", count: max(0, digits - text.count)) + text
        }
        return [
            hex(high >> 32, 8), hex(high >> 16 & 0xffff, 4), hex(high & 0xffff, 4), hex(low >> 48, 4),
            hex(low & 0xffff_ffff_ffff, 12),
        ].joined(separator: "-")
    }
}

extension StoredObject {
    /// Whether the kind counts `metadata.generation` (those with a spec that controllers observe).
    static var countsGenerations: Bool {
        switch objectKind {
        case .deployment, .replicaSet, .statefulSet, .daemonSet, .job, .cronJob, .pod, .podDisruptionBudget, .ingress,
            .priorityClass, .endpointSlice:
            true
        case .node, .namespace, .service, .endpoints, .configMap, .secret, .serviceAccount, .persistentVolumeClaim,
            .limitRange, .resourceQuota, .controllerRevision, .horizontalPodAutoscaler, .lease, .role, .clusterRole,
            .roleBinding, .clusterRoleBinding:
            false
        }
    }

    /// Whether a replacement of an object that is not there creates it (`AllowCreateOnUpdate` of the kinds' strategies).
    static var isCreatedByUpdate: Bool { objectKind == .lease }

    /// Whether a replacement may leave out which revision it is of (`AllowUnconditionalUpdate`): of a Lease, by which
    /// leaders are elected, it may not.
    static var isUpdatedUnconditionally: Bool { objectKind != .lease && objectKind != .podDisruptionBudget }

    /// Whether deletion waits for somebody else (the kubelet, the namespace controller) to confirm it.
    static var deletesGracefully: Bool { objectKind == .pod || objectKind == .namespace }
}

extension ClusterContext: BinaryCodable {
    public func write(to writer: inout BinaryWriter) {
        writer.section("cluster", version: 1)
        writer.write(queue)
        writer.write(store)
        writer.write(events)
        writer.write(settings)
        writer.write(pendingKeys)
        writer.write(names)
        writer.write(uids)
        writer.write(mishaps)
        writer.write(allocations)
    }

    public init(from reader: inout BinaryReader) throws(BinaryDecodingError) {
        try reader.section("cluster", version: 1)
        queue = try reader.read()
        store = try reader.read()
        events = try reader.read()
        settings = try reader.read()
        pendingKeys = try reader.read()
        names = try reader.read()
        uids = try reader.read()
        mishaps = try reader.read()
        allocations = try reader.read()
    }
}
