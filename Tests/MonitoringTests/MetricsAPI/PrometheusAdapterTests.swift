import KubernetesAPI
import PromQL
import Simulation
import Testing

@testable import Monitoring

@Suite struct PrometheusAdapterTests {
    static let configuration = """
        rules:
        - seriesQuery: '{__name__=~"^http_.*_total$",namespace!="",pod!=""}'
          seriesFilters: [{isNot: "_internal_"}]
          resources: {overrides: {namespace: {resource: namespace}, pod: {resource: pod}}}
          name: {matches: "^(.*)_total$", as: "${1}_per_second"}
          metricsQuery: 'sum(rate(<<.Series>>{<<.LabelMatchers>>}[2m])) by (<<.GroupBy>>)'
        - seriesQuery: 'queue_depth{kube_namespace!=""}'
          resources: {template: "kube_<<.Resource>>"}
          metricsQuery: 'avg(<<.Series>>{<<.LabelMatchers>>}) by (<<.GroupBy>>)'
        - seriesQuery: 'group_metric'
          resources: {template: "k_<<.Group>>_<<.Resource>>"}
          metricsQuery: '<<.Series>>{<<.LabelMatchers>>}'
        externalRules:
        - seriesQuery: 'tokens_total'
          resources: {namespaced: false}
          metricsQuery: 'sum(rate(<<.Series>>{<<.LabelMatchers>>}[1m]))'
        - seriesQuery: 'jobs_waiting'
          resources: {overrides: {ns: {resource: namespaces}}}
          name: {matches: "^(jobs)_(.*)$", as: "$2-$1"}
          metricsQuery: 'max(<<.Series>>{<<.LabelMatchers>>,x="<<index .LabelValuesByName "tier">>"})'
        """

    static let series: [Labels] = [
        Labels(["__name__": "http_requests_total", "namespace": "default", "pod": "web-1"]),
        Labels(["__name__": "http_internal_requests_total", "namespace": "default", "pod": "web-1"]),
        Labels(["__name__": "http_errors_total", "namespace": "default"]),
        Labels(["__name__": "queue_depth", "kube_namespace": "default", "kube_service": "web", "kube_nonsense": "x"]),
        Labels(["__name__": "group_metric", "k_apps_deployment": "web"]),
        Labels(["__name__": "tokens_total"]), Labels(["__name__": "jobs_waiting"]),
    ]

    private func registry() throws -> AdapterRegistry {
        AdapterRegistry(try AdapterConfiguration(Self.configuration), series: Self.series)
    }

