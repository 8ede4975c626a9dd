import Testing

@testable import KubernetesAPI

/// The causes that the API server gives for a manifest, after defaulting.
func causes(of text: String, replacing old: String? = nil, subresource: String = "") throws -> [String] {
    func check<Object: KubernetesObject>(_ object: Object, _ old: (any KubernetesObject)?) -> [String] {
        do {
            if let old = old as? Object {
                try Validation.check(object.withDefaults(), replacing: old.withDefaults(), subresource: subresource)
            } else {
                try Validation.check(object.withDefaults())
            }
            return []
        } catch {
            return error.causes.map { $0.field.isEmpty ? $0.message : "\($0.field): \($0.message)" }
        }
    }
    func object(_ text: String) throws -> any KubernetesObject {
        let document = try #require(try YAMLReader.documents(text).first)
        return try #require(SampleManifests.object(document.value))
    }
    return check(try object(text), try old.map(object))
}

/// Rules for pods beyond the cases of fixtures/conformance/validation.
@Suite struct PodValidationTests {
    private func pod(_ spec: String) throws -> [String] {
        try causes(of: "{apiVersion: v1, kind: Pod, metadata: {name: p}, spec: {\(spec)}}")
    }

    private func container(_ fields: String) throws -> [String] {
        try pod("containers: [{name: c, image: a, \(fields)}]")
    }

