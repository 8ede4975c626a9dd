import ContainerRuntime
import Simulation

/// One machine: its cores, its memory and who is using them.
struct MachineState: Sendable {
    var isPresent = false
    var cores = 0.0
    var speed = 1.0
    var memoryCapacity: Int64 = 0
    var gpus = 0
    /// Resident bytes of all containers on it.
    var memoryUsed: Int64 = 0
    /// Threads that want a core.
    var demand: Int32 = 0
    /// Whether the threads wanted more than there is when shares were last worked out.
    var isContended = false
    var isStale = false
    /// Containers with running threads, in no particular but a reproducible order.
    var active: [UInt32] = []
    /// CPU nanoseconds of containers that are gone; counted only where work is observed.
    var endedWork = 0.0
    /// The list of all processes on it.
    var firstProcess: UInt32 = .max
}

extension MachineState: BinaryCodable {
    func write(to writer: inout BinaryWriter) {
        writer.write(isPresent)
        writer.write(cores)
        writer.write(speed)
        writer.write(memoryCapacity)
        writer.write(gpus)
        writer.write(memoryUsed)
        writer.write(demand)
        writer.write(isContended)
        // What worlds without metrics do not have costs them no byte.
        writer.writeByte((isStale ? 1 : 0) | (endedWork > 0 ? 2 : 0))
        if endedWork > 0 { writer.write(endedWork) }
        writer.write(active)
        writer.write(firstProcess)
    }

    init(from reader: inout BinaryReader) throws(BinaryDecodingError) {
        isPresent = try reader.read()
        cores = try reader.read()
        speed = try reader.read()
        memoryCapacity = try reader.read()
        gpus = try reader.read()
        memoryUsed = try reader.read()
        demand = try reader.read()
        isContended = try reader.read()
        let flags = try reader.readByte()
        guard flags < 4 else { throw .malformed(what: "machine", offset: reader.offset) }
        isStale = flags & 1 != 0
        if flags & 2 != 0 { endedWork = try reader.read() }
        active = try reader.read()
        firstProcess = try reader.read()
    }
}
