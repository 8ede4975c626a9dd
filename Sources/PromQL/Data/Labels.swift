/// A name and its value, such as `job="api"`.
public struct Label: Equatable, Hashable, Sendable {
    public let name: String
    public let value: String

    public init(_ name: String, _ value: String) {
        self.name = name
        self.value = value
    }

    public static func == (a: Label, b: Label) -> Bool {
        ByteOrder.same(a.name, b.name) && ByteOrder.same(a.value, b.value)
    }
}

/// The identity of a series: labels sorted by name, none empty, hashed once.
///
/// Copies share their storage. The metric's name is the label `__name__`. Names and values are compared by bytes.
///
///     let series = Labels(["__name__": "up", "job": "api"])
///     series["job"]        // "api"
///     series["missing"]    // "", as in PromQL
///     series.description   // {__name__="up", job="api"}
public struct Labels: Sendable, Hashable, CustomStringConvertible {
    private final class Storage: Sendable {
        let pairs: [Label]
        let hash: UInt64

        init(_ pairs: [Label]) {
            self.pairs = pairs
            hash = XXHash64.hash(Labels.encoding(pairs))
        }
    }

    private let storage: Storage

    /// The name of the label that holds the metric's name.
    public static let metricName = "__name__"
    public static let empty = Labels(sorted: [])

    /// Labels that are already sorted by name, unique and not empty.
    public init(sorted pairs: [Label]) { storage = Storage(pairs) }

    /// Labels in any order. Empty values are left out; of two with one name the later counts.
    public init(_ pairs: [Label]) {
        var kept: [Label] = []
        kept.reserveCapacity(pairs.count)
        for (_, pair) in pairs.enumerated().sorted(by: {
            let order = ByteOrder.compare($0.element.name, $1.element.name)
            return order == 0 ? $0.offset < $1.offset : order < 0
        }) {
            if let last = kept.last, ByteOrder.same(last.name, pair.name) { kept.removeLast() }
            kept.append(pair)
        }
        kept.removeAll { $0.value.isEmpty }
        self.init(sorted: kept)
    }

    public init(_ pairs: KeyValuePairs<String, String>) { self.init(pairs.map { Label($0.key, $0.value) }) }

    /// The labels in order of their names.
    public var pairs: [Label] { storage.pairs }
    public var isEmpty: Bool { storage.pairs.isEmpty }
    public var count: Int { storage.pairs.count }
    /// The hash that Prometheus gives the same labels (xxHash64 of their encoding).
    public var hash: UInt64 { storage.hash }
    /// The metric's name, empty if there is none.
    public var name: String { self[Labels.metricName] }

    /// The value of a label; empty if it is not there, which PromQL does not tell apart.
    public subscript(name: String) -> String {
        for pair in storage.pairs where ByteOrder.same(pair.name, name) { return pair.value }
        return ""
    }

    public static func == (a: Labels, b: Labels) -> Bool {
        a.storage === b.storage || (a.storage.hash == b.storage.hash && a.storage.pairs == b.storage.pairs)
    }

    public func hash(into hasher: inout Hasher) { hasher.combine(storage.hash) }

    /// Prometheus' order of series: label by label, names before values, a shorter set first.
    public static func compare(_ a: Labels, _ b: Labels) -> Int {
        let left = a.storage.pairs
        let right = b.storage.pairs
        for index in 0..<min(left.count, right.count) {
            let name = ByteOrder.compare(left[index].name, right[index].name)
            if name != 0 { return name }
            let value = ByteOrder.compare(left[index].value, right[index].value)
            if value != 0 { return value }
        }
        return left.count - right.count
    }

    /// Without the labels that say what a metric is called and measured in (`__name__`, `__type__`, `__unit__`): what is
    /// left after an operation that makes another quantity of it.
    public var withoutMetadata: Labels {
        storage.pairs.contains { Labels.isMetadata($0.name) }
            ? Labels(sorted: storage.pairs.filter { !Labels.isMetadata($0.name) }) : self
    }

    static func isMetadata(_ name: String) -> Bool {
        name.utf8.first == UInt8(ascii: "_") && (name == "__name__" || name == "__type__" || name == "__unit__")
    }

    public func keeping(_ names: [String]) -> Labels {
        Labels(sorted: storage.pairs.filter { pair in names.contains { ByteOrder.same($0, pair.name) } })
    }

    public func removing(_ names: [String]) -> Labels {
        guard storage.pairs.contains(where: { pair in names.contains { ByteOrder.same($0, pair.name) } }) else {
            return self
        }
        return Labels(sorted: storage.pairs.filter { pair in !names.contains { ByteOrder.same($0, pair.name) } })
    }

    /// With one label set; an empty value removes it.
    public func setting(_ name: String, to value: String) -> Labels {
        var pairs = storage.pairs
        let index = pairs.firstIndex { !ByteOrder.less($0.name, name) } ?? pairs.count
        let exists = index < pairs.count && ByteOrder.same(pairs[index].name, name)
        if value.isEmpty {
            guard exists else { return self }
            pairs.remove(at: index)
        } else if exists {
            pairs[index] = Label(name, value)
        } else {
            pairs.insert(Label(name, value), at: index)
        }
        return Labels(sorted: pairs)
    }

    /// `{a="b", c="d"}` with Go's quoting, as Prometheus prints a label set in messages.
    public var description: String {
        "{"
            + storage.pairs.map { pair in
                (Labels.isLegacyLabelName(pair.name) ? pair.name : GoQuote.quote(pair.name)) + "="
                    + GoQuote.quote(pair.value)
            }.joined(separator: ", ") + "}"
    }

    /// Any text but the empty one; bytes that are no UTF-8 were replaced when it was read.
    static func isValidName(_ name: String) -> Bool { !name.isEmpty && !name.unicodeScalars.contains("\u{FFFD}") }

    /// The classic rule for label names: letters, digits and underscores, no digit first.
    public static func isLegacyLabelName(_ name: String) -> Bool {
        guard let first = name.utf8.first, !(48...57).contains(first) else { return false }
        return name.utf8.allSatisfy { isWord($0) }
    }

    /// The classic rule for metric names: as label names, and colons.
    public static func isLegacyMetricName(_ name: String) -> Bool {
        guard let first = name.utf8.first, !(48...57).contains(first) else { return false }
        return name.utf8.allSatisfy { isWord($0) || $0 == UInt8(ascii: ":") }
    }

    private static func isWord(_ byte: UInt8) -> Bool {
        (48...57).contains(byte) || (65...90).contains(byte) || (97...122).contains(byte) || byte == UInt8(ascii: "_")
    }

    /// The bytes that Prometheus 3 holds for a label set: each string with its length before it, one byte below 255,
    /// else 255 and three bytes.
    private static func encoding(_ pairs: [Label]) -> [UInt8] {
        var bytes: [UInt8] = []
        bytes.reserveCapacity(pairs.reduce(0) { $0 + $1.name.utf8.count + $1.value.utf8.count + 2 })
        func append(_ text: String) {
            let count = text.utf8.count
            if count < 255 {
                bytes.append(UInt8(count))
            } else {
                bytes.append(255)
                bytes.append(UInt8(truncatingIfNeeded: count))
                bytes.append(UInt8(truncatingIfNeeded: count >> 8))
                bytes.append(UInt8(truncatingIfNeeded: count >> 16))
            }
            bytes.append(contentsOf: text.utf8)
        }
        for pair in pairs {
            append(pair.name)
            append(pair.value)
        }
        return bytes
    }
}
