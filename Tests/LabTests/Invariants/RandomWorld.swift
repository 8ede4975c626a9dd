import Foundation
import KubernetesAPI
import Simulation

@testable import Lab

/// Dice with the vocabulary of the generators.
struct Dice {
    var random: RandomStream

    init(seed: UInt64, name: String) { random = RandomStream(seed: seed, name: name) }

    mutating func below(_ bound: Int) -> Int { Int(random.below(UInt64(max(1, bound)))) }
    mutating func chance(_ probability: Double) -> Bool { random.chance(probability) }
    mutating func pick<Value>(_ values: [Value]) -> Value { values[below(values.count)] }
    /// Now and then something: the text, or nothing.
    mutating func maybe(_ probability: Double, _ text: @autoclosure () -> String) -> String {
        chance(probability) ? text() : ""
    }
}

/// A small world drawn from a seed, as its scenario and manifests: what a person would have to write to repeat it.
struct RandomWorld {
    var scenario: String
    var manifests: String
    /// When users stop coming and faults are over.
    var calm: Duration

    init(seed: UInt64) {
        var dice = Dice(seed: seed, name: "invariants/world")
        let calm = Duration.seconds(Int64(120 + dice.below(120)))
        self.calm = calm
        let first = Self.manifests(&dice)
        scenario = Self.scenario(&dice, calm: calm)
        // Dice of their own: what is added here leaves the rest of a world as it was.
        var more = Dice(seed: seed, name: "invariants/more")
        manifests = first + Self.moreManifests(&more)
    }

    // MARK: The scenario

    private static func scenario(_ dice: inout Dice, calm: Duration) -> String {
        var lines = ["name: random", "duration: 10m", "namespace: shop"]
        let lag = dice.pick(["1ms", "5ms", "80ms"])
        let spread = dice.pick(["0s", "3ms", "200ms"])
        lines.append(
            "controlPlane: {informerLag: \(lag), informerLagSpread: \(spread), updateConflictRate: \(dice.pick(["0", "0.05", "0.3"]))}"
        )
        lines.append("nodes:")
        for name in ["alpha", "beta", "gamma"].prefix(1 + dice.below(3)) {
            let effect = dice.pick(["NoSchedule", "PreferNoSchedule"])
            let taint = dice.maybe(0.2, ", taints: [\"team=a:\(effect)\"]")
            lines.append(
                "  - {name: \(name), cpu: \"\(dice.pick(["1", "2", "4"]))\", memory: \(dice.pick(["1Gi", "2Gi", "4Gi"])), zone: \(dice.pick(["east", "west"])), price: 0.1\(taint)}"
            )
        }
        if dice.chance(0.3) {
            lines.append("nodeGroups:")
            lines.append(
                "  - {template: {name: burst, cpu: \"2\", memory: 2Gi, price: 0.2}, minimum: 0, maximum: 2, startup: 40s}"
            )
        }
        lines.append("registry: {images: {app: \(dice.pick(["5Mi", "500Mi"]))}, missing: [\"app:missing\"]}")
        lines.append("workloads:")
        lines += programs(&dice)
        lines.append("  traffic:")
        for (index, service) in ["app", "front"].prefix(1 + dice.below(2)).enumerated() {
            let seconds = calm.wholeSeconds
            lines.append("    - name: users-\(index)")
            lines.append("      service: shop/\(service)")
            lines.append(
                "      rate: [{at: 0s, rate: \(dice.pick(["0.3", "1", "3"]))}, {at: \(seconds - 1)s, rate: \(dice.pick(["0.3", "1", "2"]))}, {at: \(seconds)s, rate: 0}]"
            )
            lines.append("      timeout: \(dice.pick(["1s", "5s"]))")
            lines.append("      variation: \(dice.pick(["1", "3"]))")
            if dice.chance(0.4) { lines.append("      patience: {exponential: {mean: 4}}") }
            if dice.chance(0.6) {
                lines.append(
                    "      retries: {maximum: \(1 + dice.below(3)), base: 100ms\(dice.maybe(0.5, ", budget: 0.2"))}")
            }
            if dice.chance(0.15) { lines.append("      keepAlive: {connections: 3, lifetime: 20s}") }
            if dice.chance(0.15) { lines.append("      resolution: aggregated") }
        }
        lines += faults(&dice, calm: calm)
        return lines.joined(separator: "\n") + "\n"
    }

