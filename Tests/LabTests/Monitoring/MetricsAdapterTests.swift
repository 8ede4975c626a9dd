import ContainerRuntime
import Kubectl
import KubernetesAPI
import Monitoring
import Simulation
import Testing

@testable import Lab

/// prometheus-adapter between the HPA and the world's Prometheus.
@Suite struct MetricsAdapterTests {
    /// Names of its own, so that an answer of the lab's own adapter would show.
    static let description = """

          adapter: |
            rules:
            - seriesQuery: 'http_requests_in_flight{namespace!="",pod!=""}'
              resources: {overrides: {namespace: {resource: namespace}, pod: {resource: pod}}}
              name: {as: "work_in_flight"}
              metricsQuery: 'sum(<<.Series>>{<<.LabelMatchers>>}) by (<<.GroupBy>>)'
            - seriesQuery: 'http_requests_total{namespace!="",pod!=""}'
              resources: {template: "<<.Resource>>"}
              name: {matches: "^(.*)_total$", as: "${1}_per_second"}
              metricsQuery: 'sum(rate(<<.Series>>{<<.LabelMatchers>>}[1m])) by (<<.GroupBy>>)'
            externalRules:
            - seriesQuery: 'http_requests_total{namespace!=""}'
              resources: {overrides: {namespace: {resource: namespace}}}
              name: {as: "shop_requests"}
              metricsQuery: 'sum(rate(<<.Series>>{<<.LabelMatchers>>}[1m]))'
        """

    static func autoscaler(_ metric: String) -> String {
        """
        apiVersion: autoscaling/v2
        kind: HorizontalPodAutoscaler
        metadata: {name: web}
        spec:
          scaleTargetRef: {apiVersion: apps/v1, kind: Deployment, name: web}
          minReplicas: 1
          maxReplicas: 8
          metrics: [\(metric)]
        """
    }

    static let rate =
        "{type: Pods, pods: {metric: {name: http_requests_per_second}, target: {type: AverageValue, averageValue: \"4\"}}}"

    private static func world(_ metric: String) throws -> World {
        var world = try OperatorTests.world(description)
        #expect(world.apply(autoscaler(metric), file: "hpa.yaml", author: "learner").failures.isEmpty)
        return world
    }

    private static func condition(_ world: World) -> String {
        let hpa = world.cluster.context.store.horizontalPodAutoscalers.sorted.first?.object
        return hpa?.status.conditions.first { $0.type == "ScalingActive" }.map { "\($0.reason): \($0.message)" } ?? ""
    }

    @Test func theAutoscalerGetsWhatPrometheusHas() throws {
        var world = try Self.world(Self.rate)
        // A metric is there only after series have been found at a relist.
        try world.advance(to: .zero + .seconds(50))
        #expect(
            Self.condition(world)
                == "FailedGetPodsMetric: the HPA was unable to compute the replica count: unable to get metric http_requests_per_second: unable to fetch metrics from custom metrics API: the server could not find the metric http_requests_per_second for pods",
            "\(Self.condition(world))")
        try world.advance(to: .zero + .minutes(6))
        #expect(Self.condition(world).hasPrefix("ValidMetricFound"), "\(Self.condition(world))")
        // 20 requests a second at 4 a pod.
        let replicas = world.cluster.context.store.deployments.sorted.first?.object.spec.replicas
        #expect(replicas == 5)
    }

    @Test func aLearnerSeesWhatTheAdapterSays() throws {
        var world = try Self.world(Self.rate)
        try world.advance(to: .zero + .minutes(4))
        let pods = world.cluster.context.store.pods.sorted.map(\.object.metadata.name)
        let all = world.reply(
            to: .objects(
                metric: "http_requests_per_second", group: "", resource: "pods", namespace: "shop", names: pods,
                selector: ""))
        guard case .values(let values)? = all else {
            Issue.record("\(String(describing: all))")
            return
        }
        let sum = values.reduce(0) { $0 + $1.milli }
        #expect(abs(sum - 20_000) < 2_500, "\(sum)")
        let before = world.stateDigest
        let external = world.reply(to: .external(metric: "shop_requests", namespace: "shop", selector: ""))
        guard case .values(let one)? = external, one.count == 1 else {
            Issue.record("\(String(describing: external))")
            return
        }
        #expect(abs(one[0].milli - 20_000) < 2_500)
        #expect(world.stateDigest == before)
        // What the lab's own adapter has is not the adapter's.
        #expect(
            world.reply(
                to: .object(
                    metric: "http_requests_in_flight", group: "", resource: "services", namespace: "shop", name: "web",
                    selector: ""))
                == .failure("the server could not find the metric http_requests_in_flight for services web"))
        #expect(
            world.reply(to: .external(metric: "traffic_requests_per_second", namespace: "shop", selector: ""))
                == .failure("the server could not find the metric traffic_requests_per_second for "))
        #expect(
            world.monitoring?.adapter?.registry.customMetrics.map { "\($0.resource.text)/\($0.name)" }
                == [
                    // The label `job` is that of a Job to a template that takes every kind.
                    "jobs.batch/http_requests_per_second", "namespaces/http_requests_per_second",
                    "namespaces/work_in_flight", "pods/http_requests_per_second",
                    "pods/work_in_flight",
                ])
    }

    @Test func configurationsAreCheckedWithTheScenario() {
        #expect {
            _ = try World.make(
                MonitoringTests.scenario("{adapter: \"rules: [{seriesQuery: 'up{', metricsQuery: x}]\"}"))
        } throws: { error in
            "\(error)".contains("monitoring.adapter") && "\(error)".contains("unable to parse seriesQuery")
        }
    }

    @Test func aSnapshotGoesOnAsTheWorldDoes() throws {
        for second: Int64 in [0, 61, 95, 187] {
            var world = try Self.world(Self.rate)
            try world.advance(to: .zero + .seconds(second))
            var copy = try World(decoding: world.encode(), scenario: world.scenario)
            #expect(copy.stateDigest == world.stateDigest)
            try world.advance(to: .zero + .minutes(6))
            try copy.advance(to: .zero + .minutes(6))
            #expect(copy.stateDigest == world.stateDigest, "from second \(second)")
        }
    }

    @Test func garbageInASnapshotIsAnError() throws {
        var world = try Self.world(Self.rate)
        try world.advance(to: .zero + .minutes(2))
        let bytes = world.encode()
        for length in stride(from: 0, to: bytes.count, by: max(1, bytes.count / 60)) {
            #expect(throws: BinaryDecodingError.self) {
                _ = try World(decoding: Array(bytes.prefix(length)), scenario: world.scenario)
            }
        }
    }
}
