import KubernetesAPI

extension TableDefinition {
    static var jobTables: [TableDefinition] { [jobs, cronJobs] }

    private static let jobs = TableDefinition(
        Job.self,
        [
            .name,
            .init("Status") { job, _ in job.statusText },
            .init("Completions") { job, _ in
                if let completions = job.spec.completions { return "\(job.status.succeeded)/\(completions)" }
                let parallelism = job.spec.parallelism ?? 0
                return parallelism > 1 ? "\(job.status.succeeded)/1 of \(parallelism)" : "\(job.status.succeeded)/1"
            },
            .init("Duration") { job, context in
                guard let start = job.status.startTime else { return "" }
                return HumanDuration.between(start, job.finishTime ?? context.now)
            },
            .age,
            .init("Containers", priority: 1) { job, _ in job.spec.template.spec.containerNames },
            .init("Images", priority: 1) { job, _ in job.spec.template.spec.containerImages },
            .init("Selector", priority: 1) { job, _ in job.spec.selector.map { LabelQuery($0).description } ?? "<none>"
            },
        ])

    private static let cronJobs = TableDefinition(
        CronJob.self,
        [
            .name,
            .init("Schedule") { job, _ in job.spec.schedule },
            .init("Timezone") { job, _ in job.spec.timeZone ?? "<none>" },
            .init(boolean: "Suspend") { $0.spec.suspend ?? false },
            .init(integer: "Active") { Int64($0.status.active.count) },
            .init("Last Schedule") { job, context in
                job.status.lastScheduleTime.map { HumanDuration.since($0, now: context.now) } ?? "<none>"
            },
            .age,
            .init("Containers", priority: 1) { job, _ in job.spec.jobTemplate.spec.template.spec.containerNames },
            .init("Images", priority: 1) { job, _ in job.spec.jobTemplate.spec.template.spec.containerImages },
            .init("Selector", priority: 1) { job, _ in
                job.spec.jobTemplate.spec.selector.map { LabelQuery($0).description } ?? "<none>"
            },
        ])
}

extension Job {
    func hasCondition(_ type: String) -> Bool { status.conditions.contains { $0.type == type && $0.status == "True" } }

    var statusText: String {
        if hasCondition("Complete") { return "Complete" }
        if hasCondition("Failed") { return "Failed" }
        if metadata.deletionTimestamp != nil { return "Terminating" }
        if hasCondition("Suspended") { return "Suspended" }
        if hasCondition("FailureTarget") { return "FailureTarget" }
        if hasCondition("SuccessCriteriaMet") { return "SuccessCriteriaMet" }
        return "Running"
    }

    /// When it ended, one way or the other.
    var finishTime: Time? {
        status.completionTime
            ?? status.conditions.first { $0.type == "Failed" && $0.status == "True" }?.lastTransitionTime
    }
}