    @Test(arguments: [
        (
            "ports: [{containerPort: 80, hostPort: 70000}]",
            "spec.containers[0].ports[0].hostPort: Invalid value: 70000: must be between 1 and 65535, inclusive"
        ),
        (
            "ports: [{containerPort: 1, protocol: HTTP}]",
            "spec.containers[0].ports[0].protocol: Unsupported value: \"HTTP\": supported values: \"SCTP\", \"TCP\", \"UDP\""
        ),
        (
            "ports: [{containerPort: 1, hostPort: 5}, {containerPort: 2, hostPort: 5}]",
            "spec.containers[0].ports[1].hostPort: Duplicate value: \"TCP//5\""
        ),
        ("env: [{name: '', value: x}]", "spec.containers[0].env[0].name: Required value"),
        (
            "env: [{name: 'a=b', value: x}]",
            "spec.containers[0].env[0].name: Invalid value: \"a=b\": a valid environment variable name must consist only of printable ASCII characters other than '='"
        ),
        (
            "env: [{name: A, valueFrom: {}}]",
            "spec.containers[0].env[0].valueFrom: Invalid value: \"\": must specify one of: `fieldRef`, `resourceFieldRef`, `configMapKeyRef`, `secretKeyRef` or `fileKeyRef`"
        ),
        (
            "env: [{name: A, valueFrom: {fieldRef: {fieldPath: spec.nodeSelector}}}]",
            "spec.containers[0].env[0].valueFrom.fieldRef.fieldPath: Invalid value: \"spec.nodeSelector\": error converting fieldPath: field label not supported: spec.nodeSelector"
        ),
        (
            "env: [{name: A, valueFrom: {fieldRef: {fieldPath: status.phase}}}]",
            "spec.containers[0].env[0].valueFrom.fieldRef.fieldPath: Unsupported value: \"status.phase\": supported values: \"metadata.name\", \"metadata.namespace\", \"metadata.uid\", \"spec.nodeName\", \"spec.serviceAccountName\", \"status.hostIP\", \"status.hostIPs\", \"status.podIP\", \"status.podIPs\""
        ),
        (
            "env: [{name: A, valueFrom: {resourceFieldRef: {resource: limits.gpu}}}]",
            "spec.containers[0].env[0].valueFrom.resourceFieldRef.resource: Unsupported value: \"limits.gpu\": supported values: \"limits.cpu\", \"limits.ephemeral-storage\", \"limits.memory\", \"requests.cpu\", \"requests.ephemeral-storage\", \"requests.memory\""
        ),
        (
            "envFrom: [{}]",
            "spec.containers[0].envFrom: Invalid value: \"\": must specify one of: `configMapRef` or `secretRef`"
        ),
        (
            "resources: {requests: {memory: -1}}",
            "spec.containers[0].resources.requests[memory]: Invalid value: \"-1\": must be greater than or equal to 0"
        ),
        (
            "resources: {requests: {storage: 1Gi}}",
            "spec.containers[0].resources.requests[storage]: Invalid value: \"storage\": must be a standard resource for containers"
        ),
        (
            "livenessProbe: {httpGet: {port: 0}}",
            "spec.containers[0].livenessProbe.httpGet.port: Invalid value: 0: must be between 1 and 65535, inclusive"
        ),
        ("livenessProbe: {exec: {}}", "spec.containers[0].livenessProbe.exec.command: Required value"),
        (
            "startupProbe: {tcpSocket: {port: 1}, successThreshold: 2}",
            "spec.containers[0].startupProbe.successThreshold: Invalid value: 2: must be 1"
        ),
        (
            "readinessProbe: {tcpSocket: {port: 1}, periodSeconds: -1}",
            "spec.containers[0].readinessProbe.periodSeconds: Invalid value: -1: must be greater than or equal to 0"
        ),
        (
            "readinessProbe: {httpGet: {port: 1, httpHeaders: [{name: 'a b', value: c}]}}",
            "spec.containers[0].readinessProbe.httpGet.httpHeaders: Invalid value: \"a b\": a valid HTTP header must consist of alphanumeric characters or '-' (e.g. 'X-Header-Name', regex used for validation is '[-A-Za-z0-9]+')"
        ),
        (
            "lifecycle: {preStop: {sleep: {seconds: 31}}}",
            "spec.containers[0].lifecycle.preStop.sleep: Invalid value: 31: must be non-negative and less than terminationGracePeriodSeconds (30)"
        ),
        (
            "lifecycle: {preStop: {}}",
            "spec.containers[0].lifecycle.preStop: Required value: must specify a handler type"
        ),
        (
            "lifecycle: {stopSignal: SIGTERM}",
            "spec.containers[0].lifecycle.stopSignal: Forbidden: may not be set for containers with empty `spec.os.name`"
        ),
        (
            "terminationMessagePolicy: Log",
            "spec.containers[0].terminationMessagePolicy: Unsupported value: \"Log\": supported values: \"File\", \"FallbackToLogsOnError\""
        ),
        (
            "resizePolicy: [{resourceName: gpu, restartPolicy: NotRequired}]",
            "spec.containers[0].resizePolicy: Unsupported value: \"gpu\": supported values: \"cpu\", \"memory\""
        ),
        (
            "restartPolicy: Sometimes",
            "spec.containers[0].restartPolicy: Unsupported value: \"Sometimes\": supported values: \"Always\", \"Never\", \"OnFailure\""
        ),
        (
            "securityContext: {runAsGroup: -1}",
            "spec.containers[0].securityContext.runAsGroup: Invalid value: -1: must be between 0 and 2147483647, inclusive"
        ),
        (
            "securityContext: {seccompProfile: {type: Localhost}}",
            "spec.containers[0].securityContext.seccompProfile.localhostProfile: Required value: must be set when seccomp type is Localhost"
        ),
        ("volumeDevices: [{name: d, devicePath: /d}]", "spec.containers[0].volumeDevices[0].name: Not found: \"d\""),
    ]) func containers(fields: String, expected: String) throws {
        #expect(try container(fields) == [expected])
    }

    private static let one = "containers: [{name: c, image: a}], "

