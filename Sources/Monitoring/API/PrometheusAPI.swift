import KubernetesAPI
import PromQL

/// Prometheus' HTTP API as a function: a request and a server's state in, an answer out. Nothing is changed by asking.
public struct PrometheusAPI: Sendable {
    /// A request's method, its path in decoded segments, and its parameters, those of a form among them.
    public struct Request: Sendable {
        public var method: String
        public var path: [String]
        public var parameters: [(name: String, value: String)]

        public init(method: String, path: [String], parameters: [(name: String, value: String)]) {
            self.method = method
            self.path = path
            self.parameters = parameters
        }

        func first(_ name: String) -> String? { parameters.first { $0.name == name }?.value }
        func all(_ name: String) -> [String] { parameters.filter { $0.name == name }.map(\.value) }
    }

    public struct Answer: Sendable {
        public var status: Int
        public var contentType: String
        public var bytes: [UInt8]

        init(_ status: Int, _ contentType: String, _ bytes: [UInt8]) {
            self.status = status
            self.contentType = contentType
            self.bytes = bytes
        }

        init(text: String, status: Int = 200) {
            self.init(status, "text/plain; charset=utf-8", Array(text.utf8))
        }
    }

    /// What a request may be refused for.
    struct Failure: Error {
        var status: Int
        var type: String
        var message: String

        static func badData(_ message: String) -> Failure { Failure(status: 400, type: "bad_data", message: message) }
    }

    public let server: PrometheusServer
    /// The present of the lab, in milliseconds: what a query means that names no time.
    public let now: Int64
    /// The configuration as it was written.
    public let configurationText: String

    public init(_ server: PrometheusServer, now: Int64, configurationText: String) {
        self.server = server
        self.now = now
        self.configurationText = configurationText
    }

    public func answer(_ request: Request) -> Answer {
        switch request.path {
        case ["-", "healthy"]: return Answer(text: "Prometheus Server is Healthy.\n")
        case ["-", "ready"]: return Answer(text: "Prometheus Server is Ready.\n")
        case ["federate"]: return federation(request)
        case [], [""], ["query"], ["graph"]:
            return Answer(text: "The lab's Prometheus. Its API is below /api/v1, as the real one's.\n")
        default: break
        }
        guard request.path.starts(with: ["api", "v1"]) else { return Answer(text: "404 page not found\n", status: 404) }
        guard ["GET", "POST", "HEAD"].contains(request.method) else {
            return Answer(text: "Method Not Allowed\n", status: 405)
        }
        let path = Array(request.path.dropFirst(2))
        do throws(Failure) {
            if let answer = try evaluate(path, request) { return answer }
            guard let (data, warnings) = try data(path, request) else {
                return Answer(text: "404 page not found\n", status: 404)
            }
            var members: JSONValue = ["status": "success", "data": data]
            if !warnings.isEmpty, case .object(var all) = members {
                all["warnings"] = .array(warnings.map { .string($0) })
                members = .object(all)
            }
            return Answer(200, "application/json", members.compactBytes)
        } catch {
            let body: JSONValue = [
                "status": "error", "errorType": .string(error.type), "error": .string(error.message),
            ]
            return Answer(error.status, "application/json", body.compactBytes)
        }
    }

    // MARK: Queries

    private func evaluate(_ path: [String], _ request: Request) throws(Failure) -> Answer? {
        let response: PromQL.APIResponse
        switch path {
        case ["query"]:
            let engine = try engine(request)
            let time = try time(request, "time") ?? now
            try readable(request)
            response = PromQL.APIResponse.query(
                request.first("query") ?? "", engine: engine, store: server.store, time: time)
        case ["query_range"]:
            let engine = try engine(request)
            guard let start = try time(request, "start") else { throw missing("start") }
            guard let end = try time(request, "end") else { throw missing("end") }
            let step = try duration(request, "step")
            try readable(request)
            response = PromQL.APIResponse.queryRange(
                request.first("query") ?? "", engine: engine, store: server.store, start: start, end: end, step: step)
        default: return nil
        }
        return Answer(response.status, "application/json", response.bytes)
    }

    private func missing(_ name: String) -> Failure {
        .badData("invalid parameter \(GoQuote.quote(name)): cannot parse \"\" to a valid timestamp")
    }

    /// A query that cannot be read is a fault of its parameter.
    private func readable(_ request: Request) throws(Failure) {
        do { _ = try PromQLParser.parse(request.first("query") ?? "") } catch {
            throw .badData("invalid parameter \"query\": \(error)")
        }
    }

    private func engine(_ request: Request) throws(Failure) -> QueryEngine {
        var engine = server.engine
        if request.first("lookback_delta") != nil {
            engine.options.lookback = try duration(request, "lookback_delta")
        }
        return engine
    }

    // MARK: Parameters

    /// Seconds since 1970, with decimals, or RFC 3339.
    func time(_ request: Request, _ name: String) throws(Failure) -> Int64? {
        guard let text = request.first(name), !text.isEmpty else { return nil }
        if let seconds = GoFloat.parse(text), seconds.isFinite, abs(seconds) < 9e12 {
            return Int64((seconds * 1000).rounded())
        }
        if let parsed = CivilTime.parse(text) { return parsed.seconds * 1000 + Int64(parsed.nanoseconds) / 1_000_000 }
        throw .badData(
            "invalid parameter \(GoQuote.quote(name)): cannot parse \(GoQuote.quote(text)) to a valid timestamp")
    }

    private func duration(_ request: Request, _ name: String) throws(Failure) -> Int64 {
        let text = request.first(name) ?? ""
        if let seconds = GoFloat.parse(text), seconds.isFinite, abs(seconds) < 9e12 {
            return Int64((seconds * 1000).rounded())
        }
        if let parsed = try? PrometheusDuration.parse(text) { return parsed }
        throw .badData(
            "invalid parameter \(GoQuote.quote(name)): cannot parse \(GoQuote.quote(text)) to a valid duration")
    }

    func limit(_ request: Request) throws(Failure) -> Int {
        guard let text = request.first("limit"), !text.isEmpty else { return 0 }
        guard let limit = Int(text), limit >= 0 else {
            throw .badData("invalid parameter \"limit\": limit must be non-negative")
        }
        return limit
    }

    func matchers(_ request: Request) throws(Failure) -> [[LabelMatcher]] {
        var sets: [[LabelMatcher]] = []
        for text in request.all("match[]") {
            do { sets.append(try PromQLParser.parseSelector(text)) } catch {
                throw .badData("invalid parameter \"match[]\": \(error)")
            }
        }
        return sets
    }
}
