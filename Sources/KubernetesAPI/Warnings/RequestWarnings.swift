/// What the API server warns of although it accepts the object (`pkg/api/*/warnings.go`): kubectl prints each after
/// `Warning: `.
public enum RequestWarnings {
    /// - Parameter old: the object before the request; what was there already is not warned of again.
    public static func of<Object: KubernetesObject>(_ object: Object, replacing old: Object? = nil) -> [String] {
        let warnings = all(object)
        guard let old, !warnings.isEmpty else { return warnings }
        let known = Set(all(old))
        return warnings.filter { !known.contains($0) }
    }

    private static func all(_ object: any KubernetesObject) -> [String] {
        var warnings = finalizers(object.metadata)
        switch object {
        case let pod as Pod:
            warnings += podName(pod.metadata)
            warnings += pod.spec.warnings(FieldPath("spec"))
        case let deployment as Deployment:
            warnings += podName(deployment.metadata)
            warnings += template(deployment.spec.template)
        case let set as ReplicaSet:
            warnings += podName(set.metadata)
            warnings += template(set.spec.template ?? PodTemplateSpec())
        case let set as StatefulSet:
            warnings += template(set.spec.template)
            if set.spec.revisionHistoryLimit ?? 0 < 0 {
                warnings.append(
                    "spec.revisionHistoryLimit: a negative value retains all historical revisions; a value >= 0 is recommended"
                )
            }
        case let set as DaemonSet: warnings += template(set.spec.template)
        case let job as Job:
            warnings += podName(job.metadata)
            warnings += template(job.spec.template)
        case let cronJob as CronJob:
            warnings += podName(cronJob.metadata)
            warnings += cronJob.spec.jobTemplate.spec.template.spec
                .warnings(FieldPath("spec").child("jobTemplate", "spec", "template", "spec"))
        case let service as Service: warnings += service.warnings
        case let ingress as Ingress:
            if ingress.metadata.annotations["kubernetes.io/ingress.class"] != nil {
                warnings.append(
                    "annotation \"kubernetes.io/ingress.class\" is deprecated, please use 'spec.ingressClassName' instead"
                )
            }
        case let claim as PersistentVolumeClaim: warnings += claim.warnings
        default: break
        }
        return warnings
    }

    private static func template(_ template: PodTemplateSpec) -> [String] {
        template.spec.warnings(FieldPath("spec").child("template", "spec"))
    }

    /// Names of workloads become host names of pods.
    private static func podName(_ metadata: ObjectMeta) -> [String] {
        let problems = metadata.name.isEmpty ? [] : NameRules.dns1123Label(metadata.name)
        guard !problems.isEmpty else { return [] }
        return [
            "metadata.name: this is used in Pod names and hostnames, which can result in surprising behavior; a DNS label is "
                + "recommended: [\(problems.joined(separator: " "))]"
        ]
    }

    private static func finalizers(_ metadata: ObjectMeta) -> [String] {
        metadata.finalizers.filter {
            !$0.contains("/") && !["kubernetes", "orphan", "foregroundDeletion"].contains($0)
        }.map {
            "metadata.finalizers: \(GoText.quoted($0)): prefer a domain-qualified finalizer name including a path (/) to avoid "
                + "accidental conflicts with other finalizer writers"
        }
    }
}

extension PodSpec {
    private static let deprecatedLabels: [(String, String)] = [
        ("beta.kubernetes.io/arch", "deprecated since v1.14; use \"kubernetes.io/arch\" instead"),
        ("beta.kubernetes.io/os", "deprecated since v1.14; use \"kubernetes.io/os\" instead"),
        (
            "failure-domain.beta.kubernetes.io/region",
            "deprecated since v1.17; use \"topology.kubernetes.io/region\" instead"
        ),
        (
            "failure-domain.beta.kubernetes.io/zone",
            "deprecated since v1.17; use \"topology.kubernetes.io/zone\" instead"
        ),
        (
            "beta.kubernetes.io/instance-type",
            "deprecated since v1.17; use \"node.kubernetes.io/instance-type\" instead"
        ),
    ]

    fileprivate func warnings(_ path: FieldPath) -> [String] {
        var warnings: [String] = []
        for (key, text) in Self.deprecatedLabels where nodeSelector[key] != nil {
            warnings.append("\(path.child("nodeSelector").key(key)): \(text)")
        }
        for (index, constraint) in topologySpreadConstraints.enumerated() {
            let path = path.child("topologySpreadConstraints").index(index)
            for (key, text) in Self.deprecatedLabels where constraint.topologyKey == key {
                warnings.append("\(path.child("topologyKey")): \(GoText.quoted(key)) is \(text)")
            }
            if constraint.labelSelector == nil {
                warnings.append("\(path.child("labelSelector")): a null labelSelector results in matching no pod")
            }
        }
        var addresses: Set<String> = []
        for (index, alias) in hostAliases.enumerated() where !addresses.insert(alias.ip).inserted {
            warnings.append(
                "\(path.child("hostAliases").index(index).child("ip")): duplicate ip \(GoText.quoted(alias.ip)) in hostAliases; "
                    + "only the last entry is used")
        }
        var names: Set<String> = []
        for (index, secret) in imagePullSecrets.enumerated() {
            let path = path.child("imagePullSecrets").index(index)
            if secret.name.isEmpty { warnings.append("\(path.child("name")): invalid empty name \"\"") }
            if !names.insert(secret.name).inserted {
                warnings.append("\(path.child("name")): duplicate name \(GoText.quoted(secret.name))")
            }
        }
        for (name, list) in [("initContainers", initContainers), ("containers", containers)] {
            for (index, container) in list.enumerated() {
                warnings += container.warnings(path.child(name).index(index))
            }
        }
        warnings += portWarnings(path.child("containers"))
        if let seconds = terminationGracePeriodSeconds, seconds < 0 {
            warnings.append(
                "\(path.child("terminationGracePeriodSeconds")): must be >= 0; negative values are invalid and will be treated as 1"
            )
        }
        warnings += affinityWarnings(path.child("affinity"))
        return warnings
    }

