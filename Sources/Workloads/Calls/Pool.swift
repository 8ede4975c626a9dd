import Simulation

/// A reference to one element of a ``Pool``. It goes stale when the element is removed; a stale one is found out.
struct Handle<Element>: Hashable, Sendable, BitwiseCopyable {
    var slot: UInt32
    var generation: UInt32

    static var none: Self { Handle(slot: .max, generation: 0) }
    var isNone: Bool { slot == .max }
}

extension Handle: BinaryCodable {
    func write(to writer: inout BinaryWriter) {
        writer.write(slot)
        writer.write(generation)
    }

    init(from reader: inout BinaryReader) throws(BinaryDecodingError) {
        slot = try reader.read()
        generation = try reader.read()
    }
}

/// What a ``Pool`` holds: something that can stand in an empty slot.
protocol PoolElement: Sendable, BinaryCodable {
    static var vacant: Self { get }
}

/// Elements that come and go, in one array: no allocation once it has grown to the largest number at once.
struct Pool<Element: PoolElement>: Sendable {
    /// Odd while the slot holds an element.
    private var generations: [UInt32] = []
    private var elements: [Element] = []
    private var free: [UInt32] = []

    /// Elements present.
    private(set) var count = 0

    mutating func insert(_ element: Element) -> Handle<Element> {
        count += 1
        if let slot = free.popLast() {
            generations[Int(slot)] &+= 1
            elements[Int(slot)] = element
            return Handle(slot: slot, generation: generations[Int(slot)])
        }
        elements.append(element)
        generations.append(1)
        return Handle(slot: UInt32(elements.count - 1), generation: 1)
    }

    mutating func remove(_ slot: UInt32) {
        generations[Int(slot)] &+= 1
        free.append(slot)
        count -= 1
    }

    @inline(__always) func contains(_ handle: Handle<Element>) -> Bool {
        handle.slot < UInt32(generations.count) && generations[Int(handle.slot)] == handle.generation
            && handle.generation & 1 == 1
    }

    /// The present handle of an occupied slot.
    @inline(__always) func handle(_ slot: UInt32) -> Handle<Element> {
        Handle(slot: slot, generation: generations[Int(slot)])
    }

    /// The element in an occupied slot.
    subscript(slot: UInt32) -> Element {
        @inline(__always) get { elements[Int(slot)] }
        @inline(__always) _modify { yield &elements[Int(slot)] }
    }

    /// Occupied slots, in order.
    var slots: [UInt32] { generations.indices.filter { generations[$0] & 1 == 1 }.map { UInt32($0) } }
}

extension Pool: BinaryCodable {
    func write(to writer: inout BinaryWriter) {
        writer.write(generations)
        writer.write(free)
        for slot in slots { writer.write(elements[Int(slot)]) }
    }

    init(from reader: inout BinaryReader) throws(BinaryDecodingError) {
        generations = try reader.read()
        free = try reader.read()
        elements = Array(repeating: .vacant, count: generations.count)
        for slot in slots { elements[Int(slot)] = try reader.read() }
        count = slots.count
        guard free.count + count == generations.count,
            free.allSatisfy({ $0 < UInt32(generations.count) && generations[Int($0)] & 1 == 0 })
        else { throw .malformed(what: "pool", offset: reader.offset) }
    }
}
