import KubernetesAPI
import PromQL

/// Loki's HTTP API for reading, as a function: a request and a store of logs in, an answer out.
///
/// Loki 3's addresses, parameters and defaults; what is refused is refused with its status and its plain text. Pushing,
/// tailing, deletion, rules, volumes and what Loki detects by itself are left out.
public struct LokiAPI: Sendable {
    public typealias Request = PrometheusAPI.Request
    public typealias Answer = PrometheusAPI.Answer

    public let store: LogStore
    /// The present of the lab, in nanoseconds since 1970: the end of a range that names none.
    public let now: Int64
    public var engine = LogQLEngine()

    public init(_ store: LogStore, now: Int64) {
        self.store = store
        self.now = now
    }

    /// What a request may be refused for.
    private struct Failure: Error {
        var status = 400
        var text: String
    }

    /// Whether a request can be answered without the logs.
    public static func needsNoLogs(_ request: Request) -> Bool {
        !request.path.starts(with: ["loki", "api", "v1"]) || request.path.last == "buildinfo"
    }

    public func answer(_ request: Request) -> Answer {
        switch request.path {
        case ["ready"]: return Answer(text: "ready\n")
        case [], [""]: return Answer(text: "The lab's Loki. Its API is below /loki/api/v1, as the real one's.\n")
        default: break
        }
        guard request.path.starts(with: ["loki", "api", "v1"]) else {
            return Answer(text: "404 page not found\n", status: 404)
        }
        guard ["GET", "POST", "HEAD"].contains(request.method) else { return Answer(405, "", []) }
        do throws(Failure) {
            guard let value = try value(Array(request.path.dropFirst(3)), request) else {
                return Answer(text: "404 page not found\n", status: 404)
            }
            return Answer(200, "application/json; charset=UTF-8", value.compactBytes)
        } catch { return Answer(text: error.text + "\n", status: error.status) }
    }

    private func value(_ path: [String], _ request: Request) throws(Failure) -> JSONValue? {
        switch path {
        case ["status", "buildinfo"]:
            return [
                "version": "3.5.0", "revision": "kubelab", "branch": "HEAD", "buildUser": "kubelab",
                "buildDate": "2026-01-01T00:00:00Z", "goVersion": "none",
            ]
        case ["query"]: return try instantQuery(request)
        case ["query_range"]: return try rangeQuery(request)
        case ["labels"], ["label"]:
            let (start, end) = try bounds(request)
            return LokiResponse.names(try selected(request, start, end).flatMap { $0.pairs.map(\.name) }.uniqueInOrder)
        case ["series"]: return try series(request)
        case ["index", "stats"]: return try statistics(request)
        default:
            guard path.count == 3, path[0] == "label", path[2] == "values" else { return nil }
            let (start, end) = try bounds(request)
            let values = try selected(request, start, end).map { $0[path[1]] }.filter { !$0.isEmpty }
            return LokiResponse.names(values.uniqueInOrder)
        }
    }

    // MARK: Queries

    private func instantQuery(_ request: Request) throws(Failure) -> JSONValue {
        let time = try parsed(request, "time", now, QueryParameters.instant)
        _ = try limit(request)
        _ = try direction(request)
        return try run(.instant(request.first("query") ?? "", at: time))
    }

    private func rangeQuery(_ request: Request) throws(Failure) -> JSONValue {
        let limit = try limit(request)
        let direction = try direction(request)
        let (start, end) = try bounds(request)
        guard end >= start else { throw Failure(text: Self.endBeforeStart) }
        let seconds = Double(end.subtractingReportingOverflow(start).partialValue) / 1e9
        let usual = Int64(max((seconds / 250).rounded(.down), 1)) * 1_000_000_000
        let step = try parsed(request, "step", usual, QueryParameters.duration)
        guard step > 0 else {
            throw Failure(
                text: "zero or negative query resolution step widths are not accepted. Try a positive integer")
        }
        guard try parsed(request, "interval", 0, QueryParameters.duration) >= 0 else {
            throw Failure(text: "interval must be >= 0")
        }
        return try run(
            .range(
                request.first("query") ?? "", start: start, end: end, step: step, limit: limit, direction: direction))
    }

    private func run(_ query: LogQLQuery) throws(Failure) -> JSONValue {
        do throws(LogQLError) { return LokiResponse.success(try engine.run(query, in: store)) } catch {
            throw Failure(status: error.httpStatus, text: error.description)
        }
    }

    // MARK: Streams

