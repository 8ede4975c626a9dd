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
    private var job = JobController()
    private var cronJob = CronJobController()
    private var disruption = DisruptionController()
    private var resourceQuota = ResourceQuotaController()
    private var podGarbageCollector = PodGarbageCollector()

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
            job.observe(change, &context)
            disruption.observe(change, &context)
            podGarbageCollector.observe(change, &context)
        case .replicaSet:
            replicaSet.observe(change, &context)
            deployment.observe(change, &context)
            disruption.observe(change, &context)
        case .deployment:
            deployment.observe(change, &context)
            disruption.observe(change, &context)
        case .statefulSet:
            statefulSet.observe(change, &context)
            disruption.observe(change, &context)
        case .job:
            job.observe(change, &context)
            cronJob.observe(change, &context)
        case .cronJob: cronJob.observe(change, &context)
        case .podDisruptionBudget: disruption.observe(change, &context)
        case .daemonSet: daemonSet.observe(change, &context)
        case .horizontalPodAutoscaler: horizontalPodAutoscaler.observe(change, &context)
        case .service, .endpointSlice: endpointSlice.observe(change, &context)
        case .node:
            daemonSet.observe(change, &context)
            nodeLifecycle.observe(change, &context)
            podGarbageCollector.observe(change, &context)
        case .namespace, .endpoints, .configMap, .secret, .serviceAccount, .persistentVolumeClaim, .limitRange,
            .resourceQuota,
            .controllerRevision, .priorityClass, .lease, .ingress,
            .role,
            .clusterRole, .roleBinding, .clusterRoleBinding:
            break
        }
        resourceQuota.observe(change, &context)
        garbageCollector.observe(change, &context)
        namespace.observe(change, &context)
    }

    /// Hands a key to the controller whose queue it was in.
    mutating func reconcile(
        _ controller: ControllerName, _ id: AnyObjectID, resource: (ObjectID<Pod>) -> PodUsageSample?,
        metrics: inout some MetricSource,
        kubelet: Kubelet, _ context: inout ClusterContext
    ) {
        switch controller {
        case .deployment: deployment.reconcile(id, &context)
        case .replicaSet: replicaSet.reconcile(id, &context)
        case .statefulSet: statefulSet.reconcile(id, &context)
        case .daemonSet: daemonSet.reconcile(id, &context)
        case .horizontalPodAutoscaler:
            horizontalPodAutoscaler.reconcile(
                id, resource: resource, metrics: &metrics, sandbox: { kubelet.sandbox(of: $0) }, &context)
        case .endpointSlice: endpointSlice.reconcile(id, &context)
        case .garbageCollector: garbageCollector.reconcile(id, &context)
        case .namespace: namespace.reconcile(id, &context)
        case .nodeLifecycle, .taintEviction: nodeLifecycle.reconcile(controller, id, kubelet, &context)
        case .job: job.reconcile(id, &context)
        case .cronJob: cronJob.reconcile(id, &context)
        case .disruption: disruption.reconcile(id, &context)
        case .resourceQuota: resourceQuota.reconcile(id, &context)
        case .podGarbageCollector: podGarbageCollector.reconcile(id, &context)
        case .serviceAccount, .kubeProxy: break
        }
    }

    /// Whether the garbage collector has yet to see to the dependents of an owner that is gone.
    func collectsDependents(of uid: String) -> Bool { garbageCollector.collectsDependents(of: uid) }

    /// A controller's process restarts: what it kept in memory only is gone, and its informers list everything anew.
    mutating func restart(_ controller: ControllerName, _ context: inout ClusterContext) {
        switch controller {
        case .deployment: deployment.restart()
        case .replicaSet: replicaSet.restart()
        case .statefulSet: statefulSet.restart()
        case .daemonSet: daemonSet.restart()
        case .job: job.restart()
        case .cronJob: cronJob.restart()
        case .horizontalPodAutoscaler: horizontalPodAutoscaler.restart()
        case .disruption: disruption.restart()
        case .nodeLifecycle, .taintEviction: nodeLifecycle.restart(&context)
        case .garbageCollector: garbageCollector.restart(&context)
        // What these remember is an index of the store, or nothing.
        case .endpointSlice, .namespace, .resourceQuota, .podGarbageCollector, .serviceAccount, .kubeProxy: break
        }
        for kind in Self.kinds(of: controller) {
            func open<Object: StoredObject>(_ type: Object.Type, _ context: inout ClusterContext) {
                for id in context.store[keyPath: Object.table].ids { context.enqueue(controller, id) }
            }
            open(kind.type, &context)
        }
    }

    /// The kinds whose objects are a controller's keys.
    private static func kinds(of controller: ControllerName) -> [ObjectKind] {
        switch controller {
        case .deployment: [.deployment]
        case .replicaSet: [.replicaSet]
        case .statefulSet: [.statefulSet]
        case .daemonSet: [.daemonSet]
        case .job: [.job]
        case .cronJob: [.cronJob]
        case .horizontalPodAutoscaler: [.horizontalPodAutoscaler]
        case .endpointSlice: [.service]
        case .disruption: [.podDisruptionBudget]
        case .nodeLifecycle: [.node]
        case .namespace, .serviceAccount: [.namespace]
        case .resourceQuota: [.resourceQuota]
        case .podGarbageCollector, .taintEviction, .garbageCollector, .kubeProxy: []
        }
    }
}

extension ControllerManager: BinaryCodable {
    public func write(to writer: inout BinaryWriter) {
        writer.section("controller-manager", version: 4)
        writer.write(deployment)
        writer.write(replicaSet)
        writer.write(statefulSet)
        writer.write(daemonSet)
        writer.write(horizontalPodAutoscaler)
        writer.write(endpointSlice)
        writer.write(garbageCollector)
        writer.write(nodeLifecycle)
        writer.write(job)
        writer.write(cronJob)
        writer.write(disruption)
        writer.write(podGarbageCollector)
    }

    public init(from reader: inout BinaryReader) throws(BinaryDecodingError) {
        try reader.section("controller-manager", version: 4)
        deployment = try reader.read()
        replicaSet = try reader.read()
        statefulSet = try reader.read()
        daemonSet = try reader.read()
        horizontalPodAutoscaler = try reader.read()
        endpointSlice = try reader.read()
        garbageCollector = try reader.read()
        nodeLifecycle = try reader.read()
        job = try reader.read()
        cronJob = try reader.read()
        disruption = try reader.read()
        podGarbageCollector = try reader.read()
    }
}
