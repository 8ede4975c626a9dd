import Foundation
import KubernetesAPI
import Testing

@testable import LabServer

/// Whoever acts as somebody else may do what that one may, whatever the path; and who may not read an object learns
/// nothing about it.
@Suite struct ImpersonationTests {
    private func answer(_ port: Int, _ method: String, _ path: String, _ headers: [String], _ body: String = "")
        async throws -> String
    {
        let connection = try #require(RawConnection(port: port))
        let lines =
            ["\(method) \(path) HTTP/1.1", "Host: x", "Connection: close", "Content-Length: \(body.utf8.count)"]
            + headers
        await connection.send(lines.map { $0 + "\r\n" }.joined() + "\r\n" + body)
        return await connection.read()
    }

    @Test(arguments: [
        ("GET", "/api/v1/namespaces/default/pods", "User \"bob\" cannot list resource \"pods\""),
        ("GET", "/kubelab/v1/clock", "User \"bob\" cannot get path \"/kubelab/v1/clock\""),
        ("POST", "/kubelab/v1/clock", "User \"bob\" cannot post path \"/kubelab/v1/clock\""),
        (
            "GET", "/apis/custom.metrics.k8s.io/v1beta2/namespaces/default/pods/*/x",
            "User \"bob\" cannot get resource \"pods/x\""
        ),
        ("GET", "/api/v1/namespaces/default/pods?watch=true", "User \"bob\" cannot watch resource \"pods\""),
        ("GET", "/metrics-of-nothing", "User \"bob\" cannot get path \"/metrics-of-nothing\""),
    ])
    func theOtherUsersRightsHold(method: String, path: String, words: String) async throws {
        let lab = try await ServedLab.begin(RecordedSession.scenario, insecure: true)
        let port = try #require(URLComponents(string: lab.server.kubeconfig.server)?.port)
        let refused = try await answer(port, method, path, ["Impersonate-User: bob"], "{\"advance\":\"1s\"}")
        #expect(refused.hasPrefix("HTTP/1.1 403"), "\(refused)")
        #expect(refused.replacingOccurrences(of: "\\\"", with: "\"").contains(words), "\(refused)")
        // What everybody with a name may see, and what the lab's own user may, although it comes in another's name.
        let discovery = try await answer(port, "GET", "/version", ["Impersonate-User: bob"])
        #expect(discovery.hasPrefix("HTTP/1.1 200"), "\(discovery)")
        let boss = try await answer(
            port, "GET", "/kubelab/v1/clock", ["Impersonate-User: bob", "Impersonate-Group: system:masters"])
        #expect(boss.hasPrefix("HTTP/1.1 200") && boss.contains("\"seconds\":0"), "\(boss)")
        let nobody = try await answer(port, "GET", "/version", ["Impersonate-Group: system:masters"])
        #expect(nobody.hasPrefix("HTTP/1.1 500") && nobody.contains("without impersonating a user"), "\(nobody)")
        try await lab.end()
    }

    @Test func aRefusedDeletionDoesNotTellTheUID() async throws {
        let lab = try await ServedLab.begin(RecordedSession.scenario, insecure: true)
        let port = try #require(URLComponents(string: lab.server.kubeconfig.server)?.port)
        let path = "/api/v1/namespaces/kube-system"
        let wrong = "{\"preconditions\":{\"uid\":\"guess\"}}"
        let refused = try await answer(port, "DELETE", path, ["Impersonate-User: bob"], wrong)
        #expect(refused.hasPrefix("HTTP/1.1 403") && !refused.contains("UID"), "\(refused)")
        let conflict = try await answer(port, "DELETE", path, [], wrong)
        #expect(conflict.hasPrefix("HTTP/1.1 409") && conflict.contains("UID in precondition: guess"), "\(conflict)")
        try await lab.end()
    }
}
