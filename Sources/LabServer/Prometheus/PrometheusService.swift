import KubernetesAPI
import Lab
import Monitoring
import NIOHTTP1

/// Prometheus' HTTP API of a served lab, on a port of its own and without a token, as the real one has it.
///
/// A query works on the state that Prometheus had when it came: the world goes on meanwhile.
struct PrometheusService: Sendable {
    let host: LabHost

    func answer(_ http: HTTPRequest) async -> HTTPAnswer {
        guard http.method != .OPTIONS else {
            var answer = HTTPAnswer(.noContent, HTTPAnswer.plain, .bytes([]))
            answer.headers = Self.crossOrigin
            return answer
        }
        guard let state = await host.prometheus else { return .text("this lab has no Prometheus\n", status: .notFound) }
        var parameters = http.query
        let type = http.headers.first(name: "content-type") ?? ""
        if http.method == .POST, type.hasPrefix("application/x-www-form-urlencoded") {
            // What a form says comes after what the address says.
            guard let form = HTTPRequest.parameters(String(decoding: http.body, as: UTF8.self)[...]) else {
                return .text("the form cannot be read\n", status: .badRequest)
            }
            parameters += form
        }
        let api = PrometheusAPI(state.server, now: state.now, configurationText: state.configuration)
        let found = api.answer(
            PrometheusAPI.Request(method: http.method.rawValue, path: http.path, parameters: parameters))
        var answer = HTTPAnswer(HTTPResponseStatus(statusCode: found.status), found.contentType, .bytes(found.bytes))
        answer.headers = Self.crossOrigin
        return answer
    }

    private static let crossOrigin = [
        (name: "Access-Control-Allow-Origin", value: "*"),
        (name: "Access-Control-Allow-Methods", value: "GET, POST, OPTIONS"),
        (name: "Access-Control-Allow-Headers", value: "Accept, Authorization, Content-Type, Origin"),
    ]
}

extension LabHost {
    /// Prometheus as it is now, and the present; nil in a lab without one.
    var prometheus: (server: PrometheusServer, now: Int64, configuration: String)? {
        guard let monitoring = session.world.monitoring else { return nil }
        return (
            monitoring.prometheus, session.world.epochMilliseconds, session.world.scenario.monitoring?.prometheus ?? ""
        )
    }
}
