import ContainerRuntime
import KubernetesAPI
import Simulation
import Testing

@testable import Cluster

/// Roles and bindings that really forbid: decisions, refusals in the server's words, reviews, impersonation, and that
/// nobody gives what they do not have.
@Suite struct AuthorizationTests {
    private struct Rig {
        struct NoLogs: ContainerLogSource {
            func logLines(of container: ContainerID) -> [LogLine] { [] }
        }

        var cluster = Cluster(configuration: ClusterConfiguration(), seed: 1)
        var clock = Clock()

        init() throws {
            clock.begin(event: clock.takeSequence(), at: .zero)
            cluster.boot(clock: &clock)
            try make(#"{"kind":"Namespace","metadata":{"name":"shop"}}"#, Namespace.resource, "")
        }

        mutating func respond(_ request: APIRequest) -> APIResponse {
            clock.begin(event: clock.takeSequence(), at: clock.now)
            return cluster.respond(to: request, clock: &clock, logs: NoLogs())
        }

        @discardableResult
        mutating func make(
            _ json: String, _ resource: ResourceType, _ namespace: String = "shop",
            as user: RequestUser = .administrator
        ) throws -> APIResponse {
            var request = APIRequest(
                .create, resource, namespace: namespace, body: try JSONValue(parsingJSON: Array(json.utf8)[...]))
            request.user = user
            return respond(request)
        }

        /// Lets somebody have a role in the namespace.
        mutating func bind(_ role: String, to name: String, kind: String = "User", clusterWide: Bool = false) throws {
            let reference = #"{"apiGroup":"rbac.authorization.k8s.io","kind":"ClusterRole","name":"\#(role)"}"#
            let subject =
                kind == "ServiceAccount"
                ? #"{"kind":"ServiceAccount","name":"\#(name)","namespace":"shop"}"#
                : #"{"apiGroup":"rbac.authorization.k8s.io","kind":"\#(kind)","name":"\#(name)"}"#
            let json =
                #"{"metadata":{"name":"\#(role)-\#(name)"},"roleRef":\#(reference),"subjects":[\#(subject)]}"#
            let answer = try make(
                json, clusterWide ? ClusterRoleBinding.resource : RoleBinding.resource, clusterWide ? "" : "shop")
            #expect(answer.code == 201, "\(answer)")
        }
    }

    static let jane = RequestUser(name: "jane", groups: ["team", RequestUser.authenticatedGroup])

    private static func asked(
        _ verb: String, _ resource: String, _ subresource: String = "", group: String = "", namespace: String = "shop",
        name: String = "", user: RequestUser = jane
    ) -> AccessAttributes {
        AccessAttributes(
            user: user, verb: verb, group: group, resource: resource, subresource: subresource, namespace: namespace,
            name: name)
    }

    // MARK: Rules

    /// A rule, what is asked, and whether it covers it (`evaluation_helpers_test.go` has the same shapes).
    @Test(arguments: [
        (["get"], [""], ["pods"], [String](), "get", "", "pods", "", "web", true),
        (["get"], [""], ["pods"], [], "list", "", "pods", "", "", false),
        (["*"], ["*"], ["*"], [], "delete", "apps", "deployments", "scale", "", true),
        (["get"], [""], ["pods"], [], "get", "", "pods", "log", "", false),
        (["get"], [""], ["pods/log"], [], "get", "", "pods", "log", "", true),
        (["get"], [""], ["*/log"], [], "get", "", "pods", "log", "", true),
        (["get"], [""], ["*/log"], [], "get", "", "pods", "", "", false),
        (["get"], ["apps"], ["pods"], [], "get", "", "pods", "", "", false),
        (["get"], [""], ["secrets"], ["one"], "get", "", "secrets", "", "one", true),
        (["get"], [""], ["secrets"], ["one"], "get", "", "secrets", "", "two", false),
        (["list"], [""], ["secrets"], ["one"], "list", "", "secrets", "", "", false),
    ])
    func aRuleCoversWhatItNames(
        verbs: [String], groups: [String], resources: [String], names: [String], verb: String, group: String,
        resource: String, subresource: String, name: String, isCovered: Bool
    ) {
        var rule = PolicyRule()
        rule.verbs = verbs
        rule.apiGroups = groups
        rule.resources = resources
        rule.resourceNames = names
        #expect(rule.allows(Self.asked(verb, resource, subresource, group: group, name: name)) == isCovered)
    }

    @Test(arguments: [("/api/*", "/api/v1", true), ("*", "/x", true), ("/api", "/api/v1", false), ("/v", "/v", true)])
    func aPathIsCoveredByItsPrefix(url: String, path: String, isCovered: Bool) {
        var rule = PolicyRule()
        rule.verbs = ["get"]
        rule.nonResourceURLs = [url]
        #expect(rule.allows(AccessAttributes(user: Self.jane, verb: "get", path: path)) == isCovered)
    }

    // MARK: Decisions

