extension Distribution {
    /// One draw.
    public func sample(using random: inout RandomStream) -> Double {
        switch self {
        case .constant(let value): value
        case .uniform(let low, let high): low + (high - low) * random.unit()
        case .exponential(let mean): mean * random.exponential()
        case .lognormal(let mu, let sigma): Self.bounded(Mathematics.exp(mu + sigma * random.normal()))
        case .gamma(let shape, let mean): Self.gamma(shape, mean: mean, &random)
        case .weibull(let shape, let scale):
            Self.bounded(
                scale * Mathematics.exp(Mathematics.log(random.exponential()) / shape))
        case .pareto(let shape, let minimum):
            Self.bounded(minimum * Mathematics.exp(random.exponential() / shape))
        case .beta(let alpha, let beta, let low, let high):
            low + (high - low) * Self.beta(alpha, beta, &random)
        case .quantiles(let points): Self.interpolate(points, at: random.unit())
        case .observations(let values):
            values.isEmpty ? 0 : values[Int(random.below(UInt64(values.count)))]
        case .clamped(let inner, let low, let high): min(max(inner.sample(using: &random), low), high)
        case .truncated(let inner, let low, let high): Self.truncated(inner, low, high, &random)
        case .mixture(let weights, let parts): Self.pick(weights, parts, &random)
        }
    }

    /// The end of heavy tails: what is beyond has no meaning, and infinity spoils what it is added to.
    private static func bounded(_ value: Double) -> Double { min(value, 1e300) }

    private static func pick(_ weights: [Double], _ parts: [Distribution], _ random: inout RandomStream) -> Double {
        var rest = random.unit() * weights.reduce(0, +)
        for (weight, part) in zip(weights, parts) {
            rest -= weight
            if rest < 0 { return part.sample(using: &random) }
        }
        return parts.last?.sample(using: &random) ?? 0
    }

    /// Marsaglia and Tsang (2000); shapes below 1 by the usual power of a uniform.
    private static func gamma(_ shape: Double, mean: Double, _ random: inout RandomStream) -> Double {
        guard shape > 0, shape.isFinite else { return mean }
        if shape < 1 {
            let boost = Mathematics.exp(Mathematics.log(max(1e-300, 1 - random.unit())) / shape)
            return gamma(shape + 1, mean: mean * (shape + 1) / shape, &random) * boost
        }
        let d = shape - 1.0 / 3
        let c = 1 / (9 * d).squareRoot()
        while true {
            let x = random.normal()
            let root = 1 + c * x
            let v = root * root * root
            guard v > 0 else { continue }
            if Mathematics.log(1 - random.unit()) < 0.5 * x * x + d - d * v + d * Mathematics.log(v) {
                return d * v * mean / shape
            }
        }
    }

    /// The share that one of two gamma deviates has of both.
    private static func beta(_ alpha: Double, _ beta: Double, _ random: inout RandomStream) -> Double {
        let x = gamma(alpha, mean: alpha, &random)
        let y = gamma(beta, mean: beta, &random)
        // Shapes so small that both underflow put all weight on the two ends.
        guard x + y > 0 else { return random.chance(alpha / (alpha + beta)) ? 1 : 0 }
        return x / (x + y)
    }

    private static func interpolate(_ points: [Quantile], at share: Double) -> Double {
        guard let first = points.first, let last = points.last else { return 0 }
        if share <= first.share { return first.value }
        if share >= last.share { return last.value }
        var (low, high) = (0, points.count - 1)
        while high - low > 1 {
            let middle = (low + high) / 2
            if points[middle].share <= share { low = middle } else { high = middle }
        }
        let (below, above) = (points[low], points[high])
        return below.value + (above.value - below.value) * ((share - below.share) / (above.share - below.share))
    }

    /// Draws until one falls into the range. One in a thousand does (``Distribution/problem``), so that 50,000 misses
    /// in a row do not happen; the nearest end is the answer if they do.
    private static func truncated(
        _ inner: Distribution, _ low: Double, _ high: Double, _ random: inout RandomStream
    ) -> Double {
        var value = 0.0
        for _ in 0..<50_000 {
            value = inner.sample(using: &random)
            if value >= low, value <= high { return value }
        }
        return min(max(value, low), high)
    }
}

extension RandomStream {
    /// An exponential deviate of mean 1.
    public mutating func exponential() -> Double { -Mathematics.log(1 - unit()) }

    /// A normal deviate of mean 0 and deviation 1 (Marsaglia's polar method, the second one dropped).
    public mutating func normal() -> Double {
        while true {
            let u = 2 * unit() - 1
            let v = 2 * unit() - 1
            let square = u * u + v * v
            if square > 0, square < 1 { return u * (-2 * Mathematics.log(square) / square).squareRoot() }
        }
    }
}
