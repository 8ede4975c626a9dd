import Cluster
import ContainerRuntime
import KubernetesAPI
import Simulation
import Workloads

/// A number that can be read off a world: what `graph`, `advance --until`, fault conditions and grading criteria name.
///
/// The text form is `SUBJECT.FIELD`, such as `deployment/gateway.ready`, `traffic/users.p95`, `pods.running`.
public struct Measurement: Sendable, Equatable {
    public enum Subject: Sendable, Equatable {
        case deployment(String)
        case horizontalPodAutoscaler(String)
        case pod(String)
        case node(String)
        case traffic(String)
        case service(String)
        case topic(String)
        case provider(String)
        case job(String)
        /// A set of manifests that a load test tried; only trials know them.
        case candidate(String)
        /// An incident in which a runbook is tried; only trials know them.
        case incident(String)
        case pods
        case nodes
        case cost
    }

    public var subject: Subject
    public var field: String
    /// The namespace of names that have none.
    var namespace: String

    /// Why a text names no measurement.
    public struct ParsingError: Error, Sendable, Equatable, CustomStringConvertible {
        public var description: String
    }

    /// Fields by kind of subject, with units and what they mean; `kubelab graph --list` prints them.
    public static let catalogue: [(subject: String, fields: [(name: String, unit: String, meaning: String)])] = [
        (
            "deployment/NAME",
            [
                ("replicas", "pods", "pods that exist"), ("desired", "pods", "spec.replicas"),
                ("ready", "pods", "pods that are ready"),
                ("available", "pods", "pods that are available"), ("updated", "pods", "pods of the current template"),
                ("unavailable", "pods", "pods wanted and not available"), ("cpu", "cores", "CPU used by the pods now"),
                ("memory", "bytes", "working set of the pods"), ("inflight", "requests", "requests in the pods"),
                ("restarts", "", "restarts of the containers of the pods that exist"),
                ("requestedCPU", "cores", "CPU requested by the pods that have a node"),
                ("requestedMemory", "bytes", "memory requested by the pods that have a node"),
                ("borrowedCPU", "cores", "CPU that containers use beyond their own requests"),
                ("gpus", "GPUs", "GPUs held by the pods that have a node"),
                ("running", "requests", "sequences in the batches of the pods' model servers"),
                ("waiting", "requests", "requests that wait for a slot or for a place in a batch"),
                (
                    "price", "currency/h",
                    "what the pods take of their nodes' price: requests, or usage where it is higher"
                ),
            ]
        ),
        (
            "hpa/NAME",
            [
                ("current", "pods", "replicas the autoscaler saw"), ("desired", "pods", "replicas it wants"),
                ("utilization", "%", "utilisation of its first resource metric"),
                ("min", "pods", "spec.minReplicas"), ("max", "pods", "spec.maxReplicas"),
                ("ableToScale", "", "1 if condition AbleToScale is True"),
                ("scalingActive", "", "1 if ScalingActive is True"),
                ("scalingLimited", "", "1 if ScalingLimited is True"),
            ]
        ),
        (
            "pod/NAME",
            [
                ("ready", "", "1 if ready"), ("restarts", "", "restarts of its containers"),
                ("cpu", "cores", "CPU used now"),
                ("memory", "bytes", "working set"), ("inflight", "requests", "requests being handled"),
            ]
        ),
        ("node/NAME", [("pods", "pods", "pods bound to it"), ("ready", "", "1 if ready")]),
        (
            "traffic/NAME",
            [
                ("rate", "requests/s", "requests that ended, per second, over the last minute"),
                ("offered", "requests/s", "arrivals"),
                ("errors", "requests/s", "requests that got no good answer"), ("errorRatio", "", "their share"),
                ("p50", "s", "median of good answers over the last minute"), ("p95", "s", "95th percentile"),
                ("p99", "s", "99th percentile"), ("mean", "s", "mean"),
                ("inflight", "requests", "requests without an answer yet"),
                ("total", "requests", "requests that ended since the start"),
                ("failed", "requests", "those without a good answer"),
                ("tokens", "tokens", "tokens billed since the start"),
            ]
        ),
        (
            "service/NAME",
            [
                ("rate", "requests/s", "calls that ended"), ("errorRatio", "", "share of failed calls"),
                ("p95", "s", "as its callers saw it"),
                ("endpoints", "pods", "endpoints that clients can choose from"),
            ]
        ),
        (
            "topic/NAME",
            [
                ("ready", "messages", "messages that wait for a consumer"),
                ("working", "messages", "messages that a consumer works on"),
                ("redelivered", "messages", "deliveries after the first, since the start: work that was lost"),
                ("deadLetters", "messages", "messages given up"),
                ("oldest", "s", "how long the message has waited that has waited longest; 0 without any"),
            ]
        ),
        (
            "provider/NAME",
            [
                ("attempts", "calls", "calls that the provider got, since the start"),
                ("answered", "calls", "those that it answered"),
                ("limited", "calls", "those that it refused with 429"),
                ("failed", "calls", "those that ended otherwise: errors, overload, time-outs, callers who left"),
                ("inflight", "calls", "calls under way"),
            ]
        ),
        (
            "job/NAME",
            [
                ("active", "pods", "pods of the Job that are not finished"),
                ("succeeded", "pods", "pods that have done their work"), ("failed", "pods", "pods that failed"),
                ("complete", "", "1 if the Job is complete"),
            ]
        ),
        (
            "candidate/NAME",
            [
                ("passed", "", "1 if the load test lets the set of manifests pass"),
                ("requests", "requests", "requests that the load test sent to it"),
                ("minutes", "min", "how long the load test of it took"),
            ]
        ),
        (
            "incident/NAME",
            [
                ("hurt", "requests", "users hurt from the page on"),
                ("reference", "requests", "the same with the right action at the reference's time"),
                ("recovered", "", "1 if users were served well again in the end"),
                ("actions", "", "changes that the runbook made"),
                ("harm", "", "changes of workloads that had nothing to do with it"),
            ]
        ),
        (
            "pods",
            [
                ("running", "pods", "phase Running"), ("pending", "pods", "phase Pending"),
                ("ready", "pods", "ready pods"),
                ("failed", "pods", "phase Failed"), ("restarts", "", "restarts of all containers"),
                ("total", "pods", "all pods"),
            ]
        ),
        ("nodes", [("ready", "nodes", "ready nodes"), ("total", "nodes", "all nodes")]),
        (
            "cost",
            [
                ("nodes", "currency", "machines so far"), ("tokens", "currency", "tokens so far"),
                ("total", "currency", "both"),
            ]
        ),
    ]

