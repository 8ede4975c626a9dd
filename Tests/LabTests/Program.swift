import Foundation

/// The program `kubelab` as a process: `KUBELAB_BINARY`, else a build that lies in the repository.
enum Program {
    static let path: String? = {
        let named = ProcessInfo.processInfo.environment["KUBELAB_BINARY"] ?? ""
        let candidates = [named, Repository.path(".build/debug/kubelab"), Repository.path(".build/release/kubelab")]
        return candidates.first { !$0.isEmpty && FileManager.default.isExecutableFile(atPath: $0) }
    }()

    static let knowsApply: Bool = path.map { (try? run($0, ["apply", "--help"])) == 0 } ?? false

    /// Runs it to its end, or kills it after some seconds.
    /// - Returns: the exit code; nil if it was killed.
    static func run(_ program: String, _ arguments: [String], killAfter delay: Double? = nil) throws -> Int32? {
        let process = Process()
        process.executableURL = URL(fileURLWithPath: program)
        process.arguments = arguments
        process.standardOutput = FileHandle.nullDevice
        process.standardError = FileHandle.nullDevice
        try process.run()
        if let delay {
            usleep(UInt32(delay * 1e6))
            if process.isRunning { kill(process.processIdentifier, SIGKILL) }
        }
        process.waitUntilExit()
        return process.terminationReason == .uncaughtSignal ? nil : process.terminationStatus
    }

    struct Outcome {
        var code: Int32
        var output: String
        var error: String
    }

    /// Runs it in a folder and keeps what it prints.
    static func outcome(_ arguments: [String], in folder: String, environment: [String: String] = [:]) throws -> Outcome
    {
        let process = Process()
        process.executableURL = URL(fileURLWithPath: path ?? "")
        process.arguments = arguments
        process.currentDirectoryURL = URL(fileURLWithPath: folder)
        process.environment = ["PATH": "/usr/bin:/bin", "HOME": folder].merging(environment) { $1 }
        process.standardInput = FileHandle.nullDevice
        // Files rather than pipes: nobody need read while the process runs.
        let (out, err) = (folder + "/.stdout", folder + "/.stderr")
        for file in [out, err] { _ = FileManager.default.createFile(atPath: file, contents: nil) }
        process.standardOutput = FileHandle(forWritingAtPath: out)
        process.standardError = FileHandle(forWritingAtPath: err)
        try process.run()
        process.waitUntilExit()
        func text(_ file: String) throws -> String {
            String(decoding: try Data(contentsOf: URL(fileURLWithPath: file)), as: UTF8.self)
        }
        return Outcome(code: process.terminationStatus, output: try text(out), error: try text(err))
    }
}
