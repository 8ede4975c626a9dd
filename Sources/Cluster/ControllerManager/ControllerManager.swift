import ContainerRuntime
import KubernetesAPI
import Simulation

/// kube-controller-manager: all control loops, each with its own memory.
public struct ControllerManager: Sendable {
    private var deployment = DeploymentController()
    private var replicaSet = ReplicaSetController()
    private var statefulSet = StatefulSetController()
    private var daemonSet = DaemonSetController()
    private(set) var horizontalPodAutoscaler = HorizontalPodAutoscalerController()
    private var endpointSlice = EndpointSliceController()
    private var garbageCollector = GarbageCollector()
    private var namespace = NamespaceController()
    private var nodeLifecycle = NodeLifecycleController()

    init() {}

    /// Shows a change to every controller that its kind can concern, in a fixed order.
    mutating func observe(_ change: ObjectChange, _ context: inout ClusterContext) {
        switch change.id.kind {
        case .pod:
            replicaSet.observe(change, &context)
            endpointSlice.observe(change, &context)
            deployment.observe(change, &context)
            statefulSet.observe(change, &context)
            daemonSet.observe(change, &context)
            nodeLifecycle.observe(change, &context)
        case .replicaSet:
            replicaSet.observe(change, &context)
            deployment.observe(change, &context)
        case .deployment: deployment.observe(change, &context)
        case .statefulSet: statefulSet.observe(change, &context)
        case .daemonSet: daemonSet.observe(change, &context)
        case .horizontalPodAutoscaler: horizontalPodAutoscaler.observe(change, &context)
        case .service: endpointSlice.observe(change, &context)
        case .node:
            daemonSet.observe(change, &context)
            nodeLifecycle.observe(change, &context)
        case .namespace, .endpoints, .configMap, .secret, .serviceAccount, .persistentVolumeClaim, .limitRange,
            .resourceQuota,
            .controllerRevision, .job, .cronJob, .podDisruptionBudget, .priorityClass, .endpointSlice, .lease, .ingress,
            .role,
            .clusterRole, .roleBinding, .clusterRoleBinding:
            break
        }
        garbageCollector.observe(change, &context)
        namespace.observe(change, &context)
    }

    /// Hands a key to the controller whose queue it was in.
    mutating func reconcile(
        _ controller: ControllerName, _ id: AnyObjectID, resource: (ObjectID<Pod>) -> PodUsageSample?,
        metrics: some MetricSource,
        kubelet: Kubelet, _ context: inout ClusterContext
    ) {
        switch controller {
        case .deployment: deployment.reconcile(id, &context)
        case .replicaSet: replicaSet.reconcile(id, &context)
        case .statefulSet: statefulSet.reconcile(id, &context)
        case .daemonSet: daemonSet.reconcile(id, &context)
        case .horizontalPodAutoscaler:
            horizontalPodAutoscaler.reconcile(
                id, resource: resource, metrics: metrics, sandbox: { kubelet.sandbox(of: $0) }, &context)
        case .endpointSlice: endpointSlice.reconcile(id, &context)
        case .garbageCollector: garbageCollector.reconcile(id, &context)
        case .namespace: namespace.reconcile(id, &context)
        case .nodeLifecycle, .taintEviction: nodeLifecycle.reconcile(controller, id, kubelet, &context)
        case .job, .cronJob, .disruption, .resourceQuota, .podGarbageCollector, .serviceAccount, .kubeProxy: break
        }
    }

    /// Whether the garbage collector has yet to see to the dependents of an owner that is gone.
    func collectsDependents(of uid: String) -> Bool { garbageCollector.collectsDependents(of: uid) }

    /// A controller's process restarts: what it kept in memory only is gone, and it looks at everything anew.
    mutating func restart(_ controller: ControllerName, _ context: inout ClusterContext) {
        switch controller {
        case .horizontalPodAutoscaler: horizontalPodAutoscaler.restart()
        case .deployment: for change in Self.listing(.deployment, context) { deployment.observe(change, &context) }
        case .replicaSet: for change in Self.listing(.replicaSet, context) { replicaSet.observe(change, &context) }
        case .statefulSet: for change in Self.listing(.statefulSet, context) { statefulSet.observe(change, &context) }
        case .daemonSet: for change in Self.listing(.daemonSet, context) { daemonSet.observe(change, &context) }
        case .garbageCollector:
            garbageCollector = GarbageCollector()
            for kind in ObjectKind.allCases {
                for change in Self.listing(kind, context) {
                    garbageCollector.observe(change, &context)
                    var again = change
                    again.kind = .modified
                    garbageCollector.observe(again, &context)
                }
            }
        case .job, .cronJob, .endpointSlice, .disruption, .nodeLifecycle, .taintEviction, .namespace, .resourceQuota,
            .podGarbageCollector, .serviceAccount, .kubeProxy:
            break
        }
    }

    /// All objects of a kind as a new watch shows them, in the order of a list.
    private static func listing(_ kind: ObjectKind, _ context: ClusterContext) -> [ObjectChange] {
        func open<Object: StoredObject>(_ type: Object.Type) -> [ObjectChange] {
            context.store[keyPath: Object.table].sorted.map { id, object in
                ObjectChange(kind: .added, id: AnyObjectID(id), revision: context.store.revision, old: nil, new: object)
            }
        }
        return open(kind.type)
    }
}

extension ControllerManager: BinaryCodable {
    public func write(to writer: inout BinaryWriter) {
        writer.section("controller-manager", version: 1)
        writer.write(horizontalPodAutoscaler)
        writer.write(endpointSlice)
        writer.write(garbageCollector)
        writer.write(nodeLifecycle)
    }

    public init(from reader: inout BinaryReader) throws(BinaryDecodingError) {
        try reader.section("controller-manager", version: 1)
        horizontalPodAutoscaler = try reader.read()
        endpointSlice = try reader.read()
        garbageCollector = try reader.read()
        nodeLifecycle = try reader.read()
    }
}
