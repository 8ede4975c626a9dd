import Foundation
import Lab

/// The exercises as students may have them: no solution, no wrong answer, no panel, nothing about hidden seeds.
public enum StudentsCopy {
    /// Folders of an exercise that stay with the instructor.
    static let withheld = ["solution", "wrong", "panel"]

    /// Copies a folder of exercises (`LESSON/EXERCISE/…`), or one exercise, without what gives answers away.
    /// - Returns: paths that were written, sorted.
    /// - Throws: `ConfigurationError` if something cannot be read or written, or the target exists.
    public static func write(_ source: String, to target: String) throws -> [String] {
        let files = FileManager.default
        guard !files.fileExists(atPath: target) else {
            throw ConfigurationError(file: target, message: "exists already; nothing was written")
        }
        guard let names = files.subpaths(atPath: source) else {
            throw ConfigurationError(file: source, message: "no such folder, or it cannot be read")
        }
        var written: [String] = []
        for name in names.sorted(by: { $0.utf8.lexicographicallyPrecedes($1.utf8) }) {
            let parts = name.split(separator: "/").map(String.init)
            guard !parts.contains(where: { withheld.contains($0) || $0.hasPrefix(".") }) else { continue }
            var status = stat()
            guard lstat(source + "/" + name, &status) == 0, status.st_mode & S_IFMT == S_IFREG else { continue }
            guard let data = files.contents(atPath: source + "/" + name) else {
                throw ConfigurationError(file: source + "/" + name, message: "cannot be read")
            }
            var text = data
            if parts.last == "exercise.yaml" {
                text = Data(withoutAnswers(String(decoding: data, as: UTF8.self)).utf8)
            } else if parts.last == "references.yaml" {
                text = Data(withoutFinding(String(decoding: data, as: UTF8.self)).utf8)
            } else if parts.contains("sets") {
                text = Data(withoutRemarks(String(decoding: data, as: UTF8.self)).utf8)
            }
            let path = target + "/" + name
            do {
                try files.createDirectory(
                    atPath: (path as NSString).deletingLastPathComponent, withIntermediateDirectories: true)
                try text.write(to: URL(fileURLWithPath: path), options: .atomic)
            } catch { throw ConfigurationError(file: path, message: "cannot be written") }
            written.append(name)
        }
        guard written.contains(where: { $0 == "exercise.yaml" || $0.hasSuffix("/exercise.yaml") }) else {
            throw ConfigurationError(
                file: source, message: "holds no exercise.yaml, so there is nothing for students in it")
        }
        return written
    }

    /// Parts of `exercise.yaml` that only an author needs: misconceptions name the wrong answers, the search names the
    /// fields that decide, accepted mutants are changes of the solution, the debrief tells how it works.
    static let withheldParts = ["wrong", "search", "accepted", "panel", "debrief"]

    /// The text without some top-level parts. Lines stay as they are, so that comments and places of the rest do.
    static func withoutAnswers(_ text: String) -> String { without(withheldParts, text) }

    /// Manifests without the comments in their first column, in which an author says what is wrong with a set.
    static func withoutRemarks(_ text: String) -> String {
        text.split(separator: "\n", omittingEmptySubsequences: false).filter { $0.first != "#" }.joined(separator: "\n")
    }

    /// References without the settings that gave them.
    static func withoutFinding(_ text: String) -> String { without(["found"], text) }

    private static func without(_ parts: [String], _ text: String) -> String {
        var kept: [Substring] = []
        // Comments in the first column speak of the part that follows.
        var comments: [Substring] = []
        var isWithheld = false
        for line in text.split(separator: "\n", omittingEmptySubsequences: false) {
            if line.first == "#" {
                comments.append(line)
                continue
            }
            // A key of the top level begins in the first column; a list in its value may do so, too.
            if let first = line.first, first != " ", first != "-" {
                let name = line.split(separator: ":", maxSplits: 1).first.map(String.init) ?? ""
                let plain = name.filter { $0 != "\"" && $0 != "'" }
                isWithheld = parts.contains(plain)
            }
            if !isWithheld || line.isEmpty { kept += comments + [line] }
            comments = []
        }
        while kept.count > 1, kept.last == "", kept[kept.count - 2] == "" { kept.removeLast() }
        return kept.joined(separator: "\n")
    }
}
