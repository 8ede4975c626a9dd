import ContainerRuntime
import KubernetesAPI
import Simulation

/// The control plane and the nodes: what runs above the container runtime.
///
/// Components change objects through the context; this type shows each change to every component, in one fixed order,
/// and hands each pending event to the component it belongs to.
public struct Cluster: Sendable {
    public internal(set) var context: ClusterContext
    public internal(set) var scheduler: Scheduler
    public internal(set) var kubelet: Kubelet
    public internal(set) var controllers: ControllerManager
    public internal(set) var kubeProxy = KubeProxy()
    public internal(set) var metricsServer: MetricsServer
    public internal(set) var autoscaler: ClusterAutoscaler
    /// What the machines cost and who used them.
    public internal(set) var machines = MachineMeter()

    public init(configuration: ClusterConfiguration, seed: UInt64) {
        context = ClusterContext(settings: configuration.settings, seed: seed)
        scheduler = Scheduler(seed: seed)
        kubelet = Kubelet(configuration: configuration.kubelet, seed: seed)
        controllers = ControllerManager()
        metricsServer = MetricsServer()
        autoscaler = ClusterAutoscaler(configuration: configuration.autoscaler, seed: seed)
    }

    /// Services as clients reach them now.
    public var endpoints: EndpointTable {
        get { kubeProxy.endpoints }
        _modify { yield &kubeProxy.endpoints }
    }

    /// The kinds that definitions add, a row for each served version, CustomResourceDefinitions themselves first.
    public var customKinds: [CustomKind] { context.store.custom.kinds }

    /// The objects of a kind that a definition adds, by namespace and name, as an operator's informer has them.
    public func customObjects(of resource: ResourceType) -> [JSONValue] {
        context.store.custom.sorted(resource.qualifiedPlural).map { $0.json(as: resource) }
    }

    /// When and in which place the next pending event comes.
    ///
    /// Inlined where it is asked for, once an event: a call would be handed a copy of the whole cluster.
    @inlinable public var next: (time: SimulationTime, sequence: UInt64)? { context.queue.next }

    /// How many events wait.
    @inlinable public var pendingEvents: Int { context.queue.count }

    /// Creates what every cluster has from the start: namespaces, priority classes, the API server's own service.
    public mutating func boot(clock: inout Clock) {
        lend(&clock) { cluster in
            for name in ["default", "kube-node-lease", "kube-public", "kube-system"] { cluster.createNamespace(name) }
            cluster.createPriorityClasses()
            cluster.metricsServer.start(&cluster.context)
            cluster.autoscaler.start(&cluster.context)
        }
    }

    /// Handles the next pending event. The clock must have begun it.
    /// - Parameter runtime: the running programs, which nobody changes here; handed on by value they would be copied.
    public mutating func handle(_ work: ClusterWork, clock: inout Clock, runtime: inout some RuntimeView) {
        lend(&clock) { cluster in
            switch work {
            case .reconcile(let controller, let id):
                _ = cluster.context.take(controller, id)
                if !cluster.context.losesRace(controller, id) { cluster.reconcile(controller, id, &runtime) }
            case .scheduler(let work): cluster.scheduler.handle(work, &cluster.context)
            case .kubelet(let work): cluster.kubelet.handle(work, usage: &runtime, &cluster.context)
            case .scrapeMetrics: cluster.metricsServer.scrape(cluster.kubelet, usage: &runtime, &cluster.context)
            case .clusterAutoscaler(let work): cluster.autoscaler.handle(work, &cluster.context)
            }
        }
    }

    /// Takes the next pending event out of the queue.
    public mutating func popNext() -> (time: SimulationTime, sequence: UInt64, event: ClusterWork)? {
        context.queue.popNext()
    }

    /// Hands reports of the container runtime to the kubelet, at the instant at which they are made.
    public mutating func receive(_ reports: [RuntimeReport], clock: inout Clock) {
        lend(&clock) { cluster in
            for report in reports { cluster.kubelet.receive(report, &cluster.context) }
        }
    }

