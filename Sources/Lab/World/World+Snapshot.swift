import Cluster
import Simulation
import Workloads

/// A world as a lab's file keeps it.
public struct WorldSnapshot: Sendable, Equatable {
    public var bytes: [UInt8]
    public var attachments: Attachments
}

/// A world in bytes, and back: each room writes its own versioned section.
extension World {
    /// The version of the layout as a whole.
    static let snapshotVersion = 1
    /// The same with parts that lie beside it.
    static let attachingVersion = 2

    /// The whole state. Equal worlds have equal bytes.
    public func encode() -> [UInt8] {
        var writer = BinaryWriter(reservingCapacity: 1 << 16)
        write(to: &writer, version: Self.snapshotVersion)
        return writer.bytes
    }

    /// The whole state for a lab's file, which keeps many of them: what only grows, such as samples of the past, lies
    /// beside.
    public func snapshot() -> WorldSnapshot {
        var writer = BinaryWriter(reservingCapacity: 1 << 16)
        writer.attachments = Attachments()
        write(to: &writer, version: Self.attachingVersion)
        return WorldSnapshot(bytes: writer.bytes, attachments: writer.attachments ?? Attachments())
    }

    private func write(to writer: inout BinaryWriter, version: Int) {
        writer.section("world", version: version)
        writer.write(seed)
        writer.write(clock)
        writer.write(cluster)
        writer.write(workloads)
        writer.write(incidents.queue)
        let active = incidents.active.keys.sorted()
        writer.write(active)
        for index in active { writer.write(incidents.active[index] ?? nil) }
        writer.write(incidents.timeline.count)
        for entry in incidents.timeline {
            writer.write(entry.time)
            writer.write(entry.text)
        }
        writer.write(digest)
        writer.write(counts)
        // A world without monitoring writes what it always wrote.
        monitoring?.write(to: &writer)
        // Spans that somebody had recorded for a look at a replay are no part of the world.
        if scenario.monitoring?.traces != nil { workloads.writeTraces(to: &writer) }
    }

    /// Reads a world back.
    /// - Parameters:
    ///   - bytes: what `encode` or `snapshot` wrote.
    ///   - attachments: what lies beside them.
    ///   - scenario: the scenario of the world, which a lab keeps beside its snapshots.
    ///   - additionalFaults: faults that inputs added, in their order.
    /// - Throws: `BinaryDecodingError`; bytes of any kind never trap.
    public init(
        decoding bytes: [UInt8], attachments: Attachments = Attachments(), scenario: Scenario,
        additionalFaults: [FaultDescription] = []
    ) throws(BinaryDecodingError) {
        var reader = BinaryReader(bytes)
        let version = try reader.section("world", versions: Self.snapshotVersion...Self.attachingVersion)
        if version == Self.attachingVersion { reader.attachments = attachments }
        self.scenario = scenario
        seed = try reader.read()
        clock = try reader.read()
        cluster = try reader.read()
        workloads = try reader.read()
        incidents = Incidents(scenario: scenario, seed: seed)
        incidents.faults += additionalFaults
        incidents.queue = try reader.read()
        for index in try reader.read([UInt32].self) {
            guard Int(index) < incidents.faults.count else {
                throw .malformed(what: "incidents", offset: reader.offset)
            }
            incidents.active[index] = .some(try reader.read())
        }
        let entries: Int = try reader.read()
        guard entries >= 0, entries <= reader.remaining else {
            throw .malformed(what: "timeline", offset: reader.offset)
        }
        for _ in 0..<entries {
            incidents.timeline.append(Incidents.Entry(time: try reader.read(), text: try reader.read()))
        }
        digest = try reader.read()
        counts = try reader.read()
        if let description = scenario.monitoring { monitoring = try MonitoringStack(description, from: &reader) }
        if let traces = scenario.monitoring?.traces { try workloads.readTraces(traces.settings, from: &reader) }
        observeWork()
    }

    /// A hash over inputs, events and final state, as docs/architecture.md defines it: the events' digest folded with
    /// the bytes of the state.
    public var stateDigest: String {
        var result = digest.value
        result.fold(encode())
        return result.description
    }
}
