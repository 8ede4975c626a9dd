import KubernetesAPI

/// Changes of documents that hold queries, which somebody might make by mistake or to get by.
enum QueryMutation {
    /// Fields whose text is a query.
    private static let queries: Set<String> = ["expr", "query", "error_query", "total_query", "error_ratio_query"]
    /// Fields whose text is a duration.
    private static let durations: Set<String> = ["for", "keep_firing_for", "interval"]
    /// Lists whose elements can be left out.
    private static let lists: Set<String> = ["rules", "groups", "slos", "fields", "events"]
    /// Fields that take one of a few words, and a word that is put in the place of another.
    private static let words: [String: [String: String]] = [
        "format": ["json": "logfmt", "logfmt": "json", "text": "json"],
        "level": ["debug": "error", "info": "error", "warn": "error", "error": "debug"],
        "ok": ["info": "debug", "debug": "info"], "failed": ["error": "info", "warn": "info"],
    ]

    /// For each number and each duration in a query, ten times and a tenth of it; each duration of an alert likewise, or
    /// taken away; each rule taken away; two severities exchanged.
    /// - Returns: each with its name, in the order of the document; nothing of a text that cannot be read.
    static func mutations(of text: String) -> [(name: String, text: String)] {
        guard let value = (try? YAMLReader.documents(text))?.first?.value else { return [] }
        var mutations: [(name: String, text: String)] = []
        visit(value, [], label: "") { name, steps, change in
            mutations.append(
                (name, String(decoding: value.setting(steps, to: change).compactBytes, as: UTF8.self) + "\n"))
        }
        return mutations
    }

    private static func visit(
        _ value: JSONValue, _ steps: [FieldStep], label: String,
        _ add: (String, [FieldStep], JSONValue?) -> Void
    ) {
        switch value {
        case .object(let members):
            // A rule is known by what it is called.
            let name = ["alert", "record", "id", "event"].lazy.compactMap { members[$0]?.string }.first
            let here = name.map { label.isEmpty ? $0 : "\(label) \($0)" } ?? label
            for (field, member) in members {
                let inner = steps + [.member(field)]
                let place = here.isEmpty ? field : "\(here) \(field)"
                if let text = member.string, queries.contains(field) {
                    for (change, words) in changes(ofQuery: text) { add("\(place): \(words)", inner, .string(change)) }
                } else if let text = member.string, durations.contains(field) {
                    if field != "interval" { add("\(place) removed", inner, nil) }
                    for (change, words) in changes(ofQuery: text) { add("\(place): \(words)", inner, .string(change)) }
                } else if let text = member.string, let other = words[field]?[text] {
                    add("\(place) \(other)", inner, .string(other))
                } else if field == "severity", let text = member.string {
                    add("\(place) exchanged", inner, .string(text == "page" ? "ticket" : "page"))
                } else if case .array(let elements) = member, lists.contains(field), elements.count > 1 {
                    for index in elements.indices {
                        let element = elements[index]
                        let called =
                            element.string.map { "\(place) \($0)" }
                            ?? ["alert", "record", "name", "event"].lazy.compactMap { element[$0]?.string }.first
                        add("\(called ?? "\(field)[\(index)]") removed", inner + [.index(index)], nil)
                    }
                }
                visit(member, inner, label: here, add)
            }
        case .array(let elements):
            for (index, element) in elements.enumerated() { visit(element, steps + [.index(index)], label: label, add) }
        case .null, .bool, .integer, .number, .string: break
        }
    }

    /// Every number of a query times ten and a tenth. Numbers within names and quotes are no amounts.
    static func changes(ofQuery text: String) -> [(text: String, words: String)] {
        let bytes = Array(text.utf8)
        var changes: [(text: String, words: String)] = []
        var index = 0
        func isName(_ byte: UInt8) -> Bool {
            (97...122).contains(byte) || (65...90).contains(byte) || (48...57).contains(byte) || byte == 95
                || byte == 58
        }
        func isDigit(_ byte: UInt8) -> Bool { (48...57).contains(byte) }
        while index < bytes.count {
            let byte = bytes[index]
            if byte == UInt8(ascii: "\"") || byte == UInt8(ascii: "'") || byte == UInt8(ascii: "`") {
                index += 1
                while index < bytes.count, bytes[index] != byte { index += bytes[index] == UInt8(ascii: "\\") ? 2 : 1 }
                index += 1
            } else if isDigit(byte) {
                let start = index
                while index < bytes.count, isDigit(bytes[index]) || bytes[index] == UInt8(ascii: ".") { index += 1 }
                let number = String(decoding: bytes[start..<index], as: UTF8.self)
                guard let value = Double(number), value != 0 else { continue }
                for (factor, words) in [(10.0, "times 10"), (0.1, "divided by 10")] {
                    // A duration has whole numbers; a tenth of an hour is six minutes.
                    guard let scaled = scaled(value, factor, before: bytes[index...]) else { continue }
                    let changed =
                        String(decoding: bytes[..<start], as: UTF8.self) + scaled.text
                        + String(decoding: bytes[(index + scaled.unit)...], as: UTF8.self)
                    let unit = String(decoding: bytes[index..<(index + scaled.unit)], as: UTF8.self)
                    changes.append((changed, "\(number)\(unit) \(words)"))
                }
            } else if isName(byte) {
                while index < bytes.count, isName(bytes[index]) { index += 1 }
            } else {
                index += 1
            }
        }
        return numbered(changes)
    }

    /// Changes of the second of several equal numbers say so.
    private static func numbered(_ changes: [(text: String, words: String)]) -> [(text: String, words: String)] {
        var seen: [String: Int] = [:]
        return changes.map { change in
            let count = seen[change.words, default: 0] + 1
            seen[change.words] = count
            return count == 1 ? change : (change.text, "\(change.words), number \(count)")
        }
    }

    /// A scaled number as it is written; `unit` bytes of a duration's unit are part of what is replaced.
    private static func scaled(_ value: Double, _ factor: Double, before rest: ArraySlice<UInt8>) -> (
        text: String, unit: Int
    )? {
        let seconds: [UInt8: Double] = [
            UInt8(ascii: "s"): 1, UInt8(ascii: "m"): 60, UInt8(ascii: "h"): 3_600, UInt8(ascii: "d"): 86_400,
            UInt8(ascii: "w"): 604_800,
        ]
        if let unit = rest.first, let length = seconds[unit], rest.dropFirst().first != UInt8(ascii: "s") {
            let total = (value * length * factor).rounded()
            guard total >= 1, total < 1e9 else { return nil }
            return ("\(Int64(total))s", 1)
        }
        if let first = rest.first, (97...122).contains(first) { return nil }
        let result = value * factor
        let text =
            result == result.rounded() && result < 1e15 ? "\(Int64(result))" : "\((result * 1e6).rounded() / 1e6)"
        return (text, 0)
    }
}
