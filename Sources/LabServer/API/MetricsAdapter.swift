import Cluster
import ContainerRuntime
import KubernetesAPI
import Lab
import Monitoring
import NIOHTTP1
import PromQL
import Simulation
import Workloads

/// The custom and external metrics APIs over HTTP: what an autoscaler reads, for people to look at
/// (`k8s.io/metrics/pkg/apis`). The values are those that the simulated autoscaler gets.
struct MetricsAdapter {
    let host: LabHost

    static let (custom, external) = ("custom.metrics.k8s.io", "external.metrics.k8s.io")

    /// What discovery lists; nil for another group or version.
    static func resources(_ group: String, _ version: String, _ metrics: ServedMetrics) -> JSONValue? {
        guard serves(group, version) else { return nil }
        let (all, kind) =
            group == custom ? (metrics.custom, "MetricValueList") : (metrics.external, "ExternalMetricValueList")
        let rows = all.map { metric -> JSONValue in
            [
                "name": .string(metric.name), "singularName": "", "namespaced": .bool(metric.isNamespaced),
                "kind": .string(kind), "verbs": ["get"],
            ]
        }
        return [
            "kind": "APIResourceList", "apiVersion": "v1", "groupVersion": .string("\(group)/\(version)"),
            "resources": .array(rows),
        ]
    }

    private static func serves(_ group: String, _ version: String) -> Bool {
        APIGroups.adapters.contains { $0.name == group && $0.versions.contains(version) }
    }

    /// - Parameter path: what follows the version: `namespaces/NS/pods/NAME/METRIC`, `namespaces/NS/METRIC`.
    func answer(_ group: String, _ version: String, _ path: [String], _ http: HTTPRequest, _ user: RequestUser)
        async throws(APIStatus) -> HTTPAnswer
    {
        guard http.method == .GET, Self.serves(group, version), path.first == "namespaces", path.count > 2
        else { throw .noSuchResource }
        let namespace = path[1]
        let resource = group == Self.custom ? path[2] + "/" + (path.last ?? "") : path[2]
        let wanted = AccessAttributes(
            user: user, verb: "get", group: group, resource: group == Self.custom ? path[2] : resource,
            subresource: group == Self.custom ? path.last ?? "" : "", namespace: namespace)
        guard await host.decide(wanted) else { throw wanted.forbidden }
        let selector: LabelQuery
        do { selector = try LabelQuery(parsing: http.parameter("labelSelector") ?? "") } catch {
            throw .badRequest("\(error)")
        }
        if let answer = try await installed(group, version, path, selector) { return answer }
        switch (group, path.count) {
        case (Self.custom, 5):
            guard let items = await host.customMetric(path[4], of: path[2], named: path[3], in: namespace, selector)
            else {
                throw APIStatus(
                    code: 404, reason: "NotFound",
                    message:
                        "the server could not find the metric \(path[4]) for \(path[2])\(path[3] == "*" ? "" : " " + path[3])"
                )
            }
            return .json([
                "kind": "MetricValueList", "apiVersion": .string("\(group)/\(version)"), "metadata": [:],
                "items": .array(items.map { $0.json(version) }),
            ])
        case (Self.external, 3):
            guard let (values, now) = await host.externalMetric(path[2], selector) else { throw .noSuchResource }
            let items = values.map { value -> JSONValue in
                [
                    "metricName": .string(path[2]), "metricLabels": [:], "timestamp": now.jsonValue,
                    "value": .string(Quantity(milli: value).description),
                ]
            }
            return .json([
                "kind": "ExternalMetricValueList", "apiVersion": .string("\(group)/\(version)"), "metadata": [:],
                "items": .array(items),
            ])
        default: throw .noSuchResource
        }
    }
}

extension MetricsAdapter {
    /// The answer of an adapter that the scenario installs; nil if the lab's own has the question.
    private func installed(
        _ group: String, _ version: String, _ path: [String], _ selector: LabelQuery
    ) async throws(APIStatus) -> HTTPAnswer? {
        let namespace = path[1]
        switch (group, path.count) {
        case (Self.custom, 5):
            let parts = path[2].split(separator: ".", maxSplits: 1).map(String.init)
            let resource = GroupResource(group: parts.count > 1 ? parts[1] : "", resource: parts.first ?? "")
            let metric = CustomMetric(resource: resource, isNamespaced: true, name: path[4])
            guard let (reply, time) = await host.reply(metric, of: path[3], in: namespace, selector) else { return nil }
            let values = try values(reply).map { (name: $0.name, value: Quantity(milli: $0.milli)) }
            return .json(
                MetricValueLists.custom(metric, namespace: namespace, values: values, time: time, version: version))
        case (Self.external, 3):
            guard let (reply, time) = await host.reply(external: path[2], in: namespace, selector) else { return nil }
            let values = try values(reply).map { (labels: Labels.empty, value: Quantity(milli: $0.milli)) }
            return .json(MetricValueLists.external(path[2], values: values, time: time))
        default: return nil
        }
    }

