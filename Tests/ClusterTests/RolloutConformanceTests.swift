import Simulation
import Testing

@testable import Cluster

/// The cases of `fixtures/conformance/rollout`: Deployments, ReplicaSets and their neighbours.
struct RolloutConformanceTests {
    static let knownDeviations: [String: String] = [:]

    @Test func everyCase() throws {
        try DecisionCases.run("rollout", knownDeviations: Self.knownDeviations) { testCase in
            var mismatch = DecisionMismatch()
            switch testCase.kind {
            case "fenceposts": Self.fenceposts(testCase, &mismatch)
            case "maxSurge": Self.value(Self.deployment(testCase.input["deployment"]).maxSurge, testCase, &mismatch)
            case "maxUnavailable":
                Self.value(Self.deployment(testCase.input["deployment"]).maxUnavailable, testCase, &mismatch)
            case "minAvailable":
                Self.value(Self.deployment(testCase.input["deployment"]).minAvailable, testCase, &mismatch)
            case "newRSNewReplicas": Self.newReplicaSetSize(testCase, &mismatch)
            case "reconcileNew": Self.reconcileNew(testCase, &mismatch)
            case "reconcileOld": Self.reconcileOld(testCase, &mismatch)
            case "cleanupUnhealthy": Self.cleanUpUnhealthy(testCase, &mismatch)
            case "scaleDownOld": Self.scaleDownOld(testCase, &mismatch)
            case "scaleProportional": Self.scaleProportional(testCase, &mismatch)
            case "fraction": Self.fraction(testCase, &mismatch)
            case "complete": Self.complete(testCase, &mismatch)
            case "progressing": Self.progressing(testCase, &mismatch)
            case "timedOut": Self.timedOut(testCase, &mismatch)
            case "historyCleanup": Self.historyCleanup(testCase, &mismatch)
            case "replicaCounts": Self.replicaCounts(testCase, &mismatch)
            case "rolloutTrace": Self.rolloutTrace(testCase, &mismatch)
            case "slowStart": Self.slowStart(testCase, &mismatch)
            case "deletionRank": Self.deletionRank(testCase, &mismatch)
            case "pdb": Self.disruptionBudget(testCase, &mismatch)
            case "endpoint": Self.endpoint(testCase, &mismatch)
            case "jobBackoff": Self.jobBackOff(testCase, &mismatch)
            default: mismatch.fail("unknown kind \(testCase.kind)")
            }
            return mismatch
        }
    }

    // MARK: Inputs

    private static let now = SimulationTime.zero + .seconds(2_000_000_000)

    private static func amount(_ json: DecisionJSON) throws(AmountOrPercent.ParsingError) -> AmountOrPercent? {
        if let number = json.int32 { return .amount(number) }
        guard let text = json.string else { return nil }
        return try AmountOrPercent(parsing: text)
    }

    private static func deployment(_ json: DecisionJSON) -> RolloutDeployment {
        let surge = try? amount(json["maxSurge"])
        let unavailable = try? amount(json["maxUnavailable"])
        return RolloutDeployment(
            replicas: json["replicas"].int32 ?? 1,
            strategy: json["strategy"].string == "Recreate"
                ? .recreate : .rollingUpdate(maxSurge: surge, maxUnavailable: unavailable),
            generation: json["generation"].int ?? 0,
            status: RolloutStatus(replicas: json["statusReplicas"].int32 ?? 0))
    }

    private static func replicaSet(_ json: DecisionJSON, name: String, index: Int) -> RolloutReplicaSet {
        RolloutReplicaSet(
            name: json["name"].string ?? name,
            replicas: (json["replicas"].int32 ?? json["specReplicas"].int32 ?? json["spec"].int32) ?? 0,
            statusReplicas: json["statusReplicas"].int32 ?? json["status"].int32,
            availableReplicas: json["available"].int32 ?? 0, terminatingReplicas: json["terminating"].int32,
            creation: .zero + .seconds(json["created"].int ?? Int64(index)),
            desiredReplicas: json["desiredAnnotation"].int32, maxReplicas: json["maxReplicasAnnotation"].int32,
            revision: json["revision"].int ?? Int64(index + 1), isDeleting: json["deleting"].bool ?? false,
            generation: json["generation"].int ?? 0, observedGeneration: json["observedGeneration"].int ?? 0)
    }

    private static func replicaSets(_ json: DecisionJSON) -> [RolloutReplicaSet] {
        json.array.enumerated().map { index, set in
            set.int32.map {
                RolloutReplicaSet(name: "old-\(index)", replicas: $0, creation: .zero + .seconds(Int64(index)))
            } ?? replicaSet(set, name: "old-\(index)", index: index)
        }
    }

