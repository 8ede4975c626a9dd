import ContainerRuntime
import KubernetesAPI
import Monitoring
import PromQL
import Simulation

extension MetricsAdapter {
    /// What containers use, by the resource rules; nil if metrics-server has that API.
    ///
    /// A pod counts only with both resources, as in the adapter's `resourceprovider`.
    func usage(
        of pods: [String], in namespace: String, _ prometheus: PrometheusServer, _ now: Int64
    ) throws(MetricsAPIError) -> MetricReply? {
        guard let rules = configuration.resourceRules else { return nil }
        let window = Duration.milliseconds(rules.window)
        if pods.isEmpty { return .usage([], window: window) }
        func values(
            _ resource: AdapterResourceRules.Resource
        ) throws(MetricsAPIError) -> [(pod: String, container: String, value: Double)]? {
            let query = try rules.query(resource, pods: pods, in: namespace)
            return try Self.answer(query, prometheus, now).map { answer throws(MetricsAPIError) in
                try rules.values(resource, in: answer)
            }
        }
        guard let cpu = try values(.cpu), let memory = try values(.memory) else {
            return .failure(Self.internalError)
        }
        var rows: [ReportedUsage] = []
        for pod in pods {
            for row in cpu.filter({ $0.pod == pod }).sorted(by: { ByteOrder.less($0.container, $1.container) }) {
                guard let bytes = memory.first(where: { $0.pod == pod && $0.container == row.container })?.value else {
                    continue
                }
                rows.append(
                    ReportedUsage(
                        pod: pod, container: row.container,
                        cpuMilli: AdapterRegistry.quantity(row.value).milliValue,
                        memoryBytes: AdapterRegistry.quantity(bytes).milliValue / 1000))
            }
        }
        return .usage(rows, window: window)
    }

    /// What nodes use, by the resource rules; nil if metrics-server has that API or a query fails.
    func usage(
        ofNode name: String, _ prometheus: PrometheusServer, _ now: Int64
    ) -> (cpuMilli: Int64, memoryBytes: Int64)? {
        func value(_ resource: AdapterResourceRules.Resource) -> Double? {
            guard let rules = configuration.resourceRules, let query = try? rules.query(resource, nodes: [name]),
                let answer = Self.answer(query, prometheus, now)
            else { return nil }
            return (try? rules.nodeValues(resource, in: answer))?.first { $0.node == name }?.value
        }
        guard let cpu = value(.cpu), let memory = value(.memory) else { return nil }
        return (AdapterRegistry.quantity(cpu).milliValue, AdapterRegistry.quantity(memory).milliValue / 1000)
    }
}

extension World {
    /// Puts prometheus-adapter's values into what `metrics.k8s.io` answers, if the adapter has that API; what
    /// Prometheus knows nothing of is left out.
    func replaceUsage(in response: inout KubernetesAPI.APIResponse) {
        guard let adapter = monitoring?.adapter, let rules = adapter.configuration.resourceRules,
            let prometheus = monitoring?.prometheus
        else { return }
        let now = epochMilliseconds
        let window = Duration.milliseconds(rules.window)
        func replaced(_ object: JSONValue) -> JSONValue? {
            guard case .object(var members) = object else { return nil }
            let (namespace, name) = (
                object["metadata"]?["namespace"]?.string ?? "", object["metadata"]?["name"]?.string ?? ""
            )
            func usage(_ cpuMilli: Int64, _ memoryBytes: Int64) -> JSONValue {
                [
                    "cpu": .string(Quantity(milli: cpuMilli).description),
                    "memory": .string(
                        Quantity(milli: memoryBytes.multiplyingSaturating(1000), format: .binarySI).description),
                ]
            }
            if object["kind"] == "NodeMetrics" {
                guard let found = adapter.usage(ofNode: name, prometheus, now) else { return nil }
                members["usage"] = usage(found.cpuMilli, found.memoryBytes)
            } else {
                guard case .usage(let rows, _)? = try? adapter.usage(of: [name], in: namespace, prometheus, now),
                    !rows.isEmpty
                else { return nil }
                members["containers"] = .array(
                    rows.map {
                        ["name": .string($0.container), "usage": usage($0.cpuMilli, $0.memoryBytes)]
                    })
            }
            members["timestamp"] = wallTime.jsonValue
            members["window"] = .string(window.goText)
            return .object(members)
        }
        switch response.body {
        case .list(let items): response.body = .list(items.compactMap(replaced))
        case .object(let object):
            guard let found = replaced(object) else {
                let (namespace, name) = (
                    object["metadata"]?["namespace"]?.string ?? "", object["metadata"]?["name"]?.string ?? ""
                )
                let key = namespace.isEmpty ? name : namespace + "/" + name
                let plural = namespace.isEmpty ? "nodemetrics.metrics.k8s.io" : "podmetrics.metrics.k8s.io"
                response = KubernetesAPI.APIResponse(
                    APIStatus(
                        code: 404, reason: "NotFound", message: "\(plural) \"\(key)\" not found", name: key))
                return
            }
            response.body = .object(found)
        case .text, .failure: break
        }
    }
}
