import Simulation

/// A distribution of a non-negative quantity (seconds, tokens, steps), as scenarios state it.
public indirect enum Distribution: Sendable, Equatable, Codable {
    case constant(Double)
    case uniform(Double, Double)
    case exponential(mean: Double)
    case lognormal(mu: Double, sigma: Double)
    case clamped(Distribution, Double, Double)
    case gamma(shape: Double, mean: Double)
    case mixture([Double], [Distribution])

    public func sample(using random: inout RandomStream) -> Double {
        switch self {
        case .constant(let value): return value
        case .uniform(let low, let high): return low + (high - low) * random.unit()
        case .exponential(let mean): return -mean * Mathematics.log(1 - random.unit())
        case .lognormal(let mu, let sigma): return Mathematics.exp(mu + sigma * Mathematics.normal(&random))
        case .clamped(let inner, let low, let high): return min(max(inner.sample(using: &random), low), high)
        case .gamma(let shape, let mean):
            guard shape >= 1 else {
                let boost = Mathematics.exp(Mathematics.log(max(1e-300, random.unit())) / shape)
                return Distribution.gamma(shape: shape + 1, mean: mean * (shape + 1) / shape).sample(using: &random)
                    * boost
            }
            let d = shape - 1.0 / 3, c = 1 / (9 * d).squareRoot()
            while true {
                let x = Mathematics.normal(&random), v = (1 + c * x) * (1 + c * x) * (1 + c * x)
                if v > 0, Mathematics.log(1 - random.unit()) < 0.5 * x * x + d - d * v + d * Mathematics.log(v) {
                    return d * v * mean / shape
                }
            }
        case .mixture(let weights, let parts):
            var rest = random.unit() * weights.reduce(0, +)
            for (weight, part) in zip(weights, parts) {
                rest -= weight
                if rest < 0 { return part.sample(using: &random) }
            }
            return parts.last?.sample(using: &random) ?? 0
        }
    }
}

enum Mathematics {
    static func log(_ x: Double) -> Double {
        guard x > 0 else { return -.infinity }
        var exponent = Double(x.exponent)
        var m = x.significand
        if m > 1.4142135623730951 { m /= 2; exponent += 1 }
        let s = (m - 1) / (m + 1), s2 = s * s
        var sum = 0.0, term = s, k = 1.0
        while k < 40 { sum += term / k; term *= s2; k += 2 }
        return 2 * sum + exponent * 0.6931471805599453
    }
    static func exp(_ x: Double) -> Double {
        if x > 700 { return 1e300 }
        if x < -700 { return 0 }
        let n = (x / 0.6931471805599453).rounded()
        let r = x - n * 0.6931471805599453
        var sum = 1.0, term = 1.0
        for k in 1...18 { term *= r / Double(k); sum += term }
        return Double(sign: .plus, exponent: Int(n), significand: sum)
    }
    static func normal(_ random: inout RandomStream) -> Double {
        while true {
            let u = 2 * random.unit() - 1, v = 2 * random.unit() - 1
            let s = u * u + v * v
            if s > 0, s < 1 { return u * (-2 * log(s) / s).squareRoot() }
        }
    }
}
