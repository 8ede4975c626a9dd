import KubernetesAPI
import Simulation
import Testing

@testable import Cluster

/// What the API server adds to a pod: its account's token, and the labels of the place where it runs.
@Suite struct PodAdmissionTests {
    static let path = "/var/run/secrets/kubernetes.io/serviceaccount"

    @Test func everyPodMountsTheTokenOfItsAccountUnderANameOfItsOwn() throws {
        var rig = ClusterRig()
        try rig.apply(Manifests.deployment("web", replicas: 3))
        rig.run(for: .seconds(30))
        #expect(rig.pods.count == 3)
        var names: Set<String> = []
        for pod in rig.pods {
            let volume = try #require(pod.spec.volumes.first)
            #expect(pod.spec.volumes.count == 1)
            #expect(volume.name.hasPrefix("kube-api-access-") && volume.name.utf8.count == 21)
            #expect(volume.volumeSource.projected?.sources.count == 3)
            let mounts = pod.spec.containers.map(\.volumeMounts)
            #expect(mounts.allSatisfy { $0.last?.name == volume.name && $0.last?.mountPath == Self.path })
            #expect(pod.spec.serviceAccount == "default" && pod.spec.enableServiceLinks == true)
            #expect(pod.status.phase == "Running")
            names.insert(volume.name)
        }
        #expect(names.count == 3)
        let template = try rig.get("web", Deployment.self).spec.template.spec
        #expect(template.volumes.isEmpty && template.enableServiceLinks == nil)
    }

    @Test func aPodOrAnAccountCanDoWithoutTheToken() throws {
        var rig = ClusterRig()
        try rig.create(
            """
            apiVersion: v1
            kind: ServiceAccount
            metadata: {name: bare}
            automountServiceAccountToken: false
            ---
            apiVersion: v1
            kind: Pod
            metadata: {name: refuses}
            spec: {automountServiceAccountToken: false, containers: [{name: main, image: "app:1"}]}
            ---
            apiVersion: v1
            kind: Pod
            metadata: {name: inherits}
            spec: {serviceAccountName: bare, containers: [{name: main, image: "app:1"}]}
            ---
            apiVersion: v1
            kind: Pod
            metadata: {name: insists}
            spec: {serviceAccountName: bare, automountServiceAccountToken: true, containers: [{name: main, image: "app:1"}]}
            ---
            apiVersion: v1
            kind: Pod
            metadata: {name: replaces}
            spec:
              volumes: [{name: mine}]
              containers: [{name: main, image: "app:1", volumeMounts: [{name: mine, mountPath: \(Self.path)}]}]
            """)
        #expect(try rig.get("refuses", Pod.self).spec.volumes.isEmpty)
        #expect(try rig.get("inherits", Pod.self).spec.volumes.isEmpty)
        #expect(try rig.get("insists", Pod.self).spec.volumes.count == 1)
        #expect(try rig.get("replaces", Pod.self).spec.volumes.map(\.name) == ["mine"])
    }

    @Test func aPodTakesTheTopologyOfItsNodeWhenItIsBound() throws {
        var rig = ClusterRig()
        try rig.create(
            """
            apiVersion: v1
            kind: Pod
            metadata: {name: scheduled, labels: {app: web, topology.kubernetes.io/zone: elsewhere}}
            spec: {nodeSelector: {kubernetes.io/hostname: node-2}, containers: [{name: main, image: "app:1"}]}
            ---
            apiVersion: v1
            kind: Pod
            metadata: {name: placed}
            spec: {nodeName: node-3, containers: [{name: main, image: "app:1"}]}
            """)
        #expect(try rig.get("scheduled", Pod.self).metadata.labels["topology.kubernetes.io/zone"] == "elsewhere")
        rig.run(for: .seconds(5))
        #expect(
            try rig.get("scheduled", Pod.self).metadata.labels == [
                "app": "web", "topology.kubernetes.io/zone": "zone-1", "topology.kubernetes.io/region": "region-1",
            ])
        #expect(try rig.get("placed", Pod.self).metadata.labels["topology.kubernetes.io/zone"] == "zone-2")
    }
}
