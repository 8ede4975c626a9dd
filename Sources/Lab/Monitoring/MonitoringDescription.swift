import Monitoring
import Simulation

/// What a scenario says about its observability stack; a scenario without it has none, and pays nothing for it.
public struct MonitoringDescription: Sendable, Codable {
    /// `prometheus.yml`, as text.
    public var prometheus: String
    /// Whether targets are scraped at places within their interval that their hash decides, as Prometheus does; without
    /// it all at the beginning of each interval.
    public var spread: Bool
    /// Upper bounds of the programs' latency histograms, in seconds, ascending.
    public var buckets: [Double]

    /// Whether programs count requests by path and status, as promhttp's instrumentation and FastAPI's do: labels
    /// `handler` and `code` on counters and histograms, kubelets' probes among the requests.
    public var hasRoutes: Bool

    /// Those of prometheus_client in Python, with three more for answers that take as long as an agent's.
    public static let bucketsByDefault = [
        0.005, 0.01, 0.025, 0.05, 0.075, 0.1, 0.25, 0.5, 0.75, 1, 2.5, 5, 7.5, 10, 20, 30, 60,
    ]

    /// A file of recording and alerting rules, as text.
    public var rules: String

    /// `alertmanager.yml`, as text; nil for a Prometheus whose alerts nobody takes.
    public var alertmanager: String?

    /// Whether the Prometheus operator runs: ServiceMonitors, PodMonitors and PrometheusRules can be stored, and act.
    public var hasOperator: Bool

    /// The configuration of prometheus-adapter, as text; nil for the lab's own adapter, which reads the model.
    public var adapter: String?

    /// Whether KEDA runs: ScaledObjects can be stored, and act.
    public var hasKEDA: Bool

    /// Which traces are kept; nil for a world that records none.
    public var traces: TracesDescription?

    enum CodingKeys: String, CodingKey, CaseIterable {
        case prometheus, spread, buckets, rules, alertmanager
        case hasRoutes = "routes"
        case hasOperator = "operator"
        case adapter
        case hasKEDA = "keda"
        case traces
    }

    public init(from decoder: any Decoder) throws {
        let container = try decoder.strict(CodingKeys.self)
        prometheus = try container.decodeIfPresent(String.self, forKey: .prometheus) ?? Self.prometheusByDefault
        spread = try container.decodeIfPresent(Bool.self, forKey: .spread) ?? true
        buckets = try container.decodeIfPresent([Double].self, forKey: .buckets) ?? Self.bucketsByDefault
        guard buckets.count <= 100, buckets.allSatisfy({ $0 > 0 && $0.isFinite }),
            zip(buckets, buckets.dropFirst()).allSatisfy({ $0 < $1 })
        else {
            throw DecodingError.dataCorruptedError(
                forKey: .buckets, in: container, debugDescription: "must be at most 100 ascending numbers of seconds")
        }
        hasRoutes = try container.decodeIfPresent(Bool.self, forKey: .hasRoutes) ?? false
        rules = try container.decodeIfPresent(String.self, forKey: .rules) ?? ""
        do { ruleFiles = rules.isEmpty ? [] : [("rules.yml", try RuleFile(rules))] } catch {
            let place = error.errors.first?.line.map { "line \($0) of it: " } ?? ""
            throw DecodingError.dataCorruptedError(
                forKey: .rules, in: container, debugDescription: place + (error.errors.first?.message ?? ""))
        }
        alertmanager = try container.decodeIfPresent(String.self, forKey: .alertmanager)
        do { routing = try alertmanager.map { text in try AlertmanagerConfiguration(yaml: text) } } catch {
            let refusal = error as? AlertmanagerConfigurationError
            let place = refusal?.line.map { "line \($0) of it: " } ?? ""
            throw DecodingError.dataCorruptedError(
                forKey: .alertmanager, in: container, debugDescription: place + (refusal?.message ?? "\(error)"))
        }
        hasOperator = try container.decodeIfPresent(Bool.self, forKey: .hasOperator) ?? false
        adapter = try container.decodeIfPresent(String.self, forKey: .adapter)
        hasKEDA = try container.decodeIfPresent(Bool.self, forKey: .hasKEDA) ?? false
        traces = try container.decodeIfPresent(TracesDescription.self, forKey: .traces)
        if let text = adapter {
            do { adapterConfiguration = try AdapterConfiguration(text) } catch {
                let place = error.line.map { "line \($0) of it: " } ?? ""
                throw DecodingError.dataCorruptedError(
                    forKey: .adapter, in: container, debugDescription: place + error.message)
            }
        } else {
            adapterConfiguration = nil
        }
        do { configuration = try PrometheusConfiguration(prometheus) } catch {
            let place = error.line.map { "line \($0) of it: " } ?? ""
            throw DecodingError.dataCorruptedError(
                forKey: .prometheus, in: container, debugDescription: place + error.message)
        }
    }

