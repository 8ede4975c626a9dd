import Lab
import Simulation

/// How much telemetry came in over a time.
public struct TelemetryVolume: Sendable, Equatable {
    public var samples = 0
    /// Series at the end.
    public var series = 0
    /// Scrapes that brought too much and were refused.
    public var refusedScrapes = 0
    public var lines = 0
    public var lineBytes = 0
    public var traces = 0
    public var spans = 0
    public var spanBytes = 0

    mutating func add(_ other: TelemetryVolume) {
        samples += other.samples
        series += other.series
        refusedScrapes += other.refusedScrapes
        lines += other.lines
        lineBytes += other.lineBytes
        traces += other.traces
        spans += other.spans
        spanBytes += other.spanBytes
    }
}

/// What telemetry costs in a month of 30 days if it goes on as it did.
public struct TelemetryBill: Sendable, Equatable {
    public var metrics: Double
    public var logs: Double
    public var traces: Double
    /// What the machines cost in that month.
    public var machines: Double

    public var telemetry: Double { metrics + logs + traces }

    /// Telemetry's share of all of it, 0 to 1.
    public var share: Double { telemetry > 0 ? telemetry / (telemetry + machines) : 0 }

    /// A month, as bills have it.
    static let month = Duration.hours(24 * 30)

    /// - Parameters:
    ///   - volume: of what came in over `length`, which is above zero.
    ///   - nodes: the machines, all of which are paid for all the time.
    public init(
        _ volume: TelemetryVolume, over length: Duration, _ policy: TelemetryPolicy, _ prices: TelemetryPrices,
        nodes: [NodeDescription]
    ) {
        let times = length > .zero ? Self.month.seconds / length.seconds : 0
        metrics = prices.metrics.cost(
            count: Double(volume.samples) * times, bytes: 0, kept: policy.retention.metrics)
        logs = prices.logs.cost(
            count: Double(volume.lines) * times, bytes: Double(volume.lineBytes) * times, kept: policy.retention.logs)
        traces = prices.traces.cost(
            count: Double(volume.spans) * times, bytes: Double(volume.spanBytes) * times,
            kept: policy.retention.traces)
        machines = nodes.reduce(0) { $0 + $1.price * Double($1.count) } * Self.month.seconds / 3_600
    }

    /// In a sentence.
    func words(_ currency: String) -> String {
        func text(_ amount: Double) -> String { currency + Figures.rounded(amount, 2) }
        return
            "a month costs \(text(telemetry)): metrics \(text(metrics)), logs \(text(logs)), traces \(text(traces)); \(Figures.percent(share)) of what telemetry and machines cost together"
    }
}
