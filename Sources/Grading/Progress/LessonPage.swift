import Lab

/// A lesson's page, `labs/LESSON/lesson.md`: a title, an opening, and parts under second-level headings.
///
/// A part is a thing to run: its `console` blocks are commands after `$ ` and what they print. The tests carry out every
/// one of them and compare.
public struct LessonPage: Sendable, Equatable {
    public enum Block: Sendable, Equatable {
        case prose(String)
        /// Commands and their output.
        case console([Command])
        /// A file or a part of one.
        case listing([String])
    }

    public struct Command: Sendable, Equatable {
        public var line: String
        public var output: [String]
    }

    public struct Part: Sendable, Equatable {
        /// Empty for what stands before the first heading.
        public var title: String
        public var blocks: [Block]
    }

    public var title: String
    public var parts: [Part]

    /// The five parts of a lesson, in order.
    public static let partTitles = [
        "The concept", "The AIDD workflow", "Practical examples", "Validation", "Common production concerns",
    ]

    /// All commands of the page, in order.
    public var commands: [Command] {
        parts.flatMap(\.blocks).flatMap { block -> [Command] in
            if case .console(let commands) = block { commands } else { [] }
        }
    }

    /// - Throws: `ConfigurationError` if it has no title or a block does not end.
    public init(_ text: String, file: String) throws {
        var title = ""
        var parts = [Part(title: "", blocks: [])]
        var prose: [Substring] = []
        var fence: (language: Substring, line: Int, lines: [String])?
        func close() {
            let paragraph = prose.joined(separator: "\n")
            prose = []
            if paragraph.contains(where: { !$0.isWhitespace }) {
                parts[parts.count - 1].blocks.append(.prose(paragraph))
            }
        }
        for (index, line) in text.split(separator: "\n", omittingEmptySubsequences: false).enumerated() {
            if line.hasPrefix("```") {
                if let open = fence {
                    parts[parts.count - 1].blocks.append(
                        open.language == "console" ? .console(Self.commands(open.lines)) : .listing(open.lines))
                    fence = nil
                } else {
                    close()
                    fence = (line.dropFirst(3), index + 1, [])
                }
            } else if fence != nil {
                fence?.lines.append(String(line))
            } else if line.hasPrefix("# "), title.isEmpty {
                title = String(line.dropFirst(2))
            } else if line.hasPrefix("## ") {
                close()
                parts.append(Part(title: String(line.dropFirst(3)), blocks: []))
            } else {
                prose.append(line)
            }
        }
        close()
        if let fence { throw ConfigurationError(file: file, line: fence.line, message: "the block does not end") }
        guard !title.isEmpty else {
            throw ConfigurationError(file: file, message: "the page has no title: # Lesson N: …")
        }
        self.title = title
        self.parts = parts.filter { !$0.blocks.isEmpty || !$0.title.isEmpty }
    }

    private static func commands(_ lines: [String]) -> [Command] {
        var commands: [Command] = []
        for line in lines {
            if line.hasPrefix("$ ") {
                commands.append(Command(line: String(line.dropFirst(2)), output: []))
            } else if !commands.isEmpty {
                commands[commands.count - 1].output.append(line)
            }
        }
        return commands
    }

    /// A part by its number from 1 or by words of its title; nil if there is none.
    public func part(_ name: String) -> Part? {
        let titled = parts.filter { !$0.title.isEmpty }
        if let number = Int(name) { return titled.indices.contains(number - 1) ? titled[number - 1] : nil }
        let wanted = name.lowercased()
        return titled.first { $0.title.lowercased().contains(wanted) }
    }
}
