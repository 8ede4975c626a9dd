import KubernetesAPI

/// Changes of a policy that somebody might make by mistake or to get by.
enum PolicyMutation {
    /// Lists whose elements can be left out.
    private static let lists: Set<String> = ["instruments", "labels", "events", "fields", "policies"]

    /// Each signal and each element of a list left out; each number and duration ten times and a tenth; levels exchanged;
    /// a user's number and a trace's as one more label of each instrument.
    /// - Returns: each with its name, in the order of the document; nothing of a text that cannot be read.
    static func mutations(of text: String) -> [(name: String, text: String)] {
        guard let value = (try? YAMLReader.documents(text))?.first?.value, case .object(let signals)? = value["spec"]
        else { return [] }
        var mutations: [(name: String, text: String)] = []
        func add(_ name: String, _ steps: [FieldStep], _ change: JSONValue?) {
            let whole = value.setting(steps, to: change)
            mutations.append((name, String(decoding: whole.compactBytes, as: UTF8.self) + "\n"))
        }
        for (signal, part) in signals {
            let steps: [FieldStep] = [.member("spec"), .member(signal)]
            if signals.count > 1 { add("\(signal) removed", steps, nil) }
            visit(part, steps, label: signal, add)
        }
        return mutations
    }

    private static func visit(
        _ value: JSONValue, _ steps: [FieldStep], label: String, _ add: (String, [FieldStep], JSONValue?) -> Void
    ) {
        switch value {
        case .object(let members):
            for (field, member) in members { visit(member, steps + [.member(field)], label: "\(label) \(field)", add) }
            if let name = members["name"]?.string, let labels = members["labels"]?.array, name.hasPrefix("http_") {
                for more in ["user_id", "trace_id"] where !labels.contains(.string(more)) {
                    add("\(label) labels and \(more)", steps + [.member("labels")], .array(labels + [.string(more)]))
                }
            }
        case .array(let elements) where label.hasSuffix(" buckets"):
            // One bound more or less hardly matters, and one that is scaled alone is out of order.
            add("\(label) removed", steps, nil)
            let bounds = elements.compactMap(\.double)
            add("\(label) times 10", steps, .array(bounds.map { .number($0 * 10) }))
            add("\(label) divided by 10", steps, .array(bounds.map { .number($0 / 10) }))
        case .array(let elements):
            let field = label.split(separator: " ").last.map(String.init) ?? ""
            for (index, element) in elements.enumerated() {
                let called = ["name", "event"].lazy.compactMap { element[$0]?.string }.first ?? element.string
                let name = "\(label) \(called ?? element.double.map { "\($0)" } ?? "\(index)")"
                if lists.contains(field), elements.count > 1 { add("\(name) removed", steps + [.index(index)], nil) }
                visit(element, steps + [.index(index)], label: name, add)
            }
        case .integer, .number:
            guard let number = value.double, number != 0 else { return }
            add("\(label) times 10", steps, .number(number * 10))
            add("\(label) divided by 10", steps, .number(number / 10))
        case .string(let text):
            if let level = exchanged[text], steps.contains(.member("levels")) || steps.last == .member("level") {
                add("\(label) \(level)", steps, .string(level))
            } else if text.first?.isNumber ?? false {
                for (change, words) in QueryMutation.changes(ofQuery: text) {
                    add("\(label): \(words)", steps, .string(change))
                }
            }
        case .null, .bool: break
        }
    }

    private static let exchanged = ["debug": "info", "info": "debug", "warn": "debug", "error": "debug"]
}
