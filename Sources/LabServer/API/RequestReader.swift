import KubernetesAPI
import NIOHTTP1
import OrderedCollections

/// Reads an HTTP request about a resource into a request as the simulated API server takes it.
struct RequestReader {
    /// The kinds that definitions add.
    let kinds: [CustomKind]

    /// A request that was read.
    struct Reading: Sendable {
        var request: APIRequest
        var precondition = Precondition()
        var isWatch = false
        /// Most items of a list; 0 for all.
        var limit = 0
        /// Where a list goes on: the key behind which, and the revision that the first part showed.
        var continuation: Continuation?
        var path: ResourcePath
        /// The kind as the path names it; writes of Events of their own group are requests about those of the core.
        var resource: ResourceType

        /// What a list says about itself.
        /// - Parameters:
        ///   - last: namespace and name of the last object that it shows.
        ///   - remaining: how many objects are left for further pages.
        func listMetadata(revision: String, last: String, remaining: Int) -> JSONValue {
            var metadata: OrderedDictionary<String, JSONValue> = ["resourceVersion": .string(revision)]
            guard remaining > 0 else { return .object(metadata) }
            metadata["continue"] = .string(Continuation(key: last, revision: revision).token)
            // How many are left is told only where nothing is selected (`k8s.io/apiserver/pkg/storage/etcd3`).
            if request.labelSelector.isEmpty, request.fieldSelector.isEmpty {
                metadata["remainingItemCount"] = .integer(Int64(remaining))
            }
            return .object(metadata)
        }
    }

    /// The kind that a path names.
    /// - Throws: 404.
    func resource(_ path: ResourcePath) throws(APIStatus) -> ResourceType {
        if path.group == EventsGroup.name, path.version == "v1", path.plural == "events" { return EventsGroup.resource }
        let built = KindRow.builtIn.first {
            $0.resource.group == path.group && $0.resource.version == path.version
                && $0.resource.plural == path.plural
        }
        let added = kinds.first {
            $0.resource.group == path.group && $0.resource.version == path.version
                && $0.resource.plural == path.plural
        }
        guard let found = built?.resource ?? added?.resource else { throw .noSuchResource }
        return found
    }

    /// - Throws: what the API server answers to a request that cannot be read.
    func read(_ path: ResourcePath, _ http: HTTPRequest) throws(APIStatus) -> Reading {
        let resource = try resource(path)
        guard path.rest.isEmpty else { throw .noSuchResource }
        guard !resource.namespaced || !path.namespace.isEmpty || path.name.isEmpty else { throw .noSuchResource }
        var request = APIRequest(
            try verb(http, path), resource, namespace: path.namespace, name: path.name, subresource: path.subresource)
        request.labelSelector = http.parameter("labelSelector") ?? ""
        request.fieldSelector = Self.fieldSelector(http.parameter("fieldSelector") ?? "")
        request.fieldManager = Self.fieldManager(http)
        request.fieldValidation = try Self.validation(http)
        request.dryRun = try Self.dryRun(http.parameters("dryRun"))
        var reading = Reading(request: request, path: path, resource: resource)
        reading.isWatch = path.isOldWatch || (http.flag("watch") && request.verb == .list)
        if path.isOldWatch || http.flag("watch"), request.verb == .get, path.subresource.isEmpty {
            // A watch of one object is a watch of the collection.
            reading.isWatch = true
            reading.request.verb = .list
        }
        switch request.verb {
        case .get, .list: try readList(http, &reading)
        case .create, .update: reading.request.body = try RequestBody.read(http, for: resource, path)
        case .patch: try readPatch(http, &reading)
        case .delete, .deletecollection: try readDelete(http, &reading)
        }
        if EventsGroup.isMeant(resource), let body = reading.request.body {
            reading.request.body = EventsGroup.core(body)
        }
        if EventsGroup.isMeant(resource), reading.request.changesStore { reading.request.resource = Event.resource }
        return reading
    }

    private func verb(_ http: HTTPRequest, _ path: ResourcePath) throws(APIStatus) -> APIRequest.Verb {
        switch http.method {
        case .GET, .HEAD: return path.name.isEmpty ? .list : .get
        case .POST: return .create
        case .PUT where !path.name.isEmpty: return .update
        case .PATCH where !path.name.isEmpty: return .patch
        case .DELETE: return path.name.isEmpty ? .deletecollection : .delete
        default:
            throw APIStatus(
                code: 405, reason: "MethodNotAllowed",
                message: "the server does not allow this method on the requested resource")
        }
    }

    // MARK: Parameters

    /// Commas at the end, as some clients send them, select nothing.
    private static func fieldSelector(_ text: String) -> String {
        text.split(separator: ",").joined(separator: ",")
    }

    /// Who writes: as said, or the first word of the client's name (`managedFields` know it).
    private static func fieldManager(_ http: HTTPRequest) -> String {
        if let given = http.parameter("fieldManager"), !given.isEmpty { return given }
        let agent = http.headers.first(name: "user-agent") ?? ""
        let word = agent.split(separator: "/").first.map { String($0.prefix(128)) } ?? ""
        return word.isEmpty ? "unknown" : word
    }

