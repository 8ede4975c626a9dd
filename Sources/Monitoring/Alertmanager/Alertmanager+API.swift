import KubernetesAPI
import PromQL

extension Alertmanager {
    /// Answers a request to the API v2 (`status`, `alerts`, `alerts/groups`, `receivers`, `silences`,
    /// `silence/{id}`) or to `/-/healthy` and `/-/ready`, as Alertmanager 0.25 does. Only a POST or DELETE and the passing of time change
    /// the state.
    public mutating func respond(to request: AlertmanagerRequest, at now: Int64) -> AlertmanagerResponse {
        run(to: now)
        do {
            return try route(request, at: now)
        } catch {
            return error.response
        }
    }

    private mutating func route(_ request: AlertmanagerRequest, at now: Int64) throws(AlertmanagerRefusal)
        -> AlertmanagerResponse
    {
        let silence = "/api/v2/silence/"
        switch (request.path, request.method) {
        case ("/-/healthy", "GET"), ("/-/ready", "GET"), ("/-/healthy", "HEAD"), ("/-/ready", "HEAD"):
            return AlertmanagerResponse(
                status: 200, contentType: "text/plain; charset=utf-8", body: Array("OK".utf8))
        case ("/api/v2/status", "GET"): return statusResponse()
        case ("/api/v2/receivers", "GET"):
            return .json(.array(configuration.receivers.map { .members([("name", .string($0.name))]) }))
        case ("/api/v2/alerts", "GET"): return try alertsResponse(request, at: now)
        case ("/api/v2/alerts", "POST"):
            let problems = receive(try PostedBody.alerts(request.body), at: now)
            return problems.isEmpty ? .empty : .text(400, problems.joined(separator: "; "))
        case ("/api/v2/alerts/groups", "GET"): return try groupsResponse(request, at: now)
        case ("/api/v2/silences", "GET"): return try silencesResponse(request, at: now)
        case ("/api/v2/silences", "POST"):
            let posted = try PostedBody.silence(request.body)
            return try refusing { () throws(SilenceError) in
                let id = try setSilence(
                    id: posted.id, matchers: posted.matchers, startsAt: posted.startsAt, endsAt: posted.endsAt,
                    createdBy: posted.createdBy, comment: posted.comment, at: now)
                return .json(.members([("silenceID", .string(id))]))
            }
        case (let path, "GET") where path.hasPrefix(silence):
            let id = try Self.identifier(path.dropFirst(silence.count))
            guard let found = self.silence(id) else { return Self.notFound }
            return .json(Self.json(found, at: now))
        case (let path, "DELETE") where path.hasPrefix(silence):
            let id = try Self.identifier(path.dropFirst(silence.count))
            guard self.silence(id) != nil else { return Self.notFound }
            return try refusing { () throws(SilenceError) in
                try expireSilence(id, at: now)
                return .empty
            }
        default: return Self.unknown(request)
        }
    }

    private static let notFound = AlertmanagerResponse(status: 404, contentType: "application/json", body: [])

    private func refusing(_ body: () throws(SilenceError) -> AlertmanagerResponse) throws(AlertmanagerRefusal)
        -> AlertmanagerResponse
    {
        do {
            return try body()
        } catch {
            throw .text(error.status, error.description)
        }
    }

    /// A path that there is not, or not in this way.
    private static func unknown(_ request: AlertmanagerRequest) -> AlertmanagerResponse {
        let allowed: String
        switch request.path {
        case "/api/v2/alerts", "/api/v2/silences": allowed = "GET,POST"
        case "/api/v2/status", "/api/v2/receivers", "/api/v2/alerts/groups": allowed = "GET"
        case let path where path.hasPrefix("/api/v2/silence/"): allowed = "DELETE,GET"
        default: return .invalid(404, code: 404, "path \(request.path) was not found")
        }
        return .invalid(405, code: 405, "method \(request.method) is not allowed, but [\(allowed)] are")
    }

    /// Checks the form of a silence's identifier.
    private static func identifier(_ text: Substring) throws(AlertmanagerRefusal) -> String {
        let bytes = Array(text.utf8)
        let isUUID =
            bytes.count == 36
            && bytes.enumerated().allSatisfy { index, byte in
                [8, 13, 18, 23].contains(index)
                    ? byte == 45
                    : (48...57).contains(byte) || (97...102).contains(byte) || (65...70).contains(byte)
            }
        guard isUUID else {
            throw .init(
                response: .invalid(
                    422, code: 601, "silenceID in path must be of type uuid: \(GoText.quoted(String(text)))"))
        }
        return text.lowercased()
    }

    /// One instance without peers; the configuration as it was read.
    private func statusResponse() -> AlertmanagerResponse {
        .json(
            .members([
                ("cluster", .members([("peers", .array([])), ("status", "disabled")])),
                ("config", .members([("original", .string(configuration.source))])),
                ("uptime", .string(CivilDate.milliText(startedAt))),
                (
                    "versionInfo",
                    .members([
                        ("branch", "HEAD"), ("buildDate", ""), ("buildUser", "kubelab"), ("goVersion", ""),
                        ("revision", ""), ("version", "0.25.0"),
                    ])
                ),
            ]))
    }

    private func silencesResponse(_ request: AlertmanagerRequest, at now: Int64) throws(AlertmanagerRefusal)
        -> AlertmanagerResponse
    {
        let filter = try Self.filter(request)
        let shown = silences.filter { silence in
            filter.allMatch(Labels(silence.matchers.map { Label($0.name, $0.value) }))
        }
        func rank(_ silence: Silence) -> Int {
            switch silence.state(at: now) {
            case .active: 0
            case .pending: 1
            case .expired: 2
            }
        }
        /// Active ones that end first, pending ones that begin first, expired ones that ended last come first.
        func order(_ silence: Silence) -> Int64 {
            switch silence.state(at: now) {
            case .active: silence.endsAt
            case .pending: silence.startsAt
            case .expired: 0 - max(silence.endsAt, -.max)
            }
        }
        let sorted = shown.enumerated().sorted { a, b in
            (rank(a.element), order(a.element), a.offset) < (rank(b.element), order(b.element), b.offset)
        }
        return .json(.array(sorted.map { Self.json($0.element, at: now) }))
    }

    private static func json(_ silence: Silence, at now: Int64) -> JSONValue {
        .members([
            ("id", .string(silence.id)), ("status", .members([("state", .string(silence.state(at: now).rawValue))])),
            ("updatedAt", .string(CivilDate.milliText(silence.updatedAt))), ("comment", .string(silence.comment)),
            ("createdBy", .string(silence.createdBy)), ("endsAt", .string(CivilDate.milliText(silence.endsAt))),
            (
                "matchers",
                .array(
                    silence.matchers.map { matcher in
                        .members([
                            ("isEqual", .bool(matcher.kind == .equal || matcher.kind == .matches)),
                            ("isRegex", .bool(matcher.kind == .matches || matcher.kind == .matchesNot)),
                            ("name", .string(matcher.name)), ("value", .string(matcher.value)),
                        ])
                    })
            ),
            ("startsAt", .string(CivilDate.milliText(silence.startsAt))),
        ])
    }

    /// The matchers of `filter`, which may come more than once.
    static func filter(_ request: AlertmanagerRequest) throws(AlertmanagerRefusal) -> [LabelMatcher] {
        var out: [LabelMatcher] = []
        for text in request.values("filter") {
            do {
                out.append(try MatcherText.parse(text))
            } catch {
                throw .text(400, error.description)
            }
        }
        return out
    }
}
