import Simulation

/// When a controller counts a pod (`controller_utils.go`, `pod/util.go`).
public enum PodAvailability {
    /// Active: neither finished nor being deleted.
    public static func isActive(succeeded: Bool, failed: Bool, isDeleting: Bool) -> Bool {
        !succeeded && !failed && !isDeleting
    }

    /// Available: ready, and for longer than `minReadySeconds`.
    /// - Parameter readySince: when condition `Ready` became true; nil if it is not.
    public static func isAvailable(readySince: SimulationTime?, minReadySeconds: Int32, now: SimulationTime) -> Bool {
        guard let readySince else { return false }
        return minReadySeconds == 0 || readySince + .seconds(Int64(minReadySeconds)) < now
    }

    /// How long until a ready pod becomes available, so that its ReplicaSet is looked at again; nil if it is already
    /// or is not ready. One nanosecond more than the rest, as availability is strict.
    public static func delay(readySince: SimulationTime?, minReadySeconds: Int32, now: SimulationTime) -> Duration? {
        guard let readySince, !isAvailable(readySince: readySince, minReadySeconds: minReadySeconds, now: now) else {
            return nil
        }
        return readySince + .seconds(Int64(minReadySeconds)) - now + .nanoseconds(1)
    }
}
