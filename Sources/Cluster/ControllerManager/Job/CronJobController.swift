import KubernetesAPI
import Simulation

/// Starts Jobs by the clock (`pkg/controller/cronjob/cronjob_controllerv2.go`); what is due is ``CronJobDecision``'s word.
struct CronJobController: Controller, Sendable {
    private var wakeups = Wakeups()

    init() {}

    mutating func observe(_ change: ObjectChange, _ context: inout ClusterContext) {
        if change.id.kind == .cronJob {
            if change.kind == .deleted { wakeups.forget(change.id) } else { context.enqueue(.cronJob, change.id) }
        } else if let (_, _, job) = change.object(Job.self), let owner: ObjectID<CronJob> = context.controller(of: job)
        {
            context.enqueue(.cronJob, owner)
        }
    }

    mutating func restart() { wakeups = Wakeups() }

    mutating func reconcile(_ id: AnyObjectID, _ context: inout ClusterContext) {
        wakeups.begin(id, now: context.now)
        guard let typed: ObjectID<CronJob> = id.typed(), let cronJob = context.store[typed] else { return }
        var status = cronJob.status
        follow(cronJob, &status, &context)
        if cronJob.metadata.deletionTimestamp == nil { start(id, cronJob, &status, &context) }
        cleanUp(cronJob, &context)
        if status != cronJob.status { context.update(typed) { $0.status = status } }
    }

    private func jobs(of cronJob: CronJob, _ context: ClusterContext) -> [(id: ObjectID<Job>, job: Job)] {
        context.store.dependents(of: cronJob.metadata.uid, Job.self).compactMap { id in
            context.store[id].map { (id, $0) }
        }
    }

    /// Takes finished and lost Jobs off the list of active ones.
    private func follow(_ cronJob: CronJob, _ status: inout CronJobStatus, _ context: inout ClusterContext) {
        let jobs = jobs(of: cronJob, context)
        for (_, job) in jobs {
            let isListed = status.active.contains { $0.uid == job.metadata.uid }
            if !isListed, !job.isFinished {
                context.recordEvent(
                    .warning, "UnexpectedJob",
                    "Saw a job that the controller did not create or forgot: \(job.metadata.name)",
                    about: cronJob, source: .cronJobController)
            } else if isListed, job.isFinished {
                status.active.removeAll { $0.uid == job.metadata.uid }
                let condition =
                    job.status.conditions.contains { $0.type == "Complete" && $0.status == "True" }
                    ? "Complete" : "Failed"
                context.recordEvent(
                    .normal, "SawCompletedJob", "Saw completed job: \(job.metadata.name), condition: \(condition)",
                    about: cronJob,
                    source: .cronJobController)
            }
            if let time = job.status.completionTime, time > status.lastSuccessfulTime ?? Time(epochSeconds: .min) {
                status.lastSuccessfulTime = time
            }
        }
        let living = Set(jobs.map(\.job.metadata.uid))
        for reference in status.active where !living.contains(reference.uid) {
            context.recordEvent(
                .normal, "MissingJob", "Active job went missing: \(reference.name)", about: cronJob,
                source: .cronJobController)
        }
        status.active.removeAll { !living.contains($0.uid) }
    }

    private mutating func start(
        _ id: AnyObjectID, _ cronJob: CronJob, _ status: inout CronJobStatus, _ context: inout ClusterContext
    ) {
        func warn(_ reason: String, _ message: String) {
            context.recordEvent(.warning, reason, message, about: cronJob, source: .cronJobController)
        }
        let zoneName = cronJob.spec.timeZone ?? ""
        guard let zone = TimeZoneRules(named: zoneName) else {
            warn("UnknownTimeZone", "invalid timeZone: \(GoText.quoted(zoneName)): unknown time zone \(zoneName)")
            return
        }
        if cronJob.spec.suspend == true { return }
        var schedule: CronSchedule
        do {
            schedule = try CronSchedule(cronJob.spec.schedule)
        } catch {
            warn(
                "UnparseableSchedule",
                "unparseable schedule: \(GoText.quoted(cronJob.spec.schedule)) : \(error.message)")
            return
        }
        schedule.zone = zone
        let now = context.wallTime.epochSeconds
        let policy: CronJobDecision.ConcurrencyPolicy =
            switch cronJob.spec.concurrencyPolicy {
            case "Forbid": .forbid
            case "Replace": .replace
            default: .allow
            }
        let decision = CronJobDecision(
            .init(
                isSuspended: false, policy: policy, startingDeadlineSeconds: cronJob.spec.startingDeadlineSeconds,
                created: cronJob.metadata.creationTimestamp?.epochSeconds ?? now,
                lastScheduled: status.lastScheduleTime?.epochSeconds, activeJobs: status.active.count),
            schedule: schedule, now: now)
        if decision.missedTooMany {
            warn(
                "TooManyMissedTimes",
                "too many missed start times. Set or decrease .spec.startingDeadlineSeconds or check clock skew")
        }
        switch decision.action {
        case .none: break
        case .skipTooLate(let scheduled):
            warn("MissSchedule", "Missed scheduled time to start a job: \(Self.rfc1123(scheduled))")
        case .skipForbidden:
            context.recordEvent(
                .normal, "JobAlreadyActive",
                "Not starting job because prior execution is running and concurrency policy is Forbid",
                about: cronJob, source: .cronJobController)
        case .start(let scheduled, let replacing):
            if replacing { replaceActive(cronJob, &status, &context) }
            create(cronJob, scheduled, zone, &status, &context)
        }
        if let next = decision.nextTime {
            // The instant itself, in simulated time; the wall clock counts whole seconds.
            let delay = context.simulationTime(Time(epochSeconds: next)) - context.now
            wakeups.schedule(.cronJob, id, after: delay, &context)
        }
    }

