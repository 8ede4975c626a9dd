import Simulation
import Testing

@testable import Cluster

/// Conditions, deadlines, history and neighbours: what the conformance cases do not say.
struct RolloutTests {
    private static let start = SimulationTime.zero + .seconds(50_000)

    // MARK: Status and deadline

    @Test func aStuckRolloutTimesOutAndIsNotHiddenByAPause() throws {
        var deployment = RolloutDeployment(replicas: 3, generation: 2)
        let old = RolloutReplicaSet(name: "web-old", replicas: 3, availableReplicas: 3)
        let new = RolloutReplicaSet(name: "web-new", replicas: 1, creation: .zero + .seconds(1))
        deployment.status = RolloutStatus(
            replicas: 3, readyReplicas: 3, availableReplicas: 3,
            conditions: [.newReplicaSet(created: "web-new", now: Self.start)])

        deployment.status = deployment.rolloutStatus(
            name: "web", new: new, all: [old, new], now: Self.start + .seconds(1))
        #expect(deployment.status.condition(.progressing)?.message == "ReplicaSet \"web-new\" is progressing.")
        #expect(deployment.status.condition(.progressing)?.lastTransition == Self.start)
        #expect(deployment.status.condition(.available)?.reason == "MinimumReplicasAvailable")
        #expect(deployment.status.unavailableReplicas == 1)

        // Nothing moves any more; the deadline is counted from the last progress and is strict.
        let deadline = Self.start + .seconds(601)
        let same = deployment.rolloutStatus(name: "web", new: new, all: [old, new], now: deadline)
        #expect(same == deployment.status)
        #expect(deployment.progressCheckDelay(same, now: deadline - .seconds(100)) == .seconds(101))
        deployment.status = deployment.rolloutStatus(
            name: "web", new: new, all: [old, new], now: deadline + .nanoseconds(1))
        let condition = try #require(deployment.status.condition(.progressing))
        #expect(condition.status == .false)
        #expect(condition.reason == "ProgressDeadlineExceeded")
        #expect(condition.message == "ReplicaSet \"web-new\" has timed out progressing.")
        #expect(deployment.progressCheckDelay(deployment.status, now: deadline) == nil)

        deployment.isPaused = true
        #expect(deployment.pausedCondition(now: deadline) == nil)
    }

    @Test func aFinishedRolloutStaysFinishedWhateverHappensToItsPods() {
        var deployment = RolloutDeployment(replicas: 2)
        var set = RolloutReplicaSet(name: "web-1", replicas: 2, availableReplicas: 2)
        deployment.status = deployment.rolloutStatus(name: "web", new: set, all: [set], now: Self.start)
        #expect(deployment.status.condition(.progressing)?.reason == "NewReplicaSetAvailable")
        #expect(deployment.isComplete(deployment.status))
        set.availableReplicas = 0
        set.readyReplicas = 0
        deployment.status = deployment.rolloutStatus(
            name: "web", new: set, all: [set], now: Self.start + .hours(10))
        #expect(deployment.status.condition(.progressing)?.reason == "NewReplicaSetAvailable")
        #expect(deployment.status.condition(.available)?.status == .false)
        #expect(deployment.status.condition(.available)?.message == "Deployment does not have minimum availability.")
    }

    @Test func withoutADeadlineThereIsNoProgressCondition() {
        var deployment = RolloutDeployment(replicas: 1, progressDeadlineSeconds: .max)
        deployment.status.conditions = [.newReplicaSet(found: "web-1", now: Self.start)]
        let set = RolloutReplicaSet(name: "web-1", replicas: 1)
        let status = deployment.rolloutStatus(name: "web", new: set, all: [set], now: Self.start)
        #expect(status.condition(.progressing) == nil)
    }

    @Test func pausingAndResumingAreUnknownProgress() {
        var deployment = RolloutDeployment(replicas: 1, isPaused: true)
        let paused = deployment.pausedCondition(now: Self.start)
        #expect(paused?.reason == "DeploymentPaused")
        deployment.status.conditions = [paused].compactMap { $0 }
        #expect(deployment.pausedCondition(now: Self.start) == nil)
        deployment.isPaused = false
        #expect(deployment.pausedCondition(now: Self.start)?.reason == "DeploymentResumed")
    }

