import KubernetesAPI
import Simulation

/// The API server's storage: one table a kind, and the indexes that controllers ask most.
///
/// Every change goes through `create`, `update` and `delete` of ``ClusterContext``, which number it and tell the watchers.
public struct APIStore: Sendable {
    public internal(set) var nodes = ObjectTable<Node>()
    public internal(set) var namespaces = ObjectTable<Namespace>()
    public internal(set) var pods = ObjectTable<Pod>()
    public internal(set) var services = ObjectTable<Service>()
    public internal(set) var endpoints = ObjectTable<Endpoints>()
    public internal(set) var configMaps = ObjectTable<ConfigMap>()
    public internal(set) var secrets = ObjectTable<Secret>()
    public internal(set) var serviceAccounts = ObjectTable<ServiceAccount>()
    public internal(set) var persistentVolumeClaims = ObjectTable<PersistentVolumeClaim>()
    public internal(set) var limitRanges = ObjectTable<LimitRange>()
    public internal(set) var resourceQuotas = ObjectTable<ResourceQuota>()
    public internal(set) var deployments = ObjectTable<Deployment>()
    public internal(set) var replicaSets = ObjectTable<ReplicaSet>()
    public internal(set) var statefulSets = ObjectTable<StatefulSet>()
    public internal(set) var daemonSets = ObjectTable<DaemonSet>()
    public internal(set) var controllerRevisions = ObjectTable<ControllerRevision>()
    public internal(set) var jobs = ObjectTable<Job>()
    public internal(set) var cronJobs = ObjectTable<CronJob>()
    public internal(set) var horizontalPodAutoscalers = ObjectTable<HorizontalPodAutoscaler>()
    public internal(set) var podDisruptionBudgets = ObjectTable<PodDisruptionBudget>()
    public internal(set) var priorityClasses = ObjectTable<PriorityClass>()
    public internal(set) var endpointSlices = ObjectTable<EndpointSlice>()
    public internal(set) var leases = ObjectTable<Lease>()
    public internal(set) var ingresses = ObjectTable<Ingress>()
    public internal(set) var roles = ObjectTable<Role>()
    public internal(set) var clusterRoles = ObjectTable<ClusterRole>()
    public internal(set) var roleBindings = ObjectTable<RoleBinding>()
    public internal(set) var clusterRoleBindings = ObjectTable<ClusterRoleBinding>()

    /// Definitions of kinds, and the objects of those kinds.
    var custom = CustomObjects()

    /// The revision of the newest change, `metadata.resourceVersion` of the object that it made.
    public internal(set) var revision: Int64 = 1
    /// Dependents by the UID of their owner, sorted; rebuilt on restore.
    var dependentsByOwner: [String: [AnyObjectID]] = [:]
    /// Pods by the node they are bound to, sorted; rebuilt on restore.
    var podsByNode: [String: [ObjectID<Pod>]] = [:]
    /// The pods of each ReplicaSet, counted, by its UID; rebuilt on restore.
    var podTallies: [String: PodTally] = [:]
    /// Pods that nobody controls, sorted; rebuilt on restore.
    public private(set) var orphanPods: [ObjectID<Pod>] = []
    /// ReplicaSets that nobody controls, sorted; rebuilt on restore.
    private(set) var orphanReplicaSets: [ObjectID<ReplicaSet>] = []

    public init() {}

    public subscript<Object: StoredObject>(_ id: ObjectID<Object>) -> Object? { self[keyPath: Object.table][id] }

    /// The object called `namespace/name`.
    public func named<Object: StoredObject>(_ key: String, _ type: Object.Type = Object.self) -> Object? {
        self[keyPath: Object.table].named(key)
    }

    /// Objects of one kind that name `uid` as an owner, in the order of their slots.
    public func dependents<Object: StoredObject>(of uid: String, _ type: Object.Type = Object.self) -> [ObjectID<
        Object
    >] {
        (dependentsByOwner[uid] ?? []).compactMap { $0.typed() }
    }

    /// Objects of any kind that name `uid` as an owner.
    public func dependents(of uid: String) -> [AnyObjectID] { dependentsByOwner[uid] ?? [] }

    /// Pods bound to a node.
    public func pods(on node: String) -> [ObjectID<Pod>] { podsByNode[node] ?? [] }

    mutating func index<Object: StoredObject>(_ object: Object, _ id: ObjectID<Object>) {
        for owner in object.metadata.ownerReferences {
            dependentsByOwner[owner.uid, default: []].insertSorted(AnyObjectID(id))
        }
        if Object.objectKind == .replicaSet, object.controller == nil,
            let id: ObjectID<ReplicaSet> = AnyObjectID(id).typed()
        {
            orphanReplicaSets.insertSorted(id)
        }
        guard let pod = object as? Pod, let id = AnyObjectID(id).typed(Pod.self) else { return }
        tally(pod, sign: 1)
        if !pod.spec.nodeName.isEmpty { podsByNode[pod.spec.nodeName, default: []].insertSorted(id) }
        if pod.controller == nil { orphanPods.insertSorted(id) }
    }

