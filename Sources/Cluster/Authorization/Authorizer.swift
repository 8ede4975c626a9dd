import KubernetesAPI

/// Who may do what, by the roles and bindings of a store: a pure function of it (`plugin/pkg/auth/authorizer/rbac`).
public struct Authorizer {
    private let store: APIStore

    public init(_ store: APIStore) { self.store = store }

    /// A role given to somebody, with the words that say how.
    private struct Grant {
        var rules: [PolicyRule]
        var description: String
    }

    /// Whether something is allowed, and by what.
    public func decide(_ wanted: AccessAttributes) -> (isAllowed: Bool, reason: String) {
        if wanted.user.groups.contains(RequestUser.mastersGroup) { return (true, "") }
        for grant in grants(to: wanted.user, in: wanted.path.isEmpty ? wanted.namespace : "") {
            if grant.rules.contains(where: { $0.allows(wanted) }) {
                return (true, "RBAC: allowed by \(grant.description)")
            }
        }
        return (false, "")
    }

    public func allows(_ wanted: AccessAttributes) -> Bool { decide(wanted).isAllowed }

    /// All rules that hold for somebody in a namespace, or at the cluster scope if that is empty.
    public func rules(for user: RequestUser, in namespace: String) -> [PolicyRule] {
        if user.groups.contains(RequestUser.mastersGroup) { return BootstrapPolicy.everything }
        return grants(to: user, in: namespace).flatMap(\.rules)
    }

    /// Cluster-wide bindings first, then those of the namespace.
    private func grants(to user: RequestUser, in namespace: String) -> [Grant] {
        var found: [Grant] = []
        for binding in clusterRoleBindings {
            guard let subject = binding.subjects.first(where: { $0.means(user, in: "") }) else { continue }
            found.append(
                Grant(
                    rules: rules(of: binding.roleRef, in: ""),
                    description:
                        "ClusterRoleBinding \(GoText.quoted(binding.metadata.name)) of \(binding.roleRef.kind) \(GoText.quoted(binding.roleRef.name)) to \(subject.described(in: ""))"
                ))
        }
        guard !namespace.isEmpty else { return found }
        for (_, binding) in store.roleBindings.sorted where binding.metadata.namespace == namespace {
            guard let subject = binding.subjects.first(where: { $0.means(user, in: namespace) }) else { continue }
            found.append(
                Grant(
                    rules: rules(of: binding.roleRef, in: namespace),
                    description:
                        "RoleBinding \(GoText.quoted(binding.metadata.name + "/" + namespace)) of \(binding.roleRef.kind) \(GoText.quoted(binding.roleRef.name)) to \(subject.described(in: namespace))"
                ))
        }
        return found
    }

    // MARK: Roles

    /// The stored bindings, and the default ones that nobody has stored anew.
    var clusterRoleBindings: [ClusterRoleBinding] {
        let stored = store.clusterRoleBindings
        return stored.sorted.map(\.object)
            + BootstrapPolicy.clusterRoleBindings.filter { stored.named($0.metadata.name) == nil }
    }

    /// The stored cluster roles, and the default ones that nobody has stored anew, aggregated rules not filled in.
    var clusterRoles: [ClusterRole] {
        let stored = store.clusterRoles
        return stored.sorted.map(\.object)
            + BootstrapPolicy.clusterRoles.filter { stored.named($0.metadata.name) == nil }
    }

    func clusterRole(_ name: String) -> ClusterRole? {
        store.clusterRoles.named(name) ?? BootstrapPolicy.clusterRoles.first { $0.metadata.name == name }
    }

    /// The rules of the role that a binding refers to; none where there is no such role.
    func rules(of reference: RoleRef, in namespace: String) -> [PolicyRule] {
        switch reference.kind {
        case "ClusterRole": clusterRole(reference.name).map(rules(of:)) ?? []
        case "Role": store.roles.named(namespace + "/" + reference.name)?.rules ?? []
        default: []
        }
    }

    /// A cluster role's rules; of an aggregated one those of all that its selectors choose
    /// (`pkg/controller/clusterroleaggregation`).
    func rules(of role: ClusterRole) -> [PolicyRule] {
        guard role.aggregationRule != nil else { return role.rules }
        var rules: [PolicyRule] = []
        var seen: Set<String> = []
        collect(role, &rules, &seen)
        return rules
    }

    private func collect(_ role: ClusterRole, _ rules: inout [PolicyRule], _ seen: inout Set<String>) {
        guard seen.insert(role.metadata.name).inserted else { return }
        guard let aggregation = role.aggregationRule else {
            for rule in role.rules where !rules.contains(rule) { rules.append(rule) }
            return
        }
        let chosen = clusterRoles.filter { other in
            aggregation.clusterRoleSelectors.contains { $0.matches(other.metadata.labels) }
        }
        for other in chosen.sorted(by: { $0.metadata.name.utf8.lexicographicallyPrecedes($1.metadata.name.utf8) }) {
            collect(other, &rules, &seen)
        }
    }
}

extension PolicyRule {
    /// Whether the rule covers what is wanted (`pkg/apis/rbac/v1/evaluation_helpers.go`).
    func allows(_ wanted: AccessAttributes) -> Bool {
        guard verbs.contains("*") || verbs.contains(wanted.verb) else { return false }
        guard wanted.path.isEmpty else {
            return nonResourceURLs.contains { url in
                url == "*" || url == wanted.path || (url.hasSuffix("*") && wanted.path.hasPrefix(url.dropLast()))
            }
        }
        guard apiGroups.contains("*") || apiGroups.contains(wanted.group) else { return false }
        let isNamed = resources.contains { resource in
            if resource == "*" || resource == wanted.qualifiedResource { return true }
            return !wanted.subresource.isEmpty && resource == "*/" + wanted.subresource
        }
        return isNamed && (resourceNames.isEmpty || resourceNames.contains(wanted.name))
    }
}

extension Subject {
    /// Whether a binding's subject means somebody. `namespace`: of the binding, for accounts that name none.
    fileprivate func means(_ user: RequestUser, in namespace: String) -> Bool {
        switch kind {
        case "User": name == user.name
        case "Group": user.groups.contains(name)
        case "ServiceAccount":
            user.name == "system:serviceaccount:\(self.namespace.isEmpty ? namespace : self.namespace):\(name)"
        default: false
        }
    }

    fileprivate func described(in namespace: String) -> String {
        guard kind == "ServiceAccount" else { return "\(kind) \(GoText.quoted(name))" }
        return "\(kind) \(GoText.quoted(name + "/" + (self.namespace.isEmpty ? namespace : self.namespace)))"
    }
}
