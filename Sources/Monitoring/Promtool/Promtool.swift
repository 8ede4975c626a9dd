import PromQL

/// `promtool`'s checks and tests as pure functions: the contents of files in, text and an exit code out.
public enum Promtool {
    /// What a command prints, and how it ends.
    public struct Output: Sendable, Equatable {
        /// On standard output.
        public var text = ""
        /// On standard error.
        public var errors = ""
        public var exitCode = 0

        public init() {}
    }

    /// Where files come from: their contents by path, and the paths that a pattern with `*` means.
    public struct Files {
        let read: (String) -> String?
        let match: (String) -> [String]

        public init(read: @escaping (String) -> String?, match: @escaping (String) -> [String]) {
            self.read = read
            self.match = match
        }
    }

    /// `promtool check rules FILE…`
    public static func checkRules(_ names: [String], _ files: Files) -> Output {
        var output = Output()
        for name in names {
            output.text += "Checking \(name)\n"
            guard let contents = files.read(name) else {
                output.errors += "  FAILED:\n\(name): open \(name): no such file or directory\n"
                output.text += "\n"
                output.exitCode = 1
                continue
            }
            do throws(RuleFile.Failure) {
                let file = try RuleFile(contents)
                let duplicates = duplicates(in: file)
                if duplicates.isEmpty {
                    output.text += "  SUCCESS: \(file.groups.reduce(0) { $0 + $1.rules.count }) rules found\n"
                } else {
                    // A lint error that is not fatal: it is said, and the file counts as good.
                    output.errors += "  FAILED:\n" + duplicates
                }
            } catch {
                output.errors += "  FAILED:\n" + error.texts.map { "\(name): \($0)\n" }.joined()
                output.exitCode = 1
            }
            output.text += "\n"
        }
        return output
    }

    /// Recording rules that write the same series; empty if there are none.
    private static func duplicates(in file: RuleFile) -> String {
        let rules = file.groups.flatMap(\.rules)
        let keyed = rules.map { ($0.name, $0.labels) }.sorted {
            $0.0 == $1.0 ? Labels.compare($0.1, $1.1) < 0 : $0.0.utf8.lexicographicallyPrecedes($1.0.utf8)
        }
        var found: [(String, Labels)] = []
        for (left, right) in zip(keyed, keyed.dropFirst()) where left.0 == right.0 && left.1 == right.1 {
            if found.last.map({ $0.0 == left.0 && $0.1 == left.1 }) != true { found.append(left) }
        }
        guard !found.isEmpty else { return "" }
        var text = "lint error \(found.count) duplicate rule(s) found.\n"
        for (name, labels) in found {
            text += "Metric: \(name)\nLabel(s):\n"
            for pair in labels.pairs { text += "\t\(pair.name): \(pair.value)\n" }
        }
        return text + "Might cause inconsistency while recording expressions\n"
    }
}
