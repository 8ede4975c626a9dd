/// The steps of a rolling update (`rolling.go`): each sync takes one, scaling up before scaling down.
extension RolloutDeployment {
    /// The size that the new ReplicaSet gets now (`NewRSNewReplicas`): as much as the surge leaves room for. A new set
    /// is created with this size at once.
    /// - Parameters:
    ///   - total: sum of `spec.replicas` over all sets, the new one included.
    ///   - newReplicas: `spec.replicas` of the new set.
    public func newReplicaSetSize(total: Int32, newReplicas: Int32) -> Int32 {
        guard case .rollingUpdate = strategy else { return replicas }
        let room = sizeLimit.subtractingClamped(total)
        if room <= 0 { return newReplicas }
        return newReplicas.addingClamped(min(room, replicas.subtractingClamped(newReplicas)))
    }

    /// The step for the new set, nil if it has nothing to do (`reconcileNewReplicaSet`).
    public func reconcileNew(_ new: RolloutReplicaSet, old: [RolloutReplicaSet]) -> RolloutScaling? {
        if new.replicas == replicas { return nil }
        let size: Int32
        if new.replicas > replicas {
            size = replicas
        } else {
            let total = new.replicas.addingClamped(old.total(\.replicas))
            size = newReplicaSetSize(total: total, newReplicas: new.replicas)
        }
        return size == new.replicas ? nil : RolloutScaling(name: new.name, from: new.replicas, to: size)
    }

    /// The step for the old sets: what may go without falling below `minAvailable`, unhealthy pods first
    /// (`reconcileOldReplicaSets`). A set appears at most once.
    public func reconcileOld(new: RolloutReplicaSet?, old: [RolloutReplicaSet]) -> [RolloutScaling] {
        let oldTotal = old.total(\.replicas)
        if oldTotal == 0 { return [] }
        let newReplicas = new?.replicas ?? 0
        let newAvailable = new?.availableReplicas ?? 0
        // Pods of the new set that are not available yet are on their way; old ones must stay for them.
        let newUnavailable = newReplicas.subtractingClamped(newAvailable)
        let budget = newReplicas.addingClamped(oldTotal).subtractingClamped(minAvailable)
            .subtractingClamped(newUnavailable)
        if budget <= 0 { return [] }
        let sorted = old.sorted(by: RolloutReplicaSet.isOlder)
        var sizes = sorted.map(\.replicas)
        _ = Self.cleanUpUnhealthy(sorted, budget: budget, sizes: &sizes)
        _ = scaleDownOld(sorted, newAvailable: newAvailable, sizes: &sizes)
        return zip(sorted, sizes).compactMap { set, size in
            size == set.replicas ? nil : RolloutScaling(name: set.name, from: set.replicas, to: size)
        }
    }

    /// Takes pods that are not available from old sets, oldest set first; returns how many went.
    /// - Parameter sizes: the sets' sizes, changed in place.
    static func cleanUpUnhealthy(_ old: [RolloutReplicaSet], budget: Int32, sizes: inout [Int32]) -> Int32 {
        var cleaned: Int32 = 0
        for (index, set) in old.enumerated() where set.replicas != 0 && set.replicas != set.availableReplicas {
            if cleaned >= budget { break }
            let unhealthy = set.replicas.subtractingClamped(set.availableReplicas)
            let taken = min(budget.subtractingClamped(cleaned), unhealthy)
            // More available than wanted is a status that lags behind; there is nothing to take then.
            guard taken > 0 else { continue }
            sizes[index] = set.replicas.subtractingClamped(taken)
            cleaned = cleaned.addingClamped(taken)
        }
        return cleaned
    }

    /// Takes what is available beyond the minimum from old sets, oldest set first; returns how many went.
    ///
    /// Availability is as the sets last reported it: what was just cleaned up was not available and does not count.
    /// - Parameter sizes: the sets' sizes after the cleaning, changed in place.
    func scaleDownOld(_ old: [RolloutReplicaSet], newAvailable: Int32, sizes: inout [Int32]) -> Int32 {
        let available = newAvailable.addingClamped(old.total(\.availableReplicas))
        let excess = available.subtractingClamped(minAvailable)
        if excess <= 0 { return 0 }
        var taken: Int32 = 0
        for index in old.indices where sizes[index] > 0 {
            if taken >= excess { break }
            let share = min(sizes[index], excess.subtractingClamped(taken))
            sizes[index] = sizes[index].subtractingClamped(share)
            taken = taken.addingClamped(share)
        }
        return taken
    }
}
