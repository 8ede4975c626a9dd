import KubernetesAPI
import Simulation

/// Runs pods to completion (`pkg/controller/job/job_controller.go`): the decisions are ``JobDecision``'s; this counts
/// pods once each by way of their finalizer and writes what follows.
struct JobController: Controller, Sendable {
    static let finalizer = "batch.kubernetes.io/job-tracking"
    static let indexKey = "batch.kubernetes.io/job-completion-index"

    /// Failures since the last success; a restart of the controller forgets them.
    struct Backoff: Sendable, Equatable {
        var failures: Int32 = 0
        var lastFailure: SimulationTime?
    }

    var backoffs: [ObjectID<Job>: Backoff] = [:]
    private var wakeups = Wakeups()

    init() {}

    mutating func observe(_ change: ObjectChange, _ context: inout ClusterContext) {
        if let (id, _, job) = change.object(Job.self) {
            if change.kind == .deleted {
                backoffs[id] = nil
                wakeups.forget(change.id)
                for pod in context.store.dependents(of: job.metadata.uid, Pod.self) { context.enqueue(.job, pod) }
            } else {
                context.enqueue(.job, id)
            }
        } else if let (id, _, pod) = change.pod {
            if let owner: ObjectID<Job> = context.controller(of: pod) {
                context.enqueue(.job, owner)
            } else if pod.metadata.finalizers.contains(Self.finalizer) {
                context.enqueue(.job, id)
            }
        }
    }

    /// The controller's process restarts: counts of failures are gone.
    mutating func restart() {
        backoffs = [:]
        wakeups = Wakeups()
    }

    mutating func reconcile(_ id: AnyObjectID, _ context: inout ClusterContext) {
        if let pod: ObjectID<Pod> = id.typed() {
            releaseOrphan(pod, &context)
        } else if let job: ObjectID<Job> = id.typed() {
            wakeups.begin(id, now: context.now)
            sync(job, &context)
        }
    }

    /// A pod whose Job is gone need not be counted any more.
    private func releaseOrphan(_ id: ObjectID<Pod>, _ context: inout ClusterContext) {
        guard let pod = context.store[id], pod.metadata.finalizers.contains(Self.finalizer) else { return }
        let owner: ObjectID<Job>? = context.controller(of: pod)
        if owner == nil { Self.removeFinalizer(id, &context) }
    }

    @discardableResult
    static func removeFinalizer(_ id: ObjectID<Pod>, _ context: inout ClusterContext) -> Bool {
        guard context.store[id]?.metadata.finalizers.contains(finalizer) == true else { return true }
        context.update(id) { $0.metadata.finalizers.removeAll { $0 == finalizer } }
        return context.store[id]?.metadata.finalizers.contains(finalizer) != true
    }

    private mutating func sync(_ id: ObjectID<Job>, _ context: inout ClusterContext) {
        guard let job = context.store[id] else { return }
        if job.metadata.deletionTimestamp != nil || job.isFinished {
            for pod in context.store.dependents(of: job.metadata.uid, Pod.self) { Self.removeFinalizer(pod, &context) }
            if job.metadata.deletionTimestamp == nil { expire(id, job, &context) }
            return
        }
        let pods = context.claimPods(for: job, selector: job.spec.selector)
        guard let tally = track(id, pods, &context), let counted = context.store[id] else {
            wakeups.schedule(.job, AnyObjectID(id), after: .seconds(1), &context)
            return
        }
        manage(id, counted, tally, &context)
    }

    /// TTL-after-finished: the Job goes, with its pods.
    private mutating func expire(_ id: ObjectID<Job>, _ job: Job, _ context: inout ClusterContext) {
        guard let ttl = job.spec.ttlSecondsAfterFinished, let finished = job.finishTime else { return }
        let left = context.simulationTime(finished) + .seconds(Int64(ttl)) - context.now
        if left > .zero {
            wakeups.schedule(.job, AnyObjectID(id), after: left, &context)
        } else {
            context.delete(id, propagation: .foreground)
        }
    }

