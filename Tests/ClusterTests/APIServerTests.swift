import KubernetesAPI
import Simulation
import Testing

@testable import Cluster

/// What a client of the API server sees: watches, logs, selectors, subresources, trials.
@Suite struct APIServerTests {
    @Test func aWatchTellsAdditionsChangesAndDeletionsInOrder() throws {
        var rig = ClusterRig()
        let watch = try rig.cluster.beginWatch(
            APIRequest(.list, Pod.resource, namespace: "default", labelSelector: "app=web"))
        try rig.apply(Manifests.deployment("web", replicas: 1) + "\n---\n" + Manifests.deployment("other", replicas: 1))
        rig.run(for: .seconds(30))
        var events = rig.cluster.takeWatchEvents(watch)
        #expect(events.first?.kind == .added)
        #expect(events.dropFirst().allSatisfy { $0.kind == .modified })
        #expect(events.count >= 4)
        let name = try #require(rig.pods.first { $0.metadata.labels["app"] == "web" }).metadata.name

        // A pod that ceases to match is gone for the listener.
        try rig.patch(Pod.resource, name, "metadata: {labels: {app: aside}}")
        rig.run(for: .seconds(1))
        events = rig.cluster.takeWatchEvents(watch)
        #expect(events.first?.kind == .deleted)
        #expect(events.contains { $0.kind == .added })
        rig.cluster.endWatch(watch)
        rig.run(for: .seconds(30))
        #expect(rig.cluster.takeWatchEvents(watch).isEmpty)
        #expect(rig.cluster.context.watchers.isEmpty)
    }

    @Test func eventsAndEndpointsCanBeWatched() throws {
        var rig = ClusterRig()
        let events = try rig.cluster.beginWatch(
            APIRequest(
                .list, Event.resource, namespace: "default", fieldSelector: "involvedObject.kind=Pod,reason=Scheduled"))
        let endpoints = try rig.cluster.beginWatch(APIRequest(.list, Endpoints.resource, namespace: "default"))
        try rig.apply(
            Manifests.deployment("web", replicas: 2)
                + "\n---\napiVersion: v1\nkind: Service\nmetadata: {name: web}\nspec: {selector: {app: web}, ports: [{port: 80}]}"
        )
        rig.run(for: .seconds(60))
        let seen = rig.cluster.takeWatchEvents(events)
        #expect(seen.count == 2)
        #expect(seen.allSatisfy { $0.kind == .added })
        let last = try #require(rig.cluster.takeWatchEvents(endpoints).last)
        let object = try Endpoints.decode(json: last.object).object
        #expect(object.subsets.first?.addresses.count == 2)
    }

    @Test func aWatchLeavesNoTraceInTheState() throws {
        var quiet = ClusterRig()
        var watched = ClusterRig()
        _ = try watched.cluster.beginWatch(APIRequest(.list, Pod.resource))
        for text in [Manifests.deployment("web")] {
            try quiet.apply(text)
            try watched.apply(text)
        }
        quiet.run(for: .seconds(60))
        watched.run(for: .seconds(60))
        var (left, right) = (BinaryWriter(), BinaryWriter())
        left.write(quiet.cluster)
        right.write(watched.cluster)
        #expect(left.bytes == right.bytes)
    }

    @Test func unknownFieldSelectorsAreRefusedInTheServersWords() throws {
        var rig = ClusterRig()
        let pods = rig.respond(APIRequest(.list, Pod.resource, namespace: "default", fieldSelector: "spec.color=red"))
        #expect(pods == APIResponse(.badRequest("field label not supported: spec.color")))
        let maps = rig.respond(APIRequest(.list, ConfigMap.resource, namespace: "default", fieldSelector: "data.a=b"))
        #expect(
            maps
                == APIResponse(
                    .badRequest(#""data.a" is not a known field selector: only "metadata.name", "metadata.namespace""#))
        )
        let list = rig.respond(
            APIRequest(.list, ConfigMap.resource, namespace: "default", fieldSelector: "metadata.name=x"))
        #expect(list.body == .list([]))
        #expect(list.resourceVersion == "\(rig.cluster.context.store.revision)")
    }

    @Test func aTrialRunsAllOfAdmissionAndChangesNothing() throws {
        var rig = ClusterRig()
        var before = BinaryWriter()
        before.write(rig.cluster)
        let body = try #require(
            try YAMLReader.documents(
                "apiVersion: v1\nkind: Service\nmetadata: {name: web}\nspec: {type: NodePort, selector: {app: web}, ports: [{port: 80}]}"
            ).first?.value)
        let request = APIRequest(.create, Service.resource, namespace: "default", body: body, dryRun: true)
        guard case .object(let object) = rig.respond(request).body else { throw RigError("refused") }
        let service = try Service.decode(json: object).object
        #expect(service.spec.clusterIP.hasPrefix("10.96."))
        #expect(service.spec.ports[0].nodePort ?? 0 >= 30_000)
        var after = BinaryWriter()
        after.write(rig.cluster)
        #expect(before.bytes == after.bytes)
        var bad = request
        bad.namespace = "nowhere"
        #expect(rig.respond(bad).code >= 400)
    }

