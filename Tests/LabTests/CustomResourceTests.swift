import Foundation
import Kubectl
import KubernetesAPI
import Simulation
import Testing

@testable import Lab

/// Kinds that CustomResourceDefinitions add: their objects are checked, completed, printed, owned and replayed.
@Suite struct CustomResourceTests {
    static let definition = """
        apiVersion: apiextensions.k8s.io/v1
        kind: CustomResourceDefinition
        metadata: {name: agents.ai.example}
        spec:
          group: ai.example
          scope: Namespaced
          names: {plural: agents, kind: Agent, shortNames: [ag], categories: [all]}
          versions:
          - name: v1
            served: true
            storage: true
            subresources:
              status: {}
              scale: {specReplicasPath: .spec.replicas, statusReplicasPath: .status.replicas}
            additionalPrinterColumns:
            - {name: Model, type: string, jsonPath: .spec.model}
            - {name: Replicas, type: integer, jsonPath: .spec.replicas}
            - {name: Phase, type: string, jsonPath: .status.phase, priority: 1}
            - {name: Age, type: date, jsonPath: .metadata.creationTimestamp}
            schema:
              openAPIV3Schema:
                type: object
                required: [spec]
                properties:
                  spec:
                    type: object
                    required: [model]
                    properties:
                      model: {type: string, enum: [small, large]}
                      replicas: {type: integer, minimum: 0, maximum: 10, default: 1}
                      image: {type: string, pattern: "^[a-z]+:[0-9]+$"}
                      tools: {type: array, maxItems: 2, items: {type: object, required: [name], properties: {name: {type: string, minLength: 2}, retries: {type: integer, default: 3}}}}
                      extra: {type: object, x-kubernetes-preserve-unknown-fields: true}
                      budget: {x-kubernetes-int-or-string: true}
                  status: {type: object, properties: {phase: {type: string}, replicas: {type: integer}}}
        """

    static func agent(_ name: String = "desk", _ spec: String = "model: small") -> String {
        "apiVersion: ai.example/v1\nkind: Agent\nmetadata: {name: \(name)}\nspec: {\(spec)}\n"
    }

    private static func kubectl(_ line: String, _ files: [String: String] = [:], on host: inout some SimulatedEndpoint)
        -> (text: String, code: Int32)
    {
        let environment = RecordedEnvironment(
            defaultNamespace: "shop", files: files.mapValues { Array($0.utf8) })
        let code = KubectlCommand.run(
            line.split(separator: " ").map(String.init), on: &host, environment: environment)
        return (environment.transcript, code)
    }

    private static func world() throws -> World {
        var world = try ContainerShellTests.world()
        let made = kubectl("apply -f crd.yaml", ["crd.yaml": definition], on: &world)
        #expect(made.text == "customresourcedefinition.apiextensions.k8s.io/agents.ai.example created\n")
        return world
    }

