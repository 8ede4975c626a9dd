import KubernetesAPI
import PromQL

/// The custom resources of `monitoring.coreos.com` in a cluster, and its namespaces.
public struct OperatorResources: Sendable {
    public var serviceMonitors: [JSONValue] = []
    public var podMonitors: [JSONValue] = []
    public var prometheusRules: [JSONValue] = []
    public var namespaces: [Namespace] = []

    public init() {}
}

/// What the Prometheus operator makes of a `Prometheus` object and of what that selects.
public struct OperatedPrometheus: Sendable, Equatable {
    /// A file of rules, as it is mounted.
    public struct RuleFile: Sendable, Equatable {
        public var path: String
        /// YAML with `groups`.
        public var contents: String
    }

    /// Something that was selected and cannot be used, or that nothing selected.
    public struct Remark: Sendable, Equatable {
        /// Such as `ServiceMonitor default/web`.
        public var object: String
        public var text: String
    }

    public var configuration: PrometheusConfiguration
    public var ruleFiles: [RuleFile]
    /// Objects that are left out because they are wrong.
    public var rejected: [Remark]
    /// Objects that the selectors of this Prometheus leave out, and by which.
    public var unselected: [Remark]
}

/// The Prometheus operator as a function of the objects in a cluster.
///
///     let operated = PrometheusOperator.operate(prometheus, resources)
///     operated.configuration.scrapeConfigurations.map(\.jobName)     // ["serviceMonitor/default/web/0"]
public enum PrometheusOperator {
    /// - Parameter shard: which of `spec.shards` servers this is, from 0.
    public static func operate(
        _ prometheus: JSONValue, _ resources: OperatorResources, shard: Int = 0
    ) -> OperatedPrometheus {
        let owner = CustomResource(value: prometheus)
        var configuration = PrometheusConfiguration()
        var rejected: [OperatedPrometheus.Remark] = []
        var unselected: [OperatedPrometheus.Remark] = []
        configuration.global = global(owner, shard, &rejected)

        func selected(_ values: [JSONValue], _ kind: String, _ selector: String) -> [CustomResource] {
            CustomResource.sorted(values).filter { object in
                let reason = MonitorSelection(owner, selector, resources.namespaces).refusal(of: object)
                if let reason {
                    unselected.append(.init(object: "\(kind) \(object.namespace)/\(object.name)", text: reason))
                }
                return reason == nil
            }
        }
        func jobs(
            _ monitor: CustomResource, _ kind: String,
            _ make: (MonitorConfiguration) throws(MonitorError) -> [ScrapeConfiguration]
        ) {
            do throws(MonitorError) {
                configuration.scrapeConfigurations += try make(
                    MonitorConfiguration(
                        monitor: monitor, prometheus: owner, global: configuration.global, shard: shard))
            } catch {
                rejected.append(.init(object: "\(kind) \(monitor.namespace)/\(monitor.name)", text: error.text))
            }
        }
        for monitor in selected(resources.serviceMonitors, "ServiceMonitor", "serviceMonitor") {
            jobs(monitor, "ServiceMonitor") { maker throws(MonitorError) in try maker.serviceJobs() }
        }
        for monitor in selected(resources.podMonitors, "PodMonitor", "podMonitor") {
            jobs(monitor, "PodMonitor") { maker throws(MonitorError) in try maker.podJobs() }
        }
        let files = selected(resources.prometheusRules, "PrometheusRule", "rule").map { ruleFile($0, owner) }
        if !files.isEmpty { configuration.ruleFiles = ["\(folder(owner))/*.yaml"] }
        configuration.storage = storage(owner)
        configuration.alerting = alerting(owner, &rejected)
        return OperatedPrometheus(
            configuration: configuration, ruleFiles: files, rejected: rejected, unselected: unselected)
    }

