import Foundation
import Kubectl
import KubernetesAPI
import Simulation
import Testing

@testable import Lab

/// The recorded kubectl session (`fixtures/kubectl`) played against a simulated cluster, command by command.
///
/// What a recording says about timing that only the real run had (who of two events came first, how often a watch fired)
/// cannot be repeated; such recordings stand in `differing`, with the reason.
@Suite struct KubectlPlayTests {
    @Test func theRecordedSessionPlaysInASimulatedCluster() throws {
        var world = try World.make(RecordedSession.scenario)
        var differences: [String] = []
        var known: [String] = []
        var same: [String] = []
        for step in RecordedSession.steps {
            switch step {
            case .pass(let seconds): try world.advance(to: world.now + .nanoseconds(Int64(seconds * 1e9)))
            case .fault(let text): world.inject(try FaultDescription.parse(text, file: "session", namespace: "shop"))
            case .silent(let line): _ = Self.kubectl(line, on: &world)
            case .recorded(let number, let line):
                let recording = try RecordedSession.recording(number)
                let output = Self.kubectl(line, on: &world)
                if RecordedSession.agree(line, recording.text, output.text), recording.code == output.code {
                    same.append(number)
                    continue
                }
                let report =
                    "##### \(number): \(line)\n--- recorded [\(recording.code)]\n\(recording.text)--- here [\(output.code)]\n\(output.text)"
                if RecordedSession.differing[number] == nil { differences.append(report) } else { known.append(report) }
            }
        }
        if let path = ProcessInfo.processInfo.environment["KUBECTL_PLAY_REPORT"] {
            try
                ("same: \(same.joined(separator: " "))\n" + differences.joined(separator: "\n")
                + "\n===== as listed\n" + known.joined(separator: "\n")).write(
                    toFile: path, atomically: true, encoding: .utf8)
        }
        #expect(differences.isEmpty, "\(differences.joined(separator: "\n"))")
        // A recording that is equal by now stands in the list for nothing.
        let stale = same.filter { RecordedSession.differing[$0] != nil }
        #expect(stale.isEmpty, "strike from differing: \(stale.joined(separator: " "))")
    }

    static func kubectl(_ line: String, on world: inout World) -> (text: String, code: Int32) {
        var words = RecordedSession.words(line)
        for index in words.indices {
            guard ["POD", "BAD", "CRASH"].contains(words[index]) else { continue }
            var pods: [Pod] = []
            if case .list(let items) = world.respond(to: APIRequest(.list, Pod.resource, namespace: "shop")).body {
                pods = items.compactMap { try? Pod.decode(json: $0).object }
            }
            switch words[index] {
            case "POD":
                words[index] =
                    pods.first { $0.metadata.labels["app"] == "web" && $0.status.phase == "Running" }?.metadata.name
                    ?? "none"
            case "BAD":
                words[index] =
                    pods.first { $0.spec.containers.first?.image == "nginx:doesnotexist" }?.metadata.name ?? "none"
            case "CRASH": words[index] = pods.first { $0.metadata.labels["app"] == "crasher" }?.metadata.name ?? "none"
            default: break
            }
        }
        var files: [String: [UInt8]] = [:]
        for (name, text) in (try? RecordedSession.inputs()) ?? [:] { files[name] = Array(text.utf8) }
        let environment = RecordedEnvironment(defaultNamespace: "shop", files: files)
        let code = KubectlCommand.run(words, on: &world, environment: environment)
        return (environment.transcript, code)
    }
}
