import ContainerRuntime
import KubernetesAPI
import Simulation
import Testing

@testable import Cluster

/// EndpointSlices and Endpoints: what follows a service's pods, and what users cannot change for long.
@Suite struct EndpointSliceTests {
    static let service = """
        apiVersion: v1
        kind: Service
        metadata: {name: web, labels: {team: a}}
        spec: {selector: {app: web}, ports: [{name: http, port: 80, targetPort: 8080}]}
        """

    static func rig(replicas: Int = 3, nodes: Int = 3, spec: String = "") throws -> ClusterRig {
        var rig = ClusterRig(nodes: nodes, cpu: "64", memory: "64Gi")
        try rig.apply(service)
        try rig.apply(Manifests.deployment("web", replicas: replicas, spec: spec))
        rig.run(for: .seconds(20))
        return rig
    }

    static func slices(_ rig: ClusterRig) -> [EndpointSlice] {
        rig.cluster.context.store.endpointSlices.sorted.map(\.object)
    }

    static func addresses(_ rig: ClusterRig) -> [String] {
        slices(rig).flatMap(\.endpoints).flatMap(\.addresses).sorted()
    }

    static func endpoints(_ rig: inout ClusterRig, _ name: String = "web") throws -> Endpoints {
        let response = rig.respond(APIRequest(.get, Endpoints.resource, namespace: "default", name: name))
        guard case .object(let json) = response.body else { throw RigError("no endpoints: \(response)") }
        return try Endpoints.decode(json: json).object
    }

