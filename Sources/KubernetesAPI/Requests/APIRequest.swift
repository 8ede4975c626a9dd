/// One request to the API server, as HTTP would carry it, without HTTP.
///
/// The command line's kubectl-shaped commands speak it today; an HTTP front translates to it tomorrow.
public struct APIRequest: Sendable, Equatable {
    public enum Verb: String, Sendable {
        case get, list, create, update, patch, delete, deletecollection
    }

    public enum PatchType: String, Sendable {
        case json = "application/json-patch+json"
        case merge = "application/merge-patch+json"
        case strategicMerge = "application/strategic-merge-patch+json"
        /// Server-side apply; the body is the configuration.
        case apply = "application/apply-patch+yaml"
    }

    /// What to do with unknown and duplicate fields.
    public enum FieldValidation: String, Sendable { case strict = "Strict", warn = "Warn", ignore = "Ignore" }

    public var verb: Verb
    public var resource: ResourceType
    /// Empty for cluster-scoped objects and for lists over all namespaces.
    public var namespace: String
    /// Empty for lists and creations (a creation's name stands in its body).
    public var name: String
    /// `status`, `scale`, `log`, `eviction`, `resize`, `binding` or empty.
    public var subresource: String
    public var body: JSONValue?
    public var patchType: PatchType?
    public var labelSelector: String
    public var fieldSelector: String
    public var dryRun: Bool
    public var fieldValidation: FieldValidation
    /// Who owns what the request writes (`metadata.managedFields`); empty if nobody keeps account of it.
    public var fieldManager: String
    /// Server-side apply takes fields that others own.
    public var force = false
    /// `Foreground`, `Background`, `Orphan` or empty for the kind's default.
    public var propagationPolicy: String
    public var gracePeriodSeconds: Int64?
    /// For the subresource `log`.
    public var log = LogOptions()
    /// Who sends it; the lab's own user if nobody says.
    public var user = RequestUser.administrator
    /// As whom the sender wants to act (`Impersonate-User`, `Impersonate-Group`); an empty group list means the groups
    /// that this name brings with it.
    public var impersonated: RequestUser?

    public init(
        _ verb: Verb, _ resource: ResourceType, namespace: String = "", name: String = "", subresource: String = "",
        body: JSONValue? = nil, patchType: PatchType? = nil, labelSelector: String = "", fieldSelector: String = "",
        dryRun: Bool = false, fieldValidation: FieldValidation = .strict, fieldManager: String = "",
        propagationPolicy: String = "", gracePeriodSeconds: Int64? = nil
    ) {
        self.verb = verb
        self.resource = resource
        self.namespace = namespace
        self.name = name
        self.subresource = subresource
        self.body = body
        self.patchType = patchType
        self.labelSelector = labelSelector
        self.fieldSelector = fieldSelector
        self.dryRun = dryRun
        self.fieldValidation = fieldValidation
        self.fieldManager = fieldManager
        self.propagationPolicy = propagationPolicy
        self.gracePeriodSeconds = gracePeriodSeconds
    }
}

extension APIRequest {
    /// Whether it is a question in the form of an object: it is answered and leaves nothing behind.
    public var isReview: Bool {
        ["authorization.k8s.io", "authentication.k8s.io"].contains(resource.group) && resource.kind.hasSuffix("Review")
    }
}

/// What part of a container's log is wanted (`v1.PodLogOptions`).
public struct LogOptions: Sendable, Equatable {
    /// Empty for the pod's only container.
    public var container: String
    /// The log of the run before the present one.
    public var previous: Bool
    /// Each line begins with the instant at which it was written.
    public var timestamps: Bool
    /// The last lines only.
    public var tailLines: Int64?
    /// Lines written at most so many seconds ago.
    public var sinceSeconds: Int64?
    /// Lines written at this instant or later.
    public var sinceTime: Time?
    /// The first bytes of the answer only.
    public var limitBytes: Int64?

