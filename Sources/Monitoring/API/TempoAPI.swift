import KubernetesAPI
import OpenTelemetry
import PromQL

/// Tempo's HTTP API for reading, as a function: a request and a store of traces in, an answer out.
///
/// Tempo 2's addresses, parameters and texts. TraceQL's metrics, its streaming and the overrides are left out.
public struct TempoAPI: Sendable {
    public typealias Request = PrometheusAPI.Request
    public typealias Answer = PrometheusAPI.Answer

    public let store: TraceStore

    public init(_ store: TraceStore) { self.store = store }

    /// What a request may be refused for.
    struct Failure: Error {
        var status = 400
        var text: String
    }

    /// Whether a request can be answered without the traces.
    public static func needsNoTraces(_ request: Request) -> Bool {
        request.path.first != "api" || ["echo", "status"].contains(request.path.dropFirst().first)
    }

    /// - Parameter accept: the header `Accept`; traces are given in protobuf to those who ask for it.
    public func answer(_ request: Request, accept: String = "") -> Answer {
        switch request.path {
        case ["ready"]: return Answer(text: "ready\n")
        case [], [""]: return Answer(text: "The lab's Tempo. Its API is below /api, as the real one's.\n")
        default: break
        }
        guard ["GET", "POST", "HEAD"].contains(request.method) else { return Answer(405, "", []) }
        do throws(Failure) {
            switch request.path {
            case ["api", "echo"]: return Answer(text: "echo")
            case ["api", "status", "buildinfo"], ["status", "buildinfo"]:
                return json([
                    "version": "2.8.0", "revision": "kubelab", "branch": "HEAD", "buildUser": "kubelab",
                    "buildDate": "2026-01-01T00:00:00Z", "goVersion": "none",
                ])
            case ["api", "search"]: return json(try search(request))
            case ["api", "search", "tags"]: return json(try tagNames(request))
            case ["api", "v2", "search", "tags"]: return json(try scopedTagNames(request))
            default: break
            }
            if request.path.count == 3, request.path.starts(with: ["api", "traces"]) {
                let trace = try trace(request.path[2])
                return accept.contains("application/protobuf")
                    ? Answer(200, "application/protobuf", OTLPTraceEncoding.trace(trace))
                    : json(TempoResponse.trace(trace))
            }
            if request.path.count == 4, request.path.starts(with: ["api", "v2", "traces"]) {
                let trace = try trace(request.path[3])
                return accept.contains("application/protobuf")
                    ? Answer(200, "application/protobuf", OTLPTraceEncoding.traceV2(trace))
                    : json(TempoResponse.traceV2(trace))
            }
            if request.path.count == 5, request.path.starts(with: ["api", "search", "tag"]), request.path[4] == "values"
            {
                return json(try tagValues(request.path[3], request))
            }
            if request.path.count == 6, request.path.starts(with: ["api", "v2", "search", "tag"]),
                request.path[5] == "values"
            {
                return json(try typedTagValues(request.path[4], request))
            }
            return Answer(text: "404 page not found\n", status: 404)
        } catch { return Answer(text: error.text, status: error.status) }
    }

    private func json(_ value: JSONValue) -> Answer { Answer(200, "application/json", value.compactBytes) }

    private func trace(_ text: String) throws(Failure) -> Trace {
        let id: TraceID
        do throws(TraceIDRefusal) { id = try TraceID(asked: text) } catch { throw Failure(text: error.description) }
        guard let trace = store[id] else { throw Failure(status: 404, text: "trace not found") }
        return trace
    }

    // MARK: Search

    private func search(_ request: Request) throws(Failure) -> JSONValue {
        let (start, end) = try range(request)
        let limit = try number(request, "limit", 20)
        guard limit > 0 else { throw Failure(text: "invalid limit: must be a positive number") }
        let spans = try number(request, "spss", 3)
        guard spans >= 0 else { throw Failure(text: "invalid spss: must be a non-negative number") }
        let shortest = try duration(request, "minDuration")
        let longest = try duration(request, "maxDuration")
        if let shortest, let longest, longest < shortest {
            throw Failure(text: "invalid maxDuration: must be greater than minDuration")
        }
        let query = try query(request)
        let bounds = (shortest ?? 0)...(longest ?? .max)
        // Durations are Tempo's older filter, of whole traces; what they leave out does not count against the limit.
        let filters = shortest != nil || longest != nil
        var matches = query.search(store, from: start, to: end, limit: filters ? store.count : Int(clamping: limit))
        if filters {
            matches = Array(matches.filter { bounds.contains($0.durationNano) }.prefix(Int(clamping: limit)))
        }
        return TempoResponse.search(
            matches, spansPerSpanset: spans == 0 ? .max : Int(clamping: spans), inspectedTraces: store.count)
    }

