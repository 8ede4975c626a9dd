import ContainerRuntime
import KubernetesAPI
import Simulation

/// What metrics.k8s.io answers for one pod.
public struct PodUsageSample: Sendable, Equatable {
    public struct Container: Sendable, Equatable {
        public var name: String
        /// Cores used over the window, in thousandths, rounded up as the API prints it.
        public var cpuMilli: Int64
        public var memoryBytes: Int64

        public init(name: String, cpuMilli: Int64, memoryBytes: Int64) {
            self.name = name
            self.cpuMilli = cpuMilli
            self.memoryBytes = memoryBytes
        }
    }

    /// End of the window.
    public var timestamp: SimulationTime
    public var window: Duration
    public var containers: [Container]

    public init(timestamp: SimulationTime, window: Duration, containers: [Container]) {
        self.timestamp = timestamp
        self.window = window
        self.containers = containers
    }
}

/// The controller around the decision: gathers what a pass reads, has ``HPAState`` decide, applies the record
/// (`pkg/controller/podautoscaler/horizontal.go`).
///
/// Each autoscaler is looked at once a sync period after its last pass; edits do not speed that up.
struct HorizontalPodAutoscalerController: Sendable {
    private var states: [ObjectID<HorizontalPodAutoscaler>: HPAState] = [:]
    /// When the next pass over each autoscaler is due; keys that come earlier are left-overs of another queue.
    private var due: [ObjectID<HorizontalPodAutoscaler>: SimulationTime] = [:]
    /// The records of the last passes over each autoscaler, newest last. They explain and decide nothing, so they are no
    /// part of the state: after a restore they fill anew, and a replay makes those of any earlier time.
    private(set) var records: [ObjectID<HorizontalPodAutoscaler>: [HPARecord]] = [:]

    /// Records kept for each autoscaler: half an hour of passes.
    static let recordLimit = 120

    init() {}

    mutating func observe(_ change: ObjectChange, _ context: inout ClusterContext) {
        guard let (id, _, _) = change.object(HorizontalPodAutoscaler.self) else { return }
        switch change.kind {
        case .added: context.enqueue(.horizontalPodAutoscaler, id)
        case .modified: break
        case .deleted:
            states[id] = nil
            due[id] = nil
            records[id] = nil
        }
    }

    /// The controller manager restarts: what it kept in memory is gone.
    mutating func restart() {
        states = [:]
        due = [:]
    }

    mutating func reconcile(
        _ id: AnyObjectID, resource: (ObjectID<Pod>) -> PodUsageSample?, metrics: inout some MetricSource,
        sandbox: (ObjectID<Pod>) -> SandboxID?, _ context: inout ClusterContext
    ) {
        guard let id: ObjectID<HorizontalPodAutoscaler> = id.typed(), let object = context.store[id] else { return }
        if let next = due[id], context.now < next { return }
        due[id] = context.now + context.settings.horizontalPodAutoscalerSyncPeriod
        context.enqueue(.horizontalPodAutoscaler, id, after: context.settings.horizontalPodAutoscalerSyncPeriod)

        let target = Target(of: object, context)
        let pods = target.map { Self.pods(selectedBy: $0.selector, in: object.metadata.namespace, context) } ?? []
        let spec = HPASpec(object)
        let answers = object.spec.metrics.map { metric in
            Self.answer(metric, pods, object.metadata.namespace, resource, &metrics, sandbox, context)
        }
        let input = HPAReconcileInput(
            spec: spec,
            scale: target.map { .found(specReplicas: $0.specReplicas, statusReplicas: $0.statusReplicas) }
                ?? .failed(Self.missingTarget(object)),
            selector: target.map { Self.selector($0, object, context) } ?? .valid, answers: answers,
            pods: pods.map { HPAPod($0.object, context) }, status: HPAStatus(object.status, context),
            settings: HPASettings(context.settings), now: context.now)
        var decision = (states[id] ?? HPAState()).decide(input)
        if let size = decision.rescale {
            let written = target.map { target in target.write(size, &context) } ?? false
            decision.recordRescale(error: written ? nil : "the scale subresource is gone", input: input)
        }
        states[id] = decision.state
        keep(HPARecord(time: context.now, decision: decision), id)
        context.clock.note("horizontalpodautoscaler/\(object.key)", decision.summary)
        for event in decision.events {
            context.recordEvent(
                event.isWarning ? .warning : .normal, event.reason, event.message, about: object,
                source: .horizontalPodAutoscaler)
        }
        let status = decision.status.object(metrics: object.spec.metrics, replacing: object.status, context)
        if status != object.status { context.update(id) { $0.status = status } }
    }

