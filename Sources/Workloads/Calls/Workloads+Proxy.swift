import Simulation

/// Sidecars: what a request costs the proxy of the pod it enters or leaves.
extension Workloads {
    /// In a sandbox that has a sidecar, but not at the moment.
    static let lostProxy: UInt32 = .max - 1

    /// Charges a pod's sidecar for one request; false if the pod has one and it is down.
    ///
    /// The work shows in the sidecar's CPU; the time it adds is `network.sidecar`.
    /// - Parameter isOut: whether the pod sends it.
    mutating func passProxy(_ slot: Int, isOut: Bool) -> Bool {
        let proxy = sandboxes[Int(processes[slot].sandbox.slot)].proxy
        guard proxy != .max, Int(proxy) != slot else { return true }
        guard proxy != Self.lostProxy, processes[Int(proxy)].phase == .serving else { return false }
        let sidecar = Int(proxy)
        notePassage(sidecar, isOut: isOut)
        let work = catalogue.programs[Int(processes[sidecar].behaviour)].behaviour.proxyWork?.seconds ?? 0
        if work > 0, !chargeAtOnce(sidecar, seconds: work) {
            submit(internalCall(.blockage, in: sidecar), seconds: work)
        }
        return true
    }
}
