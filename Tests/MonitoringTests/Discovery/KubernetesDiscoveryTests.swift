import KubernetesAPI
import PromQL
import Testing

@testable import Monitoring

/// A small cluster: two pods of a service, a node, an Ingress.
enum SmallCluster {
    static let manifests = """
        apiVersion: v1
        kind: Pod
        metadata:
          name: web-1
          namespace: default
          uid: u1
          labels: {app: web, app.kubernetes.io/part-of: shop}
          annotations: {prometheus.io/scrape: "true"}
          ownerReferences: [{kind: ReplicaSet, name: web-abc, controller: true, apiVersion: apps/v1, uid: r}]
        spec:
          nodeName: node-1
          containers:
          - name: web
            image: web:1
            ports:
            - {name: http, containerPort: 8080, protocol: TCP}
            - {name: metrics, containerPort: 9090, protocol: TCP}
          - {name: sidecar, image: side:1}
          initContainers: [{name: setup, image: init:1}]
        status:
          phase: Running
          podIP: 10.0.0.1
          hostIP: 192.168.0.1
          conditions: [{type: Ready, status: "True"}]
          containerStatuses: [{name: web, containerID: "containerd://x", image: web:1, imageID: x, ready: true, restartCount: 0}]
        ---
        apiVersion: v1
        kind: Pod
        metadata: {name: web-2, namespace: default, uid: u2, labels: {app: web}}
        spec:
          nodeName: node-1
          containers: [{name: web, image: web:1, ports: [{name: http, containerPort: 8080, protocol: TCP}]}]
        status: {phase: Running, podIP: "fd00::2", conditions: [{type: Ready, status: "False"}]}
        ---
        apiVersion: v1
        kind: Pod
        metadata: {name: starting, namespace: other}
        spec: {containers: [{name: c, image: c}]}
        status: {phase: Pending}
        ---
        apiVersion: v1
        kind: Service
        metadata: {name: web, namespace: default, labels: {app: web, release: lab}}
        spec:
          clusterIP: 10.96.0.1
          type: ClusterIP
          ports: [{name: http, port: 80, protocol: TCP}]
        ---
        apiVersion: v1
        kind: Endpoints
        metadata: {name: web, namespace: default}
        subsets:
        - addresses: [{ip: 10.0.0.1, nodeName: node-1, targetRef: {kind: Pod, name: web-1, namespace: default}}]
          notReadyAddresses: [{ip: "fd00::2", targetRef: {kind: Pod, name: web-2, namespace: default}}]
          ports: [{name: http, port: 8080, protocol: TCP}]
        ---
        apiVersion: discovery.k8s.io/v1
        kind: EndpointSlice
        metadata: {name: web-x, namespace: default, labels: {kubernetes.io/service-name: web}}
        addressType: IPv4
        endpoints:
        - addresses: [10.0.0.1]
          conditions: {ready: true, serving: true, terminating: false}
          nodeName: node-1
          zone: a
          targetRef: {kind: Pod, name: web-1, namespace: default}
        ports: [{name: http, port: 8080, protocol: TCP}]
        ---
        apiVersion: v1
        kind: Node
        metadata: {name: node-1, labels: {kubernetes.io/arch: amd64}}
        spec: {providerID: "lab://1"}
        status:
          addresses: [{type: Hostname, address: node-1}, {type: InternalIP, address: 192.168.0.1}]
          daemonEndpoints: {kubeletEndpoint: {Port: 10250}}
        ---
        apiVersion: networking.k8s.io/v1
        kind: Ingress
        metadata: {name: shop, namespace: default}
        spec:
          ingressClassName: nginx
          tls: [{hosts: ["*.example.com"]}]
          rules:
          - host: www.example.com
            http: {paths: [{path: /a, pathType: Prefix, backend: {}}, {pathType: Prefix, backend: {}}]}
          - host: plain.org
        """

