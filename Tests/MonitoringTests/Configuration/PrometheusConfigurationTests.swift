import PromQL
import Testing

@testable import Monitoring

@Suite struct PrometheusConfigurationTests {
    static let whole = """
        global:
          scrape_interval: 15s
          evaluation_interval: 30s
          external_labels: {cluster: lab, replica: 0}
          sample_limit: 1000
        rule_files: [rules/*.yml]
        alerting:
          alertmanagers:
          - static_configs: [{targets: ["alertmanager:9093"]}]
            timeout: 5s
        scrape_configs:
        - job_name: gateway
          scrape_timeout: 5s
          honor_labels: true
          honor_timestamps: false
          metrics_path: /probe
          params: {module: [http_2xx], z: [a, b]}
          sample_limit: 500
          body_size_limit: 10MB
          fallback_scrape_protocol: PrometheusText0.0.4
          static_configs:
          - targets: ["gateway:8080", "other:8080"]
            labels: {team: lab}
          metric_relabel_configs:
          - {source_labels: [__name__], regex: go_.*, action: drop}
        - job_name: pods
          scrape_interval: 5s
          kubernetes_sd_configs:
          - role: pod
            namespaces: {names: [default]}
            selectors: [{role: pod, label: "app in (web,api)"}]
            attach_metadata: {node: true}
          relabel_configs:
          - action: labelmap
            regex: __meta_kubernetes_pod_label_(.+)
          tls_config: {insecure_skip_verify: true}
        remote_write: [{url: "http://store/api/v1/write", name: store}]
        storage:
          tsdb: {out_of_order_time_window: 10m, retention: {time: 2d, size: 1GB}}
          exemplars: {max_exemplars: 50}
        """

    @Test func aWholeFileIsRead() throws {
        let configuration = try PrometheusConfiguration(Self.whole)
        #expect(configuration.global.scrapeInterval == 15_000)
        #expect(configuration.global.scrapeTimeout == 10_000)
        #expect(configuration.global.externalLabels == Labels(["cluster": "lab", "replica": "0"]))
        #expect(configuration.ruleFiles == ["rules/*.yml"])
        #expect(configuration.alerting.alertmanagers.map(\.timeout) == [5000])
        let gateway = configuration.scrapeConfigurations[0]
        #expect(gateway.scrapeInterval == 15_000 && gateway.scrapeTimeout == 5000)
        #expect(gateway.honorLabels && !gateway.honorTimestamps)
        #expect(gateway.parameters == [.init("module", ["http_2xx"]), .init("z", ["a", "b"])])
        #expect(gateway.limits.samples == 500 && gateway.limits.bodySize == 10 << 20)
        #expect(gateway.fallbackProtocol == .text004)
        #expect(gateway.discovery.statics[0].labels == Labels(["team": "lab"]))
        #expect(gateway.metricRelabelling.steps.map(\.action) == [.drop])
        let pods = configuration.scrapeConfigurations[1]
        // The timeout follows the shorter interval.
        #expect(pods.scrapeInterval == 5000 && pods.scrapeTimeout == 5000)
        #expect(pods.limits.samples == 1000)
        #expect(pods.discovery.kubernetes[0].role == .pod && pods.discovery.kubernetes[0].attachNode)
        #expect(pods.discovery.kubernetes[0].selectors[0].label == "app in (web,api)")
        #expect(configuration.remoteWrite.map(\.name) == ["store"])
        #expect(configuration.storage.store.outOfOrderWindow == 600_000)
        #expect(configuration.storage.store.retention == 172_800_000)
        #expect(configuration.storage.store.maxExemplars == 50)
    }

