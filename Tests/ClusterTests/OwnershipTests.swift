import ContainerRuntime
import KubernetesAPI
import Simulation
import Testing

@testable import Cluster

/// Who controls what, and what users keep beside the cluster's own objects.
@Suite struct OwnershipTests {
    private static func sets(_ rig: ClusterRig) -> [ReplicaSet] {
        rig.cluster.context.store.replicaSets.sorted.map(\.object)
    }

    // MARK: ReplicaSets

    @Test func aNewDeploymentTakesOverWhatAnOldOneLeft() throws {
        var rig = ClusterRig()
        try rig.apply(Manifests.deployment("web"))
        rig.run(for: .seconds(20))
        let (set, pods) = (try #require(Self.sets(rig).first), rig.pods.map(\.metadata.uid))
        rig.delete(Deployment.resource, "web", policy: "Orphan")
        rig.run(for: .seconds(5))
        #expect(Self.sets(rig).map(\.metadata.ownerReferences.count) == [0])
        try rig.apply(Manifests.deployment("web"))
        rig.run(for: .seconds(20))
        #expect(Self.sets(rig).map(\.metadata.uid) == [set.metadata.uid] && rig.pods.map(\.metadata.uid) == pods)
        #expect(Self.sets(rig).first?.controller?.uid == (try rig.get("web", Deployment.self)).metadata.uid)
        #expect(try rig.get("web", Deployment.self).status.availableReplicas == 3)
        #expect(rig.cluster.audit(at: rig.clock.now).isEmpty)
    }

    /// One with another template is an old revision, and is rolled over.
    @Test func aStrangersReplicaSetIsAnOldRevision() throws {
        var rig = ClusterRig()
        try rig.apply(
            """
            apiVersion: apps/v1
            kind: ReplicaSet
            metadata: {name: stray, labels: {app: web}}
            spec:
              replicas: 2
              selector: {matchLabels: {app: web, by: hand}}
              template:
                metadata: {labels: {app: web, by: hand}}
                spec: {containers: [{name: app, image: \"old:1\"}]}
            """)
        rig.run(for: .seconds(10))
        try rig.apply(Manifests.deployment("web"))
        rig.run(for: .seconds(60))
        #expect(try rig.get("stray", ReplicaSet.self).controller?.name == "web")
        #expect(try rig.get("stray", ReplicaSet.self).spec.replicas == 0)
        #expect(rig.pods.count == 3)
    }

    @Test func aReplicaSetThatNoLongerMatchesIsReleasedAndReplaced() throws {
        var rig = ClusterRig()
        try rig.apply(Manifests.deployment("web"))
        rig.run(for: .seconds(20))
        let set = try #require(Self.sets(rig).first)
        try rig.patch(ReplicaSet.resource, set.metadata.name, "metadata: {labels: {app: other}}")
        rig.run(for: .seconds(60))
        #expect(try rig.get(set.metadata.name, ReplicaSet.self).metadata.ownerReferences.isEmpty)
        let owned = Self.sets(rig).filter { $0.controller?.name == "web" }
        #expect(owned.count == 1 && owned.first?.spec.replicas == 3)
        // The released set keeps its pods; users decide what becomes of them.
        #expect(rig.pods.count == 6)
        try rig.patch(ReplicaSet.resource, set.metadata.name, "metadata: {labels: {app: web}}")
        rig.run(for: .seconds(60))
        #expect(Self.sets(rig).allSatisfy { $0.controller?.name == "web" } && rig.pods.count == 3)
        try rig.restore()
    }

    @Test func aDeploymentThatIsGoingAdoptsNothing() throws {
        var rig = ClusterRig()
        try rig.apply(Manifests.deployment("web"))
        rig.run(for: .seconds(20))
        let set = try #require(Self.sets(rig).first)
        rig.delete(Deployment.resource, "web", policy: "Orphan")
        rig.run(for: .seconds(30))
        #expect(!rig.exists("web", Deployment.self))
        #expect(try rig.get(set.metadata.name, ReplicaSet.self).metadata.ownerReferences.isEmpty)
    }

    // MARK: Leases

    private static func lease(_ rig: inout ClusterRig) throws -> Lease {
        let response = rig.respond(APIRequest(.get, Lease.resource, namespace: "default", name: "leader"))
        guard case .object(let json) = response.body else { throw RigError("no lease: \(response)") }
        return try Lease.decode(json: json).object
    }

    private static func put(_ rig: inout ClusterRig, _ lease: Lease) -> APIResponse {
        rig.respond(
            APIRequest(.update, Lease.resource, namespace: "default", name: "leader", body: lease.jsonValue))
    }

    @Test func twoWhoWantToLeadSettleItByTheRevision() throws {
        var rig = ClusterRig()
        #expect(rig.respond(APIRequest(.get, Lease.resource, namespace: "default", name: "leader")).code == 404)
        let created = try rig.create(
            "apiVersion: coordination.k8s.io/v1\nkind: Lease\nmetadata: {name: leader}\nspec: {holderIdentity: a, leaseDurationSeconds: 15, acquireTime: \"2026-11-23T09:26:49.123456Z\", renewTime: \"2026-11-23T09:26:49.123456Z\", leaseTransitions: 0}"
        )
        #expect(created.map(\.code) == [201])
        let seen = try Self.lease(&rig)
        #expect(seen.spec.renewTime?.epochMicroseconds.quotientAndRemainder(dividingBy: 1_000_000).remainder == 123_456)
        var (one, other) = (seen, seen)
        one.spec.holderIdentity = "a"
        one.spec.renewTime = MicroTime(epochMicroseconds: 1_800_000_000_000_000)
        other.spec.holderIdentity = "b"
        #expect(Self.put(&rig, one).code == 200)
        guard case .failure(let status) = Self.put(&rig, other).body else { throw RigError("two leaders") }
        #expect(status.code == 409 && status.reason == "Conflict")
        #expect(
            status.message
                == "Operation cannot be fulfilled on leases.coordination.k8s.io \"leader\": the object has been modified; please apply your changes to the latest version and try again"
        )
        #expect(try Self.lease(&rig).spec.holderIdentity == "a")
        other = try Self.lease(&rig)
        other.spec.holderIdentity = "b"
        #expect(Self.put(&rig, other).code == 200)
        other.metadata.resourceVersion = ""
        guard case .failure(let refused) = Self.put(&rig, other).body else { throw RigError("accepted") }
        #expect(
            refused.message
                == "leases.coordination.k8s.io \"leader\" is invalid: metadata.resourceVersion: Invalid value: 0: must be specified for an update"
                || refused.message
                    == "Lease.coordination.k8s.io \"leader\" is invalid: metadata.resourceVersion: Invalid value: 0: must be specified for an update"
        )
    }

    @Test func aLeaseMayBeMadeByReplacingIt() throws {
        var rig = ClusterRig()
        var lease = Lease()
        lease.metadata.name = "leader"
        lease.metadata.namespace = "default"
        lease.spec.holderIdentity = "a"
        #expect(Self.put(&rig, lease).code == 201)
        #expect(try Self.lease(&rig).spec.holderIdentity == "a")
    }

    // MARK: Events

    private static func event(_ rig: inout ClusterRig, _ request: APIRequest) throws -> Event {
        let response = rig.respond(request)
        guard case .object(let json) = response.body else { throw RigError("no event: \(response)") }
        return try Event.decode(json: json).object
    }

    private static func list(_ rig: inout ClusterRig) throws -> [Event] {
        guard case .list(let items) = rig.respond(APIRequest(.list, Event.resource, namespace: "default")).body else {
            throw RigError("no list")
        }
        return try items.map { try Event.decode(json: $0).object }
    }

    private static let note = """
        apiVersion: v1
        kind: Event
        metadata: {generateName: note-}
        involvedObject: {kind: Pod, apiVersion: v1, name: p, namespace: default}
        reason: Tuned
        message: I changed the limits
        type: Normal
        source: {component: me}
        """

    @Test func usersWriteAndRemoveEvents() throws {
        var rig = ClusterRig()
        try rig.apply(
            "apiVersion: v1\nkind: Pod\nmetadata: {name: p}\nspec: {containers: [{name: a, image: \"web:1\"}]}")
        rig.run(for: .seconds(10))
        let own = try Self.list(&rig).count
        #expect(own >= 5)
        let answers = try rig.create(Self.note)
        #expect(answers.map(\.code) == [201])
        let written = try #require(try Self.list(&rig).first { $0.reason == "Tuned" })
        #expect(written.metadata.name.hasPrefix("note-") && !written.metadata.uid.isEmpty)
        try rig.restore()
        #expect(try Self.list(&rig).count == own + 1)
        // The recorder of a client counts an event up with a patch.
        let patched = try rig.patch(Event.resource, written.metadata.name, "count: 2")
        #expect(patched.code == 200)
        #expect(try Self.list(&rig).first { $0.reason == "Tuned" }?.count == 2)
        #expect(rig.delete(Event.resource, written.metadata.name).code == 200)
        #expect(rig.delete(Event.resource, written.metadata.name).code == 404)
        #expect(try Self.list(&rig).count == own)
        // The cluster's own go as well, and new ones come.
        let scheduled = try #require(try Self.list(&rig).first { $0.reason == "Scheduled" })
        #expect(rig.delete(Event.resource, scheduled.metadata.name).code == 200)
        let all = rig.respond(APIRequest(.deletecollection, Event.resource, namespace: "default"))
        #expect(all.code == 200)
        #expect(try Self.list(&rig).isEmpty)
        rig.delete(Pod.resource, "p")
        rig.run(for: .seconds(5))
        #expect(try Self.list(&rig).contains { $0.reason == "Killing" })
    }

    @Test func eventsOfUsersAreCheckedAndForgotten() throws {
        var rig = ClusterRig(settings: ClusterSettings())
        #expect(
            try rig.create(Self.note.replacing("namespace: default}", with: "namespace: other}")).map(\.code) == [422])
        #expect(try rig.create(Self.note).map(\.code) == [201])
        let name = try #require(try Self.list(&rig).first { $0.reason == "Tuned" }).metadata.name
        #expect(try rig.create(Self.note.replacing("generateName: note-", with: "name: \(name)")).map(\.code) == [409])
        rig.run(for: .minutes(61))
        try rig.apply(
            "apiVersion: v1\nkind: Pod\nmetadata: {name: p}\nspec: {containers: [{name: a, image: \"web:1\"}]}")
        rig.run(for: .seconds(10))
        #expect(try !Self.list(&rig).contains { $0.reason == "Tuned" })
    }

    @Test func aWatchHearsOfEventsThatUsersWrite() throws {
        var rig = ClusterRig()
        let watch = try rig.cluster.beginWatch(APIRequest(.list, Event.resource, namespace: "default"))
        _ = try rig.create(Self.note)
        let name = try #require(try Self.list(&rig).first { $0.reason == "Tuned" }).metadata.name
        rig.delete(Event.resource, name)
        #expect(rig.cluster.takeWatchEvents(watch).map(\.kind) == [.added, .deleted])
    }

    // MARK: Metrics

    /// Between two events the time is that of the request.
    @Test func metricsAreStampedWithTheTimeOfTheQuestion() throws {
        var rig = ClusterRig()
        try rig.apply(
            "apiVersion: v1\nkind: Pod\nmetadata: {name: p}\nspec: {containers: [{name: a, image: \"web:1\"}]}")
        rig.run(for: .seconds(60))
        func stamp(_ rig: inout ClusterRig) throws -> Int64 {
            guard
                case .list(let items) = rig.respond(APIRequest(.list, PodMetrics.resource, namespace: "default")).body,
                let first = items.first
            else { throw RigError("no metrics") }
            let metrics = try PodMetrics.decode(json: first).object
            return try #require(metrics.metadata.creationTimestamp).epochSeconds
        }
        let before = try stamp(&rig)
        rig.run(for: .seconds(7))
        #expect(try stamp(&rig) == before + 7)
    }
}
