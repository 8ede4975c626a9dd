import Simulation

/// How a request ended, as whoever sent it sees it.
public enum Outcome: UInt8, Sendable, CaseIterable, Codable, BinaryCodable {
    /// 200.
    case ok
    /// 400: the request can never succeed (context overflow).
    case clientError
    /// 429.
    case tooManyRequests
    /// 500.
    case serverError
    /// 502: something behind the server failed.
    case badGateway
    /// 503: the server sheds load.
    case unavailable
    /// 504: something behind the server took too long.
    case gatewayTimeout
    /// 508: requests go round in a circle.
    case loopDetected
    /// No connection: nothing listens, or no endpoint.
    case refused
    /// The connection broke while the server worked: it died.
    case reset
    /// The client's own time-out.
    case timedOut
    /// The user left before an answer came.
    case abandoned

    /// The HTTP status that the sender saw, 0 where there was no answer.
    public var status: Int {
        switch self {
        case .ok: 200
        case .clientError: 400
        case .tooManyRequests: 429
        case .serverError: 500
        case .badGateway: 502
        case .unavailable: 503
        case .gatewayTimeout: 504
        case .loopDetected: 508
        case .refused, .reset, .timedOut, .abandoned: 0
        }
    }

    /// The `error.type` of OpenTelemetry's conventions: the status, or a word where there was no answer; empty for a
    /// good one.
    public var errorType: String {
        switch self {
        case .ok: ""
        case .clientError, .tooManyRequests, .serverError, .badGateway, .unavailable, .gatewayTimeout, .loopDetected:
            String(status)
        case .refused: "connection_refused"
        case .reset: "connection_reset"
        case .timedOut: "timeout"
        case .abandoned: "cancelled"
        }
    }

    /// Whether trying again may help.
    public var isRetryable: Bool {
        switch self {
        case .tooManyRequests, .serverError, .badGateway, .unavailable, .gatewayTimeout, .refused, .reset, .timedOut:
            true
        case .ok, .clientError, .loopDetected, .abandoned: false
        }
    }

    /// What a server answers when something it needs ended like this.
    var passedOn: Outcome {
        switch self {
        case .ok: .ok
        case .clientError, .tooManyRequests, .loopDetected: self
        case .timedOut, .gatewayTimeout: .gatewayTimeout
        case .serverError, .badGateway, .unavailable, .refused, .reset, .abandoned: .badGateway
        }
    }
}