    @Test func seriesBecomeMetricsOfTheirResources() throws {
        let registry = try registry()
        #expect(
            registry.customMetrics.map { "\($0.resource.text)/\($0.name) \($0.isNamespaced)" } == [
                "deployments.apps/group_metric false", "namespaces/http_requests_per_second false",
                "namespaces/queue_depth false", "pods/http_requests_per_second true", "services/queue_depth true",
            ])
        #expect(registry.externalMetrics == ["tokens_total", "waiting-jobs"])
    }

    @Test func requestsBecomeQueries() throws {
        let registry = try registry()
        let pods = CustomMetric(
            resource: .init(resource: "pods"), isNamespaced: true, name: "http_requests_per_second")
        #expect(
            try registry.query(pods, namespace: "default", names: ["web-1", "web-2"])
                == #"sum(rate(http_requests_total{namespace="default",pod=~"web-1|web-2"}[2m])) by (pod)"#)
        #expect(
            try registry.query(
                pods, namespace: "default", names: ["web-1"],
                selector: LabelQuery(parsing: "code in (500,503),path=a,!debug,old"))
                == #"sum(rate(http_requests_total{code=~"500|503",debug="",old!="",path="a",namespace="default",pod="web-1"}[2m])) by (pod)"#
        )
        #expect(
            try registry.query(
                CustomMetric(resource: .init(resource: "services"), isNamespaced: true, name: "queue_depth"),
                namespace: "default", names: ["web"])
                == #"avg(queue_depth{kube_namespace="default",kube_service="web"}) by (kube_service)"#)
        #expect(
            try registry.query(
                CustomMetric(
                    resource: .init(group: "apps", resource: "deployments"), isNamespaced: false, name: "group_metric"),
                namespace: "", names: ["web"]) == #"group_metric{k_apps_deployment="web"}"#)
        #expect(
            try registry.query(external: "tokens_total", namespace: "default", selector: LabelQuery(parsing: "model=x"))
                == #"sum(rate(tokens_total{model="x"}[1m]))"#)
        #expect(
            try registry.query(external: "waiting-jobs", namespace: "a", selector: LabelQuery(parsing: "tier=gold"))
                == #"max(jobs_waiting{tier="gold",ns="a",x="gold"})"#)
        #expect(
            throws: MetricsAPIError("the server could not find the metric nothing for pods web-1")
        ) {
            try registry.query(
                CustomMetric(resource: .init(resource: "pods"), isNamespaced: true, name: "nothing"),
                namespace: "default", names: ["web-1"])
        }
    }

    /// From a scrape to the value that the HPA gets.
    @Test func answersBecomeQuantities() throws {
        let registry = try registry()
        var store = TimeSeriesStore()
        for (pod, rate) in [("web-1", 2.0), ("web-2", 0.0333)] {
            for step in 0...8 {
                try store.append(
                    Labels([
                        "__name__": "http_requests_total", "namespace": "default", "pod": pod,
                    ]), time: Int64(step) * 15_000, value: Double(step) * 15 * rate)
            }
        }
        let metric = CustomMetric(
            resource: .init(resource: "pods"), isNamespaced: true, name: "http_requests_per_second")
        let names = ["web-1", "web-2", "web-3"]
        let query = try registry.query(metric, namespace: "default", names: names)
        let answer = try QueryEngine().instant(query, in: store, at: 120_000)
        let values = try registry.values(of: metric, names: names, in: answer.value)
        #expect(values.map(\.name) == ["web-1", "web-2"])
        // Thousandths are cut and not rounded: the rate is a hair below 2.
        #expect(values.map { $0.value.description } == ["1999m", "33m"])
        #expect(AdapterRegistry.quantity(.nan).description == "0")
        #expect(AdapterRegistry.quantity(1.9999).description == "1999m")
        #expect(throws: (any Error).self) { try registry.values(of: metric, names: ["web-3"], in: answer.value) }
    }

    @Test(arguments: [
        ("rules: [{seriesQuery: 'x{', metricsQuery: y}]", "unable to parse seriesQuery"),
        ("rules: [{seriesQuery: x, name: {matches: '('}}]", "unable to compile \"(\": error parsing regexp"),
        (
            "rules: [{seriesQuery: x, name: {matches: '(a)(b)'}}]",
            "must specify an 'as' value for name matcher \"(a)(b)\""
        ),
        ("rules: [{seriesQuery: x, metricsQuery: '<<.Nope>>'}]", "uses <<.Nope>>"),
        ("rules: [{seriesQuery: x, metricsQuery: '<<.Series'}]", "unclosed action in template"),
        ("rules: [{seriesQuery: x, resources: {overrides: {pod: {resource: podd}}}}]", "unable to normalize"),
        ("rules: [{seriesQuerry: x}]", "field seriesQuerry not found in type config.DiscoveryRule"),
    ])
    func faultsInTheConfigurationAreTold(_ text: String, _ message: String) {
        #expect(throws: ConfigurationError.self) {
            do throws(ConfigurationError) {
                _ = try AdapterConfiguration(text)
            } catch {
                #expect(error.message.contains(message), "\(error.message)")
                #expect(error.line == 1)
                throw error
            }
        }
    }

    @Test func answersHaveTheFormOfTheAPIs() {
        let pods = CustomMetric(resource: .init(resource: "pods"), isNamespaced: true, name: "rps")
        #expect(
            MetricValueLists.custom(
                pods, namespace: "default", values: [("web-1", Quantity(milli: 1500))], time: 1_767_225_600_450
            ).json(indented: false)
                == #"{"apiVersion":"custom.metrics.k8s.io/v1beta2","items":[{"describedObject":{"apiVersion":"/v1","kind":"Pod","name":"web-1","namespace":"default"},"metric":{"name":"rps","selector":null},"timestamp":"2026-01-01T00:00:00Z","value":"1500m"}],"kind":"MetricValueList","metadata":{}}"#
        )
        #expect(
            MetricValueLists.external(
                "s0-prometheus", values: [(Labels(["a": "b"]), Quantity(3))], time: 1_767_225_600_000
            ).json(indented: false)
                == #"{"apiVersion":"external.metrics.k8s.io/v1beta1","items":[{"metricLabels":{"a":"b"},"metricName":"s0-prometheus","timestamp":"2026-01-01T00:00:00Z","value":"3"}],"kind":"ExternalMetricValueList","metadata":{}}"#
        )
    }

    @Test func expressionsAreSearchedAsInGo() throws {
        #expect(try SearchedRegex("b+").matches("abbc"))
        #expect(try !SearchedRegex("^b").matches("abbc"))
        #expect(try SearchedRegex("b(b|c)").expand("$0-${1}-$$-$1x", in: "abbc") == "bb-b-$-")
        #expect(try SearchedRegex("(?P<n>b)(?:c)[(](d)").groupCount == 2)
    }
}

