/// Why an exemplar is not kept, with the texts of Prometheus' storage.
public enum ExemplarRefusal: Error, Equatable, CustomStringConvertible {
    /// The storage has no room for any.
    case disabled
    /// The newest of its series once more.
    case duplicate
    /// Older than the newest of its series.
    case outOfOrder
    /// Names and values together are too long.
    case labelsTooLong

    public var description: String {
        switch self {
        case .disabled: "exemplar storage is disabled or max exemplars is less than or equal to 0"
        case .duplicate: "duplicate exemplar"
        case .outOfOrder: "out of order exemplar"
        case .labelsTooLong:
            "label length for exemplar exceeds maximum of \(ExemplarRing.maximumLabelLength) UTF-8 characters"
        }
    }
}

/// The newest exemplars of all series in one ring, as Prometheus' circular storage keeps them.
struct ExemplarRing: Sendable {
    /// Characters of an exemplar's names and values together.
    static let maximumLabelLength = 128

    private var slots: [Exemplar] = []
    /// Where the oldest is once the ring is full.
    private var oldest = 0
    /// The place of the newest exemplar of each series.
    private var newest: [Labels: Int] = [:]

    init() {}

    /// Puts back what was kept, oldest first.
    init(_ exemplars: [Exemplar], capacity: Int) {
        slots = Array(exemplars.suffix(max(0, capacity)))
        for (place, exemplar) in slots.enumerated() { newest[exemplar.series] = place }
    }

    /// In the order in which they came.
    var exemplars: [Exemplar] { Array(slots[oldest...] + slots[..<oldest]) }

    mutating func append(_ exemplar: Exemplar, capacity: Int) -> ExemplarRefusal? {
        guard capacity > 0 else { return .disabled }
        let length = exemplar.labels.pairs.reduce(0) {
            $0 + $1.name.unicodeScalars.count + $1.value.unicodeScalars.count
        }
        guard length <= Self.maximumLabelLength else { return .labelsTooLong }
        if let place = newest[exemplar.series] {
            let before = slots[place]
            if before.labels == exemplar.labels, before.time == exemplar.time, before.value == exemplar.value {
                return .duplicate
            }
            if Self.isOlder(exemplar, than: before) { return .outOfOrder }
        }
        guard slots.count >= capacity else {
            newest[exemplar.series] = slots.count
            slots.append(exemplar)
            return nil
        }
        let leaving = slots[oldest].series
        if newest[leaving] == oldest { newest[leaving] = nil }
        slots[oldest] = exemplar
        newest[exemplar.series] = oldest
        oldest = (oldest + 1) % slots.count
        return nil
    }

    /// At one time the order is by value, then by the labels' hash.
    private static func isOlder(_ exemplar: Exemplar, than other: Exemplar) -> Bool {
        if exemplar.time != other.time { return exemplar.time < other.time }
        if exemplar.value != other.value { return exemplar.value < other.value }
        return exemplar.labels.hash < other.labels.hash
    }
}