    public func encode(to encoder: any Encoder) throws {
        var container = encoder.container(keyedBy: CodingKeys.self)
        try container.encode(prometheus, forKey: .prometheus)
        try container.encode(spread, forKey: .spread)
        try container.encode(buckets, forKey: .buckets)
        try container.encode(rules, forKey: .rules)
        try container.encode(alertmanager, forKey: .alertmanager)
        if hasRoutes { try container.encode(hasRoutes, forKey: .hasRoutes) }
        if hasOperator { try container.encode(hasOperator, forKey: .hasOperator) }
        try container.encodeIfPresent(adapter, forKey: .adapter)
        if hasKEDA { try container.encode(hasKEDA, forKey: .hasKEDA) }
        try container.encodeIfPresent(traces, forKey: .traces)
    }

    /// What ``prometheus`` means.
    let configuration: PrometheusConfiguration
    let ruleFiles: [(name: String, file: RuleFile)]
    let routing: AlertmanagerConfiguration?
    let adapterConfiguration: AdapterConfiguration?

    /// Pods that ask for it by annotation, kubelets with cAdvisor, node exporters and kube-state-metrics.
    public static let prometheusByDefault = """
        global:
          scrape_interval: 15s
          evaluation_interval: 15s
        scrape_configs:
          - job_name: kubernetes-pods
            kubernetes_sd_configs: [{role: pod}]
            relabel_configs:
              - {source_labels: [__meta_kubernetes_pod_annotation_prometheus_io_scrape], regex: "true", action: keep}
              - {source_labels: [__meta_kubernetes_pod_phase], regex: Pending|Succeeded|Failed|Completed, action: drop}
              - source_labels: [__meta_kubernetes_pod_annotation_prometheus_io_path]
                regex: (.+)
                target_label: __metrics_path__
              - source_labels: [__address__, __meta_kubernetes_pod_annotation_prometheus_io_port]
                regex: ([^:]+)(?::\\d+)?;(\\d+)
                replacement: $1:$2
                target_label: __address__
              - {source_labels: [__meta_kubernetes_namespace], target_label: namespace}
              - {source_labels: [__meta_kubernetes_pod_name], target_label: pod}
              - {source_labels: [__meta_kubernetes_pod_label_app], target_label: app}
          - job_name: cadvisor
            scheme: https
            metrics_path: /metrics/cadvisor
            kubernetes_sd_configs: [{role: node}]
            relabel_configs:
              - {source_labels: [__meta_kubernetes_node_name], target_label: node}
          - job_name: kubelet
            scheme: https
            kubernetes_sd_configs: [{role: node}]
            relabel_configs:
              - {source_labels: [__meta_kubernetes_node_name], target_label: node}
          - job_name: node-exporter
            kubernetes_sd_configs: [{role: node}]
            relabel_configs:
              - {source_labels: [__address__], regex: "([^:]+)(?::\\\\d+)?", replacement: "$1:9100", target_label: __address__}
              - {source_labels: [__meta_kubernetes_node_name], target_label: node}
          - job_name: kube-state-metrics
            scrape_interval: 30s
            honor_labels: true
            static_configs: [{targets: ["kube-state-metrics.kube-system.svc:8080"]}]
        """
}
