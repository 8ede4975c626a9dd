import KubernetesAPI
import OpenTelemetry
import OrderedCollections

/// The JSON of Tempo's query API (2.x): as its protobuf library writes it, integers of 64 bits as texts and no empty
/// fields.
public enum TempoResponse {
    /// `/api/search`.
    /// - Parameters:
    ///   - spansPerSpanset: the parameter `spss`; spans beyond are counted in `matched` alone.
    ///   - inspectedTraces: how many traces were looked at.
    public static func search(
        _ matches: [TraceQLMatch], spansPerSpanset: Int = 3, inspectedTraces: Int
    ) -> JSONValue {
        [
            "traces": .array(matches.map { json($0, spansPerSpanset) }),
            "metrics": ["inspectedTraces": .integer(Int64(inspectedTraces)), "completedJobs": 1, "totalJobs": 1],
        ]
    }

    /// `/api/traces/ID`: OTLP's batches, with identifiers in base64.
    public static func trace(_ trace: Trace) -> JSONValue { ["batches": batches(trace)] }

    /// `/api/v2/traces/ID`: the same batches as `resourceSpans` of a `trace`.
    public static func traceV2(_ trace: Trace) -> JSONValue { ["trace": ["resourceSpans": batches(trace)]] }

    private static func json(_ match: TraceQLMatch, _ limit: Int) -> JSONValue {
        let sets = match.spansets.map { json($0, limit) }
        // Tempo leaves out the zeros in front.
        let digits = match.traceID.description.drop { $0 == "0" }
        var object: OrderedDictionary<String, JSONValue> = [
            "traceID": .string(String(digits)), "rootServiceName": .string(match.rootServiceName),
        ]
        if !match.rootTraceName.isEmpty { object["rootTraceName"] = .string(match.rootTraceName) }
        object["startTimeUnixNano"] = .string(String(match.startTimeUnixNano))
        let milliseconds = match.durationNano / 1_000_000
        if milliseconds > 0 { object["durationMs"] = .integer(Int64(clamping: milliseconds)) }
        if let first = sets.first { object["spanSet"] = first }
        object["spanSets"] = .array(sets)
        return .object(object)
    }

    private static func json(_ set: TraceQLMatch.Spanset, _ limit: Int) -> JSONValue {
        let spans = set.spans.prefix(max(limit, 0)).map { matched -> JSONValue in
            let span = matched.span.span
            var object: OrderedDictionary<String, JSONValue> = ["spanID": .string(span.spanID.description)]
            if matched.attributes.contains(where: { $0.name == "name" }) { object["name"] = .string(span.name) }
            object["startTimeUnixNano"] = .string(String(span.startTimeUnixNano))
            object["durationNanos"] = .string(String(span.durationNano))
            let others = matched.attributes.filter { $0.name != "name" && $0.name != "duration" }
            if !others.isEmpty { object["attributes"] = values(others) }
            return .object(object)
        }
        var object: OrderedDictionary<String, JSONValue> = [
            "spans": .array(spans), "matched": .integer(Int64(set.spans.count)),
        ]
        if !set.attributes.isEmpty { object["attributes"] = values(set.attributes) }
        return .object(object)
    }

    private static func values(_ values: [TraceQLMatch.Value]) -> JSONValue {
        .array(
            values.map { value in
                let object: JSONValue =
                    switch value.value {
                    case .bool(let flag): ["boolValue": .bool(flag)]
                    case .int(let number): ["intValue": .string(String(number))]
                    case .float(let number): ["doubleValue": .number(number)]
                    case .string(let text): ["stringValue": .string(text)]
                    case .nil, .duration, .status, .kind: ["stringValue": .string(value.value.text)]
                    }
                return ["key": .string(value.name), "value": object]
            })
    }

