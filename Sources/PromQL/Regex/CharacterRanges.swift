/// A set of characters as closed ranges, ascending and apart.
struct CharacterRanges: Sendable, Equatable {
    var ranges: [ClosedRange<UInt32>]

    static let everything = CharacterRanges(ranges: [0...0x10FFFF])

    init(ranges: [ClosedRange<UInt32>]) { self.ranges = ranges }

    init(_ scalar: Unicode.Scalar) { ranges = [scalar.value...scalar.value] }

    @inline(__always)
    func contains(_ value: UInt32) -> Bool {
        if ranges.count <= 4 {
            for range in ranges where range.contains(value) { return true }
            return false
        }
        var low = 0
        var high = ranges.count
        while low < high {
            let middle = (low + high) / 2
            if ranges[middle].upperBound < value { low = middle + 1 } else { high = middle }
        }
        return low < ranges.count && ranges[low].contains(value)
    }

    var normalised: CharacterRanges {
        var merged: [ClosedRange<UInt32>] = []
        for range in ranges.sorted(by: { $0.lowerBound < $1.lowerBound }) {
            if let last = merged.last, UInt64(range.lowerBound) <= UInt64(last.upperBound) + 1 {
                merged[merged.count - 1] = last.lowerBound...max(last.upperBound, range.upperBound)
            } else {
                merged.append(range)
            }
        }
        return CharacterRanges(ranges: merged)
    }

    var inverted: CharacterRanges {
        var out: [ClosedRange<UInt32>] = []
        var next: UInt32 = 0
        for range in normalised.ranges {
            if range.lowerBound > next { out.append(next...(range.lowerBound - 1)) }
            next = range.upperBound &+ 1
        }
        if next <= 0x10FFFF { out.append(next...0x10FFFF) }
        return CharacterRanges(ranges: out)
    }

    /// With the other cases of each letter. Large ranges only get those of ASCII.
    var caseFolded: CharacterRanges {
        var all = ranges
        for range in ranges {
            let values =
                range.count <= 512
                ? range : max(range.lowerBound, 65)...max(max(range.lowerBound, 65), min(range.upperBound, 122))
            for value in values {
                guard let scalar = Unicode.Scalar(value) else { continue }
                for other in [scalar.properties.lowercaseMapping, scalar.properties.uppercaseMapping] {
                    let scalars = other.unicodeScalars
                    if scalars.count == 1, let mapped = scalars.first { all.append(mapped.value...mapped.value) }
                }
            }
        }
        return CharacterRanges(ranges: all).normalised
    }
}