    /// The label sets that `query` selects, all without it.
    private func selected(_ request: Request, _ start: Int64, _ end: Int64) throws(Failure) -> [Labels] {
        let query = request.first("query") ?? ""
        let matchers = Self.selectsAll(query) ? [] : try matchers(query)
        return store.series(matching: matchers, from: start, to: end)
    }

    private func series(_ request: Request) throws(Failure) -> JSONValue {
        let (start, end) = try bounds(request)
        let selectors = request.all("match") + request.all("match[]")
        var found: [Labels] = []
        if selectors.allSatisfy(Self.selectsAll) {
            found = store.series(matching: [], from: start, to: end)
        } else {
            for selector in selectors {
                found += store.series(matching: try matchers(selector), from: start, to: end)
            }
            found.sort { Labels.compare($0, $1) < 0 }
        }
        var unique: [Labels] = []
        for labels in found where unique.last != labels { unique.append(labels) }
        return LokiResponse.series(unique)
    }

    private func statistics(_ request: Request) throws(Failure) -> JSONValue {
        let (start, end) = try bounds(request)
        let query = request.first("query") ?? ""
        let matchers = Self.selectsAll(query) ? [] : try matchers(query)
        var (streams, chunks, entries, bytes): (Int64, Int64, Int64, Int64) = (0, 0, 0, 0)
        for stream in store.streams(matching: matchers) {
            let lines = stream.entries(from: start, to: end)
            guard !lines.isEmpty else { continue }
            streams += 1
            chunks += Int64(stream.chunks.count { $0.last >= start && $0.first < end } + (stream.head.isEmpty ? 0 : 1))
            entries += Int64(lines.count)
            bytes += lines.reduce(0) { $0 + Int64($1.bytes) }
        }
        return [
            "streams": .integer(streams), "chunks": .integer(chunks), "bytes": .integer(bytes),
            "entries": .integer(entries),
        ]
    }

    private static func selectsAll(_ selector: String) -> Bool {
        let text = selector.filter { $0 != " " }
        return text.isEmpty || text == "{}"
    }

    private func matchers(_ selector: String) throws(Failure) -> [LabelMatcher] {
        let expression: LogQLExpression
        do throws(LogQLError) { expression = try LogQLParser.parse(selector) } catch {
            throw Failure(text: error.description)
        }
        guard case .logs(let selection) = expression, selection.stages.isEmpty else {
            throw Failure(text: "only label matchers is supported")
        }
        return selection.matchers
    }

    // MARK: Parameters

    private static let endBeforeStart = "end timestamp must not be before or equal to start time"

    private func parsed(
        _ request: Request, _ name: String, _ usual: Int64,
        _ parse: (String) throws(QueryParameters.Refusal) -> Int64
    ) throws(Failure) -> Int64 {
        guard let text = request.first(name), !text.isEmpty else { return usual }
        do throws(QueryParameters.Refusal) { return try parse(text) } catch {
            let isBound = name == "start" || name == "end"
            throw Failure(text: isBound ? "could not parse '\(name)' parameter: \(error.text)" : error.text)
        }
    }

    /// Start and end of a range: the last hour, or `since` before the end.
    private func bounds(_ request: Request) throws(Failure) -> (start: Int64, end: Int64) {
        let since = try parsed(request, "since", 3_600_000_000_000, QueryParameters.duration)
        let end = try parsed(request, "end", now, QueryParameters.instant)
        let (before, overflow) = end.subtractingReportingOverflow(since)
        return (try parsed(request, "start", overflow ? .min : before, QueryParameters.instant), end)
    }

    private func limit(_ request: Request) throws(Failure) -> Int {
        let limit = try parsed(request, "limit", 100) { text throws(QueryParameters.Refusal) in
            try QueryParameters.integer(text, function: "Atoi")
        }
        guard limit > 0 else { throw Failure(text: "limit must be a positive value") }
        return Int(clamping: limit)
    }

    private func direction(_ request: Request) throws(Failure) -> LogDirection {
        guard let text = request.first("direction"), !text.isEmpty else { return .backward }
        guard let direction = LogDirection(rawValue: text.lowercased()) else {
            throw Failure(text: "invalid direction '\(text)'")
        }
        return direction
    }
}

extension [String] {
    /// Sorted by bytes, each once.
    var uniqueInOrder: [String] {
        var kept: [String] = []
        for text in sorted(by: ByteOrder.less) where kept.last.map({ !ByteOrder.same($0, text) }) ?? true {
            kept.append(text)
        }
        return kept
    }
}
