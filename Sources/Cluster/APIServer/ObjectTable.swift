import KubernetesAPI
import Simulation

/// A kind that the store holds.
public protocol StoredObject: KubernetesObject {
    static var objectKind: ObjectKind { get }
    static var table: WritableKeyPath<APIStore, ObjectTable<Self>> & Sendable { get }
}

/// All objects of one kind, in chunks of 128: copying a world copies references, and a write after it one chunk.
public struct ObjectTable<Object: StoredObject>: Sendable {
    struct Slot: Sendable {
        var object: Object?
        var generation: UInt32
    }

    static var chunkSize: Int { 128 }
    private var chunks: [[Slot]] = []
    private var free: [UInt32] = []
    private var slotsByKey: [String: UInt32] = [:]
    public private(set) var count = 0
    /// Counts insertions, changes and removals since the table was made or read; tells memories that they are old.
    public private(set) var changes: UInt64 = 0

    public init() {}

    /// The object, or nil if it is gone.
    public subscript(_ id: ObjectID<Object>) -> Object? {
        let (chunk, place) = (Int(id.slot) / Self.chunkSize, Int(id.slot) % Self.chunkSize)
        guard chunk < chunks.count, place < chunks[chunk].count, chunks[chunk][place].generation == id.generation else {
            return nil
        }
        return chunks[chunk][place].object
    }

    /// The identifier of the object called `namespace/name`, or `name` for kinds without a namespace.
    public func id(_ key: String) -> ObjectID<Object>? {
        slotsByKey[key].map { slot in
            ObjectID(slot: slot, generation: chunks[Int(slot) / Self.chunkSize][Int(slot) % Self.chunkSize].generation)
        }
    }

    public func id(namespace: String, name: String) -> ObjectID<Object>? {
        id(namespace.isEmpty ? name : namespace + "/" + name)
    }

    /// The object of that name.
    public func named(_ key: String) -> Object? { id(key).flatMap { self[$0] } }

    mutating func insert(_ object: Object) -> ObjectID<Object> {
        changes += 1
        let slot: UInt32
        if let reused = free.popLast() {
            slot = reused
            chunks[Int(slot) / Self.chunkSize][Int(slot) % Self.chunkSize].object = object
        } else {
            slot = UInt32(chunks.isEmpty ? 0 : (chunks.count - 1) * Self.chunkSize + (chunks.last?.count ?? 0))
            if Int(slot) / Self.chunkSize == chunks.count {
                chunks.append([])
                chunks[chunks.count - 1].reserveCapacity(Self.chunkSize)
            }
            chunks[chunks.count - 1].append(Slot(object: object, generation: 1))
        }
        count += 1
        slotsByKey[object.key] = slot
        return ObjectID(
            slot: slot, generation: chunks[Int(slot) / Self.chunkSize][Int(slot) % Self.chunkSize].generation)
    }

    /// Changes an object in place; nil if it is gone. The body must not rename it.
    mutating func modify<Result>(_ id: ObjectID<Object>, _ body: (inout Object) -> Result) -> Result? {
        let (chunk, place) = (Int(id.slot) / Self.chunkSize, Int(id.slot) % Self.chunkSize)
        guard chunk < chunks.count, place < chunks[chunk].count, chunks[chunk][place].generation == id.generation else {
            return nil
        }
        changes += 1
        return Self.modify(&chunks[chunk][place].object, body)
    }

    /// Takes the object out while it changes, so that its boxes stay uniquely referenced.
    private static func modify<Result>(_ place: inout Object?, _ body: (inout Object) -> Result) -> Result? {
        guard var object = place.take() else { return nil }
        defer { place = object }
        return body(&object)
    }

    mutating func remove(_ id: ObjectID<Object>) -> Object? {
        guard let object = self[id] else { return nil }
        changes += 1
        let (chunk, place) = (Int(id.slot) / Self.chunkSize, Int(id.slot) % Self.chunkSize)
        chunks[chunk][place].object = nil
        chunks[chunk][place].generation &+= 1
        slotsByKey[object.key] = nil
        free.append(id.slot)
        count -= 1
        return object
    }

