/// Copy-on-write storage for the large parts of a message: pods of one template share its spec until one changes.
///
/// Sound to send although the storage is a class: it is written only through `unique`, which copies it first unless
/// this is the only reference to it. That is also why accesses to the storage need no check at run time: a writer has
/// its box to itself.
public struct Box<Value: Sendable>: @unchecked Sendable {
    @usableFromInline final class Storage {
        @exclusivity(unchecked) @usableFromInline var value: Value
        @inlinable init(_ value: Value) { self.value = value }
    }

    @usableFromInline var storage: Storage

    @inlinable public init(_ value: Value) { storage = Storage(value) }

    @inlinable public var value: Value { storage.value }

    /// The value for writing; copies the storage if somebody else holds it.
    @inlinable public var unique: Value {
        get { storage.value }
        _modify {
            if !isKnownUniquelyReferenced(&storage) { storage = Storage(storage.value) }
            yield &storage.value
        }
    }

    /// Which storage it is, as long as somebody holds it.
    @inlinable public var identity: ObjectIdentifier { ObjectIdentifier(storage) }

    /// Whether both stand for the same storage; then the values are equal without a look.
    @inlinable public func isIdentical(to other: Box) -> Bool { storage === other.storage }
}

/// A ``Box`` that may be empty; nil costs one word.
public struct OptionalBox<Value: Sendable>: Sendable {
    @usableFromInline var box: Box<Value>?

    @inlinable public init() { box = nil }

    @inlinable public var value: Value? { box?.value }

    /// Whether both are empty or stand for the same storage.
    @inlinable public func isIdentical(to other: OptionalBox) -> Bool { box?.storage === other.box?.storage }

    @inlinable public var unique: Value? {
        get { box?.value }
        _modify {
            var value = box?.value
            box = nil
            defer { box = value.map(Box.init) }
            yield &value
        }
    }
}
