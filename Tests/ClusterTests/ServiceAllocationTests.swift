import KubernetesAPI
import Simulation
import Testing

@testable import Cluster

/// Addresses and node ports of services: given, kept, checked and taken back.
@Suite struct ServiceAllocationTests {
    private static func service(_ name: String, type: String, port: String = "", address: String = "") -> String {
        """
        apiVersion: v1
        kind: Service
        metadata: {name: \(name)}
        spec:
          type: \(type)
          selector: {app: web}
          \(address.isEmpty ? "" : "clusterIP: \(address)")
          ports: [{port: 80\(port.isEmpty ? "" : ", nodePort: \(port)")}]
        """
    }

    private func refusal(_ rig: inout ClusterRig, _ text: String) throws -> String {
        guard case .failure(let status)? = try rig.create(text).first?.body else { return "" }
        return status.message
    }

    @Test func nodePortsOutsideTheRangeOrTakenAreRefused() throws {
        var rig = ClusterRig(nodes: 1)
        #expect(
            try refusal(&rig, Self.service("low", type: "NodePort", port: "80"))
                == "Service \"low\" is invalid: spec.ports[0].nodePort: Invalid value: 80: provided port is not in the valid range. The range of valid ports is 30000-32767"
        )
        try rig.apply(Self.service("first", type: "NodePort", port: "30080"))
        #expect(
            try refusal(&rig, Self.service("second", type: "NodePort", port: "30080"))
                == "Service \"second\" is invalid: spec.ports[0].nodePort: Invalid value: 30080: provided port is already allocated"
        )
    }

    @Test func addressesOutsideTheNetworkOrTakenAreRefused() throws {
        var rig = ClusterRig(nodes: 1)
        #expect(
            try refusal(&rig, Self.service("far", type: "ClusterIP", address: "10.10.100.100"))
                == "Service \"far\" is invalid: spec.clusterIPs: Invalid value: [\"10.10.100.100\"]: failed to allocate IP 10.10.100.100: the provided network does not match the current range"
        )
        try rig.apply(Self.service("first", type: "ClusterIP", address: "10.96.7.8"))
        #expect(
            try refusal(&rig, Self.service("second", type: "ClusterIP", address: "10.96.7.8"))
                == "Service \"second\" is invalid: spec.clusterIPs: Invalid value: [\"10.96.7.8\"]: failed to allocate IP 10.96.7.8: provided IP is already allocated"
        )
    }

    @Test func aChangedTypeGetsWhatItNeedsAndLosesTheRest() throws {
        var rig = ClusterRig(nodes: 1)
        try rig.apply(Self.service("web", type: "ClusterIP"))
        let address = try rig.get("web", Service.self).spec.clusterIP
        #expect(address.hasPrefix("10.96."))
        try rig.patch(Service.resource, "web", "{spec: {type: NodePort}}")
        var service = try rig.get("web", Service.self)
        let port = try #require(service.spec.ports[0].nodePort)
        #expect((30_000...32_767).contains(port) && service.spec.clusterIP == address)
        try rig.patch(Service.resource, "web", "{spec: {type: NodePort, selector: {app: other}}}")
        #expect(try rig.get("web", Service.self).spec.ports[0].nodePort == port)
        try rig.patch(Service.resource, "web", "{spec: {type: ClusterIP}}")
        service = try rig.get("web", Service.self)
        #expect(service.spec.ports[0].nodePort == nil && service.spec.clusterIP == address)
        // What it gave back is free for others.
        try rig.apply(Self.service("next", type: "NodePort", port: "\(port)"))
    }

    @Test func aStatefulSetsServiceMustHaveAName() throws {
        var rig = ClusterRig(nodes: 1)
        let text = """
            apiVersion: apps/v1
            kind: StatefulSet
            metadata: {name: db}
            spec:
              serviceName: A_b
              selector: {matchLabels: {app: db}}
              template: {metadata: {labels: {app: db}}, spec: {containers: [{name: c, image: "app:1"}]}}
              volumeClaimTemplates: [{metadata: {name: data}, spec: {accessModes: [RWO], resources: {requests: {storage: 1Gi}}}}]
            """
        let message = try refusal(&rig, text)
        #expect(message.contains("spec.volumeClaimTemplates[0].spec.accessModes: Unsupported value: \"RWO\""))
        #expect(
            message.contains("spec.serviceName: Invalid value: \"A_b\": a lowercase RFC 1123 label must consist of"))
    }
}