    /// go-yaml gives a string what was written, whatever YAML takes it for.
    @Test func wordsStayAsTheyAreWritten() throws {
        let text = """
            scrape_configs:
            - job_name: 007
              static_configs:
              - targets: [1.10, yes]
                labels: {version: 1.10, is: off, "q": 0x10, big: 1_000, exp: 1e3}
              relabel_configs:
              - source_labels: [a, no]
                regex:   # the next line has it
                  yes
                target_label: y
                replacement: 1.0
            """
        let job = try PrometheusConfiguration(text).scrapeConfigurations[0]
        #expect(job.jobName == "007")
        #expect(job.discovery.statics[0].targets == ["1.10", "yes"])
        #expect(
            job.discovery.statics[0].labels
                == Labels(["version": "1.10", "is": "off", "q": "0x10", "big": "1_000", "exp": "1e3"]))
        let step = job.relabelling.steps[0]
        #expect(step.sourceLabels == ["a", "no"] && step.regex == "yes" && step.targetLabel == "y")
        #expect(step.replacement == "1.0")
    }

    @Test func anEmptyFileHasTheDefaults() throws {
        let configuration = try PrometheusConfiguration("")
        #expect(configuration.global.scrapeInterval == 60_000 && configuration.scrapeConfigurations.isEmpty)
        #expect(try PrometheusConfiguration("global:\n").global == GlobalConfiguration())
    }

    @Test(arguments: [
        ("global: {scrape_interval: 5s, scrape_timeout: 6s}", "global scrape timeout greater than scrape interval", 1),
        (
            "scrape_configs:\n- job_name: a\n  scrape_interval: 1s\n  scrape_timeout: 2s\n",
            "scrape timeout greater than scrape interval for scrape config with job name \"a\"", 4
        ),
        (
            "scrape_configs:\n- job_name: a\n- job_name: a\n",
            "found multiple scrape configs with job name \"a\"", 3
        ),
        ("scrape_configs:\n- metrics_path: /\n", "job_name is empty", 2),
        ("scrape_configs:\n- \n", "empty or null scrape config section", 2),
        (
            "scrape_config:\n- job_name: a\n",
            "yaml: unmarshal errors:\n  line 1: field scrape_config not found in type config.plain", 1
        ),
        (
            "scrape_configs:\n- job_name: a\n  interval: 5s\n  honor_labels: maybe\n",
            "yaml: unmarshal errors:\n  line 3: field interval not found in type config.ScrapeConfig\n"
                + "  line 4: cannot unmarshal !!str `maybe` into bool", 3
        ),
        ("global:\n  scrape_interval: 5 s\n", "not a valid duration string: \"5 s\"", 2),
        (
            "scrape_configs:\n- job_name: a\n  static_configs:\n  - targets: ['http://a:80']\n",
            "\"http://a:80\" is not a valid hostname", 4
        ),
        (
            "scrape_configs:\n- job_name: a\n  kubernetes_sd_configs:\n  - role: pods\n",
            "unknown Kubernetes SD role \"pods\"", 4
        ),
        (
            "scrape_configs:\n- job_name: a\n  kubernetes_sd_configs:\n  - namespaces: {}\n",
            "role missing (one of: pod, service, endpoints, endpointslice, node, ingress)", 4
        ),
        (
            "scrape_configs:\n- job_name: a\n  kubernetes_sd_configs:\n  - role: pod\n    selectors: [{role: node}]\n",
            "pod role supports only pod selectors", 5
        ),
        (
            "scrape_configs:\n- job_name: a\n  kubernetes_sd_configs:\n  - role: pod\n    selectors: [{role: pod}, {role: pod}]\n",
            "duplicated selector role: pod", 5
        ),
        (
            "scrape_configs:\n- job_name: a\n  kubernetes_sd_configs:\n  - role: pod\n    selectors: [{role: pod, field: x}]\n",
            "invalid selector: 'x'; can't understand 'x'", 5
        ),
        (
            "scrape_configs:\n- job_name: a\n  kubernetes_sd_configs:\n  - role: pod\n    attach_metadata: {nodes: true}\n",
            "yaml: unmarshal errors:\n  line 5: field nodes not found in type kubernetes.AttachMetadataConfig", 5
        ),
        (
            "scrape_configs:\n- job_name: a\n  relabel_configs:\n  - {action: replacee}\n",
            "unknown relabel action \"replacee\"", 4
        ),
        (
            "scrape_configs:\n- job_name: a\n  relabel_configs:\n  - source_labels: [x]\n    regex: '('\n    target_label: y",
            "error parsing regexp: missing closing ): `^(?s:()$`", 5
        ),
        (
            "scrape_configs:\n- job_name: a\n  fallback_scrape_protocol: text\n",
            "invalid fallback_scrape_protocol for scrape config with job name \"a\": unknown scrape protocol text, "
                + "supported: [OpenMetricsText0.0.1 OpenMetricsText1.0.0 PrometheusProto PrometheusText0.0.4 "
                + "PrometheusText1.0.0]", 3
        ),
        ("rule_files: ['a*/b.yml']", "invalid rule file path \"a*/b.yml\"", 1),
        ("remote_write:\n- name: x\n", "url for remote_write is empty", 2),
        (
            "scrape_configs:\n- job_name: a\n  consul_sd_configs: []\n",
            "consul_sd_configs is not available in a lab, whose targets are found by static_configs and "
                + "kubernetes_sd_configs", 3
        ),
    ])
    func faultsAreToldInPrometheusWords(_ text: String, _ message: String, _ line: Int) {
        #expect(throws: ConfigurationError.self) {
            do throws(ConfigurationError) {
                _ = try PrometheusConfiguration(text)
            } catch {
                #expect(error.message == message)
                #expect(error.line == line)
                throw error
            }
        }
    }

    @Test func brokenYAMLKeepsItsLine() {
        #expect(throws: ConfigurationError.self) { try PrometheusConfiguration("global:\n\tx: 1\n") }
    }

    @Test func mutilatedFilesAreAnsweredAndNeverTrap() {
        var state: UInt64 = 1
        func next(_ bound: Int) -> Int {
            state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
            return Int((state >> 33) % UInt64(max(1, bound)))
        }
        let original = Array(Self.whole.utf8)
        var read = 0
        for _ in 0..<(ScrapingFuzz.count / 16) {
            var bytes = original
            for _ in 0...next(4) {
                let place = next(bytes.count)
                switch next(3) {
                case 0: bytes[place] = UInt8(next(256))
                case 1: bytes.remove(at: place)
                default: bytes.insert(Array("{}[]:-,'\"\n 0x".utf8)[next(13)], at: place)
                }
            }
            if (try? PrometheusConfiguration(String(decoding: bytes, as: UTF8.self))) != nil { read += 1 }
        }
        #expect(read > ScrapingFuzz.count / 500)
    }
}
