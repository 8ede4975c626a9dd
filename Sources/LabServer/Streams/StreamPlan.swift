import ContainerRuntime
import KubernetesAPI
import NIOHTTP1

/// What an upgraded connection will be.
enum StreamPlan: Sendable {
    case exec(ExecRequest, RemoteCommandOptions)
    /// What the container writes from now on.
    case attach(APIRequest, RemoteCommandOptions)
    case forward(SandboxID, ports: [Int])
}

/// The protocol within an upgraded connection.
enum StreamProtocol: Sendable, Equatable {
    case webSocket(String)
    case spdy(String)

    /// What is spoken over SPDY: the first that the client names of those that the server knows
    /// (`Handshake` of `k8s.io/apimachinery/pkg/util/httpstream`).
    static func spdy(offered: [String], for plan: StreamPlan) throws(APIStatus) -> String {
        guard !offered.isEmpty else {
            throw .badRequest("unable to upgrade: X-Stream-Protocol-Version is required")
        }
        let known: [String] =
            if case .forward = plan { SPDYPortForwardStreams.protocols } else { SPDYCommandStreams.protocols }
        guard let name = offered.first(where: known.contains) else {
            throw APIStatus(
                code: 403, reason: "Forbidden",
                message:
                    "unable to upgrade: unable to negotiate protocol: client supports \(list(offered)), server accepts \(list(known))"
            )
        }
        return name
    }

    /// What is spoken in a WebSocket (`handshake` of `k8s.io/apimachinery/pkg/util/httpstream/wsstream`).
    static func webSocket(offered: [String], for plan: StreamPlan) throws(APIStatus) -> String {
        let known: [String] =
            if case .forward = plan {
                [SPDYPortForwardStreams.tunnel, ChannelPortForwardStreams.name]
            } else {
                WebSocketCommandStreams.protocols
            }
        guard let name = offered.first(where: known.contains) else {
            throw APIStatus(
                code: 403, reason: "Forbidden",
                message: "requested protocol(s) are not supported: \(list(offered)); supports \(list(known))")
        }
        return name
    }

    /// A list as Go prints it.
    private static func list(_ names: [String]) -> String { "[\(names.joined(separator: " "))]" }
}

extension APIService {
    private static let upgraded = ["exec", "attach", "portforward"]

    /// Whether a path is one of those that need an upgrade.
    static func isStream(_ path: ResourcePath) -> Bool {
        path.group.isEmpty && path.plural == "pods" && !path.name.isEmpty && upgraded.contains(path.subresource)
    }

    /// Looks at a request for an upgrade before it is granted.
    /// - Throws: what is answered instead. That client and server have no protocol in common is said last.
    func streamPlan(_ http: HTTPRequest) async throws(APIStatus) -> StreamPlan {
        let plan = try await subject(of: http)
        let upgrades = http.headers["upgrade"].map { $0.lowercased() }
        if upgrades.contains(where: { $0.contains("spdy/3.1") }) {
            _ = try StreamProtocol.spdy(offered: http.headers.streamProtocols, for: plan)
        } else if upgrades.contains(where: { $0.contains("websocket") }) {
            _ = try StreamProtocol.webSocket(offered: http.headers.webSocketProtocols, for: plan)
        }
        return plan
    }

    private func subject(of http: HTTPRequest) async throws(APIStatus) -> StreamPlan {
        guard case .resource(let path) = APIRoute(http.path), Self.isStream(path), path.rest.isEmpty else {
            throw .noSuchResource
        }
        let user = try await user(of: http)
        let options = RemoteCommandOptions(http)
        var request = APIRequest(
            .create, Pod.resource, namespace: path.namespace, name: path.name, subresource: path.subresource)
        request.user = user
        switch path.subresource {
        case "portforward":
            let sandbox = try await host.forwardTarget(request)
            let ports = http.parameters("ports").flatMap { $0.split(separator: ",") }.compactMap { Int($0) }
            guard ports.allSatisfy((1...65_535).contains) else { throw .badRequest("a port lies between 1 and 65535") }
            return .forward(sandbox, ports: ports)
        case "attach":
            try await host.authorize(request)
            var log = APIRequest(.get, Pod.resource, namespace: path.namespace, name: path.name, subresource: "log")
            log.log.container = http.parameter("container") ?? ""
            log.log.tailLines = 0
            if case .failure(let status) = await host.respond(to: log).response.body { throw status }
            return .attach(log, options)
        default:
            guard options.takesInput || options.givesOutput || options.givesError else {
                throw .badRequest("you must specify at least one of stdin, stdout, stderr")
            }
            var exec = ExecRequest(
                namespace: path.namespace, pod: path.name, container: http.parameter("container") ?? "",
                command: http.parameters("command"), takesInput: options.takesInput, hasTerminal: options.hasTerminal)
            exec.user = user
            if let refusal = await host.refusal(of: exec) { throw refusal }
            return .exec(exec, options)
        }
    }
}

extension HTTPHeaders {
    /// The protocols that a client of SPDY offers.
    var streamProtocols: [String] {
        self["x-stream-protocol-version"].flatMap { $0.split(separator: ",").map(\.trimmingSpaces) }
    }

    /// The subprotocols that a client of a WebSocket offers.
    var webSocketProtocols: [String] {
        self["sec-websocket-protocol"].flatMap { $0.split(separator: ",").map(\.trimmingSpaces) }
    }
}