    private static func validation(_ http: HTTPRequest) throws(APIStatus) -> APIRequest.FieldValidation {
        guard let text = http.parameter("fieldValidation"), !text.isEmpty else { return .warn }
        guard let validation = APIRequest.FieldValidation(rawValue: text) else {
            throw APIStatus(
                code: 422, reason: "Invalid",
                message:
                    "CreateOptions.meta.k8s.io \"\" is invalid: fieldValidation: Unsupported value: \(GoText.quoted(text)): supported values: \"\", \"Ignore\", \"Strict\", \"Warn\"",
                kind: "CreateOptions")
        }
        return validation
    }

    private static func dryRun(_ values: [String]) throws(APIStatus) -> Bool {
        let said = values.filter { !$0.isEmpty }
        guard said.allSatisfy({ $0 == "All" }) else {
            throw APIStatus(
                code: 422, reason: "Invalid",
                message:
                    "CreateOptions.meta.k8s.io \"\" is invalid: dryRun: Unsupported value: \(GoText.quoted(said.first { $0 != "All" } ?? "")): supported values: \"All\"",
                kind: "CreateOptions")
        }
        return !said.isEmpty
    }

    static func integer(_ http: HTTPRequest, _ name: String) throws(APIStatus) -> Int64? {
        guard let text = http.parameter(name), !text.isEmpty else { return nil }
        guard let number = Int64(text) else {
            throw .badRequest("strconv.ParseInt: parsing \(GoText.quoted(text)): invalid syntax")
        }
        return number
    }

    private func readList(_ http: HTTPRequest, _ reading: inout Reading) throws(APIStatus) {
        if reading.request.subresource == "log" {
            var log = LogOptions(container: http.parameter("container") ?? "")
            log.previous = http.flag("previous")
            log.timestamps = http.flag("timestamps")
            log.tailLines = try Self.integer(http, "tailLines")
            log.sinceSeconds = try Self.integer(http, "sinceSeconds")
            log.limitBytes = try Self.integer(http, "limitBytes")
            if let text = http.parameter("sinceTime"), !text.isEmpty {
                guard let time = CivilTime.parse(text) else {
                    throw .badRequest("parsing time \(GoText.quoted(text)): it is no RFC 3339 time")
                }
                log.sinceTime = Time(epochSeconds: time.seconds)
            }
            reading.request.log = log
        }
        reading.limit = Int(clamping: max(0, try Self.integer(http, "limit") ?? 0))
        guard let token = http.parameter("continue"), !token.isEmpty else { return }
        guard let continuation = Continuation(token) else {
            throw .badRequest("continue key is not valid: illegal base64 data or an unknown version")
        }
        reading.continuation = continuation
    }

    private func readPatch(_ http: HTTPRequest, _ reading: inout Reading) throws(APIStatus) {
        let type = RequestBody.mediaType(http)
        guard let patchType = APIRequest.PatchType(rawValue: type) else {
            throw APIStatus(
                code: 415, reason: "UnsupportedMediaType",
                message:
                    "the body of the request was in an unknown format - accepted media types include: application/json-patch+json, application/merge-patch+json, application/strategic-merge-patch+json, application/apply-patch+yaml, application/apply-patch+cbor"
            )
        }
        reading.request.patchType = patchType
        reading.request.force = http.flag("force")
        if patchType == .apply { reading.request.fieldManager = http.parameter("fieldManager") ?? "" }
        let isYAML = type.hasSuffix("+yaml")
        reading.request.body = try isYAML ? RequestBody.yaml(http.body) : RequestBody.json(http.body)
    }

    private func readDelete(_ http: HTTPRequest, _ reading: inout Reading) throws(APIStatus) {
        reading.request.propagationPolicy = http.parameter("propagationPolicy") ?? ""
        reading.request.gracePeriodSeconds = try Self.integer(http, "gracePeriodSeconds")
        if http.flag("orphanDependents") { reading.request.propagationPolicy = "Orphan" }
        guard !http.body.isEmpty,
            let options = try RequestBody.read(http, for: nil, reading.path)
        else { return }
        if let policy = options["propagationPolicy"]?.string { reading.request.propagationPolicy = policy }
        if case .integer(let seconds)? = options["gracePeriodSeconds"] { reading.request.gracePeriodSeconds = seconds }
        if options["orphanDependents"] == .bool(true) { reading.request.propagationPolicy = "Orphan" }
        if let words = options["dryRun"]?.array?.compactMap(\.string), !words.isEmpty {
            reading.request.dryRun = try Self.dryRun(words)
        }
        reading.precondition.uid = options["preconditions"]?["uid"]?.string ?? ""
        reading.precondition.resourceVersion = options["preconditions"]?["resourceVersion"]?.string ?? ""
    }
}

extension APIRequest {
    /// Whether it is meant to change what is stored, dry run or not.
    var changesStore: Bool { verb != .get && verb != .list }
}

/// Where the next part of a list begins.
struct Continuation: Sendable, Equatable {
    /// `namespace/name` of the last object that was sent.
    var key: String
    /// The revision that the first part showed, and so all parts.
    var revision: String

    init(key: String, revision: String) {
        self.key = key
        self.revision = revision
    }

    init?(_ token: String) {
        guard let bytes = Base64URL.bytes(token), let value = try? JSONValue(parsingJSON: bytes[...]),
            value["v"]?.string == "meta.k8s.io/v1", let key = value["start"]?.string, let revision = value["rv"]?.string
        else { return nil }
        self.init(key: key, revision: revision)
    }

    var token: String {
        Base64URL.text(
            JSONValue.object(["v": "meta.k8s.io/v1", "rv": .string(revision), "start": .string(key)]).compactBytes)
    }
}
