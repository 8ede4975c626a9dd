import Kubectl
import KubernetesAPI
import Testing

@testable import LabServer

/// What prometheus-adapter and KEDA serve over HTTP in the place of the lab's own adapter.
@Suite struct InstalledAdapterTests {
    private static func scenario(_ monitoring: String) -> String {
        """
        name: monitored
        nodes: [{name: worker, count: 2, cpu: "4", memory: 8Gi}]
        monitoring: \(monitoring)
        workloads:
          images:
            web:
              service: {stages: [{compute: 0.02}]}
              startup: {importing: 1}
              port: 8000
          traffic: [{name: users, service: default/web, rate: 20, timeout: 5s}]
        manifests: []
        """
    }

    private static let web = [
        """
        apiVersion: v1
        kind: Service
        metadata: {name: web}
        spec: {selector: {app: web}, ports: [{port: 80, targetPort: 8000}]}
        """,
        """
        apiVersion: apps/v1
        kind: Deployment
        metadata: {name: web}
        spec:
          replicas: 2
          selector: {matchLabels: {app: web}}
          template:
            metadata: {labels: {app: web}, annotations: {prometheus.io/scrape: "true"}}
            spec: {containers: [{name: web, image: "web:1", ports: [{containerPort: 8000}]}]}
        """,
    ]

    private static let adapter =
        "{adapter: \"rules: [{seriesQuery: 'http_requests_in_flight{pod!=\\\"\\\"}', resources: {overrides: {namespace: {resource: namespace}, pod: {resource: pod}}}, name: {as: work}, metricsQuery: 'sum(<<.Series>>{<<.LabelMatchers>>}) by (<<.GroupBy>>)'}]\"}"

    private static func begin(_ monitoring: String) async throws -> ServedLab {
        let lab = try await ServedLab.begin(scenario(monitoring))
        for text in web {
            let document = try #require(try YAMLReader.documents(text).first?.value)
            let row = try #require(KindRow.builtIn.first { $0.resource.kind == document["kind"]?.string })
            let request = APIRequest(.create, row.resource, namespace: "default", body: document)
            guard case .object = await lab.server.host.respond(to: request).response.body else {
                Issue.record("\(row.resource.kind)")
                continue
            }
        }
        return lab
    }

    @Test func discoveryAndValuesAreTheAdapters() async throws {
        let lab = try await Self.begin(Self.adapter)
        let client = LabClient(lab.server.kubeconfig)
        let base = "/apis/custom.metrics.k8s.io/v1beta1"
        // Nothing is there before the adapter has looked.
        #expect(try await client.get(base).json["resources"]?.array?.isEmpty == true)
        #expect(try await client.get("\(base)/namespaces/default/pods/*/work").code == 404)
        try await lab.pass(130)
        let list = try await client.get(base).json["resources"]?.array ?? []
        #expect(list.map { $0["name"]?.string } == ["namespaces/work", "pods/work"])
        #expect(list.map { $0["namespaced"] } == [.bool(false), .bool(true)])
        let pods = try await client.get("\(base)/namespaces/default/pods/*/work?labelSelector=app%3Dweb")
        #expect(pods.code == 200 && pods.json["items"]?.array?.count == 2, "\(pods.json)")
        #expect(pods.json["items"]?.array?.first?["metricName"] == "work")
        let missing = try await client.get("\(base)/namespaces/default/pods/*/http_requests_in_flight")
        #expect(
            missing.code == 404
                && missing.json["message"]?.string
                    == "the server could not find the metric http_requests_in_flight for pods"
        )
        // Without external rules that API stays with the lab's own adapter.
        let external = try await client.get(
            "/apis/external.metrics.k8s.io/v1beta1/namespaces/default/service_requests_per_second")
        #expect(external.code == 200)
        try await lab.end()
    }

    @Test func externalMetricsAreKedas() async throws {
        let lab = try await Self.begin("{keda: true}")
        let client = LabClient(lab.server.kubeconfig)
        let base = "/apis/external.metrics.k8s.io/v1beta1"
        let list = try await client.get(base).json["resources"]?.array ?? []
        #expect(list.map { $0["name"]?.string } == ["externalmetrics"])
        let kinds = try await client.get("/apis/keda.sh/v1alpha1").json["resources"]?.array ?? []
        #expect(kinds.first?["shortNames"]?.array?.first == "so", "\(kinds)")
        let made = try await client.get("\(base)/namespaces/default/s0-prometheus")
        #expect(made.code == 500 && made.json["message"] == "scaledObject name is not specified")
        try await lab.end()
    }
}