    @Test(
        arguments: [
            ("restartPolicy: ''", nil),
            (
                "activeDeadlineSeconds: 3000000000",
                "spec.activeDeadlineSeconds: Invalid value: 3000000000: must be between 1 and 2147483647, inclusive"
            ),
            ("hostname: a.b", "spec.hostname: Invalid value: \"a.b\": must not contain dots"),
            (
                "hostAliases: [{ip: 300.0.0.1, hostnames: [a]}]",
                "spec.hostAliases[0].ip: Invalid value: \"300.0.0.1\": must be a valid IP address, (e.g. 10.9.8.7 or 2001:db8::ffff)"
            ),
            ("dnsPolicy: None", "spec.dnsConfig: Required value: must provide `dnsConfig` when `dnsPolicy` is None"),
            (
                "tolerations: [{operator: Exists, value: x}]",
                "spec.tolerations[0].operator: Invalid value: \"x\": value must be empty when `operator` is 'Exists'"
            ),
            (
                "tolerations: [{value: x}]",
                "spec.tolerations[0].operator: Invalid value: \"\": operator must be Exists when `key` is empty, which means \"match all values and all keys\""
            ),
            (
                "tolerations: [{key: a, operator: Maybe}]",
                "spec.tolerations[0].operator: Unsupported value: \"Maybe\": supported values: \"Equal\", \"Exists\""
            ),
            (
                "topologySpreadConstraints: [{maxSkew: 1, topologyKey: z, whenUnsatisfiable: ScheduleAnyway, minDomains: 2}]",
                "spec.topologySpreadConstraints[0].minDomains: Invalid value: 2: can only use minDomains if whenUnsatisfiable=DoNotSchedule, not ScheduleAnyway"
            ),
            (
                "topologySpreadConstraints: [{maxSkew: 1, topologyKey: z, nodeTaintsPolicy: Nope, whenUnsatisfiable: DoNotSchedule}]",
                "spec.topologySpreadConstraints[0].nodeTaintsPolicy: Unsupported value: \"Nope\": supported values: \"Honor\", \"Ignore\""
            ),
            (
                "topologySpreadConstraints: [{maxSkew: 1, topologyKey: z, matchLabelKeys: [a], whenUnsatisfiable: DoNotSchedule}]",
                "spec.topologySpreadConstraints[0].matchLabelKeys: Forbidden: must not be specified when labelSelector is not set"
            ),
            (
                "affinity: {nodeAffinity: {requiredDuringSchedulingIgnoredDuringExecution: {nodeSelectorTerms: []}}}",
                "spec.affinity.nodeAffinity.requiredDuringSchedulingIgnoredDuringExecution.nodeSelectorTerms: Required value: must have at least one node selector term"
            ),
            ("schedulingGates: [{name: a}, {name: a}]", "spec.schedulingGates[1]: Duplicate value: \"a\""),
            (
                "volumes: [{name: A, emptyDir: {}}]",
                "spec.volumes[0].name: Invalid value: \"A\": a lowercase RFC 1123 label must consist of lower case alphanumeric characters or '-', and must start and end with an alphanumeric character (e.g. 'my-name',  or '123-abc', regex used for validation is '[a-z0-9]([-a-z0-9]*[a-z0-9])?')"
            ),
            (
                "volumes: [{name: a, emptyDir: {}}, {name: a, emptyDir: {}}]",
                "spec.volumes[1].name: Duplicate value: \"a\""
            ),
            ("volumes: [{name: a, configMap: {}}]", "spec.volumes[0].configMap.name: Required value"),
            (
                "volumes: [{name: a, configMap: {name: b, defaultMode: 1000}}]",
                "spec.volumes[0].configMap.defaultMode: Invalid value: 1000: must be a number between 0 and 0777 (octal), both inclusive"
            ),
            (
                "volumes: [{name: a, secret: {secretName: b, items: [{key: k, path: ../x}]}}]",
                "spec.volumes[0].secret.items[0].path: Invalid value: \"../x\": must not contain '..'"
            ),
            (
                "volumes: [{name: a, hostPath: {path: /x, type: Folder}}]",
                "spec.volumes[0].hostPath.type: Unsupported value: \"Folder\": supported values: \"\", \"BlockDevice\", \"CharDevice\", \"Directory\", \"DirectoryOrCreate\", \"File\", \"FileOrCreate\", \"Socket\""
            ),
            (
                "volumes: [{name: a, projected: {sources: [{serviceAccountToken: {path: t, expirationSeconds: 10}}]}}], serviceAccountName: x",
                "spec.volumes[0].projected.sources[0].serviceAccountToken.expirationSeconds: Invalid value: 10: may not specify a duration less than 10 minutes"
            ),
            (
                "ephemeralContainers: [{name: d, image: a}]",
                "spec.ephemeralContainers: Forbidden: cannot be set on create"
            ),
            (
                "initContainers: [{name: i, image: a, readinessProbe: {tcpSocket: {port: 1}}, restartPolicy: Always}]",
                nil
            ),
            (
                "securityContext: {fsGroup: -5}",
                "spec.securityContext.fsGroup: Invalid value: -5: must be between 0 and 2147483647, inclusive"
            ),
            ("os: {name: plan9}", "spec.os: Unsupported value: \"plan9\": supported values: \"linux\", \"windows\""),
            (
                "resources: {limits: {cpu: 1}, requests: {cpu: 2}}",
                "spec.resources.requests: Invalid value: \"2\": must be less than or equal to cpu limit of 1"
            ),
            (
                "priorityClassName: A_b",
                "spec.priorityClassName: Invalid value: \"A_b\": a lowercase RFC 1123 subdomain must consist of lower case alphanumeric characters, '-' or '.', and must start and end with an alphanumeric character (e.g. 'example.com', regex used for validation is '[a-z0-9]([-a-z0-9]*[a-z0-9])?(\\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*')"
            ),
        ] as [(String, String?)]) func specs(fields: String, expected: String?) throws
    {
        #expect(try pod(Self.one + fields) == (expected.map { [$0] } ?? []))
    }

