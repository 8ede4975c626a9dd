import KubernetesAPI
import Lab
import Monitoring
import NIOHTTP1
import Simulation

/// The HTTP APIs of a served lab's Loki and Tempo, each on a port of its own and without a token, as the real ones have
/// them.
///
/// A query works on the logs and traces that there were when it came: the world goes on meanwhile.
struct TelemetryService: Sendable {
    let host: LabHost
    /// What all addresses of the lab have answered, for `/metrics`.
    var requests = RequestCount()

    func answerLoki(_ http: HTTPRequest) async -> HTTPAnswer {
        let answer = await Self.answer(http) { request in
            guard !LokiAPI.needsNoLogs(request) else { return LokiAPI(LogStore(), now: 0).answer(request) }
            let (store, now) = await host.lokiLogs
            return LokiAPI(store, now: now).answer(request)
        }
        requests.note(.loki, code: answer.status.code)
        return answer
    }

    func answerTempo(_ http: HTTPRequest) async -> HTTPAnswer {
        let accept = http.headers[canonicalForm: "accept"].joined(separator: ",")
        let answer = await Self.answer(http) { request in
            guard !TempoAPI.needsNoTraces(request) else { return TempoAPI(TraceStore()).answer(request) }
            return TempoAPI(await host.tempoTraces).answer(request, accept: accept)
        }
        requests.note(.tempo, code: answer.status.code)
        return answer
    }

    private static func answer(
        _ http: HTTPRequest, _ find: (PrometheusAPI.Request) async -> PrometheusAPI.Answer
    ) async -> HTTPAnswer {
        var parameters = http.query
        let type = http.headers.first(name: "content-type") ?? ""
        if http.method == .POST, type.hasPrefix("application/x-www-form-urlencoded") {
            // What a form says comes after what the address says.
            guard let form = HTTPRequest.parameters(String(decoding: http.body, as: UTF8.self)[...]) else {
                return .text("the form cannot be read\n", status: .badRequest)
            }
            parameters += form
        }
        let found = await find(
            PrometheusAPI.Request(method: http.method.rawValue, path: http.path, parameters: parameters))
        return HTTPAnswer(
            HTTPResponseStatus(statusCode: found.status),
            found.contentType.isEmpty ? HTTPAnswer.plain : found.contentType, .bytes(found.bytes))
    }
}

/// Logs and traces as they were made for the last request: an editor of queries asks several times at once.
struct RecentTelemetry: Sendable {
    /// What the world has handled by then.
    var state: (time: SimulationTime, events: UInt64, revision: UInt64)?
    var logs: LogStore?
    var traces: TraceStore?
}

extension LabHost {
    private func renewTelemetry() {
        let world = session.world
        let state = (time: world.now, events: world.counts.total, revision: UInt64(clamping: world.cluster.revision))
        guard let known = telemetry.state, known == state else {
            telemetry = RecentTelemetry(state: state)
            return
        }
    }

    /// The logs at this moment, and the present in nanoseconds since 1970.
    var lokiLogs: (store: LogStore, now: Int64) {
        renewTelemetry()
        let store = telemetry.logs ?? session.world.logStore()
        telemetry.logs = store
        return (store, session.world.epochMilliseconds.multiplyingSaturating(1_000_000))
    }

    /// The traces at this moment.
    var tempoTraces: TraceStore {
        renewTelemetry()
        let store = telemetry.traces ?? session.world.traceStore()
        telemetry.traces = store
        return store
    }
}
