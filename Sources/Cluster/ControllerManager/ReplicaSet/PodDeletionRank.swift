import Simulation

/// What decides which pod of a ReplicaSet goes first when it shrinks (`ActivePodsWithRanks` of `controller_utils.go`).
public struct PodDeletionCandidate: Sendable, Equatable {
    public enum Phase: Int, Sendable, Equatable, Comparable {
        case pending, unknown, running

        public static func < (left: Self, right: Self) -> Bool { left.rawValue < right.rawValue }
    }

    public var uid: String
    /// Empty if the pod is not bound.
    public var node: String
    public var phase: Phase
    /// When condition `Ready` became true; nil if it is not.
    public var readySince: SimulationTime?
    public var creation: SimulationTime
    /// The most restarts of any of its containers.
    public var restarts: Int32
    /// Annotation `controller.kubernetes.io/pod-deletion-cost`.
    public var cost: Int32
    /// Active pods of the same owner (all ReplicaSets of its Deployment) on the pod's node.
    public var rank: Int

    public init(
        uid: String, node: String, phase: Phase, readySince: SimulationTime?, creation: SimulationTime,
        restarts: Int32 = 0, cost: Int32 = 0, rank: Int = 0
    ) {
        self.uid = uid
        self.node = node
        self.phase = phase
        self.readySince = readySince
        self.creation = creation
        self.restarts = restarts
        self.cost = cost
        self.rank = rank
    }
}

extension PodDeletionCandidate {
    /// Whether this pod is deleted before another.
    public func precedes(_ other: Self, now: SimulationTime) -> Bool {
        if node.isEmpty != other.node.isEmpty { return node.isEmpty }
        if phase != other.phase { return phase < other.phase }
        if (readySince == nil) != (other.readySince == nil) { return readySince == nil }
        if cost != other.cost { return cost < other.cost }
        if rank != other.rank { return rank > other.rank }
        if let mine = readySince, let theirs = other.readySince, mine != theirs {
            let (left, right) = (Self.ageBucket(mine, now), Self.ageBucket(theirs, now))
            return left == right ? uidPrecedes(other) : left < right
        }
        if restarts != other.restarts { return restarts > other.restarts }
        if creation != other.creation {
            let (left, right) = (Self.ageBucket(creation, now), Self.ageBucket(other.creation, now))
            return left == right ? uidPrecedes(other) : left < right
        }
        return false
    }

    /// Ages compare by their power of two (`LogarithmicScaleDown`), so that which of many pods of about one age goes
    /// is left to chance, that is to the UID.
    private static func ageBucket(_ time: SimulationTime, _ now: SimulationTime) -> Int {
        let age = (now - time).nanoseconds
        return age <= 0 ? -1 : 63 - age.leadingZeroBitCount
    }

    private func uidPrecedes(_ other: Self) -> Bool { uid.utf8.lexicographicallyPrecedes(other.uid.utf8) }

    /// Indices of the pods to delete, first to go first. All of them in their order if all are to go.
    public static func victims(_ pods: [Self], count: Int, now: SimulationTime) -> [Int] {
        if count >= pods.count { return Array(pods.indices) }
        let sorted = pods.indices.sorted { left, right in
            if pods[left].precedes(pods[right], now: now) { return true }
            if pods[right].precedes(pods[left], now: now) { return false }
            return left < right
        }
        return Array(sorted.prefix(max(0, count)))
    }

    /// Fills in the ranks: the number of active pods of the owner on each candidate's node.
    public static func ranked(_ pods: [Self], activeOwnerPodNodes: [String]) -> [Self] {
        var count: [String: Int] = [:]
        for node in activeOwnerPodNodes where !node.isEmpty { count[node, default: 0] += 1 }
        return pods.map { pod in
            var pod = pod
            pod.rank = count[pod.node] ?? 0
            return pod
        }
    }
}
