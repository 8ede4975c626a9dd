import Foundation
import KubernetesAPI
import Simulation
import Testing

@testable import Lab

/// Stories with a known beginning, told backwards by `why`.
@Suite struct WhyTests {
    /// One node, a service of two pods, a user a second; `faults` and `traffic` as the story needs them.
    static func scenario(faults: String = "[]", rate: String = "2", memory: String = "2Gi") -> String {
        """
        name: story
        namespace: shop
        nodes: [{name: worker, cpu: "2", memory: \(memory)}]
        workloads:
          images:
            app:
              service: {stages: [{compute: 0.05}]}
              startup: {importing: 0.5}
              memory: {base: 40Mi}
              port: 8000
          traffic:
            - {name: users, service: shop/app, rate: \(rate), timeout: 4s}
        faults: \(faults)
        """
    }

    static let manifests = """
        apiVersion: v1
        kind: Service
        metadata: {name: app}
        spec: {selector: {app: app}, ports: [{port: 80, targetPort: 8000}]}
        ---
        apiVersion: apps/v1
        kind: Deployment
        metadata: {name: app}
        spec:
          replicas: 1
          selector: {matchLabels: {app: app}}
          template:
            metadata: {labels: {app: app}}
            spec:
              containers:
                - name: main
                  image: app:1
                  ports: [{containerPort: 8000}]
                  resources: {requests: {cpu: 200m, memory: 64Mi}, limits: {memory: 128Mi}}
                  readinessProbe: {httpGet: {path: /readyz, port: 8000}, periodSeconds: 2}
        """

    static func explain(
        _ subject: String, scenario: String, manifests: String = manifests, inputs: [LabInput] = [], at seconds: Int64
    ) throws -> WhyExplanation {
        let world = try World.make(scenario, manifests: manifests)
        let replay = Replay(world: world, seen: 0, coming: inputs)
        return try Why.explain(
            WhySubject(parsing: subject, namespace: "shop"), in: replay, at: .zero + .seconds(seconds))
    }

    static func text(_ explanation: WhyExplanation) -> String { explanation.text.joined(separator: "\n") }

    @Test func aKilledContainerLeadsToTheLeak() throws {
        let leak = "[{name: bad-release, at: 20s, workload: {image: {name: app, condition: {leakPerRequest: 2Mi}}}}]"
        let answer = try Self.explain("pod/app", scenario: Self.scenario(faults: leak), at: 120)
        let text = Self.text(answer)
        #expect(text.contains("out of memory"), "\(text)")
        #expect(text.contains("its limit is 128Mi"), "\(text)")
        #expect(answer.lines.contains { $0.isRoot && $0.subject == "fault/bad-release" && $0.seconds == 20 }, "\(text)")
        #expect(text.contains("loses 2048Ki of memory with each request"), "\(text)")
    }

    @Test func aPendingPodLeadsToMissingMemory() throws {
        let big = Self.manifests.replacingOccurrences(
            of: "memory: 64Mi}, limits: {memory: 128Mi}", with: "memory: 3Gi}")
        let answer = try Self.explain("pod/app", scenario: Self.scenario(), manifests: big, at: 30)
        let text = Self.text(answer)
        #expect(text.contains("is Pending"), "\(text)")
        #expect(text.contains("Insufficient memory"), "\(text)")
        #expect(text.contains("node/worker has 2000m CPU and 1948Mi left: 1124Mi of memory too little"), "\(text)")
    }

    static let autoscaler = """

        ---
        apiVersion: autoscaling/v2
        kind: HorizontalPodAutoscaler
        metadata: {name: app}
        spec:
          scaleTargetRef: {apiVersion: apps/v1, kind: Deployment, name: app}
          minReplicas: 1
          maxReplicas: 5
          metrics: [{type: Resource, resource: {name: cpu, target: {type: Utilization, averageUtilization: 60}}}]
        """

    @Test func aNewPodLeadsToTheBurst() throws {
        let burst = "[{at: 0s, rate: 1}, {at: 60s, rate: 1}, {at: 70s, rate: 9}]"
        let scenario = Self.scenario(rate: burst)
        let hpa = try Self.explain("hpa/app", scenario: scenario, manifests: Self.manifests + Self.autoscaler, at: 150)
        let decision = Self.text(hpa)
        #expect(decision.contains("of the request, target 60%"), "\(decision)")
        #expect(decision.contains("bounds: minReplicas 1, maxReplicas 5"), "\(decision)")
        #expect(
            hpa.lines.contains {
                $0.isRoot && $0.subject == "traffic/users" && $0.text.hasPrefix("rose from 1.0 to 9")
            }, "\(decision)")

