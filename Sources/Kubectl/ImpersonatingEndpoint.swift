import KubernetesAPI

/// Sends every request as somebody else, as `--as` asks for.
struct ImpersonatingEndpoint<Base: SimulatedEndpoint>: SimulatedEndpoint {
    var base: Base
    let user: RequestUser

    var wallTime: Time { base.wallTime }
    var customKinds: [CustomKind] { base.customKinds }

    private func impersonating(_ request: APIRequest) -> APIRequest {
        var request = request
        request.impersonated = user
        return request
    }

    mutating func respond(to request: APIRequest) -> APIResponse { base.respond(to: impersonating(request)) }

    mutating func watch(_ request: APIRequest, for limit: Duration, _ each: (WatchEvent?) -> Bool) {
        base.watch(impersonating(request), for: limit, each)
    }

    mutating func execute(_ request: ExecRequest, input: [UInt8]?, _ each: (ExecOutput?) -> Bool) -> ExecEnding {
        var request = request
        request.impersonated = user
        return base.execute(request, input: input, each)
    }
}