    public init(
        container: String = "", previous: Bool = false, timestamps: Bool = false, tailLines: Int64? = nil,
        sinceSeconds: Int64? = nil, sinceTime: Time? = nil, limitBytes: Int64? = nil
    ) {
        self.container = container
        self.previous = previous
        self.timestamps = timestamps
        self.tailLines = tailLines
        self.sinceSeconds = sinceSeconds
        self.sinceTime = sinceTime
        self.limitBytes = limitBytes
    }
}

/// The API server's answer.
public struct APIResponse: Sendable, Equatable {
    public enum Body: Sendable, Equatable {
        /// One object, with apiVersion and kind.
        case object(JSONValue)
        /// The items of a list, each with apiVersion and kind, sorted by namespace and name.
        case list([JSONValue])
        /// Plain text, such as a container's log.
        case text(String)
        case failure(APIStatus)
    }

    /// HTTP's code: 200, 201, 202, or that of the failure.
    public var code: Int
    public var body: Body
    /// What `Warning:` headers would carry.
    public var warnings: [String]
    /// For a list, the revision of the store that it shows (`metadata.resourceVersion`); else empty.
    public var resourceVersion = ""

    public init(code: Int, body: Body, warnings: [String] = [], resourceVersion: String = "") {
        self.code = code
        self.body = body
        self.warnings = warnings
        self.resourceVersion = resourceVersion
    }

    public init(_ failure: APIStatus, warnings: [String] = []) {
        self.init(code: failure.code, body: .failure(failure), warnings: warnings)
    }
}

/// A failed request: `metav1.Status` with status `Failure`.
public struct APIStatus: Error, Sendable, Equatable, CustomStringConvertible {
    public struct Cause: Sendable, Equatable {
        /// `FieldValueInvalid` and the like.
        public var reason: String
        public var message: String
        public var field: String

        public init(reason: String, message: String, field: String) {
            self.reason = reason
            self.message = message
            self.field = field
        }
    }

    public var code: Int
    /// `NotFound`, `AlreadyExists`, `Conflict`, `Invalid`, `Forbidden`, `BadRequest`, `TooManyRequests` …
    public var reason: String
    public var message: String
    public var kind: String
    public var name: String
    public var causes: [Cause]

    public init(code: Int, reason: String, message: String, kind: String = "", name: String = "", causes: [Cause] = [])
    {
        self.code = code
        self.reason = reason
        self.message = message
        self.kind = kind
        self.name = name
        self.causes = causes
    }

    public var description: String { message }

    public static func notFound(_ resource: ResourceType, _ name: String) -> APIStatus {
        APIStatus(
            code: 404, reason: "NotFound", message: "\(resource.qualifiedPlural) \"\(name)\" not found",
            kind: resource.plural, name: name)
    }

    public static func alreadyExists(_ resource: ResourceType, _ name: String) -> APIStatus {
        APIStatus(
            code: 409, reason: "AlreadyExists", message: "\(resource.qualifiedPlural) \"\(name)\" already exists",
            kind: resource.plural, name: name)
    }

    public static func conflict(_ resource: ResourceType, _ name: String, _ why: String) -> APIStatus {
        APIStatus(
            code: 409, reason: "Conflict",
            message: "Operation cannot be fulfilled on \(resource.qualifiedPlural) \"\(name)\": \(why)",
            kind: resource.plural, name: name)
    }

    public static func forbidden(_ resource: ResourceType, _ name: String, _ why: String) -> APIStatus {
        APIStatus(
            code: 403, reason: "Forbidden", message: "\(resource.qualifiedPlural) \"\(name)\" is forbidden: \(why)",
            kind: resource.plural, name: name)
    }

    public static func badRequest(_ message: String) -> APIStatus {
        APIStatus(code: 400, reason: "BadRequest", message: message)
    }
}

/// Whatever answers API requests: the simulated API server, or a recording of one.
public protocol APIEndpoint {
    mutating func respond(to request: APIRequest) -> APIResponse
}
