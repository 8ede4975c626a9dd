import PromQL
import Simulation

/// How a target was when it was last scraped.
public enum TargetHealth: UInt8, Sendable {
    case unknown, up, down

    /// The word in the HTTP API.
    public var text: String {
        switch self {
        case .unknown: "unknown"
        case .up: "up"
        case .down: "down"
        }
    }
}

/// A target by a number that is never given twice within its pool. An event of a caller's queue holds it.
public struct TargetID: Sendable, Hashable, Comparable, BinaryCodable {
    public let number: Int

    public init(_ number: Int) { self.number = number }

    public init(from reader: inout BinaryReader) throws(BinaryDecodingError) { number = try reader.read() }

    public func write(to writer: inout BinaryWriter) { writer.write(number) }

    public static func < (left: TargetID, right: TargetID) -> Bool { left.number < right.number }
}

/// A target that a pool scrapes.
public struct ScrapeTarget: Sendable {
    public let id: TargetID
    /// What discovery and the job gave, before relabelling.
    public internal(set) var discoveredLabels: Labels
    /// What is left of that after relabelling, with the labels that begin with two underscores.
    public let allLabels: Labels
    /// What is added to its samples.
    public let labels: Labels
    public let url: String
    /// Milliseconds.
    public let interval: Int64
    /// Milliseconds.
    public let timeout: Int64
    public internal(set) var health = TargetHealth.unknown
    /// Prometheus' error of the last scrape; empty if it went well.
    public internal(set) var lastError = ""
    /// When the last scrape began, in milliseconds since the Unix epoch; nil before the first.
    public internal(set) var lastScrape: Int64?
    /// Seconds.
    public internal(set) var lastScrapeDuration = 0.0
    /// When the next scrape is due, in milliseconds since the Unix epoch.
    public internal(set) var nextScrape: Int64
    /// When the scrape that is on its way was sent; nil if none is.
    public internal(set) var started: Int64?
    var loop: ScrapeLoop

    /// The path of the request, without parameters.
    public var path: String {
        let path = allLabels["__metrics_path__"]
        return path.hasPrefix("/") ? path : "/" + path
    }

    /// `host:port` of the request.
    public var address: String { allLabels["__address__"] }
    /// What is known of the metrics of the target, by family.
    public var metadata: [String: MetricMetadata] { loop.metadata }
}

/// A target that relabelling dropped.
public struct DroppedTarget: Sendable, Equatable {
    public let discoveredLabels: Labels
}

/// What relabelling makes of one discovered target (`PopulateLabels` of Prometheus).
enum TargetLabels: Equatable {
    case kept(Labels, interval: Int64, timeout: Int64)
    case dropped
    /// Why it cannot be a target.
    case refused(String)

    /// The labels before relabelling: discovery's, and the job's where discovery sets none.
    static func discovered(_ labels: Labels, _ job: ScrapeConfiguration) -> Labels {
        var builder = LabelSetBuilder(labels)
        for (name, value) in [
            ("job", job.jobName), ("__scrape_interval__", PrometheusDuration.format(job.scrapeInterval)),
            ("__scrape_timeout__", PrometheusDuration.format(job.scrapeTimeout)),
            ("__metrics_path__", job.metricsPath), ("__scheme__", job.scheme),
        ] where builder[name].isEmpty {
            builder.set(name, value)
        }
        for parameter in job.parameters {
            if let first = parameter.values.first { builder.set("__param_" + parameter.name, first) }
        }
        return builder.labels
    }

    static func relabel(_ discovered: Labels, _ job: ScrapeConfiguration) -> TargetLabels {
        var builder = LabelSetBuilder(discovered)
        guard job.relabelling.apply(&builder) else { return .dropped }
        let address = builder["__address__"]
        if address.isEmpty { return .refused("no address") }
        if address.contains("/") { return .refused("\(GoQuote.quote(address)) is not a valid hostname") }
        let interval: Int64
        let timeout: Int64
        do throws(PrometheusDuration.ParseError) {
            interval = try PrometheusDuration.parse(builder["__scrape_interval__"])
        } catch {
            return .refused("error parsing scrape interval: \(error)")
        }
        do throws(PrometheusDuration.ParseError) {
            timeout = try PrometheusDuration.parse(builder["__scrape_timeout__"])
        } catch {
            return .refused("error parsing scrape timeout: \(error)")
        }
        if interval == 0 { return .refused("scrape interval cannot be 0") }
        if timeout == 0 { return .refused("scrape timeout cannot be 0") }
        if timeout > interval {
            return .refused(
                "scrape timeout cannot be greater than scrape interval "
                    + "(\(GoQuote.quote(builder["__scrape_timeout__"])) > "
                    + "\(GoQuote.quote(builder["__scrape_interval__"])))")
        }
        builder.removeAll { $0.name.hasPrefix("__meta_") }
        if builder["instance"].isEmpty { builder.set("instance", address) }
        return .kept(builder.labels, interval: interval, timeout: timeout)
    }

    /// The target's own labels: without those that begin with two underscores.
    static func exposed(_ labels: Labels) -> Labels {
        Labels(sorted: labels.pairs.filter { !$0.name.hasPrefix("__") })
    }
}
