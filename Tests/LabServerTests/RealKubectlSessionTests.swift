import Foundation
import KubernetesAPI
import Testing

@testable import LabServer

/// A working session with two real kubectl, the oldest and the newest that the lab is for: more than sixty commands, as
/// somebody types them. Time runs all the while.
@Suite(.serialized, .enabled(if: RealClient.haveKubectl, Comment(rawValue: RealClient.advice)))
struct RealKubectlSessionTests {
    /// A command, what has to stand in its output, and its exit code. `POD` is a running pod of web.
    private struct Step {
        var line: String
        var words: [String]
        var code: Int32

        init(_ line: String, _ words: String..., code: Int32 = 0) {
            self.line = line
            self.words = words
            self.code = code
        }
    }

    private static let steps: [Step] = [
        Step("version", "Server Version: v1.36.2"),
        Step("cluster-info", "control plane"),
        Step("api-versions", "apps/v1", "autoscaling/v2", "metrics.k8s.io/v1beta1"),
        Step("api-resources", "deployments", "horizontalpodautoscalers", "customresourcedefinitions"),
        Step("get --raw /readyz", "ok"),
        Step("get nodes", "n1", "Ready"),
        Step("create namespace shop", "namespace/shop created"),
        Step("create namespace shop", "already exists", code: 1),
        Step("get pods", "No resources found in shop namespace."),
        Step("apply -f web.yaml --dry-run=server", "deployment.apps/web created (server dry run)"),
        Step("apply -f web.yaml", "deployment.apps/web created", "service/web created"),
        Step("rollout status deploy/web --timeout=600s", "successfully rolled out"),
        Step("apply -f web.yaml", "deployment.apps/web unchanged", "service/web unchanged"),
        Step("get all", "deployment.apps/web", "service/web", "replicaset.apps/web"),
        Step("get deploy web -o jsonpath={.status.readyReplicas}", "3"),
        Step("get pods -l app=web -o wide", "Running", "10.244."),
        Step("get pods -l app!=web", "No resources found"),
        Step("get pods --field-selector status.phase=Running -o name", "pod/web-"),
        Step("get pods --field-selector spec.nope=1", "field label not supported", code: 1),
        Step("get pods --limit-nothing", "unknown flag", code: 1),
        Step("get pods --chunk-size=1", "web-"),
        Step("describe deploy web", "StrategyType:", "3 desired | 3 updated | 3 total | 3 available"),
        Step("describe pod POD", "Readiness", "Conditions:"),
        Step("describe svc web", "Endpoints:"),
        Step("describe node n1", "Allocated resources"),
        Step("logs POD --tail=1", "\n"),
        Step("logs nothing", "pods \"nothing\" not found", code: 1),
        Step("exec POD -- env", "PATH="),
        Step("exec POD -- sh -c exit_7", "command terminated with exit code 7", code: 7),
        Step("exec POD -- curl -s http://web/healthz", "200 OK"),
        Step("exec POD -- nothing", "executable file not found", code: 1),
        Step("cp web.yaml POD:/tmp/web.yaml", "simulated containers have no files to copy", code: 2),
        Step("top pods", "CPU(cores)", "web-"),
        Step("top nodes", "n1"),
        Step(
            "autoscale deploy web --min=2 --max=6 --cpu-percent=70",
            "horizontalpodautoscaler.autoscaling/web autoscaled"),
        Step("get hpa web", "Deployment/web"),
        Step("describe hpa web", "Min replicas"),
        Step("delete hpa web", "deleted"),
        Step("scale deploy/web --replicas=4", "scaled"),
        Step("scale deploy/web --replicas=1 --current-replicas=9", "Expected replicas to be 9", code: 1),
        Step("wait deploy/web --for=jsonpath={.status.readyReplicas}=4 --timeout=600s", "condition met"),
        Step("wait deploy/web --for=condition=Available --timeout=600s", "condition met"),
        Step("set image deploy/web web=nginx:1.26", "image updated"),
        Step("annotate deploy/web kubernetes.io/change-cause=new", "annotated"),
        Step("rollout status deploy/web --timeout=600s", "successfully rolled out"),
        Step("rollout history deploy/web", "REVISION", "2"),
        Step("rollout undo deploy/web", "rolled back"),
        Step("rollout restart deploy/web", "restarted"),
        Step("rollout pause deploy/web", "paused"),
        Step("rollout resume deploy/web", "resumed"),
        Step("rollout status deploy/web --timeout=600s", "successfully rolled out"),
        Step("label pods -l app=web tier=front", "labeled"),
        Step("annotate pods -l app=web note=x", "annotated"),
        Step("patch deploy web --type=merge -p {\"spec\":{\"minReadySeconds\":1}}", "patched"),
        Step("patch deploy web --type=json -p [{\"op\":\"remove\",\"path\":\"/spec/minReadySeconds\"}]", "patched"),
        Step("patch deploy web -p {\"spec\":{\"replicas\":\"x\"}}", "Invalid value", code: 1),
        Step("diff -f web.yaml", "-  replicas: 4", "+  replicas: 3", code: 1),
        Step("explain deployment.spec.replicas", "KIND:", "integer"),
        Step("explain hpa.spec --recursive", "maxReplicas", "behavior", "stabilizationWindowSeconds"),
        Step("explain pod.spec.nope", "does not exist", code: 1),
        Step("auth can-i create deployments", "yes"),
        Step("auth can-i --list", "Resources", "*.*"),
        Step("auth can-i delete nodes --as=bob", "no", code: 1),
        Step("get pods --as=bob", "forbidden", "bob", code: 1),
        Step("auth whoami", "admin"),
        Step("create serviceaccount robot", "created"),
        Step("create token robot", "ey"),
        Step("create role look --verb=get,list --resource=pods", "created"),
        Step("create rolebinding look --role=look --serviceaccount=shop:robot", "created"),
        Step("get pods --as=system:serviceaccount:shop:robot", "web-"),
        Step("delete pod POD --as=system:serviceaccount:shop:robot", "forbidden", code: 1),
        Step("exec POD --as=system:serviceaccount:shop:robot -- ls", "forbidden", "pods/exec", code: 1),
        Step("attach POD --as=system:serviceaccount:shop:robot", "forbidden", "pods/attach", code: 1),
        Step("port-forward POD 0:8080 --as=system:serviceaccount:shop:robot", "forbidden", "pods/portforward", code: 1),
        Step("create configmap settings --from-literal=a=1", "created"),
        Step("create secret generic hidden --from-literal=a=1", "created"),
        Step("create quota small --hard=pods=50", "created"),
        Step("create pdb web --selector=app=web --min-available=1", "created"),
        Step("create job once --image=batch:1", "created"),
        Step("wait job/once --for=condition=Complete --timeout=600s", "condition met"),
        Step("create cronjob often --image=batch:1 --schedule=*/5_*_*_*_*", "created"),
        Step("create priorityclass high --value=10", "created"),
        Step("create ingress web --rule=shop.example/*=web:80", "created"),
        Step("apply --server-side --field-manager=a -f ssa-a.yaml", "configmap/ssa serverside-applied"),
        Step(
            "apply --server-side --field-manager=b -f ssa-b.yaml", "Apply failed with 1 conflict",
            "conflict with \"a\": .data.k", code: 1),
        Step("apply --server-side --field-manager=b -f ssa-b.yaml --force-conflicts", "serverside-applied"),
        Step("get cm ssa -o yaml --show-managed-fields", "manager: a", "manager: b", "f:k: {}", "operation: Apply"),
        Step("replace -f ssa-b.yaml", "configmap/ssa replaced"),
        Step("delete cm ssa nothing", "configmap \"ssa\" deleted", "\"nothing\" not found", code: 1),
        Step("apply -f unknown.yaml", "unknown field \"spec.replica\"", code: 1),
        Step("get deployments.v1.apps/web -o name", "deployment.apps/web"),
        Step("get foo", "the server doesn't have a resource type \"foo\"", code: 1),
        Step("apply -f crd.yaml", "customresourcedefinition.apiextensions.k8s.io/desks.example.com created"),
        Step("wait crd/desks.example.com --for=condition=Established --timeout=600s", "condition met"),
        Step("apply -f desk.yaml", "desk.example.com/one created"),
        Step("get desks", "NAME", "SEATS", "one", "4"),
        Step("explain desks.spec", "seats"),
        Step("delete crd desks.example.com", "deleted"),
        Step("debug POD --image=busybox -c look -- sleep 1"),
        Step("cordon n2", "cordoned"),
        Step("drain n2 --ignore-daemonsets --delete-emptydir-data --force --timeout=600s", "drained"),
        Step("uncordon n2", "uncordoned"),
        Step("taint nodes n3 a=b:NoSchedule", "tainted"),
        Step("taint nodes n3 a-", "untainted"),
        Step("events --for deploy/web", "ScalingReplicaSet"),
        Step("get events --sort-by=.lastTimestamp", "Scheduled"),
        Step("events --types=Normal -A", "Scheduled"),
        Step("run box --image=nginx:1", "pod/box created"),
        Step("expose deploy web --name=again --port=80", "exposed"),
        Step("delete pod box --wait=true", "deleted"),
        Step("delete -f web.yaml", "deployment.apps \"web\" deleted", "service \"web\" deleted"),
        Step("delete ns shop", "namespace \"shop\" deleted"),
        Step("get ns shop", "not found", code: 1),
    ]

