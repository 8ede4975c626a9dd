import KubernetesAPI
import Monitoring
import PromQL
import Simulation
import Testing
import Workloads

@testable import Lab

/// What exporters say beyond pods and requests, against the model's own account.
@Suite struct ExporterTests {
    private static let controllers = """
        apiVersion: apps/v1
        kind: StatefulSet
        metadata: {name: db}
        spec:
          serviceName: db
          replicas: 2
          selector: {matchLabels: {app: db}}
          template: {metadata: {labels: {app: db}}, spec: {containers: [{name: db, image: "web:1"}]}}
        ---
        apiVersion: apps/v1
        kind: DaemonSet
        metadata: {name: agent}
        spec:
          selector: {matchLabels: {app: agent}}
          template: {metadata: {labels: {app: agent}}, spec: {containers: [{name: agent, image: "web:1"}]}}
        ---
        apiVersion: batch/v1
        kind: CronJob
        metadata: {name: nightly}
        spec:
          schedule: "0 3 * * *"
          jobTemplate:
            spec: {template: {spec: {restartPolicy: Never, containers: [{name: job, image: "web:1"}]}}}
        ---
        apiVersion: policy/v1
        kind: PodDisruptionBudget
        metadata: {name: web}
        spec: {minAvailable: 1, selector: {matchLabels: {app: web}}}
        """

    @Test func controllersAreExposed() throws {
        var world = try MonitoringTests.world(minutes: 1)
        #expect(world.apply(Self.controllers, file: "more.yaml", author: "learner").failures.isEmpty)
        try world.advance(to: .zero + .minutes(4))
        let expected: [(query: String, value: Double)] = [
            ("kube_statefulset_replicas{statefulset=\"db\"}", 2),
            ("kube_statefulset_status_replicas_ready{namespace=\"shop\"}", 2),
            ("count(kube_statefulset_status_current_revision{revision=~\"db-.+\"})", 1),
            ("kube_daemonset_status_desired_number_scheduled{daemonset=\"agent\"}", 2),
            ("kube_daemonset_status_number_ready", 2), ("kube_daemonset_status_number_unavailable", 0),
            ("kube_cronjob_info{schedule=\"0 3 * * *\", concurrency_policy=\"Allow\"}", 1),
            ("kube_cronjob_spec_suspend{cronjob=\"nightly\"}", 0),
            ("kube_poddisruptionbudget_status_pod_disruptions_allowed{poddisruptionbudget=\"web\"}", 1),
            ("kube_poddisruptionbudget_status_expected_pods", 2),
        ]
        for (query, value) in expected { #expect(try MonitoringTests.number(query, world) == value, "\(query)") }
        // It has never run.
        #expect(try MonitoringTests.query("kube_cronjob_status_last_schedule_time", world).isEmpty)
        let exposed = world.exposeObjects()
        #expect(exposed.samples.allSatisfy { exposed.metadata[$0.labels.name] != nil })
        #expect(Set(exposed.samples.map(\.labels)).count == exposed.samples.count)
    }

    /// All time of all cores is in one of the modes, and CPU time does not get lost with a container.
    @Test func coresAreBusyOrIdle() throws {
        var world = try MonitoringTests.world(minutes: 5)
        let first = try MonitoringTests.query("sum by (node) (node_cpu_seconds_total{mode=\"user\"})", world)
        #expect(first.count == 2 && first.values.allSatisfy { $0 >= 0 } && first.values.contains { $0 > 10 })
        let request = APIRequest(
            .patch, Deployment.resource, namespace: "shop", name: "web", body: ["spec": ["replicas": 0]],
            patchType: .strategicMerge)
        guard case .object = world.respond(to: request).body else { return #expect(Bool(false), "not scaled") }
        try world.advance(to: .zero + .minutes(8))
        for (node, seconds) in try MonitoringTests.query(
            "sum by (node) (node_cpu_seconds_total{mode=\"user\"})", world)
        {
            #expect(seconds >= first[node] ?? .infinity)
        }
        #expect(try MonitoringTests.query("node_cpu_seconds_total{cpu=\"3\", mode=\"idle\"}", world).count == 2)
        let busy = try MonitoringTests.query(
            "sum by (node) (node_cpu_seconds_total) / on (node) (timestamp(node_boot_time_seconds) "
                + "- node_boot_time_seconds)", world)
        #expect(busy.count == 2 && busy.values.allSatisfy { abs($0 - 4) < 1e-6 }, "\(busy)")
        // It goes on after a snapshot as it would have.
        var again = try World(decoding: world.encode(), scenario: world.scenario)
        try world.advance(to: .zero + .minutes(9))
        try again.advance(to: .zero + .minutes(9))
        #expect(world.stateDigest == again.stateDigest)
    }

    private static let desk = """
        name: desk
        namespace: shop
        nodes: [{name: worker, count: 1, cpu: "8", memory: 16Gi}]
        monitoring:
          prometheus: |
            global: {scrape_interval: 15s}
            scrape_configs:
              - job_name: pods
                kubernetes_sd_configs: [{role: pod}]
                relabel_configs:
                  - {source_labels: [__meta_kubernetes_pod_name], target_label: pod}
                  - {source_labels: [__meta_kubernetes_pod_container_name], target_label: container}
              - job_name: apiserver
                scheme: https
                static_configs: [{targets: ["kubernetes.default.svc:443"]}]
              - job_name: rabbitmq
                static_configs: [{targets: ["rabbitmq:15692"]}]
        """

    @Test func theControlPlaneAndTheBrokerAnswer() throws {
        var world = try World.make(Self.desk, seed: 3)
        try world.advance(to: .zero + .minutes(1))
        #expect(try MonitoringTests.number("up{job=\"apiserver\"}", world) == 1)
        #expect(try MonitoringTests.number("up{job=\"rabbitmq\"}", world) == 1)
        let nodes = try MonitoringTests.number("apiserver_storage_objects{resource=\"nodes\"}", world)
        #expect(nodes == Double(world.cluster.context.store.nodes.sorted.count))
        let exposed = world.exposeAPIServer()
        #expect(Set(exposed.samples.map(\.labels)).count == exposed.samples.count)
    }
}
