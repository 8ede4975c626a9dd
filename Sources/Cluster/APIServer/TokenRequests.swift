import KubernetesAPI
import Simulation

/// The subresource `token` of a service account: a token for whoever asks, that ends by itself
/// (`pkg/registry/core/serviceaccount/storage/token.go`).
extension Cluster {
    /// Answers a request for a token; nil for every other request. Nothing is stored.
    func answerTokenRequest(_ request: APIRequest) -> APIResponse? {
        guard request.resource == ServiceAccount.resource, request.subresource == "token" else { return nil }
        do {
            guard request.verb == .create else { throw APIStatus.methodNotAllowed(request) }
            return APIResponse(code: 201, body: .object(try token(request)))
        } catch let status as APIStatus {
            return APIResponse(status)
        } catch {
            return APIResponse(.badRequest("\(error)"))
        }
    }

    private func token(_ request: APIRequest) throws(APIStatus) -> JSONValue {
        guard let body = request.body else { throw .badRequest("the request has no body") }
        let key = request.namespace + "/" + request.name
        guard let account: ServiceAccount = context.store.named(key) else {
            throw .notFound(ServiceAccount.resource, request.name)
        }
        var answer = try request.decoded(body, as: TokenRequest.self).object
        let lifetime = answer.spec.expirationSeconds ?? 3_600
        var problems: [String] = []
        if lifetime < 600 {
            problems.append(
                "spec.expirationSeconds: Invalid value: \(lifetime): may not specify a duration less than 10 minutes")
        } else if lifetime > 1 << 32 {
            problems.append(
                "spec.expirationSeconds: Invalid value: \(lifetime): may not specify a duration larger than 2^32 seconds"
            )
        }
        if let problem = problems.first {
            throw APIStatus(
                code: 422, reason: "Invalid",
                message: "TokenRequest.authentication.k8s.io \"\(request.name)\" is invalid: \(problem)",
                kind: "TokenRequest", name: request.name,
                causes: [
                    .init(
                        reason: "FieldValueInvalid", message: String(problem.drop { $0 != ":" }.dropFirst(2)),
                        field: "spec.expirationSeconds")
                ])
        }
        let pod = try boundPod(answer.spec.boundObjectRef, request)
        answer.metadata.name = account.metadata.name
        answer.metadata.namespace = account.metadata.namespace
        answer.metadata.uid = account.metadata.uid
        answer.metadata.creationTimestamp = context.wallTime
        if answer.spec.audiences.isEmpty { answer.spec.audiences = ["https://kubernetes.default.svc.cluster.local"] }
        answer.spec.expirationSeconds = lifetime
        answer.status.token = issueToken(
            namespace: request.namespace, name: request.name, pod: pod, at: context.wallTime, lifetime: lifetime)
        answer.status.expirationTimestamp = Time(
            epochSeconds: context.wallTime.epochSeconds.addingSaturating(lifetime))
        return answer.jsonValue
    }

    /// The pod that a token is bound to, as long as which it is good.
    private func boundPod(_ reference: BoundObjectReference?, _ request: APIRequest) throws(APIStatus) -> (
        name: String, uid: String, node: String
    )? {
        guard let reference else { return nil }
        guard reference.kind == "Pod" else {
            throw .badRequest("cannot bind token to object of type \(reference.kind); the lab binds to pods")
        }
        let key = request.namespace + "/" + reference.name
        guard let pod: Pod = context.store.named(key) else { throw .notFound(Pod.resource, reference.name) }
        guard reference.uID.isEmpty || reference.uID == pod.metadata.uid else {
            throw .conflict(
                Pod.resource, reference.name,
                "the UID in the bound object reference (\(reference.uID)) does not match the UID in record. The object might have been deleted and then recreated"
            )
        }
        return (pod.metadata.name, pod.metadata.uid, pod.spec.nodeName)
    }
}

extension APIStatus {
    /// 405: the resource is there, and this cannot be done with it.
    static func methodNotAllowed(_ request: APIRequest) -> APIStatus {
        APIStatus(
            code: 405, reason: "MethodNotAllowed",
            message:
                "\(request.verb.rawValue) is not supported on resources of kind \"\(request.resource.qualifiedPlural)\"",
            kind: request.resource.plural)
    }
}
