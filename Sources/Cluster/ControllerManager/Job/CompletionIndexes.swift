/// A set of completion indexes in the text form of `status.completedIndexes`: `1,3-5,7` (`indexed_job_utils.go`).
public struct CompletionIndexes: Sendable, Equatable, CustomStringConvertible {
    /// Disjoint, ascending, with a gap between neighbours.
    private var ranges: [ClosedRange<Int32>] = []

    public init() {}

    /// Reads the text; indexes that are negative, not numbers, or not below `completions` are left out.
    public init(_ text: String, completions: Int32) {
        for part in text.split(separator: ",") {
            let ends = part.split(separator: "-").map { Int32($0) }
            guard let first = ends.first.flatMap({ $0 }), let last = ends.last.flatMap({ $0 }), ends.count <= 2,
                first >= 0,
                first <= last, first < completions
            else { continue }
            ranges.append(first...min(last, completions - 1))
        }
        ranges.sort { $0.lowerBound < $1.lowerBound }
        var merged: [ClosedRange<Int32>] = []
        for range in ranges {
            if let last = merged.last, range.lowerBound <= last.upperBound &+ 1 {
                merged[merged.count - 1] = last.lowerBound...max(last.upperBound, range.upperBound)
            } else {
                merged.append(range)
            }
        }
        ranges = merged
    }

    public var count: Int32 { ranges.reduce(0) { $0 &+ ($1.upperBound - $1.lowerBound + 1) } }

    public func contains(_ index: Int32) -> Bool { ranges.contains { $0.contains(index) } }

    public mutating func insert(_ index: Int32) {
        guard index >= 0, !contains(index) else { return }
        let place = ranges.firstIndex { $0.lowerBound > index } ?? ranges.count
        let joinsLeft = place > 0 && ranges[place - 1].upperBound &+ 1 == index
        let joinsRight = place < ranges.count && ranges[place].lowerBound == index &+ 1
        switch (joinsLeft, joinsRight) {
        case (true, true):
            ranges[place - 1] = ranges[place - 1].lowerBound...ranges[place].upperBound
            ranges.remove(at: place)
        case (true, false): ranges[place - 1] = ranges[place - 1].lowerBound...index
        case (false, true): ranges[place] = index...ranges[place].upperBound
        case (false, false): ranges.insert(index...index, at: place)
        }
    }

    /// Two neighbours stand with a comma, three or more with a dash.
    public var description: String {
        ranges.map { range in
            switch range.upperBound - range.lowerBound {
            case 0: "\(range.lowerBound)"
            case 1: "\(range.lowerBound),\(range.upperBound)"
            default: "\(range.lowerBound)-\(range.upperBound)"
            }
        }.joined(separator: ",")
    }
}
