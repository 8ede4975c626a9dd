import ContainerRuntime
import KubernetesAPI
import Simulation
import Testing

@testable import Cluster

/// The Leases of nodes, which are computed when somebody looks.
@Suite struct NodeLeaseTests {
    @Test func aNodeRenewsItsLeaseEveryTenSecondsUntilItFallsSilent() throws {
        var rig = ClusterRig()
        func renewed(_ rig: inout ClusterRig) throws -> Int64 {
            let response = rig.respond(
                APIRequest(.get, Lease.resource, namespace: "kube-node-lease", name: "node-2"))
            guard case .object(let json) = response.body else { throw RigError("no lease: \(response)") }
            let lease = try Lease.decode(json: json).object
            #expect(lease.spec.holderIdentity == "node-2" && lease.metadata.ownerReferences.first?.name == "node-2")
            return try #require(lease.spec.renewTime).epochMicroseconds / 1_000_000
        }
        let start = try renewed(&rig)
        rig.run(for: .seconds(25))
        #expect(try renewed(&rig) == start + 20)
        rig.setHealth(of: "node-2", .partitioned)
        rig.run(for: .seconds(60))
        #expect(try renewed(&rig) == start + 20)
        rig.setHealth(of: "node-2", .healthy)
        #expect(try renewed(&rig) == start + 85)
        rig.run(for: .seconds(12))
        #expect(try renewed(&rig) == start + 95)
    }

    @Test func leasesOfNodesAreListedAmongTheOthers() throws {
        var rig = ClusterRig()
        try rig.create(
            "apiVersion: coordination.k8s.io/v1\nkind: Lease\nmetadata: {name: leader}\nspec: {holderIdentity: me}")
        for (namespace, count) in [("", 4), ("default", 1), ("kube-node-lease", 3), ("kube-public", 0)] {
            guard case .list(let items) = rig.respond(APIRequest(.list, Lease.resource, namespace: namespace)).body
            else {
                throw RigError("no list in \(namespace)")
            }
            #expect(items.count == count, "\(namespace)")
        }
        let missing = rig.respond(APIRequest(.get, Lease.resource, namespace: "kube-node-lease", name: "node-9"))
        #expect(missing.code == 404)
    }
}
