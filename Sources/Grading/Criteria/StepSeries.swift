import Simulation

/// A value over time that is kept only where it changes; between two changes it stays.
public struct StepSeries: Sendable, Equatable {
    private var times: [SimulationTime] = []
    /// Nil: unknown from here on.
    private var values: [Double?] = []

    /// A stretch of time with one value.
    struct Segment: Equatable {
        var from: SimulationTime
        var to: SimulationTime
        var value: Double?
    }

    public init() {}

    public var count: Int { times.count }

    /// Notes the value from `time` on; times never go backwards.
    mutating func note(_ value: Double?, at time: SimulationTime) {
        if values.last == .some(value) { return }
        if times.last == time {
            values[values.count - 1] = value
            if values.count > 1, values[values.count - 2] == value {
                values.removeLast()
                times.removeLast()
            }
            return
        }
        times.append(time)
        values.append(value)
    }

    /// The value at an instant; nil before the first and where it is unknown.
    public func value(at time: SimulationTime) -> Double? {
        let index = lastIndex(notAfter: time)
        return index < 0 ? nil : values[index]
    }

    /// The position of the last change at or before a time; -1 for none.
    private func lastIndex(notAfter time: SimulationTime) -> Int {
        var (low, high) = (0, times.count)
        while low < high {
            let middle = (low + high) / 2
            if times[middle] <= time { low = middle + 1 } else { high = middle }
        }
        return low - 1
    }

    /// Instants within a span, without its start, at which the value changes.
    func changes(from: SimulationTime, to: SimulationTime) -> ArraySlice<SimulationTime> {
        let first = lastIndex(notAfter: from) + 1
        let last = lastIndex(notAfter: to - .nanoseconds(1)) + 1
        return first < last ? times[first..<last] : []
    }
}
