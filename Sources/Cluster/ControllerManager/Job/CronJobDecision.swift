/// What one sync of a CronJob does (`syncCronJob` of `cronjob_controllerv2.go`). Times are whole seconds since 1970.
public struct CronJobDecision: Sendable, Equatable {
    public enum ConcurrencyPolicy: Sendable, Equatable { case allow, forbid, replace }

    public enum Action: Sendable, Equatable {
        /// Suspended, or nothing is due.
        case none
        /// Start the Job of this time, after deleting the running ones if `replacing`.
        case start(scheduled: Int64, replacing: Bool)
        /// A Job still runs and the policy forbids a second: event `JobAlreadyActive`.
        case skipForbidden(scheduled: Int64)
        /// The starting deadline has passed: warning event `MissSchedule`.
        case skipTooLate(scheduled: Int64)
    }

    public struct Input: Sendable, Equatable {
        public var isSuspended: Bool
        public var policy: ConcurrencyPolicy
        public var startingDeadlineSeconds: Int64?
        public var created: Int64
        public var lastScheduled: Int64?
        public var activeJobs: Int

        public init(
            isSuspended: Bool = false, policy: ConcurrencyPolicy = .allow, startingDeadlineSeconds: Int64? = nil,
            created: Int64, lastScheduled: Int64? = nil, activeJobs: Int = 0
        ) {
            self.isSuspended = isSuspended
            self.policy = policy
            self.startingDeadlineSeconds = startingDeadlineSeconds
            self.created = created
            self.lastScheduled = lastScheduled
            self.activeJobs = activeJobs
        }
    }

    public var action: Action
    /// More than 100 times went by unseen: warning event `TooManyMissedTimes`.
    public var missedTooMany: Bool
    /// When to look again; nil if never.
    public var nextTime: Int64?

    public init(_ input: Input, schedule: CronSchedule, now: Int64) {
        action = .none
        missedTooMany = false
        nextTime = nil
        if input.isSuspended { return }
        nextTime = schedule.next(after: now)
        var earliest = input.lastScheduled ?? input.created
        if let deadline = input.startingDeadlineSeconds {
            earliest = max(earliest, now.subtractingSaturating(deadline))
        }
        let missed = schedule.missed(since: earliest, now: now)
        missedTooMany = missed.count > 100
        guard let scheduled = missed.time else { return }
        if let deadline = input.startingDeadlineSeconds, scheduled.addingSaturating(deadline) < now {
            action = .skipTooLate(scheduled: scheduled)
        } else if input.policy == .forbid, input.activeJobs > 0 {
            action = .skipForbidden(scheduled: scheduled)
        } else {
            action = .start(scheduled: scheduled, replacing: input.policy == .replace && input.activeJobs > 0)
        }
    }

    /// The name of the Job of a scheduled time: unique, so that no time starts twice.
    public static func jobName(cronJob: String, scheduled: Int64) -> String {
        "\(cronJob)-\(scheduled.flooredQuotient(60))"
    }
}