    private func change(_ old: String, _ new: String, _ subresource: String = "") throws -> [String] {
        func text(_ spec: String) -> String { "{apiVersion: v1, kind: Pod, metadata: {name: p}, spec: {\(spec)}}" }
        return try causes(of: text(new), replacing: text(old), subresource: subresource)
    }

    @Test func changes() throws {
        let base = "containers: [{name: c, image: a:1}]"
        #expect(try change(base, "containers: [{name: c, image: a:2}], activeDeadlineSeconds: 10") == [])
        #expect(try change(base, base + ", tolerations: [{key: a, operator: Exists}]") == [])
        #expect(
            try change(base, "containers: [{name: c, image: a:1}, {name: d, image: b:1}]") == [
                "spec.containers: Forbidden: pod updates may not add or remove containers"
            ])
        #expect(
            try change(base + ", activeDeadlineSeconds: 10", base + ", activeDeadlineSeconds: 20") == [
                "spec.activeDeadlineSeconds: Invalid value: 20: must be less than or equal to previous value"
            ])
        #expect(
            try change(base + ", tolerations: [{key: a, operator: Exists}]", base).contains(
                "spec.tolerations: Forbidden: existing toleration can not be modified except its tolerationSeconds"))
        let text = try change(base, base + ", nodeSelector: {a: b}").joined()
        #expect(
            text.hasPrefix("spec: Forbidden: pod updates may not change fields other than `spec.containers[*].image`,"))
        #expect(text.contains("\n- \"NodeSelector\": null,\n+ \"NodeSelector\": {\n+  \"a\": \"b\"\n+ },\n"))
    }

    @Test func resizes() throws {
        func spec(_ resources: String) -> String { "containers: [{name: c, image: a, resources: {\(resources)}}]" }
        let base = spec("requests: {cpu: 100m, memory: 64Mi}, limits: {cpu: 1}")
        #expect(try change(base, spec("requests: {cpu: 200m, memory: 64Mi}, limits: {cpu: 2}"), "resize") == [])
        #expect(
            try change(base, spec("requests: {cpu: 100m}, limits: {cpu: 1}"), "resize") == [
                "spec.containers[0].resources.requests: Forbidden: resource requests cannot be removed"
            ])
        #expect(
            try change(
                spec("requests: {cpu: 1}"), spec("requests: {cpu: 1, memory: 1Gi}, limits: {cpu: 1, memory: 1Gi}"),
                "resize")
                == ["spec: Invalid value: \"\": Pod QOS Class may not change as a result of resizing"])
        #expect(
            try change(
                base,
                "containers: [{name: d, image: a, resources: {requests: {cpu: 100m, memory: 64Mi}, limits: {cpu: 1}}}]",
                "resize")
                == ["spec.containers[0].name: Forbidden: containers may not be renamed or reordered on resize"])
    }
}

/// Rules for the other kinds.
@Suite struct KindValidationTests {
    private static let template = "template: {metadata: {labels: {a: b}}, spec: {containers: [{name: c, image: a}]}}"
    private static let selector = "selector: {matchLabels: {a: b}}"

    private func check(_ version: String, _ kind: String, _ body: String) throws -> [String] {
        try causes(of: "{apiVersion: \(version), kind: \(kind), metadata: {name: x, namespace: default}, \(body)}")
    }