/// What the adapter has found is state, and is read back as it was.
@Suite struct AdapterRelistingTests {
    @Test func onlySeriesWithSamplesOfLateCount() throws {
        let configuration = try AdapterConfiguration(PrometheusAdapterTests.configuration)
        var store = TimeSeriesStore()
        for labels in PrometheusAdapterTests.series {
            try store.append(labels, time: labels.name == "queue_depth" ? 10_000 : 100_000, value: 1)
        }
        let registry = AdapterRegistry(configuration, store: store, now: 120_000, window: 60_000)
        #expect(
            registry.customMetrics.map { "\($0.resource.text)/\($0.name)" } == [
                "deployments.apps/group_metric", "namespaces/http_requests_per_second", "pods/http_requests_per_second",
            ])
        #expect(registry.customMetric("group_metric", of: .init(group: "apps", resource: "deployments")) != nil)
        #expect(registry.customMetric("queue_depth", of: .init(resource: "services")) == nil)
        #expect(AdapterRegistry(configuration, store: store, now: 200_000, window: 60_000).customMetrics.isEmpty)
    }

    @Test func whatWasFoundIsReadBack() throws {
        let configuration = try AdapterConfiguration(PrometheusAdapterTests.configuration)
        let registry = AdapterRegistry(configuration, series: PrometheusAdapterTests.series)
        var writer = BinaryWriter()
        registry.write(to: &writer)
        var reader = BinaryReader(writer.bytes)
        let read = try AdapterRegistry(configuration, from: &reader)
        #expect(reader.isAtEnd)
        #expect(read.customMetrics == registry.customMetrics && read.externalMetrics == registry.externalMetrics)
        for metric in registry.customMetrics {
            #expect(
                try read.query(metric, namespace: "a", names: ["x"])
                    == registry.query(metric, namespace: "a", names: ["x"]))
        }
        // Rules that the configuration does not have are no rules, whatever the bytes say.
        var hostile = BinaryReader(writer.bytes)
        #expect(throws: BinaryDecodingError.self) {
            _ = try AdapterRegistry(try AdapterConfiguration("rules: []"), from: &hostile)
        }
        for length in 0..<writer.bytes.count {
            var reader = BinaryReader(Array(writer.bytes.prefix(length)))
            #expect(throws: BinaryDecodingError.self) { _ = try AdapterRegistry(configuration, from: &reader) }
        }
    }
}