    /// One step: begins, suspends, creates, deletes, finishes.
    private mutating func manage(_ id: ObjectID<Job>, _ job: Job, _ tally: JobTally, _ context: inout ClusterContext) {
        var status = job.status
        status.active = Int32(tally.active.count)
        status.ready = tally.ready
        status.terminating = tally.terminating
        let now = context.wallTime
        let isSuspended = job.spec.suspend == true
        if !isSuspended, status.startTime == nil { status.startTime = now }

        var progress = JobProgress(
            active: status.active, succeeded: status.succeeded, failed: status.failed, terminating: tally.terminating,
            restarts: job.spec.template.spec.restartPolicy == "OnFailure" ? tally.restarts : nil,
            startTime: status.startTime.map(context.simulationTime))
        let backoff = backoffs[id] ?? Backoff()
        (progress.failuresSinceSuccess, progress.lastFailure) = (backoff.failures, backoff.lastFailure)

        if let target = status.pendingOutcome {
            stopAll(tally, &context)
            finish(id, job, &status, target, tally, &context)
        } else if let outcome = outcome(job, status, tally) {
            status.set(outcome.condition, outcome.reason, outcome.message, at: now)
            stopAll(tally, &context)
            finish(id, job, &status, outcome.condition, tally, &context)
        } else {
            let decision = JobDecision(JobWorkload(job, status), progress, now: context.now)
            carryOut(decision, id, job, &status, tally, &context)
        }
        if status != job.status { context.update(id) { $0.status = status } }
        if let deadline = job.spec.activeDeadlineSeconds, let start = status.startTime, !status.isFinished {
            let left = context.simulationTime(start) + .seconds(deadline) - context.now
            if left > .zero { wakeups.schedule(.job, AnyObjectID(id), after: left, &context) }
        }
    }

    /// Ends that do not depend on how many pods run: a failure rule, failed indexes, the success policy.
    private func outcome(_ job: Job, _ status: JobStatus, _ tally: JobTally) -> (
        condition: String, reason: String, message: String
    )? {
        if let message = tally.failJob { return ("FailureTarget", "PodFailurePolicy", message) }
        let completions = job.spec.completions ?? 0
        let completed = CompletionIndexes(status.completedIndexes, completions: completions)
        if let message = SuccessPolicyDecision.message(
            job.spec.successPolicy, completed: completed, completions: completions)
        {
            return ("SuccessCriteriaMet", "SuccessPolicy", message)
        }
        guard job.spec.backoffLimitPerIndex != nil else { return nil }
        let failed = CompletionIndexes(status.failedIndexes, completions: completions).count
        if let most = job.spec.maxFailedIndexes, failed > most {
            return (
                "FailureTarget", "MaxFailedIndexesExceeded",
                "Job has exceeded the specified maximal number of failed indexes"
            )
        }
        if failed > 0, failed + completed.count >= completions, tally.active.isEmpty {
            return ("FailureTarget", "FailedIndexes", "Job has failed indexes")
        }
        return nil
    }

    private func stopAll(_ tally: JobTally, _ context: inout ClusterContext) {
        for id in tally.active { context.delete(id) }
    }

    /// The last word follows when no pod is left that runs or stops.
    private mutating func finish(
        _ id: ObjectID<Job>, _ job: Job, _ status: inout JobStatus, _ target: String, _ tally: JobTally,
        _ context: inout ClusterContext
    ) {
        let stillThere = context.store.dependents(of: job.metadata.uid, Pod.self).contains { pod in
            guard let pod = context.store[pod] else { return false }
            return pod.status.phase != "Succeeded" && pod.status.phase != "Failed"
        }
        guard !stillThere, status.uncountedTerminatedPods?.isEmpty ?? true else { return }
        let now = context.wallTime
        let cause = status.conditions.first { $0.type == target }
        status.active = 0
        status.ready = 0
        status.terminating = 0
        if target == "FailureTarget" {
            status.set("Failed", cause?.reason ?? "", cause?.message ?? "", at: now)
            context.recordEvent(.warning, cause?.reason ?? "", cause?.message ?? "", about: job, source: .jobController)
        } else {
            status.set("Complete", cause?.reason ?? "", cause?.message ?? "", at: now)
            status.completionTime = now
            context.recordEvent(.normal, "Completed", "Job completed", about: job, source: .jobController)
        }
        backoffs[id] = nil
    }

    private mutating func carryOut(
        _ decision: JobDecision, _ id: ObjectID<Job>, _ job: Job, _ status: inout JobStatus, _ tally: JobTally,
        _ context: inout ClusterContext
    ) {
        let now = context.wallTime
        if job.spec.suspend == true, status.conditions.first(where: { $0.type == "Suspended" })?.status != "True" {
            status.set("Suspended", "JobSuspended", "Job suspended", at: now)
            status.startTime = nil
            context.recordEvent(.normal, "Suspended", "Job suspended", about: job, source: .jobController)
        } else if job.spec.suspend != true, status.conditions.first(where: { $0.type == "Suspended" })?.status == "True"
        {
            status.set("Suspended", "JobResumed", "Job resumed", at: now, status: "False")
            status.startTime = now
            context.recordEvent(.normal, "Resumed", "Job resumed", about: job, source: .jobController)
        }
        switch decision {
        case .fail(let reason, let message):
            status.set("FailureTarget", reason, message, at: now)
            stopAll(tally, &context)
            finish(id, job, &status, "FailureTarget", tally, &context)
        case .complete:
            status.set("SuccessCriteriaMet", "CompletionsReached", "Reached expected number of succeeded pods", at: now)
            finish(id, job, &status, "SuccessCriteriaMet", tally, &context)
        case .suspend: delete(tally.active, of: job, &status, &context)
        case .delete(let count): delete(tally.surplus(Int(count), job, context), of: job, &status, &context)
        case .create(let count): create(Int(count), id, job, &status, tally, &context)
        case .backOff(let delay): wakeups.schedule(.job, AnyObjectID(id), after: delay, &context)
        case .wait: break
        }
    }

