import Foundation

/// Debian's Prometheus, running beside a test. It chooses a free port by itself and is waited for until it says that it is
/// ready, however long that takes on a machine that does other things: only its own end is a failure.
final class RealPrometheus: Sendable {
    /// Without a trailing slash.
    let address: String
    /// 127.0.0.1 and the port.
    let instance: String
    private let process: Process

    /// What it said before it was ready, and then ended.
    struct Ended: Error, CustomStringConvertible { var description: String }

    /// - Parameters:
    ///   - folder: takes its log and, under `data`, its storage, which may be there already.
    ///   - configuration: path of its configuration.
    init(folder: String, configuration: String, data: String) async throws {
        let log = folder + "/.prometheus-" + UUID().uuidString
        _ = FileManager.default.createFile(atPath: log, contents: nil)
        let process = Process()
        process.executableURL = URL(fileURLWithPath: RealClient.prometheus)
        process.arguments = [
            "--config.file=\(configuration)", "--storage.tsdb.path=\(folder)/\(data)",
            "--storage.tsdb.retention.time=100y", "--web.listen-address=127.0.0.1:0", "--log.format=json",
        ]
        process.standardOutput = FileHandle.nullDevice
        process.standardError = FileHandle(forWritingAtPath: log)
        try process.run()
        self.process = process
        var port: String?
        var ready = false
        while !ready || port == nil {
            let text = String(decoding: FileManager.default.contents(atPath: log) ?? Data(), as: UTF8.self)
            for line in text.split(separator: "\n") {
                guard let entry = try? JSONDecoder().decode(Entry.self, from: Data(line.utf8)) else { continue }
                if entry.msg == "Listening on" { port = entry.address?.split(separator: ":").last.map(String.init) }
                if entry.msg.hasPrefix("Server is ready") { ready = true }
            }
            guard process.isRunning else { throw Ended(description: text) }
            try await Task.sleep(for: .milliseconds(50))
        }
        instance = "127.0.0.1:" + (port ?? "")
        address = "http://" + instance
    }

    private struct Entry: Decodable {
        var msg: String
        var address: String?
    }

    /// Lets it read its configuration again.
    func reload() { kill(process.processIdentifier, SIGHUP) }

    func end() {
        process.terminate()
        process.waitUntilExit()
    }

    deinit { if process.isRunning { process.terminate() } }
}
