import KubernetesAPI
import Lab
import Monitoring
import NIOHTTP1

/// The HTTP APIs of a served lab's Prometheus (`/api/v1`, `/federate`) and Alertmanager (`/api/v2`), on a port of their own
/// and without a token, as the real ones have them; `/metrics` is that of the program itself.
///
/// A query works on the state that Prometheus had when it came: the world goes on meanwhile.
struct PrometheusService: Sendable {
    let host: LabHost
    /// What all addresses of the lab have answered, for `/metrics`.
    var requests = RequestCount()

    func answer(_ http: HTTPRequest) async -> HTTPAnswer {
        let answer = await answerUncounted(http)
        let isAlertmanager = http.path.starts(with: ["api", "v2"])
        requests.note(isAlertmanager ? .alertmanager : .prometheus, code: answer.status.code)
        return answer
    }

    private func answerUncounted(_ http: HTTPRequest) async -> HTTPAnswer {
        guard http.method != .OPTIONS else {
            var answer = HTTPAnswer(.noContent, HTTPAnswer.plain, .bytes([]))
            answer.headers = Self.crossOrigin
            return answer
        }
        if http.path.starts(with: ["api", "v2"]) { return await alertmanager(http) }
        if http.path == ["metrics"] { return await metrics() }
        if http.path == ["api", "v1", "write"] { return await remoteWrite(http) }
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

    private func alertmanager(_ http: HTTPRequest) async -> HTTPAnswer {
        let request = AlertmanagerRequest(method: http.method.rawValue, target: http.target, body: http.body)
        guard let found = await host.askAlertmanager(request) else {
            return .text("this lab has no Alertmanager\n", status: .notFound)
        }
        return HTTPAnswer(
            HTTPResponseStatus(statusCode: found.status),
            found.contentType.isEmpty ? HTTPAnswer.plain : found.contentType, .bytes(found.body))
    }

    private func metrics() async -> HTTPAnswer {
        guard let state = await host.metricsState else {
            return .text("this lab has no Prometheus\n", status: .notFound)
        }
        let text = OwnMetrics(state, requests: requests).text
        return HTTPAnswer(.ok, "text/plain; version=0.0.4; charset=utf-8", .bytes(Array(text.utf8)))
    }

    private func remoteWrite(_ http: HTTPRequest) async -> HTTPAnswer {
        guard http.method == .POST else { return .text("Method Not Allowed\n", status: .methodNotAllowed) }
        let request = RemoteWriteRequest(
            contentType: http.headers.first(name: "content-type") ?? "",
            contentEncoding: http.headers.first(name: "content-encoding") ?? "", body: http.body)
        guard let outcome = await host.receive(request) else {
            return .text("this lab has no Prometheus\n", status: .notFound)
        }
        guard outcome.status != 204 else { return HTTPAnswer(.noContent, HTTPAnswer.plain, .bytes([])) }
        return .text(outcome.message + "\n", status: HTTPResponseStatus(statusCode: outcome.status))
    }

    private static let crossOrigin = [
        (name: "Access-Control-Allow-Origin", value: "*"),
        (name: "Access-Control-Allow-Methods", value: "GET, POST, OPTIONS"),
        (name: "Access-Control-Allow-Headers", value: "Accept, Authorization, Content-Type, Origin"),
    ]
}

extension LabHost {
    /// Asks Alertmanager. What changes something there is written before it is answered.
    func askAlertmanager(_ request: AlertmanagerRequest) -> AlertmanagerResponse? {
        let answer = session.askAlertmanager(request)
        guard request.method != "GET", request.method != "HEAD" else { return answer }
        do { try write() } catch {
            return AlertmanagerResponse(
                status: 500, contentType: HTTPAnswer.plain, body: Array("the lab cannot be written: \(error)\n".utf8))
        }
        return answer
    }

    /// Hands a remote write on. What changes the store is written before it is answered.
    func receive(_ request: RemoteWriteRequest) -> RemoteWriteOutcome? {
        let outcome = session.receive(request)
        guard outcome?.changed == true else { return outcome }
        do { try write() } catch {
            return RemoteWriteOutcome(status: 500, message: "the lab cannot be written: \(error)")
        }
        return outcome
    }

    /// Prometheus as it is now, and the present; nil in a lab without one.
    var prometheus: (server: PrometheusServer, now: Int64, configuration: String)? {
        guard let monitoring = session.world.monitoring else { return nil }
        return (
            monitoring.prometheus, session.world.epochMilliseconds, session.world.scenario.monitoring?.prometheus ?? ""
        )
    }
}
