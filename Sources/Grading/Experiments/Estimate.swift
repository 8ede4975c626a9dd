import Simulation

/// A figure with what chance leaves of it: the 95% confidence interval over seeds.
public struct Estimate: Sendable, Equatable, Codable {
    public var value: Double
    /// Bounds of the interval; equal to ``value`` where one seed says nothing of the others.
    public var low: Double
    public var high: Double
    /// How many seeds (or incidents) it rests on.
    public var count: Int

    public init(value: Double, low: Double, high: Double, count: Int) {
        self.value = value
        self.low = low
        self.high = high
        self.count = count
    }

    /// The mean of independent values with Student's t, which holds for means of values without extreme tails.
    /// - Returns: nil without values.
    public init?(meanOf values: [Double]) {
        guard !values.isEmpty else { return nil }
        var moments = StreamingMoments()
        for value in values { moments.record(value) }
        let half =
            values.count > 1
            ? StudentsT.quantile(0.975, degrees: Double(values.count - 1)) * moments.deviation
                / Double(values.count).squareRoot() : 0
        self.init(value: moments.mean, low: moments.mean - half, high: moments.mean + half, count: values.count)
    }

    /// Any statistic of independent values, with the percentile bootstrap: the values are drawn again with replacement,
    /// and the interval is what the middle 95% of the resamples' statistics span. For medians and for ratios, whose
    /// distribution is not known.
    ///
    /// - Parameters:
    ///   - count: how many values there are.
    ///   - resamples: at least 40.
    ///   - name: of the random stream; equal names and counts draw alike, so that paired figures are compared fairly.
    ///   - statistic: of the values at these places.
    /// - Returns: nil without values or where the statistic of all of them is not finite.
    public init?(bootstrap count: Int, resamples: Int = 1_000, name: String, statistic: ([Int]) -> Double) {
        guard count > 0 else { return nil }
        let value = statistic(Array(0..<count))
        guard value.isFinite else { return nil }
        guard count > 1 else {
            self.init(value: value, low: value, high: value, count: 1)
            return
        }
        var random = RandomStream(seed: UInt64(count), name: "bootstrap/" + name)
        var found: [Double] = []
        var places = [Int](repeating: 0, count: count)
        for _ in 0..<max(40, resamples) {
            for place in places.indices { places[place] = Int(random.below(UInt64(count))) }
            let one = statistic(places)
            if one.isFinite { found.append(one) }
        }
        found.sort()
        self.init(
            value: value, low: Self.quantile(0.025, ofSorted: found), high: Self.quantile(0.975, ofSorted: found),
            count: count)
    }

    /// Linear between the order statistics (type 7 of Hyndman and Fan, as NumPy and R have it by default).
    /// - Parameter share: in 0 ... 1.
    /// - Returns: not-a-number without values.
    public static func quantile(_ share: Double, ofSorted values: [Double]) -> Double {
        guard let last = values.last else { return .nan }
        let place = min(1, max(0, share)) * Double(values.count - 1)
        let index = Int(place)
        guard index + 1 < values.count else { return last }
        // Equal neighbours stay what they are, also where they are infinite.
        guard values[index] != values[index + 1] else { return values[index] }
        return values[index] + (values[index + 1] - values[index]) * (place - Double(index))
    }

    public static func median(_ values: [Double]) -> Double { quantile(0.5, ofSorted: values.sorted()) }
}

/// Student's t distribution, computed with the mathematics of Simulation, so that intervals are the same on every
/// machine.
public enum StudentsT {
    /// The value below which a share of the distribution lies.
    /// - Parameters:
    ///   - share: in 0 < share < 1.
    ///   - degrees: of freedom, above 0.
    public static func quantile(_ share: Double, degrees: Double) -> Double {
        guard share > 0, share < 1, degrees > 0 else { return .nan }
        if share < 0.5 { return -quantile(1 - share, degrees: degrees) }
        if share == 0.5 { return 0 }
        var low = 0.0
        var high = 2.0
        while cumulative(high, degrees: degrees) < share, high < 1e12 { high *= 2 }
        for _ in 0..<200 {
            let middle = (low + high) / 2
            guard middle > low, middle < high else { break }
            if cumulative(middle, degrees: degrees) < share { low = middle } else { high = middle }
        }
        return (low + high) / 2
    }

    /// The share of the distribution below `t`.
    public static func cumulative(_ t: Double, degrees: Double) -> Double {
        let x = degrees / (degrees + t * t)
        let tail = incompleteBeta(x, degrees / 2, 0.5) / 2
        return t > 0 ? 1 - tail : tail
    }

    /// The regularised incomplete beta function by its continued fraction (modified Lentz).
    static func incompleteBeta(_ x: Double, _ a: Double, _ b: Double) -> Double {
        guard x > 0 else { return 0 }
        guard x < 1 else { return 1 }
        let front = Mathematics.exp(
            Mathematics.logGamma(a + b) - Mathematics.logGamma(a) - Mathematics.logGamma(b)
                + a * Mathematics.log(x) + b * Mathematics.log(1 - x))
        // The fraction converges fast on one side of the mean; the other is its mirror image.
        return x < (a + 1) / (a + b + 2) ? front * fraction(x, a, b) / a : 1 - front * fraction(1 - x, b, a) / b
    }

    private static func fraction(_ x: Double, _ a: Double, _ b: Double) -> Double {
        let tiny = 1e-300
        func safe(_ value: Double) -> Double { abs(value) < tiny ? tiny : value }
        var c = 1.0
        var d = 1 / safe(1 - (a + b) * x / (a + 1))
        var result = d
        for number in 1...1_000 {
            let m = Double(number)
            let even = m * (b - m) * x / ((a + 2 * m - 1) * (a + 2 * m))
            d = 1 / safe(1 + even * d)
            c = safe(1 + even / c)
            result *= d * c
            let odd = -(a + m) * (a + b + m) * x / ((a + 2 * m) * (a + 2 * m + 1))
            d = 1 / safe(1 + odd * d)
            c = safe(1 + odd / c)
            let change = d * c
            result *= change
            if abs(change - 1) < 1e-15 { break }
        }
        return result
    }
}
