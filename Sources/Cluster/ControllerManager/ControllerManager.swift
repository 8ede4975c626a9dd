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
        case .namespace, .endpoints, .configMap, .secret, .serviceAccount, .persistentVolumeClaim, .limitRange, .resourceQuota,
            .controllerRevision, .job, .cronJob, .podDisruptionBudget, .priorityClass, .endpointSlice, .lease, .ingress, .role,
            .clusterRole, .roleBinding, .clusterRoleBinding:
            break
        }
        garbageCollector.observe(change, &context)
        namespace.observe(change, &context)
    }

    /// Hands a key to the controller whose queue it was in.
    mutating func reconcile(
        _ controller: ControllerName, _ id: AnyObjectID, resource: (ObjectID<Pod>) -> PodUsageSample?, metrics: some MetricSource,
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

    /// A controller's process restarts: what it kept in memory only is gone.
    mutating func restart(_ controller: ControllerName) {
        if controller == .horizontalPodAutoscaler { horizontalPodAutoscaler.restart() }
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