    private static func batches(_ trace: Trace) -> JSONValue {
        var batches: [(resource: Resource, scopes: [(scope: InstrumentationScope, spans: [JSONValue])])] = []
        for stored in trace.spans {
            let batch = batches.firstIndex { $0.resource == stored.resource } ?? batches.count
            if batch == batches.count { batches.append((stored.resource, [])) }
            let scope = batches[batch].scopes.firstIndex { $0.scope == stored.scope } ?? batches[batch].scopes.count
            if scope == batches[batch].scopes.count { batches[batch].scopes.append((stored.scope, [])) }
            batches[batch].scopes[scope].spans.append(json(stored.span))
        }
        return .array(
            batches.map { batch in
                let scopes = batch.scopes.map { entry -> JSONValue in
                    var scope: OrderedDictionary<String, JSONValue> = [:]
                    if !entry.scope.name.isEmpty { scope["name"] = .string(entry.scope.name) }
                    if !entry.scope.version.isEmpty { scope["version"] = .string(entry.scope.version) }
                    return ["scope": .object(scope), "spans": .array(entry.spans)]
                }
                return [
                    "resource": ["attributes": attributes(batch.resource.attributes)], "scopeSpans": .array(scopes),
                ]
            })
    }

    private static func json(_ span: Span) -> JSONValue {
        var object: OrderedDictionary<String, JSONValue> = [
            "traceId": base64(span.traceID.bytes), "spanId": base64(span.spanID.bytes),
        ]
        if !span.isRoot { object["parentSpanId"] = base64(span.parentSpanID.bytes) }
        if !span.traceState.members.isEmpty { object["traceState"] = .string(span.traceState.description) }
        object["name"] = .string(span.name)
        if span.kind != .unspecified { object["kind"] = .string("SPAN_KIND_" + "\(span.kind)".uppercased()) }
        object["startTimeUnixNano"] = .string(String(span.startTimeUnixNano))
        object["endTimeUnixNano"] = .string(String(span.endTimeUnixNano))
        if !span.attributes.isEmpty { object["attributes"] = attributes(span.attributes) }
        if !span.events.isEmpty {
            object["events"] = .array(
                span.events.map { event in
                    var object: OrderedDictionary<String, JSONValue> = [
                        "timeUnixNano": .string(String(event.timeUnixNano)), "name": .string(event.name),
                    ]
                    if !event.attributes.isEmpty { object["attributes"] = attributes(event.attributes) }
                    return .object(object)
                })
        }
        if !span.links.isEmpty {
            object["links"] = .array(
                span.links.map { link in
                    var object: OrderedDictionary<String, JSONValue> = [
                        "traceId": base64(link.traceID.bytes), "spanId": base64(link.spanID.bytes),
                    ]
                    if !link.attributes.isEmpty { object["attributes"] = attributes(link.attributes) }
                    return .object(object)
                })
        }
        var status: OrderedDictionary<String, JSONValue> = [:]
        if !span.status.message.isEmpty { status["message"] = .string(span.status.message) }
        if span.status.code != .unset {
            status["code"] = .string("STATUS_CODE_" + "\(span.status.code)".uppercased())
        }
        object["status"] = .object(status)
        return .object(object)
    }

    private static func base64(_ bytes: [UInt8]) -> JSONValue { .string(AttributeValue.bytes(bytes).text) }

    private static func attributes(_ attributes: [Attribute]) -> JSONValue {
        .array(attributes.map { ["key": .string($0.key), "value": json($0.value, depth: 0)] })
    }

    /// Levels of lists and maps that are written.
    private static let maximumDepth = 64

    private static func json(_ value: AttributeValue, depth: Int) -> JSONValue {
        if depth > maximumDepth { return [:] }
        switch value {
        case .string(let text): return ["stringValue": .string(text)]
        case .bool(let flag): return ["boolValue": .bool(flag)]
        case .int(let number): return ["intValue": .string(String(number))]
        case .double(let number): return ["doubleValue": .number(number)]
        case .bytes(let bytes): return ["bytesValue": base64(bytes)]
        case .array(let values):
            return ["arrayValue": ["values": .array(values.map { json($0, depth: depth + 1) })]]
        case .map(let members):
            let pairs = members.map { member -> JSONValue in
                ["key": .string(member.key), "value": json(member.value, depth: depth + 1)]
            }
            return ["kvlistValue": ["values": .array(pairs)]]
        }
    }
}