    private static func programs(_ dice: inout Dice) -> [String] {
        let shutdown = dice.pick(["{}", "{ignoresSignal: true}", "{gracefulTimeout: 2s}", "{dropsRequests: true}"])
        let crash = dice.pick(["{}", "{}", "{after: {exponential: {mean: 90}}}", "{perRequest: 0.01}"])
        return [
            "  providers: {model: {requestsPerMinute: \(dice.pick(["20", "600"]))}}",
            "  tools: {database: {latency: {exponential: {mean: 0.05}}, errorRate: 0.02}}",
            "  topics: {mail: {maximumDeliveries: 3, redeliveryDelay: 2s, poisonProbability: \(dice.pick(["0", "0.1"]))}}",
            "  images:",
            "    app:",
            "      service:",
            "        slots: \(dice.pick(["2", "20"]))",
            "        cancelsOnDisconnect: \(dice.chance(0.5))",
            "        stages: [{compute: {exponential: {mean: 0.02}}}, {tool: {name: database, timeout: 1s, optional: \(dice.chance(0.5))}}\(dice.maybe(0.5, ", {publish: mail}"))]",
            "      startup: {importing: \(dice.pick(["0.2", "2"])), warmUp: \(dice.pick(["0", "5"]))}",
            "      memory: {base: 40Mi, leakPerRequest: \(dice.pick(["0", "0", "3Mi"]))}",
            "      shutdown: \(shutdown)",
            "      crash: \(crash)",
            "      port: 8000",
            "    front:",
            "      service:",
            "        stages:",
            "          - compute: 0.004",
            "          - call: {service: shop/app, timeout: 2s, retries: {maximum: 1}, optional: \(dice.chance(0.3))}",
            dice.maybe(
                0.5,
                "          - agent: {provider: model, steps: 2, outputTokens: 40, growthTokens: 100, modelTimeout: 10s}"
            ),
            "      startup: {importing: 0.5}",
            "      memory: {base: 40Mi}",
            "      port: 8000",
            "    mailer:",
            "      consumer: {topic: mail, concurrency: 2, stages: [{compute: 0.05}, {wait: {exponential: {mean: 0.5}}}]}",
            "      memory: {base: 30Mi}",
            "    task:",
            "      batch: {stages: [{compute: 0.5}, {wait: {exponential: {mean: 10}}}], failureProbability: \(dice.pick(["0", "0.4"]))}",
            "      memory: {base: 20Mi}",
        ].filter { !$0.isEmpty }
    }

    private static func faults(_ dice: inout Dice, calm: Duration) -> [String] {
        let count = dice.below(5)
        guard count > 0 else { return [] }
        var lines = ["faults:"]
        for index in 0..<count {
            let at = 5 + dice.below(Int(calm.wholeSeconds) - 60)
            let length = 5 + dice.below(50)
            let effect =
                switch dice.below(10) {
                case 0: "node: \(dice.pick(["alpha", "beta"])), health: failed"
                case 1: "node: alpha, health: partitioned"
                case 2: "zone: east"
                case 3: "workload: {image: {name: app, condition: {errorRate: 0.5, slowness: 3}}}"
                case 4: "workload: {image: {name: \"app:2\", condition: {crashesAtStart: true}}}"
                case 5: "workload: {deadlock: {image: app, count: 1}}"
                case 6: "workload: {memory: {target: {image: app, count: 1}, bytes: 60Mi}}"
                case 7: "workload: {provider: {name: model, condition: {errorRate: 0.6, hangs: \(dice.chance(0.3))}}}"
                case 8:
                    "workload: {crash: {target: {image: \(dice.pick(["app", "front"]))}, exitCode: \(dice.pick(["0", "1", "137"]))}}"
                default:
                    "restart: \(dice.pick(["deployment", "replicaSet", "statefulSet", "daemonSet", "garbageCollector", "horizontalPodAutoscaler"]))"
                }
            lines.append("  - {name: trouble-\(index), at: \(at)s, for: \(length)s, \(effect)}")
        }
        return lines
    }

    // MARK: The manifests

