import Simulation

/// One run of one container: a restart makes a new one. Slots are reused, generations tell the runs apart.
public struct ContainerID: Hashable, Comparable, Sendable, BitwiseCopyable, BinaryCodable {
    /// Place in the pool of containers; suitable as an array index.
    public var slot: UInt32
    public var generation: UInt32

    public init(slot: UInt32, generation: UInt32) {
        self.slot = slot
        self.generation = generation
    }

    public static func < (left: Self, right: Self) -> Bool {
        (left.slot, left.generation) < (right.slot, right.generation)
    }

    public func write(to writer: inout BinaryWriter) {
        writer.write(slot)
        writer.write(generation)
    }

    public init(from reader: inout BinaryReader) throws(BinaryDecodingError) {
        slot = try reader.read()
        generation = try reader.read()
    }
}

/// A pod as the runtime knows it (its sandbox); slots are reused, generations tell the pods apart.
public struct SandboxID: Hashable, Comparable, Sendable, BitwiseCopyable, BinaryCodable {
    public var slot: UInt32
    public var generation: UInt32

    public init(slot: UInt32, generation: UInt32) {
        self.slot = slot
        self.generation = generation
    }

    public static func < (left: Self, right: Self) -> Bool {
        (left.slot, left.generation) < (right.slot, right.generation)
    }

    public func write(to writer: inout BinaryWriter) {
        writer.write(slot)
        writer.write(generation)
    }

    public init(from reader: inout BinaryReader) throws(BinaryDecodingError) {
        slot = try reader.read()
        generation = try reader.read()
    }
}

/// A node as the runtime knows it: a dense index that is not reused.
public struct NodeID: Hashable, Comparable, Sendable, BitwiseCopyable, BinaryCodable {
    public var index: UInt32

    public init(index: UInt32) { self.index = index }

    public static func < (left: Self, right: Self) -> Bool { left.index < right.index }

    public func write(to writer: inout BinaryWriter) { writer.write(index) }
    public init(from reader: inout BinaryReader) throws(BinaryDecodingError) { index = try reader.read() }
}

/// A probe in flight: the answer carries the same token.
public struct ProbeToken: Hashable, Sendable, BitwiseCopyable, BinaryCodable {
    public var rawValue: UInt64

    public init(rawValue: UInt64) { self.rawValue = rawValue }

    public func write(to writer: inout BinaryWriter) { writer.write(rawValue) }
    public init(from reader: inout BinaryReader) throws(BinaryDecodingError) { rawValue = try reader.read() }
}