    @Test func aReplicaFailureIsCopiedAndGoesAway() {
        var deployment = RolloutDeployment(replicas: 1)
        let failure = RolloutCondition(
            .replicaFailure, .true, reason: "FailedCreate", message: "exceeded quota", lastUpdate: Self.start)
        var set = RolloutReplicaSet(name: "web-1", replicas: 1, statusReplicas: 0, failure: failure)
        deployment.status = deployment.rolloutStatus(name: "web", new: set, all: [set], now: Self.start)
        #expect(deployment.status.condition(.replicaFailure)?.message == "exceeded quota")
        set.failure = nil
        deployment.status = deployment.rolloutStatus(name: "web", new: set, all: [set], now: Self.start)
        #expect(deployment.status.condition(.replicaFailure) == nil)
    }

    // MARK: Syncs

    @Test func whatASyncIsAbout() {
        var deployment = RolloutDeployment(replicas: 4)
        var set = RolloutReplicaSet(name: "web-1", replicas: 4, desiredReplicas: 4)
        #expect(deployment.sync([set]) == .rollingUpdate)
        deployment.replicas = 6
        #expect(deployment.sync([set]) == .scale)
        set.desiredReplicas = 6
        deployment.isPaused = true
        #expect(deployment.sync([set]) == .scale)
        deployment.isDeleting = true
        #expect(deployment.sync([set]) == .statusOnly)
        deployment = RolloutDeployment(replicas: 6, strategy: .recreate)
        #expect(deployment.sync([set]) == .recreate)
    }

