import KubernetesAPI
import Simulation

/// Whom the API server lets do what, before anything else is looked at.
extension Cluster {
    /// The user as whom a request is to be answered: its sender, or whom the sender may act as.
    /// - Throws: 403 if the sender may not act as somebody else.
    public func effectiveUser(of request: APIRequest) throws(APIStatus) -> RequestUser {
        guard let impersonated = request.impersonated else { return request.user }
        return try effectiveUser(request.user, as: impersonated)
    }

    /// The user that a sender acts as, with the groups that come with it (`pkg/endpoints/filters/impersonation`).
    /// - Throws: 403 if the sender may not act as that user, or in one of the groups.
    public func effectiveUser(_ sender: RequestUser, as impersonated: RequestUser) throws(APIStatus) -> RequestUser {
        var user = impersonated
        let authorizer = Authorizer(context.store)
        func check(_ resource: String, _ name: String, namespace: String = "") throws(APIStatus) {
            let wanted = AccessAttributes(
                user: sender, verb: "impersonate", group: "", resource: resource, namespace: namespace, name: name
            )
            guard authorizer.allows(wanted) else { throw wanted.forbidden }
        }
        if let account = RequestUser.serviceAccount(inName: user.name) {
            try check("serviceaccounts", account.name, namespace: account.namespace)
            if user.groups.isEmpty {
                user.groups = RequestUser.serviceAccount(namespace: account.namespace, name: account.name).groups
            }
        } else {
            try check("users", user.name)
        }
        for group in impersonated.groups { try check("groups", group) }
        if user.name == RequestUser.anonymous.name {
            if user.groups.isEmpty { user.groups = RequestUser.anonymous.groups }
        } else if !user.groups.contains(RequestUser.authenticatedGroup) {
            user.groups.append(RequestUser.authenticatedGroup)
        }
        return user
    }

    /// Whether something is allowed, and by which binding.
    public func decide(_ wanted: AccessAttributes) -> (isAllowed: Bool, reason: String) {
        Authorizer(context.store).decide(wanted)
    }

    /// Refuses what a request's user may not do.
    /// - Parameter isWatch: the request begins a watch.
    /// - Throws: 403 in the API server's words.
    public func authorize(_ request: APIRequest, isWatch: Bool = false) throws(APIStatus) {
        guard request.needsAuthorization else { return }
        let wanted = AccessAttributes(request, user: try effectiveUser(of: request), isWatch: isWatch)
        guard decide(wanted).isAllowed else { throw wanted.forbidden }
    }

    // MARK: Roles that grant more than their writer has

    /// Nobody may give what they do not have (`pkg/registry/rbac/escalation_check.go`): the rules of a written role,
    /// and those of the role that a written binding refers to.
    /// - Parameter trial: answers the request on a copy.
    func refuseEscalation(_ request: APIRequest, trial: () -> APIResponse) throws(APIStatus) {
        guard request.needsAuthorization, request.resource.group == Role.resource.group,
            [.create, .update, .patch].contains(request.verb)
        else { return }
        let user = try effectiveUser(of: request)
        guard !user.groups.contains(RequestUser.mastersGroup), case .object(let value) = trial().body else { return }
        let authorizer = Authorizer(context.store)
        let name = value["metadata"]?["name"]?.string ?? request.name
        let namespace = request.resource.namespaced ? request.namespace : ""
        func may(_ verb: String, _ resource: String, _ name: String) -> Bool {
            authorizer.allows(
                AccessAttributes(
                    user: user, verb: verb, group: Role.resource.group, resource: resource, namespace: namespace,
                    name: name))
        }
        let granted: [PolicyRule]
        switch request.resource.kind {
        case "Role", "ClusterRole":
            guard !may("escalate", request.resource.plural, name) else { return }
            if request.resource.kind == "Role" {
                granted = (try? Role.decode(json: value).object.rules) ?? []
                let old: Role? = context.store.named(namespace + "/" + name)
                if old?.rules == granted { return }
            } else {
                guard let role = try? ClusterRole.decode(json: value).object else { return }
                let old = authorizer.clusterRole(name)
                if let old, old.rules == role.rules, old.aggregationRule == role.aggregationRule { return }
                granted = authorizer.rules(of: role)
            }
        case "RoleBinding", "ClusterRoleBinding":
            guard let reference = Self.roleReference(value) else { return }
            let plural = reference.kind == "ClusterRole" ? ClusterRole.resource.plural : Role.resource.plural
            guard !may("bind", plural, reference.name) else { return }
            granted = authorizer.rules(of: reference, in: namespace)
        default: return
        }
        let missing = RuleCover.missing(granted, from: authorizer.rules(for: user, in: namespace))
        guard !missing.isEmpty else { return }
        var texts: [String] = []
        for text in RuleCover.compacted(missing).map(RuleCover.description) where !texts.contains(text) {
            texts.append(text)
        }
        texts.sort { $0.utf8.lexicographicallyPrecedes($1.utf8) }
        let groups = user.groups.map(GoText.quoted).joined(separator: " ")
        throw .forbidden(
            request.resource, name,
            "user \(GoText.quoted(user.name)) (groups=[\(groups)]) is attempting to grant RBAC permissions not currently held:\n"
                + texts.joined(separator: "\n"))
    }

    private static func roleReference(_ binding: JSONValue) -> RoleRef? {
        guard let kind = binding["roleRef"]?["kind"]?.string, let name = binding["roleRef"]?["name"]?.string else {
            return nil
        }
        var reference = RoleRef()
        reference.kind = kind
        reference.name = name
        return reference
    }
}

extension APIRequest {
    /// Whether anything has to be looked up: the lab's own user may do everything.
    var needsAuthorization: Bool { impersonated != nil || !user.groups.contains(RequestUser.mastersGroup) }
}
