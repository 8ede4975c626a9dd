/// A distribution of a non-negative quantity (seconds, tokens, steps), as scenarios state it.
///
/// A draw is a function of the stream's numbers and of operations that IEEE 754 fixes: equal streams draw equal values
/// on every machine. Draws are finite: heavy tails end at 10³⁰⁰.
public indirect enum Distribution: Sendable, Equatable {
    case constant(Double)
    case uniform(Double, Double)
    case exponential(mean: Double)
    /// exp of a normal deviate of mean `mu` and deviation `sigma`.
    case lognormal(mu: Double, sigma: Double)
    case gamma(shape: Double, mean: Double)
    /// `scale` is the value that 63.2% stay below; a shape below 1 has the heavier tail.
    case weibull(shape: Double, scale: Double)
    /// Above `x` lie (minimum / x)^shape; no mean for shapes of 1 and less.
    case pareto(shape: Double, minimum: Double)
    /// Beta(alpha, beta), stretched over a range.
    case beta(alpha: Double, beta: Double, from: Double, to: Double)
    /// Linear between measured quantiles, ascending in both; draws below the first or above the last are moved there.
    case quantiles([Quantile])
    /// One of the observations, each as likely.
    case observations([Double])
    /// Draws of another distribution, moved to the nearest end of a range.
    case clamped(Distribution, Double, Double)
    /// Draws of another distribution that fall into a range; the others are drawn again.
    case truncated(Distribution, Double, Double)
    /// One of several distributions, by weight.
    case mixture([Double], [Distribution])

    /// The value that a share of all draws stays below.
    public struct Quantile: Sendable, Equatable {
        /// From 0 to 1.
        public var share: Double
        public var value: Double

        public init(share: Double, value: Double) {
            self.share = share
            self.value = value
        }
    }

    /// The lognormal distribution of a median and a 95th percentile, as measurements of latency are stated.
    public static func lognormal(median: Double, p95: Double) -> Distribution {
        let mu = Mathematics.log(median)
        return .lognormal(mu: mu, sigma: (Mathematics.log(p95) - mu) / 1.644_853_626_951_472_2)
    }

    /// The Weibull distribution of a shape and a mean: scale Γ(1 + 1/shape) = mean.
    public static func weibull(shape: Double, mean: Double) -> Distribution {
        .weibull(shape: shape, scale: mean / Mathematics.exp(Mathematics.logGamma(1 + 1 / shape)))
    }

    /// The Pareto distribution of a shape above 1 and a mean.
    public static func pareto(shape: Double, mean: Double) -> Distribution {
        .pareto(shape: shape, minimum: mean * (shape - 1) / shape)
    }
}

extension Distribution {
    /// Why its numbers make no distribution; nil if they do.
    public var problem: String? {
        switch self {
        case .constant(let value):
            return value.isFinite ? nil : "the number must be finite"
        case .uniform(let low, let high):
            return Self.rangeProblem(low, high)
        case .exponential(let mean):
            return mean >= 0 && mean.isFinite ? nil : "mean must be 0 or more"
        case .lognormal(let mu, let sigma):
            guard mu.isFinite else { return "mu must be finite (a median must be greater than 0)" }
            return sigma >= 0 && sigma.isFinite ? nil : "sigma must be 0 or more (p95 must not be below the median)"
        case .gamma(let shape, let mean):
            return Self.shapeProblem("shape", shape) ?? (mean >= 0 && mean.isFinite ? nil : "mean must be 0 or more")
        case .weibull(let shape, let scale):
            return Self.shapeProblem("shape", shape)
                ?? (scale >= 0 && scale.isFinite ? nil : "scale must be 0 or more")
        case .pareto(let shape, let minimum):
            return Self.shapeProblem("shape", shape)
                ?? (minimum > 0 && minimum.isFinite
                    ? nil : "minimum must be greater than 0 (a mean needs a shape above 1)")
        case .beta(let alpha, let beta, let low, let high):
            return Self.shapeProblem("alpha", alpha) ?? Self.shapeProblem("beta", beta) ?? Self.rangeProblem(low, high)
        case .quantiles(let points):
            return Self.quantileProblem(points)
        case .observations(let values):
            if values.isEmpty { return "at least one value is needed" }
            return values.allSatisfy(\.isFinite) ? nil : "values must be finite"
        case .clamped(let inner, let low, let high):
            return inner.problem ?? (low <= high ? nil : "from must not be above to")
        case .truncated(let inner, let low, let high):
            if let problem = inner.problem { return problem }
            guard low <= high else { return "from must not be above to" }
            return inner.oftenFalls(into: low...high)
                ? nil : "fewer than one draw in a thousand falls between \(low) and \(high)"
        case .mixture(let weights, let parts):
            if parts.isEmpty { return "at least one part is needed" }
            guard weights.count == parts.count, weights.allSatisfy({ $0 >= 0 && $0.isFinite }) else {
                return "weights must be 0 or more"
            }
            guard weights.contains(where: { $0 > 0 }) else { return "one weight must be greater than 0" }
            return parts.lazy.compactMap(\.problem).first
        }
    }

    private static func shapeProblem(_ name: String, _ value: Double) -> String? {
        value > 0 && value.isFinite ? nil : "\(name) must be greater than 0"
    }

    private static func rangeProblem(_ low: Double, _ high: Double) -> String? {
        guard low.isFinite, high.isFinite else { return "from and to must be finite" }
        return low <= high ? nil : "from must not be above to"
    }

    private static func quantileProblem(_ points: [Quantile]) -> String? {
        if points.isEmpty { return "at least one quantile is needed" }
        for point in points where !(point.share >= 0 && point.share <= 1 && point.value.isFinite) {
            return "a quantile needs a share from 0 to 1 and a finite value"
        }
        for (point, next) in zip(points, points.dropFirst())
        where !(next.share > point.share && next.value >= point.value) {
            return "quantiles must ascend: \(point.share) and \(next.share) do not"
        }
        return nil
    }

    /// Tries 20,000 draws of a fixed stream.
    private func oftenFalls(into range: ClosedRange<Double>) -> Bool {
        var random = RandomStream(seed: 0, name: "distribution/truncated")
        var found = 0
        for _ in 0..<20_000 where range.contains(sample(using: &random)) { found += 1 }
        return found >= 20
    }
}