    private static func global(
        _ owner: CustomResource, _ shard: Int, _ rejected: inout [OperatedPrometheus.Remark]
    ) -> GlobalConfiguration {
        var global = GlobalConfiguration()
        func duration(_ field: String, _ standard: Int64) -> Int64 {
            guard let text = owner.spec[field]?.string, !text.isEmpty else { return standard }
            do throws(PrometheusDuration.ParseError) {
                return try PrometheusDuration.parse(text)
            } catch {
                rejected.append(
                    .init(object: "Prometheus \(owner.namespace)/\(owner.name)", text: "\(field): \(error)"))
                return standard
            }
        }
        global.scrapeInterval = duration("scrapeInterval", 30_000)
        global.scrapeTimeout = min(duration("scrapeTimeout", 10_000), global.scrapeInterval)
        global.evaluationInterval = duration("evaluationInterval", 30_000)
        var labels: [Label] = []
        let name = owner.spec["prometheusExternalLabelName"]?.string ?? "prometheus"
        let replica = owner.spec["replicaExternalLabelName"]?.string ?? "prometheus_replica"
        if !name.isEmpty { labels.append(Label(name, "\(owner.namespace)/\(owner.name)")) }
        if !replica.isEmpty {
            labels.append(Label(replica, "prometheus-\(owner.name)" + (shard == 0 ? "" : "-shard-\(shard)") + "-0"))
        }
        labels += CustomResource.texts(owner.spec["externalLabels"]).sorted { ByteOrder.less($0.key, $1.key) }
            .map { Label($0.key, $0.value) }
        global.externalLabels = Labels(labels)
        return global
    }

    /// Alerts go to the services that `spec.alerting.alertmanagers` names, without the label of the replica, so that both
    /// servers of a pair send the same alert.
    private static func alerting(
        _ owner: CustomResource, _ rejected: inout [OperatedPrometheus.Remark]
    ) -> AlertingConfiguration {
        var alerting = AlertingConfiguration()
        let replica = owner.spec["replicaExternalLabelName"]?.string ?? "prometheus_replica"
        let role: KubernetesRole =
            owner.spec["serviceDiscoveryRole"]?.string == "EndpointSlice" ? .endpointslice : .endpoints
        do throws(RelabelError) {
            if !replica.isEmpty {
                alerting.alertRelabelling = Relabelling([
                    try RelabelConfiguration(regex: replica, action: .labeldrop)
                ])
            }
            for row in owner.spec["alerting"]?["alertmanagers"]?.array ?? [] {
                alerting.alertmanagers.append(try alertmanager(row, owner, role))
            }
        } catch {
            rejected.append(
                .init(object: "Prometheus \(owner.namespace)/\(owner.name)", text: "alerting: \(error)"))
        }
        return alerting
    }

    private static func alertmanager(
        _ row: JSONValue, _ owner: CustomResource, _ role: KubernetesRole
    ) throws(RelabelError) -> AlertmanagerDiscovery {
        var alertmanager = AlertmanagerDiscovery()
        alertmanager.scheme = row["scheme"]?.string?.lowercased() ?? alertmanager.scheme
        alertmanager.pathPrefix = row["pathPrefix"]?.string ?? alertmanager.pathPrefix
        alertmanager.timeout =
            row["timeout"]?.string.flatMap { try? PrometheusDuration.parse($0) } ?? alertmanager.timeout
        var discovery = KubernetesDiscoveryConfiguration(role: role)
        discovery.namespaces = [row["namespace"]?.string ?? owner.namespace]
        alertmanager.discovery.kubernetes = [discovery]
        var steps = [
            try RelabelConfiguration(
                sourceLabels: ["__meta_kubernetes_service_name"], regex: row["name"]?.string ?? "", action: .keep)
        ]
        if let port = row["port"]?.string, !port.isEmpty {
            let source = role == .endpointslice ? "endpointslice" : "endpoint"
            steps.append(
                try RelabelConfiguration(
                    sourceLabels: ["__meta_kubernetes_\(source)_port_name"], regex: port, action: .keep))
        } else if let port = row["port"]?.wholeNumber, port != 0 {
            steps.append(
                try RelabelConfiguration(
                    sourceLabels: ["__meta_kubernetes_pod_container_port_number"], regex: "\(port)", action: .keep))
        }
        alertmanager.relabelling = Relabelling(steps + (try MonitorRelabelling.steps(row["relabelings"])))
        alertmanager.alertRelabelling = Relabelling(try MonitorRelabelling.steps(row["alertRelabelings"]))
        return alertmanager
    }

