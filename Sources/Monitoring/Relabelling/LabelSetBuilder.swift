import PromQL

/// A label set that changes, so that labels are hashed once when all changes are made.
struct LabelSetBuilder {
    /// Sorted by name, none empty.
    private(set) var pairs: [Label]

    init(_ labels: Labels) { pairs = labels.pairs }

    var labels: Labels { Labels(sorted: pairs) }

    /// The value of a label; empty if it is not there.
    subscript(name: String) -> String {
        for pair in pairs where ByteOrder.same(pair.name, name) { return pair.value }
        return ""
    }

    /// Sets a label; an empty value removes it.
    mutating func set(_ name: String, _ value: String) {
        var low = 0
        var high = pairs.count
        while low < high {
            let middle = (low + high) / 2
            if ByteOrder.less(pairs[middle].name, name) { low = middle + 1 } else { high = middle }
        }
        let exists = low < pairs.count && ByteOrder.same(pairs[low].name, name)
        if value.isEmpty {
            if exists { pairs.remove(at: low) }
        } else if exists {
            pairs[low] = Label(name, value)
        } else {
            pairs.insert(Label(name, value), at: low)
        }
    }

    mutating func removeAll(where drops: (Label) -> Bool) { pairs.removeAll(where: drops) }
}
