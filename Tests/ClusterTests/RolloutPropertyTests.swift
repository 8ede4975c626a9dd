import Simulation
import Testing

@testable import Cluster

/// Rollouts driven to their end, and decisions on hostile numbers.
struct RolloutPropertyTests {
    /// Any rolling update ends, never has more pods than the surge allows and never fewer available than promised.
    @Test func everyRollingUpdateEndsWithinItsFenceposts() {
        var random = RandomStream(seed: 11, name: "test/rollout")
        func pick(_ bound: UInt64) -> Int32 { Int32(random.below(bound)) }
        func amount() -> AmountOrPercent { pick(2) == 0 ? .amount(pick(8)) : .percent(pick(101)) }
        for round in 0..<500 {
            let replicas = pick(40) + 1
            let deployment = RolloutDeployment(
                replicas: replicas, strategy: .rollingUpdate(maxSurge: amount(), maxUnavailable: amount()))
            var old = [RolloutReplicaSet(name: "old", replicas: replicas, availableReplicas: replicas)]
            if pick(3) == 0 {
                // A rollout that was overtaken: part of an older set is left, and its pods crash.
                let stuck = min(deployment.maxSurge, pick(5))
                old.append(
                    RolloutReplicaSet(name: "stuck", replicas: stuck, creation: .zero + .seconds(1)))
            }
            var new = RolloutReplicaSet(name: "new", replicas: 0, creation: .zero + .seconds(2))
            var steps = 0
            while new.replicas != replicas || new.availableReplicas != replicas || old.contains(where: \.isActive) {
                steps += 1
                guard steps < 1_000 else {
                    Issue.record("round \(round): \(deployment) does not end")
                    return
                }
                for scaling in deployment.rollingUpdateStep(new: new, old: old) {
                    if scaling.name == "new" {
                        new.replicas = scaling.to
                    } else if let index = old.firstIndex(where: { $0.name == scaling.name }) {
                        old[index].replicas = scaling.to
                        old[index].availableReplicas = min(old[index].availableReplicas, scaling.to)
                    }
                }
                let total = old.total(\.replicas) + new.replicas
                let available = old.total(\.availableReplicas) + new.availableReplicas
                #expect(total <= deployment.sizeLimit, "round \(round)")
                #expect(available >= deployment.minAvailable, "round \(round)")
                // Some of the new pods become available, at least one.
                let waiting = new.replicas - new.availableReplicas
                if waiting > 0 { new.availableReplicas += 1 + pick(UInt64(waiting)) }
            }
        }
    }

    /// Scaling in proportion reaches the size exactly and no set grows while the Deployment shrinks.
    @Test func proportionalScalingAddsUp() {
        var random = RandomStream(seed: 12, name: "test/proportion")
        for round in 0..<1_000 {
            let sizes = (0..<(2 + random.below(4))).map { _ in Int32(1 + random.below(30)) }
            let before = sizes.reduce(0, +)
            let replicas = Int32(random.below(80))
            let surge = Int32(random.below(5))
            let deployment = RolloutDeployment(
                replicas: replicas, strategy: .rollingUpdate(maxSurge: .amount(surge), maxUnavailable: .amount(1)))
            let sets = sizes.enumerated().map { index, size in
                RolloutReplicaSet(
                    name: "set-\(index)", replicas: size, creation: .zero + .seconds(Int64(index)),
                    desiredReplicas: before, maxReplicas: before)
            }
            let scalings = deployment.scaleProportionally(new: sets.last, old: Array(sets.dropLast()))
            let after = sets.map { set in scalings.first { $0.name == set.name }?.to ?? set.replicas }
            let wanted = replicas > 0 ? replicas + surge : 0
            #expect(after.reduce(0, +) == wanted, "round \(round): \(sizes) to \(after)")
            for (old, new) in zip(sizes, after) {
                #expect(wanted >= before ? new >= old : new <= old, "round \(round): \(sizes) to \(after)")
            }
        }
    }

