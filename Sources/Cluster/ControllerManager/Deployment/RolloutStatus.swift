import Simulation

/// The status of a Deployment as far as rollouts are concerned.
public struct RolloutStatus: Sendable, Equatable {
    public var observedGeneration: Int64 = 0
    public var replicas: Int32 = 0
    public var updatedReplicas: Int32 = 0
    public var readyReplicas: Int32 = 0
    public var availableReplicas: Int32 = 0
    public var unavailableReplicas: Int32 = 0
    /// Nil if any ReplicaSet does not tell.
    public var terminatingReplicas: Int32?
    public var conditions: [RolloutCondition] = []

    public init(
        observedGeneration: Int64 = 0, replicas: Int32 = 0, updatedReplicas: Int32 = 0, readyReplicas: Int32 = 0,
        availableReplicas: Int32 = 0, unavailableReplicas: Int32 = 0, terminatingReplicas: Int32? = nil,
        conditions: [RolloutCondition] = []
    ) {
        self.observedGeneration = observedGeneration
        self.replicas = replicas
        self.updatedReplicas = updatedReplicas
        self.readyReplicas = readyReplicas
        self.availableReplicas = availableReplicas
        self.unavailableReplicas = unavailableReplicas
        self.terminatingReplicas = terminatingReplicas
        self.conditions = conditions
    }

    public func condition(_ kind: RolloutCondition.Kind) -> RolloutCondition? { conditions.first { $0.kind == kind } }

    /// Puts a condition at the end of the list in place of the former one of its kind, as the real controller does; if
    /// status and reason are the same as before, nothing changes, not even the time of the update.
    mutating func set(_ condition: RolloutCondition) {
        let former = self.condition(condition.kind)
        if let former, former.status == condition.status, former.reason == condition.reason { return }
        var condition = condition
        if let former, former.status == condition.status { condition.lastTransition = former.lastTransition }
        remove(condition.kind)
        conditions.append(condition)
    }

    mutating func remove(_ kind: RolloutCondition.Kind) { conditions.removeAll { $0.kind == kind } }
}

/// A condition of a Deployment (or the `ReplicaFailure` of a ReplicaSet).
public struct RolloutCondition: Sendable, Equatable {
    public enum Kind: String, Sendable, Equatable {
        case available = "Available"
        case progressing = "Progressing"
        case replicaFailure = "ReplicaFailure"
    }

    public enum Status: String, Sendable, Equatable {
        case `true` = "True"
        case `false` = "False"
        case unknown = "Unknown"
    }

    public var kind: Kind
    public var status: Status
    public var reason: String
    public var message: String
    /// When the condition was last written with a change of status or reason, or when progress was last seen.
    public var lastUpdate: SimulationTime
    public var lastTransition: SimulationTime

    public init(
        _ kind: Kind, _ status: Status, reason: String, message: String = "", lastUpdate: SimulationTime,
        lastTransition: SimulationTime? = nil
    ) {
        self.kind = kind
        self.status = status
        self.reason = reason
        self.message = message
        self.lastUpdate = lastUpdate
        self.lastTransition = lastTransition ?? lastUpdate
    }
}

/// Reasons of condition `Progressing`.
public enum RolloutReason {
    public static let newReplicaSetCreated = "NewReplicaSetCreated"
    public static let foundNewReplicaSet = "FoundNewReplicaSet"
    public static let replicaSetUpdated = "ReplicaSetUpdated"
    public static let replicaSetCreateError = "ReplicaSetCreateError"
    public static let newReplicaSetAvailable = "NewReplicaSetAvailable"
    public static let progressDeadlineExceeded = "ProgressDeadlineExceeded"
    public static let paused = "DeploymentPaused"
    public static let resumed = "DeploymentResumed"
}
