import ContainerRuntime
import KubernetesAPI
import Monitoring
import PromQL
import Simulation

/// prometheus-adapter in a world: what it has found at its last look through the series, and how it answers.
struct MetricsAdapter: Sendable {
    let configuration: AdapterConfiguration
    private(set) var registry: AdapterRegistry

    init(_ configuration: AdapterConfiguration) {
        self.configuration = configuration
        registry = AdapterRegistry(configuration, series: [])
    }

    /// Whether it serves `external.metrics.k8s.io` at all: without such rules its chart does not register the API.
    var servesExternalMetrics: Bool { !configuration.externalRules.isEmpty }

    /// Looks through the series anew.
    mutating func relist(_ prometheus: PrometheusServer, now: Int64) {
        let window = Int64(MonitoringStack.relistInterval.nanoseconds / 1_000_000)
        registry = AdapterRegistry(configuration, store: prometheus.store, now: now, window: window)
    }

    /// The answer to a question, from Prometheus at this instant; nil if the API is somebody else's.
    func reply(to question: MetricQuestion, _ prometheus: PrometheusServer, now: Int64) -> MetricReply? {
        do throws(MetricsAPIError) {
            switch question {
            case .object(let name, let group, let plural, let namespace, let object, let selector):
                return try values(
                    name, GroupResource(group: group, resource: plural), namespace, [object], selector, isList: false,
                    prometheus, now)
            case .objects(let name, let group, let plural, let namespace, let names, let selector):
                return try values(
                    name, GroupResource(group: group, resource: plural), namespace, names, selector, isList: true,
                    prometheus, now)
            case .external(let name, let namespace, let selector):
                guard servesExternalMetrics else { return nil }
                let query = try registry.query(
                    external: name, namespace: namespace, selector: try Self.selector(selector))
                guard let answer = Self.answer(query, prometheus, now) else { return .failure(Self.internalError) }
                return .values(try AdapterRegistry.externalValues(in: answer).map { ("", $0.value.milliValue) })
            case .usage(let namespace, let pods):
                return try usage(of: pods, in: namespace, prometheus, now)
            }
        } catch {
            return .failure(error.description)
        }
    }

    private func values(
        _ name: String, _ resource: GroupResource, _ namespace: String, _ names: [String], _ selector: String,
        isList: Bool, _ prometheus: PrometheusServer, _ now: Int64
    ) throws(MetricsAPIError) -> MetricReply {
        let known = registry.customMetric(name, of: resource)
        if known != nil, names.isEmpty { return .values([]) }
        let metric =
            known
            ?? CustomMetric(resource: resource, isNamespaced: true, name: name)
        let query = try registry.query(
            metric, namespace: namespace, names: names, selector: try Self.selector(selector), isList: isList)
        guard let answer = Self.answer(query, prometheus, now) else { return .failure(Self.internalError) }
        let found = try registry.values(of: metric, names: names, in: answer, isList: isList)
        return .values(found.map { ($0.name, $0.value.milliValue) })
    }

    /// The adapter keeps from clients why a query failed.
    static let internalError = "Internal error occurred: unable to fetch metrics"

    static func answer(_ query: String, _ prometheus: PrometheusServer, _ now: Int64) -> QueryValue? {
        try? prometheus.engine.instant(query, in: prometheus.store, at: now).value
    }

    private static func selector(_ text: String) throws(MetricsAPIError) -> LabelQuery {
        do { return try LabelQuery(parsing: text) } catch { throw MetricsAPIError("\(error)") }
    }
}

extension MetricsAdapter {
    func write(to writer: inout BinaryWriter) { registry.write(to: &writer) }

    init(_ configuration: AdapterConfiguration, from reader: inout BinaryReader) throws(BinaryDecodingError) {
        self.configuration = configuration
        registry = try AdapterRegistry(configuration, from: &reader)
    }
}

extension World {
    mutating func relistMetrics() {
        guard let prometheus = monitoring?.prometheus else { return }
        let time = epochMilliseconds
        monitoring?.adapter?.relist(prometheus, now: time)
    }
}
