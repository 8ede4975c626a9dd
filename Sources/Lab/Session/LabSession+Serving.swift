import Cluster
import Foundation
import KubernetesAPI
import Simulation

/// What a served lab needs: time in small portions, and every change of the store for those who watch.
extension LabSession {
    /// Lets time pass up to an instant, or until about so many events were handled; always whole instants.
    /// - Throws: `RunError`; the world is then as it was committed last.
    public mutating func pass(to target: SimulationTime, events limit: UInt64) throws {
        let first = world.counts.total
        do {
            let stopped = try world.advance(to: target) { $0.counts.total - first >= limit }
            if stopped { try world.advance(to: world.now) }
        } catch {
            try revert()
            throw error
        }
        note(.advance)
    }

    /// Lets a lab in which nothing has happened yet begin at another wall clock.
    /// - Parameter start: RFC 3339.
    /// - Returns: false, and nothing was changed, if something has happened, or if the lab has a clock of its own already.
    /// - Throws: `LabStoreError`; the lab is then as it was.
    public static func anchor(_ path: String, at start: String) throws -> Bool {
        let session = try open(path, for: .writing)
        guard session.header.start.isEmpty, session.now == .zero, try session.inputs().isEmpty else { return false }
        let temporary = path + ".anchored"
        try? FileManager.default.removeItem(atPath: temporary)
        let header = session.header
        _ = try create(
            temporary, scenario: session.scenario, seed: header.seed, exercise: header.exercise,
            student: header.student, start: start)
        guard rename(temporary, path) == 0 else {
            try? FileManager.default.removeItem(atPath: temporary)
            throw LabStoreError.readOnly(path)
        }
        return true
    }

    /// Begins to keep every change of the store for ``takeChanges()``.
    public mutating func keepChanges() { world.cluster.keepChanges() }

    /// The changes since the last time, in their order.
    public mutating func takeChanges() -> [WatchedChange] { world.cluster.takeChanges() }

    /// Lets simulated time pass that somebody asked for, and commits it.
    /// - Throws: `RunError`, `LabStoreError`.
    public mutating func pass(_ duration: Duration) throws { _ = try advance(to: world.now + duration) }
}
