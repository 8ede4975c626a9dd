import ArgumentParser
import Foundation
import Monitoring

/// `kubelab promtool`: promtool's checks and tests of rules, with its output and exit codes.
struct PromtoolCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "promtool",
        abstract: "Check Prometheus' configuration, rules and metrics, and test rules, as promtool does.",
        subcommands: [PromtoolCheck.self, PromtoolTest.self])
}

/// `kubelab promtool check`.
struct PromtoolCheck: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "check", abstract: "Check files for validity.",
        subcommands: [CheckConfig.self, CheckRules.self, CheckMetrics.self])

    struct CheckRules: ParsableCommand {
        static let configuration = CommandConfiguration(
            commandName: "rules", abstract: "Check if the rule files are valid or not.")

        @Argument(help: "The rule files.", completion: .file())
        var files: [String]

        @OptionGroup var global: GlobalOptions

        func run() throws { try PromtoolFiles.end(Promtool.checkRules(files, PromtoolFiles.all)) }
    }

    struct CheckConfig: ParsableCommand {
        static let configuration = CommandConfiguration(
            commandName: "config", abstract: "Check if the config files are valid or not.")

        @Argument(help: "The config files.", completion: .file())
        var files: [String]

        @Flag(help: "Only check the config file syntax, ignoring file and content validation referenced in the config.")
        var syntaxOnly = false

        @OptionGroup var global: GlobalOptions

        func run() throws {
            var code = 0
            for file in files {
                let found = ConfigurationCheck.run(
                    file, files: try PromtoolFiles.beside(file), syntaxOnly: syntaxOnly
                ) { name, contents in
                    let one = Promtool.Files(read: { $0 == name ? contents : nil }, match: { _ in [] })
                    let output = Promtool.checkRules([name], one)
                    return ConfigurationCheck.Output(text: output.text + output.errors, exitCode: output.exitCode)
                }
                Terminal.write(found.text)
                if code == 0 { code = found.exitCode }
            }
            if code != 0 { throw ExitCode(Int32(code)) }
        }
    }

    struct CheckMetrics: ParsableCommand {
        static let configuration = CommandConfiguration(
            commandName: "metrics",
            abstract: "Pass Prometheus metrics over stdin to lint them for consistency and correctness.")

        @OptionGroup var global: GlobalOptions

        func run() throws {
            let text = String(decoding: FileHandle.standardInput.readDataToEndOfFile(), as: UTF8.self)
            let found = MetricsCheck.run(text)
            Terminal.write(found.text)
            if found.exitCode != 0 { throw ExitCode(Int32(found.exitCode)) }
        }
    }
}

/// `kubelab promtool test`.
struct PromtoolTest: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "test", abstract: "Unit testing.", subcommands: [TestRules.self])

    struct TestRules: ParsableCommand {
        static let configuration = CommandConfiguration(commandName: "rules", abstract: "Unit tests for rules.")

        @Argument(help: "The unit test files.", completion: .file())
        var files: [String]

        @OptionGroup var global: GlobalOptions

        func run() throws { try PromtoolFiles.end(Promtool.testRules(files, PromtoolFiles.all)) }
    }
}

/// Files for promtool's functions.
enum PromtoolFiles {
    static let largest = 8 << 20

    static func text(_ path: String) -> String? {
        (try? Files.bytes(path, limit: largest)).map { String(decoding: $0, as: UTF8.self) }
    }

    static var all: Promtool.Files { Promtool.Files(read: text, match: match) }

    /// The files that a pattern with `*` in its last part means, in the order of their names.
    private static func match(_ pattern: String) -> [String] {
        let folder = (pattern as NSString).deletingLastPathComponent
        let parts = (pattern as NSString).lastPathComponent.split(separator: "*", omittingEmptySubsequences: false)
        guard let first = parts.first, let last = parts.last, parts.count == 2 else { return [] }
        let names = (try? FileManager.default.contentsOfDirectory(atPath: folder.isEmpty ? "." : folder)) ?? []
        return names.filter {
            $0.hasPrefix(first) && $0.hasSuffix(last) && $0.utf8.count >= first.utf8.count + last.utf8.count
        }.sorted { $0.utf8.lexicographicallyPrecedes($1.utf8) }.map { folder.isEmpty ? $0 : folder + "/" + $0 }
    }

    /// The YAML files beside a configuration and below it, by the paths that count from its folder.
    static func beside(_ file: String) throws -> [String: String] {
        var files: [String: String] = [:]
        files[file] = text(file)
        let folder = (file as NSString).deletingLastPathComponent
        let names = FileManager.default.enumerator(atPath: folder.isEmpty ? "." : folder)
        var seen = 0
        while let name = names?.nextObject() as? String, seen < 2_000 {
            seen += 1
            guard name.hasSuffix(".yml") || name.hasSuffix(".yaml") || name.hasSuffix(".rules") else { continue }
            let path = folder.isEmpty ? name : folder + "/" + name
            files[path] = text(path)
        }
        return files
    }

    static func end(_ output: Promtool.Output) throws {
        Terminal.write(output.text)
        if !output.errors.isEmpty { Terminal.note(String(output.errors.dropLast())) }
        if output.exitCode != 0 { throw ExitCode(Int32(output.exitCode)) }
    }
}
