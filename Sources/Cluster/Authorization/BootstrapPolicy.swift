import KubernetesAPI
import Simulation

/// The roles and bindings that a control plane begins with, for the kinds that the lab has
/// (`plugin/pkg/auth/authorizer/rbac/bootstrappolicy`).
///
/// They are not stored: so every lab has them, and none of an older program changes. Somebody who writes one stores it;
/// one that is deleted is there again, as after the next start of a real API server.
enum BootstrapPolicy {
    static let clusterRoles: [ClusterRole] = [
        aggregated("admin", "admin", []), role("cluster-admin", everything), aggregated("edit", "edit", ["admin"]),
        role("system:aggregate-to-admin", admin, ["admin"]), role("system:aggregate-to-edit", edit, ["edit"]),
        role("system:aggregate-to-view", view, ["view"]),
        role(
            "system:aggregated-metrics-reader", [rule("get list watch", "metrics.k8s.io", "nodes pods")],
            ["admin", "edit", "view"]),
        role(
            "system:basic-user",
            [
                rule("create", "authorization.k8s.io", "selfsubjectaccessreviews selfsubjectrulesreviews"),
                rule("create", "authentication.k8s.io", "selfsubjectreviews"),
            ]),
        role(
            "system:discovery",
            [
                paths(
                    "/api /api/* /apis /apis/* /healthz /livez /openapi /openapi/* /readyz /version /version/")
            ]),
        role(
            "system:monitoring", [paths("/healthz /healthz/* /livez /livez/* /metrics /metrics/slis /readyz /readyz/*")]
        ),
        role("system:public-info-viewer", [paths("/healthz /livez /readyz /version /version/")]),
        aggregated("view", "view", ["edit"]),
    ]

    static let clusterRoleBindings: [ClusterRoleBinding] = [
        binding("cluster-admin", RequestUser.mastersGroup),
        binding("system:basic-user", RequestUser.authenticatedGroup),
        binding("system:discovery", RequestUser.authenticatedGroup), binding("system:monitoring", "system:monitoring"),
        binding("system:public-info-viewer", RequestUser.authenticatedGroup, RequestUser.unauthenticatedGroup),
    ]

    static let everything = [rule("*", "*", "*"), paths("*", verbs: "*")]

    private static let read = "get list watch"
    private static let write = "create delete deletecollection patch update"
    private static let applications =
        "daemonsets deployments deployments/scale replicasets replicasets/scale statefulsets statefulsets/scale"

    private static let admin = [
        rule("create", "authorization.k8s.io", "localsubjectaccessreviews"),
        rule(read + " " + write, "rbac.authorization.k8s.io", "rolebindings roles"),
    ]

    private static let edit = [
        rule(read, "", "pods/attach pods/exec pods/portforward pods/proxy secrets services/proxy"),
        rule("impersonate", "", "serviceaccounts"),
        rule(write, "", "pods pods/attach pods/exec pods/portforward pods/proxy"), rule("create", "", "pods/eviction"),
        rule(
            write, "",
            "configmaps events persistentvolumeclaims secrets serviceaccounts services services/proxy"),
        rule("create", "", "serviceaccounts/token"), rule(write, "apps", applications),
        rule(write, "autoscaling", "horizontalpodautoscalers"), rule(write, "batch", "cronjobs jobs"),
        rule(write, "policy", "poddisruptionbudgets"), rule(write, "networking.k8s.io", "ingresses"),
        rule(read + " " + write, "coordination.k8s.io", "leases"),
    ]

    private static let view = [
        rule(
            read, "",
            "configmaps endpoints persistentvolumeclaims persistentvolumeclaims/status pods serviceaccounts services services/status"
        ),
        rule(
            read, "",
            "bindings events limitranges namespaces/status pods/log pods/status resourcequotas resourcequotas/status"),
        rule(read, "", "namespaces"), rule(read, "discovery.k8s.io", "endpointslices"),
        rule(
            read, "apps",
            "controllerrevisions daemonsets daemonsets/status deployments deployments/scale deployments/status replicasets replicasets/scale replicasets/status statefulsets statefulsets/scale statefulsets/status"
        ),
        rule(read, "autoscaling", "horizontalpodautoscalers horizontalpodautoscalers/status"),
        rule(read, "batch", "cronjobs cronjobs/status jobs jobs/status"),
        rule(read, "policy", "poddisruptionbudgets poddisruptionbudgets/status"),
        rule(read, "networking.k8s.io", "ingresses ingresses/status"),
    ]

    // MARK: Making them

    private static func words(_ text: String) -> [String] {
        text.split(separator: " ", omittingEmptySubsequences: true).map(String.init)
    }

    private static func rule(_ verbs: String, _ group: String, _ resources: String) -> PolicyRule {
        var rule = PolicyRule()
        rule.verbs = words(verbs)
        rule.apiGroups = [group]
        rule.resources = words(resources)
        return rule
    }

    private static func paths(_ urls: String, verbs: String = "get") -> PolicyRule {
        var rule = PolicyRule()
        rule.verbs = words(verbs)
        rule.nonResourceURLs = words(urls)
        return rule
    }

    private static func label(_ role: String) -> String { "rbac.authorization.k8s.io/aggregate-to-" + role }

    private static func role(_ name: String, _ rules: [PolicyRule], _ aggregatedTo: [String] = []) -> ClusterRole {
        var role = ClusterRole()
        role.metadata = metadata(name)
        for target in aggregatedTo { role.metadata.labels[label(target)] = "true" }
        role.rules = rules
        return role
    }

    private static func aggregated(_ name: String, _ source: String, _ aggregatedTo: [String]) -> ClusterRole {
        var role = role(name, [], aggregatedTo)
        var selector = LabelSelector()
        selector.matchLabels = [label(source): "true"]
        var aggregation = AggregationRule()
        aggregation.clusterRoleSelectors = [selector]
        role.aggregationRule = aggregation
        return role
    }

    private static func binding(_ role: String, _ groups: String...) -> ClusterRoleBinding {
        var binding = ClusterRoleBinding()
        binding.metadata = metadata(role)
        binding.roleRef.apiGroup = "rbac.authorization.k8s.io"
        binding.roleRef.kind = "ClusterRole"
        binding.roleRef.name = role
        binding.subjects = groups.map { group in
            var subject = Subject()
            subject.kind = "Group"
            subject.apiGroup = "rbac.authorization.k8s.io"
            subject.name = group
            return subject
        }
        return binding
    }

    private static func metadata(_ name: String) -> ObjectMeta {
        var metadata = ObjectMeta()
        metadata.name = name
        metadata.labels["kubernetes.io/bootstrapping"] = "rbac-defaults"
        metadata.annotations["rbac.authorization.kubernetes.io/autoupdate"] = "true"
        metadata.resourceVersion = "1"
        var digest = Digest()
        digest.fold(name)
        let hex = digest.description
        let parts = [8, 4, 4, 4, 12].reduce(into: (rest: hex[...], parts: [String]())) { state, count in
            state.parts.append(String(state.rest.prefix(count)))
            state.rest = state.rest.dropFirst(count)
        }
        metadata.uid = parts.parts.joined(separator: "-")
        return metadata
    }
}
