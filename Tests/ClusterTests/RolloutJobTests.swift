import Simulation
import Testing

@testable import Cluster

/// Jobs and CronJobs.
struct RolloutJobTests {
    private static let start = SimulationTime.zero + .seconds(10_000)

    private static func decide(_ job: JobWorkload, _ progress: JobProgress, after seconds: Int64 = 0) -> JobDecision {
        JobDecision(job, progress, now: start + .seconds(seconds))
    }

    @Test func aJobRunsAsManyPodsAsItNeeds() {
        let job = JobWorkload(parallelism: 3, completions: 5)
        #expect(Self.decide(job, JobProgress()) == .create(3))
        #expect(Self.decide(job, JobProgress(active: 2, succeeded: 3)) == .wait(untilDeadline: nil))
        #expect(Self.decide(job, JobProgress(active: 3, succeeded: 3)) == .delete(1))
        #expect(Self.decide(job, JobProgress(active: 0, succeeded: 5)) == .complete)
        #expect(Self.decide(JobWorkload(parallelism: 9000, completions: 9000), JobProgress()) == .create(500))
    }

    @Test func aWorkQueueEndsWithItsFirstSuccess() {
        let job = JobWorkload(parallelism: 2, completions: nil)
        #expect(Self.decide(job, JobProgress()) == .create(2))
        #expect(Self.decide(job, JobProgress(active: 1, succeeded: 1)) == .wait(untilDeadline: nil))
        #expect(Self.decide(job, JobProgress(succeeded: 1)) == .complete)
    }

    @Test func failuresDelayThenEndAJob() {
        let job = JobWorkload(backoffLimit: 2)
        let failing = JobProgress(failed: 2, failuresSinceSuccess: 2, lastFailure: Self.start)
        #expect(Self.decide(job, failing, after: 5) == .backOff(.seconds(15)))
        #expect(Self.decide(job, failing, after: 20) == .create(1))
        #expect(
            Self.decide(job, JobProgress(failed: 3))
                == .fail(
                    reason: "BackoffLimitExceeded", message: "Job has reached the specified backoff limit"))
        #expect(
            Self.decide(job, JobProgress(active: 1, restarts: 2))
                == .fail(
                    reason: "BackoffLimitExceeded", message: "Job has reached the specified backoff limit"))
    }

    @Test func deadlineAndSuspension() {
        var job = JobWorkload(activeDeadlineSeconds: 60)
        let running = JobProgress(active: 1, startTime: Self.start)
        #expect(Self.decide(job, running, after: 20) == .wait(untilDeadline: .seconds(40)))
        #expect(
            Self.decide(job, running, after: 60)
                == .fail(reason: "DeadlineExceeded", message: "Job was active longer than specified deadline"))
        job.isSuspended = true
        #expect(Self.decide(job, running, after: 20) == .suspend)
        #expect(Self.decide(job, JobProgress()) == .wait(untilDeadline: nil))
    }

    @Test func replacingOnlyFailedPodsWaitsForThoseThatTerminate() {
        let job = JobWorkload(parallelism: 2, completions: 4, replacesOnlyFailedPods: true)
        #expect(Self.decide(job, JobProgress(active: 1, terminating: 1)) == .wait(untilDeadline: nil))
    }

    @Test func schedulesThatAreRefused() {
        let cases = [
            ("", "empty spec string"), ("* * * *", "expected exactly 5 fields, found 4: [* * * *]"),
            ("60 * * * *", "end of range (60) above maximum (59): 60"),
            ("* * 0 * *", "beginning of range (0) below minimum (1): 0"),
            ("* * * * 7", "end of range (7) above maximum (6): 7"),
            ("5-1 * * * *", "beginning of range (5) beyond end of range (1): 5-1"),
            ("*/0 * * * *", "step of range should be a positive number: */0"),
            ("1-2-3 * * * *", "too many hyphens: 1-2-3"), ("1/2/3 * * * *", "too many slashes: 1/2/3"),
            ("x * * * *", "failed to parse int from x: invalid syntax"),
            ("@fortnightly", "unrecognized descriptor: @fortnightly"),
            ("TZ=UTC * * * * *", "cannot use TZ or CRON_TZ in schedule, use timeZone field instead"),
            ("99999999999999999999 * * * *", "failed to parse int from 99999999999999999999: invalid syntax"),
        ]
        for (text, message) in cases {
            #expect(throws: CronSchedule.ParsingError(message: message)) { try CronSchedule(text) }
        }
    }

    @Test func everyAndNever() throws {
        #expect(try CronSchedule("@every 1h30m").next(after: 100) == 5500)
        #expect(try CronSchedule("0 0 30 2 *").next(after: 1_700_000_000) == nil)
        #expect(try CronSchedule("*/9223372036854775807 * * * *").next(after: 1) == 3600)
    }

    @Test func onlyTheMostRecentMissedTimeRuns() throws {
        let schedule = try CronSchedule("*/10 * * * *")
        let noon: Int64 = 1_767_614_400
        var input = CronJobDecision.Input(created: noon - 3601, lastScheduled: noon - 3600)
        var decision = CronJobDecision(input, schedule: schedule, now: noon + 30)
        #expect(decision.action == .start(scheduled: noon, replacing: false))
        #expect(decision.nextTime == noon + 600)
        #expect(!decision.missedTooMany)
        #expect(CronJobDecision.jobName(cronJob: "report", scheduled: noon) == "report-29460240")

        input.activeJobs = 1
        input.policy = .forbid
        #expect(
            CronJobDecision(input, schedule: schedule, now: noon).action == .skipForbidden(scheduled: noon))
        input.policy = .replace
        #expect(
            CronJobDecision(input, schedule: schedule, now: noon).action == .start(scheduled: noon, replacing: true))
        input.startingDeadlineSeconds = 20
        #expect(CronJobDecision(input, schedule: schedule, now: noon + 30).action == .none)
        input.isSuspended = true
        #expect(CronJobDecision(input, schedule: schedule, now: noon).nextTime == nil)

        input = CronJobDecision.Input(created: noon - 86_400 * 3)
        decision = CronJobDecision(input, schedule: schedule, now: noon)
        #expect(decision.missedTooMany)
        #expect(decision.action == .start(scheduled: noon, replacing: false))
    }
}
