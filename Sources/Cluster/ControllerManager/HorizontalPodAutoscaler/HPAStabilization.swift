import Simulation

/// What recent recommendations make of the metrics' wish.
public struct HPAStabilization: Sendable, Equatable {
    /// The replicas after stabilisation.
    public var replicas: Int32
    /// The least that scaling up may be held at: the lowest recommendation within the window for scaling up.
    public var upperBound: Int32
    /// The most that scaling down is held at: the highest recommendation within the window for scaling down.
    public var lowerBound: Int32
    /// The reason of condition `AbleToScale`.
    public var reason: HPAReason
}

extension [HPARecommendation] {
    /// Without `behavior`: the highest recommendation of the window; only scaling down is stabilised
    /// (`stabilizeRecommendation`). The wish is recorded.
    mutating func stabilize(desired: Int32, window: Duration, now: SimulationTime) -> HPAStabilization {
        let cutoff = now - window
        var highest = desired
        var place: Int?
        for index in indices {
            if self[index].time < cutoff {
                place = index
            } else {
                highest = Swift.max(highest, self[index].replicas)
            }
        }
        record(desired, at: place, now: now)
        return HPAStabilization(
            replicas: highest, upperBound: desired, lowerBound: highest,
            reason: highest == desired ? .readyForNewScale : .scaleDownStabilized)
    }

    /// With `behavior`: the current size, moved into the range between the lowest recommendation of the window for
    /// scaling up and the highest of that for scaling down (`stabilizeRecommendationWithBehaviors`). The wish is
    /// recorded.
    mutating func stabilize(
        current: Int32, desired: Int32, scaleUpWindow: Duration, scaleDownWindow: Duration, now: SimulationTime
    ) -> HPAStabilization {
        let upCutoff = now - scaleUpWindow
        let downCutoff = now - scaleDownWindow
        var up = desired
        var down = desired
        var place: Int?
        // Here, other than without `behavior`, a recommendation exactly as old as the window no longer counts.
        for index in indices {
            let (replicas, time) = (self[index].replicas, self[index].time)
            if time > upCutoff { up = Swift.min(up, replicas) }
            if time > downCutoff { down = Swift.max(down, replicas) }
            if time < upCutoff, time < downCutoff { place = index }
        }
        var replicas = current
        if replicas < up { replicas = up }
        if replicas > down { replicas = down }
        record(desired, at: place, now: now)
        let reason: HPAReason =
            replicas == desired ? .readyForNewScale : desired >= current ? .scaleUpStabilized : .scaleDownStabilized
        return HPAStabilization(replicas: replicas, upperBound: up, lowerBound: down, reason: reason)
    }

    /// Records a wish over the last entry that no window needs, so that the list stays short.
    private mutating func record(_ desired: Int32, at place: Int?, now: SimulationTime) {
        let entry = HPARecommendation(replicas: desired, time: now)
        if let place { self[place] = entry } else { append(entry) }
    }
}
