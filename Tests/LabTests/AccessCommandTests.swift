import Kubectl
import KubernetesAPI
import Simulation
import Testing

@testable import Lab

/// Permissions from kubectl's side: `auth`, `--as`, and that refusals are replayed as what they were.
@Suite struct AccessCommandTests {
    static let roles = """
        apiVersion: rbac.authorization.k8s.io/v1
        kind: Role
        metadata: {name: reader, namespace: shop}
        rules: [{apiGroups: [""], resources: [pods, pods/log], verbs: [get, list]}]
        ---
        apiVersion: rbac.authorization.k8s.io/v1
        kind: RoleBinding
        metadata: {name: jane, namespace: shop}
        roleRef: {apiGroup: rbac.authorization.k8s.io, kind: Role, name: reader}
        subjects: [{apiGroup: rbac.authorization.k8s.io, kind: User, name: jane}]
        """

    private static func world() throws -> World {
        var world = try ContainerShellTests.world()
        #expect(world.apply(roles, file: "roles.yaml", author: "test").failures.isEmpty)
        return world
    }

    @Test(arguments: [
        ("auth can-i list pods --as jane", "yes\n", 0), ("auth can-i delete pods --as jane", "no\n", 1),
        ("auth can-i get pods --subresource=log --as jane", "yes\n", 0),
        ("auth can-i list pods -A --as jane", "no\n", 1), ("auth can-i get /version --as jane", "yes\n", 0),
        ("auth can-i create pods", "yes\n", 0), ("auth can-i '*' '*' -q --as jane", "", 1),
        (
            "auth can-i --list --as jane",
            """
            Resources                                       Non-Resource URLs   Resource Names   Verbs
            selfsubjectreviews.authentication.k8s.io        []                  []               [create]
            selfsubjectaccessreviews.authorization.k8s.io   []                  []               [create]
            selfsubjectrulesreviews.authorization.k8s.io    []                  []               [create]
            pods/log                                        []                  []               [get list]
            pods                                            []                  []               [get list]
                                                            [/api/*]            []               [get]
                                                            [/api]              []               [get]
                                                            [/apis/*]           []               [get]
                                                            [/apis]             []               [get]
                                                            [/healthz]          []               [get]
                                                            [/livez]            []               [get]
                                                            [/openapi/*]        []               [get]
                                                            [/openapi]          []               [get]
                                                            [/readyz]           []               [get]
                                                            [/version/]         []               [get]
                                                            [/version]          []               [get]

            """, 0
        ),
        (
            "auth whoami --as jane --as-group team",
            "ATTRIBUTE   VALUE\nUsername    jane\nGroups      [team system:authenticated]\n", 0
        ),
        (
            "get services --as jane",
            "Error from server (Forbidden): services is forbidden: User \"jane\" cannot list resource \"services\" in API group \"\" in the namespace \"shop\"\n",
            1
        ),
        (
            "exec web --as jane -- env",
            "Error from server (Forbidden): pods \"web\" is forbidden: User \"jane\" cannot create resource \"pods/exec\" in API group \"\" in the namespace \"shop\"\n",
            1
        ),
        ("get pods --as-group team", "error: requesting uid, groups or user-extra without impersonating a user\n", 1),
    ])
    func whatSomebodyMay(line: String, text: String, code: Int32) throws {
        var world = try Self.world()
        let outcome = KubectlPlayTests.kubectl(line.replacing("'", with: ""), on: &world)
        #expect(outcome.text == text)
        #expect(outcome.code == code)
    }

    @Test func whoSentARequestIsReplayed() throws {
        let rig = try StoreRig()
        try rig.createUsed()
        var session = try rig.open(.writing)
        session.apply(Self.roles)
        let environment = RecordedEnvironment(defaultNamespace: "shop")
        let digest = session.world.stateDigest
        #expect(
            KubectlCommand.run(["delete", "pods", "--all", "--as", "jane"], on: &session, environment: environment) == 1
        )
        #expect(KubectlCommand.run(["auth", "can-i", "--list"], on: &session, environment: environment) == 0)
        #expect(session.world.stateDigest == digest, "a refusal and a question leave no trace")
        var request = APIRequest(
            .create, ConfigMap.resource, namespace: "shop", body: ["metadata": ["name": "mine"], "data": ["a": "b"]])
        request.user = RequestUser(name: "root", groups: [RequestUser.mastersGroup, "x"])
        request.impersonated = RequestUser(name: "boss", groups: [RequestUser.mastersGroup])
        #expect(session.respond(to: request).code == 201)
        try session.commit()
        #expect(session.world.stateDigest == (try session.replayedDigest()))
        guard case .request(let stored)? = try rig.open().inputs().last?.action else {
            return #expect(Bool(false), "no request")
        }
        #expect(stored.user == request.user && stored.impersonated == request.impersonated)
    }
}