    /// Takes the requests to the container runtime that were made since the last time; the buffer must be empty.
    public mutating func takeRuntimeRequests(into buffer: inout [RuntimeRequest]) {
        guard !context.runtimeRequests.isEmpty else { return }
        swap(&buffer, &context.runtimeRequests)
    }

    public var hasRuntimeRequests: Bool { !context.runtimeRequests.isEmpty }

    /// Lends the clock to the context for one event and shows the changes to everyone before it is given back.
    mutating func lend<Result>(_ clock: inout Clock, _ body: (inout Cluster) -> Result) -> Result {
        swap(&context.clock, &clock)
        let result = body(&self)
        routeChanges()
        swap(&context.clock, &clock)
        return result
    }

    private mutating func reconcile(_ controller: ControllerName, _ id: AnyObjectID, _ runtime: inout some RuntimeView)
    {
        if controller == .kubeProxy {
            kubeProxy.reconcile(id, &context) { [kubelet] pod in kubelet.sandbox(of: pod) }
        } else {
            controllers.reconcile(
                controller, id, resource: { [metricsServer] pod in metricsServer.usage(of: pod) }, metrics: &runtime,
                kubelet: kubelet,
                &context)
        }
    }

    /// Shows each change to every component; changes that this causes follow in order.
    private mutating func routeChanges() {
        var index = 0
        while index < context.changes.count {
            let change = context.changes[index]
            index += 1
            kubelet.observe(change, &context)
            scheduler.observe(change, &context)
            controllers.observe(change, &context)
            kubeProxy.observe(change, &context)
            metricsServer.observe(change, &context)
            machines.observe(change, &context)
        }
        context.changes.removeAll(keepingCapacity: true)
    }

    private mutating func createNamespace(_ name: String) {
        var namespace = Namespace()
        namespace.metadata.name = name
        namespace.metadata.labels["kubernetes.io/metadata.name"] = name
        namespace.spec.finalizers = ["kubernetes"]
        namespace.status.phase = "Active"
        _ = try? context.create(namespace)
    }

    private mutating func createPriorityClasses() {
        for (name, value) in [
            ("system-cluster-critical", Int32(2_000_000_000)), ("system-node-critical", 2_000_001_000),
        ] {
            var priority = PriorityClass()
            priority.metadata.name = name
            priority.value = value
            priority.preemptionPolicy = "PreemptLowerPriority"
            priority.description =
                name == "system-node-critical"
                ? "Used for system critical pods that must not be moved from their current node."
                : "Used for system critical pods that must run in the cluster, but can be moved to another node if necessary."
            _ = try? context.create(priority)
        }
    }
}

/// What a scenario says about the cluster.
public struct ClusterConfiguration: Sendable {
    public var settings: ClusterSettings
    public var kubelet: KubeletConfiguration
    public var autoscaler: ClusterAutoscalerConfiguration

    public init(
        settings: ClusterSettings = ClusterSettings(), kubelet: KubeletConfiguration = KubeletConfiguration(),
        autoscaler: ClusterAutoscalerConfiguration = ClusterAutoscalerConfiguration()
    ) {
        self.settings = settings
        self.kubelet = kubelet
        self.autoscaler = autoscaler
    }
}

extension Cluster: BinaryCodable {
    public func write(to writer: inout BinaryWriter) {
        writer.write(context)
        writer.write(scheduler)
        writer.write(kubelet)
        writer.write(controllers)
        writer.write(kubeProxy)
        writer.write(metricsServer)
        writer.write(autoscaler)
        writer.write(machines)
    }

    public init(from reader: inout BinaryReader) throws(BinaryDecodingError) {
        context = try reader.read()
        scheduler = try reader.read()
        kubelet = try reader.read()
        controllers = try reader.read()
        kubeProxy = try reader.read()
        metricsServer = try reader.read()
        autoscaler = try reader.read()
        machines = try reader.read()
        scheduler.restore(from: context.store)
        kubelet.restore(from: context.store)
    }
}
