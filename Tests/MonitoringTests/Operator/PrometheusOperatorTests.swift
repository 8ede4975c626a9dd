import KubernetesAPI
import PromQL
import Testing

@testable import Monitoring

@Suite struct PrometheusOperatorTests {
    static let prometheus = """
        apiVersion: monitoring.coreos.com/v1
        kind: Prometheus
        metadata: {name: k8s, namespace: monitoring}
        spec:
          serviceMonitorSelector: {matchLabels: {release: lab}}
          serviceMonitorNamespaceSelector: {}
          podMonitorSelector: {}
          podMonitorNamespaceSelector: {matchLabels: {team: a}}
          ruleSelector: {}
          ruleNamespaceSelector: {}
          scrapeInterval: 15s
          externalLabels: {cluster: lab}
          enforcedSampleLimit: 1000
          enforcedBodySizeLimit: 1MB
          alerting: {alertmanagers: [{namespace: default, name: web, port: http, pathPrefix: /am}]}
        """

    private func value(_ yaml: String) throws -> JSONValue {
        try YAMLReader.documents(yaml).first?.value ?? .null
    }

    private func monitor(_ spec: String, labels: String = "{release: lab}", name: String = "web") throws -> JSONValue {
        try value("metadata: {name: \(name), namespace: default, labels: \(labels)}\nspec: \(spec)")
    }

    private func operate(_ change: (inout OperatorResources) throws -> Void) throws -> OperatedPrometheus {
        var resources = OperatorResources()
        var namespace = Namespace()
        namespace.metadata.name = "default"
        namespace.metadata.labels = ["team": "a"]
        resources.namespaces = [namespace]
        try change(&resources)
        return PrometheusOperator.operate(try value(Self.prometheus), resources)
    }

    /// The targets that a Prometheus finds in the small cluster.
    private func targets(_ operated: OperatedPrometheus) throws -> [Labels] {
        try operated.configuration.scrapeConfigurations.flatMap { job in
            var pool = ScrapePool(job)
            pool.synchronize(job.discovery.groups(in: try SmallCluster.objects()), now: 0)
            return pool.targets.map(\.labels)
        }
    }

