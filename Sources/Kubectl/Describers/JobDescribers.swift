import KubernetesAPI

enum JobDescriber: Describer {
    static func describe(_ job: Job, _ writer: inout DescriptionWriter, on endpoint: inout some SimulatedEndpoint) {
        let (spec, status) = (job.spec, job.status)
        writer.header(job.metadata, labels: false)
        if let selector = spec.selector { writer.field("Selector", LabelQuery(selector).description) }
        writer.labels("Labels", job.metadata.labels)
        writer.annotations("Annotations", job.metadata.annotations)
        writer.controlledBy(job.metadata)
        if let parallelism = spec.parallelism { writer.field("Parallelism", "\(parallelism)") }
        writer.field("Completions", spec.completions.map { "\($0)" } ?? "<unset>")
        if let mode = spec.completionMode { writer.field("Completion Mode", mode) }
        if let suspend = spec.suspend { writer.field("Suspend", "\(suspend)") }
        if let limit = spec.backoffLimit { writer.field("Backoff Limit", "\(limit)") }
        if let seconds = spec.ttlSecondsAfterFinished { writer.field("TTL Seconds After Finished", "\(seconds)") }
        if let start = status.startTime { writer.field("Start Time", start.longText) }
        if let end = status.completionTime { writer.field("Completed At", end.longText) }
        if let start = status.startTime, let end = status.completionTime {
            writer.field("Duration", HumanDuration.between(start, end))
        }
        if let seconds = spec.activeDeadlineSeconds { writer.field("Active Deadline Seconds", "\(seconds)s") }
        let ready = status.ready.map { " (\($0) Ready)" } ?? ""
        writer.field(
            "Pods Statuses", "\(status.active) Active\(ready) / \(status.succeeded) Succeeded / \(status.failed) Failed"
        )
        if spec.completionMode == "Indexed" { writer.field("Completed Indexes", status.completedIndexes.or("<none>")) }
        writer.podTemplate(spec.template)
        writer.events(endpoint.events(about: job))
    }
}

enum CronJobDescriber: Describer {
    static func describe(_ job: CronJob, _ writer: inout DescriptionWriter, on endpoint: inout some SimulatedEndpoint) {
        let spec = job.spec
        let inner = spec.jobTemplate.spec
        writer.header(job.metadata)
        writer.field("Schedule", spec.schedule)
        writer.field("Concurrency Policy", spec.concurrencyPolicy)
        writer.field("Suspend", (spec.suspend ?? false).titleText)
        writer.field("Time Zone", spec.timeZone ?? "<unset>")
        writer.field("Successful Job History Limit", spec.successfulJobsHistoryLimit.map { "\($0)" } ?? "<unset>")
        writer.field("Failed Job History Limit", spec.failedJobsHistoryLimit.map { "\($0)" } ?? "<unset>")
        writer.field("Starting Deadline Seconds", spec.startingDeadlineSeconds.map { "\($0)s" } ?? "<unset>")
        writer.field("Selector", inner.selector.map { LabelQuery($0).description } ?? "<unset>")
        writer.field("Parallelism", inner.parallelism.map { "\($0)" } ?? "<unset>")
        writer.field("Completions", inner.completions.map { "\($0)" } ?? "<unset>")
        if let seconds = inner.activeDeadlineSeconds { writer.field("Active Deadline Seconds", "\(seconds)s") }
        writer.podTemplate(inner.template)
        writer.field("Last Schedule Time", job.status.lastScheduleTime.longText)
        writer.field("Active Jobs", job.status.active.map(\.name).joined(separator: ", ").or("<none>"))
        writer.events(endpoint.events(about: job))
    }
}
