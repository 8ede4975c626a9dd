import KubernetesAPI
import Lab
import Simulation

/// The lab's own paths, `/kubelab/v1/…`: what no cluster has, because its time does what it wants.
struct LabControl {
    let host: LabHost

    func answer(_ words: [String], _ http: HTTPRequest) async throws(APIStatus) -> HTTPAnswer {
        switch (http.method, words) {
        case (.GET, ["clock"]): return .json(await report())
        case (.POST, ["clock"]): return try await change(http)
        default: throw .noSuchResource
        }
    }

    private func condition(_ text: String?) async throws -> Lab.Condition? {
        guard let text else { return nil }
        return try Lab.Condition(parsing: text, namespace: await host.namespace)
    }

    /// - Parameter holds: whether the condition that somebody waited for came to hold.
    private func report(holds: Bool? = nil) async -> JSONValue {
        let (now, wallTime, speed, failure) = await host.clock
        var members: [(String, JSONValue)] = [
            ("seconds", .number(now.seconds)), ("time", wallTime.jsonValue), ("speed", .string("\(speed)")),
        ]
        if let holds { members.append(("holds", .bool(holds))) }
        if let failure { members.append(("failure", .string(failure))) }
        return .object(.init(uniqueKeysWithValues: members))
    }

    /// `{"speed": "10x"}`, `{"advance": "5m"}`, or both; `{"advance": "1h", "until": "pods.ready >= 4"}`.
    private func change(_ http: HTTPRequest) async throws(APIStatus) -> HTTPAnswer {
        let body = try RequestBody.json(http.body)
        if let text = body["speed"]?.string {
            guard let speed = Speed(text) else {
                throw .badRequest(
                    "speed: \(GoText.quoted(text)) is none: paused, 1x to \(Speed.maximumFactor)x, or max-idle")
            }
            await host.set(speed)
        }
        if let text = body["advance"]?.string {
            guard let duration = Duration(parsing: text), duration >= .zero else {
                throw .badRequest("advance: \(GoText.quoted(text)) is no span of time, such as 90s, 5m or 1h30m")
            }
            do {
                let condition = try await condition(body["until"]?.string)
                let holds = try await host.advance(by: duration, until: condition)
                if condition != nil { return .json(await report(holds: holds)) }
            } catch let error as Measurement.ParsingError {
                throw .badRequest(error.description)
            } catch let error as RunError {
                throw APIStatus(code: 422, reason: "Invalid", message: error.description)
            } catch {
                throw .internalError("\(error)")
            }
        }
        return .json(await report())
    }
}

extension LabHost {
    /// The clock's reading: since the beginning, as objects have it, how fast it runs, and why it does not.
    var clock: (SimulationTime, Time, Speed, String?) { (session.now, session.wallTime, speed, failure) }
}
