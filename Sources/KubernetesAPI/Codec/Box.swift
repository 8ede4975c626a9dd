/// Copy-on-write storage for the large parts of a message: pods of one template share its spec until one changes.
///
/// Sound to send although the storage is a class: it is written only through `unique`, which copies it first unless
/// this is the only reference to it.
public struct Box<Value: Sendable>: @unchecked Sendable {
    @usableFromInline final class Storage {
        @usableFromInline var value: Value
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

    /// Whether both stand for the same storage; then the values are equal without a look.
    @inlinable public func isIdentical(to other: Box) -> Bool { storage === other.storage }
}

/// A ``Box`` that may be empty; nil costs one word.
public struct OptionalBox<Value: Sendable>: Sendable {
    @usableFromInline var box: Box<Value>?

    @inlinable public init() { box = nil }

    @inlinable public var value: Value? { box?.value }

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