    private mutating func keep(_ record: HPARecord, _ id: ObjectID<HorizontalPodAutoscaler>) {
        if let count = records[id]?.count, count >= 2 * Self.recordLimit {
            records[id]?.removeFirst(count - Self.recordLimit)
        }
        records[id, default: []].append(record)
    }

    // MARK: What a pass reads

    /// The scale subresource of the autoscaler's target.
    struct Target {
        var id: AnyObjectID
        var specReplicas: Int32
        var statusReplicas: Int32
        var selector: LabelSelector

        init?(of autoscaler: HorizontalPodAutoscaler, _ context: borrowing ClusterContext) {
            let reference = autoscaler.spec.scaleTargetRef
            guard let kind = ObjectKind.byKindName[reference.kind],
                reference.apiVersion.isEmpty
                    || kind.type.resource.group == reference.apiVersion.split(separator: "/").dropLast().joined()
            else { return nil }
            func open<Object: StoredObject>(_ type: Object.Type) -> (AnyObjectID, ScaleTarget)? {
                let table = context.store[keyPath: Object.table]
                guard let id = table.id(namespace: autoscaler.metadata.namespace, name: reference.name),
                    let object = table[id],
                    let scale = ScaleTarget(object)
                else { return nil }
                return (AnyObjectID(id), scale)
            }
            guard let (id, scale) = open(kind.type) else { return nil }
            self.id = id
            specReplicas = scale.specReplicas
            statusReplicas = scale.statusReplicas
            selector = scale.selector
        }

        func write(_ replicas: Int32, _ context: inout ClusterContext) -> Bool {
            func open<Object: StoredObject>(_ type: Object.Type, _ context: inout ClusterContext) -> Bool {
                let id: ObjectID<Object>? = id.typed()
                return id.map { context.setReplicas($0, replicas) } ?? false
            }
            return open(id.kind.type, &context)
        }
    }

    private static func missingTarget(_ object: HorizontalPodAutoscaler) -> String {
        let reference = object.spec.scaleTargetRef
        let group = reference.apiVersion.split(separator: "/").dropLast().joined()
        guard let kind = ObjectKind.byKindName[reference.kind],
            kind.type.resource.group == group || reference.apiVersion.isEmpty
        else {
            return "no matches for kind \"\(reference.kind)\" in group \"\(group)\""
        }
        return "\(kind.type.resource.qualifiedPlural) \"\(reference.name)\" not found"
    }

    private static func pods(
        selectedBy selector: LabelSelector, in namespace: String, _ context: borrowing ClusterContext
    ) -> [(id: ObjectID<Pod>, object: Pod)] {
        var pods: [(id: ObjectID<Pod>, object: Pod)] = []
        context.store.pods.forEach { id, pod in
            if pod.metadata.namespace == namespace, selector.matches(pod.metadata.labels) { pods.append((id, pod)) }
        }
        return pods
    }