    /// Sizes after scaling, in the order of the sets.
    private static func sizes(_ sets: [RolloutReplicaSet], after scalings: [RolloutScaling]) -> [Int32] {
        sets.map { set in scalings.first { $0.name == set.name }?.to ?? set.replicas }
    }

    private static func value(_ found: Int32, _ testCase: DecisionCase, _ mismatch: inout DecisionMismatch) {
        mismatch.expectInteger("value", Int64(found), in: testCase.expected)
    }

    // MARK: Kinds

    private static func fenceposts(_ testCase: DecisionCase, _ mismatch: inout DecisionMismatch) {
        let (input, expected) = (testCase.input, testCase.expected)
        do throws(AmountOrPercent.ParsingError) {
            let posts = Fenceposts(
                maxSurge: try amount(input["maxSurge"]), maxUnavailable: try amount(input["maxUnavailable"]),
                replicas: input["replicas"].int32 ?? 0)
            if !expected["error"].isNull, expected["error"] != .bool(false) { mismatch.fail("no error") }
            mismatch.expectInteger("surge", Int64(posts.surge), in: expected)
            mismatch.expectInteger("unavailable", Int64(posts.unavailable), in: expected)
        } catch {
            if expected["error"].isNull {
                mismatch.fail("error \(error.message)")
            } else if let text = expected["error"].string, !error.message.contains(text) {
                mismatch.fail("error is \(error.message), not \(text)")
            }
        }
    }

    private static func newReplicaSetSize(_ testCase: DecisionCase, _ mismatch: inout DecisionMismatch) {
        let input = testCase.input
        let size = deployment(input["deployment"]).newReplicaSetSize(
            total: Int32(clamping: input["allReplicaSetSizes"].array.compactMap(\.int).reduce(0, +)),
            newReplicas: input["newReplicas"].int32 ?? 0)
        mismatch.expectInteger("newReplicas", Int64(size), in: testCase.expected)
    }

    private static func reconcileNew(_ testCase: DecisionCase, _ mismatch: inout DecisionMismatch) {
        let (input, expected) = (testCase.input, testCase.expected)
        let new = RolloutReplicaSet(name: "new", replicas: input["newReplicas"].int32 ?? 0)
        let scaling = deployment(input["deployment"]).reconcileNew(new, old: replicaSets(input["oldReplicas"]))
        mismatch.expect("scaled", scaling != nil, expected["scaled"].bool ?? (scaling != nil))
        mismatch.expectInteger("newReplicas", Int64(scaling?.to ?? new.replicas), in: expected)
    }

    private static func reconcileOld(_ testCase: DecisionCase, _ mismatch: inout DecisionMismatch) {
        let (input, expected) = (testCase.input, testCase.expected)
        let old = replicaSets(input["old"])
        let new = input["new"].isNull ? nil : replicaSet(input["new"], name: "new", index: 1000)
        let scalings = deployment(input["deployment"]).reconcileOld(new: new, old: old)
        mismatch.expect("scaled", !scalings.isEmpty, expected["scaled"].bool ?? !scalings.isEmpty)
        if !expected["oldReplicas"].isNull {
            mismatch.expect(
                "oldReplicas", sizes(old, after: scalings), expected["oldReplicas"].array.compactMap(\.int32))
        }
    }

    private static func cleanUpUnhealthy(_ testCase: DecisionCase, _ mismatch: inout DecisionMismatch) {
        let old = replicaSets(testCase.input["old"])
        var sizes = old.map(\.replicas)
        let cleaned = RolloutDeployment.cleanUpUnhealthy(
            old, budget: testCase.input["budget"].int32 ?? 0, sizes: &sizes)
        mismatch.expectInteger("cleaned", Int64(cleaned), in: testCase.expected)
    }

    private static func scaleDownOld(_ testCase: DecisionCase, _ mismatch: inout DecisionMismatch) {
        let (input, expected) = (testCase.input, testCase.expected)
        let old = replicaSets(input["old"])
        var sizes = old.map(\.replicas)
        let taken = deployment(input["deployment"]).scaleDownOld(
            old, newAvailable: input["new"]["available"].int32 ?? 0, sizes: &sizes)
        mismatch.expectInteger("scaledDown", Int64(taken), in: expected)
        if !expected["oldReplicas"].isNull {
            mismatch.expect("oldReplicas", sizes, expected["oldReplicas"].array.compactMap(\.int32))
        }
    }

