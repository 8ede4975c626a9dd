import Simulation

/// What one sync of a Deployment is about (`syncDeployment` of `deployment_controller.go`).
public enum DeploymentSync: Sendable, Equatable {
    /// Being deleted: only the status is kept up.
    case statusOnly
    /// Paused or resized: sizes are shared out, no new ReplicaSet is made and nothing rolls.
    case scale
    case recreate
    case rollingUpdate
}

extension RolloutDeployment {
    /// The kind of sync that is due; the condition of ``pausedCondition(now:)`` comes before it.
    /// - Parameter sets: all ReplicaSets, the new one included.
    public func sync(_ sets: [RolloutReplicaSet]) -> DeploymentSync {
        if isDeleting { return .statusOnly }
        if isPaused || isScalingEvent(sets) { return .scale }
        return switch strategy {
        case .recreate: .recreate
        case .rollingUpdate: .rollingUpdate
        }
    }

    /// One step of a rolling update: the new set first, the old ones only if it stays as it is.
    public func rollingUpdateStep(new: RolloutReplicaSet, old: [RolloutReplicaSet]) -> [RolloutScaling] {
        if let scaling = reconcileNew(new, old: old) { return [scaling] }
        return reconcileOld(new: new, old: old)
    }

    /// One step of a recreation: old sets to zero, then wait for their pods, then the new set at full size.
    /// - Parameter oldPodsRun: whether a pod of an old set is neither succeeded nor failed; terminating ones count.
    public func recreateStep(old: [RolloutReplicaSet], oldPodsRun: Bool) -> RecreateStep {
        let scalings = old.filter(\.isActive).sorted(by: RolloutReplicaSet.isOlder).map {
            RolloutScaling(name: $0.name, from: $0.replicas, to: 0)
        }
        if !scalings.isEmpty { return .scaleDown(scalings) }
        return oldPodsRun ? .waitForOldPods : .scaleUp(to: replicas)
    }

    /// Annotations `desired-replicas` and `max-replicas` that every written ReplicaSet gets.
    public var sizeAnnotations: (desired: Int32, max: Int32) { (replicas, sizeLimit) }
}

/// What a recreation does next.
public enum RecreateStep: Sendable, Equatable {
    case scaleDown([RolloutScaling])
    case waitForOldPods
    /// Create the new set with this size, or scale it there.
    case scaleUp(to: Int32)
}
