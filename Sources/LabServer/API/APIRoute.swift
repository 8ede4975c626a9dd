/// What a path of the API server's means (`k8s.io/apiserver/pkg/endpoints/request/requestinfo.go`).
enum APIRoute: Sendable, Equatable {
    /// `/healthz`, `/livez`, `/readyz`, with what may follow.
    case health(String)
    case version
    /// `/api` and `/apis`.
    case coreVersions, groups
    /// `/apis/apps`
    case group(String)
    /// `/api/v1`, `/apis/apps/v1`; the core group is empty.
    case resources(group: String, version: String)
    case openAPIVersion2
    /// `/openapi/v3`, and `/openapi/v3/apis/apps/v1` with `apis/apps/v1` in it.
    case openAPIIndex
    case openAPI(String)
    case resource(ResourcePath)
    /// `/apis/custom.metrics.k8s.io/…` and `/apis/external.metrics.k8s.io/…` beyond discovery.
    case metric(group: String, version: String, [String])
    /// The lab's own: `/kubelab/v1/…`.
    case lab([String])
    /// `/`
    case root
    case unknown

    init(_ path: [String]) {
        var path = path
        if path.last == "" { path.removeLast() }
        guard !path.contains("") else {
            self = .unknown
            return
        }
        switch path.first {
        case nil: self = .root
        case "healthz", "livez", "readyz": self = .health(path[0])
        case "version" where path.count == 1: self = .version
        case "api": self = Self.core(Array(path.dropFirst()))
        case "apis": self = Self.grouped(Array(path.dropFirst()))
        case "openapi" where path == ["openapi", "v2"]: self = .openAPIVersion2
        case "openapi" where path == ["openapi", "v3"]: self = .openAPIIndex
        case "openapi" where path.count > 2 && path[1] == "v3":
            self = .openAPI(path.dropFirst(2).joined(separator: "/"))
        case "kubelab" where path.count > 2 && path[1] == "v1": self = .lab(Array(path.dropFirst(2)))
        default: self = .unknown
        }
    }

    private static func core(_ path: [String]) -> APIRoute {
        guard let version = path.first else { return .coreVersions }
        guard path.count > 1 else { return .resources(group: "", version: version) }
        return ResourcePath(group: "", version: version, Array(path.dropFirst())).map { .resource($0) } ?? .unknown
    }

    private static func grouped(_ path: [String]) -> APIRoute {
        switch path.count {
        case 0: .groups
        case 1: .group(path[0])
        case 2: .resources(group: path[0], version: path[1])
        case _ where path[0] == MetricsAdapter.custom || path[0] == MetricsAdapter.external:
            .metric(group: path[0], version: path[1], Array(path.dropFirst(2)))
        default:
            ResourcePath(group: path[0], version: path[1], Array(path.dropFirst(2))).map { .resource($0) } ?? .unknown
        }
    }
}

/// An object, a collection or a subresource, as a path names it.
struct ResourcePath: Sendable, Equatable {
    var group: String
    var version: String
    /// Empty for cluster-scoped objects and for collections over all namespaces.
    var namespace = ""
    var plural: String
    /// Empty for collections.
    var name = ""
    var subresource = ""
    /// What follows a subresource (`proxy/…`).
    var rest: [String] = []
    /// The old form of a watch: `/api/v1/watch/pods`.
    var isOldWatch = false

    /// - Parameter path: what follows the version, not empty.
    init?(group: String, version: String, _ path: [String]) {
        var path = path[...]
        self.group = group
        self.version = version
        if path.first == "watch", path.count > 1 {
            isOldWatch = true
            path.removeFirst()
        }
        if path.first == "namespaces", path.count > 2,
            !["status", "finalize"].contains(path[path.startIndex + 2])
        {
            namespace = path[path.startIndex + 1]
            path.removeFirst(2)
        }
        guard let plural = path.popFirst() else { return nil }
        self.plural = plural
        // A name with a slash in it was escaped to get here, and names nothing.
        if let name = path.popFirst() {
            guard !name.contains("/"), name != ".", name != ".." else { return nil }
            self.name = name
        }
        if let subresource = path.popFirst() { self.subresource = subresource }
        rest = Array(path)
        guard !namespace.contains("/"), namespace != ".", namespace != ".." else { return nil }
    }
}
