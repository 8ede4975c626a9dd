import Foundation
import KubernetesAPI
import Testing

@testable import LabServer

/// The recorded session of a real control plane, typed once more: the real kubectl against a served lab.
@Suite(.enabled(if: RealClient.haveKubectl, Comment(rawValue: RealClient.advice))) struct RealKubectlPlayTests {
    /// Commands that wait for something; while they do, time passes.
    private static let waiting = ["rollout status", "delete", "drain", "wait"]

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
        guard let wait = waiting.first(where: line.hasPrefix) else {
            return try await lab.run(RealClient.kubectl37, words)
        }
        // Only while the client watches, and in steps: on a busy machine, whose clients begin and end slowly, no more time
        // passes than on an idle one. A drain asks again and again in place of watching.
        let passing = Task {
            while !Task.isCancelled {
                let watches = await lab.server.host.watchCount
                if wait == "drain" || watches > 0 { try await lab.pass(0.1) }
                try await Task.sleep(for: .milliseconds(10))
            }
        }
        let outcome = try await lab.run(RealClient.kubectl37, words)
        passing.cancel()
        _ = await passing.result
        return outcome
    }
}