    /// Reads `SUBJECT.FIELD`.
    /// - Parameter namespace: where names without a namespace live.
    public init(parsing text: String, namespace: String) throws(ParsingError) {
        guard let dot = text.lastIndex(of: "."), text.index(after: dot) < text.endIndex else {
            throw ParsingError(
                description: "\"\(text)\" has no field: write SUBJECT.FIELD, such as deployment/gateway.ready")
        }
        let head = String(text[..<dot])
        field = String(text[text.index(after: dot)...])
        self.namespace = namespace
        let parts = head.split(separator: "/", maxSplits: 1).map(String.init)
        let name = parts.count == 2 ? parts[1] : ""
        let kind: String
        switch (parts.first ?? "", name.isEmpty) {
        case ("deployment", false), ("deploy", false): (subject, kind) = (.deployment(name), "deployment/NAME")
        case ("hpa", false), ("horizontalpodautoscaler", false):
            (subject, kind) = (.horizontalPodAutoscaler(name), "hpa/NAME")
        case ("pod", false), ("po", false): (subject, kind) = (.pod(name), "pod/NAME")
        case ("node", false), ("no", false): (subject, kind) = (.node(name), "node/NAME")
        case ("traffic", false): (subject, kind) = (.traffic(name), "traffic/NAME")
        case ("service", false), ("svc", false): (subject, kind) = (.service(name), "service/NAME")
        case ("topic", false): (subject, kind) = (.topic(name), "topic/NAME")
        case ("provider", false): (subject, kind) = (.provider(name), "provider/NAME")
        case ("job", false): (subject, kind) = (.job(name), "job/NAME")
        case ("candidate", false): (subject, kind) = (.candidate(name), "candidate/NAME")
        case ("incident", false): (subject, kind) = (.incident(name), "incident/NAME")
        case ("pods", true): (subject, kind) = (.pods, "pods")
        case ("nodes", true): (subject, kind) = (.nodes, "nodes")
        case ("cost", true): (subject, kind) = (.cost, "cost")
        default:
            let known = Self.catalogue.map(\.subject).joined(separator: ", ")
            throw ParsingError(description: "\"\(head)\" is nothing that can be measured; there are \(known)")
        }
        let fields = Self.catalogue.first { $0.subject == kind }?.fields.map(\.name) ?? []
        guard fields.contains(field) else {
            throw ParsingError(
                description: "\(kind) has no field \"\(field)\"; it has \(fields.joined(separator: ", "))")
        }
    }

