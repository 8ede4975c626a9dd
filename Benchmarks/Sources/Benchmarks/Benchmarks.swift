import Foundation

/// Measures the speed list of the design, each benchmark in a process of its own.
///
///     swift run -c release --package-path Benchmarks Benchmarks            # all
///     swift run -c release --package-path Benchmarks Benchmarks gateway    # those whose name contains the word
///     … --markdown FILE                                                    # writes the table for docs/benchmarks.md
@main struct Benchmarks {
    static var all: [(name: String, run: () throws -> [Figure])] {
        [
            ("queue", holdLoop), ("chunks", copyAndWrite), ("gateway", gatewayWorld), ("desk", supportDesk),
            ("hops", modelSpeed), ("snapshot", snapshots), ("grading", hiddenSeeds), ("fleet", fleet),
            ("process", processes), ("promql", queries), ("collection", collection),
            ("serving", serving),
        ]
    }

    static func main() {
        var words = Array(CommandLine.arguments.dropFirst())
        var markdown: String?
        if let place = words.firstIndex(of: "--markdown"), place + 1 < words.count {
            markdown = words[place + 1]
            words.removeSubrange(place...place + 1)
        }
        if let place = words.firstIndex(of: "--child"), place + 1 < words.count {
            return runChild(words[place + 1])
        }
        let chosen = all.filter { entry in words.isEmpty || words.contains { entry.name.contains($0) } }
        guard !chosen.isEmpty else {
            print("no such benchmark; there are: \(all.map(\.name).joined(separator: ", "))")
            exit(2)
        }
        var figures: [Figure] = []
        for (name, _) in chosen {
            FileHandle.standardError.write(Data("measuring \(name) …\n".utf8))
            figures += measure(name)
        }
        print(Report.table(figures))
        if let markdown {
            do { try Report.markdown(figures).write(toFile: markdown, atomically: true, encoding: .utf8) } catch {
                print("\(markdown): \(error.localizedDescription)")
                exit(2)
            }
        }
    }

    /// Runs one benchmark in a process of its own, so that its memory is its own.
    private static func measure(_ name: String) -> [Figure] {
        let output = Shell.run(CommandLine.arguments[0], ["--child", name])
        guard output.status == 0, let figures = try? JSONDecoder().decode([Figure].self, from: Data(output.text.utf8))
        else {
            FileHandle.standardError.write(Data("\(name) failed (status \(output.status)): \(output.text)\n".utf8))
            return []
        }
        return figures
    }

    private static func runChild(_ name: String) {
        guard let entry = all.first(where: { $0.name == name }) else { exit(2) }
        do {
            let figures = try entry.run()
            FileHandle.standardOutput.write(try JSONEncoder().encode(figures))
        } catch {
            FileHandle.standardError.write(Data("\(name): \(error)\n".utf8))
            exit(1)
        }
    }
}

/// The repository, found from this file.
let repository = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
    .deletingLastPathComponent().deletingLastPathComponent().path

/// Runs programs.
enum Shell {
    /// Runs a program to its end; what it writes to stderr passes through.
    static func run(_ program: String, _ arguments: [String], quiet: Bool = false) -> (status: Int32, text: String) {
        let process = Process()
        process.executableURL = URL(fileURLWithPath: program)
        process.arguments = arguments
        let pipe = Pipe()
        process.standardOutput = pipe
        if quiet { process.standardError = FileHandle.nullDevice }
        do { try process.run() } catch { return (-1, "\(error)") }
        let data = pipe.fileHandleForReading.readDataToEndOfFile()
        process.waitUntilExit()
        return (process.terminationStatus, String(decoding: data, as: UTF8.self))
    }

    /// Runs a line of `sh`.
    static func sh(_ line: String) -> (status: Int32, text: String) { run("/bin/sh", ["-c", line], quiet: true) }

    /// Runs a program to its end without a word, started as a shell starts it: Foundation's `Process` takes 50 ms to
    /// notice an end.
    static func spawn(_ program: String, _ arguments: [String]) -> Int32 {
        var actions = posix_spawn_file_actions_t()
        posix_spawn_file_actions_init(&actions)
        defer { posix_spawn_file_actions_destroy(&actions) }
        for descriptor in [STDOUT_FILENO, STDERR_FILENO] {
            posix_spawn_file_actions_addopen(&actions, descriptor, "/dev/null", O_WRONLY, 0)
        }
        var words: [UnsafeMutablePointer<CChar>?] = ([program] + arguments).map { strdup($0) } + [nil]
        defer { for word in words { free(word) } }
        var process: pid_t = 0
        guard posix_spawn(&process, program, &actions, nil, &words, environ) == 0 else { return -1 }
        var status: Int32 = 0
        while waitpid(process, &status, 0) == -1, errno == EINTR {}
        return (status >> 8) & 0xff
    }
}