    private func values(_ reply: MetricReply) throws(APIStatus) -> [(name: String, milli: Int64)] {
        switch reply {
        case .values(let values): return values
        case .usage: return []
        case .failure(let text) where text.hasPrefix("the server could not find the metric"):
            throw APIStatus(code: 404, reason: "NotFound", message: text)
        case .failure(let text): throw APIStatus(code: 500, reason: "InternalError", message: text)
        }
    }
}

/// What discovery lists of both APIs of metrics.
struct ServedMetrics: Sendable {
    var custom: [ServedMetric] = []
    var external: [ServedMetric] = []
}

/// One value of a metric of an object.
struct CustomMetricValue: Sendable {
    var kind: String
    var namespace: String
    var name: String
    var metric: String
    /// In thousandths.
    var milli: Int64
    var time: Time

    /// The second beta put the metric's name into an object.
    func json(_ version: String) -> JSONValue {
        let object: JSONValue = [
            "kind": .string(kind), "namespace": .string(namespace), "name": .string(name), "apiVersion": "/v1",
        ]
        let value = JSONValue.string(Quantity(milli: milli).description)
        guard version == "v1beta1" else {
            return [
                "describedObject": object, "metric": ["name": .string(metric), "selector": .null],
                "timestamp": time.jsonValue, "value": value,
            ]
        }
        return [
            "describedObject": object, "metricName": .string(metric), "timestamp": time.jsonValue, "value": value,
            "selector": .null,
        ]
    }
}

extension LabHost {
    var servedMetrics: ServedMetrics {
        ServedMetrics(custom: session.world.customMetrics, external: session.world.externalMetrics)
    }

    /// What an installed adapter says of an object, or of all that a selector takes if the name is `*`.
    func reply(
        _ metric: CustomMetric, of name: String, in namespace: String, _ selector: LabelQuery
    ) -> (reply: MetricReply, time: Int64)? {
        let world = session.world
        let resource = metric.resource
        let question: MetricQuestion =
            name == "*"
            ? .objects(
                metric: metric.name, group: resource.group, resource: resource.resource, namespace: namespace,
                names: world.objectNames(of: resource, in: namespace, selector.description), selector: "")
            : .object(
                metric: metric.name, group: resource.group, resource: resource.resource, namespace: namespace,
                name: name, selector: "")
        return world.reply(to: question).map { ($0, world.epochMilliseconds) }
    }

    /// What an installed adapter says of an external metric.
    func reply(
        external metric: String, in namespace: String, _ selector: LabelQuery
    ) -> (reply: MetricReply, time: Int64)? {
        let world = session.world
        return world.reply(to: .external(metric: metric, namespace: namespace, selector: selector.description)).map {
            ($0, world.epochMilliseconds)
        }
    }

    /// - Parameters:
    ///   - plural: `pods` or `services`.
    ///   - name: of the object, or `*` for all that the selector takes.
    /// - Returns: nil if no object has a metric of that name.
    func customMetric(
        _ metric: String, of plural: String, named name: String, in namespace: String, _ selector: LabelQuery
    ) -> [CustomMetricValue]? {
        let world = session.world
        var values: [CustomMetricValue] = []
        func add(_ kind: String, _ name: String, _ milli: Int64) {
            values.append(
                CustomMetricValue(
                    kind: kind, namespace: namespace, name: name, metric: metric, milli: milli, time: session.wallTime))
        }
        switch plural {
        case "pods":
            for (_, pod) in world.cluster.context.store.pods.sorted
            where pod.metadata.namespace == namespace && (name == "*" || pod.metadata.name == name) {
                guard selector.matches(pod.metadata.labels),
                    let sandbox = try? world.cluster.forwardTarget(namespace: namespace, pod: pod.metadata.name),
                    let milli = world.workloads.podMetric(metric, of: sandbox, now: world.now)
                else { continue }
                add("Pod", pod.metadata.name, milli)
            }
        case "services":
            for (_, service) in world.cluster.context.store.services.sorted
            where service.metadata.namespace == namespace && (name == "*" || service.metadata.name == name) {
                let labels = [("kind", "Service"), ("namespace", namespace), ("name", service.metadata.name)]
                guard selector.matches(service.metadata.labels),
                    let milli = world.workloads.externalMetric(
                        metric, labels: labels.map { (name: $0.0, value: $0.1) }, now: world.now)?.first
                else { continue }
                add("Service", service.metadata.name, milli)
            }
        default: return nil
        }
        return values.isEmpty ? nil : values
    }

    /// The series of a metric that belongs to no object, in thousandths; nil if there is none of that name.
    func externalMetric(_ metric: String, _ selector: LabelQuery) -> ([Int64], Time)? {
        let labels = selector.requirements.compactMap { requirement -> (name: String, value: String)? in
            guard requirement.values.count == 1, let value = requirement.values.first else { return nil }
            return (requirement.key, value)
        }
        let values = session.world.workloads.externalMetric(metric, labels: labels, now: session.world.now)
        return values.map { ($0, session.wallTime) }
    }
}