    @Test func logsAreThoseOfTheRunThatWasAskedFor() throws {
        var rig = ClusterRig()
        rig.runtime.programs["crash:1"] = FakeProgram(exitsAfter: .seconds(6), exitCode: 3)
        try rig.apply(
            """
            apiVersion: v1
            kind: Pod
            metadata: {name: one}
            spec: {containers: [{name: app, image: "crash:1"}]}
            ---
            apiVersion: v1
            kind: Pod
            metadata: {name: two}
            spec: {containers: [{name: a, image: web}, {name: b, image: web}], initContainers: [{name: i, image: "crash:1"}]}
            """)
        func text(_ response: APIResponse) -> String {
            switch response.body {
            case .text(let text): text
            case .failure(let status): status.message
            default: "?"
            }
        }
        func logs(_ pod: String, _ options: LogOptions = LogOptions()) -> APIRequest {
            var request = APIRequest(.get, Pod.resource, namespace: "default", name: pod, subresource: "log")
            request.log = options
            return request
        }
        #expect(
            text(rig.respond(logs("two"))).contains(
                "a container name must be specified for pod two, choose one of: [a b] or one of the init containers: [i]"
            ))
        #expect(text(rig.respond(logs("two", LogOptions(container: "x")))) == "container x is not valid for pod two")
        rig.run(for: .seconds(4))
        #expect(
            text(rig.respond(logs("two", LogOptions(container: "a"))))
                == "container \"a\" in pod \"two\" is waiting to start: PodInitializing")
        #expect(
            text(rig.respond(logs("one", LogOptions(previous: true))))
                == "previous terminated container \"app\" in pod \"one\" not found")
        #expect(text(rig.respond(logs("one", LogOptions(tailLines: 1)))).hasSuffix("line 5\n"))
        let first = text(rig.respond(logs("one", LogOptions(tailLines: 1))))
        rig.run(for: .seconds(8))
        #expect(text(rig.respond(logs("one", LogOptions(previous: true, tailLines: 1)))) == first)
        let stamped = text(rig.respond(logs("one", LogOptions(timestamps: true, tailLines: 1))))
        #expect(stamped.hasPrefix("2026-01-05T09:00:50Z run "))
        #expect(text(rig.respond(logs("one", LogOptions(limitBytes: 3)))) == "run")
    }

    @Test func aPodCanBeBoundOnlyOnce() throws {
        var rig = ClusterRig()
        try rig.apply(
            "apiVersion: v1\nkind: Pod\nmetadata: {name: p}\nspec: {schedulerName: mine, containers: [{name: a, image: web}]}"
        )
        func bind() -> APIRequest {
            APIRequest(
                .create, Pod.resource, namespace: "default", name: "p", subresource: "binding",
                body: .object(["target": .object(["kind": .string("Node"), "name": .string("node-2")])]))
        }
        #expect(rig.respond(bind()).code == 201)
        rig.run(for: .seconds(20))
        #expect(try rig.get("p", Pod.self).status.phase == "Running")
        guard case .failure(let status) = rig.respond(bind()).body else { throw RigError("bound twice") }
        #expect(
            status.message
                == #"Operation cannot be fulfilled on pods/binding "p": pod p is already assigned to node "node-2""#)
    }

    @Test func autoscalersCanBeReadAndWrittenAsVersion1() throws {
        var rig = ClusterRig()
        try rig.apply(
            """
            apiVersion: autoscaling/v1
            kind: HorizontalPodAutoscaler
            metadata: {name: web}
            spec: {scaleTargetRef: {apiVersion: apps/v1, kind: Deployment, name: web}, maxReplicas: 5, targetCPUUtilizationPercentage: 60}
            """)
        let stored = try rig.get("web", HorizontalPodAutoscaler.self)
        #expect(stored.spec.metrics.first?.resource?.target.averageUtilization == 60)
        let answer = rig.respond(
            APIRequest(.get, HorizontalPodAutoscalerV1.resource, namespace: "default", name: "web"))
        guard case .object(let object) = answer.body else { throw RigError("no object") }
        #expect(try HorizontalPodAutoscalerV1.decode(json: object).object.spec.targetCPUUtilizationPercentage == 60)
    }

    @Test func aCollectionIsDeletedBySelector() throws {
        var rig = ClusterRig()
        for name in ["a", "b", "c"] {
            try rig.apply(
                "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: \(name), labels: {keep: \"\(name == "c")\"}}")
        }
        rig.respond(
            APIRequest(.deletecollection, ConfigMap.resource, namespace: "default", labelSelector: "keep=false"))
        #expect(!rig.exists("a", ConfigMap.self) && !rig.exists("b", ConfigMap.self) && rig.exists("c", ConfigMap.self))
    }
}
