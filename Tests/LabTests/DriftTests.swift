import KubernetesAPI
import Simulation
import Testing

@testable import Lab

/// What was changed in the cluster by hand, told against the files, and written so that files say the same.
@Suite struct DriftTests {
    private static let scenario = """
        name: drift
        namespace: default
        nodes: [{name: n1, cpu: "4", memory: 8Gi}]
        workloads:
          images:
            web: {service: {stages: [{compute: 0.001}]}, port: 8080}
        """

    private static let file = """
        apiVersion: apps/v1
        kind: Deployment
        metadata: {name: web, labels: {app: web}}
        spec:
          replicas: 2
          selector: {matchLabels: {app: web}}
          template:
            metadata: {labels: {app: web}}
            spec:
              containers:
                - {name: web, image: "web:1", env: [{name: A, value: "1"}, {name: B, value: "2"}], ports: [{containerPort: 8080}]}
        ---
        apiVersion: v1
        kind: ConfigMap
        metadata: {name: settings}
        data: {a: "1", b: "2"}
        """

    private func world() throws -> World {
        var world = try World.make(Self.scenario)
        #expect(world.apply(Self.file, file: "web.yaml", author: "learner").failures.isEmpty)
        try world.advance(to: SimulationTime.zero + .seconds(30))
        return world
    }

    private func patch(_ world: inout World, _ resource: ResourceType, _ name: String, _ body: JSONValue) {
        let request = APIRequest(
            .patch, resource, namespace: "default", name: name, body: body, patchType: .strategicMerge)
        guard case .object = world.respond(to: request).body else {
            Issue.record("\(body)")
            return
        }
    }

    @Test func filesThatWereAppliedDifferInNothing() throws {
        let found = try world().drift(of: Self.file, file: "web.yaml")
        #expect(found.drifts.isEmpty, "\(found.drifts)")
        #expect(found.documents.count == 2)
    }

    @Test func changesInPlaceAreToldAndExported() throws {
        var world = try world()
        patch(&world, Deployment.resource, "web", ["spec": ["replicas": 5]])
        patch(
            &world, Deployment.resource, "web",
            [
                "metadata": ["labels": ["team": "desk"]],
                "spec": [
                    "template": [
                        "spec": [
                            "containers": [
                                ["name": "web", "image": "web:2", "env": [["name": "B", "$patch": "delete"]]]
                            ]
                        ]
                    ]
                ],
            ])
        patch(&world, ConfigMap.resource, "settings", ["data": ["b": .null, "c": "3"]])
        try world.advance(to: SimulationTime.zero + .seconds(90))
        let found = try world.drift(of: Self.file, file: "web.yaml")
        #expect(found.drifts.map(\.label) == ["deployment.apps/web", "configmap/settings"])
        #expect(found.drifts.map(\.line) == [1, 13])
        let fields = found.drifts[0].fields
        #expect(fields.contains(".spec.replicas") && fields.contains(".metadata.labels.team"))
        #expect(fields.contains(".spec.template.spec.containers[name=\"web\"].image"), "\(fields)")
        #expect(found.drifts[1].fields == [".data.b", ".data.c"])
        // What was exported says what the cluster has, and nothing that the cluster fills in by itself.
        let text = found.documents.map(YAMLWriter.text).joined(separator: "---\n")
        #expect(
            text.contains("image: web:2") && text.contains("team: desk") && !text.contains("progressDeadlineSeconds"))
        #expect(!text.contains("name: B") && text.contains("name: A"))
        #expect(try world.drift(of: text, file: "out.yaml").drifts.isEmpty, "\(text)")
        #expect(world.apply(text, file: "out.yaml", author: "learner").failures.isEmpty)
    }

    @Test func whatAnAutoscalerSetsIsNoIntent() throws {
        var world = try world()
        let autoscaler = """
            apiVersion: autoscaling/v2
            kind: HorizontalPodAutoscaler
            metadata: {name: web}
            spec:
              scaleTargetRef: {apiVersion: apps/v1, kind: Deployment, name: web}
              minReplicas: 4
              maxReplicas: 6
            """
        #expect(world.apply(autoscaler, file: "hpa.yaml", author: "learner").failures.isEmpty)
        try world.advance(to: SimulationTime.zero + .minutes(3))
        let found = try world.drift(of: Self.file, file: "web.yaml")
        #expect(found.drifts.map(\.autoscaled) == [[".spec.replicas"]])
        #expect(found.documents.first?["spec"]?["replicas"] == 2)
    }

    @Test func whatIsNotThereIsTold() throws {
        let world = try World.make(Self.scenario)
        let found = try world.drift(of: Self.file, file: "web.yaml")
        #expect(found.drifts.map(\.isMissing) == [true, true])
        #expect(throws: ConfigurationError.self) {
            try world.drift(of: "kind: Nothing\napiVersion: v9\n", file: "x.yaml")
        }
    }

    @Test func whatATrialCreationCannotHaveTwiceIsCompared() throws {
        var world = try world()
        let service = """
            apiVersion: v1
            kind: Service
            metadata: {name: web}
            spec: {type: NodePort, selector: {app: web}, ports: [{port: 80, nodePort: 30080}]}
            ---
            apiVersion: v1
            kind: Service
            metadata: {name: inside}
            spec: {type: NodePort, selector: {app: web}, ports: [{port: 80}]}
            """
        #expect(world.apply(service, file: "service.yaml", author: "learner").failures.isEmpty)
        let found = try world.drift(of: service, file: "service.yaml")
        #expect(found.drifts.isEmpty, "\(found.drifts)")
        patch(&world, Service.resource, "web", ["spec": ["ports": [["port": 80, "targetPort": 8080]]]])
        #expect(try world.drift(of: service, file: "service.yaml").drifts.map(\.fields).first?.isEmpty == false)
    }

    @Test func whatIsRefusedIsNoEquality() throws {
        let file = Self.file.replacing("replicas: 2", with: "replicas: -2")
        let found = try world().drift(of: file, file: "web.yaml")
        #expect(found.drifts.count == 1 && found.drifts[0].fields.isEmpty && !found.drifts[0].isMissing)
        #expect(found.drifts[0].refusal.contains("spec.replicas"), "\(found.drifts)")
        #expect(found.documents.count == 2)
    }
}