    @Test func aDeletedSliceComesBack() throws {
        var rig = try Self.rig()
        let (before, addresses) = (try #require(Self.slices(rig).first), Self.addresses(rig))
        #expect(addresses.count == 3)
        #expect(rig.delete(EndpointSlice.resource, before.metadata.name).code == 200)
        rig.run(for: .seconds(1))
        let after = try #require(Self.slices(rig).first)
        #expect(Self.slices(rig).count == 1 && after.metadata.uid != before.metadata.uid)
        #expect(Self.addresses(rig) == addresses && after.ports == before.ports)
        #expect(try #require(rig.cluster.endpoints.existingIndex(of: "default/web")) >= 0)
        rig.run(for: .seconds(1))
        let index = try #require(rig.cluster.endpoints.existingIndex(of: "default/web"))
        #expect(rig.cluster.endpoints.services[index].endpoints.count == 3)
        #expect(rig.cluster.audit(at: rig.clock.now).isEmpty)
    }

    @Test func anotherPortReachesSlicesWhoseEndpointsStay() throws {
        var rig = try Self.rig()
        let before = try #require(Self.slices(rig).first)
        try rig.patch(
            Service.resource, "web", "spec: {ports: [{name: http, port: 80, targetPort: 9090}], selector: {app: web}}")
        rig.run(for: .seconds(1))
        let after = try #require(Self.slices(rig).first)
        #expect(Self.slices(rig).count == 1 && after.metadata.uid == before.metadata.uid)
        #expect(after.ports.map(\.port) == [9090] && after.endpoints == before.endpoints)
        #expect(try Self.endpoints(&rig).subsets.map(\.ports).first?.map(\.port) == [9090])
    }

    @Test func theLabelsOfTheServiceAreThoseOfItsSlices() throws {
        var rig = try Self.rig()
        try rig.patch(Service.resource, "web", "metadata: {labels: {team: b}}")
        rig.run(for: .seconds(1))
        #expect(Self.slices(rig).first?.metadata.labels["team"] == "b")
    }

    @Test(arguments: [
        "endpoints: []", "ports: []", "metadata: {labels: {team: mine}}",
        "metadata: {ownerReferences: null}", "endpoints: [{addresses: [\"1.2.3.4\"]}]",
    ]) func whatAUserChangesIsPutRight(patch: String) throws {
        var rig = try Self.rig()
        let before = try #require(Self.slices(rig).first)
        let body = try YAMLReader.documents(patch).first?.value
        let response = rig.respond(
            APIRequest(
                .patch, EndpointSlice.resource, namespace: "default", name: before.metadata.name, body: body,
                patchType: .merge))
        #expect(response.code == 200)
        #expect(Self.slices(rig).first?.metadata.resourceVersion != before.metadata.resourceVersion)
        rig.run(for: .seconds(1))
        var after = try #require(Self.slices(rig).first)
        after.metadata.resourceVersion = before.metadata.resourceVersion
        after.metadata.generation = before.metadata.generation
        #expect(after == before)
    }

    @Test func aSliceThatIsGivenAwayIsReplaced() throws {
        var rig = try Self.rig()
        let before = try #require(Self.slices(rig).first)
        try rig.patch(
            EndpointSlice.resource, before.metadata.name,
            "metadata: {labels: {endpointslice.kubernetes.io/managed-by: me}}")
        rig.run(for: .seconds(1))
        let managed = Self.slices(rig).filter {
            $0.metadata.labels["endpointslice.kubernetes.io/managed-by"] == "endpointslice-controller.k8s.io"
        }
        #expect(managed.count == 1 && managed.first?.endpoints == before.endpoints)
    }

    @Test func aSliceThatOnlySaysThatItIsTheControllersGoes() throws {
        var rig = try Self.rig()
        try rig.apply(
            """
            apiVersion: discovery.k8s.io/v1
            kind: EndpointSlice
            metadata: {name: forged, labels: {kubernetes.io/service-name: web, endpointslice.kubernetes.io/managed-by: endpointslice-controller.k8s.io}}
            addressType: IPv4
            endpoints: [{addresses: [10.9.9.9]}]
            ports: [{port: 80}]
            """)
        rig.run(for: .seconds(1))
        #expect(Self.slices(rig).count == 1 && !Self.addresses(rig).contains("10.9.9.9"))
    }

    @Test func aServiceWithoutPodsHasOneEmptySlice() throws {
        var rig = try Self.rig()
        let name = Self.slices(rig).first?.metadata.name
        try rig.patch(Deployment.resource, "web", "spec: {replicas: 0}")
        rig.run(for: .seconds(60))
        let slice = try #require(Self.slices(rig).first)
        #expect(Self.slices(rig).count == 1 && slice.metadata.name == name)
        #expect(slice.endpoints.isEmpty && slice.ports.isEmpty)
        #expect(try Self.endpoints(&rig).subsets.isEmpty)
    }

    @Test func aHundredEndpointsFitInASliceAndEmptyOnesGo() throws {
        var rig = try Self.rig(replicas: 130, nodes: 6)
        rig.run(for: .seconds(60))
        #expect(Self.slices(rig).map(\.endpoints.count).sorted(by: >) == [100, 30])
        try rig.patch(Deployment.resource, "web", "spec: {replicas: 2}")
        rig.run(for: .seconds(60))
        #expect(Self.slices(rig).allSatisfy { !$0.endpoints.isEmpty } && Self.addresses(rig).count == 2)
        try rig.restore()
        try rig.patch(Deployment.resource, "web", "spec: {replicas: 5}")
        rig.run(for: .seconds(60))
        #expect(Self.addresses(rig).count == 5)
    }

    /// A named port may be another number in each pod: each combination has its own slice and subset.
    @Test func podsWithOtherNumbersForANamedPortStandInASliceOfTheirOwn() throws {
        var rig = ClusterRig()
        try rig.apply(
            """
            apiVersion: v1
            kind: Service
            metadata: {name: web}
            spec: {selector: {app: web}, ports: [{name: http, port: 80, targetPort: http}]}
            """)
        for (name, port) in [("a", 8080), ("b", 8080), ("c", 9090)] {
            try rig.apply(
                "apiVersion: v1\nkind: Pod\nmetadata: {name: \(name), labels: {app: web}}\nspec: {containers: [{name: app, image: \"web:1\", ports: [{name: http, containerPort: \(port)}]}]}"
            )
        }
        rig.run(for: .seconds(20))
        let ports = Self.slices(rig).map { "\($0.ports.compactMap(\.port)) \($0.endpoints.count)" }.sorted()
        #expect(ports == ["[8080] 2", "[9090] 1"])
        let subsets = try Self.endpoints(&rig).subsets
        #expect(subsets.map { $0.ports.map(\.port) }.sorted { $0[0] < $1[0] } == [[8080], [9090]])
        rig.delete(Pod.resource, "c", grace: 1)
        rig.run(for: .seconds(20))
        #expect(Self.slices(rig).map { $0.ports.compactMap(\.port) } == [[8080]])
    }

    @Test func endpointsSayWhatTheSlicesSayAndComeBackAtOnce() throws {
        var rig = try Self.rig()
        let endpoints = try Self.endpoints(&rig)
        let subset = try #require(endpoints.subsets.first)
        #expect(subset.addresses.map(\.ip) == Self.addresses(rig) && subset.notReadyAddresses.isEmpty)
        #expect(endpoints.metadata.labels["endpoints.kubernetes.io/managed-by"] == "endpoint-controller")
        let removed = rig.delete(Endpoints.resource, "web")
        #expect(removed.code == 200 && removed.warnings == [Cluster.endpointsWarning])
        #expect(try rig.patch(Endpoints.resource, "web", "subsets: []").code == 200)
        #expect(try Self.endpoints(&rig) == endpoints)
        let again = try rig.create("apiVersion: v1\nkind: Endpoints\nmetadata: {name: web}")
        #expect(again.map(\.code) == [409])
    }

    @Test func endpointsThatTerminateAreLeftOutUnlessUnreadyOnesAreTolerated() throws {
        for (tolerates, count) in [(false, 0), (true, 1)] {
            var rig = ClusterRig()
            rig.runtime.programs["web:1"] = FakeProgram(stopsAfter: .seconds(20))
            try rig.apply(
                "apiVersion: v1\nkind: Service\nmetadata: {name: web}\nspec: {selector: {app: web}, publishNotReadyAddresses: \(tolerates), ports: [{port: 80}]}"
            )
            try rig.apply(
                "apiVersion: v1\nkind: Pod\nmetadata: {name: a, labels: {app: web}}\nspec: {containers: [{name: app, image: \"web:1\"}]}"
            )
            rig.run(for: .seconds(10))
            rig.delete(Pod.resource, "a")
            rig.run(for: .seconds(5))
            #expect(try Self.endpoints(&rig).subsets.flatMap(\.addresses).count == count)
        }
    }

    @Test func endpointsOfAServiceWithoutASelectorAreTheUsersOwn() throws {
        var rig = ClusterRig()
        try rig.apply("apiVersion: v1\nkind: Service\nmetadata: {name: old}\nspec: {ports: [{port: 80}]}")
        try rig.apply(
            "apiVersion: v1\nkind: Endpoints\nmetadata: {name: old}\nsubsets: [{addresses: [{ip: 10.1.2.3}], ports: [{port: 80}]}]"
        )
        rig.run(for: .seconds(5))
        #expect(try Self.endpoints(&rig, "old").subsets.first?.addresses.first?.ip == "10.1.2.3")
        rig.delete(Service.resource, "old")
        rig.run(for: .seconds(5))
        #expect(rig.respond(APIRequest(.get, Endpoints.resource, namespace: "default", name: "old")).code == 404)
    }

    /// A slice by hand leads to the pod with its address.
    @Test func aServiceWithoutASelectorLeadsWhereItsSlicesSay() throws {
        var rig = ClusterRig()
        try rig.apply("apiVersion: v1\nkind: Service\nmetadata: {name: by-hand}\nspec: {ports: [{port: 80}]}")
        try rig.apply(
            "apiVersion: v1\nkind: Pod\nmetadata: {name: a}\nspec: {containers: [{name: app, image: \"web:1\"}]}")
        rig.run(for: .seconds(10))
        let address = try rig.get("a", Pod.self).status.podIP
        try rig.apply(
            """
            apiVersion: discovery.k8s.io/v1
            kind: EndpointSlice
            metadata: {name: mine, labels: {kubernetes.io/service-name: by-hand}}
            addressType: IPv4
            endpoints: [{addresses: [\(address)]}]
            ports: [{port: 80}]
            """)
        rig.run(for: .seconds(2))
        let index = try #require(rig.cluster.endpoints.existingIndex(of: "default/by-hand"))
        #expect(rig.cluster.endpoints.services[index].endpoints.count == 1)
        rig.delete(EndpointSlice.resource, "mine")
        rig.run(for: .seconds(2))
        #expect(rig.cluster.endpoints.services[index].endpoints.isEmpty)
    }

    @Test func moreThanAThousandAddressesAreCut() {
        func endpoints(_ subsets: [(ready: Int, not: Int)]) -> Endpoints {
            var endpoints = Endpoints()
            endpoints.subsets = subsets.map { counts in
                var subset = EndpointSubset()
                subset.addresses = Array(repeating: EndpointAddress(), count: counts.ready)
                subset.notReadyAddresses = Array(repeating: EndpointAddress(), count: counts.not)
                return subset
            }
            return endpoints
        }
        let cases: [(before: [(ready: Int, not: Int)], cut: Bool, after: [(ready: Int, not: Int)])] = [
            ([(900, 100)], false, [(900, 100)]), ([(900, 200)], true, [(900, 100)]),
            ([(1_200, 300)], true, [(1_000, 0)]), ([(800, 0), (400, 50)], true, [(667, 0), (333, 0)]),
            ([(500, 300), (400, 100)], true, [(500, 75), (400, 25)]),
        ]
        for (before, cut, after) in cases {
            var object = endpoints(before)
            #expect(object.truncate(to: 1_000) == cut)
            let counts = object.subsets.map { ($0.addresses.count, $0.notReadyAddresses.count) }
            #expect(counts.elementsEqual(after) { $0.0 == $1.ready && $0.1 == $1.not }, "\(before): \(counts)")
        }
    }
}
