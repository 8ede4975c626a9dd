import KubernetesAPI
import Simulation

/// When a controller wants to look at an object again: at most one delayed key an object, the earliest that was asked.
///
/// `AddAfter` of a real work queue keeps one entry a key as well; without that, keys that are added at each sync would
/// pile up until their time comes.
struct Wakeups: Sendable, Equatable {
    private var due: [AnyObjectID: SimulationTime] = [:]

    init() {}

    /// Asks for a look at an object after a delay, unless an earlier one is coming.
    mutating func schedule(
        _ controller: ControllerName, _ id: AnyObjectID, after delay: Duration, _ context: inout ClusterContext
    ) {
        let time = context.now + max(.zero, delay)
        if let planned = due[id], planned <= time, planned > context.now { return }
        due[id] = time
        context.queue.schedule(.reconcile(controller, id), at: time, on: &context.clock)
    }

    /// Begins a sync: what was planned for now or before has come.
    mutating func begin(_ id: AnyObjectID, now: SimulationTime) {
        if let planned = due[id], planned <= now { due[id] = nil }
    }

    mutating func forget(_ id: AnyObjectID) { due[id] = nil }
}

extension Wakeups: BinaryCodable {
    func write(to writer: inout BinaryWriter) { writer.write(due) }
    init(from reader: inout BinaryReader) throws(BinaryDecodingError) { due = try reader.read() }
}