    private func replaceActive(_ cronJob: CronJob, _ status: inout CronJobStatus, _ context: inout ClusterContext) {
        for reference in status.active {
            guard let job = context.store.jobs.id(namespace: cronJob.metadata.namespace, name: reference.name) else {
                continue
            }
            delete(job, of: cronJob, &context)
        }
        status.active = []
    }

    private func delete(_ id: ObjectID<Job>, of cronJob: CronJob, _ context: inout ClusterContext) {
        let name = context.store[id]?.metadata.name ?? ""
        context.delete(id)
        context.recordEvent(
            .normal, "SuccessfulDelete", "Deleted job \(name)", about: cronJob, source: .cronJobController)
    }

    private func create(
        _ cronJob: CronJob, _ scheduled: Int64, _ zone: TimeZoneRules, _ status: inout CronJobStatus,
        _ context: inout ClusterContext
    ) {
        let name = CronJobDecision.jobName(cronJob: cronJob.metadata.name, scheduled: scheduled)
        guard context.store.jobs.id(namespace: cronJob.metadata.namespace, name: name) == nil else { return }
        var job = Job()
        job.metadata = cronJob.spec.jobTemplate.metadata
        job.metadata.name = name
        job.metadata.namespace = cronJob.metadata.namespace
        let offset = zone.offset(at: scheduled)
        job.metadata.annotations["batch.kubernetes.io/cronjob-scheduled-timestamp"] = Self.rfc3339(
            scheduled, offset: offset)
        job.metadata.ownerReferences = [cronJob.controllerReference]
        job.spec = cronJob.spec.jobTemplate.spec
        do {
            let id = try context.create(try context.admit(job))
            guard let stored = context.store[id] else { return }
            context.recordEvent(
                .normal, "SuccessfulCreate", "Created job \(name)", about: cronJob, source: .cronJobController)
            var reference = ObjectReference()
            reference.apiVersion = Job.resource.apiVersion
            reference.kind = Job.resource.kind
            reference.namespace = stored.metadata.namespace
            reference.name = name
            reference.uid = stored.metadata.uid
            reference.resourceVersion = stored.metadata.resourceVersion
            status.active.append(reference)
            status.lastScheduleTime = Time(epochSeconds: scheduled)
        } catch {
            context.recordEvent(
                .warning, "FailedCreate", "Error creating job: \(error.message)", about: cronJob,
                source: .cronJobController)
        }
    }

    /// Keeps so many finished Jobs of each kind, the oldest go.
    private func cleanUp(_ cronJob: CronJob, _ context: inout ClusterContext) {
        let finished = jobs(of: cronJob, context).filter {
            $0.job.isFinished && $0.job.metadata.deletionTimestamp == nil
        }
        for (type, limit) in [
            ("Complete", cronJob.spec.successfulJobsHistoryLimit), ("Failed", cronJob.spec.failedJobsHistoryLimit),
        ] {
            guard let limit else { continue }
            let sorted = finished.filter {
                $0.job.status.conditions.contains { $0.type == type && $0.status == "True" }
            }.sorted {
                let (a, b) = ($0.job.status.startTime ?? Time(), $1.job.status.startTime ?? Time())
                return a == b ? $0.job.metadata.name.utf8.lexicographicallyPrecedes($1.job.metadata.name.utf8) : a < b
            }
            for (id, _) in sorted.prefix(max(0, sorted.count - Int(limit))) { delete(id, of: cronJob, &context) }
        }
    }

    /// `Mon, 05 Jan 2026 09:00:00 +0000`
    private static func rfc1123(_ seconds: Int64) -> String {
        let parts = CivilTime.components(seconds: seconds)
        let days = ["Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"]
        let months = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"]
        func two(_ number: Int64) -> String { number < 10 ? "0\(number)" : "\(number)" }
        return
            "\(days[Int(parts.weekday)]), \(two(parts.day)) \(months[Int(parts.month) - 1]) \(parts.year) \(two(parts.hour)):\(two(parts.minute)):\(two(parts.second)) +0000"
    }

    private static func rfc3339(_ seconds: Int64, offset: Int64) -> String {
        let text = CivilTime.format(seconds: seconds.addingSaturating(offset))
        guard offset != 0 else { return text }
        func two(_ number: Int64) -> String { number < 10 ? "0\(number)" : "\(number)" }
        return text.dropLast() + "\(offset < 0 ? "-" : "+")\(two(abs(offset) / 3_600)):\(two(abs(offset) / 60 % 60))"
    }
}

/// Texts as Go's `%q` prints them.
enum GoText {
    static func quoted(_ text: String) -> String {
        String(decoding: JSONValue.string(text).compactBytes, as: UTF8.self)
    }
}

extension CronJobController: BinaryCodable {
    func write(to writer: inout BinaryWriter) { writer.write(wakeups) }
    init(from reader: inout BinaryReader) throws(BinaryDecodingError) { wakeups = try reader.read() }
}
