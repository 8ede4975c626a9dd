import KubernetesAPI
import NIOHTTP1

/// What is sent back.
struct HTTPAnswer: Sendable {
    enum Body: Sendable {
        case bytes([UInt8])
        /// Written piece by piece until the closure returns. Its task is cancelled when the client goes away.
        case stream(@Sendable (BodyStream) async -> Void)
    }

    var status: HTTPResponseStatus
    var headers: [(name: String, value: String)] = []
    var contentType: String
    var body: Body

    init(_ status: HTTPResponseStatus, _ contentType: String, _ body: Body) {
        self.status = status
        self.contentType = contentType
        self.body = body
    }

    static let json = "application/json"
    static let plain = "text/plain; charset=utf-8"

    static func json(_ value: JSONValue, status: HTTPResponseStatus = .ok) -> HTTPAnswer {
        HTTPAnswer(status, json, .bytes(value.compactBytes + [10]))
    }

    static func text(_ text: String, status: HTTPResponseStatus = .ok) -> HTTPAnswer {
        HTTPAnswer(status, plain, .bytes(Array(text.utf8)))
    }

    /// A failure as the API server puts it.
    static func failure(_ status: APIStatus, group: String = "") -> HTTPAnswer {
        var answer = json(status.json(group: group), status: HTTPResponseStatus(statusCode: status.code))
        if status.code == 429 { answer.headers.append(("Retry-After", "1")) }
        if status.code == 401 { answer.headers.append(("WWW-Authenticate", "Bearer realm=\"kubelab\"")) }
        return answer
    }
}

extension APIStatus {
    /// `metav1.Status`.
    /// - Parameter group: that of the resource that the failure is about.
    func json(group: String) -> JSONValue {
        var details: JSONValue = [:]
        func set(_ name: String, _ value: JSONValue) {
            guard case .object(var members) = details else { return }
            members[name] = value
            details = .object(members)
        }
        if !name.isEmpty { set("name", .string(name)) }
        if !group.isEmpty, !kind.isEmpty { set("group", .string(group)) }
        if !kind.isEmpty { set("kind", .string(kind)) }
        if !causes.isEmpty {
            set(
                "causes",
                .array(
                    causes.map {
                        var cause: JSONValue = ["reason": .string($0.reason), "message": .string($0.message)]
                        if !$0.field.isEmpty, case .object(var members) = cause {
                            members["field"] = .string($0.field)
                            cause = .object(members)
                        }
                        return cause
                    }))
        }
        if code == 429 { set("retryAfterSeconds", 1) }
        var status: JSONValue = [
            "kind": "Status", "apiVersion": "v1", "metadata": [:], "status": "Failure", "message": .string(message),
            "reason": .string(reason),
        ]
        if case .object(var members) = status {
            if case .object(let known) = details, !known.isEmpty { members["details"] = details }
            members["code"] = .integer(Int64(code))
            status = .object(members)
        }
        return status
    }

    static let unauthorized = APIStatus(code: 401, reason: "Unauthorized", message: "Unauthorized")
    static let noSuchResource = APIStatus(
        code: 404, reason: "NotFound", message: "the server could not find the requested resource")
    static func internalError(_ message: String) -> APIStatus {
        APIStatus(
            code: 500, reason: "InternalError", message: "Internal error occurred: \(message)",
            causes: [.init(reason: "", message: message, field: "")])
    }
}
