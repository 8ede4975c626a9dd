import Foundation
import KubernetesAPI
import Testing

@testable import LabServer

/// A log that is followed: nothing between the first lines and the later ones is lost, and it ends with its container.
@Suite struct FollowedLogTests {
    /// A served lab with three pods that run.
    private func begin() async throws -> (lab: ServedLab, port: Int, pod: String) {
        let lab = try await ServedLab.begin(RecordedSession.scenario, insecure: true)
        let port = try #require(URLComponents(string: lab.server.kubeconfig.server)?.port)
        let files = try RecordedSession.inputs()
        for document in try YAMLReader.documents(files["01-web.yaml"] ?? "") {
            let row = try #require(KindRow.builtIn.first { $0.resource.kind == document.value["kind"]?.string })
            let request = APIRequest(.create, row.resource, namespace: "default", body: document.value)
            _ = await lab.server.host.respond(to: request)
        }
        try await lab.pass(60)
        let pods = await lab.server.host.session.world.cluster.context.store.pods.sorted
        return (lab, port, try #require(pods.first?.1.metadata.name))
    }

    private func follow(_ port: Int, _ pod: String, _ query: String) async throws -> RawConnection {
        let connection = try #require(RawConnection(port: port))
        await connection.send(
            "GET /api/v1/namespaces/default/pods/\(pod)/log?follow=true&\(query) HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n"
        )
        return connection
    }

    /// The lines of a body that came in chunks; a line is a chunk's size, or a line of the log.
    private func lines(_ answer: String) -> [Substring] {
        let parts = answer.split(separator: "\r\n\r\n", maxSplits: 1, omittingEmptySubsequences: false)
        guard parts.count == 2 else { return [] }
        return parts[1].split(whereSeparator: \.isNewline).filter { $0.contains(" ") }
    }

    /// Its pod is gone long before anybody looks again, and it is whole all the same.
    @Test func itEndsWithItsContainerAndIsWhole() async throws {
        let (lab, port, pod) = try await begin()
        let follower = try await follow(port, pod, "")
        let first = await follower.read(until: "startup complete.\n")
        #expect(first.contains("transfer-encoding: chunked"), "\(first)")
        let deleted = await lab.server.host.respond(
            to: APIRequest(.delete, Pod.resource, namespace: "default", name: pod))
        #expect(deleted.response.code == 200)
        try await lab.pass(120)
        let rest = await follower.read()
        #expect(rest.hasSuffix("0\r\n\r\n"), "\(rest)")
        let all = lines(first) + lines("\r\n\r\n" + rest)
        #expect(
            all == [
                "INFO:     Started server process [1]",
                "INFO:     Uvicorn running on http://0.0.0.0:8080 (Press CTRL+C to quit)",
                "INFO:     Application startup complete.", "INFO:     Shutting down",
                "INFO:     Finished server process [1]",
            ])
        #expect(await lab.server.host.logs.isEmpty)
        try await lab.end()
    }

    @Test(arguments: [("tailLines=1", 1), ("tailLines=0", 0), ("sinceSeconds=1", 0), ("timestamps=true", 3)])
    func itBeginsWithWhatIsWanted(query: String, count: Int) async throws {
        let (lab, port, pod) = try await begin()
        let follower = try await follow(port, pod, query)
        let head = await follower.read(until: count == 0 ? "\r\n\r\n" : "startup complete.\n")
        #expect(lines(head).count == (count == 0 ? 0 : count), "\(head)")
        _ = await lab.server.host.respond(to: APIRequest(.delete, Pod.resource, namespace: "default", name: pod))
        try await lab.pass(60)
        let rest = lines("\r\n\r\n" + (await follower.read()))
        #expect(rest.count == 2, "\(rest)")
        #expect(rest.allSatisfy { $0.hasPrefix("2026-11-23T09:") == query.hasPrefix("timestamps") }, "\(rest)")
        try await lab.end()
    }

    @Test func itEndsWithTheBytesThatAreWanted() async throws {
        let (lab, port, pod) = try await begin()
        let short = lines(await (try await follow(port, pod, "limitBytes=10")).read())
        #expect(short == ["INFO:     "], "\(short)")
        // The bound may lie in what comes later.
        let follower = try await follow(port, pod, "tailLines=1&limitBytes=60")
        let first = await follower.read(until: "startup complete.\n")
        _ = await lab.server.host.respond(to: APIRequest(.delete, Pod.resource, namespace: "default", name: pod))
        try await lab.pass(60)
        let rest = await follower.read()
        let text = (lines(first) + lines("\r\n\r\n" + rest)).joined(separator: "\n")
        #expect(text.utf8.count == 60 && rest.hasSuffix("0\r\n\r\n"), "\(text)")
        try await lab.end()
    }

    /// What has no more to say ends at once; what is none is a failure, not a stream.
    @Test func whatDoesNotGoOnEnds() async throws {
        let (lab, port, pod) = try await begin()
        for (name, query, code) in [("none", "", 404), (pod, "container=x", 400), (pod, "previous=true", 400)] {
            let answer = await (try await follow(port, name, query)).read()
            #expect(answer.hasPrefix("HTTP/1.1 \(code)"), "\(answer)")
        }
        try await lab.end()
    }
}
