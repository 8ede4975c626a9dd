import Simulation

/// How the pods of a target count for one metric (`groupPods` of `replica_calculator.go`).
public struct HPAPodGroups: Sendable, Equatable {
    /// Pods whose sample counts.
    public var readyCount = 0
    /// Pods that count as using nothing when the others are above the target, and not at all otherwise.
    public var unready: [String] = []
    /// Pods without a sample: counted as using nothing above the target and as on target below it.
    public var missing: [String] = []
    /// Pods that are failed or being deleted.
    public var ignored: [String] = []

    public init() {}
}

/// Why a pod counts as it does.
enum HPAPodClass {
    case ready, unready, missing, ignored
}

extension HPAPod {
    /// The class of a pod for a metric; the order of the tests is that of the real controller.
    /// - Parameter resource: nil for a custom metric, to which readiness does not matter (nor to memory).
    func classified(
        sample: HPASample?, resource: String?, settings: HPASettings, now: SimulationTime
    ) -> HPAPodClass {
        if isDeleting || phase == .failed { return .ignored }
        if phase == .pending { return .unready }
        guard let sample else { return .missing }
        guard resource == "cpu" else { return .ready }
        guard let readiness, let startTime else { return .unready }
        if startTime + settings.cpuInitializationPeriod > now {
            // A young pod burns CPU to start; its sample counts only if all of it was measured while ready.
            let measuredWhileStarting = sample.timestamp < readiness.lastTransition + sample.window
            return readiness.status == .false || measuredWhileStarting ? .unready : .ready
        }
        // A pod that was never ready has not changed its condition since shortly after its start. One that lost
        // readiness later counts: it may have lost it because of load.
        let neverReady = startTime + settings.initialReadinessDelay > readiness.lastTransition
        return readiness.status == .false && neverReady ? .unready : .ready
    }
}
