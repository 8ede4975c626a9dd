import Simulation

/// What things cost. Nodes have their own price; tokens are priced by their provider.
public struct PriceDescription: Sendable, Codable {
    public var currency: String
    /// What an hour of the service being down costs the company, for debriefs.
    public var downtimePerHour: Double
    /// What storing telemetry costs; nil where nobody asks.
    public var telemetry: TelemetryPrices?

    enum CodingKeys: String, CodingKey, CaseIterable { case currency, downtimePerHour, telemetry }

    public init() {
        currency = "$"
        downtimePerHour = 0
    }

    public init(from decoder: any Decoder) throws {
        let container = try decoder.strict(CodingKeys.self)
        self.init()
        currency = try container.decodeIfPresent(String.self, forKey: .currency) ?? currency
        downtimePerHour = try container.decodeIfPresent(Double.self, forKey: .downtimePerHour) ?? downtimePerHour
        telemetry = try container.decodeIfPresent(TelemetryPrices.self, forKey: .telemetry)
    }
}

/// What a provider of observability takes for what it stores.
public struct TelemetryPrices: Sendable, Codable, Equatable {
    /// The price of one signal, in units of the currency.
    public struct Signal: Sendable, Codable, Equatable {
        /// For taking a million of them: samples, lines, spans.
        public var million: Double
        /// For each day that a million of them can be asked for.
        public var millionDays: Double
        /// For taking a gigabyte (10^9 bytes).
        public var gigabyte: Double

        enum CodingKeys: String, CodingKey, CaseIterable { case million, millionDays, gigabyte }

        public init(from decoder: any Decoder) throws {
            let container = try decoder.strict(CodingKeys.self)
            func price(_ key: CodingKeys) throws -> Double {
                let price = try container.decodeIfPresent(Double.self, forKey: key) ?? 0
                guard price >= 0, price.isFinite else {
                    throw DecodingError.dataCorruptedError(
                        forKey: key, in: container, debugDescription: "a price is 0 or more")
                }
                return price
            }
            million = try price(.million)
            millionDays = try price(.millionDays)
            gigabyte = try price(.gigabyte)
        }

        /// What so much costs.
        public func cost(count: Double, bytes: Double, kept: Duration) -> Double {
            count / 1e6 * (million + millionDays * kept.seconds / 86_400) + bytes / 1e9 * gigabyte
        }
    }

    public var metrics: Signal
    public var logs: Signal
    public var traces: Signal

    enum CodingKeys: String, CodingKey, CaseIterable { case metrics, logs, traces }

    public init(from decoder: any Decoder) throws {
        let container = try decoder.strict(CodingKeys.self)
        metrics = try container.decode(Signal.self, forKey: .metrics)
        logs = try container.decode(Signal.self, forKey: .logs)
        traces = try container.decode(Signal.self, forKey: .traces)
    }
}