    @Test func workloads() throws {
        let (template, selector) = (Self.template, Self.selector)
        #expect(
            try check("apps/v1", "Deployment", "spec: {replicas: -1, \(selector), \(template)}") == [
                "spec.replicas: Invalid value: -1: must be greater than or equal to 0"
            ])
        #expect(
            try check("apps/v1", "Deployment", "spec: {selector: {}, \(template)}") == [
                "spec.selector: Invalid value: {}: empty selector is invalid for deployment"
            ])
        #expect(
            try check(
                "apps/v1", "Deployment",
                "spec: {\(selector), \(template), strategy: {type: Recreate, rollingUpdate: {}}}") == [
                    "spec.strategy.rollingUpdate: Forbidden: may not be specified when strategy `type` is 'Recreate'"
                ])
        #expect(
            try check(
                "apps/v1", "Deployment",
                "spec: {\(selector), \(template), strategy: {rollingUpdate: {maxSurge: x%, maxUnavailable: 1}}}")
                == [
                    "spec.strategy.rollingUpdate.maxSurge: Invalid value: \"x%\": a valid percent string must be a numeric string followed by an ending '%' (e.g. '1%',  or '93%', regex used for validation is '[0-9]+%')"
                ])
        #expect(
            try check("apps/v1", "StatefulSet", "spec: {\(selector), \(template), podManagementPolicy: Wild}") == [
                "spec.podManagementPolicy: Invalid value: \"Wild\": must be 'OrderedReady' or 'Parallel'"
            ])
        #expect(
            try check(
                "apps/v1", "DaemonSet",
                "spec: {\(selector), \(template), updateStrategy: {rollingUpdate: {maxSurge: 1, maxUnavailable: 1}}}")
                == [
                    "spec.updateStrategy.rollingUpdate.maxSurge: Invalid value: 1: may not be set when maxUnavailable is non-zero"
                ])
        #expect(
            try check(
                "apps/v1", "ReplicaSet", "spec: {selector: {matchExpressions: [{key: a, operator: Like}]}, \(template)}"
            ) == [
                "spec.selector.matchExpressions[0].operator: Invalid value: \"Like\": not a valid selector operator"
            ])
    }

    @Test func statefulSetChanges() throws {
        func text(_ name: String) -> String {
            "{apiVersion: apps/v1, kind: StatefulSet, metadata: {name: x}, spec: {serviceName: \(name), \(Self.selector), \(Self.template)}}"
        }
        #expect(
            try causes(of: text("b"), replacing: text("a")) == [
                "spec: Forbidden: updates to statefulset spec for fields other than 'replicas', 'ordinals', 'template', 'updateStrategy', 'revisionHistoryLimit', 'persistentVolumeClaimRetentionPolicy' and 'minReadySeconds' are forbidden"
            ])
    }

    @Test func jobs() throws {
        let pod = "template: {spec: {restartPolicy: Never, containers: [{name: c, image: a}]}}"
        #expect(try check("batch/v1", "Job", "spec: {\(pod)}") == [])
        #expect(
            try check("batch/v1", "Job", "spec: {completionMode: Indexed, \(pod), parallelism: 1}") == [
                "spec.completions: Required value: when completion mode is Indexed"
            ])
        #expect(
            try check("batch/v1", "Job", "spec: {backoffLimitPerIndex: 1, \(pod)}") == [
                "spec.backoffLimitPerIndex: Invalid value: 1: requires indexed completion mode"
            ])
        #expect(
            try check(
                "batch/v1", "Job",
                "spec: {\(pod), podFailurePolicy: {rules: [{action: FailJob, onExitCodes: {operator: In, values: [3, 1, 0]}}]}}"
            )
                == [
                    "spec.podFailurePolicy.rules[0].onExitCodes.values[2]: Invalid value: 0: must not be 0 for the In operator",
                    "spec.podFailurePolicy.rules[0].onExitCodes.values: Invalid value: [3,1,0]: must be ordered",
                ])
    }

    @Test(
        arguments: [
            ("* * * *", "expected exactly 5 fields, found 4: [* * * *]"),
            ("@often", "unrecognized descriptor: @often"),
            ("@hourly", nil), ("@every 5m", nil), ("*/15 9-17 * jan-mar mon", nil), ("0 0 1,15 * 0", nil),
            ("60 * * * *", "end of range (60) above maximum (59): 60"),
            ("* * 0 * *", "beginning of range (0) below minimum (1): 0"),
            ("5-1 * * * *", "beginning of range (5) beyond end of range (1): 5-1"),
            ("*/0 * * * *", "step of range should be a positive number: */0"),
            ("a * * * *", "failed to parse int from a: strconv.Atoi: parsing \"a\": invalid syntax"),
            ("1-2-3 * * * *", "too many hyphens: 1-2-3"), ("1/2/3 * * * *", "too many slashes: 1/2/3"),
        ] as [(String, String?)]) func schedules(schedule: String, expected: String?)
    {
        #expect(CronSchedule.problem(schedule) == expected)
    }

    @Test func services() throws {
        #expect(
            try check("v1", "Service", "spec: {ports: [{port: 80, targetPort: -1}]}") == [
                "spec.ports[0].targetPort: Invalid value: -1: must be between 1 and 65535, inclusive"
            ])
        #expect(try check("v1", "Service", "spec: {type: ExternalName}") == ["spec.externalName: Required value"])
        #expect(
            try check("v1", "Service", "spec: {type: Proxy, ports: [{port: 80}]}").contains(
                "spec.type: Unsupported value: \"Proxy\": supported values: \"ClusterIP\", \"ExternalName\", \"LoadBalancer\", \"NodePort\""
            ))
        #expect(
            try check("v1", "Service", "spec: {ports: [{port: 80, nodePort: 30080}]}") == [
                "spec.ports[0].nodePort: Forbidden: may not be used when `type` is 'ClusterIP'"
            ])
        #expect(
            try check("v1", "Service", "spec: {ports: [{port: 80, name: a}, {port: 80, name: b}]}") == [
                "spec.ports[1]: Duplicate value: {\"Name\":\"\",\"Protocol\":\"TCP\",\"AppProtocol\":null,\"Port\":80,\"TargetPort\":0,\"NodePort\":0}"
            ])
        #expect(
            try check("v1", "Service", "spec: {clusterIP: 10.0.0, ports: [{port: 80}]}") == [
                "spec.clusterIPs[0]: Invalid value: \"10.0.0\": must be a valid IP address, (e.g. 10.9.8.7 or 2001:db8::ffff)"
            ])
    }

    @Test func configuration() throws {
        #expect(
            try causes(
                of: "{apiVersion: v1, kind: ConfigMap, metadata: {name: x}, data: {a: b}}",
                replacing: "{apiVersion: v1, kind: ConfigMap, metadata: {name: x}, immutable: true, data: {a: c}}") == [
                    "immutable: Forbidden: field is immutable when `immutable` is set",
                    "data: Forbidden: field is immutable when `immutable` is set",
                ])
        #expect(
            try check("v1", "Secret", "type: kubernetes.io/tls") == [
                "data[tls.crt]: Required value", "data[tls.key]: Required value",
            ])
    }

    @Test func autoscalers() throws {
        let target = "scaleTargetRef: {apiVersion: apps/v1, kind: Deployment, name: w}"
        let version = "autoscaling/v2"
        #expect(
            try check(version, "HorizontalPodAutoscaler", "spec: {maxReplicas: 3, scaleTargetRef: {}}") == [
                "spec.scaleTargetRef.kind: Required value", "spec.scaleTargetRef.name: Required value",
            ])
        #expect(
            try check(
                version, "HorizontalPodAutoscaler",
                "spec: {maxReplicas: 3, \(target), behavior: {scaleDown: {stabilizationWindowSeconds: 3601, policies: [{type: Pods, value: 0, periodSeconds: 1801}]}}}"
            ) == [
                "spec.behavior.scaleDown.stabilizationWindowSeconds: Invalid value: 3601: must be less than or equal to 3600",
                "spec.behavior.scaleDown.policies[0].value: Invalid value: 0: must be greater than zero",
                "spec.behavior.scaleDown.policies[0].periodSeconds: Invalid value: 1801: must be less than or equal to 1800",
            ])
        #expect(
            try check(
                version, "HorizontalPodAutoscaler",
                "spec: {maxReplicas: 3, \(target), metrics: [{type: Resource, resource: {name: cpu, target: {type: Utilization}}}]}"
            )
                == [
                    "spec.metrics[0].resource.target.averageUtilization: Required value: must set either a target raw value or a target utilization"
                ])
        #expect(
            try check(version, "HorizontalPodAutoscaler", "spec: {maxReplicas: 3, \(target), metrics: [{type: Pods}]}")
                == [
                    "spec.metrics[0].pods: Required value: must populate information for the given metric source"
                ])
    }

    @Test func policies() throws {
        #expect(
            try check("policy/v1", "PodDisruptionBudget", "spec: {minAvailable: 150%}") == [
                "spec.minAvailable: Invalid value: \"150%\": must not be greater than 100%"
            ])
        #expect(
            try check("scheduling.k8s.io/v1", "PriorityClass", "value: 1000000001") == [
                "value: Forbidden: maximum allowed value of a user defined priority is 1000000000"
            ])
        #expect(
            try check("v1", "ResourceQuota", "spec: {hard: {gpu: 1}}") == [
                "spec.hard[gpu]: Invalid value: \"gpu\": must be a standard resource type or fully qualified",
                "spec.hard[gpu]: Invalid value: \"gpu\": must be a standard resource for quota",
            ])
        #expect(
            try check("v1", "LimitRange", "spec: {limits: [{type: Container, min: {cpu: 2}, max: {cpu: 1}}]}").contains(
                "spec.limits[0].min[cpu]: Invalid value: \"2\": min value 2 is greater than max value 1"))
        #expect(
            try check("v1", "Node", "spec: {taints: [{key: a, effect: Nope}]}") == [
                "metadata.taints[0].effect: Unsupported value: \"Nope\": supported values: \"NoSchedule\", \"PreferNoSchedule\", \"NoExecute\""
            ])
        #expect(
            try check("coordination.k8s.io/v1", "Lease", "spec: {leaseDurationSeconds: 0}") == [
                "spec.leaseDurationSeconds: Invalid value: 0: must be greater than 0"
            ])
        #expect(
            try check("rbac.authorization.k8s.io/v1", "Role", "rules: [{apiGroups: ['']}]") == [
                "rules[0].verbs: Required value: verbs must contain at least one value",
                "rules[0].resources: Required value: resource rules must supply at least one resource",
            ])
        #expect(
            try check("networking.k8s.io/v1", "Ingress", "spec: {}") == [
                "spec: Invalid value: null: either `defaultBackend` or `rules` must be specified"
            ])
        #expect(
            try check(
                "discovery.k8s.io/v1", "EndpointSlice", "addressType: IPv4, endpoints: [{addresses: [127.0.0.1]}]") == [
                    "endpoints[0].addresses[0]: Invalid value: \"127.0.0.1\": may not be in the loopback range (127.0.0.0/8, ::1/128)"
                ])
    }
}

