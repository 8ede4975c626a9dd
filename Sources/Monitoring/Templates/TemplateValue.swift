import PromQL

/// A value of a template.
enum TemplateValue: Sendable {
    case null
    case boolean(Bool)
    case integer(Int64)
    case float(Double)
    case string(String)
    /// `map[string]string`: a key that is missing is the empty text.
    case labels(Labels)
    case sample(QuerySample)
    case samples([QuerySample])
    /// What `args` makes: `.arg0`, `.arg1`, …; with how deep such values lie in each other.
    case arguments([TemplateValue], depth: Int)
    case data(TemplateData)
    /// Milliseconds since 1970.
    case time(Int64)
    /// Nanoseconds.
    case duration(Int64)

    /// What Go calls the type.
    var typeName: String {
        switch self {
        case .null: "<nil>"
        case .boolean: "bool"
        case .integer: "int"
        case .float: "float64"
        case .string: "string"
        case .labels: "map[string]string"
        case .sample: "*template.sample"
        case .samples: "template.queryResult"
        case .arguments: "map[string]interface {}"
        case .data:
            "struct { Labels map[string]string; ExternalLabels map[string]string; ExternalURL string; Value float64 }"
        case .time: "*time.Time"
        case .duration: "*time.Duration"
        }
    }

    /// What `if` and `and` take for true: everything but nothing, zero and the empty.
    var isTrue: Bool {
        switch self {
        case .null: false
        case .boolean(let value): value
        case .integer(let value): value != 0
        case .float(let value): value != 0
        case .string(let text): !text.isEmpty
        case .labels(let labels): !labels.isEmpty
        case .samples(let samples): !samples.isEmpty
        case .arguments(let values, _): !values.isEmpty
        case .sample, .data, .time, .duration: true
        }
    }

    /// `%v`, as long as `limit` bytes at most and a little more.
    func text(limit: Int = .max) -> String {
        var out = ""
        append(to: &out, limit: limit)
        return out
    }

    private func append(to out: inout String, limit: Int) {
        if out.utf8.count > limit { return }
        switch self {
        case .null: out += "<nil>"
        case .boolean(let value): out += value ? "true" : "false"
        case .integer(let value): out += String(value)
        case .float(let value): out += GoFloat.general(value)
        case .string(let text): out += text
        case .labels(let labels):
            out += "map[" + labels.pairs.map { $0.name + ":" + $0.value }.joined(separator: " ") + "]"
        case .sample(let sample):
            out += "{"
            TemplateValue.labels(sample.labels).append(to: &out, limit: limit)
            out += " " + GoFloat.general(sample.value) + "}"
        case .samples(let samples):
            // Go prints where the samples lie in memory; here they lie side by side from a fixed place.
            let addresses = samples.prefix(1000).indices.map {
                "0x" + String(0xC0_0000_0000 + UInt64($0) * 32, radix: 16)
            }
            out += "[" + addresses.joined(separator: " ") + "]"
        case .arguments(let values, _):
            out += "map["
            for (index, name) in Self.sortedNames(values.count) where out.utf8.count <= limit {
                if !out.hasSuffix("map[") { out += " " }
                out += name + ":"
                values[index].append(to: &out, limit: limit)
            }
            out += "]"
        case .data(let data):
            out += "{"
            TemplateValue.labels(data.labels).append(to: &out, limit: limit)
            out += " "
            TemplateValue.labels(data.externalLabels).append(to: &out, limit: limit)
            out += " " + data.externalURL + " " + GoFloat.general(data.value) + "}"
        case .time(let milliseconds): out += GoTime(milliseconds: milliseconds).description
        case .duration(let nanoseconds): out += GoTime.duration(nanoseconds)
        }
    }

    /// `arg0`, `arg1`, `arg10`, …, in the order of maps in Go's printing.
    static func sortedNames(_ count: Int) -> [(Int, String)] {
        (0..<count).map { ($0, "arg\($0)") }.sorted { $0.1.utf8.lexicographicallyPrecedes($1.1.utf8) }
    }
}