    @Test func aServiceMonitorLeadsToThePodsOfItsService() throws {
        let operated = try operate {
            $0.serviceMonitors = [
                try monitor(
                    "{selector: {matchLabels: {app: web}}, endpoints: [{port: http, interval: 5s}], targetLabels: [release], podTargetLabels: [app]}"
                )
            ]
        }
        let job = operated.configuration.scrapeConfigurations[0]
        #expect(job.jobName == "serviceMonitor/default/web/0")
        #expect(job.scrapeInterval == 5000 && job.scrapeTimeout == 5000 && job.limits.samples == 1000)
        #expect(job.limits.bodySize == 1 << 20)
        #expect(job.discovery.kubernetes[0].namespaces == ["default"])
        #expect(
            try targets(operated).map(\.description) == [
                #"{app="web", container="web", endpoint="http", instance="10.0.0.1:8080", job="web", namespace="default", pod="web-1", release="lab", service="web"}"#,
                #"{app="web", container="web", endpoint="http", instance="[fd00::2]:8080", job="web", namespace="default", pod="web-2", release="lab", service="web"}"#,
            ])
    }

    @Test func theOrderOfRelabellingIsTheOperators() throws {
        let operated = try operate {
            $0.serviceMonitors = [
                try monitor(
                    "{selector: {matchLabels: {app: web}}, jobLabel: app, endpoints: [{port: http, relabelings: [{targetLabel: own, replacement: x}]}]}"
                )
            ]
        }
        let steps = operated.configuration.scrapeConfigurations[0].relabelling.steps
        #expect(
            steps.map {
                "\($0.action.rawValue) \($0.sourceLabels.joined(separator: ",")) \($0.regex) \($0.targetLabel)"
            }
                == [
                    "replace job (.*) __tmp_prometheus_job_name",
                    "keep __meta_kubernetes_service_label_app,__meta_kubernetes_service_labelpresent_app (web);true ",
                    "keep __meta_kubernetes_endpoint_port_name http ",
                    "replace __meta_kubernetes_endpoint_address_target_kind,__meta_kubernetes_endpoint_address_target_name Node;(.*) node",
                    "replace __meta_kubernetes_endpoint_address_target_kind,__meta_kubernetes_endpoint_address_target_name Pod;(.*) pod",
                    "replace __meta_kubernetes_namespace (.*) namespace",
                    "replace __meta_kubernetes_service_name (.*) service",
                    "replace __meta_kubernetes_pod_name (.*) pod",
                    "replace __meta_kubernetes_pod_container_name (.*) container",
                    "drop __meta_kubernetes_pod_phase (Failed|Succeeded) ",
                    "replace __meta_kubernetes_service_name (.*) job",
                    "replace __meta_kubernetes_service_label_app (.+) job",
                    "replace  (.*) endpoint",
                    "replace  (.*) own",
                    "replace __address__,__tmp_hash (.+); __tmp_hash", "hashmod __tmp_hash (.*) __tmp_hash",
                    "keep __tmp_hash,__tmp_disable_sharding 0;|.+;.+ ",
                ])
    }

    /// The most frequent faults of learners: each leaves the targets among the dropped, or says what was not selected.
    @Test func frequentFaultsAreVisible() throws {
        // The selector means the labels of services, and pods have others.
        var operated = try operate {
            $0.serviceMonitors = [try monitor("{selector: {matchLabels: {tier: web}}, endpoints: [{port: http}]}")]
        }
        var pool = ScrapePool(operated.configuration.scrapeConfigurations[0])
        pool.synchronize(pool.configuration.discovery.groups(in: try SmallCluster.objects()), now: 0)
        #expect(pool.targets.isEmpty && pool.droppedTargets.count == 3)
        // The port is the name of the service's port, no number.
        operated = try operate {
            $0.serviceMonitors = [try monitor("{selector: {matchLabels: {app: web}}, endpoints: [{port: \"8080\"}]}")]
        }
        #expect(try targets(operated).isEmpty)
        // The label that Prometheus selects monitors by is missing.
        operated = try operate { $0.serviceMonitors = [try monitor("{endpoints: [{port: http}]}", labels: "{}")] }
        #expect(
            operated.unselected == [
                .init(
                    object: "ServiceMonitor default/web",
                    text: "spec.serviceMonitorSelector of Prometheus k8s wants release=lab")
            ])
        // The namespace is another.
        operated = try operate {
            $0.serviceMonitors = [
                try monitor("{namespaceSelector: {matchNames: [other]}, endpoints: [{port: http}]}")
            ]
        }
        #expect(try targets(operated).isEmpty)
    }

    @Test func aPodMonitorNeedsNoService() throws {
        let operated = try operate {
            $0.podMonitors = [
                try monitor(
                    "{selector: {matchExpressions: [{key: app, operator: In, values: [web, api]}]}, podMetricsEndpoints: [{port: metrics, path: /m}]}"
                )
            ]
        }
        #expect(operated.configuration.scrapeConfigurations[0].metricsPath == "/m")
        #expect(
            try targets(operated).map(\.description) == [
                #"{container="web", endpoint="metrics", instance="10.0.0.1:9090", job="default/web", namespace="default", pod="web-1"}"#
            ])
    }

    @Test func shardsShareTheTargets() throws {
        let job = try monitor("{selector: {matchLabels: {app: web}}, endpoints: [{port: http}]}")
        var resources = OperatorResources()
        resources.serviceMonitors = [job]
        guard case .object(var members) = try value(Self.prometheus), case .object(var spec)? = members["spec"] else {
            return
        }
        spec["shards"] = 3
        members["spec"] = .object(spec)
        let found = try (0..<3).map { shard in
            try targets(PrometheusOperator.operate(.object(members), resources, shard: shard)).map { $0["pod"] }
        }
        #expect(found.flatMap { $0 }.sorted() == ["web-1", "web-2"])
    }

    @Test func alertsGoToTheServiceThatIsNamed() throws {
        let alerting = try operate { _ in }.configuration.alerting
        #expect(
            alerting.alertmanagersAnswer(in: try SmallCluster.objects()).json(indented: false)
                == #"{"activeAlertmanagers":[{"url":"http://10.0.0.1:8080/am/api/v2/alerts"},{"url":"http://[fd00::2]:8080/am/api/v2/alerts"}],"droppedAlertmanagers":[{"url":"http://10.0.0.1:9090/am/api/v2/alerts"}]}"#
        )
        #expect(
            alerting.alertRelabelling.apply(Labels(["a": "b", "prometheus_replica": "x"])) == Labels(["a": "b"]))
    }

    @Test func rulesBecomeFiles() throws {
        let operated = try operate {
            $0.prometheusRules = [
                try value(
                    """
                    metadata: {name: alerts, namespace: default, uid: u}
                    spec:
                      groups:
                      - name: g
                        partial_response_strategy: warn
                        rules: [{record: x, expr: 1}, {alert: A, expr: up == 0, for: 5m}]
                    """)
            ]
        }
        #expect(
            operated.ruleFiles.map(\.path)
                == ["/etc/prometheus/rules/prometheus-k8s-rulefiles-0/default-alerts-u.yaml"])
        let groups = try value(operated.ruleFiles[0].contents)["groups"]?.array
        #expect(groups?[0]["partial_response_strategy"] == nil)
        #expect(groups?[0]["rules"]?.array?[0]["expr"] == "1")
        #expect(groups?[0]["rules"]?.array?[1]["for"] == "5m")
        #expect(
            operated.configuration.global.externalLabels
                == Labels(["cluster": "lab", "prometheus": "monitoring/k8s", "prometheus_replica": "prometheus-k8s-0"]))
    }

    @Test func whatIsWrongIsLeftOutWithAReason() throws {
        let operated = try operate {
            $0.serviceMonitors = [
                try monitor("{endpoints: [{port: http, interval: 5s, scrapeTimeout: 6s}]}", name: "a"),
                try monitor("{endpoints: [{port: http, relabelings: [{action: hashmod, targetLabel: x}]}]}", name: "b"),
                try monitor("{endpoints: [{port: http}]}", name: "c"),
                "garbage",
            ]
        }
        #expect(operated.configuration.scrapeConfigurations.map(\.jobName) == ["serviceMonitor/default/c/0"])
        #expect(
            operated.rejected.map(\.text) == [
                "scrapeTimeout \"6s\" greater than scrapeInterval \"5s\"",
                "endpoint[0]: relabel configuration for hashmod requires non-zero modulus",
            ])
    }
}