@Suite struct AddressTests {
    @Test(arguments: [
        "10.0.0.1", "0.0.0.0", "::", "::1", "2001:db8::ffff", "fe80::1:2", "::ffff:10.0.0.1", "1:2:3:4:5:6:7:8",
    ])
    func good(text: String) { #expect(IPAddress(text) != nil) }

    @Test(arguments: [
        "", "10.0.0", "10.0.0.256", "01.2.3.4", "1.2.3.4.5", ":", ":::", "1::2::3", "12345::", "g::", "1:2:3:4:5:6:7",
    ])
    func bad(text: String) { #expect(IPAddress(text) == nil) }

    @Test func blocks() {
        #expect(AddressBlock.isValid("10.0.0.0/8"))
        #expect(AddressBlock.isValid("2001:db8::/64"))
        #expect(!AddressBlock.isValid("10.0.0.0/33"))
        #expect(!AddressBlock.isValid("10.0.0.0"))
        #expect(!AddressBlock.isValid("10.0.0.0/08"))
    }
}

@Suite struct GoDifferenceTests {
    @Test func lines() throws {
        let value = try parsed(#"{"A":1,"B":[],"C":[{"D":null},"e"],"F":{}}"#)
        #expect(
            GoDifference.lines(value) == [
                "{", " \"A\": 1,", " \"B\": [],", " \"C\": [", "  {", "   \"D\": null", "  },", "  \"e\"", " ],",
                " \"F\": {}", "}",
            ])
    }

    @Test func hunks() {
        let old = (1...20).map { "\($0)" }
        var new = old
        new[1] = "two"
        new.remove(at: 17)
        #expect(
            GoDifference.unified(old, new)
                == "@@ -1,5 +1,5 @@\n 1\n-2\n+two\n 3\n 4\n 5\n@@ -15,6 +15,5 @@\n 15\n 16\n 17\n-18\n 19\n 20\n")
        #expect(GoDifference.unified(old, old) == "")
        #expect(GoDifference.unified([], ["a"]) == "@@ -0,0 +1 @@\n+a\n")
    }

    @Test func names() {
        #expect(
            ["HTTPGet", "TTY", "Name", "OS", "SELinuxOptions", "FSGroup", "HostIP", "DNSPolicy"].map(
                InternalTypes.jsonName) == [
                    "httpGet", "tty", "name", "os", "seLinuxOptions", "fsGroup", "hostIP", "dnsPolicy",
                ])
    }
}