    mutating func unindex<Object: StoredObject>(_ object: Object, _ id: ObjectID<Object>) {
        for owner in object.metadata.ownerReferences {
            dependentsByOwner[owner.uid]?.removeSorted(AnyObjectID(id))
            if dependentsByOwner[owner.uid]?.isEmpty == true { dependentsByOwner[owner.uid] = nil }
        }
        if Object.objectKind == .replicaSet, object.controller == nil,
            let id: ObjectID<ReplicaSet> = AnyObjectID(id).typed()
        {
            orphanReplicaSets.removeSorted(id)
        }
        guard let pod = object as? Pod, let id = AnyObjectID(id).typed(Pod.self) else { return }
        tally(pod, sign: -1)
        if !pod.spec.nodeName.isEmpty {
            podsByNode[pod.spec.nodeName]?.removeSorted(id)
            if podsByNode[pod.spec.nodeName]?.isEmpty == true { podsByNode[pod.spec.nodeName] = nil }
        }
        if pod.controller == nil { orphanPods.removeSorted(id) }
    }
}

extension ObjectID: Comparable {
    public static func < (left: Self, right: Self) -> Bool {
        (left.slot, left.generation) < (right.slot, right.generation)
    }
}

extension Array where Element: Comparable {
    private func place(of element: Element) -> Int {
        var (low, high) = (0, count)
        while low < high {
            let middle = (low + high) / 2
            if self[middle] < element { low = middle + 1 } else { high = middle }
        }
        return low
    }

    /// Inserts into a sorted array, once.
    mutating func insertSorted(_ element: Element) {
        let place = place(of: element)
        if place == count || self[place] != element { insert(element, at: place) }
    }

    /// Removes from a sorted array.
    mutating func removeSorted(_ element: Element) {
        let place = place(of: element)
        if place < count, self[place] == element { remove(at: place) }
    }
}

extension APIStore: BinaryCodable {
    public func write(to writer: inout BinaryWriter) {
        // 2 for a store with definitions of kinds.
        writer.section("store", version: custom.isEmpty ? 1 : 2)
        writer.write(revision)
        writer.write(nodes)
        writer.write(namespaces)
        writer.write(pods)
        writer.write(services)
        writer.write(endpoints)
        writer.write(configMaps)
        writer.write(secrets)
        writer.write(serviceAccounts)
        writer.write(persistentVolumeClaims)
        writer.write(limitRanges)
        writer.write(resourceQuotas)
        writer.write(deployments)
        writer.write(replicaSets)
        writer.write(statefulSets)
        writer.write(daemonSets)
        writer.write(controllerRevisions)
        writer.write(jobs)
        writer.write(cronJobs)
        writer.write(horizontalPodAutoscalers)
        writer.write(podDisruptionBudgets)
        writer.write(priorityClasses)
        writer.write(endpointSlices)
        writer.write(leases)
        writer.write(ingresses)
        writer.write(roles)
        writer.write(clusterRoles)
        writer.write(roleBindings)
        writer.write(clusterRoleBindings)
        if !custom.isEmpty { writer.write(custom) }
    }

    public init(from reader: inout BinaryReader) throws(BinaryDecodingError) {
        let version = try reader.section("store", versions: 1...2)
        revision = try reader.read()
        nodes = try reader.read()
        namespaces = try reader.read()
        pods = try reader.read()
        services = try reader.read()
        endpoints = try reader.read()
        configMaps = try reader.read()
        secrets = try reader.read()
        serviceAccounts = try reader.read()
        persistentVolumeClaims = try reader.read()
        limitRanges = try reader.read()
        resourceQuotas = try reader.read()
        deployments = try reader.read()
        replicaSets = try reader.read()
        statefulSets = try reader.read()
        daemonSets = try reader.read()
        controllerRevisions = try reader.read()
        jobs = try reader.read()
        cronJobs = try reader.read()
        horizontalPodAutoscalers = try reader.read()
        podDisruptionBudgets = try reader.read()
        priorityClasses = try reader.read()
        endpointSlices = try reader.read()
        leases = try reader.read()
        ingresses = try reader.read()
        roles = try reader.read()
        clusterRoles = try reader.read()
        roleBindings = try reader.read()
        clusterRoleBindings = try reader.read()
        if version >= 2 { custom = try reader.read() }
        rebuildIndexes()
    }

    /// Builds the indexes anew from the objects.
    mutating func rebuildIndexes() {
        dependentsByOwner = [:]
        podsByNode = [:]
        podTallies = [:]
        orphanPods = []
        orphanReplicaSets = []
        for kind in ObjectKind.allCases { reindex(kind.type) }
    }

    private mutating func reindex<Object: StoredObject>(_ type: Object.Type) {
        let table = self[keyPath: Object.table]
        for id in table.ids { if let object = table[id] { index(object, id) } }
    }
}
