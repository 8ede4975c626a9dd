import KubernetesAPI
import OpenTelemetry
import OrderedCollections

/// What attributes there are, and what values they have: what an editor of queries asks for.
extension TempoAPI {
    /// Names and values that are looked through at most, and given.
    private static let maximumValues = 10_000

    /// `/api/search/tags`: names without their scopes.
    func tagNames(_ request: Request) throws(Failure) -> JSONValue {
        let scopes = try scopes(request)
        return [
            "tagNames": .array(scopes.flatMap(\.names).uniqueInOrder.map { .string($0) }),
            "metrics": .object([:]),
        ]
    }

    /// `/api/v2/search/tags`: names by scope.
    func scopedTagNames(_ request: Request) throws(Failure) -> JSONValue {
        let scopes = try scopes(request)
        return [
            "scopes": .array(
                scopes.map { ["name": .string($0.scope), "tags": .array($0.names.map { .string($0) })] }),
            "metrics": .object([:]),
        ]
    }

    private func scopes(_ request: Request) throws(Failure) -> [(scope: String, names: [String])] {
        let scope = request.first("scope") ?? ""
        let known = ["", "none", "all", "intrinsic", "resource", "span", "event", "link", "instrumentation"]
        guard known.contains(scope) else { throw Failure(text: "invalid scope: \(scope)") }
        let wantsAll = scope.isEmpty || scope == "all" || scope == "none"
        let traces = try traces(request)
        var found: [(scope: String, names: [String])] = []
        if wantsAll || scope == "resource" {
            found.append(("resource", Self.names(traces) { $0.resource.attributes.map(\.key) }))
        }
        if wantsAll || scope == "span" {
            found.append(("span", Self.names(traces) { $0.span.attributes.map(\.key) }))
        }
        if wantsAll || scope == "intrinsic" { found.append(("intrinsic", Self.intrinsics)) }
        return found
    }

    private static let intrinsics = [
        "duration", "kind", "name", "rootName", "rootServiceName", "span:duration", "span:kind", "span:name",
        "span:status", "span:statusMessage", "status", "statusMessage", "trace:duration", "trace:rootName",
        "trace:rootService", "traceDuration",
    ]

    private static func names(_ traces: [Trace], _ of: (StoredSpan) -> [String]) -> [String] {
        var names: Set<String> = []
        for trace in traces {
            for span in trace.spans where names.count < maximumValues { names.formUnion(of(span)) }
        }
        return Array(names).uniqueInOrder
    }

    /// The traces of the range that the request names.
    private func traces(_ request: Request) throws(Failure) -> [Trace] {
        let (start, end) = try range(request)
        return store.traces.filter { $0.startTimeUnixNano <= end && $0.endTimeUnixNano >= start }
    }

    /// `/api/search/tag/NAME/values`.
    func tagValues(_ name: String, _ request: Request) throws(Failure) -> JSONValue {
        let values = try values(name.hasPrefix(".") ? name : "." + name, bare: name, request)
        return ["tagValues": .array(values.map { .string($0.text) }), "metrics": .object([:])]
    }

    /// `/api/v2/search/tag/NAME/values`: each value with its type.
    func typedTagValues(_ name: String, _ request: Request) throws(Failure) -> JSONValue {
        let values = try values(name, bare: name, request)
        return [
            "tagValues": .array(values.map { ["type": .string($0.type), "value": .string($0.text)] }),
            "metrics": .object([:]),
        ]
    }

    private func values(
        _ name: String, bare: String, _ request: Request
    ) throws(Failure) -> [(type: String, text: String)] {
        // An intrinsic, or an attribute with its scope.
        let read: (StoredSpan, Trace) -> (String, String)?
        if let intrinsic = TraceQLIntrinsic(word: bare) {
            switch intrinsic {
            case .status: read = { span, _ in ("keyword", "\(span.span.status.code)") }
            case .kind: read = { span, _ in ("keyword", "\(span.span.kind)") }
            case .name: read = { span, _ in ("string", span.span.name) }
            case .statusMessage: read = { span, _ in ("string", span.span.status.message) }
            case .rootName: read = { _, trace in trace.root.map { ("string", $0.span.name) } }
            case .rootServiceName: read = { _, trace in trace.root.map { ("string", $0.serviceName) } }
            default: return []
            }
        } else {
            let scopes = ["resource.", "span.", "."]
            guard let scope = scopes.first(where: name.hasPrefix), name.utf8.count > scope.utf8.count else {
                throw Failure(text: "tag name is not valid intrinsic or scoped attribute: \(name)")
            }
            let key = String(name.dropFirst(scope.count))
            read = { span, _ in
                let inSpan = scope != "resource." ? span.span.attributes.value(of: key) : nil
                let inResource = scope != "span." ? span.resource.attributes.value(of: key) : nil
                return (inSpan ?? inResource).map { (Self.type($0), $0.text) }
            }
        }
        var query: TraceQL?
        if let text = request.first("q"), !text.isEmpty, text != "{}" {
            // Editors send what has been typed so far; what cannot be read filters nothing, as in Tempo.
            query = try? TraceQL(text)
        }
        var found: OrderedDictionary<String, String> = [:]
        for trace in try traces(request) {
            let spans = query.map { $0.spans(of: trace) } ?? trace.spans
            for span in spans {
                guard let (type, text) = read(span, trace), !text.isEmpty, found.count < Self.maximumValues else {
                    continue
                }
                found[text] = type
            }
        }
        return Array(found.keys).uniqueInOrder.map { (found[$0] ?? "string", $0) }
    }

    private static func type(_ value: AttributeValue) -> String {
        switch value {
        case .bool: "bool"
        case .int: "int"
        case .double: "float"
        case .string, .bytes, .array, .map: "string"
        }
    }
}