    private static let files = [
        "web.yaml": """
        apiVersion: apps/v1
        kind: Deployment
        metadata: {name: web, labels: {app: web}}
        spec:
          replicas: 3
          selector: {matchLabels: {app: web}}
          template:
            metadata: {labels: {app: web}}
            spec:
              containers:
                - name: web
                  image: nginx:1.25
                  ports: [{name: http, containerPort: 8080}]
                  resources: {requests: {cpu: 100m, memory: 64Mi}}
                  readinessProbe: {httpGet: {path: /healthz, port: http}, periodSeconds: 2}
        ---
        apiVersion: v1
        kind: Service
        metadata: {name: web}
        spec: {selector: {app: web}, ports: [{port: 80, targetPort: http}]}
        """,
        "unknown.yaml": """
        apiVersion: apps/v1
        kind: Deployment
        metadata: {name: other}
        spec: {replica: 3, selector: {matchLabels: {app: x}}, template: {metadata: {labels: {app: x}}, spec: {containers: [{name: x, image: "nginx:1"}]}}}
        """,
        "ssa-a.yaml": "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: ssa}\ndata: {k: a, only-a: \"1\"}\n",
        "ssa-b.yaml": "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: ssa}\ndata: {k: b}\n",
        "crd.yaml": """
        apiVersion: apiextensions.k8s.io/v1
        kind: CustomResourceDefinition
        metadata: {name: desks.example.com}
        spec:
          group: example.com
          scope: Namespaced
          names: {plural: desks, singular: desk, kind: Desk}
          versions:
            - name: v1
              served: true
              storage: true
              schema:
                openAPIV3Schema:
                  type: object
                  properties:
                    spec: {type: object, properties: {seats: {type: integer, description: how many can sit there}}}
              additionalPrinterColumns: [{name: Seats, type: integer, jsonPath: .spec.seats}]
        """,
        "desk.yaml": "apiVersion: example.com/v1\nkind: Desk\nmetadata: {name: one}\nspec: {seats: 4}\n",
    ]

