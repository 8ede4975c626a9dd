import Foundation
import KubernetesAPI
import Simulation
import Testing

@testable import Lab

/// A lab remembers everything and can be opened, replayed, rewound and forked.
@Suite struct SessionTests {
    private let rig: StoreRig

    init() throws { rig = try StoreRig() }

    @Test func aLabIsThereAgainWhenItIsOpenedAgain() throws {
        try rig.createUsed()
        let session = try rig.open()
        #expect(session.now == .zero + .seconds(30))
        #expect(session.world.cluster.context.store.deployments.named("shop/web")?.status.readyReplicas == 2)
        #expect(session.world.workloads.traffic.first?.total.outcomes[.ok] ?? 0 > 20)
        #expect(session.world.stateDigest == (try session.replayedDigest()))
    }

    @Test func readingIsNoInput() throws {
        try rig.createUsed()
        var session = try rig.open()
        let digest = session.world.stateDigest
        let answer = session.respond(to: APIRequest(.list, Pod.resource, namespace: "shop"))
        guard case .list(let pods) = answer.body else { return #expect(Bool(false), "expected a list, got \(answer)") }
        #expect(pods.count == 2)
        #expect(session.world.stateDigest == digest)
        #expect(try session.inputs().count == 2)
    }

    @Test func aRefusedRequestLeavesNoTrace() throws {
        try rig.createUsed()
        var session = try rig.open(.writing)
        let digest = session.world.stateDigest
        let answers = session.apply(
            StoreRig.deployment(replicas: 3).replacingOccurrences(of: "ports:", with: "porrts:"))
        #expect(answers.map(\.code) == [400])
        let missing = session.respond(to: APIRequest(.delete, Pod.resource, namespace: "shop", name: "nobody"))
        #expect(missing.code == 404)
        let dry = session.respond(
            to: APIRequest(.delete, Deployment.resource, namespace: "shop", name: "web", dryRun: true))
        #expect(dry.code == 200)
        #expect(session.world.stateDigest == digest)
        try session.commit()
        #expect(try rig.open().inputs().count == 2)
    }

    @Test func whatIsNotCommittedIsNotThere() throws {
        try rig.createUsed()
        do {
            var session = try rig.open(.writing)
            session.apply(StoreRig.deployment(replicas: 5))
            #expect(session.world.cluster.context.store.deployments.named("shop/web")?.spec.replicas == 5)
        }
        #expect(try rig.open().world.cluster.context.store.deployments.named("shop/web")?.spec.replicas == 2)
    }

    @Test func inputsWithoutASnapshotAreReplayed() throws {
        try rig.createUsed()
        var session = try rig.open(.writing)
        session.apply(StoreRig.deployment(replicas: 3))
        try session.commitInputs()
        let again = try rig.open()
        #expect(again.world.stateDigest == session.world.stateDigest)
        #expect(again.world.cluster.context.store.deployments.named("shop/web")?.spec.replicas == 3)
    }

    @Test func aSnapshotThatCannotBeReadIsPassedOver() throws {
        try rig.createUsed()
        let digest = try rig.open().world.stateDigest
        try SQLiteShell.run(rig.lab, "UPDATE snapshot SET world = x'0102030405'")
        #expect(try rig.open().world.stateDigest == digest)
        try SQLiteShell.run(rig.lab, "DELETE FROM snapshot")
        #expect(try rig.open().world.stateDigest == digest)
    }

    @Test func advanceStopsAtItsConditionAndIsAWholeInstant() throws {
        var session = try rig.create()
        session.apply(StoreRig.deployment(replicas: 2))
        let condition = try Condition(parsing: "deployment/web.ready >= 2", namespace: "shop")
        #expect(try session.advance(to: .zero + .minutes(5), until: condition) == .condition)
        #expect(session.now < .zero + .minutes(1))
        #expect(session.world.stateDigest == (try session.replayedDigest()))
    }

    @Test func aStoppedAdvanceKeepsWhatWasReached() throws {
        var session = try rig.create()
        let end = try session.advance(to: .zero + .hours(1)) { $0.now >= .zero + .minutes(12) ? .stop : .goOn }
        #expect(end == .stopped)
        let again = try rig.open()
        #expect(again.now == .zero + .minutes(12))
        #expect(again.world.stateDigest == session.world.stateDigest)
        #expect(
            try again.replay(from: .zero + .minutes(11)).world.now == .zero + .minutes(10),
            "a snapshot every ten minutes")
    }

