import KubernetesAPI
import Simulation

/// Tokens of service accounts: three parts like a real JSON web token, with the same claims.
///
/// The signature is a digest keyed with the cluster's own identity: enough to tell tokens of this simulated cluster
/// from others, and no cryptography. They open nothing but this lab.
extension Cluster {
    /// A token for a service account.
    /// - Parameters:
    ///   - pod: the pod that the token is bound to, as `name` and `uid`; nil for none.
    ///   - lifetime: seconds for which it is good.
    public func issueToken(
        namespace: String, name: String, pod: (name: String, uid: String, node: String)? = nil, at issued: Time,
        lifetime: Int64
    ) -> String {
        let account: ServiceAccount? = context.store.named(namespace + "/" + name)
        var bound: [(String, JSONValue)] = [("namespace", .string(namespace))]
        if let pod {
            if !pod.node.isEmpty { bound.append(("node", ["name": .string(pod.node)])) }
            bound.append(("pod", ["name": .string(pod.name), "uid": .string(pod.uid)]))
        }
        bound.append(
            ("serviceaccount", ["name": .string(name), "uid": .string(account?.metadata.uid ?? "")]))
        let claims = JSONValue.object(
            .init(uniqueKeysWithValues: [
                ("aud", JSONValue.array([.string(Self.issuer)])),
                ("exp", .integer(issued.epochSeconds.addingSaturating(lifetime))),
                ("iat", .integer(issued.epochSeconds)), ("iss", .string(Self.issuer)),
                ("kubernetes.io", .object(.init(uniqueKeysWithValues: bound))),
                ("nbf", .integer(issued.epochSeconds)),
                ("sub", .string("system:serviceaccount:\(namespace):\(name)")),
            ]))
        let head = Base64URL.text(Array(#"{"alg":"kubelab","typ":"JWT"}"#.utf8))
        let body = Base64URL.text(claims.compactBytes)
        return "\(head).\(body).\(signature(head, body))"
    }

    /// The user that a token stands for; nil for one that is none, is over, or whose account is gone.
    public func user(ofToken token: String, at now: Time) -> RequestUser? {
        let parts = token.split(separator: ".", omittingEmptySubsequences: false).map(String.init)
        guard parts.count == 3, parts[2] == signature(parts[0], parts[1]), let bytes = Base64URL.bytes(parts[1]),
            let claims = try? JSONValue(parsingJSON: bytes[...]), let subject = claims["sub"]?.string,
            let (namespace, name) = RequestUser.serviceAccount(inName: subject),
            case .integer(let end)? = claims["exp"], now.epochSeconds < end,
            let account: ServiceAccount = context.store.named(namespace + "/" + name),
            claims["kubernetes.io"]?["serviceaccount"]?["uid"]?.string == account.metadata.uid
        else { return nil }
        return .serviceAccount(namespace: namespace, name: name, uid: account.metadata.uid)
    }

    /// The token that the kubelet mounts into a pod, from the pod's creation on.
    func serviceAccountToken(of pod: Pod) -> String {
        let account = pod.spec.serviceAccountName.isEmpty ? "default" : pod.spec.serviceAccountName
        return issueToken(
            namespace: pod.metadata.namespace, name: account,
            pod: (pod.metadata.name, pod.metadata.uid, pod.spec.nodeName),
            at: pod.metadata.creationTimestamp ?? context.wallTime, lifetime: 365 * 86_400)
    }

    private static let issuer = "https://kubernetes.default.svc.cluster.local"

    private func signature(_ head: String, _ body: String) -> String {
        var digest = Digest()
        let system: Namespace? = context.store.named("kube-system")
        digest.fold(system?.metadata.uid ?? "")
        digest.fold(head)
        digest.fold(body)
        return Base64URL.text(Array(digest.description.utf8))
    }
}
