import KubernetesAPI
import Simulation

/// What a Job's pods amount to, as one sync sees them.
struct JobTally: Sendable {
    var active: [ObjectID<Pod>] = []
    var ready: Int32 = 0
    var terminating: Int32 = 0
    /// Restarts of containers in pods that are not finished.
    var restarts: Int32 = 0
    /// Indexes that a pod works on, or that a pod which is going still holds.
    var heldIndexes: Set<Int32> = []
    /// Failures that count, by index, as far as the pods are still there.
    var failuresByIndex: [Int32: (count: Int32, last: SimulationTime)] = [:]
    /// The message of a rule that fails the Job.
    var failJob: String?

    /// Active pods that are too many: those that have come least far, and of these the youngest.
    func surplus(_ count: Int, _ job: Job, _ context: ClusterContext) -> [ObjectID<Pod>] {
        let completed = CompletionIndexes(job.status.completedIndexes, completions: job.spec.completions ?? 0)
        let ranked = active.compactMap { id in context.store[id].map { (id, $0) } }.sorted { left, right in
            let (a, b) = (left.1, right.1)
            // Indexes that need no pod first, then the highest.
            let (first, second) = (
                a.completionIndex.map(completed.contains) == true, b.completionIndex.map(completed.contains) == true
            )
            if first != second { return first }
            if a.spec.nodeName.isEmpty != b.spec.nodeName.isEmpty { return a.spec.nodeName.isEmpty }
            if (a.status.phase == "Pending") != (b.status.phase == "Pending") { return a.status.phase == "Pending" }
            if a.isReady != b.isReady { return !a.isReady }
            if let x = a.completionIndex, let y = b.completionIndex, x != y { return x > y }
            return (a.metadata.creationTimestamp ?? Time(), left.0) > (b.metadata.creationTimestamp ?? Time(), right.0)
        }
        return ranked.prefix(count).map(\.0)
    }

    /// The lowest indexes without a pod, and how long the next of those has to wait that failed lately.
    func freeIndexes(_ count: Int, _ job: Job, _ status: JobStatus, now: SimulationTime) -> (
        indexes: [Int32], delay: Duration?
    ) {
        let completions = job.spec.completions ?? 0
        let completed = CompletionIndexes(status.completedIndexes, completions: completions)
        let failed = CompletionIndexes(status.failedIndexes, completions: completions)
        var indexes: [Int32] = []
        var delay: Duration?
        for index in 0..<max(0, completions) where indexes.count < count {
            guard !completed.contains(index), !failed.contains(index), !heldIndexes.contains(index) else { continue }
            if job.spec.backoffLimitPerIndex != nil, let (failures, last) = failuresByIndex[index] {
                let left = JobProgress.backOff(failures: failures) - (now - last)
                if left > .zero {
                    delay = min(delay ?? left, left)
                    continue
                }
            }
            indexes.append(index)
        }
        return (indexes, delay)
    }
}

extension Pod {
    /// The index of a pod of an Indexed Job.
    var completionIndex: Int32? { metadata.annotations[JobController.indexKey].flatMap { Int32($0) } }

    /// When the last container ended; the present without any.
    func finishTime(_ context: ClusterContext) -> SimulationTime {
        let ends = status.containerStatuses.compactMap { $0.state?.terminated?.finishedAt }
        return ends.max().map(context.simulationTime) ?? context.now
    }
}

extension Job {
    var isIndexed: Bool { spec.completionMode == "Indexed" }
    var isFinished: Bool { status.isFinished }

    /// Whether a pod of this Job has failed. Without `podReplacementPolicy: Failed` one that is being deleted has.
    func hasFailed(_ pod: Pod) -> Bool {
        if pod.status.phase == "Failed" { return true }
        guard pod.metadata.deletionTimestamp != nil, pod.status.phase != "Succeeded" else { return false }
        return spec.podReplacementPolicy != "Failed" || pod.spec.nodeName.isEmpty
    }

    var finishTime: Time? {
        status.conditions.first { ($0.type == "Complete" || $0.type == "Failed") && $0.status == "True" }?
            .lastTransitionTime
    }
}

extension JobStatus {
    var isFinished: Bool {
        conditions.contains { ($0.type == "Complete" || $0.type == "Failed") && $0.status == "True" }
    }

    /// `FailureTarget` or `SuccessCriteriaMet`, once one of them is decided.
    var pendingOutcome: String? {
        conditions.first { ($0.type == "FailureTarget" || $0.type == "SuccessCriteriaMet") && $0.status == "True" }?
            .type
    }

    mutating func set(_ type: String, _ reason: String, _ message: String, at time: Time, status: String = "True") {
        var condition = JobCondition()
        condition.type = type
        condition.status = status
        condition.reason = reason
        condition.message = message
        condition.lastProbeTime = time
        condition.lastTransitionTime = time
        if let place = conditions.firstIndex(where: { $0.type == type }) {
            conditions[place] = condition
        } else {
            conditions.append(condition)
        }
    }
}

extension UncountedTerminatedPods {
    var isEmpty: Bool { succeeded.isEmpty && failed.isEmpty }
}

extension JobWorkload {
    init(_ job: Job, _ status: JobStatus) {
        var completions = job.spec.completions
        if job.spec.backoffLimitPerIndex != nil, let all = completions {
            completions = all - CompletionIndexes(status.failedIndexes, completions: all).count
        }
        self.init(
            parallelism: job.spec.parallelism ?? 1, completions: completions, backoffLimit: job.spec.backoffLimit ?? 6,
            activeDeadlineSeconds: job.spec.activeDeadlineSeconds, isSuspended: job.spec.suspend == true,
            replacesOnlyFailedPods: job.spec.podReplacementPolicy == "Failed",
            hasBackoffLimitPerIndex: job.spec.backoffLimitPerIndex != nil)
    }
}
