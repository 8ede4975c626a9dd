import Foundation

/// A question to the person at the terminal.
enum Question {
    /// Whether to go on. Without a terminal nobody can be asked, and the answer is no.
    /// - Parameter yes: answered beforehand, by `--force`.
    static func ask(_ text: String, yes: Bool) throws -> Bool {
        if yes { return true }
        guard isatty(STDIN_FILENO) == 1, isatty(STDERR_FILENO) == 1 else { return false }
        FileHandle.standardError.write(Data("\(text) [y/N] ".utf8))
        return ["y", "yes"].contains((readLine() ?? "").lowercased())
    }
}
