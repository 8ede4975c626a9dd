import PromQL

/// The functions of Prometheus (`template/template.go`), with arguments of the right number and type.
enum TemplateFunctions {
    private typealias CallError = TemplateEvaluator.CallError

    /// How deep `args` may lie in each other.
    private static let deepestArguments = 20

    static func call(
        _ name: String, _ given: [TemplateValue], _ data: TemplateData
    ) throws(TemplateEvaluator.CallError) -> TemplateValue {
        switch name {
        case "args":
            let depth = given.map { if case .arguments(_, let depth) = $0 { depth } else { 0 } }.max() ?? 0
            guard depth < deepestArguments else {
                throw CallError(message: "arguments in arguments beyond \(deepestArguments)")
            }
            return .arguments(given, depth: depth + 1)
        case "externalURL": return .string(try address(data))
        case "pathPrefix": return .string(path(of: try address(data)))
        case "now": return .float(Double(data.now) / 1000)
        default: break
        }
        if let value = try TemplateNumbers.call(name, given) { return value }
        if let value = try TemplateTexts.call(name, given) { return value }
        switch (name, given.first, given.last) {
        case ("first", .samples(let samples), _):
            guard let first = samples.first else {
                throw CallError(message: "first() called on vector with no elements")
            }
            return .sample(first)
        case ("label", .string(let label), .sample(let sample)): return .string(sample.labels[label])
        case ("value", .sample(let sample), _): return .float(sample.value)
        case ("strvalue", .sample(let sample), _): return .string(sample.labels["__value__"])
        case ("sortByLabel", .string(let label), .samples(let samples)):
            let sorted = samples.enumerated().sorted {
                let order = ByteOrder.compare($0.element.labels[label], $1.element.labels[label])
                return order == 0 ? $0.offset < $1.offset : order < 0
            }
            return .samples(sorted.map(\.element))
        // A sample that is nil.
        default: throw nilPointer
        }
    }

    private static let nilPointer = CallError(
        message: "runtime error: invalid memory address or nil pointer dereference")

    private static func address(_ data: TemplateData) throws(CallError) -> String {
        guard data.functionsKnowURL else { throw nilPointer }
        return data.externalURL
    }

    private static func path(of url: String) -> String {
        let bytes = Array(url.utf8)
        let slash = UInt8(ascii: "/")
        var start = 0
        for place in bytes.indices where bytes[place...].starts(with: "://".utf8) {
            start = place + 3
            break
        }
        guard let first = bytes[start...].firstIndex(of: slash) else { return "" }
        let end = bytes[first...].firstIndex { $0 == UInt8(ascii: "?") || $0 == UInt8(ascii: "#") } ?? bytes.count
        return String(decoding: bytes[first..<end], as: UTF8.self)
    }
}
