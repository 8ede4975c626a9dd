import Simulation

/// Which old ReplicaSets stay for an undo, and how revisions are numbered.
extension RolloutDeployment {
    /// Names of the old sets to delete, lowest revision first (`cleanupDeployment`); a set that still has pods, or
    /// whose status lags behind, is passed over without another taking its place.
    public func trimmedHistory(_ old: [RolloutReplicaSet]) -> [String] {
        guard let limit = revisionHistoryLimit, limit != .max else { return [] }
        let candidates = old.filter { !$0.isDeleting }
        let excess = candidates.count - Int(max(0, limit))
        guard excess > 0 else { return [] }
        let sorted = candidates.sorted { left, right in
            left.revision == right.revision
                ? RolloutReplicaSet.isOlder(left, right) : left.revision < right.revision
        }
        return sorted.prefix(excess).filter {
            $0.replicas == 0 && $0.statusReplicas == 0 && $0.generation <= $0.observedGeneration
        }.map(\.name)
    }

    /// The revision of the new set: one more than any old set's.
    public static func newRevision(_ old: [RolloutReplicaSet]) -> Int64 {
        (old.map(\.revision).max() ?? 0).addingSaturating(1)
    }

    /// The revision to go back to: a given one, or for 0 the highest below the newest. Nil if there is none
    /// (`kubectl rollout undo` refuses then).
    public static func undoTarget(_ sets: [RolloutReplicaSet], revision: Int64) -> RolloutReplicaSet? {
        if revision > 0 { return sets.first { $0.revision == revision } }
        let sorted = sets.filter { $0.revision > 0 }.sorted { $0.revision > $1.revision }
        return sorted.count > 1 ? sorted[1] : nil
    }
}

/// Annotation `deployment.kubernetes.io/revision-history`: the former revisions of a set that is used again.
public enum RevisionHistory {
    /// The longest annotation, in bytes; the oldest revisions are dropped beyond it.
    static let limit = 2000

    /// The annotation after a set's revision moved on from `revision`.
    public static func appending(_ revision: Int64, to history: String) -> String {
        guard revision > 0 else { return history }
        var revisions = history.split(separator: ",").map(String.init)
        revisions.append(String(revision))
        var length = revisions.reduce(revisions.count - 1) { $0 + $1.utf8.count }
        var dropped = 0
        while length > limit, dropped < revisions.count - 1 {
            length -= revisions[dropped].utf8.count + 1
            dropped += 1
        }
        return revisions.dropFirst(dropped).joined(separator: ",")
    }
}