    /// Pods that the Job itself takes away do not count as failed: they lose the finalizer first.
    private func delete(
        _ pods: [ObjectID<Pod>], of job: Job, _ status: inout JobStatus, _ context: inout ClusterContext
    ) {
        for id in pods {
            guard let name = context.store[id]?.metadata.name, Self.removeFinalizer(id, &context) else { continue }
            context.delete(id)
            status.active = max(0, status.active - 1)
            context.recordEvent(.normal, "SuccessfulDelete", "Deleted pod: \(name)", about: job, source: .jobController)
        }
    }

    private mutating func create(
        _ count: Int, _ id: ObjectID<Job>, _ job: Job, _ status: inout JobStatus, _ tally: JobTally,
        _ context: inout ClusterContext
    ) {
        var indexes: [Int32] = []
        if job.isIndexed {
            let (ready, delay) = tally.freeIndexes(count, job, status, now: context.now)
            indexes = ready
            if let delay { wakeups.schedule(.job, AnyObjectID(id), after: delay, &context) }
        }
        var left = job.isIndexed ? indexes.count : count
        var start = SlowStart(count: left)
        var place = 0
        while start.batch > 0, left > 0 {
            var successes = 0
            for _ in 0..<start.batch {
                do {
                    let pod = try createPod(of: job, index: job.isIndexed ? indexes[place] : nil, tally, &context)
                    successes += 1
                    status.active += 1
                    let name = context.store[pod]?.metadata.name ?? ""
                    context.recordEvent(
                        .normal, "SuccessfulCreate", "Created pod: \(name)", about: job, source: .jobController)
                } catch {
                    context.recordEvent(
                        .warning, "FailedCreate", error.creationFailure, about: job, source: .jobController)
                    wakeups.schedule(.job, AnyObjectID(id), after: .seconds(10), &context)
                }
                place += 1
                left -= 1
            }
            start.finishBatch(successes: successes)
        }
    }

    private func createPod(
        of job: Job, index: Int32?, _ tally: JobTally, _ context: inout ClusterContext
    ) throws(APIStatus) -> ObjectID<Pod> {
        try context.createPod(from: job.spec.template, owner: job) { pod in
            pod.metadata.finalizers.append(Self.finalizer)
            guard let index else { return }
            pod.metadata.generateName = "\(job.metadata.name)-\(index)-"
            pod.metadata.annotations[Self.indexKey] = "\(index)"
            pod.metadata.labels[Self.indexKey] = "\(index)"
            pod.spec.hostname = "\(job.metadata.name)-\(index)"
            if job.spec.backoffLimitPerIndex != nil {
                pod.metadata.annotations["batch.kubernetes.io/job-index-failure-count"] =
                    "\(tally.failuresByIndex[index]?.count ?? 0)"
            }
            var variable = EnvVar()
            variable.name = "JOB_COMPLETION_INDEX"
            var reference = ObjectFieldSelector()
            reference.fieldPath = "metadata.labels['\(Self.indexKey)']"
            variable.valueFrom = EnvVarSource()
            variable.valueFrom?.fieldRef = reference
            for place in pod.spec.containers.indices
            where !pod.spec.containers[place].env.contains(where: { $0.name == variable.name }) {
                pod.spec.containers[place].env.append(variable)
            }
            for place in pod.spec.initContainers.indices
            where !pod.spec.initContainers[place].env.contains(where: { $0.name == variable.name }) {
                pod.spec.initContainers[place].env.append(variable)
            }
        }
    }
}

extension JobController: BinaryCodable {
    func write(to writer: inout BinaryWriter) {
        writer.write(backoffs)
        writer.write(wakeups)
    }

    init(from reader: inout BinaryReader) throws(BinaryDecodingError) {
        backoffs = try reader.read()
        wakeups = try reader.read()
    }
}

extension JobController.Backoff: BinaryCodable {
    func write(to writer: inout BinaryWriter) {
        writer.write(failures)
        writer.write(lastFailure)
    }

    init(from reader: inout BinaryReader) throws(BinaryDecodingError) {
        failures = try reader.read()
        lastFailure = try reader.read()
    }
}