    static func objects() throws -> DiscoveredObjects {
        var objects = DiscoveredObjects()
        for document in try YAMLReader.documents(manifests) {
            switch document.value["kind"]?.string {
            case "Pod": objects.pods.append(try Pod.decode(json: document.value).object)
            case "Service": objects.services.append(try Service.decode(json: document.value).object)
            case "Endpoints": objects.endpoints.append(try Endpoints.decode(json: document.value).object)
            case "EndpointSlice": objects.endpointSlices.append(try EndpointSlice.decode(json: document.value).object)
            case "Node": objects.nodes.append(try Node.decode(json: document.value).object)
            case "Ingress": objects.ingresses.append(try Ingress.decode(json: document.value).object)
            default: break
            }
        }
        return objects
    }
}

@Suite struct KubernetesDiscoveryTests {
    private func groups(
        _ role: KubernetesRole, _ change: (inout KubernetesDiscoveryConfiguration) -> Void = { _ in }
    ) throws -> [TargetGroup] {
        var configuration = KubernetesDiscoveryConfiguration(role: role)
        change(&configuration)
        var discovery = DiscoveryConfiguration()
        discovery.kubernetes = [configuration]
        return discovery.groups(in: try SmallCluster.objects())
    }

    @Test func aPodHasATargetForEachPort() throws {
        let found = try groups(.pod)
        #expect(found.map(\.source) == ["pod/default/web-1", "pod/default/web-2", "pod/other/starting"])
        #expect(
            found[0].targets.map { $0["__address__"] } == ["10.0.0.1:8080", "10.0.0.1:9090", "10.0.0.1", "10.0.0.1"])
        #expect(
            found[0].labels.description
                == #"{__meta_kubernetes_namespace="default", __meta_kubernetes_pod_annotation_prometheus_io_scrape="true", "#
                + #"__meta_kubernetes_pod_annotationpresent_prometheus_io_scrape="true", __meta_kubernetes_pod_controller_kind="ReplicaSet", "#
                + #"__meta_kubernetes_pod_controller_name="web-abc", __meta_kubernetes_pod_host_ip="192.168.0.1", "#
                + #"__meta_kubernetes_pod_ip="10.0.0.1", __meta_kubernetes_pod_label_app="web", "#
                + #"__meta_kubernetes_pod_label_app_kubernetes_io_part_of="shop", __meta_kubernetes_pod_labelpresent_app="true", "#
                + #"__meta_kubernetes_pod_labelpresent_app_kubernetes_io_part_of="true", __meta_kubernetes_pod_name="web-1", "#
                + #"__meta_kubernetes_pod_node_name="node-1", __meta_kubernetes_pod_phase="Running", "#
                + #"__meta_kubernetes_pod_ready="true", __meta_kubernetes_pod_uid="u1"}"#)
        #expect(
            found[0].targets[0].description
                == #"{__address__="10.0.0.1:8080", __meta_kubernetes_pod_container_id="containerd://x", "#
                + #"__meta_kubernetes_pod_container_image="web:1", __meta_kubernetes_pod_container_init="false", "#
                + #"__meta_kubernetes_pod_container_name="web", __meta_kubernetes_pod_container_port_name="http", "#
                + #"__meta_kubernetes_pod_container_port_number="8080", __meta_kubernetes_pod_container_port_protocol="TCP"}"#
        )
        #expect(found[0].targets[3]["__meta_kubernetes_pod_container_init"] == "true")
        #expect(found[1].targets[0]["__address__"] == "[fd00::2]:8080")
        // Without an address there is nothing to scrape.
        #expect(found[2].targets.isEmpty)
    }

    @Test func namespacesAndSelectorsNarrowTheSearch() throws {
        #expect(try groups(.pod) { $0.namespaces = ["other"] }.map(\.source) == ["pod/other/starting"])
        #expect(
            try groups(.pod) {
                $0.selectors = [.init(role: .pod, label: "app=web", field: "status.podIP=10.0.0.1")]
            }.map(\.source) == ["pod/default/web-1"])
    }

    @Test func endpointsKnowTheirServiceAndPod() throws {
        let found = try groups(.endpoints) { $0.attachNode = true }
        #expect(found.count == 1)
        #expect(found[0].labels["__meta_kubernetes_service_label_release"] == "lab")
        #expect(found[0].labels["__meta_kubernetes_endpoints_name"] == "web")
        let targets = found[0].targets
        // The ready address, the one that is not, and the port of a pod that no endpoint leads to.
        #expect(targets.map { $0["__address__"] } == ["10.0.0.1:8080", "[fd00::2]:8080", "10.0.0.1:9090"])
        #expect(targets.map { $0["__meta_kubernetes_endpoint_ready"] } == ["true", "false", ""])
        #expect(targets[0]["__meta_kubernetes_endpoint_port_name"] == "http")
        #expect(targets[0]["__meta_kubernetes_endpoint_address_target_kind"] == "Pod")
        #expect(targets[0]["__meta_kubernetes_pod_name"] == "web-1")
        #expect(targets[0]["__meta_kubernetes_pod_container_port_number"] == "8080")
        #expect(targets[0]["__meta_kubernetes_node_label_kubernetes_io_arch"] == "amd64")
        #expect(targets[2]["__meta_kubernetes_pod_container_port_name"] == "metrics")
    }

    @Test func endpointSlicesSayTheSame() throws {
        let found = try groups(.endpointslice)
        #expect(found[0].labels["__meta_kubernetes_service_name"] == "web")
        #expect(found[0].labels["__meta_kubernetes_endpointslice_address_type"] == "IPv4")
        let target = found[0].targets[0]
        #expect(target["__meta_kubernetes_endpointslice_endpoint_conditions_terminating"] == "false")
        #expect(target["__meta_kubernetes_endpointslice_endpoint_zone"] == "a")
        #expect(target["__meta_kubernetes_endpointslice_endpoint_node_name"] == "node-1")
        #expect(target["__meta_kubernetes_endpointslice_port"] == "8080")
        #expect(target["__meta_kubernetes_pod_container_name"] == "web")
        #expect(found[0].targets.map { $0["__address__"] } == ["10.0.0.1:8080", "10.0.0.1:9090"])
    }

    @Test func servicesNodesAndIngressesHaveTheirOwnTargets() throws {
        let service = try groups(.service)[0]
        #expect(service.targets[0]["__address__"] == "web.default.svc:80")
        #expect(service.targets[0]["__meta_kubernetes_service_cluster_ip"] == "10.96.0.1")
        let node = try groups(.node)[0]
        #expect(node.targets[0]["__address__"] == "192.168.0.1:10250")
        #expect(node.targets[0]["instance"] == "node-1")
        #expect(node.targets[0]["__meta_kubernetes_node_address_Hostname"] == "node-1")
        #expect(node.labels["__meta_kubernetes_node_provider_id"] == "lab://1")
        let ingress = try groups(.ingress)[0]
        #expect(ingress.labels["__meta_kubernetes_ingress_class_name"] == "nginx")
        #expect(ingress.targets.map { $0["__meta_kubernetes_ingress_path"] } == ["/a", "/", "/"])
        #expect(ingress.targets.map { $0["__meta_kubernetes_ingress_scheme"] } == ["https", "https", "http"])
        #expect(ingress.targets[2]["__address__"] == "plain.org")
    }

    @Test func staticTargetsComeFirstWithTheirLabels() throws {
        var discovery = DiscoveryConfiguration()
        discovery.statics = [.init(targets: ["a:1", "b:2"], labels: Labels(["team": "x"]))]
        #expect(
            discovery.groups(in: DiscoveredObjects()).flatMap(\.discovered)
                == [Labels(["__address__": "a:1", "team": "x"]), Labels(["__address__": "b:2", "team": "x"])])
    }
}
