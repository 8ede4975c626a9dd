import KubernetesAPI
import Monitoring
import Simulation
import Testing

@testable import Lab

/// prometheus-adapter in the place of metrics-server.
@Suite struct ResourceRulesTests {
    private static let description = """

          adapter: |
            resourceRules:
              cpu:
                containerQuery: sum by (<<.GroupBy>>) (rate(container_cpu_usage_seconds_total{container!="",<<.LabelMatchers>>}[1m]))
                nodeQuery: sum by (<<.GroupBy>>) (rate(container_cpu_usage_seconds_total{id="/",<<.LabelMatchers>>}[1m]))
                resources: {overrides: {namespace: {resource: namespace}, node: {resource: node}, pod: {resource: pod}}}
                containerLabel: container
              memory:
                containerQuery: sum by (<<.GroupBy>>) (container_memory_working_set_bytes{container!="",<<.LabelMatchers>>})
                nodeQuery: sum by (<<.GroupBy>>) (container_memory_working_set_bytes{id="/",<<.LabelMatchers>>})
                resources: {overrides: {namespace: {resource: namespace}, node: {resource: node}, pod: {resource: pod}}}
                containerLabel: container
              window: 1m
        """

    private static func world() throws -> World {
        var world = try World.make(MonitoringTests.scenario(description), seed: 1)
        let manifests = MonitoringTests.manifests.replacing(
            "ports: [{containerPort: 8000}]}]}",
            with: "ports: [{containerPort: 8000}], resources: {requests: {cpu: 100m}}}]}")
        #expect(world.apply(manifests, file: "web.yaml", author: "learner").failures.isEmpty)
        return world
    }

    @Test func topShowsWhatPrometheusHas() throws {
        var world = try Self.world()
        try world.advance(to: .zero + .seconds(40))
        // metrics-server would know by now; two scrapes in a minute are not there yet.
        let list = APIRequest(.list, PodMetrics.resource, namespace: "shop")
        guard case .list(let early) = world.respond(to: list).body else {
            Issue.record("no list")
            return
        }
        try world.advance(to: .zero + .minutes(5))
        guard case .list(let items) = world.respond(to: list).body else {
            Issue.record("no list")
            return
        }
        #expect(early.count < 2 || items.count == 2)
        #expect(items.count == 2)
        #expect(items.allSatisfy { $0["window"] == "1m0s" }, "\(items)")
        var sum = 0.0
        for item in items {
            let text = item["containers"]?.array?.first?["usage"]?["cpu"]?.string ?? ""
            sum += try Quantity(parsing: text).doubleValue
        }
        let measured = try #require(
            try MonitoringTests.number(
                "sum(rate(container_cpu_usage_seconds_total{namespace=\"shop\", container=\"web\"}[1m]))", world))
        #expect(abs(sum - measured) < 0.003, "\(sum) and \(measured)")
        guard case .list(let nodes) = world.respond(to: APIRequest(.list, NodeMetrics.resource)).body else {
            Issue.record("no list of nodes")
            return
        }
        #expect(nodes.allSatisfy { $0["window"] == "1m0s" || $0["usage"] == nil })
    }

    @Test func theAutoscalerScalesOnIt() throws {
        var world = try Self.world()
        let hpa = MetricsAdapterTests.autoscaler(
            "{type: Resource, resource: {name: cpu, target: {type: Utilization, averageUtilization: 100}}}")
        #expect(world.apply(hpa, file: "hpa.yaml", author: "learner").failures.isEmpty)
        try world.advance(to: .zero + .minutes(7))
        let object = try #require(world.cluster.context.store.horizontalPodAutoscalers.sorted.first?.object)
        #expect(object.status.conditions.first { $0.type == "ScalingActive" }?.reason == "ValidMetricFound")
        // Half a core at a tenth a pod.
        let replicas = try #require(world.cluster.context.store.deployments.sorted.first?.object.spec.replicas)
        #expect((4...6).contains(replicas), "\(replicas)")
        var copy = try world.restored()
        try world.advance(to: .zero + .minutes(9))
        try copy.advance(to: .zero + .minutes(9))
        #expect(copy.stateDigest == world.stateDigest)
    }

    @Test func bothResourcesAreNeeded() {
        #expect {
            _ = try World.make(
                MonitoringTests.scenario("{adapter: \"resourceRules: {cpu: {containerQuery: x, nodeQuery: y}}\"}"))
        } throws: { error in
            "\(error)".contains("both cpu and memory")
        }
    }
}
