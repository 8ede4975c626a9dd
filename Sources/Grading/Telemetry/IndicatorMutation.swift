import KubernetesAPI

/// Changes of service level documents and of lists of bounds, which somebody might make by mistake or to get by.
enum IndicatorMutation {
    /// For each matcher of a query, the query without it; for each sum, the mean in its place; each objective with a nine
    /// more and a nine less; each objective taken away; and each bound taken away.
    /// - Returns: each with its name, in the order of the text; nothing of a text that cannot be read.
    static func mutations(of text: String) -> [(name: String, text: String)] {
        guard let documents = try? YAMLReader.documents(text) else { return [] }
        let values = documents.map(\.value)
        var mutations: [(name: String, text: String)] = []
        for (index, value) in values.enumerated() {
            let name = value["metadata"]?["name"]?.string ?? ""
            if values.count > 1 {
                var rest = values
                rest.remove(at: index)
                mutations.append(("\(value["kind"]?.string ?? "document") \(name) removed", Self.text(rest)))
            }
            visit(value, [], label: name) { words, steps, change in
                var changed = values
                changed[index] = value.setting(steps, to: change)
                mutations.append((words, Self.text(changed)))
            }
        }
        return mutations
    }

    private static func text(_ values: [JSONValue]) -> String {
        values.map { String(decoding: $0.compactBytes, as: UTF8.self) + "\n" }.joined()
    }

    private static let queries: Set<String> = [
        "expr", "query", "error_query", "total_query", "error_ratio_query", "errorQuery", "totalQuery",
        "errorRatioQuery",
    ]
    private static let lists: Set<String> = ["slos", "buckets", "rules"]

    private static func visit(
        _ value: JSONValue, _ steps: [FieldStep], label: String, _ add: (String, [FieldStep], JSONValue?) -> Void
    ) {
        switch value {
        case .object(let members):
            let name = ["name", "record"].lazy.compactMap { members[$0]?.string }.first
            let here = name.map { label.isEmpty || label == $0 ? $0 : "\(label) \($0)" } ?? label
            for (field, member) in members {
                let inner = steps + [.member(field)]
                // OpenSLO's queries are told apart by what they count.
                let place = ["good", "bad", "total"].contains(field) ? "\(here) \(field)" : here
                if let text = member.string, queries.contains(field) {
                    for change in changes(ofQuery: text) {
                        add("\(place) \(field): \(change.words)", inner, .string(change.text))
                    }
                } else if field == "target" || field == "targetPercent" || field == "objective",
                    let number = number(member)
                {
                    let whole = field == "target" ? 1.0 : 100.0
                    for (factor, words) in [(10.0, "a nine less"), (0.1, "a nine more")] {
                        let changed = whole - (whole - number) * factor
                        guard changed > 0 else { continue }
                        add("\(place) \(field): \(words)", inner, .number((changed * 1e9).rounded() / 1e9))
                    }
                } else if case .array(let elements) = member, lists.contains(field), elements.count > 1 {
                    for index in elements.indices {
                        let called = ["name", "record"].lazy.compactMap { elements[index][$0]?.string }.first
                        let words = called ?? Self.number(elements[index]).map { "\($0)" } ?? "\(index)"
                        add("\(field) \(words) removed", inner + [.index(index)], nil)
                    }
                }
                visit(member, inner, label: place, add)
            }
        case .array(let elements):
            for (index, element) in elements.enumerated() { visit(element, steps + [.index(index)], label: label, add) }
        case .null, .bool, .integer, .number, .string: break
        }
    }

    private static func number(_ value: JSONValue) -> Double? {
        switch value {
        case .integer(let whole): Double(whole)
        case .number(let number): number
        default: nil
        }
    }

    /// A query without one of its matchers, and with a mean in place of a sum.
    static func changes(ofQuery text: String) -> [(text: String, words: String)] {
        let bytes = Array(text.utf8)
        var changes: [(text: String, words: String)] = []
        func replaced(_ range: Range<Int>, by new: String) -> String {
            String(decoding: bytes[..<range.lowerBound], as: UTF8.self) + new
                + String(decoding: bytes[range.upperBound...], as: UTF8.self)
        }
        let sum = Array("sum".utf8)
        // What stands for the window is no list of matchers.
        let window = Array("{{".utf8)
        var (index, seen) = (0, 0)
        while index < bytes.count {
            if bytes[index...].starts(with: sum), index == 0 || !isName(bytes[index - 1]),
                index + 3 < bytes.count, !isName(bytes[index + 3])
            {
                seen += 1
                changes.append(
                    (
                        replaced(index..<(index + 3), by: "avg"),
                        "avg in place of sum\(seen > 1 ? ", number \(seen)" : "")"
                    ))
                index += 3
            } else if bytes[index...].starts(with: window) {
                index += window.count
            } else if bytes[index] == UInt8(ascii: "{") {
                let matchers = matchers(bytes, from: index + 1)
                for (place, matcher) in matchers.enumerated() {
                    // A comma goes with it.
                    let begin = place > 0 ? matchers[place - 1].upperBound : matcher.lowerBound
                    let end = place > 0 || matchers.count == 1 ? matcher.upperBound : matchers[1].lowerBound
                    let words = String(decoding: bytes[matcher], as: UTF8.self)
                        .trimmingPrefix { $0 == " " || $0 == "\n" }
                    changes.append((replaced(begin..<end, by: ""), "\(words) removed"))
                }
                index = (matchers.last?.upperBound ?? index) + 1
            } else {
                index += 1
            }
        }
        return changes
    }

    private static func isName(_ byte: UInt8) -> Bool {
        (97...122).contains(byte) || (65...90).contains(byte) || (48...57).contains(byte) || byte == 95 || byte == 58
    }

    /// The matchers up to the closing brace, without the commas between them.
    private static func matchers(_ bytes: [UInt8], from start: Int) -> [Range<Int>] {
        var found: [Range<Int>] = []
        var (index, begin) = (start, start)
        while index < bytes.count, bytes[index] != UInt8(ascii: "}") {
            if bytes[index] == UInt8(ascii: "\"") || bytes[index] == UInt8(ascii: "'") {
                let quote = bytes[index]
                index += 1
                while index < bytes.count, bytes[index] != quote { index += bytes[index] == UInt8(ascii: "\\") ? 2 : 1 }
            } else if bytes[index] == UInt8(ascii: ",") {
                found.append(begin..<index)
                begin = index + 1
            }
            index += 1
        }
        let end = min(index, bytes.count)
        if begin < end { found.append(begin..<end) }
        return found
    }
}
