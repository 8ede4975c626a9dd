import Foundation

/// One `## ` section of a document.
struct MarkdownTopic: Encodable {
    var title: String
    var text: String

    /// The first sentence.
    var summary: String {
        let paragraph = text.split(separator: "\n\n").first.map(String.init) ?? ""
        let flat = paragraph.split(separator: "\n").joined(separator: " ")
        return flat.range(of: ". ").map { String(flat[..<$0.lowerBound]) + "." } ?? flat
    }

    /// Prints one topic of a document, or the list of them.
    /// - Throws: `Failure` for a topic that is not there.
    static func show(_ topic: String?, of document: String, command: String, _ output: OutputOptions) throws {
        let topics = all(in: document)
        guard let topic else {
            if output.isJSON { return Terminal.print(try JSONText.of(topics)) }
            for one in topics {
                for line in ReportText.wrapped("\(Style.strong(one.title)): \(one.summary)", indent: 2) {
                    Terminal.print(line)
                }
            }
            return Terminal.note("\n'kubelab \(command) TOPIC' prints one.")
        }
        guard let found = find(topic, in: topics) else {
            let hint = Suggestion.text(for: topic, among: topics.map(\.title))
            throw Failure(
                "there is no topic \"\(topic)\"\(hint). There are: \(topics.map(\.title).joined(separator: ", "))")
        }
        if output.isJSON { return Terminal.print(try JSONText.of(found)) }
        Terminal.print(Style.strong(found.title))
        Terminal.print(found.text)
    }

    static func all(in document: String) -> [MarkdownTopic] {
        var topics: [MarkdownTopic] = []
        var lines: [Substring] = []
        func close() {
            guard !topics.isEmpty else { return }
            topics[topics.count - 1].text = lines.joined(separator: "\n").trimmed
        }
        for line in document.split(separator: "\n", omittingEmptySubsequences: false) {
            if line.hasPrefix("## ") {
                close()
                lines = []
                topics.append(MarkdownTopic(title: String(line.dropFirst(3)), text: ""))
            } else {
                lines.append(line)
            }
        }
        close()
        return topics
    }

    /// By its whole title, by a word of it, or by its beginning, whatever the case.
    static func find(_ name: String, in topics: [MarkdownTopic]) -> MarkdownTopic? {
        let wanted = name.lowercased()
        return topics.first { $0.title.lowercased() == wanted }
            ?? topics.first { $0.title.lowercased().hasPrefix(wanted) }
            ?? topics.first { $0.title.lowercased().split { !$0.isLetter && !$0.isNumber }.contains { $0 == wanted } }
    }
}

extension String {
    fileprivate var trimmed: String {
        var text = self[...]
        while let last = text.last, last.isWhitespace { text.removeLast() }
        while let first = text.first, first.isWhitespace { text.removeFirst() }
        return String(text)
    }
}