    /// The unit of the value.
    public var unit: String {
        let kind =
            switch subject {
            case .deployment: "deployment/NAME"
            case .horizontalPodAutoscaler: "hpa/NAME"
            case .pod: "pod/NAME"
            case .node: "node/NAME"
            case .traffic: "traffic/NAME"
            case .service: "service/NAME"
            case .topic: "topic/NAME"
            case .provider: "provider/NAME"
            case .job: "job/NAME"
            case .candidate: "candidate/NAME"
            case .incident: "incident/NAME"
            case .pods: "pods"
            case .nodes: "nodes"
            case .cost: "cost"
            }
        return Self.catalogue.first { $0.subject == kind }?.fields.first { $0.name == field }?.unit ?? ""
    }

    private func key(_ name: String) -> String { name.contains("/") ? name : namespace + "/" + name }
}

extension Measurement {
    /// How far back rates and quantiles look.
    static let window: Duration = .seconds(60)

    /// The value in a world now; nil if the subject does not exist or the value is not known yet.
    public func value(in world: borrowing World) -> Double? {
        let store = world.cluster.context.store
        switch subject {
        case .deployment(let name):
            return store.deployment(key(name)).flatMap { deployment(of: $0, world) }
        case .horizontalPodAutoscaler(let name):
            guard let object = store.horizontalPodAutoscaler(key(name)) else { return nil }
            switch field {
            case "current": return Double(object.status.currentReplicas)
            case "desired": return Double(object.status.desiredReplicas)
            case "min": return Double(object.spec.minReplicas ?? 1)
            case "max": return Double(object.spec.maxReplicas)
            case "ableToScale", "scalingActive", "scalingLimited":
                guard let condition = object.status.conditions.first(where: { Self.condition($0.type, isNamed: field) })
                else { return nil }
                return condition.status == "True" ? 1 : 0
            default:
                return object.status.currentMetrics.lazy.compactMap { $0.resource?.current.averageUtilization }.first
                    .map(Double.init)
            }
        case .pod(let name):
            guard let id = store.pods.id(key(name)), let pod = store[id] else { return nil }
            switch field {
            case "ready": return pod.isReady ? 1 : 0
            case "restarts": return Double(pod.status.containerStatuses.reduce(0) { $0 + Int($1.restartCount) })
            default: return Self.usage([id], field, world)
            }
        case .node(let name):
            guard let node = store.node(name) else { return nil }
            if field == "pods" { return Double(store.pods(on: name).count) }
            return node.status.conditions.contains { $0.type == "Ready" && $0.status == "True" } ? 1 : 0
        case .traffic(let name):
            return world.workloads.traffic(named: name).flatMap {
                level($0, inFlight: world.workloads.inFlight(ofTraffic: name), world.now)
            }
        case .service(let name):
            if field == "endpoints" {
                let endpoints = world.cluster.endpoints
                return endpoints.existingIndex(of: key(name)).map { Double(endpoints.services[$0].endpoints.count) }
            }
            return world.workloads.serviceLevels.first { $0.name == key(name) }.flatMap {
                level($0, inFlight: 0, world.now)
            }
        case .topic(let name):
            return world.workloads.topicLevels.first { $0.level.name.utf8.elementsEqual(name.utf8) }.map { topic in
                switch field {
                case "ready": Double(topic.ready)
                case "working": Double(topic.working)
                case "redelivered": Double(topic.redelivered)
                case "deadLetters": Double(topic.deadLetters)
                default: topic.oldest.map { (world.now - $0).seconds } ?? 0
                }
            }
        case .provider(let name):
            return world.workloads.providerLevels(now: world.now).first { $0.name == name }.map { provider in
                let reading = provider.reading
                let other = reading.overloaded + reading.failed + reading.invalid + reading.timedOut + reading.aborted
                switch field {
                case "attempts": return Double(reading.attempts)
                case "answered": return Double(reading.answered)
                case "limited": return Double(reading.limited)
                case "failed": return Double(other)
                default: return Double(reading.inFlight)
                }
            }
        case .job(let name):
            return store.jobs.named(key(name)).map { job in
                switch field {
                case "active": Double(job.status.active)
                case "succeeded": Double(job.status.succeeded)
                case "failed": Double(job.status.failed)
                default: job.status.conditions.contains { $0.type == "Complete" && $0.status == "True" } ? 1 : 0
                }
            }
        case .candidate, .incident:
            return nil
        case .pods:
            return pods(world)
        case .nodes:
            if field == "total" { return Double(store.nodes.count) }
            var ready = 0
            store.nodes.forEach { _, node in
                if node.status.conditions.contains(where: { $0.type == "Ready" && $0.status == "True" }) { ready += 1 }
            }
            return Double(ready)
        case .cost:
            let nodes = Double(world.machines.cost(at: world.now)) / 1e9
            let tokens = Double(world.tokenCost) / 1e9
            return field == "nodes" ? nodes : field == "tokens" ? tokens : nodes + tokens
        }
    }

