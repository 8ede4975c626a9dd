import PromQL

/// One sample as a simulated exporter hands it over, without the way through text.
public struct ScrapedSample: Sendable {
    /// The series as the target exposes it, with its name; share the value between scrapes, and it is recognised by
    /// identity.
    public var labels: Labels
    public var value: Double
    /// `counter`, `gauge`, `histogram`, `summary` or `unknown`: decides whether `le` and `quantile` are normalised.
    public var type: String
    /// Milliseconds since the Unix epoch, if the exporter gives a time.
    public var time: Int64?
    /// The request behind the sample.
    public var exemplar: ScrapedExemplar?

    public init(
        _ labels: Labels, _ value: Double, type: String = "unknown", time: Int64? = nil,
        exemplar: ScrapedExemplar? = nil
    ) {
        self.labels = labels
        self.value = value
        self.type = type
        self.time = time
        self.exemplar = exemplar
    }
}

/// An exemplar as a target exposes it.
public struct ScrapedExemplar: Sendable, Equatable {
    public var labels: Labels
    public var value: Double
    /// Milliseconds since the Unix epoch; nil for the time of the sample.
    public var time: Int64?

    public init(labels: Labels, value: Double, time: Int64? = nil) {
        self.labels = labels
        self.value = value
        self.time = time
    }
}

/// What became of a request to a target.
public enum ScrapeOutcome: Sendable {
    /// An answer with status 200; the content type as the header has it, empty if there is none.
    case text([UInt8], contentType: String)
    /// Samples and what is known of their metrics, by name.
    case samples([ScrapedSample], metadata: [String: MetricMetadata])
    /// No answer within the scrape's timeout.
    case timeout
    case connectionRefused
    /// The target's name does not resolve.
    case noSuchHost
    /// An answer with another status than 200.
    case status(Int)

    public static func text(_ text: String, contentType: String) -> ScrapeOutcome {
        .text(Array(text.utf8), contentType: contentType)
    }

    /// The error that Prometheus shows for a request without a usable answer; nil for an answer.
    func requestError(url: String, address: String) -> String? {
        switch self {
        case .text, .samples: nil
        case .timeout: "Get \(GoQuote.quote(url)): context deadline exceeded"
        case .connectionRefused: "Get \(GoQuote.quote(url)): dial tcp \(address): connect: connection refused"
        case .noSuchHost:
            "Get \(GoQuote.quote(url)): dial tcp: lookup \(address.split(separator: ":").first ?? ""): no such host"
        case .status(let code):
            "server returned HTTP status \(code)" + (Self.reasons[code].map { " " + $0 } ?? "")
        }
    }

    private static let reasons = [
        301: "Moved Permanently", 302: "Found", 307: "Temporary Redirect", 400: "Bad Request", 401: "Unauthorized",
        403: "Forbidden", 404: "Not Found", 405: "Method Not Allowed", 408: "Request Timeout",
        429: "Too Many Requests", 500: "Internal Server Error", 501: "Not Implemented", 502: "Bad Gateway",
        503: "Service Unavailable", 504: "Gateway Timeout",
    ]
}

/// What one scrape came to.
public struct ScrapeReport: Sendable, Equatable {
    /// Prometheus' error; empty if the target is up.
    public var error = ""
    /// Samples that the target exposed.
    public var scraped = 0
    /// Samples that metric relabelling left.
    public var postRelabelling = 0
    /// Series that the scrape before did not have.
    public var seriesAdded = 0
    /// Samples that the store refused: out of order, or a second value for one time.
    public var refused = 0
    /// Bytes of the answer; -1 if there were too many.
    public var bodyBytes = 0

    public var isUp: Bool { error.isEmpty }
}

/// Why an answer is refused as a whole.
struct ScrapeError: Error, Equatable, CustomStringConvertible {
    let description: String

    init(_ description: String) { self.description = description }
}
