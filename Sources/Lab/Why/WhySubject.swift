import Simulation

/// What somebody asks `why` about.
public enum WhySubject: Sendable, Equatable {
    /// `namespace/name`; the beginning of a pod's name will do.
    case pod(String)
    case horizontalPodAutoscaler(String)
    case deployment(String)
    case node(String)
    /// A request by its number, as records and traces carry it.
    case request(UInt64)
    /// A source of traffic.
    case traffic(String)

    /// Why a text names nothing that can be explained.
    public struct ParsingError: Error, Sendable, Equatable, CustomStringConvertible {
        public var description: String
    }

    /// Reads `pod/NAME`, `hpa/NAME`, `deployment/NAME`, `node/NAME`, `request/ID` or `traffic/NAME`.
    /// - Parameter namespace: where names without a namespace live.
    public init(parsing text: String, namespace: String) throws(ParsingError) {
        let parts = text.split(separator: "/", maxSplits: 1).map(String.init)
        guard parts.count == 2, !parts[1].isEmpty else {
            throw ParsingError(
                description:
                    "\"\(text)\" names nothing: write pod/NAME, hpa/NAME, deployment/NAME, node/NAME, request/ID or traffic/NAME"
            )
        }
        let key = parts[1].contains("/") ? parts[1] : namespace + "/" + parts[1]
        switch parts[0] {
        case "pod", "pods", "po": self = .pod(key)
        case "hpa", "horizontalpodautoscaler", "horizontalpodautoscalers": self = .horizontalPodAutoscaler(key)
        case "deployment", "deployments", "deploy": self = .deployment(key)
        case "node", "nodes", "no": self = .node(parts[1])
        case "traffic": self = .traffic(parts[1])
        case "request", "requests":
            guard let number = UInt64(parts[1]) else {
                throw ParsingError(
                    description: "\"\(parts[1])\" is not a request's number; 'why traffic/NAME' lists some")
            }
            self = .request(number)
        default:
            throw ParsingError(
                description:
                    "\"\(parts[0])\" cannot be explained; there are pod, hpa, deployment, node, request and traffic")
        }
    }

    /// As the journal names it.
    var journalName: String {
        switch self {
        case .pod(let key): "pod/" + key
        case .horizontalPodAutoscaler(let key): "horizontalpodautoscaler/" + key
        case .deployment(let key): "deployment/" + key
        case .node(let name): "node/" + name
        case .request(let number): "request/\(number)"
        case .traffic(let name): "traffic/" + name
        }
    }
}