    private static func manifests(_ dice: inout Dice) -> String {
        var documents = [
            "apiVersion: scheduling.k8s.io/v1\nkind: PriorityClass\nmetadata: {name: high}\nvalue: 1000",
            "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: settings}\ndata: {mode: fast}",
            service("app"), service("front"), deployment("app", image: "app:1", &dice),
        ]
        if dice.chance(0.7) { documents.append(deployment("front", image: "front:1", &dice)) }
        if dice.chance(0.4) { documents.append(statefulSet(&dice)) }
        if dice.chance(0.4) { documents.append(daemonSet(&dice)) }
        if dice.chance(0.4) { documents.append(job(&dice)) }
        if dice.chance(0.6) { documents.append(autoscaler(&dice)) }
        if dice.chance(0.4) { documents.append(budget(&dice)) }
        if dice.chance(0.2) {
            documents.append(
                "apiVersion: v1\nkind: ResourceQuota\nmetadata: {name: quota}\nspec: {hard: {pods: \"\(4 + dice.below(8))\", requests.cpu: \"\(2 + dice.below(4))\"}}"
            )
        }
        if dice.chance(0.2) {
            documents.append(
                "apiVersion: v1\nkind: LimitRange\nmetadata: {name: defaults}\nspec: {limits: [{type: Container, defaultRequest: {cpu: 50m, memory: 32Mi}, default: {memory: 256Mi}}]}"
            )
        }
        return documents.joined(separator: "\n---\n") + "\n"
    }

    /// Ordered pods that answer probes, Jobs with indexes, and limits on all of them.
    private static func moreManifests(_ dice: inout Dice) -> String {
        var documents: [String] = []
        if dice.chance(0.35) {
            let command = dice.pick(["[sleep, \"3\"]", "[\"false\"]"])
            documents.append(
                """
                apiVersion: apps/v1
                kind: StatefulSet
                metadata: {name: store}
                spec:
                  replicas: \(1 + dice.below(3))
                  serviceName: store
                  minReadySeconds: \(dice.pick([0, 0, 3]))
                  updateStrategy: \(dice.pick(["{type: RollingUpdate}", "{type: OnDelete}", "{rollingUpdate: {partition: 1}}"]))
                  selector: {matchLabels: {app: store}}
                  template:
                    metadata: {labels: {app: store}}
                    spec:
                      terminationGracePeriodSeconds: \(dice.pick([1, 5]))
                      containers:
                        - name: main
                          image: "app:1"
                          resources: {requests: {cpu: 50m, memory: 48Mi}}
                          readinessProbe: {httpGet: {path: /readyz, port: 8000}, periodSeconds: 2}
                          \(dice.maybe(0.4, "lifecycle: {postStart: {exec: {command: \(command)}}}"))
                """)
        }
        if dice.chance(0.35) {
            documents.append(
                """
                apiVersion: batch/v1
                kind: Job
                metadata: {name: batch}
                spec:
                  completions: \(2 + dice.below(5))
                  parallelism: \(dice.below(4))
                  backoffLimit: \(dice.below(5))
                  completionMode: \(dice.pick(["Indexed", "NonIndexed"]))
                  podReplacementPolicy: \(dice.pick(["Failed", "TerminatingOrFailed"]))
                  template:
                    metadata: {labels: {app: batch}}
                    spec:
                      restartPolicy: \(dice.pick(["Never", "OnFailure"]))
                      containers:
                        - {name: main, image: "task:1", terminationMessagePolicy: FallbackToLogsOnError, resources: {requests: {cpu: 20m, memory: 30Mi}}}
                """)
        }
        if dice.chance(0.3) {
            let policy = dice.pick(["Allow", "Forbid", "Replace"])
            documents.append(
                """
                apiVersion: batch/v1
                kind: CronJob
                metadata: {name: nightly}
                spec:
                  schedule: "* * * * *"
                  concurrencyPolicy: \(policy)
                  successfulJobsHistoryLimit: \(dice.below(3))
                  jobTemplate:
                    spec:
                      backoffLimit: 1
                      template:
                        metadata: {labels: {app: nightly}}
                        spec:
                          restartPolicy: Never
                          containers: [{name: main, image: "task:1", resources: {requests: {cpu: 20m, memory: 30Mi}}}]
                """)
        }
        if dice.chance(0.3) {
            documents.append(
                "apiVersion: v1\nkind: ResourceQuota\nmetadata: {name: counts}\nspec: {hard: {pods: \"\(6 + dice.below(10))\", count/jobs.batch: \"\(3 + dice.below(4))\", services: \"4\", requests.memory: \(dice.pick(["512Mi", "2Gi"]))}}"
            )
        }
        if dice.chance(0.3) {
            documents.append(
                "apiVersion: policy/v1\nkind: PodDisruptionBudget\nmetadata: {name: store}\nspec: {selector: {matchLabels: {app: \(dice.pick(["store", "app", "mailer"]))}}, maxUnavailable: \(dice.pick(["0", "1", "50%"]))}"
            )
        }
        return documents.map { "---\n" + $0 + "\n" }.joined()
    }

