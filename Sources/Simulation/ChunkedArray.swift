/// An array whose copies share all they have in common: elements lie in chunks of 128, and a write after a copy copies
/// the one chunk it touches, not the whole.
///
/// A world is a value and is copied for a what-if or a snapshot. With 100,000 entities, a copy and one write take
/// 0.02 ms, against 19 ms for one flat array (`Benchmarks/`).
///
///     var temperatures = ChunkedArray<Double>()
///     let first = temperatures.append(20)
///     let yesterday = temperatures        // nothing is copied
///     temperatures[first] += 1            // one chunk is
///
/// The index of one element type is no index of another: `ChunkedArray<Pod>.Index` and `ChunkedArray<Node>.Index` are
/// different types. Elements are only added and removed at the end, so that an index stays valid.
public struct ChunkedArray<Element> {
    /// The place of an element.
    public struct Index: Hashable, Comparable, Sendable, BitwiseCopyable {
        public var rawValue: UInt32

        @inlinable public init(_ rawValue: UInt32) { self.rawValue = rawValue }

        @inlinable public static func < (left: Self, right: Self) -> Bool { left.rawValue < right.rawValue }
    }

    /// Elements in a chunk: a power of two, so that a place is found by shift and mask.
    @inlinable public static var chunkSize: Int { 128 }

    /// All but the last are full; none is empty.
    @usableFromInline var chunks: [[Element]] = []

    @inlinable public init() {}

    /// Adds an element at the end.
    @discardableResult
    @inlinable public mutating func append(_ element: Element) -> Index {
        let place = count
        if place & (Self.chunkSize - 1) == 0 {
            var chunk: [Element] = []
            chunk.reserveCapacity(Self.chunkSize)
            chunks.append(chunk)
        }
        chunks[chunks.count - 1].append(element)
        return Index(UInt32(place))
    }

    /// Takes the last element away; nil if there is none.
    @inlinable public mutating func popLast() -> Element? {
        guard !chunks.isEmpty else { return nil }
        let element = chunks[chunks.count - 1].popLast()
        if chunks[chunks.count - 1].isEmpty { chunks.removeLast() }
        return element
    }
}

extension ChunkedArray: RandomAccessCollection, MutableCollection {
    @inlinable public var startIndex: Index { Index(0) }
    @inlinable public var endIndex: Index { Index(UInt32(count)) }
    @inlinable public var count: Int {
        guard let last = chunks.last else { return 0 }
        return (chunks.count - 1) * Self.chunkSize + last.count
    }

    @inlinable public func index(after index: Index) -> Index { Index(index.rawValue + 1) }
    @inlinable public func index(before index: Index) -> Index { Index(index.rawValue - 1) }
    @inlinable public func index(_ index: Index, offsetBy distance: Int) -> Index {
        Index(UInt32(Int(index.rawValue) + distance))
    }
    @inlinable public func distance(from start: Index, to end: Index) -> Int {
        Int(end.rawValue) - Int(start.rawValue)
    }

    @inlinable public subscript(index: Index) -> Element {
        get { chunks[Int(index.rawValue) / Self.chunkSize][Int(index.rawValue) % Self.chunkSize] }
        _modify { yield &chunks[Int(index.rawValue) / Self.chunkSize][Int(index.rawValue) % Self.chunkSize] }
    }

    /// The element, or nil if the array ends before it: for an index that came from outside.
    @inlinable public func element(at index: Index) -> Element? {
        Int(index.rawValue) < count ? self[index] : nil
    }

    /// Whether two arrays share the chunk of an element, so that neither has written near it since one was copied from
    /// the other.
    @inlinable func sharesChunk(of index: Index, with other: Self) -> Bool {
        let chunk = Int(index.rawValue) / Self.chunkSize
        guard chunk < chunks.count, chunk < other.chunks.count else { return false }
        return chunks[chunk].withUnsafeBufferPointer { mine in
            other.chunks[chunk].withUnsafeBufferPointer { $0.baseAddress == mine.baseAddress }
        }
    }
}

extension ChunkedArray: Sendable where Element: Sendable {}

extension ChunkedArray: Equatable where Element: Equatable {
    @inlinable public static func == (left: Self, right: Self) -> Bool { left.chunks == right.chunks }
}

extension ChunkedArray: ExpressibleByArrayLiteral {
    @inlinable public init(arrayLiteral elements: Element...) { self.init(elements) }

    @inlinable public init(_ elements: some Sequence<Element>) {
        self.init()
        for element in elements { append(element) }
    }
}

extension ChunkedArray.Index: BinaryCodable {
    public func write(to writer: inout BinaryWriter) { writer.write(rawValue) }
    public init(from reader: inout BinaryReader) throws(BinaryDecodingError) { rawValue = try reader.read() }
}

extension ChunkedArray: BinaryCodable where Element: BinaryCodable {
    @inlinable public func write(to writer: inout BinaryWriter) {
        writer.writeVarint(UInt64(count))
        for chunk in chunks { for element in chunk { element.write(to: &writer) } }
    }

    @inlinable public init(from reader: inout BinaryReader) throws(BinaryDecodingError) {
        self.init()
        let count = try reader.readCount()
        for _ in 0..<count { append(try reader.read()) }
    }
}
