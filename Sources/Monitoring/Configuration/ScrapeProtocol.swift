import PromQL
import Simulation

/// The formats in which a target may answer, by Prometheus' names for them.
public enum ScrapeProtocol: String, Sendable, CaseIterable, BinaryCodable {
    case openMetrics001 = "OpenMetricsText0.0.1"
    case openMetrics100 = "OpenMetricsText1.0.0"
    case protobuf = "PrometheusProto"
    case text004 = "PrometheusText0.0.4"
    case text100 = "PrometheusText1.0.0"

    /// How the text is read; nil for the format that is none.
    var format: ExpositionFormat? {
        switch self {
        case .openMetrics001, .openMetrics100: .openMetrics
        case .text004, .text100: .prometheus
        case .protobuf: nil
        }
    }

    /// What is wrong with a name; nil if nothing is.
    static func problem(_ name: String) -> String? {
        if ScrapeProtocol(rawValue: name) != nil { return nil }
        let known = allCases.map(\.rawValue).joined(separator: " ")
        return "unknown scrape protocol \(name), supported: [\(known)]"
    }
}
