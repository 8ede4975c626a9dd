import KubernetesAPI
import Monitoring
import OpenTelemetry
import Simulation
import Testing

@testable import Lab
@testable import Workloads

/// Traces in a world: OpenTelemetry's names over what happened, in snapshots, and joined with logs and exemplars.
@Suite struct TraceWorldTests {
    static func scenario(_ monitoring: String, resolution: String = "requests") -> String {
        """
        name: traced
        namespace: shop
        nodes: [{name: worker, count: 2, cpu: "4", memory: 8Gi}]
        monitoring: \(monitoring)
        workloads:
          providers: {sonnet: {errorRate: 0.1}}
          tools: {search: {latency: 0.3, errorRate: 0.2}}
          images:
            web:
              service:
                stages:
                  - compute: 0.002
                  - call: {service: shop/agent, timeout: 20s, retries: {maximum: 1}}
              startup: {importing: 1}
              port: 8000
            agent:
              service:
                stages:
                  - agent:
                      provider: sonnet
                      steps: 2
                      outputTokens: 50
                      toolsPerStep: 1
                      tools: [{external: {name: search, timeout: 1s}}]
              startup: {importing: 1}
              port: 8000
          traffic:
            - name: users
              service: shop/web
              path: /ask
              resolution: \(resolution)
              rate: [{at: 10s, rate: 0}, {at: 11s, rate: 2}]
              timeout: 25s
        """
    }

    static let manifests = ["web", "agent"].map { name in
        """
        apiVersion: v1
        kind: Service
        metadata: {name: \(name)}
        spec: {selector: {app: \(name)}, ports: [{port: 80, targetPort: 8000}]}
        ---
        apiVersion: apps/v1
        kind: Deployment
        metadata: {name: \(name)}
        spec:
          replicas: 2
          selector: {matchLabels: {app: \(name)}}
          template:
            metadata: {labels: {app: \(name)}}
            spec: {containers: [{name: \(name), image: "\(name):1", ports: [{containerPort: 8000}]}]}
        """
    }.joined(separator: "\n---\n")

    static func world(
        seconds: Int64, _ monitoring: String = "{traces: {}}", seed: UInt64 = 1, resolution: String = "requests"
    ) throws -> World {
        var world = try World.make(scenario(monitoring, resolution: resolution), seed: seed)
        #expect(world.apply(manifests, file: "shop.yaml", author: "learner").failures.isEmpty)
        try world.advance(to: .zero + .seconds(seconds))
        return world
    }

