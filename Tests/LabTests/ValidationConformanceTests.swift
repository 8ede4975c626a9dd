import Cluster
import ContainerRuntime
import Foundation
import Kubectl
import KubernetesAPI
import Simulation
import Testing

@testable import Lab

/// Mistakes in manifests: what `kubectl` prints about them, to the letter (fixtures/conformance/validation).
///
/// Each case has a cluster of its own. Its manifest goes the whole way: kubectl's reader, the client side of `apply`, the
/// API server's decoding, defaulting, admission and validation.
@Suite struct ValidationConformanceTests {
    struct Case: Decodable, Sendable, CustomTestStringConvertible {
        struct Expectation: Decodable, Sendable {
            var exitCode: Int32
            var stdout: String?
            var stderr: String?
            var stderrPrefix: String?
            var stderrSuffix: String?
            var linesInAnyOrder: Bool?
        }

        var id: String
        var command: String
        var manifest: String
        /// Manifests to apply before, and notes in brackets.
        var setup: [String]?
        var expect: Expectation

        var testDescription: String { id }
    }

    private struct File: Decodable { var cases: [Case] }

    /// The cases of every file of the folder.
    static let cases: [Case] = {
        let folder = Repository.root.appendingPathComponent("fixtures/conformance/validation")
        let files = (try? FileManager.default.contentsOfDirectory(at: folder, includingPropertiesForKeys: nil)) ?? []
        return files.filter { $0.pathExtension == "json" }.sorted { $0.path < $1.path }.flatMap { file in
            (try? JSONDecoder().decode(File.self, from: Data(contentsOf: file)))?.cases ?? []
        }
    }()

    /// Cases that cannot hold here, each with its reason.
    static let exceptions: [String: String] = [:]

    @Test func thereAreCases() { #expect(Self.cases.count >= 97) }

    @Test func exceptionsAreCases() {
        #expect(Set(Self.exceptions.keys).isSubset(of: Self.cases.map(\.id)))
    }

    @Test(arguments: cases) func holds(_ sample: Case) throws {
        guard Self.exceptions[sample.id] == nil else { return }
        var cluster = PlainCluster()
        let words = Array(sample.command.split(separator: " ").map(String.init).dropFirst())
        let namespace = words.first == "-n" ? words[1] : "default"
        for step in sample.setup ?? [] {
            if step.hasPrefix("(") {
                try cluster.follow(note: step, namespace: namespace)
            } else {
                let output = cluster.kubectl(["-n", namespace, "apply", "-f", "manifest.yaml"], manifest: step)
                #expect(output.exitCode == 0, "\(output.standardError)")
            }
        }
        let output = cluster.kubectl(words, manifest: sample.manifest)
        #expect(output.exitCode == sample.expect.exitCode)
        compare(output.standardError, sample.expect)
        if let expected = sample.expect.stdout { #expect(trimmed(output.standardOutput) == trimmed(expected)) }
    }

    private func compare(_ found: String, _ expected: Case.Expectation) {
        let found = normalised(found)
        if let text = expected.stderr.map(normalised) {
            if expected.linesInAnyOrder == true {
                #expect(found.split(separator: "\n").sorted() == text.split(separator: "\n").sorted())
            } else {
                #expect(found == text)
            }
        }
        if let prefix = expected.stderrPrefix { #expect(found.hasPrefix(prefix), "\(found)") }
        if let suffix = expected.stderrSuffix { #expect(found.hasSuffix(trimmed(suffix)), "\(found)") }
    }

    /// The recorded server mounts a token into every pod, by a volume of some twenty lines. The lab's pods have none, so the
    /// line numbers of a difference between pod specs are others; its lines are the same.
    private func normalised(_ text: String) -> String {
        let lines = trimmed(text).split(separator: "\n", omittingEmptySubsequences: false)
        let isPod = text.contains("pod updates may not change fields")
        return lines.map { line in
            guard isPod, line.hasPrefix("@@ ") else { return String(line) }
            return line.split(separator: " ").map { $0.split(separator: ",").last.map(String.init) ?? "" }.joined(
                separator: " ")
        }.joined(separator: "\n")
    }

    private func trimmed(_ text: String) -> String { text.trimmingCharacters(in: .newlines) }
}

private struct RunnerError: Error { var text: String }

/// A cluster without machines and programs, for what the API server alone says.
private struct PlainCluster: SimulatedEndpoint {
    struct NoRuntime: RuntimeView {
        func usage(of container: ContainerID, now: SimulationTime) -> ContainerUsage? { nil }
        func podMetric(_ name: String, of sandbox: SandboxID, now: SimulationTime) -> Int64? { nil }
        func externalMetric(_ name: String, labels: [(name: String, value: String)], now: SimulationTime) -> [Int64]? {
            nil
        }
        func logLines(of container: ContainerID) -> [LogLine] { [] }
    }

    var cluster = Cluster(configuration: ClusterConfiguration(), seed: 1)
    var clock = Clock()

    init() {
        clock.begin(event: clock.takeSequence(), at: .zero)
        cluster.boot(clock: &clock)
    }

    mutating func respond(to request: APIRequest) -> APIResponse {
        clock.begin(event: clock.takeSequence(), at: clock.now)
        return cluster.respond(to: request, clock: &clock, logs: NoRuntime())
    }

    var wallTime: Time { Time() }

    /// Nothing changes by itself here.
    mutating func watch(_ request: APIRequest, for limit: Swift.Duration, _ each: (WatchEvent?) -> Bool) {
        _ = each(nil)
    }

    /// Runs a kubectl command beside the file `manifest.yaml`.
    mutating func kubectl(_ arguments: [String], manifest: String) -> (
        exitCode: Int32, standardOutput: String, standardError: String
    ) {
        let environment = RecordedEnvironment(files: ["manifest.yaml": Array(manifest.utf8)])
        let code = KubectlCommand.run(arguments, on: &self, environment: environment)
        return (code, environment.output, environment.errors)
    }

    /// Lets time pass, without a runtime beneath the kubelets.
    mutating func run(for span: Duration) {
        let end = clock.now + span
        var runtime = NoRuntime()
        while let next = cluster.next, next.time <= end, let (time, sequence, work) = cluster.popNext() {
            clock.begin(event: sequence, at: time)
            cluster.handle(work, clock: &clock, runtime: &runtime)
        }
        clock.idle(until: end)
    }

    /// Does what a case's note in brackets says.
    mutating func follow(note: String, namespace: String) throws {
        if note.hasPrefix("(wait") { return run(for: .seconds(10)) }
        guard note.hasPrefix("(delete the namespace while a finalizer holds one object") else {
            throw RunnerError(text: "no such note here: \(note)")
        }
        let held = kubectl(
            ["-n", namespace, "apply", "-f", "manifest.yaml"],
            manifest: """
                apiVersion: v1
                kind: ConfigMap
                metadata: {name: held, finalizers: [example.com/hold]}
                """)
        #expect(held.exitCode == 0, "\(held.standardError)")
        _ = respond(to: APIRequest(.delete, Namespace.resource, name: namespace))
        run(for: .seconds(10))
    }
}