    @Test func recreationWaitsForTheOldPods() {
        let deployment = RolloutDeployment(replicas: 3, strategy: .recreate)
        var old = RolloutReplicaSet(name: "web-1", replicas: 3)
        #expect(
            deployment.recreateStep(old: [old], oldPodsRun: true)
                == .scaleDown([RolloutScaling(name: "web-1", from: 3, to: 0)]))
        old.replicas = 0
        #expect(deployment.recreateStep(old: [old], oldPodsRun: true) == .waitForOldPods)
        #expect(deployment.recreateStep(old: [old], oldPodsRun: false) == .scaleUp(to: 3))
        #expect(
            RolloutScaling(name: "web-1", from: 3, to: 0).eventMessage == "Scaled down replica set web-1 from 3 to 0")
    }

    @Test func onceTheNewSetHasTakenOverTheOldOnesGo() {
        let deployment = RolloutDeployment(replicas: 5)
        let new = RolloutReplicaSet(name: "new", replicas: 5, availableReplicas: 5, desiredReplicas: 5)
        let old = RolloutReplicaSet(name: "old", replicas: 2, availableReplicas: 2, desiredReplicas: 3)
        #expect(
            deployment.scaleProportionally(new: new, old: [old]) == [RolloutScaling(name: "old", from: 2, to: 0)])
    }

    // MARK: History and hashes

    @Test func theLowestRevisionsGoFirst() {
        var deployment = RolloutDeployment(replicas: 1, revisionHistoryLimit: 1)
        let sets = [3, 1, 2].map { RolloutReplicaSet(name: "web-\($0)", replicas: 0, revision: $0) }
        #expect(deployment.trimmedHistory(sets) == ["web-1", "web-2"])
        deployment.revisionHistoryLimit = .max
        #expect(deployment.trimmedHistory(sets) == [])
        #expect(RolloutDeployment.newRevision(sets) == 4)
        #expect(RolloutDeployment.undoTarget(sets, revision: 0)?.name == "web-2")
        #expect(RolloutDeployment.undoTarget(sets, revision: 1)?.name == "web-1")
        #expect(RolloutDeployment.undoTarget(Array(sets.prefix(1)), revision: 0) == nil)
    }

    @Test func formerRevisionsAreListed() {
        #expect(RevisionHistory.appending(1, to: "") == "1")
        #expect(RevisionHistory.appending(3, to: "1") == "1,3")
        #expect(RevisionHistory.appending(0, to: "1") == "1")
        let long = (1000..<1500).reduce("") { RevisionHistory.appending(Int64($1), to: $0) }
        #expect(long.utf8.count <= 2000)
        #expect(long.hasSuffix(",1499"))
    }

    @Test func hashesUseTheSafeAlphabet() {
        #expect(PodTemplateHash.safeEncoded("0123456789") == "456789bcdf")
        // FNV-1a of nothing is 2166136261, of "a" 3826002220.
        #expect(PodTemplateHash.hash(template: []) == PodTemplateHash.safeEncoded("2166136261"))
        #expect(PodTemplateHash.hash(template: Array("a".utf8)) == PodTemplateHash.safeEncoded("3826002220"))
        #expect(
            PodTemplateHash.hash(template: Array("a".utf8), collisionCount: 1)
                == PodTemplateHash.hash(template: Array("a\u{1}\0\0\0\0\0\0\0".utf8)))
    }

    @Test func textsThatAreNoPercentage() throws {
        #expect(throws: AmountOrPercent.ParsingError.self) { try AmountOrPercent(parsing: "5") }
        #expect(throws: AmountOrPercent.ParsingError.self) { try AmountOrPercent(parsing: "x%") }
        #expect(throws: AmountOrPercent.ParsingError.self) { try AmountOrPercent(parsing: "") }
        #expect(try AmountOrPercent(parsing: "33%").scaled(of: 10, roundingUp: true) == 4)
    }

    // MARK: ReplicaSets

    @Test func aReplicaSetCreatesAndDeletesAtMostFiveHundred() {
        #expect(ReplicaSetScaling(activePods: 3, replicas: 3) == .none)
        #expect(ReplicaSetScaling(activePods: 1, replicas: 4) == .create(3))
        #expect(ReplicaSetScaling(activePods: 0, replicas: 2000) == .create(500))
        #expect(ReplicaSetScaling(activePods: 2000, replicas: 0) == .delete(500))
    }

    @Test func availabilityIsStrict() {
        let ready = Self.start
        #expect(PodAvailability.isAvailable(readySince: ready, minReadySeconds: 0, now: ready))
        #expect(!PodAvailability.isAvailable(readySince: ready, minReadySeconds: 10, now: ready + .seconds(10)))
        #expect(
            PodAvailability.isAvailable(
                readySince: ready, minReadySeconds: 10, now: ready + .seconds(10) + .nanoseconds(1)))
        #expect(!PodAvailability.isAvailable(readySince: nil, minReadySeconds: 0, now: ready))
        let delay = PodAvailability.delay(readySince: ready, minReadySeconds: 10, now: ready + .seconds(4))
        #expect(delay == .seconds(6) + .nanoseconds(1))
    }

    // MARK: Eviction and endpoints

    @Test func evictionsAskTheBudget() {
        func budget(allowed: Int32, healthy: Int32 = 2, desired: Int32 = 2) -> EvictionDecision.Budget {
            EvictionDecision.Budget(
                name: "web", disruptionsAllowed: allowed, currentHealthy: healthy, desiredHealthy: desired)
        }
        let pod = EvictionDecision.Pod()
        #expect(EvictionDecision(pod: pod, budgets: []) == .delete)
        #expect(EvictionDecision(pod: pod, budgets: [budget(allowed: 1)]) == .deleteAndCharge)
        #expect(
            EvictionDecision(pod: pod, budgets: [budget(allowed: 0)])
                == .tooManyRequests(
                    message: "Cannot evict pod as it would violate the pod's disruption budget.",
                    cause: "The disruption budget web needs 2 healthy pods and has 2 currently"))
        let unready = EvictionDecision.Pod(isReady: false)
        #expect(EvictionDecision(pod: unready, budgets: [budget(allowed: 0)]) == .delete)
        var unhealthy = budget(allowed: 0, healthy: 1)
        guard case .tooManyRequests = EvictionDecision(pod: unready, budgets: [unhealthy]) else {
            Issue.record("an unhealthy budget protects pods that are not ready")
            return
        }
        unhealthy.policy = .alwaysAllow
        #expect(EvictionDecision(pod: unready, budgets: [unhealthy]) == .delete)
        #expect(EvictionDecision(pod: .init(isPending: true), budgets: [budget(allowed: 0)]) == .delete)
        guard case .internalError = EvictionDecision(pod: pod, budgets: [budget(allowed: 1), budget(allowed: 1)]) else {
            Issue.record("two budgets are an error")
            return
        }
    }

    @Test func anEvictedPodIsNotHealthyForTwoMinutes() {
        func healthy(after seconds: Int64) -> Bool {
            DisruptionBudget.isHealthy(
                ready: true, isDeleting: false, evictedAt: Self.start, now: Self.start + .seconds(seconds))
        }
        #expect(!healthy(after: 119))
        #expect(healthy(after: 120))
    }

    @Test func terminatingEndpointsServeIfNoOtherDoes() throws {
        func endpoint(ready: Bool, deleting: Bool) throws -> EndpointConditionDecision {
            try #require(
                EndpointConditionDecision(
                    hasAddress: true, isFinished: false, isReady: ready, isDeleting: deleting, publishNotReady: false))
        }
        let leaving = try endpoint(ready: true, deleting: true)
        let starting = try endpoint(ready: false, deleting: false)
        #expect(EndpointConditionDecision.routable([leaving, starting]) == [0])
        #expect(EndpointConditionDecision.routable([leaving, try endpoint(ready: true, deleting: false)]) == [1])
    }
}
