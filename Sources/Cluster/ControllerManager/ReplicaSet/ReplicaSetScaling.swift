/// How many pods a ReplicaSet creates or deletes in one sync (`manageReplicas` of `replica_set.go`).
public enum ReplicaSetScaling: Sendable, Equatable {
    case none
    case create(Int)
    case delete(Int)

    /// Pods created or deleted by one sync at most.
    public static let burst = 500
    /// The first batch of creations.
    public static let firstBatch = 1

    public init(activePods: Int, replicas: Int32) {
        let difference = activePods - Int(replicas)
        if difference < 0 {
            self = .create(difference < -Self.burst ? Self.burst : -difference)
        } else if difference > 0 {
            self = .delete(min(difference, Self.burst))
        } else {
            self = .none
        }
    }
}

/// Creation in batches that double as long as nothing fails, so that a quota or a broken admission is not asked
/// hundreds of times in vain (`slowStartBatch` of `controller_utils.go`).
public struct SlowStart: Sendable, Equatable {
    private var left: Int
    private var size: Int
    /// Calls that succeeded.
    public private(set) var successes = 0

    public init(count: Int, firstBatch: Int = ReplicaSetScaling.firstBatch) {
        left = max(0, count)
        size = min(left, max(1, firstBatch))
    }

    /// The number of calls to make now; 0 when all is done or a batch had a failure.
    public var batch: Int { size }

    /// Notes how many calls of the batch succeeded. A batch is always finished; a failure in it ends the creation.
    public mutating func finishBatch(successes succeeded: Int) {
        let succeeded = min(max(0, succeeded), size)
        successes += succeeded
        left -= size
        size = succeeded < size ? 0 : min(size > Int.max / 2 ? Int.max : 2 * size, left)
    }
}