    private static func scaleProportional(_ testCase: DecisionCase, _ mismatch: inout DecisionMismatch) {
        let (input, expected) = (testCase.input, testCase.expected)
        let old = replicaSets(input["old"])
        let new = input["new"].isNull ? nil : replicaSet(input["new"], name: "new", index: 1000)
        let scalings = deployment(input["deployment"]).scaleProportionally(new: new, old: old)
        let sets = old + (new.map { [$0] } ?? [])
        for (set, size) in zip(sets, sizes(sets, after: scalings)) {
            mismatch.expect(set.name, size, expected["sizes"][set.name].int32 ?? .min)
        }
    }

    private static func fraction(_ testCase: DecisionCase, _ mismatch: inout DecisionMismatch) {
        let set = replicaSet(testCase.input["replicaSet"], name: "set", index: 0)
        let fraction = deployment(testCase.input["deployment"]).fraction(of: set)
        mismatch.expectInteger("fraction", Int64(fraction), in: testCase.expected)
    }

    private static func status(_ json: DecisionJSON) -> RolloutStatus {
        RolloutStatus(
            observedGeneration: json["observedGeneration"].int ?? 0, replicas: json["replicas"].int32 ?? 0,
            updatedReplicas: json["updated"].int32 ?? 0, readyReplicas: json["ready"].int32 ?? 0,
            availableReplicas: json["available"].int32 ?? 0)
    }

    private static func complete(_ testCase: DecisionCase, _ mismatch: inout DecisionMismatch) {
        let complete = deployment(testCase.input["deployment"]).isComplete(status(testCase.input["status"]))
        mismatch.expect("complete", complete, testCase.expected["complete"].bool ?? !complete)
    }

    private static func progressing(_ testCase: DecisionCase, _ mismatch: inout DecisionMismatch) {
        let progressing = RolloutDeployment.isProgressing(
            from: status(testCase.input["old"]), to: status(testCase.input["new"]))
        mismatch.expect("progressing", progressing, testCase.expected["progressing"].bool ?? !progressing)
    }

    private static func timedOut(_ testCase: DecisionCase, _ mismatch: inout DecisionMismatch) {
        let input = testCase.input
        var deployment = RolloutDeployment(replicas: 1)
        deployment.progressDeadlineSeconds = input["progressDeadlineSeconds"].int32
        var status = RolloutStatus()
        let condition = input["condition"]
        if !condition.isNull {
            let update = now - .seconds(condition["lastUpdateAgeSeconds"].int ?? 0)
            status.conditions = [
                RolloutCondition(.progressing, .true, reason: condition["reason"].string ?? "", lastUpdate: update)
            ]
        }
        let timedOut = deployment.hasTimedOut(status, now: now)
        mismatch.expect("timedOut", timedOut, testCase.expected["timedOut"].bool ?? !timedOut)
    }

    private static func historyCleanup(_ testCase: DecisionCase, _ mismatch: inout DecisionMismatch) {
        var deployment = RolloutDeployment(replicas: 1)
        deployment.revisionHistoryLimit = testCase.input["revisionHistoryLimit"].int32
        let trimmed = deployment.trimmedHistory(replicaSets(testCase.input["old"]))
        mismatch.expectInteger("deletions", Int64(trimmed.count), in: testCase.expected)
    }

    private static func replicaCounts(_ testCase: DecisionCase, _ mismatch: inout DecisionMismatch) {
        let sets = replicaSets(testCase.input["sets"])
        mismatch.expectInteger("spec", Int64(sets.total(\.replicas)), in: testCase.expected)
        mismatch.expectInteger("actual", Int64(sets.total(\.statusReplicas)), in: testCase.expected)
        mismatch.expectInteger("terminating", sets.totalTerminating().map(Int64.init), in: testCase.expected)
    }

    private static func rolloutTrace(_ testCase: DecisionCase, _ mismatch: inout DecisionMismatch) {
        let deployment = deployment(testCase.input["deployment"])
        var old = RolloutReplicaSet(name: "old", replicas: testCase.input["oldReplicas"].int32 ?? 0)
        var new = RolloutReplicaSet(
            name: "new", replicas: testCase.input["newReplicas"].int32 ?? 0, creation: .zero + .seconds(1))
        for (index, step) in testCase.expected["steps"].array.enumerated() {
            old.availableReplicas = step["oldAvailable"].int32 ?? 0
            new.availableReplicas = step["newAvailable"].int32 ?? 0
            for scaling in deployment.rollingUpdateStep(new: new, old: [old]) {
                if scaling.name == "new" { new.replicas = scaling.to } else { old.replicas = scaling.to }
            }
            mismatch.expect("old after step \(index)", old.replicas, step["old"].int32 ?? -1)
            mismatch.expect("new after step \(index)", new.replicas, step["new"].int32 ?? -1)
        }
    }