    @Test func extremeNumbersDoNotTrap() {
        let extremes: [Int32] = [.min, .min + 1, -1, 0, 1, .max - 1, .max]
        for replicas in extremes {
            for other in extremes {
                for amount in [AmountOrPercent.amount(other), .percent(other)] {
                    var deployment = RolloutDeployment(
                        replicas: replicas, strategy: .rollingUpdate(maxSurge: amount, maxUnavailable: amount))
                    deployment.revisionHistoryLimit = other
                    deployment.progressDeadlineSeconds = other
                    deployment.status.conditions = [
                        RolloutCondition(.progressing, .true, reason: "x", lastUpdate: .never)
                    ]
                    let set = RolloutReplicaSet(
                        name: "a", replicas: other, availableReplicas: replicas, desiredReplicas: other,
                        maxReplicas: replicas, revision: .max)
                    let sets = [set, set]
                    _ = deployment.rollingUpdateStep(new: set, old: sets)
                    _ = deployment.scaleProportionally(new: set, old: sets)
                    _ = deployment.rolloutStatus(name: "web", new: set, all: sets, now: .zero)
                    _ = deployment.trimmedHistory(sets)
                    _ = deployment.progressCheckDelay(RolloutStatus(), now: .never)
                    _ = RolloutDeployment.newRevision(sets)
                    _ = ReplicaSetScaling(activePods: Int(replicas), replicas: other)
                    _ = DisruptionBudget(
                        rule: .maxUnavailable(amount), matchedPods: replicas, controllerScale: other, healthy: replicas)
                    _ = JobDecision(
                        JobWorkload(
                            parallelism: replicas, completions: other, backoffLimit: other,
                            activeDeadlineSeconds: .max),
                        JobProgress(
                            active: other, succeeded: replicas, failed: replicas, terminating: other,
                            failuresSinceSuccess: other, lastFailure: .never, startTime: .never), now: .zero)
                }
            }
        }
    }

    /// A schedule and, said independently, the days and minutes that it means.
    struct Schedule: Sendable, CustomTestStringConvertible {
        var text: String
        /// Day, month, weekday (Sunday is 0).
        var isDay: @Sendable (Int, Int, Int) -> Bool
        /// Hour, minute.
        var isTime: @Sendable (Int, Int) -> Bool
        var testDescription: String { text }
    }

    static let schedules = [
        Schedule(text: "* * * * *", isDay: { _, _, _ in true }, isTime: { _, _ in true }),
        Schedule(text: "@hourly", isDay: { _, _, _ in true }, isTime: { $1 == 0 }),
        Schedule(text: "*/7 3-5 * * *", isDay: { _, _, _ in true }, isTime: { (3...5).contains($0) && $1 % 7 == 0 }),
        Schedule(text: "0 0 29 2 *", isDay: { $0 == 29 && $1 == 2 && $2 >= 0 }, isTime: { $0 == 0 && $1 == 0 }),
        // Both days given: either will do.
        Schedule(text: "30 12 1,15 * 5", isDay: { $0 == 1 || $0 == 15 || $2 == 5 }, isTime: { $0 == 12 && $1 == 30 }),
        // A step makes a star an ordinary range, so here too either will do.
        Schedule(text: "0 0 */10 * 1", isDay: { $0 % 10 == 1 || $2 == 1 }, isTime: { $0 == 0 && $1 == 0 }),
        Schedule(
            text: "5/20 */6 * jan-mar MON-FRI", isDay: { (1...3).contains($1) && (1...5).contains($2) && $0 > 0 },
            isTime: { $0 % 6 == 0 && [5, 25, 45].contains($1) }),
        Schedule(text: "@weekly", isDay: { $2 == 0 }, isTime: { $0 == 0 && $1 == 0 }),
        Schedule(text: "59 23 31 * ?", isDay: { $0 == 31 && $2 >= 0 }, isTime: { $0 == 23 && $1 == 59 }),
    ]

    @Test(arguments: schedules)
    func timesAgreeWithAWalkThroughTheCalendar(schedule: Schedule) throws {
        // 2023-11-14 was a Tuesday; its midnight in seconds since 1970.
        var (year, month, day, weekday) = (2023, 11, 14, 2)
        var midnight: Int64 = 1_699_920_000
        var walked: [Int64] = []
        while walked.count < 100, year < 2035 {
            if schedule.isDay(day, month, weekday) {
                for minute in 0..<1440 where schedule.isTime(minute / 60, minute % 60) {
                    walked.append(midnight + Int64(minute) * 60)
                }
            }
            let isLeap = year % 4 == 0
            let length = [31, isLeap ? 29 : 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31][month - 1]
            day += 1
            if day > length { (day, month) = (1, month + 1) }
            if month > 12 { (month, year) = (1, year + 1) }
            weekday = (weekday + 1) % 7
            midnight += 86_400
        }
        let parsed = try CronSchedule(schedule.text)
        var time: Int64 = 1_699_919_999
        for expected in walked {
            time = try #require(parsed.next(after: time))
            #expect(time == expected)
        }
        #expect(walked.count > 1)
        // What was missed by the last of them is that last one.
        let missed = parsed.missed(since: walked[0] - 1, now: try #require(walked.last))
        #expect(missed.time == walked.last)
    }

    @Test func hostileTimesHaveNoNext() throws {
        let schedule = try CronSchedule("* * * * *")
        #expect(schedule.next(after: .max) == nil)
        #expect(schedule.next(after: .min) == nil)
        #expect(try CronSchedule("@every 1h").next(after: .max - 5) == .max)
    }
}
