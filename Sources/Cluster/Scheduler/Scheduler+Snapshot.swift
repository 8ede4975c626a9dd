import KubernetesAPI
import Simulation

extension Scheduler.QueuedPod: BinaryCodable {
    func write(to writer: inout BinaryWriter) {
        writer.write(id)
        writer.write(priority)
        writer.write(queued)
        writer.write(order)
        writer.write(attempts)
        writer.write(failed)
        writer.write(plugins.map(\.rawValue))
    }

    init(from reader: inout BinaryReader) throws(BinaryDecodingError) {
        id = try reader.read()
        priority = try reader.read()
        queued = try reader.read()
        order = try reader.read()
        attempts = try reader.read()
        failed = try reader.read()
        plugins = try reader.read([String].self).compactMap(SchedulerPlugin.init(rawValue:))
    }
}

/// The cache of nodes follows from the store and is rebuilt by `restore(from:)`; the queues are state.
extension Scheduler: BinaryCodable {
    public func write(to writer: inout BinaryWriter) {
        writer.section("scheduler", version: 1)
        writer.write(nodesByName)
        writer.write(placements)
        writer.write(active)
        writer.write(backoff)
        writer.write(unschedulable)
        writer.write(nominated)
        writer.write(nextOrder)
        writer.write(nextStart)
        writer.write(cyclePending)
        writer.write(flushPending)
        writer.write(dice)
    }

    public init(from reader: inout BinaryReader) throws(BinaryDecodingError) {
        try reader.section("scheduler", version: 1)
        nodesByName = try reader.read()
        placements = try reader.read()
        active = try reader.read()
        backoff = try reader.read()
        unschedulable = try reader.read()
        nominated = try reader.read()
        nextOrder = try reader.read()
        nextStart = try reader.read()
        cyclePending = try reader.read()
        flushPending = try reader.read()
        dice = try reader.read()
    }
}
