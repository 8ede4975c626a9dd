import KubernetesAPI
import Simulation
import Testing

@testable import Cluster

/// Jobs from the first pod to the last word.
@Suite struct JobTests {
    private static func job(
        _ name: String, spec: String = "", image: String = "work:1", restartPolicy: String = "Never"
    ) -> String {
        """
        apiVersion: batch/v1
        kind: Job
        metadata: {name: \(name)}
        spec:
        \(spec)
          template:
            spec: {restartPolicy: \(restartPolicy), containers: [{name: main, image: "\(image)"}]}
        """
    }

    private static func rig(exitCode: Int = 0, after: Duration = .seconds(10)) -> ClusterRig {
        var rig = ClusterRig()
        rig.runtime.programs["work:1"] = FakeProgram(exitsAfter: after, exitCode: exitCode)
        return rig
    }

    private static func conditions(_ job: Job) -> [String] {
        job.status.conditions.map { "\($0.type)=\($0.status) \($0.reason)" }
    }

    @Test func twoAtATimeUntilFiveSucceeded() throws {
        var rig = Self.rig()
        try rig.apply(Self.job("five", spec: "  completions: 5\n  parallelism: 2"))
        var most = 0
        for _ in 0..<120 {
            rig.run(for: .seconds(1))
            most = max(most, rig.pods.filter(\.isActive).count)
        }
        let job = try rig.get("five", Job.self)
        #expect(most == 2)
        #expect(job.status.succeeded == 5)
        #expect(job.status.failed == 0)
        #expect(
            Self.conditions(job) == ["SuccessCriteriaMet=True CompletionsReached", "Complete=True CompletionsReached"])
        #expect(job.status.completionTime != nil)
        #expect(
            rig.events(.job, "five").filter { $0.hasPrefix("Normal SuccessfulCreate Created pod: five-") }.count == 5)
        #expect(rig.events(.job, "five").last == "Normal Completed Job completed")
        #expect(rig.pods.allSatisfy { $0.metadata.finalizers.isEmpty })
        #expect(job.spec.selector?.matchLabels["batch.kubernetes.io/controller-uid"] == job.metadata.uid)
        #expect(rig.pods.first?.metadata.labels["job-name"] == "five")
    }

    @Test func failuresBackOffAndThenFailTheJob() throws {
        var rig = Self.rig(exitCode: 1, after: .seconds(1))
        try rig.apply(Self.job("bad", spec: "  backoffLimit: 2"))
        rig.run(for: .minutes(3))
        let job = try rig.get("bad", Job.self)
        #expect(job.status.failed == 3)
        #expect(
            Self.conditions(job) == ["FailureTarget=True BackoffLimitExceeded", "Failed=True BackoffLimitExceeded"])
        #expect(
            rig.events(.job, "bad").last == "Warning BackoffLimitExceeded Job has reached the specified backoff limit")
        let starts = rig.pods.compactMap(\.metadata.creationTimestamp).map(\.epochSeconds).sorted()
        #expect(starts.count == 3)
        // 10 s after the first failure, 20 s after the second, and the seconds that a pod takes to start and end.
        #expect((11...16).contains(starts[1] - starts[0]))
        #expect((21...26).contains(starts[2] - starts[1]))
    }

    @Test func anIndexedJobNamesItsPodsAndKeepsItsIndexes() throws {
        var rig = Self.rig()
        try rig.apply(Self.job("index", spec: "  completions: 4\n  parallelism: 4\n  completionMode: Indexed"))
        rig.run(for: .seconds(5))
        let pods = rig.pods
        #expect(pods.map(\.spec.hostname).sorted() == ["index-0", "index-1", "index-2", "index-3"])
        #expect(pods[0].metadata.name.hasPrefix("index-0-"))
        let run = try #require(rig.runtime.runs.values.first { $0.configuration.pod == pods[2].metadata.name })
        #expect(run.configuration.environment.contains { $0 == ("JOB_COMPLETION_INDEX", "2") })
        rig.run(for: .seconds(60))
        let job = try rig.get("index", Job.self)
        #expect(job.status.completedIndexes == "0-3")
        #expect(job.status.succeeded == 4)
    }

    @Test func aFailurePolicyCanFailTheJobAtOnce() throws {
        var rig = Self.rig(exitCode: 42)
        try rig.apply(
            Self.job(
                "strict",
                spec:
                    "  backoffLimit: 6\n  podFailurePolicy: {rules: [{action: FailJob, onExitCodes: {containerName: main, operator: In, values: [42]}}]}"
            ))
        rig.run(for: .minutes(2))
        let job = try rig.get("strict", Job.self)
        #expect(Self.conditions(job) == ["FailureTarget=True PodFailurePolicy", "Failed=True PodFailurePolicy"])
        let pod = try #require(rig.pods.first)
        #expect(
            job.status.conditions.last?.message
                == "Container main for pod default/\(pod.metadata.name) failed with exit code 42 matching FailJob rule at index 0"
        )
        #expect(rig.pods.count == 1)
    }

    @Test func eachIndexHasItsOwnLimit() throws {
        var rig = Self.rig(exitCode: 1, after: .seconds(1))
        try rig.apply(
            Self.job(
                "each", spec: "  completions: 2\n  parallelism: 2\n  completionMode: Indexed\n  backoffLimitPerIndex: 1"
            ))
        rig.run(for: .minutes(3))
        let job = try rig.get("each", Job.self)
        #expect(job.status.failedIndexes == "0,1")
        #expect(job.status.failed == 4)
        #expect(Self.conditions(job).last == "Failed=True FailedIndexes")
    }

    @Test func aDeadlineStopsWhatRuns() throws {
        var rig = Self.rig(after: .hours(1))
        try rig.apply(Self.job("slow", spec: "  activeDeadlineSeconds: 30"))
        rig.run(for: .minutes(2))
        let job = try rig.get("slow", Job.self)
        #expect(Self.conditions(job).last == "Failed=True DeadlineExceeded")
        #expect(
            rig.events(.job, "slow").last == "Warning DeadlineExceeded Job was active longer than specified deadline")
        #expect(rig.pods.isEmpty)
        #expect(job.status.failed == 1)
    }

    @Test func suspendingStopsAndResumingBeginsAnew() throws {
        var rig = Self.rig(after: .seconds(60))
        try rig.apply(Self.job("pause", spec: "  parallelism: 1"))
        rig.run(for: .seconds(20))
        try rig.patch(Job.resource, "pause", "spec: {suspend: true}")
        rig.run(for: .seconds(40))
        var job = try rig.get("pause", Job.self)
        #expect(Self.conditions(job) == ["Suspended=True JobSuspended"])
        #expect(job.status.startTime == nil)
        #expect(job.status.failed == 0)
        #expect(rig.pods.isEmpty)
        try rig.patch(Job.resource, "pause", "spec: {suspend: false}")
        rig.run(for: .minutes(3))
        job = try rig.get("pause", Job.self)
        #expect(Self.conditions(job).contains("Suspended=False JobResumed"))
        #expect(Self.conditions(job).contains("Complete=True CompletionsReached"))
        #expect(rig.events(.job, "pause").contains("Normal Resumed Job resumed"))
    }

    @Test func finishedJobsGoAfterTheirTime() throws {
        var rig = Self.rig(after: .seconds(1))
        try rig.apply(Self.job("brief", spec: "  ttlSecondsAfterFinished: 60"))
        rig.run(for: .seconds(30))
        #expect(try rig.get("brief", Job.self).isFinished)
        rig.run(for: .seconds(60))
        #expect(!rig.exists("brief", Job.self))
        #expect(rig.pods.isEmpty)
    }

    @Test func aRestartOfTheControllerAndASnapshotLoseNoPod() throws {
        var rig = Self.rig(exitCode: 0, after: .seconds(5))
        try rig.apply(Self.job("many", spec: "  completions: 12\n  parallelism: 3"))
        for round in 0..<20 {
            rig.run(for: .seconds(5))
            if round % 3 == 0 { rig.restart(.job) }
            if round % 5 == 2 { try rig.restore() }
        }
        let job = try rig.get("many", Job.self)
        #expect(job.status.succeeded == 12)
        #expect(rig.pods.count == 12)
    }

    @Test func restartsInPlaceUseTheLimitUp() throws {
        var rig = Self.rig(exitCode: 1, after: .seconds(1))
        try rig.apply(Self.job("inplace", spec: "  backoffLimit: 2", restartPolicy: "OnFailure"))
        rig.run(for: .minutes(5))
        #expect(Self.conditions(try rig.get("inplace", Job.self)).last == "Failed=True BackoffLimitExceeded")
    }

    @Test func aCronJobStartsJobsAndKeepsAShortHistory() throws {
        var rig = Self.rig(after: .seconds(5))
        try rig.apply(
            """
            apiVersion: batch/v1
            kind: CronJob
            metadata: {name: tick}
            spec:
              schedule: "*/2 * * * *"
              successfulJobsHistoryLimit: 2
              jobTemplate: {spec: {template: {spec: {restartPolicy: Never, containers: [{name: main, image: "work:1"}]}}}}
            """)
        rig.run(for: .minutes(11))
        let jobs = rig.cluster.context.store.jobs.sorted.map(\.object)
        #expect(jobs.count == 2)
        let cronJob = try rig.get("tick", CronJob.self)
        #expect(cronJob.status.active.isEmpty)
        #expect(cronJob.status.lastScheduleTime == Time(epochSeconds: 1_767_603_600 + 600))
        // The template stays as written; what is missing comes with the Job.
        #expect(cronJob.spec.jobTemplate.spec.backoffLimit == nil && cronJob.spec.jobTemplate.spec.completions == nil)
        #expect(jobs.last?.spec.backoffLimit == 6 && jobs.last?.spec.completions == 1)
        #expect(jobs.last?.metadata.labels["job-name"] == jobs.last?.metadata.name)
        #expect(jobs.last?.metadata.name == "tick-\((1_767_603_600 + 600) / 60)")
        #expect(
            rig.events(.cronJob, "tick").contains { $0.hasPrefix("Normal SawCompletedJob Saw completed job: tick-") })
        #expect(rig.events(.cronJob, "tick").contains { $0.hasPrefix("Normal SuccessfulDelete Deleted job tick-") })
    }

    @Test func forbidWaitsAndReplaceDoesNot() throws {
        for (policy, expected) in [("Forbid", 1), ("Replace", 1), ("Allow", 3)] {
            var rig = Self.rig(after: .hours(1))
            try rig.apply(
                """
                apiVersion: batch/v1
                kind: CronJob
                metadata: {name: tick}
                spec:
                  schedule: "* * * * *"
                  concurrencyPolicy: \(policy)
                  jobTemplate: {spec: {template: {spec: {restartPolicy: Never, terminationGracePeriodSeconds: 1, containers: [{name: main, image: "work:1"}]}}}}
                """)
            rig.run(for: .seconds(200))
            let jobs = rig.cluster.context.store.jobs.sorted.map(\.object.metadata.name)
            #expect(jobs.count == expected, "\(policy)")
            let last = "tick-\((1_767_603_600 + 180) / 60)"
            #expect(jobs.contains(last) == (policy != "Forbid"), "\(policy)")
            if policy == "Forbid" {
                #expect(
                    rig.events(.cronJob, "tick").contains(
                        "Normal JobAlreadyActive Not starting job because prior execution is running and concurrency policy is Forbid"
                    ))
            }
        }
    }

    @Test func schedulesFollowTheClocksOfTheirZone() throws {
        var schedule = try CronSchedule("30 2 * * *")
        schedule.zone = try #require(TimeZoneRules(named: "Europe/Berlin"))
        // 2026-03-29: clocks go from 02:00 to 03:00, so that day has no half past two.
        let before = try #require(CivilTime.parse("2026-03-28T12:00:00Z")).seconds
        #expect(schedule.next(after: before).map(CivilTime.format) == "2026-03-30T00:30:00Z")
        let winter = try #require(CivilTime.parse("2026-01-05T09:00:00Z")).seconds
        #expect(schedule.next(after: winter).map(CivilTime.format) == "2026-01-06T01:30:00Z")
        schedule.zone = try #require(TimeZoneRules(named: "America/New_York"))
        #expect(schedule.next(after: winter).map(CivilTime.format) == "2026-01-06T07:30:00Z")
        let july = try #require(CivilTime.parse("2026-07-05T09:00:00Z")).seconds
        #expect(schedule.next(after: july).map(CivilTime.format) == "2026-07-06T06:30:00Z")
        #expect(TimeZoneRules(named: "Mars/Olympus") == nil)
    }
}
