import KubernetesAPI
import OpenTelemetry
import OrderedCollections

/// A trace in the JSON of Jaeger's query API (`/api/traces/ID`); times in microseconds.
public enum JaegerTrace {
    /// `{"data":[…]}`.
    public static func response(_ traces: [Trace]) -> JSONValue {
        [
            "data": .array(traces.map(json)), "total": .integer(Int64(traces.count)), "limit": 0, "offset": 0,
            "errors": .null,
        ]
    }

    /// What Jaeger says of an identifier that it does not know; the status is 404.
    public static let notFound: JSONValue = ["errors": [["code": 404, "msg": "trace not found"]]]

    /// One trace, with a process for each resource.
    public static func json(_ trace: Trace) -> JSONValue {
        var resources: [Resource] = []
        var spans: [JSONValue] = []
        for stored in trace.spans {
            let process: Int
            if let known = resources.firstIndex(of: stored.resource) {
                process = known
            } else {
                process = resources.count
                resources.append(stored.resource)
            }
            spans.append(json(stored, process: "p\(process + 1)"))
        }
        var processes: OrderedDictionary<String, JSONValue> = [:]
        for (index, resource) in resources.enumerated() {
            let others = resource.attributes.filter { $0.key != "service.name" }
            processes["p\(index + 1)"] = [
                "serviceName": .string(resource.serviceName ?? "unknown_service"), "tags": tags(others),
            ]
        }
        return [
            "traceID": .string(trace.id.description), "spans": .array(spans), "processes": .object(processes),
            "warnings": .null,
        ]
    }

    private static func json(_ stored: StoredSpan, process: String) -> JSONValue {
        let span = stored.span
        var references: [JSONValue] = []
        if !span.isRoot {
            references.append([
                "refType": "CHILD_OF", "traceID": .string(span.traceID.description),
                "spanID": .string(span.parentSpanID.description),
            ])
        }
        var attributes = span.attributes
        if span.kind != .unspecified { attributes.append(Attribute("span.kind", .string("\(span.kind)"))) }
        switch span.status.code {
        case .unset: break
        case .ok: attributes.append(Attribute("otel.status_code", .string("OK")))
        case .error:
            attributes.append(Attribute("otel.status_code", .string("ERROR")))
            attributes.append(Attribute("error", .bool(true)))
            if !span.status.message.isEmpty {
                attributes.append(Attribute("otel.status_description", .string(span.status.message)))
            }
        }
        let logs = span.events.map { event -> JSONValue in
            [
                "timestamp": microseconds(event.timeUnixNano),
                "fields": tags([Attribute("event", .string(event.name))] + event.attributes),
            ]
        }
        return [
            "traceID": .string(span.traceID.description), "spanID": .string(span.spanID.description),
            "operationName": .string(span.name), "references": .array(references),
            "startTime": microseconds(span.startTimeUnixNano), "duration": microseconds(span.durationNano),
            "tags": tags(attributes), "logs": .array(logs), "processID": .string(process), "warnings": .null,
        ]
    }

    private static func microseconds(_ nanoseconds: UInt64) -> JSONValue { .integer(Int64(nanoseconds / 1000)) }

    private static func tags(_ attributes: [Attribute]) -> JSONValue {
        .array(
            attributes.map { attribute in
                let (type, value): (String, JSONValue) =
                    switch attribute.value {
                    case .bool(let flag): ("bool", .bool(flag))
                    case .int(let number): ("int64", .integer(number))
                    case .double(let number): ("float64", .number(number))
                    case .string, .bytes, .array, .map: ("string", .string(attribute.value.text))
                    }
                return ["key": .string(attribute.key), "type": .string(type), "value": value]
            })
    }
}