    private static func storage(_ owner: CustomResource) -> StorageConfiguration {
        var storage = StorageConfiguration()
        func milliseconds(_ value: JSONValue?) -> Int64? {
            value?.string.flatMap { try? PrometheusDuration.parse($0) }
        }
        // The operator's own default is shorter than Prometheus'.
        storage.retention = milliseconds(owner.spec["retention"]) ?? 86_400_000
        storage.outOfOrderTimeWindow = milliseconds(owner.spec["tsdb"]?["outOfOrderTimeWindow"]) ?? 0
        if let exemplars = owner.spec["exemplars"]?["maxSize"]?.wholeNumber { storage.maxExemplars = max(0, exemplars) }
        return storage
    }

    private static func folder(_ owner: CustomResource) -> String {
        "/etc/prometheus/rules/prometheus-\(owner.name)-rulefiles-0"
    }

    /// A PrometheusRule as a file: its groups, without what only Thanos reads.
    private static func ruleFile(_ rule: CustomResource, _ owner: CustomResource) -> OperatedPrometheus.RuleFile {
        let suffix = rule.uid.isEmpty ? "" : "-" + rule.uid
        return OperatedPrometheus.RuleFile(
            path: "\(folder(owner))/\(rule.namespace)-\(rule.name)\(suffix).yaml", contents: ruleText(rule))
    }

    /// The text of that file.
    static func ruleText(_ rule: CustomResource) -> String {
        let groups = (rule.spec["groups"]?.array ?? []).map { group -> JSONValue in
            guard var members = group.object else { return group }
            members["partial_response_strategy"] = nil
            if let rules = members["rules"]?.array {
                members["rules"] = .array(
                    rules.map { rule in
                        guard var fields = rule.object, let text = fields["expr"]?.textOrNumber else { return rule }
                        fields["expr"] = .string(text)
                        return .object(fields)
                    })
            }
            return .object(members)
        }
        return YAMLWriter.text(["groups": .array(groups)])
    }
}

/// Which objects of a kind a Prometheus looks at: by their labels and by those of their namespace.
struct MonitorSelection {
    private let owner: CustomResource
    private let field: String
    private let labels: LabelSelector?
    private let namespaces: LabelSelector?
    private let namespaceLabels: [String: [String: String]]

    /// - Parameter field: `serviceMonitor`, `podMonitor` or `rule`.
    init(_ owner: CustomResource, _ field: String, _ namespaces: [Namespace]) {
        self.owner = owner
        self.field = field
        labels = owner.spec[field + "Selector"]?.labelSelector
        self.namespaces = owner.spec[field + "NamespaceSelector"]?.labelSelector
        var known: [String: [String: String]] = [:]
        for namespace in namespaces { known[namespace.metadata.name] = namespace.metadata.labels }
        namespaceLabels = known
    }

    /// Why an object is not looked at; nil if it is.
    func refusal(of object: CustomResource) -> String? {
        guard let labels else {
            return "spec.\(field)Selector of Prometheus \(owner.name) is not set: it selects nothing"
        }
        if let namespaces {
            if !LabelQuery(namespaces).matches(namespaceLabels[object.namespace] ?? [:]) {
                return "spec.\(field)NamespaceSelector of Prometheus \(owner.name) does not select namespace "
                    + object.namespace
            }
        } else if object.namespace != owner.namespace {
            return "spec.\(field)NamespaceSelector of Prometheus \(owner.name) is not set: only namespace "
                + "\(owner.namespace) is looked at"
        }
        if !LabelQuery(labels).matches(object.labels) {
            return "spec.\(field)Selector of Prometheus \(owner.name) wants \(LabelQuery(labels))"
        }
        return nil
    }
}