    static func service(_ name: String) -> String {
        "apiVersion: v1\nkind: Service\nmetadata: {name: \(name)}\nspec: {selector: {app: \(name)}, ports: [{port: 80, targetPort: 8000}]}"
    }

    static func deployment(_ name: String, image: String, _ dice: inout Dice) -> String {
        let amounts = ["0", "1", "2", "25%", "50%", "100%"]
        let strategy =
            dice.chance(0.25)
            ? "{type: Recreate}"
            : "{rollingUpdate: {maxSurge: \(dice.pick(Array(amounts.dropFirst()))), maxUnavailable: \(dice.pick(amounts))}}"
        return """
            apiVersion: apps/v1
            kind: Deployment
            metadata: {name: \(name)}
            spec:
              replicas: \(1 + dice.below(4))
              strategy: \(strategy)
              minReadySeconds: \(dice.pick([0, 0, 5]))
              progressDeadlineSeconds: \(dice.pick([30, 600]))
              revisionHistoryLimit: \(dice.below(3))
              selector: {matchLabels: {app: \(name)}}
              template:
                metadata: {labels: {app: \(name)}}
                spec:
            \(podSpec(name, image: image, &dice))
            """
    }

    /// The fields of a pod's spec, indented as in a template.
    private static func podSpec(_ name: String, image: String, restart: String? = nil, _ dice: inout Dice) -> String {
        var lines: [String] = []
        if let restart { lines.append("restartPolicy: \(restart)") }
        let grace = dice.pick([1, 5, 30])
        lines.append("terminationGracePeriodSeconds: \(grace)")
        if dice.chance(0.2) { lines.append("priorityClassName: high") }
        if dice.chance(0.2) { lines.append("tolerations: [{key: team, operator: Exists}]") }
        if dice.chance(0.15) {
            lines.append(
                "affinity: {podAntiAffinity: {\(dice.pick(["required", "required"]))DuringSchedulingIgnoredDuringExecution: [{topologyKey: kubernetes.io/hostname, labelSelector: {matchLabels: {app: \(name)}}}]}}"
            )
        } else if dice.chance(0.15) {
            lines.append(
                "affinity: {nodeAffinity: {preferredDuringSchedulingIgnoredDuringExecution: [{weight: 10, preference: {matchExpressions: [{key: topology.kubernetes.io/zone, operator: In, values: [east]}]}}]}}"
            )
        }
        if dice.chance(0.2) {
            lines.append(
                "topologySpreadConstraints: [{maxSkew: 1, topologyKey: topology.kubernetes.io/zone, whenUnsatisfiable: \(dice.pick(["DoNotSchedule", "ScheduleAnyway"])), labelSelector: {matchLabels: {app: \(name)}}}]"
            )
        }
        if dice.chance(0.2) {
            lines.append("initContainers:")
            lines.append(
                dice.chance(0.5)
                    ? "  - {name: sidecar, image: \"proxy:1\", restartPolicy: Always, resources: {requests: {cpu: 10m, memory: 10Mi}}}"
                    : "  - {name: prepare, image: \"task:1\", resources: {requests: {cpu: 10m, memory: 30Mi}}}")
        }
        lines.append("containers:")
        lines.append("  - name: main")
        lines.append("    image: \"\(image)\"")
        if image != "task:1", image != "mailer:1" { lines.append("    ports: [{containerPort: 8000}]") }
        let (cpu, memory) = (dice.pick(["50m", "200m", "600m"]), dice.pick(["48Mi", "128Mi", "400Mi"]))
        let limits = dice.pick([
            "", ", limits: {memory: 160Mi}", ", limits: {cpu: 700m, memory: 500Mi}", ", limits: {cpu: 600m}",
        ])
        let fits = !(limits.contains("160Mi") && memory == "400Mi")
        lines.append("    resources: {requests: {cpu: \(cpu), memory: \(memory)}\(fits ? limits : "")}")
        if image.hasPrefix("app") || image.hasPrefix("front") {
            if dice.chance(0.7) {
                lines.append(
                    "    readinessProbe: {httpGet: {path: /readyz, port: 8000}, periodSeconds: \(1 + dice.below(5))}")
            }
            if dice.chance(0.4) {
                lines.append(
                    "    livenessProbe: {\(dice.pick(["httpGet: {path: /healthz, port: 8000}", "tcpSocket: {port: 8000}"])), periodSeconds: \(2 + dice.below(8)), failureThreshold: \(1 + dice.below(3))}"
                )
            }
            if dice.chance(0.3) {
                lines.append(
                    "    startupProbe: {httpGet: {path: /healthz, port: 8000}, periodSeconds: 1, failureThreshold: \(dice.pick([2, 30]))}"
                )
            }
            if dice.chance(0.3) {
                lines.append("    lifecycle: {preStop: {sleep: {seconds: \(dice.below(min(grace, 7)))}}}")
            }
            if dice.chance(0.2) { lines.append("    envFrom: [{configMapRef: {name: settings}}]") }
        }
        return lines.map { "      " + $0 }.joined(separator: "\n")
    }

