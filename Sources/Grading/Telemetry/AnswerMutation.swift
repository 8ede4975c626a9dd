import KubernetesAPI
import Monitoring

/// Changes of answers that somebody might make by mistake or to get by.
enum AnswerMutation {
    /// For each answer: it left out; its query with every number and duration ten times and a tenth, with each condition
    /// of its selectors left out; reduced otherwise; another label; the stated number ten times.
    /// - Returns: each with its name, in the order of the document; nothing of a text that cannot be read.
    static func mutations(of text: String) -> [(name: String, text: String)] {
        guard let value = (try? YAMLReader.documents(text))?.first?.value,
            case .array(let answers)? = value.value(at: "spec.answers")
        else { return [] }
        var mutations: [(name: String, text: String)] = []
        func add(_ name: String, _ changed: [JSONValue]) {
            let whole = value.setting([.member("spec"), .member("answers")], to: .array(changed))
            mutations.append((name, String(decoding: whole.compactBytes, as: UTF8.self) + "\n"))
        }
        for (index, answer) in answers.enumerated() {
            let title = answer["question"]?.string ?? "spec.answers[\(index)]"
            func change(_ field: String, _ words: String, to new: JSONValue) {
                var changed = answers
                changed[index] = answer.setting([.member(field)], to: new)
                add("\(title) \(field): \(words)", changed)
            }
            if answers.count > 1 {
                var rest = answers
                rest.remove(at: index)
                add("\(title) removed", rest)
            }
            for field in ["promql", "logql", "traceql"] {
                guard let query = answer[field]?.string else { continue }
                for (text, words) in QueryMutation.changes(ofQuery: query) { change(field, words, to: .string(text)) }
                for (text, words) in withoutCondition(query) { change(field, words, to: .string(text)) }
            }
            if let reduce = answer["reduce"]?.string, let place = TraceReduction.names.firstIndex(of: reduce) {
                let names = TraceReduction.names
                let isRanking = TraceReduction(reduce)?.isRanking ?? false
                for other in [place - 1, place + 1] where names.indices.contains(other) {
                    guard (TraceReduction(names[other])?.isRanking ?? false) == isRanking else { continue }
                    change("reduce", names[other], to: .string(names[other]))
                }
            }
            if let label = answer["label"]?.string, label != "pod" { change("label", "pod", to: .string("pod")) }
            if let number = answer["answer"]?.double { change("answer", "times 10", to: .number(number * 10)) }
        }
        return mutations
    }

    /// A query with each condition within braces left out: those between commas, or between `&&`.
    static func withoutCondition(_ query: String) -> [(text: String, words: String)] {
        let bytes = Array(query.utf8)
        var results: [(text: String, words: String)] = []
        var index = 0
        while index < bytes.count {
            guard bytes[index] == UInt8(ascii: "{") else {
                index = after(index, in: bytes)
                continue
            }
            let start = index + 1
            var parts: [Range<Int>] = []
            var begin = start
            index = start
            var separator = 1
            while index < bytes.count, bytes[index] != UInt8(ascii: "}") {
                if bytes[index] == UInt8(ascii: ",") {
                    parts.append(begin..<index)
                    begin = index + 1
                } else if bytes[index] == UInt8(ascii: "&"), index + 1 < bytes.count, bytes[index + 1] == bytes[index] {
                    parts.append(begin..<index)
                    separator = 2
                    index += 1
                    begin = index + 1
                }
                index = after(index, in: bytes)
            }
            guard index < bytes.count else { break }
            parts.append(begin..<index)
            for (place, part) in parts.enumerated() where parts.count > 1 {
                // With the separator before it, or behind the first.
                let range =
                    place == 0 ? part.lowerBound..<parts[1].lowerBound : (part.lowerBound - separator)..<part.upperBound
                let text = String(decoding: bytes[..<range.lowerBound] + bytes[range.upperBound...], as: UTF8.self)
                let condition = String(decoding: bytes[part], as: UTF8.self)
                results.append((text, "without\(condition.first == " " ? "" : " ")\(condition)"))
            }
        }
        return results.map { ($0.text, $0.words.last == " " ? String($0.words.dropLast()) : $0.words) }
    }

    /// The place behind a byte, or behind the text in quotes that begins there.
    private static func after(_ index: Int, in bytes: [UInt8]) -> Int {
        let quote = bytes[index]
        guard [UInt8(ascii: "\""), UInt8(ascii: "'"), UInt8(ascii: "`")].contains(quote) else { return index + 1 }
        var index = index + 1
        while index < bytes.count, bytes[index] != quote {
            index += bytes[index] == UInt8(ascii: "\\") && quote != UInt8(ascii: "`") ? 2 : 1
        }
        return min(index + 1, bytes.count)
    }
}