    /// Every object in the order of its slot: deterministic, but not an order to show.
    public var ids: [ObjectID<Object>] {
        var ids: [ObjectID<Object>] = []
        ids.reserveCapacity(count)
        forEach { id, _ in ids.append(id) }
        return ids
    }

    public func forEach(_ body: (ObjectID<Object>, Object) -> Void) {
        for (chunkIndex, chunk) in chunks.enumerated() {
            for (place, slot) in chunk.enumerated() {
                if let object = slot.object {
                    body(
                        ObjectID(slot: UInt32(chunkIndex * Self.chunkSize + place), generation: slot.generation), object
                    )
                }
            }
        }
    }

    /// Keys and places in the order in which the API server lists them: by key, bytewise. Objects stay where they are:
    /// to move them about in a sort costs more than the sort.
    var sortedKeys: [(key: String, id: ObjectID<Object>)] {
        var all: [(key: String, id: ObjectID<Object>)] = []
        all.reserveCapacity(count)
        forEach { id, object in all.append((object.key, id)) }
        all.sort { $0.key.utf8.lexicographicallyPrecedes($1.key.utf8) }
        return all
    }

    /// Every object in the order in which the API server lists them.
    public var sorted: [(id: ObjectID<Object>, object: Object)] {
        sortedKeys.compactMap { _, id in self[id].map { (id, $0) } }
    }
}

extension ObjectTable {
    /// Names, free places and the count as they are kept against what the places hold.
    func audit() -> [String] {
        var found: [String] = []
        var (occupied, places) = (0, 0)
        for (chunkIndex, chunk) in chunks.enumerated() {
            for (place, slot) in chunk.enumerated() {
                places += 1
                guard let object = slot.object else { continue }
                occupied += 1
                if slotsByKey[object.key] != UInt32(chunkIndex * Self.chunkSize + place) {
                    found.append("\(Object.resource.singular)/\(object.key) is not found by its name")
                }
            }
        }
        if occupied != count || slotsByKey.count != count || free.count + count != places {
            found.append(
                "\(Object.resource.plural): \(count) counted, \(occupied) exist, \(slotsByKey.count) names, \(free.count) free of \(places)"
            )
        }
        return found
    }
}

extension ObjectTable: BinaryCodable {
    public func write(to writer: inout BinaryWriter) {
        writer.section(Object.resource.plural, version: 1)
        writer.write(free)
        writer.write(chunks.reduce(0) { $0 + $1.count })
        for chunk in chunks {
            for slot in chunk {
                writer.write(slot.generation)
                writer.write(slot.object != nil)
                if let object = slot.object {
                    let bytes = object.protobufBytes
                    writer.write(bytes.count)
                    writer.writeRaw(bytes)
                }
            }
        }
    }

    public init(from reader: inout BinaryReader) throws(BinaryDecodingError) {
        try reader.section(Object.resource.plural, version: 1)
        free = try reader.read()
        let slots: Int = try reader.read()
        guard slots >= 0, slots <= reader.remaining else { throw .malformed(what: "table", offset: reader.offset) }
        for index in 0..<slots {
            if index % Self.chunkSize == 0 { chunks.append([]) }
            var slot = Slot(object: nil, generation: try reader.read())
            if try reader.read(Bool.self) {
                let bytes = try reader.readRaw(count: try reader.read())
                do {
                    let object = try Object(protobuf: bytes)
                    slot.object = object
                    slotsByKey[object.key] = UInt32(index)
                    count += 1
                } catch {
                    throw .malformed(what: "\(Object.resource.kind): \(error.description)", offset: reader.offset)
                }
            }
            chunks[chunks.count - 1].append(slot)
        }
        guard free.count + count == slots, free.allSatisfy({ $0 < UInt32(slots) }) else {
            throw .malformed(what: "table", offset: reader.offset)
        }
    }
}
