import KubernetesAPI
import Simulation
import Testing

@testable import Lab

/// What a node keeps for its kubelet and system is not for pods.
@Suite struct ReservedResourcesTests {
    private static func scenario(_ reserved: String) -> String {
        "name: reserved\nnodes: [{name: n1, cpu: \"4\", memory: 8Gi, reserved: {\(reserved)}}]\n"
    }

    @Test func allocatableIsCapacityLessWhatIsReserved() throws {
        let world = try World.make(Self.scenario("cpu: 200m, memory: 924Mi, ephemeral-storage: 5Gi"))
        let status = try #require(world.cluster.context.store.nodes.named("n1")).status
        let text = { (amounts: [String: Quantity]) in
            ["cpu", "ephemeral-storage", "memory"].map { amounts[$0]?.description ?? "" }
        }
        #expect(text(status.capacity) == ["4", "100Gi", "8Gi"])
        #expect(text(status.allocatable) == ["3800m", "95Gi", "7Gi"])
    }

    @Test(arguments: ["cpu: \"4\"", "memory: 9Gi", "cpu: -1", "cpu: lots", "pods: \"3\""])
    func whatIsNotThereCannotBeReserved(reserved: String) {
        #expect(throws: ConfigurationError.self) { try World.make(Self.scenario(reserved)) }
    }
}
