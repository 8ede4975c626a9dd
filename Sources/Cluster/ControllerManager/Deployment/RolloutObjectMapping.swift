import KubernetesAPI
import Simulation

/// From API objects to what the rollout decisions read, and back.
extension RolloutDeployment {
    init(_ deployment: Deployment, _ context: borrowing ClusterContext) {
        let update = deployment.spec.strategy?.rollingUpdate
        self.init(
            replicas: deployment.spec.replicas ?? 1,
            strategy: deployment.spec.strategy?.type == "Recreate"
                ? .recreate
                : .rollingUpdate(
                    maxSurge: AmountOrPercent(update?.maxSurge) ?? .percent(25),
                    maxUnavailable: AmountOrPercent(update?.maxUnavailable) ?? .percent(25)),
            isPaused: deployment.spec.paused == true, isDeleting: deployment.metadata.deletionTimestamp != nil,
            progressDeadlineSeconds: deployment.spec.progressDeadlineSeconds ?? 600,
            revisionHistoryLimit: deployment.spec.revisionHistoryLimit ?? 10,
            generation: deployment.metadata.generation,
            status: RolloutStatus(deployment.status, context))
    }
}

extension AmountOrPercent {
    init?(_ value: IntOrString?) {
        switch value {
        case .int(let amount): self = .amount(amount)
        case .string(let text):
            guard let parsed = try? AmountOrPercent(parsing: text) else { return nil }
            self = parsed
        case nil: return nil
        }
    }
}

extension RolloutReplicaSet {
    init(_ set: ReplicaSet, _ context: borrowing ClusterContext) {
        typealias Annotation = DeploymentController.Annotation
        let (annotations, settings) = (set.metadata.annotations, context.settings)
        self.init(
            name: set.metadata.name, replicas: set.spec.replicas ?? 1, statusReplicas: set.status.replicas,
            readyReplicas: set.status.readyReplicas, availableReplicas: set.status.availableReplicas,
            terminatingReplicas: set.status.terminatingReplicas,
            creation: set.metadata.creationTimestamp.map(settings.simulationTime) ?? .zero,
            desiredReplicas: annotations[Annotation.desiredReplicas].flatMap { Int32($0) },
            maxReplicas: annotations[Annotation.maxReplicas].flatMap { Int32($0) },
            revision: annotations[Annotation.revision].flatMap { Int64($0) } ?? 0,
            isDeleting: set.metadata.deletionTimestamp != nil, generation: set.metadata.generation,
            observedGeneration: set.status.observedGeneration,
            failure: set.status.conditions.first { $0.type == "ReplicaFailure" }.map { condition in
                RolloutCondition(
                    .replicaFailure, RolloutCondition.Status(rawValue: condition.status) ?? .unknown,
                    reason: condition.reason,
                    message: condition.message,
                    lastUpdate: condition.lastTransitionTime.map(settings.simulationTime) ?? .zero)
            })
    }
}

extension RolloutStatus {
    init(_ status: DeploymentStatus, _ context: borrowing ClusterContext) {
        let settings = context.settings
        self.init(
            observedGeneration: status.observedGeneration, replicas: status.replicas,
            updatedReplicas: status.updatedReplicas,
            readyReplicas: status.readyReplicas, availableReplicas: status.availableReplicas,
            unavailableReplicas: status.unavailableReplicas, terminatingReplicas: status.terminatingReplicas,
            conditions: status.conditions.compactMap { condition in
                RolloutCondition.Kind(rawValue: condition.type).map { kind in
                    let transition = condition.lastTransitionTime.map(settings.simulationTime) ?? .zero
                    return RolloutCondition(
                        kind, RolloutCondition.Status(rawValue: condition.status) ?? .unknown, reason: condition.reason,
                        message: condition.message,
                        lastUpdate: condition.lastUpdateTime.map(settings.simulationTime) ?? transition,
                        lastTransition: transition)
                }
            })
    }

    /// The status as the API shows it.
    func object(replacing old: DeploymentStatus, _ context: borrowing ClusterContext) -> DeploymentStatus {
        var status = old
        let settings = context.settings
        status.observedGeneration = observedGeneration
        status.replicas = replicas
        status.updatedReplicas = updatedReplicas
        status.readyReplicas = readyReplicas
        status.availableReplicas = availableReplicas
        status.unavailableReplicas = unavailableReplicas
        status.terminatingReplicas = terminatingReplicas
        status.conditions = conditions.map { condition in
            var object = DeploymentCondition()
            object.type = condition.kind.rawValue
            object.status = condition.status.rawValue
            object.reason = condition.reason
            object.message = condition.message
            object.lastUpdateTime = settings.wallTime(at: condition.lastUpdate)
            object.lastTransitionTime = settings.wallTime(at: condition.lastTransition)
            return object
        }
        return status
    }
}
