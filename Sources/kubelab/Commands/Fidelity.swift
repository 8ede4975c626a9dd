import ArgumentParser
import Foundation

/// `kubelab fidelity`: what of the lab is real, modelled or left out.
struct Fidelity: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Say what is real, what is modelled and what is left out, with sources.")

    @Argument(help: "A topic; without one, all are listed.")
    var topic: String?

    @OptionGroup var output: OutputOptions
    @OptionGroup var global: GlobalOptions

    func run() throws {
        let topics = MarkdownTopic.all(in: EmbeddedFidelity.text)
        guard let topic else {
            if output.isJSON { return Terminal.print(try JSONText.of(topics)) }
            for one in topics {
                for line in ReportText.wrapped("\(Style.strong(one.title)): \(one.summary)", indent: 2) {
                    Terminal.print(line)
                }
            }
            return Terminal.note("\n'kubelab fidelity TOPIC' prints one.")
        }
        guard let found = MarkdownTopic.find(topic, in: topics) else {
            let hint = Suggestion.text(for: topic, among: topics.map(\.title))
            throw Failure(
                "there is no topic \"\(topic)\"\(hint). There are: \(topics.map(\.title).joined(separator: ", "))")
        }
        if output.isJSON { return Terminal.print(try JSONText.of(found)) }
        Terminal.print(Style.strong(found.title))
        Terminal.print(found.text)
    }
}

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
