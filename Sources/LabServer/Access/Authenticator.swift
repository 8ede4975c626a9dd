import KubernetesAPI
import NIOHTTP1

/// Finds out who sends a request: somebody with a bearer token, or nobody in particular.
struct Authenticator: Sendable {
    /// The token of the lab's own user, as its kubeconfig has it.
    let token: String
    /// Whether who shows nothing is the lab's own user: kubectl keeps its token to itself without TLS.
    var needsNone = false

    /// What a request shows.
    enum Credentials: Sendable, Equatable {
        case administrator
        /// A token that may be one of a service account.
        case token(String)
        case anonymous
        /// Something that cannot be read.
        case unusable
    }

    func credentials(of request: HTTPRequest) -> Credentials {
        if let header = request.headers.first(name: "authorization") {
            let parts = header.split(separator: " ", maxSplits: 1)
            guard parts.count == 2, parts[0].lowercased() == "bearer" else { return .unusable }
            let shown = Substring(parts[1]).trimmingSpaces
            return Self.equal(shown, token) ? .administrator : .token(shown)
        }
        // Browsers and websocket clients that cannot set headers hide the token in the list of subprotocols.
        let prefix = "base64url.bearer.authorization.k8s.io."
        for header in request.headers["sec-websocket-protocol"] {
            for word in header.split(separator: ",").map({ $0.trimmingSpaces }) where word.hasPrefix(prefix) {
                guard let bytes = Base64URL.bytes(String(word.dropFirst(prefix.count))) else { return .unusable }
                let shown = String(decoding: bytes, as: UTF8.self)
                return Self.equal(shown, token) ? .administrator : .token(shown)
            }
        }
        return needsNone ? .administrator : .anonymous
    }

    /// As whom the sender wants to act.
    /// - Throws: if groups or a UID are asked for without a user.
    static func impersonated(_ headers: HTTPHeaders) throws(APIStatus) -> RequestUser? {
        guard let name = headers.first(name: "impersonate-user") else {
            guard headers["impersonate-group"].isEmpty, headers["impersonate-uid"].isEmpty else {
                throw .internalError("groups or a UID were requested without impersonating a user")
            }
            return nil
        }
        return RequestUser(
            name: name, uid: headers.first(name: "impersonate-uid") ?? "", groups: headers["impersonate-group"])
    }

    /// Takes the same time wherever the texts differ.
    private static func equal(_ left: String, _ right: String) -> Bool {
        let (a, b) = (Array(left.utf8), Array(right.utf8))
        guard a.count == b.count else { return false }
        return zip(a, b).reduce(UInt8(0)) { $0 | ($1.0 ^ $1.1) } == 0
    }
}
