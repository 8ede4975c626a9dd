/// Scaling a Deployment whose size changes while it rolls or is paused (`scale` of `sync.go`).
extension RolloutDeployment {
    /// Whether the Deployment's size changed since its ReplicaSets were last scaled (`isScalingEvent`).
    public func isScalingEvent(_ sets: [RolloutReplicaSet]) -> Bool {
        sets.contains { $0.isActive && $0.desiredReplicas != nil && $0.desiredReplicas != replicas }
    }

    /// The new sizes: all of it to the only active set, else what all share in proportion to their sizes.
    ///
    /// Every set that is written, changed or not, gets fresh annotations of the desired and maximal replicas.
    public func scaleProportionally(new: RolloutReplicaSet?, old: [RolloutReplicaSet]) -> [RolloutScaling] {
        let all = old + (new.map { [$0] } ?? [])
        let active = all.filter(\.isActive)
        if active.count <= 1 {
            guard let only = active.first ?? new ?? old.max(by: RolloutReplicaSet.isOlder) else { return [] }
            return only.replicas == replicas
                ? [] : [RolloutScaling(name: only.name, from: only.replicas, to: replicas)]
        }
        // The new set has taken over: nothing old is wanted any more.
        if let new, isSaturated(new) {
            return old.filter(\.isActive).sorted(by: RolloutReplicaSet.isOlder).map {
                RolloutScaling(name: $0.name, from: $0.replicas, to: 0)
            }
        }
        guard case .rollingUpdate = strategy else { return [] }
        return shareOut(among: active)
    }

    /// Whether a set has the whole size and all of it is available (`IsSaturated`).
    func isSaturated(_ set: RolloutReplicaSet) -> Bool {
        set.replicas == replicas && set.desiredReplicas == replicas && set.availableReplicas == replicas
    }

    private func shareOut(among active: [RolloutReplicaSet]) -> [RolloutScaling] {
        let allowed = replicas > 0 ? sizeLimit : 0
        let toAdd = allowed.subtractingClamped(active.total(\.replicas))
        // The largest set comes first and takes what rounding leaves over; among equals the newer one grows and the
        // older one shrinks.
        let sorted = active.sorted { left, right in
            if left.replicas != right.replicas { return left.replicas > right.replicas }
            return toAdd > 0 ? RolloutReplicaSet.isOlder(right, left) : RolloutReplicaSet.isOlder(left, right)
        }
        var sizes = sorted.map(\.replicas)
        if toAdd != 0 {
            var added: Int32 = 0
            for (index, set) in sorted.enumerated() {
                let share = proportion(of: set, toAdd: toAdd, added: added)
                sizes[index] = sizes[index].addingClamped(share)
                added = added.addingClamped(share)
            }
            if !sizes.isEmpty { sizes[0] = max(0, sizes[0].addingClamped(toAdd.subtractingClamped(added))) }
        }
        return zip(sorted, sizes).compactMap { set, size in
            size == set.replicas ? nil : RolloutScaling(name: set.name, from: set.replicas, to: size)
        }
    }

    /// The change of one set within what is still to be added or removed (`GetReplicaSetProportion`).
    func proportion(of set: RolloutReplicaSet, toAdd: Int32, added: Int32) -> Int32 {
        if set.replicas == 0 || toAdd == 0 || toAdd == added { return 0 }
        let fraction = fraction(of: set)
        let left = toAdd.subtractingClamped(added)
        return toAdd > 0 ? min(fraction, left) : max(fraction, left)
    }

    /// By how much a set would change if it kept its share of the Deployment (`getReplicaSetFraction`), half away from
    /// zero.
    func fraction(of set: RolloutReplicaSet) -> Int32 {
        if replicas == 0 { return Int32(0).subtractingClamped(set.replicas) }
        // The size that the set's share refers to; a set of an old version of Kubernetes has no annotation.
        var base = set.maxReplicas ?? 0
        if base == 0 { base = status.replicas }
        if base == 0 { return 0 }
        let size = Double(set.replicas) * Double(sizeLimit) / Double(base)
        return Int32(clampingReplicas: size.rounded(.toNearestOrAwayFromZero)).subtractingClamped(set.replicas)
    }
}
