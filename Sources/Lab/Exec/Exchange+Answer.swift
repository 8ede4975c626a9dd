import Simulation
import Workloads

extension Exchange {
    /// The body of an answer: programs are simulated without contents, so it says who answered what, and after how long.
    /// - Parameter status: HTTP's.
    public func body(status: Int) -> String {
        let pod = server.split(separator: "/").last.map(String.init) ?? server
        let span = end.map { $0.time - began } ?? .zero
        return "\(pod): \(status) \(Self.reason(status)) after \((span.nanoseconds + 500_000) / 1_000_000) ms\n"
    }

    /// The reason phrase of an HTTP status; empty for one that no program here gives.
    public static func reason(_ status: Int) -> String {
        switch status {
        case 200: "OK"
        case 204: "No Content"
        case 400: "Bad Request"
        case 401: "Unauthorized"
        case 404: "Not Found"
        case 429: "Too Many Requests"
        case 500: "Internal Server Error"
        case 502: "Bad Gateway"
        case 503: "Service Unavailable"
        case 504: "Gateway Timeout"
        case 508: "Loop Detected"
        default: ""
        }
    }
}
