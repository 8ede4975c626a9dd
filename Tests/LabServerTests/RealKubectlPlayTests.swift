import Foundation
import KubernetesAPI
import Testing

@testable import Kubectl
@testable import LabServer

/// The recorded session of a real control plane, typed once more: the real kubectl against a served lab.
@Suite(.enabled(if: RealClient.haveKubectl, Comment(rawValue: RealClient.advice))) struct RealKubectlPlayTests {
    @Test func theRecordedSessionPlaysOverHTTP() async throws {
        // Before now, so that the ages that kubectl counts itself are not negative although time runs faster here.
        // At a whole minute, so that what waits for a second of the minute waits as long in every run.
        let start = CivilTime.format(seconds: (Int64(Date().timeIntervalSince1970) / 60 - 95) * 60)
        let lab = try await ServedLab.begin(RecordedSession.scenario, start: start)
        for (name, text) in try RecordedSession.inputs() { try lab.write(name, text) }
        var differences: [String] = []
        var known: [String] = []
        var same: [String] = []
        for step in RecordedSession.steps {
            switch step {
            case .pass(let seconds): try await lab.pass(seconds)
            case .fault(let text): try await lab.server.host.inject(text)
            case .silent(let line): _ = try await Self.kubectl(line, lab)
            case .recorded(let number, let line):
                let recording = try RecordedSession.recording(number)
                // The cron job of that file is due at the next full minute, three seconds after it was made.
                if line == "apply -f 06-jobs.yaml" { try await lab.pass(toSecond: 57) }
                let output = try await Self.kubectl(line, lab)
                if RecordedSession.agree(line, recording.text, output.text), recording.code == output.code {
                    same.append(number)
                    continue
                }
                let report =
                    "##### \(number): \(line)\n--- recorded [\(recording.code)]\n\(recording.text)--- here [\(output.code)]\n\(output.text)"
                if RecordedSession.differing[number] == nil { differences.append(report) } else { known.append(report) }
            }
        }
        try await lab.end()
        if let path = ProcessInfo.processInfo.environment["KUBECTL_PLAY_REPORT"] {
            try
                ("same: \(same.joined(separator: " "))\n" + differences.joined(separator: "\n")
                + "\n===== as listed\n" + known.joined(separator: "\n")).write(
                    toFile: path, atomically: true, encoding: .utf8)
        }
        #expect(differences.isEmpty, "\(differences.joined(separator: "\n"))")
        #expect(same.count >= 70)
    }

    private static func kubectl(_ line: String, _ lab: ServedLab) async throws -> ServedLab.Outcome {
        var words = RecordedSession.words(line)
        for index in words.indices {
            guard ["POD", "BAD", "CRASH"].contains(words[index]) else { continue }
            let request = APIRequest(.list, Pod.resource, namespace: "shop")
            var pods: [Pod] = []
            if case .list(let items) = await lab.server.host.respond(to: request).response.body {
                pods = items.compactMap { try? Pod.decode(json: $0).object }
            }
            let found =
                switch words[index] {
                case "POD": pods.first { $0.metadata.labels["app"] == "web" && $0.status.phase == "Running" }
                case "BAD": pods.first { $0.spec.containers.first?.image == "nginx:doesnotexist" }
                default: pods.first { $0.metadata.labels["app"] == "crasher" }
                }
            words[index] = found?.metadata.name ?? "none"
        }
        guard let wait = RecordedWait(line) else { return try await lab.run(RealClient.kubectl37, words) }
        let output = lab.folder + "/.waiting-" + UUID().uuidString
        let passing = Task {
            while !Task.isCancelled {
                let said = String(decoding: FileManager.default.contents(atPath: output) ?? Data(), as: UTF8.self)
                if try await wait.isDue(lab, said: said) {
                    try await lab.pass(wait.step)
                } else {
                    try await Task.sleep(for: .milliseconds(10))
                }
            }
        }
        let outcome = try await lab.run(RealClient.kubectl37, words, into: output)
        passing.cancel()
        _ = await passing.result
        return outcome
    }
}

/// What a command of the recorded session waits for. Time passes only until that has come, only while somebody watches, and
/// in a rollout only once kubectl has said what there is: on a busy machine, whose clients are slow, no more time passes
/// than on an idle one, and nothing is missed.
private enum RecordedWait {
    case rollout, deletion
    /// Until a node has no pods but those of DaemonSets.
    case drain(node: String)

    /// Nil for commands that end by themselves.
    init?(_ line: String) {
        if line.hasPrefix("rollout status") {
            self = .rollout
        } else if line.hasPrefix("delete") || line.hasPrefix("wait --for=delete") {
            self = .deletion
        } else if line.hasPrefix("drain") {
            self = .drain(node: String(line.split(separator: " ")[1]))
        } else {
            return nil
        }
    }

    /// - Parameter said: what the client has printed so far.
    func isDue(_ lab: ServedLab, said: String) async throws -> Bool {
        switch self {
        case .deletion: return await !lab.server.host.watched.isEmpty
        case .rollout: return await lab.server.host.watched.contains { Self.isAwaited($0, said: said) }
        case .drain(let node):
            // A drain asks again and again in place of watching. Once it has evicted something, it waits for that pod to
            // end, or for another to become ready before the budget allows the next eviction.
            let request = APIRequest(.list, Pod.resource, namespace: "shop")
            guard case .list(let objects) = await lab.server.host.respond(to: request).response.body else {
                return false
            }
            let pods = objects.compactMap { try? Pod.decode(json: $0).object }
            let leaving = pods.filter { pod in
                pod.spec.nodeName == node && !pod.metadata.ownerReferences.contains { $0.kind == "DaemonSet" }
            }
            return !leaving.isEmpty
                && pods.contains { pod in
                    pod.metadata.deletionTimestamp != nil
                        || !pod.status.conditions.contains { $0.type == "Ready" && $0.status == "True" }
                }
        }
    }

    /// Seconds that pass at once: in a rollout so few that two sentences seldom fall into one step.
    var step: Double { if case .rollout = self { 0.05 } else { 0.1 } }

    /// Whether a rollout goes on and the client has said where it stands.
    private static func isAwaited(_ object: JSONValue, said: String) -> Bool {
        let state =
            switch object["kind"]?.string {
            case "Deployment": (try? Deployment.decode(json: object).object).map { RolloutState($0, 0) }
            case "DaemonSet": (try? DaemonSet.decode(json: object).object).map { RolloutState($0) }
            default: RolloutState?.none
            }
        guard let state, !state.isDone, state.failure == nil else { return false }
        return said.hasSuffix(state.text)
    }
}