    @Test func spansHaveTheNamesOfTheConventions() throws {
        let world = try Self.world(seconds: 120)
        let store = world.traceStore()
        #expect(store.count > 100)
        let trace = try #require(
            store.traces.first { $0.root != nil && $0.spans.contains { $0.span.name == "execute_tool search" } })
        let root = try #require(trace.root)
        #expect(root.serviceName == "users" && root.span.name == "POST /ask" && root.span.kind == .client)
        let server = try #require(trace.spans.first { $0.serviceName == "agent" && $0.span.kind == .server })
        let resource = server.resource.attributes
        #expect(resource.value(of: "k8s.namespace.name")?.string == "shop")
        #expect(resource.value(of: "k8s.deployment.name")?.string == "agent")
        let pod = try #require(resource.value(of: "k8s.pod.name")?.string)
        let object = try #require(world.cluster.context.store.pods.named("shop/" + pod))
        #expect(resource.value(of: "k8s.node.name")?.string == object.spec.nodeName)
        #expect(resource.value(of: "k8s.pod.uid")?.string == object.metadata.uid)
        #expect(pod.hasPrefix((resource.value(of: "k8s.replicaset.name")?.string ?? "?") + "-"))
        let run = try #require(trace.spans.first { $0.span.name == "invoke_agent agent" })
        #expect(run.span.parentSpanID == server.span.spanID && run.span.kind == .internal)
        let chat = try #require(trace.spans.first { $0.span.name == "chat sonnet" && $0.span.status == .unset })
        #expect(chat.span.kind == .client)
        #expect(chat.span.attributes.value(of: "gen_ai.operation.name")?.string == "chat")
        #expect(chat.span.attributes.value(of: "gen_ai.request.model")?.string == "sonnet")
        #expect(chat.span.attributes.value(of: "gen_ai.usage.output_tokens") == .int(50))
        let tool = try #require(trace.spans.first { $0.span.name == "execute_tool search" })
        #expect(tool.span.attributes.value(of: "gen_ai.tool.name")?.string == "search")
        let failed = store.traces.flatMap(\.spans).filter { $0.span.status.code == .error }
        #expect(failed.allSatisfy { $0.span.attributes.value(of: "error.type") != nil })
        #expect(failed.contains { $0.span.name == "chat sonnet" } && failed.contains { $0.span.name == tool.span.name })
    }

    @Test func theTokensOfSpansAreTheTokensOfTheBill() throws {
        var world = try Self.world(seconds: 120)
        _ = world.apply(.traffic("users", multiplier: 0))
        try world.advance(to: .zero + .seconds(180))
        let output = world.traceStore().traces.flatMap(\.spans).reduce(Int64(0)) { sum, stored in
            guard case .int(let tokens)? = stored.span.attributes.value(of: "gen_ai.usage.output_tokens") else {
                return sum
            }
            return sum + tokens
        }
        let billed = world.workloads.providerLevels(now: world.now).reduce(Int64(0)) { $0 + $1.reading.billed.output }
        #expect(output == billed && billed > 0)
    }

    @Test func aSnapshotHoldsTheTracesAndReplaysThem() throws {
        var world = try Self.world(seconds: 60)
        var restored = try World(decoding: world.encode(), scenario: world.scenario)
        #expect(restored.traceStore() == world.traceStore())
        try world.advance(to: .zero + .seconds(120))
        try restored.advance(to: .zero + .seconds(120))
        #expect(restored.traceStore() == world.traceStore())
        #expect(restored.stateDigest == world.stateDigest)
        let again = try Self.world(seconds: 120)
        #expect(again.stateDigest == world.stateDigest)
        // Without them a world goes the same way, and writes what it always wrote.
        let plain = try Self.world(seconds: 120, "{}")
        #expect(plain.digest.value == world.digest.value && !plain.recordsTraces)
        #expect(plain.encode().count < world.encode().count)
        #expect(plain.traceStore().count == 0)
    }

    @Test func logsAndExemplarsLeadToTheTrace() throws {
        let world = try Self.world(seconds: 120)
        let store = world.traceStore()
        let now = world.epochMilliseconds * 1_000_000
        let result = try LogQLEngine().run(
            .range(
                #"{app="agent"} | logfmt | error_type!="""#, start: 0, end: now + 1, limit: 1000, direction: .backward),
            in: world.logStore())
        guard case .streams(let streams) = result, let stream = streams.first else {
            Issue.record("no error lines")
            return
        }
        let id = try #require(TraceID(hexadecimal: stream.labels["trace_id"]))
        let trace = try #require(store[id])
        #expect(world.trace(id) == trace)
        #expect(
            trace.spans.contains {
                $0.span.attributes.value(of: "error.type")?.string == stream.labels["error_type"]
            })
        let query = try TraceQL(#"{ resource.service.name = "agent" && name =~ "execute_tool .*" && status = error }"#)
        #expect(!query.search(store).isEmpty)
    }

    @Test func aggregatedTracesAreShownWhenTheyHaveEnded() throws {
        let world = try Self.world(seconds: 120, resolution: "aggregated")
        let store = world.traceStore()
        #expect(store.count > 20)
        let now = UInt64(world.epochMilliseconds) * 1_000_000
        #expect(store.traces.allSatisfy { $0.endTimeUnixNano <= now && $0.root != nil })
    }

    @Test(arguments: [
        ("{traces: {sample: 2}}", "must be a share between 0 and 1"),
        ("{traces: {limit: 3}}", "must be a number of spans between 100 and 1000000"),
        ("{traces: {retention: 0s}}", "must be at least 1s"), ("{traces: {smaple: 1}}", "smaple"),
    ])
    func mistakesAreNamed(_ text: String, _ words: String) {
        #expect {
            _ = try World.make(Self.scenario(text), seed: 1)
        } throws: { "\($0)".contains(words) }
    }
}
