import Foundation
import Kubectl
import KubernetesAPI
import Lab
import Simulation

/// One kubectl-shaped command against the lab: opens it as far as the command needs, and commits what it did.
enum KubectlRun {
    /// - Returns: kubectl's exit code.
    static func run(_ arguments: [String]) throws -> Int32 {
        let (words, global) = try takeGlobalOptions(arguments)
        let access = KubectlCommand.access(of: words)
        guard access != .none else {
            var nothing = NoCluster()
            return KubectlCommand.run(words, on: &nothing, environment: ProcessEnvironment(defaultNamespace: "default"))
        }
        var session = try global.open(for: access == .reading ? .reading : .writing)
        let environment = ProcessEnvironment(defaultNamespace: session.world.scenario.namespace)
        if access == .writing { Interruption.listen() }
        let code = KubectlCommand.run(words, on: &session, environment: environment)
        if access == .writing { try session.commit() }
        return Interruption.isWanted ? Exit.interrupted : code
    }

    /// Takes `--lab`, `--labs` and `--plain` out of the words: kubectl does not know them.
    private static func takeGlobalOptions(_ arguments: [String]) throws -> (words: [String], global: GlobalOptions) {
        let end = arguments.firstIndex(of: "--") ?? arguments.endIndex
        var words: [String] = []
        var taken: [String] = []
        var index = 0
        while index < end {
            let word = arguments[index]
            if ["--lab", "--labs"].contains(word), index + 1 < end {
                taken += arguments[index...(index + 1)]
                index += 2
                continue
            }
            if word == "--plain" || word.hasPrefix("--lab=") || word.hasPrefix("--labs=") { taken.append(word) } else { words.append(word) }
            index += 1
        }
        return (words + arguments[end...], try GlobalOptions.parse(taken))
    }
}

/// For commands that ask no cluster.
private struct NoCluster: SimulatedEndpoint {
    var wallTime: Time { Time() }
    mutating func respond(to request: APIRequest) -> APIResponse { APIResponse(.badRequest("there is no cluster")) }
    mutating func watch(_ request: APIRequest, for limit: Swift.Duration, _ each: (WatchEvent?) -> Bool) {}
}

/// The process: its files, its standard input, its terminal.
private final class ProcessEnvironment: KubectlEnvironment {
    let defaultNamespace: String
    let program = "kubelab"

    init(defaultNamespace: String) { self.defaultNamespace = defaultNamespace }

    func contents(ofFile path: String) throws(FileProblem) -> [UInt8] {
        do { return try Files.bytes(path) } catch {
            guard Files.exists(path) else { throw FileProblem("no such file or directory") }
            throw FileProblem(
                Files.isFolder(path) ? "is a directory" : (error as? Failure)?.message ?? "cannot be read")
        }
    }

    func files(inDirectory path: String, recursively: Bool) -> [String]? {
        guard Files.isFolder(path) else { return nil }
        let names =
            recursively
            ? FileManager.default.enumerator(atPath: path)?.compactMap { $0 as? String } ?? []
            : (try? FileManager.default.contentsOfDirectory(atPath: path)) ?? []
        let prefix = path.hasSuffix("/") ? path : path + "/"
        return names.map { prefix + $0 }.filter { !Files.isFolder($0) }.sorted {
            $0.utf8.lexicographicallyPrecedes($1.utf8)
        }
    }

    var wantsToStop: Bool { Interruption.isWanted }

    func standardInput() -> [UInt8] { Array(FileHandle.standardInput.readDataToEndOfFile()) }

    func write(_ text: String) { Terminal.write(text) }

    func writeError(_ text: String) { Terminal.note(text.hasSuffix("\n") ? String(text.dropLast()) : text) }
}