    @Test(arguments: [28, 37]) func aSessionOfManyCommands(version: Int) async throws {
        #expect(Self.steps.count >= 60)
        let client = version == 28 ? RealClient.kubectl28 : RealClient.kubectl37
        let lab = try await ServedLab.begin(RecordedSession.scenario, speed: .times(20))
        for (name, text) in Self.files { try lab.write(name, text) }
        for step in Self.steps {
            let words = try await Self.words(step.line, lab)
            let outcome = try await lab.run(client, words)
            #expect(outcome.code == step.code, "\(step.line): \(outcome.text)")
            for word in step.words { #expect(outcome.text.contains(word), "\(step.line): \(outcome.text)") }
        }
        try await lab.end()
    }

    private static func words(_ line: String, _ lab: ServedLab) async throws -> [String] {
        // An underscore stands for a blank within a word.
        var words = line.split(separator: " ").map { word -> String in
            let hasBlanks = word.contains("exit_") || word.contains("_*")
            return hasBlanks ? word.replacingOccurrences(of: "_", with: " ") : String(word)
        }
        guard line.contains("POD") else { return words }
        let request = APIRequest(.list, Pod.resource, namespace: "shop", labelSelector: "app=web")
        guard case .list(let items) = await lab.server.host.respond(to: request).response.body else { return words }
        let pods = items.compactMap { try? Pod.decode(json: $0).object }
        let pod = pods.first {
            $0.status.phase == "Running" && $0.metadata.deletionTimestamp == nil
                && ($0.status.containerStatuses.first?.ready ?? false)
        }
        for index in words.indices { words[index] = words[index].replacing("POD", with: pod?.metadata.name ?? "none") }
        return words
    }

    /// A watch shows objects in the version that was asked for, as a list does.
    @Test func anAutoscalerIsWatchedInVersion1() async throws {
        let lab = try await ServedLab.begin(RecordedSession.scenario)
        for (name, text) in Self.files { try lab.write(name, text) }
        let client = RealClient.kubectl37
        _ = try await lab.run(client, ["create", "namespace", "shop"])
        #expect(try await lab.run(client, ["apply", "-f", "web.yaml"]).code == 0)
        let made = try await lab.run(client, ["autoscale", "deploy", "web", "--min=3", "--max=5", "--cpu=50%"])
        #expect(made.code == 0, "\(made.text)")
        let shown = "jsonpath={.apiVersion} {.spec.targetCPUUtilizationPercentage}{\"\\n\"}"
        let seen = try await lab.follow(
            client, ["get", "horizontalpodautoscalers.v1.autoscaling", "web", "--watch", "-o", shown],
            until: ["autoscaling/v1 50", "autoscaling/v1 60"]
        ) {
            let patch = #"{"spec":{"targetCPUUtilizationPercentage":60}}"#
            let patched = try await lab.run(client, ["patch", "horizontalpodautoscalers.v1.autoscaling", "web", "-p", patch])
            #expect(patched.code == 0, "\(patched.text)")
        }
        #expect(seen.contains("autoscaling/v1 60") && !seen.contains("autoscaling/v2"), "\(seen)")
        try await lab.end()
    }

    /// What comes as it happens: watches, logs that are followed, events.
    @Test(arguments: [28, 37]) func whatIsFollowedComesAsItHappens(version: Int) async throws {
        let client = version == 28 ? RealClient.kubectl28 : RealClient.kubectl37
        let lab = try await ServedLab.begin(RecordedSession.scenario, speed: .times(20))
        for (name, text) in Self.files { try lab.write(name, text) }
        _ = try await lab.run(client, ["create", "namespace", "shop"])
        async let pods = lab.follow(
            client, ["get", "pods", "--watch"], until: ["Pending", "ContainerCreating", "1/1", "Running"])
        async let events = lab.follow(client, ["events", "--watch"], until: ["ScalingReplicaSet", "Started"])
        async let whole = lab.follow(
            client, ["get", "deploy", "--watch", "-o", "json"], until: ["\"readyReplicas\": 3"])
        try await lab.untilWatches(3)
        #expect(try await lab.run(client, ["apply", "-f", "web.yaml"]).code == 0)
        let seen = try await (pods, events, whole)
        #expect(
            seen.0.contains("Pending") && seen.0.contains("ContainerCreating") && seen.0.contains("1/1"), "\(seen.0)")
        #expect(seen.0.components(separatedBy: "NAME ").count == 2, "one heading: \(seen.0)")
        #expect(seen.1.contains("ScalingReplicaSet") && seen.1.contains("Started"), "\(seen.1)")
        #expect(seen.2.contains("\"readyReplicas\": 3"), "\(seen.2)")
        let pod = try await Self.words("POD", lab)[0]
        let logs = try await lab.follow(
            client, ["logs", "-f", pod], until: ["Application startup complete", "Shutting down"]
        ) {
            let deleted = try await lab.run(client, ["delete", "pod", pod, "--wait=false"])
            #expect(deleted.code == 0)
        }
        #expect(logs.contains("Shutting down"), "\(logs)")
        try await lab.end()
    }
}
