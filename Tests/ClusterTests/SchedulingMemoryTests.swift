import KubernetesAPI
import Simulation
import Testing

@testable import Cluster

/// The scheduler remembers between pods of one kind what it found; it must place every pod where the long way does.
@Suite struct SchedulingMemoryTests {
    /// The same story told twice: by a scheduler that remembers, and by one that believes a pod with rules about
    /// others to be somewhere, which makes it look at every node each time.
    private struct Twins {
        var quick: ClusterRig
        var slow: ClusterRig

        init(nodes: Int, seed: UInt64) {
            quick = ClusterRig(nodes: nodes, seed: seed)
            slow = quick
            slow.cluster.scheduler.podsWithAffinity = 1
        }

        mutating func both(_ body: (inout ClusterRig) throws -> Void) rethrows {
            try body(&quick)
            try body(&slow)
        }

        func placements(_ rig: ClusterRig) -> [String] {
            rig.pods.map { "\($0.metadata.name) \($0.spec.nodeName) \($0.status.phase)" }
        }
    }

    private static func deployment(_ name: String, _ random: inout RandomStream) -> String {
        let cpu = ["0", "100m", "350m", "1"][Int(random.below(4))]
        let memory = ["0", "64Mi", "900Mi"][Int(random.below(3))]
        let tolerates = random.chance(0.3) ? "\n      tolerations: [{key: dedicated, operator: Exists}]" : ""
        return """
            apiVersion: apps/v1
            kind: Deployment
            metadata: {name: \(name)}
            spec:
              replicas: \(1 + random.below(12))
              selector: {matchLabels: {app: \(name)}}
              template:
                metadata: {labels: {app: \(name), tier: t\(random.below(2))}}
                spec:\(tolerates)
                  containers:
                  - name: app
                    image: registry.example/image-\(random.below(3)):1
                    resources: {requests: {cpu: "\(cpu)", memory: "\(memory)"}}
            """
    }

    @Test(arguments: 0..<12) func placesEveryPodWhereTheLongWayDoes(seed: Int) throws {
        var random = RandomStream(seed: UInt64(seed), name: "twins")
        let nodes = 2 + Int(random.below(6))
        var twins = Twins(nodes: nodes, seed: UInt64(seed))
        var names: [String] = []
        for step in 0..<14 {
            let node = "node-\(1 + random.below(UInt64(nodes)))"
            switch random.below(8) {
            case 0...2:
                let name = "web-\(step)"
                names.append(name)
                let text = Self.deployment(name, &random)
                try twins.both { try $0.apply(text) }
            case 3:
                let text = "{spec: {replicas: \(random.below(20))}}"
                if let name = names.randomElement(using: &random) {
                    try twins.both { _ = try $0.patch(Deployment.resource, name, text) }
                }
            case 4:
                let text = "{spec: {unschedulable: \(random.chance(0.5))}}"
                try twins.both { _ = try $0.patch(Node.resource, node, text) }
            case 5:
                let effect = random.chance(0.5) ? "NoSchedule" : "PreferNoSchedule"
                let taints = random.chance(0.5) ? "[]" : "[{key: dedicated, value: x, effect: \(effect)}]"
                try twins.both { _ = try $0.patch(Node.resource, node, "{spec: {taints: \(taints)}}") }
            case 6:
                let text = """
                    apiVersion: v1
                    kind: Service
                    metadata: {name: service-\(step)}
                    spec: {selector: {tier: t\(random.below(2))}, ports: [{port: 80}]}
                    """
                try twins.both { try $0.apply(text) }
            default:
                if let name = names.popLast() { twins.both { $0.delete(Deployment.resource, name) } }
            }
            let span = Duration.milliseconds(Int64(random.below(20_000)))
            twins.both { $0.run(for: span) }
            #expect(twins.placements(twins.quick) == twins.placements(twins.slow), "step \(step)")
            if step == 7 { try twins.quick.restore() }
        }
        #expect(twins.quick.clock == twins.slow.clock)
    }

    /// The default constraints of topology spread weigh zones before nodes: three zones with 4, 3 and 3 nodes get about
    /// as many pods each, and the nodes of one zone share evenly.
    @Test func fourHundredReplicasSpreadOverZonesAndTheirNodes() throws {
        var rig = ClusterRig(nodes: 10, cpu: "64", memory: "64Gi")
        try rig.apply(Manifests.deployment("web", replicas: 400))
        rig.run(for: .seconds(30))
        var zones: [String: [Int]] = [:]
        for (_, node) in rig.cluster.context.store.nodes.sorted {
            let count = rig.pods.count { $0.spec.nodeName == node.metadata.name }
            zones[node.metadata.labels["topology.kubernetes.io/zone"] ?? "", default: []].append(count)
        }
        #expect(zones.values.map(\.count).sorted() == [3, 3, 4])
        for (zone, counts) in zones {
            #expect((125...145).contains(counts.reduce(0, +)), "\(zone): \(counts)")
            #expect((counts.max() ?? 0) - (counts.min() ?? 0) <= 1, "\(zone): \(counts)")
        }
    }
}