        let deployment = try Self.explain(
            "deployment/app", scenario: scenario, manifests: Self.manifests + Self.autoscaler, at: 150)
        let text = Self.text(deployment)
        #expect(text.contains("Scaled up replica set"), "\(text)")
        #expect(
            deployment.lines.contains {
                $0.subject == "horizontalpodautoscaler/shop/app" && $0.text.hasPrefix("from 1 to ")
            }, "\(text)")
        #expect(deployment.lines.contains { $0.isRoot && $0.subject == "traffic/users" }, "\(text)")
    }

    @Test func lostRequestsLeadToTheDeadlock() throws {
        let stuck = "[{name: stuck, at: 20s, workload: {deadlock: {image: app}}}]"
        let scenario = Self.scenario(faults: stuck)
        let answer = try Self.explain("traffic/users", scenario: scenario, at: 36)
        let text = Self.text(answer)
        #expect(text.contains("ended as timedOut: no answer within the client's time-out"), "\(text)")
        #expect(answer.lines.contains { $0.isRoot && $0.subject == "fault/stuck" }, "\(text)")

        #expect(
            answer.lines.contains { $0.subject.hasPrefix("pod/shop/app-") && $0.text.contains("stands still") },
            "\(text)")
        let rest = try #require(text.range(of: "ended as timedOut"))
        let words = text[rest.upperBound...].split { $0 == " " || $0 == "," || $0 == "\n" }
        let example = String(try #require(words.first { $0.hasPrefix("request/") }))
        let request = try Self.explain(example, scenario: scenario, at: 36)
        let way = Self.text(request)
        #expect(way.contains("which stands still"), "\(way)")
        #expect(way.contains("the client's time-out for this attempt is over"), "\(way)")
        #expect(way.contains("over: timedOut after 4000.0 ms"), "\(way)")
        #expect(request.lines.contains { $0.isRoot && $0.subject == "fault/stuck" && $0.seconds == 20 }, "\(way)")
    }

    @Test func anEvictedPodLeadsToTheDeadMachine() throws {
        let dead = "[{name: power-cut, at: 30s, node: worker}]"
        let nodes = Self.scenario(faults: dead).replacingOccurrences(
            of: "nodes: [{name: worker, cpu: \"2\", memory: 2Gi}]",
            with: "nodes: [{name: worker, cpu: \"2\", memory: 2Gi}, {name: other, cpu: \"50m\", memory: 1Gi}]")
        let answer = try Self.explain("node/worker", scenario: nodes, at: 120)
        let text = Self.text(answer)
        #expect(text.contains("is not ready: Kubelet stopped posting node status."), "\(text)")
        #expect(
            answer.lines.contains {
                $0.isRoot && $0.subject == "fault/power-cut" && $0.text.contains("loses its power")
            }, "\(text)")
    }

    @Test func aScaledDeploymentLeadsToTheUser() throws {
        let body = JSONValue.object(["spec": .object(["replicas": .integer(3)])])
        let scale = APIRequest(
            .patch, Deployment.resource, namespace: "shop", name: "app", subresource: "scale", body: body,
            patchType: .merge)
        let answer = try Self.explain(
            "deployment/app", scenario: Self.scenario(),
            inputs: [LabInput(time: .zero + .seconds(20), action: .request(scale))], at: 40)
        let text = Self.text(answer)
        #expect(answer.lines.contains { $0.isRoot && $0.text.contains("scaled to 3") && $0.seconds == 20 }, "\(text)")
    }

    @Test func whatCannotBeExplainedIsSaidSo() throws {
        for text in ["pod", "moon/x", "request/abc"] {
            #expect(throws: WhySubject.ParsingError.self) { try WhySubject(parsing: text, namespace: "shop") }
        }
        let answer = try Self.explain("pod/nothing", scenario: Self.scenario(), at: 5)
        #expect(Self.text(answer).contains("there is no pod/shop/nothing"))
    }

    /// Whoever is explained lives as if nobody looked.
    @Test func lookingChangesNothing() throws {
        var watched = try World.make(Self.scenario(), manifests: Self.manifests)
        var alone = watched
        watched.clock.journal = CausalJournal()
        watched.workloads.follow(request: 5)
        try watched.advance(to: .zero + .seconds(40))
        try alone.advance(to: .zero + .seconds(40))
        #expect(watched.stateDigest == alone.stateDigest)
    }
}
