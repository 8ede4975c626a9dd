import Foundation
import KubernetesAPI
import Testing

@testable import Kubectl

/// Printers and describers over objects that a real API server gave, against what the real kubectl printed of them.
@Suite struct RecordedObjectTests {
    /// Every recorded YAML comes out of the writer as it was, to the byte.
    @Test func yamlIsWrittenAsKubectlWritesIt() throws {
        var seen = 0
        for name in Recordings.names {
            let recording = try Recordings.read(name)
            guard recording.command.contains("-o yaml"), recording.code == 0 else { continue }
            seen += 1
            let document = try #require(try YAMLReader.documents(recording.text).first)
            #expect(YAMLWriter.text(document.value) == recording.text, "\(name)")
        }
        #expect(seen >= 5)
    }

    /// Every kind's columns are those of the real API server.
    @Test func columns() throws {
        let recorded = try JSONReader.read(Array(try Recordings.file("kubectl/table-columns.json").utf8)[...])
        for definition in TableDefinition.all where definition.resource.kind != "Scale" {
            let resource = definition.resource
            let key = "\(resource.group.isEmpty ? "core/" : "")\(resource.apiVersion) \(resource.plural)"
            let wanted = try #require(recorded[key]?.array, "\(key)")
            #expect(definition.columns.map(\.name) == wanted.map { $0["name"]?.string ?? "" }, "\(key)")
            #expect(
                definition.columns.map { JSONValue.integer(Int64($0.priority)) }
                    == wanted.map { $0["priority"] ?? .null }, "\(key)")
            #expect(definition.columns.map(\.kind.rawValue) == wanted.map { $0["type"]?.string ?? "" }, "\(key)")
        }
    }

    @Test func describesADeploymentWithItsReplicaSetsAndEvents() throws {
        var cluster = try FakeCluster([
            Recordings.read("019-get-deploy-yaml-managed.txt").text.replacing(
                "metadata:\n  annotations", with: "metadata:\n  namespace: shop\n  annotations"),
            Recordings.read("020-get-rs-yaml.txt").text,
            """
            apiVersion: v1
            kind: Event
            metadata: {name: web.1, namespace: shop}
            involvedObject: {kind: Deployment, name: web, namespace: shop, uid: abc78a85-d900-4679-919d-82f56cfb7347}
            reason: ScalingReplicaSet
            type: Normal
            count: 1
            firstTimestamp: "2026-11-23T09:26:58Z"
            lastTimestamp: "2026-11-23T09:26:58Z"
            source: {component: deployment-controller}
            message: Scaled up replica set web-f59c8fdb from 0 to 3
            """,
        ])
        #expect(
            cluster.kubectl("describe", "deploy", "web").text == (try Recordings.read("014-describe-deploy.txt")).text)
    }

    @Test func describesAPodThatCannotPullItsImage() throws {
        let uid = "b8a10bd2-c467-4bd9-a334-b53f5ee64168"
        func event(
            _ number: Int, _ second: String, _ type: String, _ reason: String, _ source: String, _ message: String
        ) -> String {
            """
            ---
            apiVersion: v1
            kind: Event
            metadata: {name: pod.\(number), namespace: shop}
            involvedObject: {kind: Pod, name: web-7f94c595c5-b897n, namespace: shop, uid: \(uid)\(source == "kubelet" ? ", fieldPath: \"spec.containers{web}\"" : "")}
            type: \(type)
            reason: \(reason)
            count: 1
            firstTimestamp: "2026-11-23T09:28:\(second)Z"
            lastTimestamp: "2026-11-23T09:28:\(second)Z"
            source: {component: \(source)}
            message: '\(message)'
            """
        }
        let image = "\"nginx:doesnotexist\""
        let events = [
            event(
                1, "25", "Normal", "Scheduled", "default-scheduler",
                "Successfully assigned shop/web-7f94c595c5-b897n to n3"),
            event(2, "25", "Normal", "Pulling", "kubelet", "Pulling image \(image)"),
            event(
                3, "25", "Warning", "Failed", "kubelet",
                "Failed to pull image \(image): rpc error: code = NotFound desc = failed to pull and unpack image \"docker.io/library/nginx:doesnotexist\": failed to resolve image: docker.io/library/nginx:doesnotexist: not found"
            ),
            event(4, "25", "Warning", "Failed", "kubelet", "Error: ErrImagePull"),
            event(5, "28", "Normal", "BackOff", "kubelet", "Back-off pulling image \(image)"),
            event(6, "28", "Warning", "Failed", "kubelet", "Error: ImagePullBackOff"),
        ]
        var cluster = try FakeCluster(
            [Recordings.read("054-get-pod-bad-yaml.txt").text, events.joined(separator: "\n")],
            now: "2026-11-23T09:28:38Z")
        #expect(
            cluster.kubectl("describe", "pod", "web-7f94c595c5-b897n").text
                == (try Recordings.read("053-describe-pod-bad.txt")).text)
        #expect(
            cluster.kubectl("get", "pods").text
                == "NAME                   READY   STATUS             RESTARTS   AGE\nweb-7f94c595c5-b897n   0/1     ImagePullBackOff   0          13s\n"
        )
    }

    @Test func getsObjectsWholeAndInColumns() throws {
        var cluster = try FakeCluster([
            Recordings.read("020-get-rs-yaml.txt").text, Recordings.read("017-get-pod-yaml.txt").text,
        ])
        #expect(
            cluster.kubectl("get", "rs", "-l", "app=web", "-o", "yaml").text
                == (try Recordings.read("020-get-rs-yaml.txt")).text)
        #expect(
            cluster.kubectl("get", "pod", "web-f59c8fdb-k7f5g", "-oyaml").text
                == (try Recordings.read("017-get-pod-yaml.txt")).text)
        #expect(
            cluster.kubectl("get", "rs", "-owide").text == """
                NAME           DESIRED   CURRENT   READY   AGE   CONTAINERS   IMAGES       SELECTOR
                web-f59c8fdb   3         3         3       6s    web          nginx:1.25   app=web,pod-template-hash=f59c8fdb

                """)
        #expect(
            cluster.kubectl("get", "all").text == """
                NAME                     READY   STATUS    RESTARTS   AGE
                pod/web-f59c8fdb-k7f5g   1/1     Running   0          6s

                NAME                           DESIRED   CURRENT   READY   AGE
                replicaset.apps/web-f59c8fdb   3         3         3       6s

                """)
        #expect(cluster.kubectl("get", "pods", "-o", "name").text == "pod/web-f59c8fdb-k7f5g\n")
        #expect(cluster.kubectl("get", "rs", "-o", "jsonpath={.items[*].spec.replicas}").text == "3")
        #expect(
            cluster.kubectl("get", "pods", "-o", "custom-columns=POD:.metadata.name,IP:status.podIP,X:.nothing").text
                == """
                POD                  IP           X
                web-f59c8fdb-k7f5g   10.244.2.4   <none>

                """)
        #expect(cluster.kubectl("get", "foo") == ("error: the server doesn't have a resource type \"foo\"\n", 1))
        #expect(cluster.kubectl("get", "svc") == ("No resources found in shop namespace.\n", 0))
        #expect(cluster.kubectl("get", "pod", "x") == ("Error from server (NotFound): pods \"x\" not found\n", 1))
        #expect(cluster.kubectl("get", "pod", "x", "--ignore-not-found") == ("", 0))
        #expect(
            cluster.kubectl("get", "pods", "--foo") == (
                "error: unknown flag: --foo\nSee 'kubectl get --help' for usage.\n", 1
            ))
    }
}
