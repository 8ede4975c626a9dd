import Cluster
import Kubectl
import KubernetesAPI
import NIOHTTP1
import Simulation
import Synchronization

/// Answers the requests of clients: who is it, what does the path mean, what does the cluster say.
final class APIService: Sendable {
    let host: LabHost
    let authenticator: Authenticator
    private let descriptions = ServerDescriptions()
    private let waiting = Atomic<Int>(0)

    /// Requests that may wait for an answer at once (`--max-requests-inflight` and its twin for writes together).
    static let maximumWaiting = 600

    init(host: LabHost, authenticator: Authenticator) {
        self.host = host
        self.authenticator = authenticator
    }

    /// Whether no request waits for an answer.
    var isIdle: Bool { waiting.load(ordering: .relaxed) == 0 }

    /// Answers one request.
    func answer(_ http: HTTPRequest) async -> HTTPAnswer {
        guard waiting.add(1, ordering: .relaxed).newValue <= Self.maximumWaiting else {
            waiting.subtract(1, ordering: .relaxed)
            return .failure(
                APIStatus(
                    code: 429, reason: "TooManyRequests", message: "Too many requests, please try again later."))
        }
        defer { waiting.subtract(1, ordering: .relaxed) }
        do throws(APIStatus) {
            let user = try await user(of: http)
            return try await answer(http, from: user)
        } catch {
            return .failure(error)
        }
    }

    /// As whom a request is answered: who sends it, or whom the sender may act as.
    /// - Throws: 401 for a token that is none, 403 for one that may not act as somebody else.
    func user(of http: HTTPRequest) async throws(APIStatus) -> RequestUser {
        let sender = try await sender(of: http)
        guard let impersonated = try Authenticator.impersonated(http.headers) else { return sender }
        return try await host.effectiveUser(sender, as: impersonated)
    }

    private func sender(of http: HTTPRequest) async throws(APIStatus) -> RequestUser {
        switch authenticator.credentials(of: http) {
        case .administrator: return .administrator
        case .anonymous: return .anonymous
        case .unusable: throw .unauthorized
        case .token(let token):
            guard let user = await host.user(ofToken: token) else { throw .unauthorized }
            return user
        }
    }

    private func answer(_ http: HTTPRequest, from user: RequestUser) async throws(APIStatus) -> HTTPAnswer {
        let route = APIRoute(http.path)
        if case .resource(let path) = route { return try await resource(path, http, user) }
        if case .metric(let group, let version, let path) = route {
            return try await MetricsAdapter(host: host).answer(group, version, path, http, user)
        }
        try await authorize(http, user)
        switch route {
        case .health: return .text("ok")
        case .lab(let words): return try await LabControl(host: host).answer(words, http)
        case .root, .version, .coreVersions, .groups, .group, .resources, .openAPIVersion2, .openAPIIndex, .openAPI:
            return try await descriptions.answer(route, http, kinds: host.kinds, metrics: host.servedMetrics)
        case .unknown, .resource, .metric: throw .noSuchResource
        }
    }

    /// What is no resource is allowed by path.
    private func authorize(_ http: HTTPRequest, _ user: RequestUser) async throws(APIStatus) {
        let path = "/" + http.path.joined(separator: "/")
        let verb = http.method.rawValue.lowercased()
        let decision = await host.decide(AccessAttributes(user: user, verb: verb, path: path))
        guard decision else { throw AccessAttributes(user: user, verb: verb, path: path).forbidden }
        if case .lab = APIRoute(http.path) { return }
        guard http.method == .GET || http.method == .HEAD else {
            throw APIStatus(
                code: 405, reason: "MethodNotAllowed",
                message: "the server does not allow this method on the requested resource")
        }
    }

    // MARK: Resources

    private func resource(_ path: ResourcePath, _ http: HTTPRequest, _ user: RequestUser) async throws(APIStatus)
        -> HTTPAnswer
    {
        guard let form = Representation.negotiated(http.headers["accept"]) else {
            throw APIStatus(
                code: 406, reason: "NotAcceptable",
                message:
                    "only the following media types are accepted: application/json, application/yaml, application/vnd.kubernetes.protobuf"
            )
        }
        if Self.isStream(path) {
            // What is wrong with it is said first; then that it was no upgrade.
            _ = try await streamPlan(http)
            throw .badRequest("Upgrade request required")
        }
        var reading = try RequestReader(kinds: await host.kinds).read(path, http)
        reading.request.user = user
        let inclusion = TableDocument.Inclusion(rawValue: http.parameter("includeObject") ?? "") ?? .metadata
        if reading.isWatch { return try await watch(reading, http, form, inclusion) }
        if path.subresource == "log", reading.request.verb == .get, http.flag("follow") {
            return try await follow(reading)
        }
        try refuseTooNew(reading, http, newest: await host.revision)
        if reading.request.verb == .list, let (listing, now) = try await host.listing(reading) {
            let writer = ListWriter(form: form, inclusion: inclusion, reading: reading)
            if let answer = writer.answer(listing, now: now) { return answer }
        }
        let reply = await host.respond(to: reading.request, if: reading.precondition)
        return AnswerWriter(form: form, inclusion: inclusion, reading: reading).answer(reply)
    }

