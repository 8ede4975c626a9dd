import Simulation

/// What the job controller looks at in a Job, after API defaulting.
public struct JobWorkload: Sendable, Equatable {
    public var parallelism: Int32
    /// Nil: any one success completes the Job.
    public var completions: Int32?
    public var backoffLimit: Int32
    public var activeDeadlineSeconds: Int64?
    public var isSuspended: Bool
    /// `podReplacementPolicy: Failed`: terminating pods keep their place until they are gone.
    public var replacesOnlyFailedPods: Bool
    /// With `backoffLimitPerIndex`, creation is not delayed for the Job as a whole.
    public var hasBackoffLimitPerIndex: Bool

    public init(
        parallelism: Int32 = 1, completions: Int32? = 1, backoffLimit: Int32 = 6, activeDeadlineSeconds: Int64? = nil,
        isSuspended: Bool = false, replacesOnlyFailedPods: Bool = false, hasBackoffLimitPerIndex: Bool = false
    ) {
        self.parallelism = parallelism
        self.completions = completions
        self.backoffLimit = backoffLimit
        self.activeDeadlineSeconds = activeDeadlineSeconds
        self.isSuspended = isSuspended
        self.replacesOnlyFailedPods = replacesOnlyFailedPods
        self.hasBackoffLimitPerIndex = hasBackoffLimitPerIndex
    }
}

/// How far a Job has come.
public struct JobProgress: Sendable, Equatable {
    public var active: Int32
    public var succeeded: Int32
    public var failed: Int32
    public var terminating: Int32
    /// Container restarts of the Job's pods, for `restartPolicy: OnFailure`; nil with `Never`.
    public var restarts: Int32?
    public var failuresSinceSuccess: Int32
    public var lastFailure: SimulationTime?
    /// `status.startTime`; nil while suspended or not begun.
    public var startTime: SimulationTime?

    public init(
        active: Int32 = 0, succeeded: Int32 = 0, failed: Int32 = 0, terminating: Int32 = 0, restarts: Int32? = nil,
        failuresSinceSuccess: Int32 = 0, lastFailure: SimulationTime? = nil, startTime: SimulationTime? = nil
    ) {
        self.active = active
        self.succeeded = succeeded
        self.failed = failed
        self.terminating = terminating
        self.restarts = restarts
        self.failuresSinceSuccess = failuresSinceSuccess
        self.lastFailure = lastFailure
        self.startTime = startTime
    }
}

/// What one sync of a Job does (`syncJob` and `manageJob` of `job_controller.go`).
public enum JobDecision: Sendable, Equatable {
    /// Delete the active pods; the Job fails, first as condition `FailureTarget`, and as `Failed` once they are gone.
    case fail(reason: String, message: String)
    /// First condition `SuccessCriteriaMet`, and `Complete` once no pod is left.
    case complete
    /// Delete all active pods and clear `status.startTime`.
    case suspend
    case create(Int32)
    case delete(Int32)
    /// Pods are wanted, but only after this delay.
    case backOff(Duration)
    /// Nothing to do; the deadline, if there is one, is that far away.
    case wait(untilDeadline: Duration?)

    /// Pods created or deleted by one sync at most.
    public static let burst: Int32 = 500

    public init(_ job: JobWorkload, _ progress: JobProgress, now: SimulationTime) {
        if let failure = Self.failure(job, progress, now: now) {
            self = failure
            return
        }
        if job.isSuspended {
            self = progress.active > 0 ? .suspend : .wait(untilDeadline: nil)
            return
        }
        let wanted = job.wantedActive(progress)
        if progress.active > wanted {
            self = .delete(min(progress.active.subtractingClamped(wanted), Self.burst))
            return
        }
        if job.isComplete(progress) {
            self = .complete
            return
        }
        let held = job.replacesOnlyFailedPods ? progress.terminating : 0
        let missing = wanted.subtractingClamped(held).subtractingClamped(progress.active)
        if missing > 0 {
            let delay = job.hasBackoffLimitPerIndex ? .zero : progress.remainingBackOff(now: now)
            self = delay > .zero ? .backOff(delay) : .create(min(missing, Self.burst))
            return
        }
        self = .wait(untilDeadline: job.untilDeadline(progress, now: now))
    }

    private static func failure(_ job: JobWorkload, _ progress: JobProgress, now: SimulationTime) -> Self? {
        // With OnFailure it is restarts in place that use the limit up, reached already when equal.
        let restartsExceed = progress.restarts.map { job.backoffLimit == 0 ? $0 > 0 : $0 >= job.backoffLimit }
        if progress.failed > job.backoffLimit || restartsExceed == true {
            return .fail(reason: "BackoffLimitExceeded", message: "Job has reached the specified backoff limit")
        }
        if !job.isSuspended, let left = job.untilDeadline(progress, now: now), left <= .zero {
            return .fail(reason: "DeadlineExceeded", message: "Job was active longer than specified deadline")
        }
        return nil
    }
}

extension JobWorkload {
    /// Pods that should be active: as many as may run side by side, but no more than completions are left.
    public func wantedActive(_ progress: JobProgress) -> Int32 {
        guard let completions else {
            // After the first success the others may finish, but nothing new begins.
            return progress.succeeded > 0 ? progress.active : parallelism
        }
        return max(0, min(parallelism, completions.subtractingClamped(progress.succeeded)))
    }

    /// Whether the Job has what it wants and nothing runs any more.
    public func isComplete(_ progress: JobProgress) -> Bool {
        progress.active == 0 && (completions.map { progress.succeeded >= $0 } ?? (progress.succeeded > 0))
    }

    /// Time left of `activeDeadlineSeconds`; nil without one or before the start.
    func untilDeadline(_ progress: JobProgress, now: SimulationTime) -> Duration? {
        guard let activeDeadlineSeconds, let start = progress.startTime else { return nil }
        return start + .seconds(activeDeadlineSeconds) - now
    }
}

extension JobProgress {
    /// 10 seconds, doubled with each failure since the last success, at most 10 minutes.
    public static func backOff(failures: Int32) -> Duration {
        if failures <= 0 { return .zero }
        // From the seventh on the cap holds.
        return failures >= 7 ? .minutes(10) : .seconds(10 << Int64(failures - 1))
    }

    /// How much of the back-off is left, counted from the last failure.
    public func remainingBackOff(now: SimulationTime) -> Duration {
        guard let lastFailure else { return .zero }
        return max(.zero, Self.backOff(failures: failuresSinceSuccess) - (now - lastFailure))
    }
}
