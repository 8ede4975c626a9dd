import Foundation
import Lab
import Simulation
import Testing

@testable import LabServer

/// A lab that is served for a test, with a folder of its own.
struct ServedLab {
    let folder: String
    let server: LabServer
    let kubeconfig: String

    /// - Parameter start: the cluster's wall clock at the beginning.
    static func begin(
        _ scenario: String, speed: Speed = .paused, start: String = "", insecure: Bool = false, port: Int = 0,
        folder: String? = nil, limits: HTTPConnection.Limits = HTTPConnection.Limits()
    ) async throws -> ServedLab {
        let folder = try folder ?? newFolder()
        let path = folder + "/lab.kubelab"
        let session: LabSession
        if FileManager.default.fileExists(atPath: path) {
            session = try LabSession.open(path, for: .writing)
        } else {
            let file = ScenarioFile(
                scenario: try ScenarioFile.parse(scenario, file: "scenario.yaml"), text: scenario, manifests: [])
            session = try LabSession.create(path, scenario: file, seed: 1, start: start)
        }
        var configuration = LabServer.Configuration(token: "test-token")
        configuration.speed = speed
        configuration.isInsecure = insecure
        configuration.port = port
        configuration.limits = limits
        let server = try await LabServer.start(session, configuration)
        let kubeconfig = folder + "/kubeconfig"
        try server.kubeconfig.write(to: kubeconfig)
        return ServedLab(folder: folder, server: server, kubeconfig: kubeconfig)
    }

    static func newFolder() throws -> String {
        let folder = NSTemporaryDirectory() + "served-" + UUID().uuidString
        try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
        return folder
    }

    /// Ends it. Whatever clients did is in the lab's file: lived through again, it leads to the same world.
    func end() async throws {
        try await server.stop()
        let present = await server.host.session.world.stateDigest
        let again = try LabSession.open(folder + "/lab.kubelab", for: .reading, replayed: true)
        #expect(again.world.stateDigest == present)
        try FileManager.default.removeItem(atPath: folder)
    }

    func write(_ name: String, _ text: String) throws {
        try text.write(toFile: folder + "/" + name, atomically: true, encoding: .utf8)
    }

    func pass(_ seconds: Double) async throws {
        try await server.host.advance(by: .nanoseconds(Int64(seconds * 1e9)))
    }

    /// Lets time pass until the cluster's clock shows a second of the minute.
    func pass(toSecond second: Int64) async throws {
        let now = await server.host.session.wallTime.epochSeconds
        try await pass(Double((second - now % 60 + 60) % 60))
    }

    /// What a client printed, both outputs in one as a terminal shows them, and its exit code.
    struct Outcome {
        var text: String
        var code: Int32
    }

    /// Runs a client in the lab's folder, beside the test's own task.
    /// - Parameter file: where its output goes, to be read while it runs; any if nobody wants to.
    func run(
        _ client: String, _ arguments: [String], input: String = "", environment: [String: String] = [:],
        into file: String? = nil
    ) async throws -> Outcome {
        try await withCheckedThrowingContinuation { continuation in
            let process = Process()
            process.executableURL = URL(fileURLWithPath: client)
            process.arguments = arguments
            process.currentDirectoryURL = URL(fileURLWithPath: folder)
            process.environment = [
                "PATH": "/usr/local/bin:/usr/bin:/bin", "HOME": folder, "KUBECONFIG": kubeconfig,
                "KUBECTL_EXTERNAL_DIFF": "diff -u -N",
            ].merging(environment) { $1 }
            let (output, source) = (file ?? folder + "/.out-" + UUID().uuidString, folder + "/.in-" + UUID().uuidString)
            _ = FileManager.default.createFile(atPath: output, contents: nil)
            _ = FileManager.default.createFile(atPath: source, contents: Data(input.utf8))
            let handle = FileHandle(forWritingAtPath: output)
            process.standardOutput = handle
            process.standardError = handle
            process.standardInput = FileHandle(forReadingAtPath: source)
            process.terminationHandler = { process in
                let data = FileManager.default.contents(atPath: output) ?? Data()
                continuation.resume(
                    returning: Outcome(text: String(decoding: data, as: UTF8.self), code: process.terminationStatus))
            }
            do { try process.run() } catch { continuation.resume(throwing: error) }
        }
    }
}

extension ServedLab {
    /// Runs a client until everything that is waited for stands in its output, then ends it as Ctrl-C does.
    /// - Parameter begun: is called once the first of the words is there.
    func follow(
        _ client: String, _ arguments: [String], until words: [String], begun: () async throws -> Void = {}
    ) async throws -> String {
        var hasBegun = false
        let process = Process()
        process.executableURL = URL(fileURLWithPath: client)
        process.arguments = arguments
        process.environment = ["PATH": "/usr/bin:/bin", "HOME": folder, "KUBECONFIG": kubeconfig]
        let output = folder + "/.follow-" + UUID().uuidString
        _ = FileManager.default.createFile(atPath: output, contents: nil)
        let handle = FileHandle(forWritingAtPath: output)
        process.standardOutput = handle
        process.standardError = handle
        try process.run()
        // The limit only ends a test that has failed.
        let limit = ContinuousClock.now + .seconds(600)
        var text = ""
        while ContinuousClock.now < limit {
            text = String(decoding: FileManager.default.contents(atPath: output) ?? Data(), as: UTF8.self)
            if !hasBegun, words.first.map(text.contains) ?? true {
                hasBegun = true
                try await begun()
            }
            if words.allSatisfy(text.contains) || !process.isRunning { break }
            try await Task.sleep(for: .milliseconds(20))
        }
        process.interrupt()
        process.waitUntilExit()
        return text
    }

    /// Waits until so many watches are open.
    func untilWatches(_ count: Int) async throws {
        let limit = ContinuousClock.now + .seconds(600)
        while await server.host.watchCount != count, ContinuousClock.now < limit {
            try await Task.sleep(for: .milliseconds(10))
        }
    }
}

/// The real clients that `Tools/fetch-clients.sh` fetches.
enum RealClient {
    static let kubectl28 = Repository.path(".build/clients/kubectl-v28/kubectl")
    static let kubectl37 = Repository.path(".build/clients/kubectl-v37/kubectl")
    static let python = Repository.path(".build/clients/python/bin/python")

    /// Debian's, from the package prometheus.
    static let promtool = "/usr/bin/promtool"
    static let havePromtool = FileManager.default.isExecutableFile(atPath: promtool)
    static let prometheus = "/usr/bin/prometheus"
    static let havePrometheus = havePromtool && FileManager.default.isExecutableFile(atPath: prometheus)
    static let promtoolAdvice = "skipped: promtool is not installed, get it with Tools/fetch-clients.sh"

    /// The lab's own program.
    static let kubelab = [".build/debug/kubelab", ".build/release/kubelab"].map(Repository.path).first {
        FileManager.default.isExecutableFile(atPath: $0)
    }

    static let haveKubectl = [kubectl28, kubectl37].allSatisfy(FileManager.default.isExecutableFile)
    static let havePython = FileManager.default.isExecutableFile(atPath: python)
    static let havePrometheusAPIClient =
        havePython && FileManager.default.fileExists(atPath: Repository.path(".build/clients/python/.prometheus"))
    static let prometheusAPIClientAdvice =
        "skipped: prometheus-api-client is not installed, get it with Tools/fetch-clients.sh"
    static let advice = "skipped: kubectl 1.28 and 1.37 are not installed, get them with Tools/fetch-clients.sh"
    static let pythonAdvice = "skipped: the Python clients are not installed, get them with Tools/fetch-clients.sh"
}
