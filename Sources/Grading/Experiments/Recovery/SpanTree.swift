import Monitoring
import OpenTelemetry

/// A trace of the support desk as its programs sent it: which span was begun during which, and whose each is.
struct SpanTree: Sendable {
    private let spans: [StoredSpan]
    private let below: [SpanID: [Int]]

    init(_ trace: Trace) {
        // Users' clients send nothing to whoever runs the desk, and a server that was killed took its spans along.
        let lost = Set(
            trace.spans.filter { $0.span.kind == .server && Self.errorType($0.span) == "connection_reset" }
                .map(\.span.spanID))
        let sent = trace.spans.filter {
            DeskService(rawValue: $0.serviceName) != nil && !lost.contains($0.span.spanID)
        }
        spans = sent
        below = Dictionary(grouping: sent.indices) { sent[$0].span.parentSpanID }
    }

    subscript(_ index: Int) -> Span { spans[index].span }

    /// Requests as they came to the gateway.
    var entries: [Int] {
        spans.indices.filter {
            spans[$0].span.kind == .server && spans[$0].serviceName == DeskService.gateway.rawValue
        }
    }

    func children(of index: Int) -> [Int] { below[spans[index].span.spanID] ?? [] }

    private static func text(_ span: Span, _ key: String) -> String? {
        if case .string(let text)? = span.attributes.value(of: key) { text } else { nil }
    }

    private static func errorType(_ span: Span) -> String? { text(span, "error.type") }

    func path(of index: Int) -> String { Self.text(self[index], "url.path") ?? "" }

    func error(of index: Int) -> String? { Self.errorType(self[index]) }

    /// Whether it failed by itself or by what it called, and was not only broken off by whoever waited for it.
    func isFailure(_ index: Int) -> Bool { !isGood(index) && error(of: index) != "cancelled" }

    /// Whether whoever asked got what was asked for. By the conventions a server's span of a 429 is no error.
    func isGood(_ index: Int) -> Bool {
        if case .int(let status)? = self[index].attributes.value(of: "http.response.status_code"), status >= 400 {
            return false
        }
        return self[index].status.code != .error
    }

    /// Who works, or is waited for, while a span runs and none below it: of a call the one that is called.
    func owner(of index: Int) -> Suspect? {
        let span = self[index]
        if Self.text(span, "gen_ai.operation.name") == "chat" { return .model }
        if span.kind == .client, let address = Self.text(span, "server.address") {
            if address == "orders-database" { return .database }
            return DeskService(rawValue: String(address.prefix { $0 != "." })).map(Suspect.service)
        }
        return DeskService(rawValue: spans[index].serviceName).map(Suspect.service)
    }

    /// Nanoseconds of a span's time by whose they were, along the path that decided its end. What outlives its caller was
    /// waited for until the caller's end.
    func time(in index: Int) -> [Suspect: Double] {
        var found: [Suspect: Double] = [:]
        var stack = [(index: index, from: self[index].startTimeUnixNano, to: self[index].endTimeUnixNano)]
        while let (index, from, to) = stack.popLast() {
            var instant = to
            var left = children(of: index)
            func end(_ child: Int) -> UInt64 { min(self[child].endTimeUnixNano, instant) }
            while instant > from {
                left.removeAll { self[$0].startTimeUnixNano >= instant }
                guard
                    let last = left.max(by: { (end($0), self[$0].spanID) < (end($1), self[$1].spanID) }),
                    end(last) > from
                else { break }
                let begin = max(from, self[last].startTimeUnixNano)
                let until = end(last)
                if let owner = owner(of: index) { found[owner, default: 0] += Double(instant - until) }
                stack.append((last, begin, until))
                instant = begin
                left.removeAll { $0 == last }
            }
            if let owner = owner(of: index) { found[owner, default: 0] += Double(instant - from) }
        }
        return found
    }
}
