import KubernetesAPI
import Testing

@testable import Kubectl

/// Commands that change something: what they send, and what they say.
@Suite struct CommandTests {
    static let world = """
        apiVersion: v1
        kind: Node
        metadata: {name: n1, labels: {disk: hdd}}
        spec: {}
        ---
        apiVersion: apps/v1
        kind: Deployment
        metadata: {name: web, namespace: shop, uid: d1, generation: 2, annotations: {deployment.kubernetes.io/revision: "2", kubernetes.io/change-cause: second}}
        spec:
          replicas: 3
          selector: {matchLabels: {app: web}}
          strategy: {type: RollingUpdate}
          template:
            metadata: {labels: {app: web}}
            spec: {containers: [{name: web, image: "nginx:1.26", env: [{name: MODE, value: prod}]}]}
        status: {observedGeneration: 2, replicas: 3, updatedReplicas: 1, readyReplicas: 3, availableReplicas: 3}
        ---
        apiVersion: apps/v1
        kind: ReplicaSet
        metadata:
          name: web-1
          namespace: shop
          labels: {app: web}
          creationTimestamp: "2026-11-23T09:20:00Z"
          annotations: {deployment.kubernetes.io/revision: "1", kubernetes.io/change-cause: first}
          ownerReferences: [{apiVersion: apps/v1, kind: Deployment, name: web, uid: d1, controller: true}]
        spec: {replicas: 0, selector: {matchLabels: {app: web}}, template: {metadata: {labels: {app: web, pod-template-hash: "1"}}, spec: {containers: [{name: web, image: "nginx:1.25"}]}}}
        ---
        apiVersion: apps/v1
        kind: ReplicaSet
        metadata:
          name: web-2
          namespace: shop
          labels: {app: web}
          creationTimestamp: "2026-11-23T09:21:00Z"
          annotations: {deployment.kubernetes.io/revision: "2", kubernetes.io/change-cause: second}
          ownerReferences: [{apiVersion: apps/v1, kind: Deployment, name: web, uid: d1, controller: true}]
        spec: {replicas: 3, selector: {matchLabels: {app: web}}, template: {metadata: {labels: {app: web, pod-template-hash: "2"}}, spec: {containers: [{name: web, image: "nginx:1.26", env: [{name: MODE, value: prod}]}]}}}
        ---
        apiVersion: v1
        kind: Pod
        metadata: {name: web-1-a, namespace: shop, uid: p1, labels: {app: web}, ownerReferences: [{apiVersion: apps/v1, kind: ReplicaSet, name: web-1, uid: r1, controller: true}]}
        spec: {nodeName: n1, containers: [{name: web, image: "nginx:1.26"}, {name: side, image: "side:1"}]}
        status: {phase: Running}
        ---
        apiVersion: v1
        kind: Pod
        metadata: {name: bare, namespace: shop, uid: p2}
        spec: {nodeName: n1, containers: [{name: c, image: "x:1"}]}
        status: {phase: Running}
        """

    private func cluster() throws -> FakeCluster { try FakeCluster([Self.world]) }