    private func deployment(of object: Deployment, _ world: borrowing World) -> Double? {
        switch field {
        case "replicas": return Double(object.status.replicas)
        case "desired": return Double(object.spec.replicas ?? 1)
        case "ready": return Double(object.status.readyReplicas)
        case "available": return Double(object.status.availableReplicas)
        case "updated": return Double(object.status.updatedReplicas)
        case "unavailable": return Double(object.status.unavailableReplicas)
        default:
            let store = world.cluster.context.store
            let pods = store.pods(ofDeployment: object.metadata.uid)
            switch field {
            case "requestedCPU", "requestedMemory", "borrowedCPU", "gpus", "price":
                return Self.charge(pods, field, world)
            case "restarts":
                return pods.reduce(0) { sum, pod in
                    sum + (store.pod(pod)?.status.containerStatuses.reduce(0) { $0 + Double($1.restartCount) } ?? 0)
                }
            default: return Self.usage(pods, field, world)
            }
        }
    }

    private static func usage(_ pods: [ObjectID<Pod>], _ field: String, _ world: borrowing World) -> Double? {
        var total = 0.0
        for pod in pods {
            switch field {
            case "cpu", "memory":
                guard let sample = world.cluster.metricsServer.usage(of: pod) else { continue }
                for container in sample.containers {
                    total += field == "cpu" ? Double(container.cpuMilli) / 1_000 : Double(container.memoryBytes)
                }
            default:
                for container in world.cluster.kubelet.containers(of: pod) {
                    total += load(container, field, world)
                }
            }
        }
        return total
    }

    /// Requests in one container.
    private static func load(_ container: ContainerID, _ field: String, _ world: borrowing World) -> Double {
        let engine = field == "inflight" ? nil : world.workloads.engine(of: container, now: world.now)
        guard let gauges = world.workloads.gauges(of: container) else { return 0 }
        switch field {
        case "running": return Double(engine?.running ?? 0)
        case "waiting": return Double(gauges.waiting + (engine?.waiting ?? 0))
        default: return Double(gauges.inFlight)
        }
    }

    private func level(_ level: ServiceLevel, inFlight: Int64, _ now: SimulationTime) -> Double? {
        switch field {
        case "inflight": return Double(inFlight)
        case "total": return Double(level.total.outcomes.total)
        case "failed": return Double(level.total.outcomes.failed)
        case "tokens":
            let bill = level.total.bill
            return Double(bill.uncachedInput + bill.cachedInput + bill.cacheWrites + bill.output)
        default: break
        }
        // Whole windows are summed up, so the span is that from the first one's beginning. Where one is longer than the
        // span, the last that is over: the present one may hold nothing yet.
        var (from, to) = (level.firstWindow(from: now - Self.window), now + .nanoseconds(1))
        var seconds = max(1, (now - from).seconds)
        if level.length > Self.window {
            to = level.firstWindow(from: max(.zero, now - level.length + .nanoseconds(1)))
            from = max(.zero, to - level.length)
            seconds = level.length.seconds
        }
        let window = level.between(from, to)
        switch field {
        case "offered": return Double(window.arrived) / seconds
        case "rate": return Double(window.outcomes.total) / seconds
        case "errors": return Double(window.outcomes.failed) / seconds
        case "errorRatio":
            return window.outcomes.total == 0 ? nil : Double(window.outcomes.failed) / Double(window.outcomes.total)
        case "mean": return window.latency.count == 0 ? nil : window.latency.mean.seconds
        default:
            let share: [String: Double] = ["p50": 0.5, "p95": 0.95, "p99": 0.99]
            return window.latency.count == 0 ? nil : share[field].map { window.latency.quantile($0).seconds }
        }
    }

    private func pods(_ world: borrowing World) -> Double? {
        var count = 0
        let field = field
        world.cluster.context.store.pods.forEach { _, pod in
            switch field {
            case "running": count += pod.status.phase == "Running" ? 1 : 0
            case "pending": count += pod.status.phase == "Pending" ? 1 : 0
            case "failed": count += pod.status.phase == "Failed" ? 1 : 0
            case "ready": count += pod.isReady ? 1 : 0
            case "restarts": count += pod.status.containerStatuses.reduce(0) { $0 + Int($1.restartCount) }
            default: count += 1
            }
        }
        return Double(count)
    }
}