    private func portWarnings(_ path: FieldPath) -> [String] {
        var warnings: [String] = []
        var first: [String: String] = [:]
        for (index, container) in containers.enumerated() {
            for (portIndex, port) in container.ports.enumerated() {
                let place = path.index(index).child("ports").index(portIndex).description
                let key = "\(port.hostIP)/\(port.hostPort ?? 0)/\(port.containerPort)/\(port.protocol)"
                if let known = first[key] {
                    warnings.append("\(place): duplicate port definition with \(known)")
                } else {
                    first[key] = place
                }
            }
        }
        return warnings
    }

    private func affinityWarnings(_ path: FieldPath) -> [String] {
        func warn(_ terms: [(PodAffinityTerm, FieldPath)]) -> [String] {
            terms.filter { $0.0.labelSelector == nil }.map {
                "\($0.1.child("labelSelector")): a null labelSelector results in matching no pod"
            }
        }
        func terms(
            _ required: [PodAffinityTerm], _ preferred: [WeightedPodAffinityTerm], _ path: FieldPath
        ) -> [(PodAffinityTerm, FieldPath)] {
            required.enumerated().map { ($1, path.child("requiredDuringSchedulingIgnoredDuringExecution").index($0)) }
                + preferred.enumerated().map {
                    (
                        $1.podAffinityTerm,
                        path.child("preferredDuringSchedulingIgnoredDuringExecution").index($0).child("podAffinityTerm")
                    )
                }
        }
        var warnings: [String] = []
        if let rule = affinity?.podAffinity {
            warnings += warn(
                terms(
                    rule.requiredDuringSchedulingIgnoredDuringExecution,
                    rule.preferredDuringSchedulingIgnoredDuringExecution,
                    path.child("podAffinity")))
        }
        if let rule = affinity?.podAntiAffinity {
            warnings += warn(
                terms(
                    rule.requiredDuringSchedulingIgnoredDuringExecution,
                    rule.preferredDuringSchedulingIgnoredDuringExecution,
                    path.child("podAntiAffinity")))
        }
        return warnings
    }
}

extension Container {
    fileprivate func warnings(_ path: FieldPath) -> [String] {
        var warnings: [String] = []
        let lists = [("limits", resources?.limits ?? [:]), ("requests", resources?.requests ?? [:])]
        for (list, amounts) in lists {
            for name in ["ephemeral-storage", "memory"] {
                guard let amount = amounts[name], amount.milliValue % 1000 != 0 else { continue }
                warnings.append(
                    "\(path.child("resources", list).key(name)): fractional byte value \"\(amount)\" is invalid, must be an integer"
                )
            }
        }
        var seen: Set<String> = []
        for (index, variable) in env.enumerated() where !seen.insert(variable.name).inserted {
            // A value that builds on the earlier one is meant so.
            guard !variable.value.contains("$(\(variable.name))") else { continue }
            warnings.append(
                "\(path.child("env").index(index)): hides previous definition of \(GoText.quoted(variable.name)), which may be "
                    + "dropped when using apply")
        }
        return warnings
    }
}

extension Service {
    fileprivate var warnings: [String] {
        var warnings: [String] = []
        if metadata.annotations["service.kubernetes.io/topology-aware-hints"] != nil {
            warnings.append(
                "annotation service.kubernetes.io/topology-aware-hints is deprecated, please use service.kubernetes.io/topology-mode instead"
            )
        }
        if spec.clusterIP == "None" {
            if !spec.loadBalancerIP.isEmpty {
                warnings.append("spec.loadBalancerIP is ignored for headless services")
            }
            if !spec.externalIPs.isEmpty {
                warnings.append("spec.externalIPs is ignored for headless services")
            }
            if !spec.sessionAffinity.isEmpty, spec.sessionAffinity != "None" {
                warnings.append("spec.SessionAffinity is ignored for headless services")
            }
        }
        return warnings
    }
}

extension PersistentVolumeClaim {
    fileprivate var warnings: [String] {
        guard let amount = spec.resources?.requests["storage"], amount.milliValue % 1000 != 0 else { return [] }
        return ["spec.resources.requests[storage]: fractional byte value \"\(amount)\" is invalid, must be an integer"]
    }
}
