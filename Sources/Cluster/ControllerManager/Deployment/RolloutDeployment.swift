import Simulation

/// What the rollout decisions look at in a Deployment, after API defaulting.
public struct RolloutDeployment: Sendable, Equatable {
    public enum Strategy: Sendable, Equatable {
        case recreate
        /// Nil counts as 0.
        case rollingUpdate(maxSurge: AmountOrPercent?, maxUnavailable: AmountOrPercent?)
    }

    public var replicas: Int32
    public var strategy: Strategy
    public var isPaused: Bool
    public var isDeleting: Bool
    /// Nil or 2147483647: no deadline.
    public var progressDeadlineSeconds: Int32?
    /// Nil or 2147483647: nothing is ever trimmed.
    public var revisionHistoryLimit: Int32?
    public var generation: Int64
    public var status: RolloutStatus

    public init(
        replicas: Int32,
        strategy: Strategy = .rollingUpdate(maxSurge: .percent(25), maxUnavailable: .percent(25)),
        isPaused: Bool = false, isDeleting: Bool = false, progressDeadlineSeconds: Int32? = 600,
        revisionHistoryLimit: Int32? = 10, generation: Int64 = 1, status: RolloutStatus = RolloutStatus()
    ) {
        self.replicas = replicas
        self.strategy = strategy
        self.isPaused = isPaused
        self.isDeleting = isDeleting
        self.progressDeadlineSeconds = progressDeadlineSeconds
        self.revisionHistoryLimit = revisionHistoryLimit
        self.generation = generation
        self.status = status
    }

    var hasProgressDeadline: Bool { progressDeadlineSeconds != nil && progressDeadlineSeconds != .max }
}

/// What the rollout decisions look at in a ReplicaSet of a Deployment.
public struct RolloutReplicaSet: Sendable, Equatable {
    public var name: String
    /// `spec.replicas`.
    public var replicas: Int32
    public var statusReplicas: Int32
    public var readyReplicas: Int32
    public var availableReplicas: Int32
    /// Nil if the status does not tell.
    public var terminatingReplicas: Int32?
    public var creation: SimulationTime
    /// Annotation `deployment.kubernetes.io/desired-replicas`: the Deployment's size when this set was last scaled.
    public var desiredReplicas: Int32?
    /// Annotation `deployment.kubernetes.io/max-replicas`: that size plus the surge of then.
    public var maxReplicas: Int32?
    /// Annotation `deployment.kubernetes.io/revision`, 0 if there is none.
    public var revision: Int64
    public var isDeleting: Bool
    public var generation: Int64
    public var observedGeneration: Int64
    /// The set's `ReplicaFailure` condition.
    public var failure: RolloutCondition?

    public init(
        name: String, replicas: Int32, statusReplicas: Int32? = nil, readyReplicas: Int32? = nil,
        availableReplicas: Int32 = 0, terminatingReplicas: Int32? = nil, creation: SimulationTime = .zero,
        desiredReplicas: Int32? = nil, maxReplicas: Int32? = nil, revision: Int64 = 0, isDeleting: Bool = false,
        generation: Int64 = 1, observedGeneration: Int64 = 1, failure: RolloutCondition? = nil
    ) {
        self.name = name
        self.replicas = replicas
        self.statusReplicas = statusReplicas ?? replicas
        self.readyReplicas = readyReplicas ?? availableReplicas
        self.availableReplicas = availableReplicas
        self.terminatingReplicas = terminatingReplicas
        self.creation = creation
        self.desiredReplicas = desiredReplicas
        self.maxReplicas = maxReplicas
        self.revision = revision
        self.isDeleting = isDeleting
        self.generation = generation
        self.observedGeneration = observedGeneration
        self.failure = failure
    }

    var isActive: Bool { replicas > 0 }

    /// Older first; equal times by the bytes of the name.
    static func isOlder(_ left: Self, _ right: Self) -> Bool {
        left.creation == right.creation
            ? left.name.utf8.lexicographicallyPrecedes(right.name.utf8) : left.creation < right.creation
    }
}

/// A new size for a ReplicaSet.
public struct RolloutScaling: Sendable, Equatable {
    public var name: String
    public var from: Int32
    public var to: Int32

    public init(name: String, from: Int32, to: Int32) {
        self.name = name
        self.from = from
        self.to = to
    }

    /// The message of the Deployment's event `ScalingReplicaSet`.
    public var eventMessage: String { "Scaled \(to > from ? "up" : "down") replica set \(name) from \(from) to \(to)" }
}

extension Sequence<RolloutReplicaSet> {
    /// The sum of a field, saturating.
    func total(_ field: (RolloutReplicaSet) -> Int32) -> Int32 {
        Int32(clamping: reduce(Int64(0)) { $0.addingSaturating(Int64(field($1))) })
    }

    /// The sum of the terminating pods, nil if any set does not tell.
    func totalTerminating() -> Int32? {
        var sum: Int64 = 0
        for set in self {
            guard let count = set.terminatingReplicas else { return nil }
            sum = sum.addingSaturating(Int64(count))
        }
        return Int32(clamping: sum)
    }
}