    private static func statefulSet(_ dice: inout Dice) -> String {
        """
        apiVersion: apps/v1
        kind: StatefulSet
        metadata: {name: mailer}
        spec:
          replicas: \(1 + dice.below(3))
          serviceName: mailer
          podManagementPolicy: \(dice.pick(["OrderedReady", "Parallel"]))
          selector: {matchLabels: {app: mailer}}
          template:
            metadata: {labels: {app: mailer}}
            spec:
        \(podSpec("mailer", image: "mailer:1", &dice))
        """
    }

    private static func daemonSet(_ dice: inout Dice) -> String {
        """
        apiVersion: apps/v1
        kind: DaemonSet
        metadata: {name: shipper}
        spec:
          selector: {matchLabels: {app: shipper}}
          template:
            metadata: {labels: {app: shipper}}
            spec:
              \(dice.maybe(0.5, "tolerations: [{operator: Exists}]"))
              containers: [{name: main, image: "shipper:1", resources: {requests: {cpu: 20m, memory: 16Mi}}}]
        """
    }

    private static func job(_ dice: inout Dice) -> String {
        let spec = """
            backoffLimit: \(dice.below(4))
            parallelism: \(1 + dice.below(3))
            completions: \(1 + dice.below(4))
            template:
              metadata: {labels: {app: task}}
              spec:
            """
        let pod = podSpec("task", image: "task:1", restart: dice.pick(["Never", "OnFailure"]), &dice)
        func indented(_ text: String, _ by: Int) -> String {
            text.split(separator: "\n").map { String(repeating: " ", count: by) + $0 }.joined(separator: "\n")
        }
        guard dice.chance(0.4) else {
            return "apiVersion: batch/v1\nkind: Job\nmetadata: {name: task}\nspec:\n" + indented(spec, 2) + "\n" + pod
        }
        return
            "apiVersion: batch/v1\nkind: CronJob\nmetadata: {name: task}\nspec:\n  schedule: \"* * * * *\"\n  concurrencyPolicy: "
            + dice.pick(["Allow", "Forbid", "Replace"]) + "\n  jobTemplate:\n    spec:\n" + indented(spec, 6) + "\n"
            + indented(pod, 4)
    }

    private static func autoscaler(_ dice: inout Dice) -> String {
        let metric =
            dice.chance(0.7)
            ? "{type: Resource, resource: {name: cpu, target: {type: Utilization, averageUtilization: \(dice.pick([20, 60]))}}}"
            : "{type: Resource, resource: {name: memory, target: {type: AverageValue, averageValue: 60Mi}}}"
        let window = dice.pick([0, 30])
        let behavior = dice.maybe(
            0.4,
            "\n  behavior: {scaleDown: {stabilizationWindowSeconds: \(window), policies: [{type: Pods, value: 1, periodSeconds: 15}]}}"
        )
        return """
            apiVersion: autoscaling/v2
            kind: HorizontalPodAutoscaler
            metadata: {name: app}
            spec:
              scaleTargetRef: {apiVersion: apps/v1, kind: Deployment, name: app}
              minReplicas: \(1 + dice.below(2))
              maxReplicas: \(3 + dice.below(4))
              metrics: [\(metric)]\(behavior)
            """
    }

    private static func budget(_ dice: inout Dice) -> String {
        "apiVersion: policy/v1\nkind: PodDisruptionBudget\nmetadata: {name: app}\nspec: {selector: {matchLabels: {app: app}}, "
            + dice.pick(["minAvailable: 1", "maxUnavailable: 1", "minAvailable: 50%"]) + "}"
    }
}
