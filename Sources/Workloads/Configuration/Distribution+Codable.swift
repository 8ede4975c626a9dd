import Simulation

/// How scenarios state distributions: a plain number, a duration, or one key with its numbers.
///
///     exponential: {mean: 0.01}
///     lognormal: {median: 0.3, p95: 1.2}          # or {mu: 4.1, sigma: 0.5}
///     uniform: {from: 40, to: 110}
///     gamma: {shape: 0.5, mean: 1}
///     weibull: {shape: 0.7, scale: 2}             # or {shape: 0.7, mean: 2.5}
///     pareto: {shape: 1.6, minimum: 0.1}          # or {shape: 1.6, mean: 0.3}
///     beta: {alpha: 2, beta: 5, from: 0, to: 1}   # the range may be left out
///     empirical: [0.21, 0.35, 0.9]                # one of the observations
///     empirical: [{share: 0, value: 0.1}, {share: 0.5, value: 0.3}, {share: 1, value: 4}]   # measured quantiles
///     clamped: {of: …, from: 1, to: 150}          # moved to the ends of the range
///     truncated: {of: …, from: 1, to: 150}        # drawn again until it falls inside
///     mixture: [{weight: 0.9, of: …}, …]
extension Distribution: Codable {
    private enum Kind: String, CodingKey, CaseIterable {
        case uniform, exponential, lognormal, gamma, weibull, pareto, beta, empirical, clamped, truncated, mixture
    }

    private enum Field: String, CodingKey, CaseIterable {
        case from, to, mean, mu, sigma, median, p95, shape, scale, minimum, alpha, beta, share, value, of, weight
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
        switch kind {
        case .mixture: self = try Self.mixture(in: container)
        case .empirical: self = try Self.empirical(in: container)
        case .uniform, .exponential, .lognormal, .gamma, .weibull, .pareto, .beta, .clamped, .truncated:
            let fields = try container.superDecoder(forKey: kind).strictContainer(keyedBy: Field.self)
            self = try Self.plain(kind, fields)
        }
        if let problem {
            throw DecodingError.dataCorrupted(
                DecodingError.Context(
                    codingPath: decoder.codingPath, debugDescription: "\(kind.rawValue): \(problem)"))
        }
    }

    private static func plain(_ kind: Kind, _ fields: KeyedDecodingContainer<Field>) throws -> Distribution {
        func number(_ field: Field) throws -> Double { try fields.decode(Double.self, forKey: field) }
        switch kind {
        case .uniform: return .uniform(try number(.from), try number(.to))
        case .exponential: return .exponential(mean: try number(.mean))
        case .gamma: return .gamma(shape: try number(.shape), mean: try number(.mean))
        case .lognormal where fields.contains(.median):
            return .lognormal(median: try number(.median), p95: try number(.p95))
        case .lognormal: return .lognormal(mu: try number(.mu), sigma: try number(.sigma))
        case .weibull where fields.contains(.mean):
            return .weibull(shape: try number(.shape), mean: try number(.mean))
        case .weibull: return .weibull(shape: try number(.shape), scale: try number(.scale))
        case .pareto where fields.contains(.mean):
            return .pareto(shape: try number(.shape), mean: try number(.mean))
        case .pareto: return .pareto(shape: try number(.shape), minimum: try number(.minimum))
        case .beta:
            return .beta(
                alpha: try number(.alpha), beta: try number(.beta),
                from: try fields.decodeIfPresent(Double.self, forKey: .from) ?? 0,
                to: try fields.decodeIfPresent(Double.self, forKey: .to) ?? 1)
        case .clamped, .truncated:
            let inner = try fields.decode(Distribution.self, forKey: .of)
            let (low, high) = (try number(.from), try number(.to))
            return kind == .clamped ? .clamped(inner, low, high) : .truncated(inner, low, high)
        case .mixture, .empirical: return .constant(.nan)
        }
    }

    private static func mixture(in container: KeyedDecodingContainer<Kind>) throws -> Distribution {
        var list = try container.nestedUnkeyedContainer(forKey: .mixture)
        var weights: [Double] = []
        var parts: [Distribution] = []
        while !list.isAtEnd {
            let part = try list.superDecoder().strictContainer(keyedBy: Field.self)
            weights.append(try part.decode(Double.self, forKey: .weight))
            parts.append(try part.decode(Distribution.self, forKey: .of))
        }
        return .mixture(weights, parts)
    }

    private static func empirical(in container: KeyedDecodingContainer<Kind>) throws -> Distribution {
        if let values = try? container.decode([Double].self, forKey: .empirical) { return .observations(values) }
        var list = try container.nestedUnkeyedContainer(forKey: .empirical)
        var points: [Quantile] = []
        while !list.isAtEnd {
            let point = try list.superDecoder().strictContainer(keyedBy: Field.self)
            points.append(
                Quantile(
                    share: try point.decode(Double.self, forKey: .share),
                    value: try point.decode(Double.self, forKey: .value)))
        }
        return .quantiles(points)
    }

    public func encode(to encoder: any Encoder) throws {
        if case .constant(let value) = self {
            var single = encoder.singleValueContainer()
            return try single.encode(value)
        }
        var container = encoder.container(keyedBy: Kind.self)
        func write(_ kind: Kind, _ numbers: [(Field, Double)], of inner: Distribution? = nil) throws {
            var fields = container.nestedContainer(keyedBy: Field.self, forKey: kind)
            if let inner { try fields.encode(inner, forKey: .of) }
            for (field, number) in numbers { try fields.encode(number, forKey: field) }
        }
        switch self {
        case .constant: break
        case .uniform(let low, let high): try write(.uniform, [(.from, low), (.to, high)])
        case .exponential(let mean): try write(.exponential, [(.mean, mean)])
        case .lognormal(let mu, let sigma): try write(.lognormal, [(.mu, mu), (.sigma, sigma)])
        case .gamma(let shape, let mean): try write(.gamma, [(.shape, shape), (.mean, mean)])
        case .weibull(let shape, let scale): try write(.weibull, [(.shape, shape), (.scale, scale)])
        case .pareto(let shape, let minimum): try write(.pareto, [(.shape, shape), (.minimum, minimum)])
        case .beta(let alpha, let beta, let low, let high):
            try write(.beta, [(.alpha, alpha), (.beta, beta), (.from, low), (.to, high)])
        case .observations(let values): try container.encode(values, forKey: .empirical)
        case .quantiles(let points):
            var list = container.nestedUnkeyedContainer(forKey: .empirical)
            for point in points {
                var fields = list.nestedContainer(keyedBy: Field.self)
                try fields.encode(point.share, forKey: .share)
                try fields.encode(point.value, forKey: .value)
            }
        case .clamped(let inner, let low, let high): try write(.clamped, [(.from, low), (.to, high)], of: inner)
        case .truncated(let inner, let low, let high): try write(.truncated, [(.from, low), (.to, high)], of: inner)
        case .mixture(let weights, let parts):
            var list = container.nestedUnkeyedContainer(forKey: .mixture)
            for (weight, part) in zip(weights, parts) {
                var fields = list.nestedContainer(keyedBy: Field.self)
                try fields.encode(weight, forKey: .weight)
                try fields.encode(part, forKey: .of)
            }
        }
    }
}
