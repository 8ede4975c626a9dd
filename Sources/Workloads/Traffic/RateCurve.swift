import Simulation

/// A rate over time, piecewise linear, repeated or held, multiplied by bursts.
///
/// Arrivals of a varying rate are arrivals of rate 1 seen through the curve's integral (time rescaling), so that one
/// method serves Poisson and burstier streams, and a change of the rate keeps the draw that is under way.
struct RateCurve: Sendable, Equatable {
    private let points: [TrafficConfiguration.Point]
    private let bursts: [TrafficConfiguration.Burst]
    private let period: Int64
    private let offset: Int64

    init(_ configuration: TrafficConfiguration) {
        points = configuration.rate.sorted { $0.at < $1.at }
        bursts = configuration.bursts
        period = max(0, configuration.period?.nanoseconds ?? 0)
        offset = configuration.offset.nanoseconds
    }

    /// Requests a second at an instant.
    func rate(at time: SimulationTime) -> Double {
        base(at: time.nanoseconds).rate * multiplier(at: time.nanoseconds).value
    }

    /// The rate before bursts, and the next instant at which its slope changes.
    private func base(at time: Int64) -> (rate: Double, next: Int64) {
        guard let first = points.first, let last = points.last else { return (0, .max) }
        var local = time.addingSaturating(offset)
        if period > 0 { local = ((local % period) + period) % period }
        let start = time - local
        let wrap = period > 0 ? start.addingSaturating(period) : Int64.max
        if local < first.at.nanoseconds {
            return (max(0, first.rate), min(wrap, start.addingSaturating(first.at.nanoseconds)))
        }
        if local >= last.at.nanoseconds { return (max(0, last.rate), wrap) }
        var low = 0
        var high = points.count - 1
        while high - low > 1 {
            let middle = (low + high) / 2
            if points[middle].at.nanoseconds <= local { low = middle } else { high = middle }
        }
        let span = Double((points[high].at - points[low].at).nanoseconds)
        let share = span > 0 ? Double(local - points[low].at.nanoseconds) / span : 1
        let rate = points[low].rate + (points[high].rate - points[low].rate) * share
        return (max(0, rate), min(wrap, start.addingSaturating(points[high].at.nanoseconds)))
    }

    /// The product of the bursts' multipliers, and the next instant at which one begins, turns or ends.
    private func multiplier(at time: Int64) -> (value: Double, next: Int64) {
        var value = 1.0
        var next = Int64.max
        guard !bursts.isEmpty else { return (value, next) }
        for burst in bursts {
            let start = burst.at.nanoseconds
            let end = start.addingSaturating(burst.duration.nanoseconds)
            let ramp = min(max(0, burst.ramp.nanoseconds), max(0, burst.duration.nanoseconds) / 2)
            for edge in [start, start + ramp, end - ramp, end] where edge > time { next = min(next, edge) }
            guard time >= start, time < end else { continue }
            var share = 1.0
            if ramp > 0, time < start + ramp { share = Double(time - start) / Double(ramp) }
            if ramp > 0, time > end - ramp { share = Double(end - time) / Double(ramp) }
            value *= 1 + (max(0, burst.multiplier) - 1) * share
        }
        return (value, next)
    }

    /// The longest piece that is taken as one straight line: bursts on a slope bend it.
    private static let longestPiece: Int64 = 5_000_000_000

    /// The next stretch over which the rate may be taken as linear.
    private func piece(from time: Int64) -> (end: Int64, first: Double, last: Double) {
        let base = base(at: time)
        let burst = multiplier(at: time)
        var end = min(base.next, burst.next)
        let first = base.rate * burst.value
        guard end < .max else { return (end, first, first) }
        // The value just before the end: a step at the end belongs to the next piece.
        let (rate, multiple) = (self.base(at: end - 1).rate, multiplier(at: end - 1).value)
        if rate == base.rate, multiple == burst.value { return (end, first, first) }
        let longest = time.addingSaturating(Self.longestPiece)
        guard longest < end else { return (end, first, rate * multiple) }
        end = longest
        return (end, first, self.base(at: end - 1).rate * multiplier(at: end - 1).value)
    }

    /// When `area` more requests have arrived on average, or nil if they never do.
    func time(after start: SimulationTime, area: Double, scale: Double) -> SimulationTime? {
        guard scale > 0, area.isFinite else { return nil }
        var time = start.nanoseconds
        var left = area / scale
        // A curve that repeats and has no rate is found out after a period and the bursts; any other comes to its end.
        var idle: Int64 = 0
        while true {
            let piece = piece(from: time)
            if piece.end == .max {
                guard piece.first > 0 else { return nil }
                let delay = left / piece.first * 1e9
                return delay < 9e18
                    ? SimulationTime(nanoseconds: time.addingSaturating(Int64(delay.rounded(.up)))) : nil
            }
            let seconds = Double(piece.end - time) / 1e9
            let content = (piece.first + piece.last) / 2 * seconds
            if content >= left, content > 0 {
                let delay = Self.solve(left, first: piece.first, slope: (piece.last - piece.first) / seconds)
                return SimulationTime(nanoseconds: min(piece.end, time + Int64((delay * 1e9).rounded(.up))))
            }
            left -= content
            idle = content > 0 ? 0 : idle.addingSaturating(piece.end - time)
            if period > 0, idle > period.multipliedReportingOverflow(by: 2).partialValue,
                bursts.allSatisfy({ $0.at.nanoseconds.addingSaturating($0.duration.nanoseconds) < time })
            {
                return nil
            }
            time = piece.end
        }
    }

    /// The smallest t with first * t + slope * t² / 2 = area.
    private static func solve(_ area: Double, first: Double, slope: Double) -> Double {
        let root = max(0, first * first + 2 * slope * area).squareRoot()
        return first + root > 0 ? 2 * area / (first + root) : 0
    }

    /// Requests expected in a span of time.
    func area(from start: SimulationTime, to end: SimulationTime) -> Double {
        var time = start.nanoseconds
        var sum = 0.0
        while time < end.nanoseconds {
            let piece = piece(from: time)
            guard piece.end > end.nanoseconds else {
                sum += (piece.first + piece.last) / 2 * Double(piece.end - time) / 1e9
                time = piece.end
                continue
            }
            let last = rate(at: SimulationTime(nanoseconds: end.nanoseconds - 1))
            return sum + (piece.first + last) / 2 * Double(end.nanoseconds - time) / 1e9
        }
        return sum
    }
}