    @Test func bindingsOfUsersGroupsAndAccountsGiveTheirRoles() throws {
        var rig = try Rig()
        #expect(!rig.cluster.decide(Self.asked("get", "pods")).isAllowed)
        try rig.bind("view", to: "jane")
        #expect(rig.cluster.decide(Self.asked("list", "pods")).isAllowed)
        #expect(
            rig.cluster.decide(Self.asked("list", "pods")).reason
                == "RBAC: allowed by RoleBinding \"view-jane/shop\" of ClusterRole \"view\" to User \"jane\"")
        #expect(!rig.cluster.decide(Self.asked("get", "secrets")).isAllowed)
        #expect(!rig.cluster.decide(Self.asked("list", "pods", namespace: "default")).isAllowed)
        #expect(!rig.cluster.decide(Self.asked("list", "pods", namespace: "")).isAllowed)
        try rig.bind("edit", to: "team", kind: "Group", clusterWide: true)
        #expect(rig.cluster.decide(Self.asked("get", "secrets", namespace: "default")).isAllowed)
        #expect(rig.cluster.decide(Self.asked("list", "deployments", group: "apps", namespace: "")).isAllowed)
        #expect(!rig.cluster.decide(Self.asked("create", "roles", group: "rbac.authorization.k8s.io")).isAllowed)
        let robot = RequestUser.serviceAccount(namespace: "shop", name: "robot")
        #expect(!rig.cluster.decide(Self.asked("create", "pods", user: robot)).isAllowed)
        try rig.bind("admin", to: "robot", kind: "ServiceAccount")
        for (verb, resource, group) in [
            ("create", "pods", ""), ("get", "configmaps", ""), ("create", "roles", "rbac.authorization.k8s.io"),
            ("get", "pods", "metrics.k8s.io"),
        ] {
            #expect(
                rig.cluster.decide(Self.asked(verb, resource, group: group, user: robot)).isAllowed,
                "\(verb) \(resource)")
        }
        #expect(rig.cluster.decide(AccessAttributes(user: Self.jane, verb: "get", path: "/version")).isAllowed)
        #expect(rig.cluster.decide(AccessAttributes(user: .anonymous, verb: "get", path: "/version")).isAllowed)
        #expect(!rig.cluster.decide(AccessAttributes(user: .anonymous, verb: "get", path: "/api/v1")).isAllowed)
    }

    @Test func aggregatedRolesFollowTheirSelectors() throws {
        var rig = try Rig()
        try rig.bind("view", to: "jane")
        #expect(!rig.cluster.decide(Self.asked("get", "agents", group: "ai.example")).isAllowed)
        try rig.make(
            #"{"metadata":{"name":"agents-view","labels":{"rbac.authorization.k8s.io/aggregate-to-view":"true"}},"rules":[{"verbs":["get"],"apiGroups":["ai.example"],"resources":["agents"]}]}"#,
            ClusterRole.resource, "")
        #expect(rig.cluster.decide(Self.asked("get", "agents", group: "ai.example")).isAllowed)
        let view = rig.respond(APIRequest(.get, ClusterRole.resource, name: "view"))
        guard case .object(let value) = view.body else { return #expect(Bool(false), "\(view)") }
        #expect(value["rules"]?.array?.contains { $0["apiGroups"]?.array == ["ai.example"] } == true)
    }

    // MARK: Requests

    @Test(arguments: [
        (
            APIRequest(.list, Deployment.resource, namespace: "shop"),
            "deployments.apps is forbidden: User \"jane\" cannot list resource \"deployments\" in API group \"apps\" in the namespace \"shop\""
        ),
        (
            APIRequest(.get, Pod.resource, namespace: "shop", name: "web", subresource: "log"),
            "pods \"web\" is forbidden: User \"jane\" cannot get resource \"pods/log\" in API group \"\" in the namespace \"shop\""
        ),
        (
            APIRequest(.list, Node.resource),
            "nodes is forbidden: User \"jane\" cannot list resource \"nodes\" in API group \"\" at the cluster scope"
        ),
        (
            APIRequest(.delete, Namespace.resource, name: "shop"),
            "namespaces \"shop\" is forbidden: User \"jane\" cannot delete resource \"namespaces\" in API group \"\" in the namespace \"shop\""
        ),
    ])
    func whoMayNotIsToldSo(request: APIRequest, message: String) throws {
        var rig = try Rig()
        var request = request
        request.user = Self.jane
        guard case .failure(let status) = rig.respond(request).body else { return #expect(Bool(false), "not refused") }
        #expect(status.code == 403 && status.reason == "Forbidden")
        #expect(status.message == message)
    }

    @Test func nobodyGivesWhatTheyDoNotHave() throws {
        var rig = try Rig()
        try rig.bind("admin", to: "jane")
        let harmless =
            #"{"metadata":{"name":"reader"},"rules":[{"verbs":["get","list"],"apiGroups":[""],"resources":["pods"]}]}"#
        #expect(try rig.make(harmless, Role.resource, as: Self.jane).code == 201)
        let greedy =
            #"{"metadata":{"name":"greedy"},"rules":[{"verbs":["get","list"],"apiGroups":[""],"resources":["pods","nodes"]}]}"#
        guard case .failure(let status) = try rig.make(greedy, Role.resource, as: Self.jane).body else {
            return #expect(Bool(false), "not refused")
        }
        #expect(
            status.message
                == "roles.rbac.authorization.k8s.io \"greedy\" is forbidden: user \"jane\" (groups=[\"team\" \"system:authenticated\"]) is attempting to grant RBAC permissions not currently held:\n{APIGroups:[\"\"], Resources:[\"nodes\"], Verbs:[\"get\" \"list\"]}"
        )
        let binding =
            #"{"metadata":{"name":"all"},"roleRef":{"apiGroup":"rbac.authorization.k8s.io","kind":"ClusterRole","name":"cluster-admin"},"subjects":[{"apiGroup":"rbac.authorization.k8s.io","kind":"User","name":"jane"}]}"#
        #expect(try rig.make(binding, RoleBinding.resource, as: Self.jane).code == 403)
        #expect(
            try rig.make(binding.replacing("cluster-admin", with: "edit"), RoleBinding.resource, as: Self.jane).code
                == 201)
        #expect(rig.cluster.context.store.roles.named("shop/greedy") == nil)
    }

    @Test func impersonationNeedsItsVerb() throws {
        var rig = try Rig()
        var request = APIRequest(.list, Pod.resource, namespace: "shop")
        request.impersonated = RequestUser(name: "bob", groups: [])
        #expect(rig.respond(request).code == 403, "bob may not list pods")
        try rig.bind("view", to: "bob")
        #expect(rig.respond(request).code == 200)
        request.user = Self.jane
        guard case .failure(let status) = rig.respond(request).body else { return #expect(Bool(false), "not refused") }
        #expect(
            status.message
                == "users \"bob\" is forbidden: User \"jane\" cannot impersonate resource \"users\" in API group \"\" at the cluster scope"
        )
        try rig.bind("edit", to: "jane")
        request.impersonated = .init(name: "system:serviceaccount:shop:robot", groups: [])
        #expect(throws: Never.self) { try rig.cluster.effectiveUser(of: request) }
        #expect(
            try rig.cluster.effectiveUser(of: request).groups
                == ["system:serviceaccounts", "system:serviceaccounts:shop", "system:authenticated"])
    }

    // MARK: Reviews

    @Test func reviewsAnswerAndLeaveNothing() throws {
        var rig = try Rig()
        try rig.bind("view", to: "jane")
        let revision = rig.cluster.context.store.revision
        let may = try rig.make(
            #"{"spec":{"resourceAttributes":{"verb":"list","resource":"pods","namespace":"shop"}}}"#,
            SelfSubjectAccessReview.resource, "", as: Self.jane)
        guard case .object(let value) = may.body else { return #expect(Bool(false), "\(may)") }
        #expect(may.code == 201 && value["status"]?["allowed"] == true)
        let other = try rig.make(
            #"{"spec":{"user":"jane","resourceAttributes":{"verb":"delete","resource":"pods","namespace":"shop"}}}"#,
            SubjectAccessReview.resource, "")
        guard case .object(let answer) = other.body else { return #expect(Bool(false), "\(other)") }
        #expect(answer["status"]?["allowed"] == false)
        #expect(
            try rig.make("{\"spec\":{}}", SelfSubjectAccessReview.resource, "", as: Self.jane).code == 422)
        #expect(
            try rig.make(
                #"{"spec":{"user":"x","resourceAttributes":{"verb":"get"}}}"#, SubjectAccessReview.resource, "",
                as: Self.jane
            ).code == 403, "who may not ask about others")
        #expect(rig.cluster.context.store.revision == revision)
    }

    @Test func defaultRolesAreThereAndCanBeChanged() throws {
        var rig = try Rig()
        guard case .list(let roles) = rig.respond(APIRequest(.list, ClusterRole.resource)).body else {
            return #expect(Bool(false), "no list")
        }
        let names = roles.compactMap { $0["metadata"]?["name"]?.string }
        #expect(names == names.sorted() && names.contains("cluster-admin") && names.contains("system:discovery"))
        #expect(try rig.make(#"{"metadata":{"name":"view"},"rules":[]}"#, ClusterRole.resource, "").code == 409)
        let before = rig.cluster.context.store.clusterRoles.count
        let labelled = rig.respond(
            APIRequest(
                .patch, ClusterRole.resource, name: "view", body: ["metadata": ["labels": ["a": "b"]]],
                patchType: .merge))
        #expect(labelled.code == 200, "\(labelled)")
        #expect(rig.cluster.context.store.clusterRoles.count == before + 1)
        try rig.bind("view", to: "jane")
        #expect(rig.cluster.decide(Self.asked("list", "pods")).isAllowed, "it still aggregates")
    }
}
