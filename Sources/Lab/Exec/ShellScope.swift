/// Gives words the values of their variables at one moment.
struct ShellScope {
    private let frame: ContainerShell.Frame

    init(_ frame: ContainerShell.Frame) { self.frame = frame }

    private func value(_ name: String) -> String? {
        switch name {
        case "?": return "\(frame.status)"
        case "$": return "\(7 + frame.arguments.count)"
        case "#": return "\(max(0, frame.arguments.count - 1))"
        case "@", "*": return frame.arguments.dropFirst().joined(separator: " ")
        case "!": return ""
        default:
            if let number = Int(name) {
                return frame.arguments.indices.contains(number) ? frame.arguments[number] : number == 0 ? "sh" : ""
            }
            return frame.variables.first { $0.name == name }?.value
        }
    }

    private func value(_ name: String, otherwise: String?) -> String {
        let found = value(name) ?? ""
        return found.isEmpty ? otherwise ?? "" : found
    }

    /// A word as one text, as an assignment takes it.
    func text(_ word: ShellWord) -> String {
        word.parts.map { part in
            switch part {
            case .text(let text, _): text
            case .variable(let name, let otherwise, _): value(name, otherwise: otherwise)
            }
        }.joined()
    }

    /// A word as a command's arguments: values of unquoted variables fall apart at white space.
    func fields(_ word: ShellWord) -> [String] {
        var fields: [String] = []
        var current: String?
        for part in word.parts {
            switch part {
            case .text(let text, _): current = (current ?? "") + text
            case .variable(let name, let otherwise, quoted: true):
                current = (current ?? "") + value(name, otherwise: otherwise)
            case .variable(let name, let otherwise, quoted: false):
                let text = value(name, otherwise: otherwise)
                let pieces = text.split { $0 == " " || $0 == "\t" || $0 == "\n" }.map(String.init)
                if let first = text.first, first == " " || first == "\t" || first == "\n", let done = current {
                    fields.append(done)
                    current = nil
                }
                for (index, piece) in pieces.enumerated() {
                    if index > 0, let done = current {
                        fields.append(done)
                        current = nil
                    }
                    current = (current ?? "") + piece
                }
                if let last = text.last, last == " " || last == "\t" || last == "\n", let done = current {
                    fields.append(done)
                    current = nil
                }
            }
        }
        if let current { fields.append(current) }
        return fields
    }
}

/// What a terminal does with keys before a program reads them: echoes, lets a line be corrected, knows Ctrl-C and
/// Ctrl-D.
struct TerminalLine: Sendable {
    enum Effect: Equatable {
        case nothing
        case echo([UInt8])
        /// A whole line, its newline included.
        case line([UInt8])
        case interrupt
        case end
    }

    private var line: [UInt8] = []
    /// Longest line, as the kernel's line discipline has it.
    static let limit = 4_096

    mutating func take(_ byte: UInt8) -> Effect {
        switch byte {
        case 3:
            line = []
            return .interrupt
        case 4: return line.isEmpty ? .end : .nothing
        case 10, 13:
            defer { line = [] }
            return .line(line + [10])
        case 8, 127:
            guard line.popLast() != nil else { return .nothing }
            return .echo([8, 32, 8])
        default:
            guard line.count < Self.limit else { return .nothing }
            line.append(byte)
            return .echo([byte])
        }
    }
}