    @Test func aBudgetThatRunsOutLeavesThePresentAsItWas() throws {
        try rig.createUsed()
        var session = try rig.open(.writing)
        let digest = session.world.stateDigest
        #expect(throws: RunError.self) { try session.advance(to: .zero + .hours(1), budget: 50) }
        #expect(session.world.stateDigest == digest)
        #expect(try rig.open().world.stateDigest == digest)
    }

    @Test func rewindGoesToTheExactMoment() throws {
        var session = try rig.create()
        session.apply(StoreRig.deployment(replicas: 1))
        _ = try session.advance(to: .zero + .seconds(40))
        let digest = session.world.stateDigest
        session.apply(StoreRig.deployment(replicas: 4))
        _ = try session.advance(to: .zero + .seconds(70))
        try session.rewind(to: .zero + .seconds(39))
        #expect(session.world.cluster.context.store.deployments.named("shop/web")?.spec.replicas == 1)
        let again = try LabSession.open(rig.lab, for: .reading)
        #expect(again.now == .zero + .seconds(39))
        #expect(again.world.stateDigest == (try again.replayedDigest()))
        _ = try session.advance(to: .zero + .seconds(40))
        #expect(session.world.stateDigest == digest)
    }

    @Test func resetBeginsAnew() throws {
        var session = try rig.create()
        let digest = session.world.stateDigest
        session.apply(StoreRig.deployment(replicas: 1))
        _ = try session.advance(to: .zero + .seconds(20))
        try session.reset()
        #expect(session.world.stateDigest == digest)
        #expect(try session.inputs().isEmpty)
    }

    @Test func aForkGoesItsOwnWay() throws {
        try rig.createUsed()
        try rig.open().fork(to: rig.path("other.kubelab"))
        var other = try LabSession.open(rig.path("other.kubelab"), for: .writing)
        let own = try rig.open()
        #expect(other.world.stateDigest == own.world.stateDigest)
        #expect(try Divergence.find(own, other) == nil)
        other.apply(StoreRig.deployment(replicas: 3))
        _ = try other.advance(to: .zero + .seconds(60))
        var session = try rig.open(.writing)
        _ = try session.advance(to: .zero + .seconds(60))
        #expect(session.world.stateDigest != other.world.stateDigest)
        let divergence = try #require(try Divergence.find(session, other))
        #expect(divergence.time >= .zero + .seconds(30) && divergence.time < .zero + .seconds(32))
        guard case .input(let input) = divergence.right, case .request(let request) = input.action else {
            return #expect(Bool(false), "the fork's change comes first, found \(divergence)")
        }
        #expect(request.resource.kind == "Deployment")
        #expect(throws: LabStoreError.exists(rig.path("other.kubelab"))) {
            try session.fork(to: rig.path("other.kubelab"))
        }
    }

    @Test func anAddedFaultSurvivesSnapshots() throws {
        try rig.createUsed()
        do {
            var session = try rig.open(.writing)
            try session.inject("{name: outage, at: 5s, for: 20s, node: worker-1}", file: "fault.yaml")
            _ = try session.advance(to: .zero + .seconds(45))
            #expect(session.world.incidents.inForce == ["outage"])
        }
        var again = try rig.open(.writing)
        #expect(again.world.incidents.inForce == ["outage"])
        _ = try again.advance(to: .zero + .seconds(70))
        #expect(again.world.incidents.inForce == [])
        #expect(again.world.stateDigest == (try again.replayedDigest()))
    }

    @Test func aWatchLetsTimePassAndCommitsWhatItTells() throws {
        var session = try rig.create()
        session.apply(StoreRig.deployment(replicas: 2))
        var phases: [String] = []
        var told = 0
        session.watch(APIRequest(.list, Pod.resource, namespace: "shop"), for: .seconds(60)) { event in
            guard let event else { return true }
            told += 1
            phases.append(event.object["status"]?["phase"]?.string ?? "")
            // Whoever kills the process now finds this moment in the file.
            #expect((try? rig.open().inputs().isEmpty) == false)
            return phases.filter { $0 == "Running" }.count < 2
        }
        #expect(told > 3)
        #expect(phases.first == "Pending")
        try session.commit()
        let again = try rig.open()
        #expect(again.now == session.now && again.now > .zero && again.now < .zero + .seconds(60))
        #expect(again.world.stateDigest == (try again.replayedDigest()))
    }
}

/// SQL behind the store's back.
enum SQLiteShell {
    static func run(_ path: String, _ sql: String) throws {
        let store = try LabStore.open(path)
        try store.execute(sql)
    }
}
