import KubernetesAPI
import Simulation

/// Counts finished pods exactly once, whatever is lost on the way (`trackJobStatusAndRemoveFinalizers`): a pod is first
/// noted in `uncountedTerminatedPods`, then loses its finalizer, and is counted only after that.
extension JobController {
    /// Brings the counters of the status up to date.
    /// - Returns: what the pods amount to; nil if a write was refused and the sync has to be done again.
    mutating func track(_ id: ObjectID<Job>, _ pods: [ObjectID<Pod>], _ context: inout ClusterContext) -> JobTally? {
        guard let job = context.store[id] else { return nil }
        var tally = JobTally()
        var status = job.status
        var uncounted = status.uncountedTerminatedPods ?? UncountedTerminatedPods()
        let completions = job.spec.completions ?? 0
        var completed = CompletionIndexes(status.completedIndexes, completions: completions)
        var failedIndexes = CompletionIndexes(status.failedIndexes, completions: completions)
        let isEnding = status.pendingOutcome != nil
        var finished: [(id: ObjectID<Pod>, succeeded: Bool, counts: Bool, time: SimulationTime)] = []
        var failedNow: Set<Int32> = []

        for podID in pods {
            guard let pod = context.store[podID] else { continue }
            let index = pod.completionIndex
            let isTracked = pod.metadata.finalizers.contains(Self.finalizer)
            let hasFailed =
                job.hasFailed(pod)
                || (isEnding && pod.metadata.deletionTimestamp != nil && pod.status.phase != "Succeeded")
            if pod.isActive {
                tally.active.append(podID)
                if pod.isReady { tally.ready += 1 }
                if let index { tally.heldIndexes.insert(index) }
            } else if pod.metadata.deletionTimestamp != nil, pod.status.phase != "Succeeded",
                pod.status.phase != "Failed"
            {
                tally.terminating += 1
                if job.spec.podReplacementPolicy == "Failed", let index { tally.heldIndexes.insert(index) }
            }
            if pod.status.phase == "Running" || pod.status.phase == "Pending" {
                for container in pod.status.initContainerStatuses + pod.status.containerStatuses {
                    tally.restarts &+= container.restartCount
                }
            }
            if pod.status.phase == "Succeeded" {
                if isTracked { finished.append((podID, true, true, pod.finishTime(context))) }
                if isTracked, let index, job.isIndexed { completed.insert(index) }
            } else if hasFailed {
                let decision = PodFailurePolicyDecision(job.spec.podFailurePolicy, pod)
                if isTracked { finished.append((podID, false, decision != .ignore, pod.finishTime(context))) }
                if case .failJob(let message) = decision, isTracked { tally.failJob = tally.failJob ?? message }
                guard let index, decision != .ignore else { continue }
                let time = pod.finishTime(context)
                let before = tally.failuresByIndex[index]
                tally.failuresByIndex[index] = ((before?.count ?? 0) + 1, max(before?.last ?? time, time))
                if decision == .failIndex { failedNow.insert(index) }
            }
        }
        if let limit = job.spec.backoffLimitPerIndex {
            for (index, failures) in tally.failuresByIndex where failures.count > limit { failedNow.insert(index) }
            for index in failedNow.sorted() where !completed.contains(index) { failedIndexes.insert(index) }
        }

        finished.sort { ($0.time, $0.id) < ($1.time, $1.id) }
        var isNoted: Set<String> = Set(uncounted.succeeded + uncounted.failed)
        for entry in finished where entry.counts {
            guard let uid = context.store[entry.id]?.metadata.uid, isNoted.insert(uid).inserted else { continue }
            if !entry.succeeded {
                uncounted.failed.append(uid)
            } else if !job.isIndexed {
                uncounted.succeeded.append(uid)
            }
            note(entry.succeeded, at: entry.time, id)
        }
        status.completedIndexes = completed.description
        if job.spec.backoffLimitPerIndex != nil { status.failedIndexes = failedIndexes.description }
        if job.isIndexed { status.succeeded = completed.count }
        status.uncountedTerminatedPods = uncounted.isEmpty ? nil : uncounted
        if status != job.status {
            let noted = status
            guard context.update(id, { $0.status = noted }) != nil else { return nil }
        }

        for entry in finished { Self.removeFinalizer(entry.id, &context) }
        return settle(id, pods, status, uncounted, &context) ? tally : nil
    }

    /// Counts the noted pods that have lost their finalizer.
    /// - Returns: false if the status could not be written.
    private func settle(
        _ id: ObjectID<Job>, _ pods: [ObjectID<Pod>], _ status: JobStatus, _ uncounted: UncountedTerminatedPods,
        _ context: inout ClusterContext
    ) -> Bool {
        guard !uncounted.isEmpty else { return true }
        var tracked: Set<String> = []
        for pod in pods {
            guard let metadata = context.store[pod]?.metadata, metadata.finalizers.contains(Self.finalizer) else {
                continue
            }
            tracked.insert(metadata.uid)
        }
        var settled = status
        var left = UncountedTerminatedPods()
        for uid in uncounted.succeeded {
            if tracked.contains(uid) { left.succeeded.append(uid) } else { settled.succeeded &+= 1 }
        }
        for uid in uncounted.failed {
            if tracked.contains(uid) { left.failed.append(uid) } else { settled.failed &+= 1 }
        }
        settled.uncountedTerminatedPods = left.isEmpty ? nil : left
        let counted = settled
        return context.update(id) { $0.status = counted } != nil && left.isEmpty
    }

    private mutating func note(_ succeeded: Bool, at time: SimulationTime, _ id: ObjectID<Job>) {
        var backoff = backoffs[id] ?? Backoff()
        if succeeded {
            backoff = Backoff()
        } else {
            backoff.failures &+= 1
            backoff.lastFailure = max(backoff.lastFailure ?? time, time)
        }
        backoffs[id] = backoff
    }
}
