import KubernetesAPI
import Monitoring
import OrderedCollections
import PromQL
import Simulation

/// The Prometheus operator of a world: the objects that it has seen, and those by which Prometheus goes.
///
/// It looks after one Prometheus, whose selectors take every monitor and rule of every namespace.
struct MonitoringOperator: Sendable {
    /// Monitors and rules, without what neither the operator nor Prometheus reads.
    struct Objects: Sendable, Equatable {
        var serviceMonitors: [JSONValue] = []
        var podMonitors: [JSONValue] = []
        var prometheusRules: [JSONValue] = []

        init() {}
    }

    /// What the operator has seen last.
    var seen = Objects()
    /// What Prometheus has read last.
    var loaded = Objects()
    var isReloadPending = false

    init() {}

    /// What Prometheus is told: what the scenario says, then what the objects say.
    func operated(_ description: MonitoringDescription) -> (
        configuration: PrometheusConfiguration, ruleFiles: [(name: String, file: RuleFile)]
    ) {
        let operated = Self.operate(loaded, description)
        var configuration = description.configuration
        // A job of the scenario that has the name of one of the operator's goes first.
        let names = Set(configuration.scrapeConfigurations.map(\.jobName))
        configuration.scrapeConfigurations += operated.configuration.scrapeConfigurations.filter {
            !names.contains($0.jobName)
        }
        // The webhook has let in no rules that cannot be read.
        let files = operated.ruleFiles.compactMap { file in
            (try? RuleFile(file.contents)).map { (name: file.path, file: $0) }
        }
        return (configuration, description.ruleFiles + files)
    }

    /// Objects that the operator leaves out, and why.
    func rejected(_ description: MonitoringDescription) -> [OperatedPrometheus.Remark] {
        Self.operate(seen, description).rejected
    }

    private static func operate(_ objects: Objects, _ description: MonitoringDescription) -> OperatedPrometheus {
        var resources = OperatorResources()
        resources.serviceMonitors = objects.serviceMonitors
        resources.podMonitors = objects.podMonitors
        resources.prometheusRules = objects.prometheusRules
        let global = description.configuration.global
        let all: JSONValue = .object([:])
        let prometheus: JSONValue = [
            "metadata": ["name": "k8s", "namespace": "monitoring"],
            "spec": [
                "scrapeInterval": .string(PrometheusDuration.format(global.scrapeInterval)),
                "scrapeTimeout": .string(PrometheusDuration.format(global.scrapeTimeout)),
                "evaluationInterval": .string(PrometheusDuration.format(global.evaluationInterval)),
                "serviceMonitorSelector": all, "serviceMonitorNamespaceSelector": all, "podMonitorSelector": all,
                "podMonitorNamespaceSelector": all, "ruleSelector": all, "ruleNamespaceSelector": all,
            ],
        ]
        return PrometheusOperator.operate(prometheus, resources)
    }

    /// An object with the parts that are read.
    static func essence(_ object: JSONValue) -> JSONValue {
        var metadata: OrderedDictionary<String, JSONValue> = [:]
        for name in ["name", "namespace", "uid", "labels"] {
            if let value = object["metadata"]?[name] { metadata[name] = value }
        }
        return ["metadata": .object(metadata), "spec": object["spec"] ?? .null]
    }
}

extension MonitoringOperator: BinaryCodable {
    private static let version = 1

    func write(to writer: inout BinaryWriter) {
        writer.section("monitoring-operator", version: Self.version)
        writer.write(seen)
        writer.write(loaded)
        writer.write(isReloadPending)
    }

    init(from reader: inout BinaryReader) throws(BinaryDecodingError) {
        try reader.section("monitoring-operator", version: Self.version)
        seen = try reader.read()
        loaded = try reader.read()
        isReloadPending = try reader.read()
    }
}

extension MonitoringOperator.Objects: BinaryCodable {
    func write(to writer: inout BinaryWriter) {
        for list in [serviceMonitors, podMonitors, prometheusRules] {
            writer.write(list.map { String(decoding: $0.compactBytes, as: UTF8.self) })
        }
    }

    init(from reader: inout BinaryReader) throws(BinaryDecodingError) {
        serviceMonitors = try Self.list(from: &reader)
        podMonitors = try Self.list(from: &reader)
        prometheusRules = try Self.list(from: &reader)
    }

    private static func list(from reader: inout BinaryReader) throws(BinaryDecodingError) -> [JSONValue] {
        var list: [JSONValue] = []
        for text in try reader.read([String].self) {
            guard let value = try? JSONValue(parsingJSON: Array(text.utf8)[...]) else {
                throw .malformed(what: "monitor", offset: reader.offset)
            }
            list.append(value)
        }
        return list
    }
}
