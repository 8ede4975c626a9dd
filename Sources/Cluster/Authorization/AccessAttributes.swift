import KubernetesAPI

/// What somebody wants to do, as authorization sees it (`k8s.io/apiserver/pkg/authorization/authorizer`).
public struct AccessAttributes: Sendable, Equatable {
    public var user: RequestUser
    /// `get`, `list`, `watch`, `create`, `update`, `patch`, `delete`, `deletecollection`, `impersonate`, `bind` …
    public var verb: String
    public var group = ""
    /// The plural name; empty for a path that is no resource.
    public var resource = ""
    public var subresource = ""
    /// Empty at the cluster scope.
    public var namespace = ""
    public var name = ""
    /// For what is no resource: `/healthz`.
    public var path = ""

    /// A resource.
    public init(
        user: RequestUser, verb: String, group: String, resource: String, subresource: String = "",
        namespace: String = "", name: String = ""
    ) {
        self.user = user
        self.verb = verb
        self.group = group
        self.resource = resource
        self.subresource = subresource
        self.namespace = namespace
        self.name = name
    }

    /// A path that is no resource.
    public init(user: RequestUser, verb: String, path: String) {
        self.user = user
        self.verb = verb
        self.path = path
    }

    /// What a request wants. A list or watch of one name, by field selector, is about that name.
    public init(_ request: APIRequest, user: RequestUser, isWatch: Bool = false) {
        self.init(
            user: user, verb: isWatch ? "watch" : request.verb.rawValue, group: request.resource.group,
            resource: request.resource.plural, subresource: request.subresource,
            namespace: request.resource.namespaced ? request.namespace : "", name: request.name)
        // A namespace is found in itself.
        if request.resource == Namespace.resource { namespace = request.name }
        if name.isEmpty, request.fieldSelector.hasPrefix("metadata.name=") {
            let rest = request.fieldSelector.dropFirst("metadata.name=".count).drop { $0 == "=" }
            if !rest.contains(","), !rest.isEmpty { name = String(rest) }
        }
    }

    /// `pods/log`
    var qualifiedResource: String { subresource.isEmpty ? resource : resource + "/" + subresource }

    /// Why the server refuses it, in its words (`responsewriters.Forbidden`).
    public var forbidden: APIStatus {
        guard path.isEmpty else {
            return APIStatus(
                code: 403, reason: "Forbidden",
                message: "forbidden: User \(GoText.quoted(user.name)) cannot \(verb) path \(GoText.quoted(path))")
        }
        let place = namespace.isEmpty ? "at the cluster scope" : "in the namespace \(GoText.quoted(namespace))"
        let plural = group.isEmpty ? resource : resource + "." + group
        let subject = name.isEmpty ? plural : "\(plural) \(GoText.quoted(name))"
        return APIStatus(
            code: 403, reason: "Forbidden",
            message:
                "\(subject) is forbidden: User \(GoText.quoted(user.name)) cannot \(verb) resource \(GoText.quoted(qualifiedResource)) in API group \(GoText.quoted(group)) \(place)",
            kind: resource, name: name)
    }
}
