import Foundation
import KubernetesAPI

/// The file from which kubectl and the other clients learn where the lab is and how to get in.
public struct Kubeconfig: Sendable {
    /// `https://127.0.0.1:40123`
    public var server: String
    public var token: String
    /// PEM of the authority; empty without TLS.
    public var authority: String
    /// Of requests that name none.
    public var namespace: String

    /// The file's text: YAML that is JSON.
    public var text: String {
        var cluster: [(String, JSONValue)] = [("server", .string(server))]
        if !authority.isEmpty {
            cluster.append(
                ("certificate-authority-data", .string(KubernetesAPI.Base64.encode(Array(authority.utf8)))))
        }
        let document: JSONValue = [
            "apiVersion": "v1", "kind": "Config", "current-context": "kubelab",
            "clusters": [["name": "kubelab", "cluster": .object(.init(uniqueKeysWithValues: cluster))]],
            "users": [["name": "kubelab", "user": ["token": .string(token)]]],
            "contexts": [
                [
                    "name": "kubelab",
                    "context": ["cluster": "kubelab", "user": "kubelab", "namespace": .string(namespace)],
                ]
            ],
        ]
        return YAMLWriter.text(document)
    }

    /// Writes it where only its owner can read it.
    /// - Throws: a `CocoaError` if that cannot be done.
    public func write(to path: String) throws {
        // Made with its mode from the first byte, in the place of an older one in one step.
        let temporary = path + ".new"
        try? FileManager.default.removeItem(atPath: temporary)
        guard
            FileManager.default.createFile(
                atPath: temporary, contents: Data(text.utf8), attributes: [.posixPermissions: 0o600])
        else { throw CocoaError(.fileWriteNoPermission) }
        guard rename(temporary, path) == 0 else {
            try? FileManager.default.removeItem(atPath: temporary)
            throw CocoaError(.fileWriteUnknown)
        }
    }

    /// A token that nobody guesses, 256 bits of the system's randomness; no part of any world.
    public static func newToken() -> String {
        var generator = SystemRandomNumberGenerator()
        var bytes: [UInt8] = []
        for _ in 0..<4 { withUnsafeBytes(of: generator.next()) { bytes += $0 } }
        return Base64URL.text(bytes)
    }
}
