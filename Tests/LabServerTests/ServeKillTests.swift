import Foundation
import KubernetesAPI
import Lab
import Simulation
import Testing

@testable import LabServer

/// The program is killed while clients write: what was answered with 2xx is there afterwards.
@Suite(.enabled(if: RealClient.kubelab != nil, "no kubelab binary was built")) struct ServeKillTests {
    @Test func whatWasAnsweredIsThereAfterwards() async throws {
        let program = try #require(RealClient.kubelab)
        let folder = try ServedLab.newFolder()
        let path = folder + "/lab.kubelab"
        let scenario = RecordedSession.scenario
        let file = ScenarioFile(
            scenario: try ScenarioFile.parse(scenario, file: "scenario.yaml"), text: scenario, manifests: [])
        _ = try LabSession.create(path, scenario: file, seed: 1)
        var random = RandomStream(seed: 3, name: "kills")
        var acknowledged: Set<String> = []
        for round in 0..<8 {
            let server = try Self.serve(program, path, folder)
            let client = try await Self.client(folder + "/lab.kubeconfig", server)
            let wanted = Int(5 + random.below(60))
            let names = await Self.write(round, client, until: wanted) { kill(server.processIdentifier, SIGKILL) }
            server.waitUntilExit()
            #expect(names.count >= wanted)
            acknowledged.formUnion(names)
            let session = try LabSession.open(path, for: .reading)
            var reading = session
            guard case .list(let items) = reading.respond(to: APIRequest(.list, ConfigMap.resource)).body else {
                Issue.record("the lab cannot be read")
                return
            }
            let kept = Set(items.compactMap { $0["metadata"]?["name"]?.string })
            #expect(acknowledged.isSubset(of: kept), "lost: \(acknowledged.subtracting(kept).sorted())")
        }
        try FileManager.default.removeItem(atPath: folder)
    }

    private static func serve(_ program: String, _ path: String, _ folder: String) throws -> Process {
        try? FileManager.default.removeItem(atPath: folder + "/lab.kubeconfig")
        let process = Process()
        process.executableURL = URL(fileURLWithPath: program)
        process.arguments = ["serve", path, "--speed", "5x"]
        process.environment = ["PATH": "/usr/bin:/bin", "HOME": folder]
        process.standardOutput = FileHandle.nullDevice
        process.standardError = FileHandle.nullDevice
        try process.run()
        return process
    }

    /// Waits until the server has written how to get in.
    private static func client(_ kubeconfig: String, _ server: Process) async throws -> LabClient {
        while server.isRunning {
            if let client = LabClient(kubeconfig: kubeconfig) { return client }
            try await Task.sleep(for: .milliseconds(10))
        }
        throw CocoaError(.fileReadNoSuchFile)
    }

    /// Four clients write until so many writes were answered; then the server is killed under them.
    private static func write(
        _ round: Int, _ client: LabClient, until wanted: Int, kill: @escaping @Sendable () -> Void
    ) async
        -> Set<String>
    {
        let answered = AnsweredNames()
        await withTaskGroup(of: Void.self) { group in
            for writer in 0..<4 {
                group.addTask {
                    for number in 0..<10_000 {
                        let name = "r\(round)-w\(writer)-\(number)"
                        let body: JSONValue = ["metadata": ["name": .string(name)], "data": ["n": .string(name)]]
                        guard
                            let answer = try? await client.send(.POST, "/api/v1/namespaces/default/configmaps", body),
                            answer.code == 201
                        else { return }
                        if await answered.note(name) == wanted { kill() }
                    }
                }
            }
        }
        return await answered.names
    }

    private actor AnsweredNames {
        var names: Set<String> = []
        func note(_ name: String) -> Int {
            names.insert(name)
            return names.count
        }
    }
}
