import Foundation
import Testing

/// Every command and every output of a lesson's page, carried out in order in one folder as a reader would.
/// `KUBELAB_UPDATE_GOLDEN=1 swift test --filter LessonPageTests` writes what the commands print now.
@Suite(.enabled(if: Program.path != nil, "no kubelab binary was built")) struct LessonPageTests {
    static let pages = {
        let root = Repository.path("labs")
        return ((try? FileManager.default.contentsOfDirectory(atPath: root)) ?? []).sorted()
            .map { "labs/\($0)/lesson.md" }.filter { FileManager.default.fileExists(atPath: Repository.path($0)) }
    }()

    @Test func thereArePages() { #expect(Self.pages.contains("labs/4-autoscaling/lesson.md")) }

    @Test(arguments: pages) func showsWhatIsTrue(_ page: String) throws {
        let text = try Repository.text(page)
        let session = try Session()
        var result: [String] = []
        var isConsole = false
        var differences: [String] = []
        var shown: [String]?
        var real: [String] = []
        var command = ""
        func compare() {
            if let shown, shown != real {
                differences.append(
                    "$ \(command)\nthe page shows:\n\(shown.joined(separator: "\n"))\nit prints:\n\(real.joined(separator: "\n"))"
                )
            }
            shown = nil
        }
        for line in text.split(separator: "\n", omittingEmptySubsequences: false).map(String.init) {
            if line.hasPrefix("```") {
                compare()
                isConsole = !isConsole && line == "```console"
                result.append(line)
            } else if isConsole, line.hasPrefix("$ ") {
                compare()
                command = String(line.dropFirst(2))
                real = try session.run(command)
                shown = []
                result += [line] + real
            } else if isConsole {
                shown?.append(line)
            } else {
                result.append(line)
            }
        }
        if ProcessInfo.processInfo.environment["KUBELAB_UPDATE_GOLDEN"] == "1" {
            try result.joined(separator: "\n").write(toFile: Repository.path(page), atomically: true, encoding: .utf8)
            return
        }
        #expect(differences.isEmpty, "\(page):\n\(differences.joined(separator: "\n\n"))")
    }

    /// The five parts of a lesson, in the terminal's width once they are indented.
    @Test(arguments: pages) func hasFivePartsThatFitATerminal(_ page: String) throws {
        let lines = try Repository.text(page).split(separator: "\n", omittingEmptySubsequences: false)
        #expect(
            lines.filter { $0.hasPrefix("## ") } == [
                "## The concept", "## The AIDD workflow", "## Practical examples", "## Validation",
                "## Common production concerns",
            ])
        var isConsole = false
        for line in lines {
            if line.hasPrefix("```") { isConsole = line == "```console" }
            if isConsole, !line.hasPrefix("$ ") { #expect(line.count <= 90, "\(line)") }
        }
    }

    /// A reader's shell: one folder, one home, commands in order.
    private final class Session {
        private let root: String
        private var folder: String

        init() throws {
            root = NSTemporaryDirectory() + "kubelab-lesson-\(UUID().uuidString)"
            folder = root + "/work"
            try FileManager.default.createDirectory(atPath: root + "/bin", withIntermediateDirectories: true)
            try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
            try FileManager.default.createSymbolicLink(
                atPath: root + "/bin/kubelab", withDestinationPath: Program.path ?? "")
        }

        deinit { try? FileManager.default.removeItem(atPath: root) }

        func run(_ command: String) throws -> [String] {
            if command.hasPrefix("cd ") {
                folder += "/" + command.dropFirst(3)
                return []
            }
            let process = Process()
            process.executableURL = URL(fileURLWithPath: "/bin/sh")
            process.arguments = ["-c", command]
            process.currentDirectoryURL = URL(fileURLWithPath: folder)
            process.environment = [
                "PATH": root + "/bin:/usr/bin:/bin", "HOME": root, "KUBELAB_HOME": root + "/home", "LC_ALL": "C.UTF-8",
            ]
            process.standardInput = FileHandle.nullDevice
            let file = root + "/output"
            _ = FileManager.default.createFile(atPath: file, contents: nil)
            process.standardOutput = FileHandle(forWritingAtPath: file)
            process.standardError = process.standardOutput
            try process.run()
            process.waitUntilExit()
            var text = String(decoding: try Data(contentsOf: URL(fileURLWithPath: file)), as: UTF8.self)
            while text.hasSuffix("\n") { text.removeLast() }
            return text.isEmpty ? [] : text.split(separator: "\n", omittingEmptySubsequences: false).map(String.init)
        }
    }
}