    /// Whether the target's selector can be used, and whether another autoscaler controls some of the same pods.
    private static func selector(
        _ target: Target, _ autoscaler: HorizontalPodAutoscaler, _ context: borrowing ClusterContext
    ) -> HPAReconcileInput.Selector {
        guard !target.selector.isEmpty else { return .missing }
        var names: [String] = []
        for (_, other) in context.store.horizontalPodAutoscalers.sorted
        where other.metadata.namespace == autoscaler.metadata.namespace {
            guard let theirs = Target(of: other, context) else { continue }
            let overlaps =
                theirs.id == target.id
                || pods(selectedBy: target.selector, in: other.metadata.namespace, context).contains {
                    theirs.selector.matches($0.object.metadata.labels)
                }
            if overlaps { names.append(other.key) }
        }
        return names.count > 1 ? .ambiguous(selector: target.selector.text, autoscalers: names) : .valid
    }

    private static func answer(
        _ metric: MetricSpec, _ pods: [(id: ObjectID<Pod>, object: Pod)], _ namespace: String,
        _ resource: (ObjectID<Pod>) -> PodUsageSample?, _ metrics: inout some MetricSource,
        _ sandbox: (ObjectID<Pod>) -> SandboxID?,
        _ context: borrowing ClusterContext
    ) -> HPAMetricAnswer {
        switch metric.type {
        case "Resource", "ContainerResource":
            let name = metric.resource?.name ?? metric.containerResource?.name ?? ""
            let question = MetricQuestion.usage(namespace: namespace, pods: pods.map(\.object.metadata.name))
            if let reply = metrics.reply(to: question, now: context.now) { return answer(reply, name, context.now) }
            let usages = pods.compactMap { id, pod in
                resource(id).map { sample in
                    HPAPodUsage(
                        pod: pod.metadata.name, timestamp: sample.timestamp, window: sample.window,
                        containers: sample.containers.map { container in
                            let milli: Int64? =
                                switch name {
                                case "cpu": container.cpuMilli
                                case "memory": container.memoryBytes.multiplyingSaturating(1_000)
                                default: nil
                                }
                            return HPAContainerUsage(container.name, milli: milli)
                        })
                }
            }
            return usages.isEmpty ? .failure("no metrics returned from resource metrics API") : .usage(usages)
        case "Pods":
            let name = metric.pods?.metric.name ?? ""
            let question = MetricQuestion.objects(
                metric: name, group: "", resource: "pods", namespace: namespace,
                names: pods.map(\.object.metadata.name), selector: selectorText(metric.pods?.metric.selector))
            if let reply = metrics.reply(to: question, now: context.now) {
                return answer(reply, inCustomAPI: true) { values in
                    .samples(
                        values.map {
                            HPASample(pod: $0.name, milli: $0.milli, timestamp: context.now, window: .seconds(60))
                        })
                }
            }
            let samples = pods.compactMap { id, pod in
                sandbox(id).flatMap { metrics.podMetric(name, of: $0, now: context.now) }.map { milli in
                    HPASample(pod: pod.metadata.name, milli: milli, timestamp: context.now, window: .seconds(60))
                }
            }
            guard samples.isEmpty else { return .samples(samples) }
            return .failure(
                "unable to fetch metrics from custom metrics API: the server could not find the metric \(name) for pods"
            )
        case "Object":
            let name = metric.object?.metric.name ?? ""
            let object = metric.object?.describedObject ?? CrossVersionObjectReference()
            let kind = KindRow.builtIn.first { $0.resource.kind == object.kind }?.resource
            let question = MetricQuestion.object(
                metric: name, group: kind?.group ?? "", resource: kind?.plural ?? object.kind.lowercased() + "s",
                namespace: namespace, name: object.name,
                selector: selectorText(metric.object?.metric.selector))
            if let reply = metrics.reply(to: question, now: context.now) {
                return answer(reply, inCustomAPI: true) { .values($0.map(\.milli)) }
            }
            let labels = [("kind", object.kind), ("namespace", namespace), ("name", object.name)].map {
                (name: $0.0, value: $0.1)
            }
            guard let values = metrics.externalMetric(name, labels: labels, now: context.now), let value = values.first
            else {
                return .failure(
                    "unable to fetch metrics from custom metrics API: the server could not find the metric \(name) for \(object.kind.lowercased())s \(object.name)"
                )
            }
            return .values([value])
        case "External":
            let name = metric.external?.metric.name ?? ""
            let question = MetricQuestion.external(
                metric: name, namespace: namespace, selector: selectorText(metric.external?.metric.selector))
            if let reply = metrics.reply(to: question, now: context.now) {
                return answer(reply, inCustomAPI: false) { .values($0.map(\.milli)) }
            }
            let selector = metric.external?.metric.selector?.matchLabels ?? [:]
            let labels = selector.keys.sorted { $0.utf8.lexicographicallyPrecedes($1.utf8) }.map {
                (name: $0, value: selector[$0] ?? "")
            }
            guard let values = metrics.externalMetric(name, labels: labels, now: context.now) else {
                return .failure(
                    "unable to fetch metrics from external metrics API: the server could not find the requested resource (get \(name).external.metrics.k8s.io)"
                )
            }
            return .values(values)
        default:
            return .failure("unknown metric source type \"\(metric.type)\"")
        }
    }
}

