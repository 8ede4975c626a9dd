import KubernetesAPI
import Lab
import Simulation

/// What is kept of all that programs could tell: metrics with their labels, log lines with their levels, traces with
/// their sampling, each for how long.
///
///     apiVersion: kubelab.dev/v1
///     kind: TelemetryPolicy
///     spec:
///       retention: {metrics: 30d, logs: 7d, traces: 3d}
///       metrics: {interval: 60s, instruments: [{name: http_requests_total, labels: [code]}]}
///       logs: {events: [{event: request, levels: {ok: debug, failed: error}, fields: [trace_id]}]}
///       traces: {policies: [{name: errors, type: status_code, status_code: {status_codes: [ERROR]}}]}
///
/// A signal that is left out is not kept at all.
public struct TelemetryPolicy: Sendable, DocumentSpec {
    static let kind = "TelemetryPolicy"

    /// How long what is stored can be asked for.
    struct Retention: Sendable, Decodable {
        var metrics: Duration
        var logs: Duration
        var traces: Duration

        enum CodingKeys: String, CodingKey, CaseIterable { case metrics, logs, traces }

        init(from decoder: any Decoder) throws {
            let container = try decoder.strict(CodingKeys.self)
            func length(_ key: CodingKeys) throws -> Duration {
                let length = try container.decodeIfPresent(Duration.self, forKey: key) ?? .hours(24 * 30)
                try container.require(
                    length >= .hours(1) && length <= .hours(24 * 400), key, "must be between 1h and 400d")
                return length
            }
            metrics = try length(.metrics)
            logs = try length(.logs)
            traces = try length(.traces)
        }

        init() { (metrics, logs, traces) = (.hours(24 * 30), .hours(24 * 30), .hours(24 * 30)) }
    }

    /// What is scraped, and how often.
    struct Metrics: Sendable, Decodable {
        var interval: Duration
        var instruments: [Instrument]

        enum CodingKeys: String, CodingKey, CaseIterable { case interval, instruments }

        init(from decoder: any Decoder) throws {
            let container = try decoder.strict(CodingKeys.self)
            interval = try container.decodeIfPresent(Duration.self, forKey: .interval) ?? .seconds(60)
            instruments = try container.decode([Instrument].self, forKey: .instruments)
            try container.require(
                interval >= .seconds(10) && interval <= .hours(1), .interval, "must be between 10s and 1h")
            let names = instruments.map(\.kind.rawValue)
            try container.require(
                Set(names).count == names.count, .instruments, "must each be there once: labels of one are one set")
        }
    }

    /// Which traces the Collector hands on.
    struct Traces: Sendable, Decodable {
        var sampler: HeadSampler
        var decisionWait: Duration
        /// Nil keeps every trace that the programs recorded.
        var policies: [SamplingPolicy]?

        enum CodingKeys: String, CodingKey, CaseIterable {
            case sampler
            case decisionWait = "decision_wait"
            case policies
        }

        init(from decoder: any Decoder) throws {
            let container = try decoder.strict(CodingKeys.self)
            sampler = try container.decodeIfPresent(HeadSampler.self, forKey: .sampler) ?? HeadSampler(ratio: 1)
            decisionWait = try container.decodeIfPresent(Duration.self, forKey: .decisionWait) ?? .seconds(30)
            policies = try container.decodeIfPresent([SamplingPolicy].self, forKey: .policies)
            try container.require(
                decisionWait > .zero && decisionWait <= .minutes(10), .decisionWait,
                "must be longer than nothing and at most 10m")
            if let policies {
                try container.require((1...20).contains(policies.count), .policies, "must be 1 to 20")
                let names = policies.map(\.name)
                try container.require(Set(names).count == names.count, .policies, "must each have a name of its own")
            }
        }
    }

    var retention: Retention
    var metrics: Metrics?
    var logs: LoggingSchema?
    var traces: Traces?

    enum CodingKeys: String, CodingKey, CaseIterable { case retention, metrics, logs, traces }

    /// Reads what stands under `spec`.
    public init(from decoder: any Decoder) throws {
        let container = try decoder.strict(CodingKeys.self)
        retention = try container.decodeIfPresent(Retention.self, forKey: .retention) ?? Retention()
        metrics = try container.decodeIfPresent(Metrics.self, forKey: .metrics)
        logs = try container.decodeIfPresent(LoggingSchema.self, forKey: .logs)
        traces = try container.decodeIfPresent(Traces.self, forKey: .traces)
        try container.require(
            metrics != nil || logs != nil || traces != nil, .metrics,
            "at least one of metrics, logs and traces is kept; this keeps nothing")
    }

    /// Reads a whole document.
    /// - Throws: `ConfigurationError` with file, line and field path.
    public init(parsing text: String, file: String) throws {
        self = try ConfigurationSource(file: file, text: text).spec(TelemetryPolicy.self)
    }
}

/// The decision that a program takes when a trace begins, as OpenTelemetry's SDKs have it.
///
/// Written as in OpenTelemetry's declarative configuration: `always_on: {}` or `trace_id_ratio_based: {ratio: 0.1}`.
struct HeadSampler: Sendable, Equatable, Decodable {
    /// The share of traces that is recorded, 0 to 1.
    var ratio: Double

    init(ratio: Double) { self.ratio = ratio }

    enum CodingKeys: String, CodingKey, CaseIterable {
        case alwaysOn = "always_on"
        case ratioBased = "trace_id_ratio_based"
    }

    private struct Ratio: Decodable {
        var ratio: Double
        enum CodingKeys: String, CodingKey, CaseIterable { case ratio }

        init(from decoder: any Decoder) throws {
            let container = try decoder.strict(CodingKeys.self)
            ratio = try container.decode(Double.self, forKey: .ratio)
            try container.require(ratio >= 0 && ratio <= 1, .ratio, "must lie between 0 and 1")
        }
    }

    private struct Nothing: Decodable {
        enum CodingKeys: String, CodingKey, CaseIterable { case none = "-" }
        init(from decoder: any Decoder) throws { _ = try decoder.strict(CodingKeys.self) }
    }

    init(from decoder: any Decoder) throws {
        let container = try decoder.strict(CodingKeys.self)
        try container.require(
            container.contains(.alwaysOn) != container.contains(.ratioBased), .alwaysOn,
            "a sampler is one of always_on and trace_id_ratio_based")
        if container.contains(.alwaysOn) {
            _ = try container.decode(Nothing.self, forKey: .alwaysOn)
            ratio = 1
        } else {
            ratio = try container.decode(Ratio.self, forKey: .ratioBased).ratio
        }
    }
}
