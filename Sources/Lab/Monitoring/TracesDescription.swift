import Simulation
import Workloads

/// What a scenario says about the traces of its requests: `traces: {sample: 1, retention: 30m, limit: 50000}`.
public struct TracesDescription: Sendable, Codable {
    /// The share of traces that is recorded, by `traceidratio`.
    public var sample: Double
    /// How long after its last span a trace is kept.
    public var retention: Duration
    /// Spans kept at most; the oldest traces give way.
    public var limit: Int

    enum CodingKeys: String, CodingKey, CaseIterable { case sample, retention, limit }

    static let limits = 100...1_000_000

    public init(from decoder: any Decoder) throws {
        let container = try decoder.strict(CodingKeys.self)
        let usual = TraceSettings()
        sample = try container.decodeIfPresent(Double.self, forKey: .sample) ?? usual.sample
        retention = try container.decodeIfPresent(Duration.self, forKey: .retention) ?? usual.retention
        limit = try container.decodeIfPresent(Int.self, forKey: .limit) ?? usual.limit
        func refuse(_ key: CodingKeys, _ text: String) -> DecodingError {
            .dataCorruptedError(forKey: key, in: container, debugDescription: text)
        }
        guard (0...1).contains(sample) else { throw refuse(.sample, "must be a share between 0 and 1") }
        guard retention >= .seconds(1) else { throw refuse(.retention, "must be at least 1s") }
        guard Self.limits.contains(limit) else {
            throw refuse(
                .limit, "must be a number of spans between \(Self.limits.lowerBound) and \(Self.limits.upperBound)")
        }
    }

    var settings: TraceSettings { TraceSettings(limit: limit, retention: retention, sample: sample) }
}
