import Foundation

/// Where words go: results to standard output, progress and wall-clock words to standard error.
enum Terminal {
    /// Whether everything is written for a screen reader: `--plain`, or `KUBELAB_PLAIN` is set. The option is asked of
    /// the arguments themselves because errors in them are written before they are understood.
    static let isPlain =
        CommandLine.arguments.prefix { $0 != "--" }.contains("--plain")
        || !["", "0"].contains(ProcessInfo.processInfo.environment["KUBELAB_PLAIN"] ?? "")

    private static let wantsColor = !isPlain && (ProcessInfo.processInfo.environment["NO_COLOR"] ?? "").isEmpty

    /// Whether standard output shows colour: a terminal, and `NO_COLOR` is not set (no-color.org).
    static let showsColor = isatty(STDOUT_FILENO) == 1 && wantsColor
    static let showsProgress = isatty(STDERR_FILENO) == 1 && !isPlain
    static let showsColorOnError = isatty(STDERR_FILENO) == 1 && wantsColor

    /// Whether lines that were printed can be drawn over.
    static var isLive: Bool {
        isatty(STDOUT_FILENO) == 1 && !isPlain && ProcessInfo.processInfo.environment["TERM"] != "dumb"
    }

    /// Columns of the terminal, 80 where it is none.
    static var width: Int {
        var size = winsize()
        guard ioctl(STDOUT_FILENO, UInt(TIOCGWINSZ), &size) == 0, size.ws_col >= 40 else { return 80 }
        return min(Int(size.ws_col), 160)
    }

    /// The same, and as good as none where the output goes to a file or another program.
    static var lineWidth: Int { isatty(STDOUT_FILENO) == 1 ? width : .max }

    static func print(_ text: String) { write(text + "\n", to: STDOUT_FILENO) }
    static func write(_ text: String) { write(text, to: STDOUT_FILENO) }
    static func note(_ text: String) { write(text + "\n", to: STDERR_FILENO) }

    /// Shows a passing line on standard error, replaced by the next.
    static func progress(_ text: String) {
        if showsProgress { write("\r\u{1b}[2K" + text, to: STDERR_FILENO) }
    }

    static func endProgress() {
        if showsProgress { write("\r\u{1b}[2K", to: STDERR_FILENO) }
    }

    /// Writes all bytes; a reader that went away (`kubelab … | head`) is not an error worth words.
    private static func write(_ text: String, to descriptor: Int32) {
        let bytes = Array(text.utf8)
        bytes.withUnsafeBytes { buffer in
            var offset = 0
            while offset < buffer.count {
                let written = Foundation.write(descriptor, buffer.baseAddress! + offset, buffer.count - offset)
                if written <= 0 { return }
                offset += written
            }
        }
    }
}

/// Text in colour, where colour is shown.
enum Style: String {
    case good = "32"
    case bad = "31"
    case warning = "33"
    case strong = "1"
    case faint = "2"

    func callAsFunction(_ text: String) -> String {
        Terminal.showsColor ? colored(text) : text
    }

    /// The same for standard error.
    func onError(_ text: String) -> String { Terminal.showsColorOnError ? colored(text) : text }

    private func colored(_ text: String) -> String { "\u{1b}[\(rawValue)m\(text)\u{1b}[0m" }
}

/// A sign before a line that says how something went; a word where signs are read out by name.
enum Mark {
    static var good: String { Style.good(Terminal.isPlain ? "ok:" : "✓") }
    static var bad: String { Style.bad(Terminal.isPlain ? "fault:" : "✗") }
}