    /// The query `q`, or one made of `tags`.
    private func query(_ request: Request) throws(Failure) -> TraceQL {
        let tags = request.first("tags") ?? ""
        var text = request.first("q") ?? ""
        if !tags.isEmpty {
            guard text.isEmpty else {
                throw Failure(text: "invalid request: can't specify tags and q in the same query")
            }
            text = try Self.query(tags: tags)
        }
        if text.isEmpty { text = "{}" }
        do throws(TraceQLError) { return try TraceQL(text) } catch {
            throw Failure(text: "invalid TraceQL query: \(error)")
        }
    }

    /// `tags` is logfmt: `service.name=web error=true`.
    private static func query(tags: String) throws(Failure) -> String {
        guard tags.utf8.count <= 4096 else { throw Failure(text: "invalid tags: too long") }
        var conditions: [String] = []
        var rest = tags[...]
        while let first = rest.first {
            if first == " " {
                rest.removeFirst()
                continue
            }
            guard let equals = rest.firstIndex(of: "="), !rest[..<equals].contains(" "), equals > rest.startIndex else {
                throw Failure(text: "invalid tags: logfmt syntax error at pos \(tags.utf8.count - rest.utf8.count + 1)")
            }
            let key = String(rest[..<equals])
            rest = rest[rest.index(after: equals)...]
            var value = ""
            if rest.first == "\"" {
                rest.removeFirst()
                while let character = rest.popFirst(), character != "\"" {
                    if character == "\\", let escaped = rest.popFirst() {
                        value.append(escaped)
                    } else {
                        value.append(character)
                    }
                }
            } else {
                value = String(rest.prefix { $0 != " " })
                rest = rest.dropFirst(value.count)
            }
            let quoted = GoQuote.quote(value)
            switch key {
            case "name", "rootName", "rootServiceName": conditions.append("\(key) = \(quoted)")
            case "root.name": conditions.append("rootName = \(quoted)")
            case "root.service.name": conditions.append("rootServiceName = \(quoted)")
            case "status.code", "status": conditions.append("status = \(value)")
            case "error": conditions.append(value == "true" ? "status = error" : "status != error")
            default:
                // A value that reads as a number or a word is looked for as both.
                let isPlain = value == "true" || value == "false" || Int64(value) != nil
                conditions.append(isPlain ? "(.\(key) = \(value) || .\(key) = \(quoted))" : ".\(key) = \(quoted)")
            }
        }
        return "{ " + conditions.joined(separator: " && ") + " }"
    }

    // MARK: Parameters

    /// Start and end in nanoseconds; all of time without them.
    func range(_ request: Request) throws(Failure) -> (start: UInt64, end: UInt64) {
        let start = try number(request, "start", 0)
        let end = try number(request, "end", 0)
        if start == 0, end == 0 { return (0, .max) }
        guard start > 0, end > 0 else {
            throw Failure(text: "please provide non-zero values for http parameters start and end")
        }
        guard start < end else {
            throw Failure(text: "http parameter start must be before end. received start=\(start) end=\(end)")
        }
        func nanoseconds(_ seconds: Int64) -> UInt64 {
            let (value, overflow) = UInt64(seconds).multipliedReportingOverflow(by: 1_000_000_000)
            return overflow ? .max : value
        }
        return (nanoseconds(start), nanoseconds(end))
    }

    func number(_ request: Request, _ name: String, _ usual: Int64) throws(Failure) -> Int64 {
        guard let text = request.first(name), !text.isEmpty else { return usual }
        do throws(QueryParameters.Refusal) { return try QueryParameters.integer(text) } catch {
            throw Failure(text: "invalid \(name): \(error.text)")
        }
    }

    private func duration(_ request: Request, _ name: String) throws(Failure) -> UInt64? {
        guard let text = request.first(name), !text.isEmpty else { return nil }
        guard let milliseconds = try? PrometheusDuration.parse(text), milliseconds >= 0 else {
            throw Failure(text: "invalid \(name): time: invalid duration \(GoQuote.quote(text))")
        }
        return UInt64(milliseconds) * 1_000_000
    }
}

/// Why a text names no trace, in Tempo's words.
public struct TraceIDRefusal: Error, CustomStringConvertible {
    public let description: String
}

extension TraceID {
    /// Reads an identifier as somebody asks for it: hexadecimal digits, the zeros in front left out if they like.
    public init(asked text: String) throws(TraceIDRefusal) {
        for (position, character) in text.unicodeScalars.enumerated() {
            let isDigit = (48...57).contains(character.value) || (97...102).contains(character.value | 32)
            guard isDigit, character.isASCII else {
                throw TraceIDRefusal(
                    description:
                        "trace IDs can only contain hex characters: invalid character '\(character)' at position \(position + 1)"
                )
            }
        }
        guard text.utf8.count <= 32 else {
            throw TraceIDRefusal(description: "trace IDs can't be larger than 128 bits")
        }
        let padded = String(repeating: "0", count: 32 - text.utf8.count) + text.lowercased()
        self = TraceID(hexadecimal: padded) ?? TraceID(high: 0, low: 0)
    }
}