extension HorizontalPodAutoscalerController {
    /// A selector as it stands in a request.
    fileprivate static func selectorText(_ selector: LabelSelector?) -> String {
        selector.map { LabelQuery($0).description } ?? ""
    }

    /// The usage of one resource, as an adapter has it.
    fileprivate static func answer(
        _ reply: MetricReply, _ resource: String, _ now: SimulationTime
    ) -> HPAMetricAnswer {
        let rows: [ReportedUsage]
        let window: Duration
        switch reply {
        case .usage(let found, let over): (rows, window) = (found, over)
        case .failure(let text): return .failure("unable to fetch metrics from resource metrics API: \(text)")
        case .values: (rows, window) = ([], .zero)
        }
        var usages: [HPAPodUsage] = []
        for row in rows {
            let milli: Int64? =
                switch resource {
                case "cpu": row.cpuMilli
                case "memory": row.memoryBytes.multiplyingSaturating(1_000)
                default: nil
                }
            let usage = HPAContainerUsage(row.container, milli: milli)
            if let place = usages.firstIndex(where: { $0.pod == row.pod }) {
                usages[place].containers.append(usage)
            } else {
                usages.append(HPAPodUsage(pod: row.pod, timestamp: now, window: window, containers: [usage]))
            }
        }
        return usages.isEmpty ? .failure("no metrics returned from resource metrics API") : .usage(usages)
    }

    /// What an adapter's answer means to the autoscaler (`metrics/client.go`).
    fileprivate static func answer(
        _ reply: MetricReply, inCustomAPI isCustom: Bool,
        _ values: ([(name: String, milli: Int64)]) -> HPAMetricAnswer
    ) -> HPAMetricAnswer {
        let api = isCustom ? "custom" : "external"
        switch reply {
        case .values(let found) where found.isEmpty:
            return .failure("no metrics returned from \(api) metrics API")
        case .values(let found): return values(found)
        case .usage: return .failure("no metrics returned from \(api) metrics API")
        case .failure(let text): return .failure("unable to fetch metrics from \(api) metrics API: \(text)")
        }
    }
}

/// What one pass over an autoscaler found and did.
public struct HPARecord: Sendable {
    public var time: SimulationTime
    public var decision: HPADecision
}

extension Cluster {
    /// The records of the last passes over an autoscaler, oldest first, as far as they are kept: at least half an hour of
    /// them, since the cluster was made or restored.
    public func autoscalerRecords(namespace: String, name: String) -> [HPARecord] {
        context.store.horizontalPodAutoscalers.id(namespace: namespace, name: name).flatMap {
            controllers.horizontalPodAutoscaler.records[$0]
        } ?? []
    }
}

extension HorizontalPodAutoscalerController: BinaryCodable {
    func write(to writer: inout BinaryWriter) {
        writer.write(states)
        writer.write(due)
    }

    init(from reader: inout BinaryReader) throws(BinaryDecodingError) {
        states = try reader.read()
        due = try reader.read()
    }
}