    private static func slowStart(_ testCase: DecisionCase, _ mismatch: inout DecisionMismatch) {
        let input = testCase.input
        var start = SlowStart(count: Int(input["count"].int ?? 0), firstBatch: Int(input["initialBatch"].int ?? 1))
        var batches: [Int] = []
        var calls = 0
        while start.batch > 0 {
            let batch = start.batch
            batches.append(batch)
            let failing = (input["failAtCall"].int).map { ($0 > calls && $0 <= calls + batch) ? 1 : 0 } ?? 0
            calls += batch
            start.finishBatch(successes: batch - failing)
        }
        mismatch.expect("batches", batches.map(Int64.init), testCase.expected["batches"].array.compactMap(\.int))
        mismatch.expectInteger("successes", Int64(start.successes), in: testCase.expected)
    }

    private static func deletionRank(_ testCase: DecisionCase, _ mismatch: inout DecisionMismatch) {
        let input = testCase.input
        let candidates = input["pods"].array.map { pod in
            let phase: PodDeletionCandidate.Phase =
                switch pod["phase"].string {
                case "Pending": .pending
                case "Unknown": .unknown
                default: .running
                }
            return PodDeletionCandidate(
                uid: pod["uid"].string ?? "", node: pod["node"].string ?? "", phase: phase,
                readySince: pod["ready"].bool == true ? now - .seconds(pod["readyAge"].int ?? 0) : nil,
                creation: now - .seconds(pod["age"].int ?? 0), restarts: pod["restarts"].int32 ?? 0,
                cost: pod["cost"].int32 ?? 0)
        }
        let ranked = PodDeletionCandidate.ranked(
            candidates, activeOwnerPodNodes: input["relatedActivePods"].array.compactMap { $0["node"].string })
        let victims = PodDeletionCandidate.victims(ranked, count: Int(input["count"].int ?? 0), now: now)
        mismatch.expect(
            "victims", victims.map { input["pods"].array[$0]["name"].string ?? "" },
            testCase.expected["victims"].array.compactMap(\.string))
    }

    private static func disruptionBudget(_ testCase: DecisionCase, _ mismatch: inout DecisionMismatch) {
        let (input, expected) = (testCase.input, testCase.expected)
        let rule: DisruptionBudget.Rule
        if let minimum = try? amount(input["minAvailable"]) {
            rule = .minAvailable(minimum)
        } else if let maximum = try? amount(input["maxUnavailable"]) {
            rule = .maxUnavailable(maximum)
        } else {
            return mismatch.fail("neither minAvailable nor maxUnavailable")
        }
        let budget = DisruptionBudget(
            rule: rule, matchedPods: input["podCount"].int32 ?? 0, controllerScale: input["controllerScale"].int32 ?? 0,
            healthy: input["healthy"].int32 ?? 0)
        mismatch.expectInteger("expectedPods", Int64(budget.expectedPods), in: expected)
        mismatch.expectInteger("desiredHealthy", Int64(budget.desiredHealthy), in: expected)
        mismatch.expectInteger("currentHealthy", Int64(budget.currentHealthy), in: expected)
        mismatch.expectInteger("disruptionsAllowed", Int64(budget.disruptionsAllowed), in: expected)
        mismatch.expect("reason", budget.reason, expected["reason"].string ?? budget.reason)
    }

    private static func endpoint(_ testCase: DecisionCase, _ mismatch: inout DecisionMismatch) {
        let (input, expected) = (testCase.input, testCase.expected)
        let phase = input["phase"].string
        let hasAddress = input.members["ip"] != nil ? input["ip"].string?.isEmpty == false : input["hasIP"].bool ?? true
        let found = EndpointConditionDecision(
            hasAddress: hasAddress, isFinished: phase == "Succeeded" || phase == "Failed",
            isReady: input["ready"].bool ?? false, isDeleting: input["deleting"].bool ?? false,
            publishNotReady: input["publishNotReady"].bool ?? false)
        let wanted = expected["endpoint"]
        guard let found else {
            if !wanted.isNull { mismatch.fail("no endpoint") }
            return
        }
        if wanted.isNull { return mismatch.fail("an endpoint") }
        mismatch.expect("ready", found.ready, wanted["ready"].bool ?? !found.ready)
        mismatch.expect("serving", found.serving, wanted["serving"].bool ?? !found.serving)
        mismatch.expect("terminating", found.terminating, wanted["terminating"].bool ?? !found.terminating)
    }

    private static func jobBackOff(_ testCase: DecisionCase, _ mismatch: inout DecisionMismatch) {
        let delay = JobProgress.backOff(failures: testCase.input["failures"].int32 ?? 0)
        mismatch.expectInteger("delaySeconds", delay.wholeSeconds, in: testCase.expected)
    }
}