    /// A revision that the store has not reached yet cannot be waited for: it belongs to another lab, or to a past that
    /// was rewound.
    private func refuseTooNew(_ reading: RequestReader.Reading, _ http: HTTPRequest, newest: Int64) throws(APIStatus) {
        guard reading.request.verb == .list || reading.request.verb == .get,
            let text = http.parameter("resourceVersion"), !text.isEmpty
        else { return }
        guard let revision = Int64(text), revision >= 0 else {
            throw APIStatus(
                code: 400, reason: "BadRequest",
                message:
                    "Invalid value: \(GoText.quoted(text)): strconv.ParseUint: parsing \(GoText.quoted(text)): invalid syntax"
            )
        }
        guard revision > newest else { return }
        throw .tooLarge(revision: revision, newest: newest)
    }

    // MARK: Streams

    private func watch(
        _ reading: RequestReader.Reading, _ http: HTTPRequest, _ form: Representation,
        _ inclusion: TableDocument.Inclusion
    ) async throws(APIStatus) -> HTTPAnswer {
        try await host.authorize(watch: reading.request)
        let selection = try WatchSelection(reading.request)
        let start = try watchStart(http)
        if case .after(let revision) = start, let refusal = await host.refusal(ofWatchAfter: revision) { throw refusal }
        let bookmarks = http.flag("allowWatchBookmarks")
        let seconds = min(max(1, try RequestReader.integer(http, "timeoutSeconds") ?? 1_800), 86_400)
        let host = host
        let form = form == .protobuf || form == .yaml ? .json : form
        return HTTPAnswer(
            .ok, HTTPAnswer.json,
            .stream { stream in
                let watch = HostedWatch(
                    reading.request, resource: reading.resource, selection: selection, form: form, inclusion: inclusion,
                    wantsBookmarks: bookmarks, stream: stream)
                let id: Int
                do throws(APIStatus) { id = try await host.begin(watch, start) } catch {
                    stream.send(WatchLine.failure(error))
                    return
                }
                // A bookmark a minute, as the watch cache sends them.
                var left = seconds
                while left > 0, !Task.isCancelled {
                    let pause = min(left, 60)
                    do { try await Task.sleep(for: .seconds(pause)) } catch { break }
                    left -= pause
                    if left > 0 { await host.sendBookmark(id) }
                }
                await host.end(id)
            })
    }

    private func watchStart(_ http: HTTPRequest) throws(APIStatus) -> HostedWatch.Start {
        let text = http.parameter("resourceVersion") ?? ""
        let match = http.parameter("resourceVersionMatch") ?? ""
        if http.flag("sendInitialEvents") {
            guard match == "NotOlderThan" else {
                throw APIStatus(
                    code: 422, reason: "Invalid",
                    message:
                        "ListOptions.meta.k8s.io \"\" is invalid: resourceVersionMatch: Forbidden: sendInitialEvents requires setting resourceVersionMatch to NotOlderThan",
                    kind: "ListOptions")
            }
            return .presentWithBookmark
        }
        guard !text.isEmpty, text != "0" else { return .present }
        guard let revision = Int64(text), revision > 0 else {
            throw .badRequest("strconv.ParseUint: parsing \(GoText.quoted(text)): invalid syntax")
        }
        return .after(revision)
    }

    /// A log that is followed: what there is, then what comes, until the container is gone or the client is.
    private func follow(_ reading: RequestReader.Reading) async throws(APIStatus) -> HTTPAnswer {
        let host = host
        let (pieces, inlet) = AsyncStream.makeStream(of: [UInt8].self)
        let id = try await host.follow(reading.request) { piece in
            if let piece { inlet.yield(piece) } else { inlet.finish() }
        }
        return HTTPAnswer(
            .ok, "text/plain",
            .stream { stream in
                for await piece in pieces where !stream.send(piece) { break }
                await host.end(log: id)
            })
    }
}

extension APIStatus {
    /// A revision that the store has not reached yet (`k8s.io/apiserver/pkg/storage/errors.go`).
    static func tooLarge(revision: Int64, newest: Int64) -> APIStatus {
        APIStatus(
            code: 504, reason: "Timeout", message: "Too large resource version: \(revision), current: \(newest)",
            causes: [.init(reason: "ResourceVersionTooLarge", message: "Too large resource version", field: "")])
    }
}
