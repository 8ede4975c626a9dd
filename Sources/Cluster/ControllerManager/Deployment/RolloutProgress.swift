import Simulation

/// Status, conditions and the progress deadline of a Deployment (`progress.go`, `sync.go`).
extension RolloutDeployment {
    /// The counts and condition `Available`, from all ReplicaSets; other conditions stay as stored.
    public func calculatedStatus(
        new: RolloutReplicaSet?, all: [RolloutReplicaSet], now: SimulationTime
    ) -> RolloutStatus {
        var status = RolloutStatus(
            observedGeneration: generation, replicas: all.total(\.statusReplicas),
            updatedReplicas: new?.statusReplicas ?? 0, readyReplicas: all.total(\.readyReplicas),
            availableReplicas: all.total(\.availableReplicas), terminatingReplicas: all.totalTerminating(),
            conditions: self.status.conditions)
        // More can be available than wanted while a set shrinks.
        status.unavailableReplicas = max(0, all.total(\.replicas).subtractingClamped(status.availableReplicas))
        let suffices = status.availableReplicas >= replicas.subtractingClamped(maxUnavailable)
        status.set(
            RolloutCondition(
                .available, suffices ? .true : .false,
                reason: suffices ? "MinimumReplicasAvailable" : "MinimumReplicasUnavailable",
                message: "Deployment \(suffices ? "has" : "does not have") minimum availability.", lastUpdate: now))
        return status
    }

    /// The whole status of a rollout, with progress judged against the deadline (`syncRolloutStatus`).
    public func rolloutStatus(
        name: String, new: RolloutReplicaSet?, all: [RolloutReplicaSet], now: SimulationTime
    ) -> RolloutStatus {
        var status = calculatedStatus(new: new, all: all, now: now)
        let subject = new.map { "ReplicaSet \"\($0.name)\"" } ?? "Deployment \"\(name)\""
        let condition = self.status.condition(.progressing)
        if hasProgressDeadline {
            let rolledOut =
                status.replicas == status.updatedReplicas
                && condition?.reason == RolloutReason.newReplicaSetAvailable
            // What follows a finished rollout, a crashing pod say, is not a failure of the rollout.
            if !rolledOut { judgeProgress(of: subject, since: condition, in: &status, now: now) }
        } else {
            status.remove(.progressing)
        }
        if let failure = new?.failure ?? all.lazy.compactMap(\.failure).first {
            status.set(failure)
        } else {
            status.remove(.replicaFailure)
        }
        return status
    }

    private func judgeProgress(
        of subject: String, since condition: RolloutCondition?, in status: inout RolloutStatus, now: SimulationTime
    ) {
        if isComplete(status) {
            status.set(
                RolloutCondition(
                    .progressing, .true, reason: RolloutReason.newReplicaSetAvailable,
                    message: "\(subject) has successfully progressed.", lastUpdate: now))
        } else if Self.isProgressing(from: self.status, to: status) {
            // Written even if nothing but the time differs: that is what restarts the deadline.
            status.remove(.progressing)
            status.set(
                RolloutCondition(
                    .progressing, .true, reason: RolloutReason.replicaSetUpdated,
                    message: "\(subject) is progressing.", lastUpdate: now,
                    lastTransition: condition?.status == .true ? condition?.lastTransition : now))
        } else if hasTimedOut(status, now: now) {
            status.set(
                RolloutCondition(
                    .progressing, .false, reason: RolloutReason.progressDeadlineExceeded,
                    message: "\(subject) has timed out progressing.", lastUpdate: now))
        }
    }

    /// Whether every pod is of the newest template and available (`DeploymentComplete`).
    public func isComplete(_ status: RolloutStatus) -> Bool {
        status.updatedReplicas == replicas && status.replicas == replicas && status.availableReplicas == replicas
            && status.observedGeneration >= generation
    }

    /// Whether anything got better between two statuses (`DeploymentProgressing`).
    public static func isProgressing(from old: RolloutStatus, to new: RolloutStatus) -> Bool {
        new.updatedReplicas > old.updatedReplicas
            || new.replicas.subtractingClamped(new.updatedReplicas)
                < old.replicas.subtractingClamped(old.updatedReplicas)
            || new.readyReplicas > old.readyReplicas || new.availableReplicas > old.availableReplicas
    }

    /// Whether no progress was seen for longer than the deadline (`DeploymentTimedOut`).
    public func hasTimedOut(_ status: RolloutStatus, now: SimulationTime) -> Bool {
        guard hasProgressDeadline, let deadline = progressDeadlineSeconds,
            let condition = status.condition(.progressing)
        else { return false }
        switch condition.reason {
        case RolloutReason.newReplicaSetAvailable: return false
        case RolloutReason.progressDeadlineExceeded: return true
        default: return condition.lastUpdate + .seconds(Int64(deadline)) < now
        }
    }

    /// How long to wait before looking whether the deadline has passed; nil if nothing needs to be looked at
    /// (`requeueStuckDeployment`).
    /// - Parameter status: the status just calculated.
    public func progressCheckDelay(_ status: RolloutStatus, now: SimulationTime) -> Duration? {
        guard hasProgressDeadline, let deadline = progressDeadlineSeconds,
            let condition = self.status.condition(.progressing), !isComplete(status),
            condition.reason != RolloutReason.progressDeadlineExceeded
        else { return nil }
        let after = condition.lastUpdate + .seconds(Int64(deadline)) - now
        return after < .seconds(1) ? .zero : after + .seconds(1)
    }

    /// The condition that pausing or resuming sets, so that the time in between does not count; nil if nothing changes
    /// (`checkPausedConditions`).
    public func pausedCondition(now: SimulationTime) -> RolloutCondition? {
        guard hasProgressDeadline else { return nil }
        let condition = status.condition(.progressing)
        // Lack of progress that was reported is not hidden by a pause.
        if condition?.reason == RolloutReason.progressDeadlineExceeded { return nil }
        let saysPaused = condition?.reason == RolloutReason.paused
        if isPaused == saysPaused { return nil }
        return isPaused
            ? RolloutCondition(
                .progressing, .unknown, reason: RolloutReason.paused, message: "Deployment is paused", lastUpdate: now)
            : RolloutCondition(
                .progressing, .unknown, reason: RolloutReason.resumed, message: "Deployment is resumed",
                lastUpdate: now)
    }
}

extension RolloutStatus {
    /// Stores a condition that a sync decided on before the status is calculated.
    public mutating func record(_ condition: RolloutCondition) { set(condition) }
}

extension RolloutCondition {
    /// What finding, creating or failing to create the new ReplicaSet says about progress.
    public static func newReplicaSet(found name: String, now: SimulationTime) -> Self {
        Self(
            .progressing, .true, reason: RolloutReason.foundNewReplicaSet,
            message: "Found new replica set \"\(name)\"", lastUpdate: now)
    }

    public static func newReplicaSet(created name: String, now: SimulationTime) -> Self {
        Self(
            .progressing, .true, reason: RolloutReason.newReplicaSetCreated,
            message: "Created new replica set \"\(name)\"", lastUpdate: now)
    }

    public static func newReplicaSet(failed name: String, error: String, now: SimulationTime) -> Self {
        Self(
            .progressing, .false, reason: RolloutReason.replicaSetCreateError,
            message: "Failed to create new replica set \"\(name)\": \(error)", lastUpdate: now)
    }
}