    @Test func aKindIsAddedUsedAndTakenAway() throws {
        var world = try ContainerShellTests.world()
        let early = Self.kubectl("apply -f a.yaml", ["a.yaml": Self.agent()], on: &world)
        #expect(
            early.text.contains(
                "no matches for kind \"Agent\" in version \"ai.example/v1\"\nensure CRDs are installed first"))
        #expect(
            Self.kubectl("get agents", on: &world).text == "error: the server doesn't have a resource type \"agents\"\n"
        )
        world = try Self.world()
        #expect(Self.kubectl("wait --for=condition=Established crd/agents.ai.example", on: &world).code == 0)
        #expect(
            Self.kubectl("apply -f a.yaml", ["a.yaml": Self.agent()], on: &world).text
                == "agent.ai.example/desk created\n")
        #expect(
            Self.kubectl("apply -f a.yaml", ["a.yaml": Self.agent()], on: &world).text
                == "agent.ai.example/desk unchanged\n")
        try world.advance(to: world.now + .seconds(65))
        #expect(
            Self.kubectl("get ag", on: &world).text == "NAME   MODEL   REPLICAS   AGE\ndesk   small   1          65s\n")
        #expect(
            Self.kubectl("apply -f a.yaml", ["a.yaml": Self.agent("desk", "model: large, replicas: 2")], on: &world)
                .text
                == "agent.ai.example/desk configured\n")
        #expect(
            Self.kubectl("get agents.ai.example desk -o jsonpath={.spec.model}/{.metadata.generation}", on: &world).text
                == "large/2")
        #expect(Self.kubectl("scale ag/desk --replicas=4", on: &world).text == "agent.ai.example/desk scaled\n")
        #expect(Self.kubectl("get ag desk -o jsonpath={.spec.replicas}", on: &world).text == "4")
        #expect(Self.kubectl("scale ag/desk --replicas=40", on: &world).code == 1)
        let status = world.respond(
            to: APIRequest(
                .patch, Self.resource, namespace: "shop", name: "desk", subresource: "status",
                body: ["spec": ["model": "small"], "status": ["phase": "Ready"]], patchType: .merge))
        #expect(status.code == 200)
        #expect(
            Self.kubectl("get ag desk -o jsonpath={.spec.model}/{.status.phase}/{.metadata.generation}", on: &world)
                .text
                == "large/Ready/3", "the status alone was written")
        #expect(Self.kubectl("label ag desk team=a", on: &world).text == "agent.ai.example/desk labeled\n")
        #expect(Self.kubectl("get ag -l team=a -o name", on: &world).text == "agent.ai.example/desk\n")
        #expect(Self.kubectl("get all", on: &world).text.contains("agent.ai.example/desk"))
        #expect(
            Self.kubectl("api-resources --api-group=ai.example", on: &world).text.contains(
                "agents   ag           ai.example/v1   true         Agent"))
        #expect(Self.kubectl("describe ag desk", on: &world).text.contains("Model:"))
        #expect(
            Self.kubectl("get crd", on: &world).text.hasPrefix("NAME                CREATED AT\nagents.ai.example   20")
        )
        #expect(Self.kubectl("delete crd agents.ai.example", on: &world).code == 0)
        #expect(Self.kubectl("get ag", on: &world).code == 1)
        #expect(world.cluster.customKinds.count == 1)
        #expect(world.audit().isEmpty)
    }

    private static let resource = ResourceType(
        group: "ai.example", version: "v1", kind: "Agent", plural: "agents", namespaced: true)

    /// What the schema refuses, in the API server's words.
    @Test(arguments: [
        ("replicas: 1", "spec.model: Required value"),
        ("model: huge", "spec.model: Unsupported value: \"huge\": supported values: \"small\", \"large\""),
        (
            "model: small, replicas: many",
            "spec.replicas: Invalid value: \"string\": spec.replicas in body must be of type integer: \"string\""
        ),
        (
            "model: small, replicas: 11",
            "spec.replicas: Invalid value: 11: spec.replicas in body should be less than or equal to 10"
        ),
        (
            "model: small, image: Bad",
            "spec.image: Invalid value: \"Bad\": spec.image in body should match '^[a-z]+:[0-9]+$'"
        ),
        (
            "model: small, tools: [{name: x}]",
            "spec.tools[0].name: Invalid value: \"x\": spec.tools[0].name in body should be at least 2 chars long"
        ),
        (
            "model: small, tools: [{name: aa}, {name: bb}, {name: cc}]",
            "spec.tools: Too many: 3: must have at most 2 items"
        ),
        (
            "model: small, budget: [1]",
            "spec.budget: Invalid value: \"array\": spec.budget in body must be of type integer,string: \"array\""
        ),
    ])
    func aWrongObjectIsRefused(spec: String, message: String) throws {
        var world = try Self.world()
        let outcome = Self.kubectl("apply -f a.yaml", ["a.yaml": Self.agent("desk", spec)], on: &world)
        #expect(outcome.text == "The Agent \"desk\" is invalid: \(message)\n")
        #expect(outcome.code == 1)
    }

    @Test func unknownFieldsAreRefusedDroppedOrKept() throws {
        var world = try Self.world()
        let strict = Self.kubectl(
            "apply -f a.yaml", ["a.yaml": Self.agent("desk", "model: small, speed: 3")], on: &world)
        #expect(
            strict.text
                == "Error from server (BadRequest): error when creating \"a.yaml\": Agent in version \"v1\" cannot be handled as a Agent: strict decoding error: unknown field \"spec.speed\"\n"
        )
        let body: JSONValue = [
            "metadata": ["name": "desk"],
            "spec": ["model": "small", "speed": 3, "extra": ["any": ["thing": 1]], "tools": [["name": "web"]]],
        ]
        let made = world.respond(
            to: APIRequest(.create, Self.resource, namespace: "shop", body: body, fieldValidation: .warn))
        #expect(made.code == 201 && made.warnings == ["unknown field \"spec.speed\""])
        guard case .object(let value) = made.body else { return #expect(Bool(false), "\(made)") }
        #expect(value["spec"]?["speed"] == nil)
        #expect(value["spec"]?["extra"]?["any"]?["thing"] == 1)
        #expect(value["spec"]?["replicas"] == 1 && value["spec"]?["tools"]?.array?[0]["retries"] == 3)
        let strategic = world.respond(
            to: APIRequest(
                .patch, Self.resource, namespace: "shop", name: "desk", body: ["spec": [:]], patchType: .strategicMerge)
        )
        #expect(strategic.code == 415)
        let stale: JSONValue = ["metadata": ["name": "desk", "resourceVersion": "1"], "spec": ["model": "small"]]
        #expect(
            world.respond(to: APIRequest(.update, Self.resource, namespace: "shop", name: "desk", body: stale)).code
                == 409)
        let patch: JSONValue = [["op": "replace", "path": "/spec/model", "value": "large"]]
        #expect(
            world.respond(
                to: APIRequest(.patch, Self.resource, namespace: "shop", name: "desk", body: patch, patchType: .json)
            ).code == 200)
    }

    @Test func aDefinitionIsChecked() throws {
        var world = try ContainerShellTests.world()
        for (change, message) in [
            (("name: agents.ai.example", "name: agent.ai.example"), "must be spec.names.plural+\".\"+spec.group"),
            (("scope: Namespaced", "scope: Everywhere"), "supported values: \"Cluster\", \"Namespaced\""),
            (("storage: true", "storage: false"), "must have exactly one version marked as storage version"),
            (
                ("  openAPIV3Schema:\n            type: object", "  openAPIV3Schema:\n            type: array"),
                "must be object at the root"
            ),
            (
                ("spec:\n                type: object", "spec:\n                type: \"\""),
                "must not be empty for specified object fields"
            ),
        ] {
            let text = Self.definition.replacingOccurrences(of: change.0, with: change.1)
            let isChanged = text != Self.definition
            let outcome = Self.kubectl("apply -f crd.yaml", ["crd.yaml": text], on: &world)
            if isChanged { #expect(outcome.code == 1 && outcome.text.contains(message), "\(outcome)") }
        }
    }

    @Test func ownersTakeTheirsWithThem() throws {
        var world = try Self.world()
        _ = Self.kubectl("apply -f a.yaml", ["a.yaml": Self.agent()], on: &world)
        let uid = Self.kubectl("get ag desk -o jsonpath={.metadata.uid}", on: &world).text
        let owned = """
            apiVersion: v1
            kind: ConfigMap
            metadata:
              name: owned
              ownerReferences: [{apiVersion: ai.example/v1, kind: Agent, name: desk, uid: \(uid), controller: true}]
            """
        _ = Self.kubectl("apply -f c.yaml", ["c.yaml": owned], on: &world)
        try world.advance(to: world.now + .seconds(60))
        #expect(world.cluster.context.store.configMaps.named("shop/owned") != nil, "its owner lives")
        #expect(Self.kubectl("delete ag desk", on: &world).text.hasPrefix("agent.ai.example \"desk\" deleted"))
        try world.advance(to: world.now + .seconds(60))
        #expect(world.cluster.context.store.configMaps.named("shop/owned") == nil)
        _ = Self.kubectl("apply -f a.yaml", ["a.yaml": Self.agent()], on: &world)
        _ = Self.kubectl("delete ns shop", on: &world)
        try world.advance(to: world.now + .minutes(3))
        #expect(world.cluster.context.store.namespaces.named("shop") == nil)
        #expect(Self.kubectl("get ag -A", on: &world).text == "No resources found\n")
    }

    @Test func customObjectsAreStoredWatchedAndReplayed() throws {
        let rig = try StoreRig()
        try rig.createUsed()
        var session = try rig.open(.writing)
        _ = Self.kubectl("apply -f crd.yaml", ["crd.yaml": Self.definition], on: &session)
        for index in 0..<3 {
            _ = Self.kubectl("apply -f a.yaml", ["a.yaml": Self.agent("desk-\(index)")], on: &session)
        }
        let watch = try session.world.cluster.beginWatch(APIRequest(.list, Self.resource, namespace: "shop"))
        _ = Self.kubectl("delete ag desk-1", on: &session)
        #expect(session.world.cluster.takeWatchEvents(watch).map(\.kind) == [.deleted])
        session.world.cluster.endWatch(watch)
        _ = try session.advance(to: session.now + .seconds(5))
        try session.commit()
        #expect(session.world.stateDigest == (try session.replayedDigest()))
        let bytes = session.world.encode()
        var restored = try World(decoding: bytes, scenario: session.world.scenario)
        #expect(restored.encode() == bytes)
        #expect(Self.kubectl("get ag -o yaml", on: &restored).text == Self.kubectl("get ag -o yaml", on: &session).text)
        #expect(
            Self.kubectl("get ag -o name", on: &restored).text == "agent.ai.example/desk-0\nagent.ai.example/desk-2\n")
    }

    @Test func rolesForbidAddedKindsToo() throws {
        var world = try Self.world()
        let outcome = Self.kubectl("get agents --as jane", on: &world)
        #expect(
            outcome.text
                == "Error from server (Forbidden): agents.ai.example is forbidden: User \"jane\" cannot list resource \"agents\" in API group \"ai.example\" in the namespace \"shop\"\n"
        )
    }

    @Test func hostileSchemasAndObjectsAreSurvived() throws {
        var world = try Self.world()
        var deep: JSONValue = ["x": 1]
        for _ in 0..<400 { deep = ["extra": deep, "spec": deep] }
        let made = world.respond(
            to: APIRequest(
                .create, Self.resource, namespace: "shop",
                body: ["metadata": ["name": "deep"], "spec": ["model": "small", "extra": ["a": 1]]]))
        #expect(made.code == 201)
        let odd: [JSONValue] = [
            .null, [], "text", 3, ["metadata": 3], ["metadata": ["name": "../x"], "spec": ["model": "small"]],
            ["metadata": ["name": ["a"]]], ["metadata": ["name": "a"], "spec": [1, 2]],
        ]
        for body in odd {
            let answer = world.respond(to: APIRequest(.create, Self.resource, namespace: "shop", body: body))
            #expect(answer.code >= 400, "\(body)")
        }
        for body in odd + [
            ["metadata": ["name": "a.b.c"], "spec": ["versions": [[:], 1, ["schema": 3]], "names": 4]]
        ] {
            let answer = world.respond(to: APIRequest(.create, CustomKind.definition, body: body))
            #expect(answer.code >= 400, "\(body)")
        }
    }
}
