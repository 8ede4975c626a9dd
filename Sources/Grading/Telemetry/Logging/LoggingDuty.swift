import Lab
import Monitoring
import Simulation

/// How a scheme of logs and the queries over it are judged: by what they say of the work that a world's programs did.
public struct LoggingDuty: Sendable, Decodable {
    /// The hand-in file that says what programs log.
    public var schema: String
    /// The hand-in file with the queries.
    public var queries: String
    /// The service whose requests count, `namespace/name`.
    public var service: String
    /// The end of the trial that is asked about.
    public var window: Duration

    enum CodingKeys: String, CodingKey, CaseIterable { case schema, queries, service, window }

    public init(from decoder: any Decoder) throws {
        let container = try decoder.strict(CodingKeys.self)
        schema = try container.decode(String.self, forKey: .schema)
        queries = try container.decode(String.self, forKey: .queries)
        service = try container.decode(String.self, forKey: .service)
        window = try container.decode(Duration.self, forKey: .window)
        try container.require(window > .zero, .window, "must be longer than nothing, such as 20m")
        try container.require(schema != queries, .queries, "must be another file than 'schema'")
        try container.require(service.split(separator: "/").count == 2, .service, "must read NAMESPACE/NAME")
    }

    var files: [String] { [schema, queries] }

    /// What makes a file of the hand-in unusable.
    func faults(in text: String, _ file: String) -> [Lab.ConfigurationError] {
        do {
            if file == schema { _ = try LoggingSchema(parsing: text, file: file) }
            if file == queries { _ = try LogQueries(parsing: text, file: file) }
        } catch {
            return [error as? Lab.ConfigurationError ?? Lab.ConfigurationError(file: file, message: "\(error)")]
        }
        return []
    }
}

/// The four questions about failures, as LogQL.
struct LogQueries: Sendable, Decodable {
    /// Failing requests by the label `cause`.
    var failures: String
    /// All lines of the request whose trace stands in place of `$trace_id`.
    var trace: String
    /// Failing uses of tools by the label `tool`.
    var tools: String
    /// The 95th percentile of good requests, in milliseconds.
    var slow: String

    enum CodingKeys: String, CodingKey, CaseIterable { case failures, trace, tools, slow }

    /// What stands for a trace in ``trace``.
    static let placeholder = "$trace_id"
    /// Most bytes of a query.
    static let longest = 2_000

    private struct Query: Decodable {
        var query: String
        enum CodingKeys: String, CodingKey, CaseIterable { case query }

        init(from decoder: any Decoder) throws {
            query = try decoder.strict(CodingKeys.self).decode(String.self, forKey: .query)
        }
    }

    init(from decoder: any Decoder) throws {
        let container = try decoder.strict(CodingKeys.self)
        func query(_ key: CodingKeys, isMetric: Bool) throws -> String {
            let text = try container.decode(Query.self, forKey: key).query
            try container.require(text.utf8.count <= Self.longest, key, "must be at most \(Self.longest) bytes long")
            let tried = text.replacing(Self.placeholder, with: String(repeating: "0", count: 32))
            var refusal: String?
            do throws(LogQLError) {
                if try LogQLEngine.isMetric(tried) != isMetric {
                    refusal = isMetric ? "must give numbers, not lines" : "must give lines, not numbers"
                }
            } catch {
                refusal = error.description
            }
            if let refusal {
                try container.nestedContainer(keyedBy: Query.CodingKeys.self, forKey: key)
                    .require(false, .query, refusal)
            }
            return text
        }
        failures = try query(.failures, isMetric: true)
        trace = try query(.trace, isMetric: false)
        tools = try query(.tools, isMetric: true)
        slow = try query(.slow, isMetric: true)
        try container.require(
            trace.contains(Self.placeholder), .trace,
            "must say \(Self.placeholder) where the trace of a failing request is put in")
    }

    init(parsing text: String, file: String) throws {
        self = try ConfigurationSource(file: file, text: text).decode(LogQueries.self)
    }
}