    @Test func scales() throws {
        var cluster = try cluster()
        #expect(cluster.kubectl("scale", "deploy/web", "--replicas=5") == ("deployment.apps/web scaled\n", 0))
        #expect(cluster.kubectl("get", "deploy", "web", "-o", "jsonpath={.spec.replicas}").text == "5")
        #expect(
            cluster.kubectl("scale", "deploy", "web", "--current-replicas=9", "--replicas=1") == (
                "error: Expected replicas to be 9, was 5\n", 1
            ))
        #expect(cluster.kubectl("scale", "deploy/web") == ("error: required flag(s) \"replicas\" not set\n", 1))
        #expect(
            cluster.kubectl("scale", "deploy/none", "--replicas=1") == (
                "Error from server (NotFound): deployments.apps \"none\" not found\n", 1
            ))
    }

    @Test func labelsAndAnnotates() throws {
        var cluster = try cluster()
        #expect(
            cluster.kubectl("label", "node", "n1", "disk=ssd2") == (
                "error: 'disk' already has a value (hdd), and --overwrite is false\n", 1
            ))
        #expect(cluster.kubectl("label", "node", "n1", "disk=ssd", "--overwrite") == ("node/n1 labeled\n", 0))
        #expect(cluster.kubectl("label", "node", "n1", "disk=ssd") == ("node/n1 not labeled\n", 0))
        #expect(cluster.kubectl("label", "node", "n1", "disk-") == ("node/n1 unlabeled\n", 0))
        #expect(
            cluster.kubectl("label", "node", "n1", "disk-") == ("label \"disk\" not found.\nnode/n1 not labeled\n", 0))
        #expect(cluster.kubectl("label", "node", "n1") == ("error: at least one label update is required\n", 1))
        #expect(
            cluster.kubectl("annotate", "deploy/web", "a=1", "kubernetes.io/change-cause=x", "--overwrite") == (
                "deployment.apps/web annotated\n", 0
            ))
        #expect(
            cluster.kubectl("annotate", "deploy/web", "a=2")
                == (
                    "error: --overwrite is false but found the following declared annotation(s): 'a' already has a value (1)\n",
                    1
                ))
    }

    @Test func taintsAndCordons() throws {
        var cluster = try cluster()
        #expect(
            cluster.kubectl("taint", "node", "n1", "a=b:NoRun") == (
                "error: invalid taint effect: NoRun, unsupported taint effect\n", 1
            ))
        #expect(cluster.kubectl("taint", "nodes", "n1", "a=b:NoSchedule") == ("node/n1 tainted\n", 0))
        #expect(
            cluster.kubectl("taint", "nodes", "n1", "a=c:NoSchedule")
                == ("error: node n1 already has a taint(s) with same effect(s) and --overwrite is false\n", 1))
        #expect(cluster.kubectl("taint", "nodes", "n1", "a-") == ("node/n1 untainted\n", 0))
        #expect(cluster.kubectl("taint", "nodes", "n1", "a-") == ("error: taint \"a\" not found\n", 1))
        #expect(cluster.kubectl("cordon", "n1") == ("node/n1 cordoned\n", 0))
        #expect(cluster.kubectl("cordon", "n1") == ("node/n1 already cordoned\n", 0))
        #expect(cluster.kubectl("uncordon", "node/n1") == ("node/n1 uncordoned\n", 0))
    }

    @Test func drainsOnlyWhatMayGo() throws {
        var cluster = try cluster()
        let refused = cluster.kubectl("drain", "n1")
        #expect(refused.code == 1)
        #expect(
            refused.text.contains("cannot delete Pods that declare no controller (use --force to override): shop/bare"))
        #expect(refused.text.contains("There are pending nodes to be drained:\n n1\n"))
        let forced = cluster.kubectl("drain", "n1", "--force")
        #expect(forced.code == 0)
        #expect(
            forced.text == """
                Warning: deleting Pods that declare no controller: shop/bare
                node/n1 already cordoned
                evicting pod shop/bare
                evicting pod shop/web-1-a
                pod/bare evicted
                pod/web-1-a evicted
                node/n1 drained

                """)
    }

    @Test func setsImagesEnvironmentAndResources() throws {
        var cluster = try cluster()
        #expect(
            cluster.kubectl("set", "image", "deploy/web", "web=nginx:1.27") == (
                "deployment.apps/web image updated\n", 0
            ))
        #expect(cluster.kubectl("set", "image", "deploy/web", "web=nginx:1.27") == ("", 0))
        #expect(
            cluster.kubectl("set", "image", "deploy/web", "no=nginx:1.27") == (
                "error: unable to find container named \"no\"\n", 1
            ))
        #expect(cluster.kubectl("set", "env", "deploy/web", "A=1", "MODE-") == ("deployment.apps/web env updated\n", 0))
        #expect(cluster.kubectl("set", "env", "deploy/web", "--list") == ("# Deployment web, container web\nA=1\n", 0))
        #expect(
            cluster.kubectl("set", "resources", "deploy/web", "--limits=cpu=1,memory=1Gi") == (
                "deployment.apps/web resource requirements updated\n", 0
            ))
        #expect(
            cluster.kubectl(
                "get", "deploy/web", "-o",
                "jsonpath={.spec.template.spec.containers[0].resources.limits.memory} {.spec.template.spec.containers[0].image}"
            ).text
                == "1Gi nginx:1.27")
    }

    @Test func rollsOut() throws {
        var cluster = try cluster()
        #expect(
            cluster.kubectl("rollout", "history", "deploy/web").text
                == "deployment.apps/web \nREVISION  CHANGE-CAUSE\n1         first\n2         second\n\n")
        #expect(
            cluster.kubectl("rollout", "undo", "deploy/web", "--to-revision=9") == (
                "error: unable to find specified revision 9 in history\n", 1
            ))
        #expect(
            cluster.kubectl("rollout", "undo", "deploy/web", "--to-revision=2")
                == ("deployment.apps/web skipped rollback (current template already matches revision 2)\n", 0))
        #expect(cluster.kubectl("rollout", "undo", "deploy/web") == ("deployment.apps/web rolled back\n", 0))
        #expect(
            cluster.kubectl("get", "deploy", "web", "-o", "jsonpath={..image} {.metadata.annotations}").text
                == "nginx:1.25 {\"deployment.kubernetes.io/revision\":\"2\",\"kubernetes.io/change-cause\":\"first\"}")
        #expect(cluster.kubectl("rollout", "pause", "deploy/web") == ("deployment.apps/web paused\n", 0))
        #expect(
            cluster.kubectl("rollout", "pause", "deploy/web") == (
                "error: deployments.apps \"web\" is already paused\n", 1
            ))
        #expect(
            cluster.kubectl("rollout", "restart", "deploy/web") == (
                "error: deployments.apps \"web\" can't restart paused deployment (run rollout resume first)\n", 1
            ))
        #expect(cluster.kubectl("rollout", "resume", "deploy/web") == ("deployment.apps/web resumed\n", 0))
        #expect(cluster.kubectl("rollout", "restart", "deploy/web") == ("deployment.apps/web restarted\n", 0))
    }

    @Test func followsARolloutOverSimulatedTime() throws {
        var cluster = try cluster()
        let index = try #require(cluster.objects.firstIndex { $0["kind"]?.string == "Deployment" })
        for (second, updated) in [(2, 2), (5, 3)] as [(Int64, Int64)] {
            let later = MergePatch.apply(["status": ["updatedReplicas": .integer(updated)]], to: cluster.objects[index])
            cluster.future.append((second, WatchEvent(kind: .modified, object: later)))
        }
        let start = cluster.wallTime
        #expect(
            cluster.kubectl("rollout", "status", "deploy/web").text == """
                Waiting for deployment "web" rollout to finish: 1 out of 3 new replicas have been updated...
                Waiting for deployment "web" rollout to finish: 2 out of 3 new replicas have been updated...
                deployment "web" successfully rolled out

                """)
        #expect(cluster.wallTime.epochSeconds - start.epochSeconds == 5)
        #expect(
            cluster.kubectl("wait", "--for=jsonpath={.status.updatedReplicas}=3", "deploy/web") == (
                "deployment.apps/web condition met\n", 0
            ))
        #expect(
            cluster.kubectl("wait", "--for=condition=Available", "deploy/web", "--timeout=5s")
                == ("error: timed out waiting for the condition on deployments/web\n", 1))
        #expect(cluster.kubectl("wait", "--for=delete", "pod/none") == ("", 0))
    }

    @Test func watchesOverSimulatedTime() throws {
        var cluster = try cluster()
        let pod = try #require(cluster.objects.first { $0["metadata"]?["name"]?.string == "bare" })
        let failed = MergePatch.apply(["status": ["phase": "Failed"]], to: pod)
        cluster.future = [
            (3, WatchEvent(kind: .modified, object: failed)), (4, WatchEvent(kind: .deleted, object: failed)),
        ]
        #expect(
            cluster.kubectl("get", "pod", "bare", "-w", "--for=10s").text == """
                NAME   READY   STATUS    RESTARTS   AGE
                bare   0/1     Running   0          <unknown>
                bare   0/1     Failed    0          <unknown>
                bare   0/1     Failed    0          <unknown>

                """)
    }

    @Test func readsLogs() throws {
        var cluster = try cluster()
        cluster.logs = ["web-1-a/web": "one\ntwo\n", "web-1-a/side": "three\n", "bare/c": "x\n"]
        #expect(cluster.kubectl("logs", "bare") == ("x\n", 0))
        #expect(cluster.kubectl("logs", "web-1-a") == ("Defaulted container \"web\" out of: web, side\none\ntwo\n", 0))
        #expect(
            cluster.kubectl("logs", "web-1-a", "-c", "no") == ("error: container no is not valid for pod web-1-a\n", 1))
        #expect(
            cluster.kubectl("logs", "-l", "app=web", "--prefix", "--all-containers").text
                == "[pod/web-1-a/web] one\n[pod/web-1-a/web] two\n[pod/web-1-a/side] three\n")
        #expect(cluster.kubectl("logs", "deploy/web", "-c", "side") == ("three\n", 0))
        #expect(cluster.kubectl("logs", "none") == ("Error from server (NotFound): pods \"none\" not found\n", 1))
    }

    @Test func createsByKind() throws {
        var cluster = try cluster()
        #expect(
            cluster.kubectl("create", "deployment", "w9", "--image=nginx", "--dry-run=client", "-o", "yaml").text == """
                apiVersion: apps/v1
                kind: Deployment
                metadata:
                  labels:
                    app: w9
                  name: w9
                spec:
                  replicas: 1
                  selector:
                    matchLabels:
                      app: w9
                  strategy: {}
                  template:
                    metadata:
                      labels:
                        app: w9
                    spec:
                      containers:
                      - image: nginx
                        name: nginx
                        resources: {}
                status: {}

                """)
        #expect(
            cluster.kubectl(
                "create", "configmap", "cm", "--from-literal=a=1", "--from-file=x.txt", files: ["x.txt": "y"]) == (
                    "configmap/cm created\n", 0
                ))
        #expect(cluster.kubectl("get", "cm", "cm", "-o", "jsonpath={.data}").text == "{\"a\":\"1\",\"x.txt\":\"y\"}")
        #expect(cluster.kubectl("create", "secret", "generic", "s", "--from-literal=a=1") == ("secret/s created\n", 0))
        #expect(
            cluster.kubectl("create", "job", "j", "--image=busybox", "--", "echo", "hi") == ("job.batch/j created\n", 0)
        )
        #expect(cluster.kubectl("get", "job/j", "-o", "jsonpath={..command}").text == "[\"echo\",\"hi\"]")
        #expect(
            cluster.kubectl("autoscale", "deploy/web", "--max=5", "--cpu=50%") == (
                "horizontalpodautoscaler.autoscaling/web autoscaled\n", 0
            ))
        #expect(
            cluster.kubectl("expose", "deploy/web", "--port=80", "--target-port=http") == ("service/web exposed\n", 0))
        #expect(
            cluster.kubectl("get", "svc/web", "-o", "jsonpath={.spec.selector.app} {.spec.ports[0].targetPort}").text
                == "web http")
    }

    @Test func appliesDiffsAndDeletes() throws {
        var cluster = try cluster()
        let manifest =
            "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: a}\ndata: {x: \"1\"}\n---\napiVersion: v1\nkind: ConfigMap\nmetadata: {name: b}\n"
        #expect(
            cluster.kubectl("apply", "-f", "d", files: ["d/a.yaml": manifest]) == (
                "configmap/a created\nconfigmap/b created\n", 0
            ))
        #expect(
            cluster.kubectl("apply", "-f", "-", input: manifest) == (
                "configmap/a unchanged\nconfigmap/b unchanged\n", 0
            ))
        let changed = manifest.replacing("\"1\"", with: "\"2\"")
        let difference = cluster.kubectl("diff", "-f", "a.yaml", files: ["a.yaml": changed])
        #expect(difference.code == 1)
        #expect(difference.text.contains("-  x: \"1\"\n+  x: \"2\"\n"))
        #expect(
            cluster.kubectl("apply", "-f", "a.yaml", "--dry-run=server", files: ["a.yaml": changed]).text
                == "configmap/a configured (server dry run)\nconfigmap/b unchanged (server dry run)\n")
        #expect(
            cluster.kubectl("apply", "-f", "a.yaml", files: ["a.yaml": changed]).text
                == "configmap/a configured\nconfigmap/b unchanged\n")
        #expect(cluster.kubectl("apply", "-f", "none.yaml") == ("error: the path \"none.yaml\" does not exist\n", 1))
        #expect(cluster.kubectl("apply", "-k", "d").code == 1)
        #expect(
            cluster.kubectl("delete", "-f", "a.yaml", files: ["a.yaml": manifest])
                == ("configmap \"a\" deleted from shop namespace\nconfigmap \"b\" deleted from shop namespace\n", 0))
        #expect(
            cluster.kubectl("delete", "cm", "a") == ("Error from server (NotFound): configmaps \"a\" not found\n", 1))
        #expect(cluster.kubectl("delete", "cm", "a", "--ignore-not-found") == ("", 0))
        #expect(
            cluster.kubectl("delete", "pods") == ("error: resource(s) were provided, but no name was specified\n", 1))
        #expect(
            cluster.kubectl("delete", "pods", "--all").text
                == "pod \"bare\" deleted from shop namespace\npod \"web-1-a\" deleted from shop namespace\n")
        #expect(cluster.kubectl("delete", "node", "n1") == ("node \"n1\" deleted\n", 0))
    }

    @Test func patches() throws {
        var cluster = try cluster()
        #expect(
            cluster.kubectl("patch", "deploy", "web", "-p", "{\"spec\":{\"replicas\":4}}") == (
                "deployment.apps/web patched\n", 0
            ))
        #expect(
            cluster.kubectl(
                "patch", "deploy", "web", "--type=json", "-p",
                "[{\"op\":\"replace\",\"path\":\"/spec/replicas\",\"value\":4}]") == (
                    "deployment.apps/web patched (no change)\n", 0
                ))
    }

    @Test func explains() throws {
        var cluster = try cluster()
        #expect(
            cluster.kubectl("explain", "deploy.spec.replicas").text.hasPrefix(
                "GROUP:      apps\nKIND:       Deployment\nVERSION:    v1\n\nFIELD: replicas <integer>\n"))
        #expect(cluster.kubectl("explain", "deploy.spec.foo") == ("error: field \"foo\" does not exist\n", 1))
        #expect(
            cluster.kubectl("api-resources", "--api-group=autoscaling").text
                == "NAME                       SHORTNAMES   APIVERSION       NAMESPACED   KIND\nhorizontalpodautoscalers   hpa          autoscaling/v2   true         HorizontalPodAutoscaler\n"
        )
    }
}
