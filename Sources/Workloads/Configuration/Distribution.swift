import Simulation

/// A distribution of a non-negative quantity (seconds, tokens, steps), as scenarios state it.
///
/// In YAML: a plain number, or one key: `exponential: {mean: 0.01}`, `lognormal: {mu: 4.1, sigma: 0.5}`,
/// `lognormal: {median: 0.3, p95: 1.2}`, `uniform: {from: 40, to: 110}`, `gamma: {shape: 0.5, mean: 1}`,
/// `clamped: {of: …, from: 1, to: 150}`, `mixture: [{weight: 0.9, of: …}, …]`.
public indirect enum Distribution: Sendable, Equatable {
    case constant(Double)
    case uniform(Double, Double)
    case exponential(mean: Double)
    /// exp of a normal deviate of mean `mu` and deviation `sigma`.
    case lognormal(mu: Double, sigma: Double)
    case gamma(shape: Double, mean: Double)
    /// Draws of another distribution, moved to the nearest end of a range.
    case clamped(Distribution, Double, Double)
    /// One of several distributions, by weight.
    case mixture([Double], [Distribution])

    /// One draw.
    public func sample(using random: inout RandomStream) -> Double {
        switch self {
        case .constant(let value): value
        case .uniform(let low, let high): low + (high - low) * random.unit()
        case .exponential(let mean): -mean * Mathematics.log(1 - random.unit())
        case .lognormal(let mu, let sigma): Mathematics.exp(mu + sigma * Mathematics.normal(&random))
        case .gamma(let shape, let mean): Self.gamma(shape, mean: mean, &random)
        case .clamped(let inner, let low, let high): min(max(inner.sample(using: &random), low), high)
        case .mixture(let weights, let parts): Self.pick(weights, parts, &random)
        }
    }

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
            let x = Mathematics.normal(&random)
            let root = 1 + c * x
            let v = root * root * root
            guard v > 0 else { continue }
            if Mathematics.log(1 - random.unit()) < 0.5 * x * x + d - d * v + d * Mathematics.log(v) {
                return d * v * mean / shape
            }
        }
    }

    /// The 95th percentile of a normal deviate.
    private static let z95 = 1.644_853_626_951_472_2
}

extension Distribution: Codable {
    private enum Kind: String, CodingKey, CaseIterable {
        case uniform, exponential, lognormal, gamma, clamped, mixture
    }

    private enum Field: String, CodingKey, CaseIterable {
        case from, to, mean, mu, sigma, median, p95, shape, of, weight
    }

    public init(from decoder: any Decoder) throws {
        if let value = try? decoder.singleValueContainer().decode(Double.self) {
            self = .constant(value)
            return
        }
        if let duration = try? decoder.singleValueContainer().decode(Duration.self) {
            self = .constant(duration.seconds)
            return
        }
        let container = try decoder.strictContainer(keyedBy: Kind.self)
        guard let kind = container.allKeys.first, container.allKeys.count == 1 else {
            throw DecodingError.dataCorrupted(
                DecodingError.Context(
                    codingPath: decoder.codingPath,
                    debugDescription: "a distribution is a number, a duration or one key of "
                        + Kind.allCases.map(\.rawValue).joined(separator: ", ")))
        }
        if kind == .mixture {
            self = try Self.mixture(in: container)
            try check(kind, decoder)
            return
        }
        let fields = try container.superDecoder(forKey: kind).strictContainer(keyedBy: Field.self)
        func number(_ field: Field) throws -> Double { try fields.decode(Double.self, forKey: field) }
        switch kind {
        case .uniform: self = .uniform(try number(.from), try number(.to))
        case .exponential: self = .exponential(mean: try number(.mean))
        case .gamma: self = .gamma(shape: try number(.shape), mean: try number(.mean))
        case .clamped:
            self = .clamped(try fields.decode(Distribution.self, forKey: .of), try number(.from), try number(.to))
        case .lognormal where fields.contains(.median):
            let mu = Mathematics.log(try number(.median))
            self = .lognormal(mu: mu, sigma: (Mathematics.log(try number(.p95)) - mu) / Self.z95)
        case .lognormal: self = .lognormal(mu: try number(.mu), sigma: try number(.sigma))
        case .mixture: self = .constant(0)
        }
        try check(kind, decoder)
    }

    private func check(_ kind: Kind, _ decoder: any Decoder) throws {
        guard isUsable else {
            throw DecodingError.dataCorrupted(
                DecodingError.Context(
                    codingPath: decoder.codingPath,
                    debugDescription: "\(kind.rawValue): its numbers make no distribution"))
        }
    }

    private static func mixture(in container: KeyedDecodingContainer<Kind>) throws -> Distribution {
        var list = try container.nestedUnkeyedContainer(forKey: .mixture)
        var weights: [Double] = []
        var parts: [Distribution] = []
        while !list.isAtEnd {
            let part = try list.nestedContainer(keyedBy: Field.self)
            weights.append(try part.decode(Double.self, forKey: .weight))
            parts.append(try part.decode(Distribution.self, forKey: .of))
        }
        return .mixture(weights, parts)
    }

    /// Whether its numbers are in range.
    private var isUsable: Bool {
        switch self {
        case .constant(let value): value.isFinite
        case .uniform(let low, let high): low.isFinite && high.isFinite && low <= high
        case .exponential(let mean): mean >= 0 && mean.isFinite
        case .lognormal(let mu, let sigma): mu.isFinite && sigma >= 0 && sigma.isFinite
        case .gamma(let shape, let mean): shape > 0 && shape.isFinite && mean >= 0 && mean.isFinite
        case .clamped(let inner, let low, let high): low <= high && inner.isUsable
        case .mixture(let weights, let parts):
            !parts.isEmpty && weights.allSatisfy { $0 >= 0 } && parts.allSatisfy(\.isUsable)
        }
    }

    public func encode(to encoder: any Encoder) throws {
        if case .constant(let value) = self {
            var single = encoder.singleValueContainer()
            return try single.encode(value)
        }
        var container = encoder.container(keyedBy: Kind.self)
        func fields(_ kind: Kind) -> KeyedEncodingContainer<Field> {
            container.nestedContainer(keyedBy: Field.self, forKey: kind)
        }
        switch self {
        case .constant: break
        case .uniform(let low, let high):
            var inner = fields(.uniform)
            try inner.encode(low, forKey: .from)
            try inner.encode(high, forKey: .to)
        case .exponential(let mean):
            var inner = fields(.exponential)
            try inner.encode(mean, forKey: .mean)
        case .lognormal(let mu, let sigma):
            var inner = fields(.lognormal)
            try inner.encode(mu, forKey: .mu)
            try inner.encode(sigma, forKey: .sigma)
        case .gamma(let shape, let mean):
            var inner = fields(.gamma)
            try inner.encode(shape, forKey: .shape)
            try inner.encode(mean, forKey: .mean)
        case .clamped(let distribution, let low, let high):
            var inner = fields(.clamped)
            try inner.encode(distribution, forKey: .of)
            try inner.encode(low, forKey: .from)
            try inner.encode(high, forKey: .to)
        case .mixture(let weights, let parts):
            var list = container.nestedUnkeyedContainer(forKey: .mixture)
            for (weight, part) in zip(weights, parts) {
                var inner = list.nestedContainer(keyedBy: Field.self)
                try inner.encode(weight, forKey: .weight)
                try inner.encode(part, forKey: .of)
            }
        }
    }
}
