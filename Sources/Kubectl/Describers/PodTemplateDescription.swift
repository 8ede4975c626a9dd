import KubernetesAPI

extension DescriptionWriter {
    /// The pods that a workload makes.
    mutating func podTemplate(_ template: PodTemplateSpec?) {
        line(0, "Pod Template:")
        guard let template else { return line(1, "<unset>") }
        labels("  Labels", template.metadata.labels)
        if !template.metadata.annotations.isEmpty { annotations("  Annotations", template.metadata.annotations) }
        let spec = template.spec
        if !spec.serviceAccountName.isEmpty { field("  Service Account", spec.serviceAccountName) }
        if !spec.initContainers.isEmpty { containers("Init Containers", spec.initContainers, [], isTemplate: true) }
        containers("Containers", spec.containers, [], isTemplate: true)
        volumes(spec.volumes, isTemplate: true)
        topologySpread(spec.topologySpreadConstraints, isTemplate: true)
        if !spec.priorityClassName.isEmpty { field("  Priority Class Name", spec.priorityClassName) }
        labels("  Node-Selectors", spec.nodeSelector)
        multiline("  Tolerations", spec.tolerationTexts)
    }

    mutating func volumes(_ volumes: [Volume], isTemplate: Bool) {
        let space = isTemplate ? "  " : ""
        guard !volumes.isEmpty else { return field("\(space)Volumes", "<none>") }
        line(0, "\(space)Volumes:")
        for volume in volumes {
            line(1, (isTemplate ? " " : "") + volume.name + ":")
            source(volume.volumeSource)
        }
    }

    private mutating func source(_ source: VolumeSource) {
        func type(_ text: String) { field("Type", text, level: 2) }
        if let path = source.hostPath {
            type("HostPath (bare host directory volume)")
            field("Path", path.path, level: 2)
            field("HostPathType", path.type, level: 2)
        } else if let directory = source.emptyDir {
            type("EmptyDir (a temporary directory that shares a pod's lifetime)")
            field("Medium", directory.medium, level: 2)
            field("SizeLimit", directory.sizeLimit.flatMap { $0.isZero ? nil : $0.description } ?? "<unset>", level: 2)
        } else if let secret = source.secret {
            type("Secret (a volume populated by a Secret)")
            field("SecretName", secret.secretName, level: 2)
            field("Optional", "\(secret.optional ?? false)", level: 2)
        } else if let map = source.configMap {
            type("ConfigMap (a volume populated by a ConfigMap)")
            field("Name", map.localObjectReference.name, level: 2)
            field("Optional", "\(map.optional ?? false)", level: 2)
        } else if let claim = source.persistentVolumeClaim {
            type("PersistentVolumeClaim (a reference to a PersistentVolumeClaim in the same namespace)")
            field("ClaimName", claim.claimName, level: 2)
            field("ReadOnly", "\(claim.readOnly ?? false)", level: 2)
        } else if let downward = source.downwardAPI {
            type("DownwardAPI (a volume populated by information about the pod)")
            line(2, "Items:")
            for item in downward.items {
                if let field = item.fieldRef { line(3, "\(field.fieldPath) -> \(item.path)") }
                if let field = item.resourceFieldRef { line(3, "\(field.resource) -> \(item.path)") }
            }
        } else if let projected = source.projected {
            type("Projected (a volume that contains injected data from multiple sources)")
            for part in projected.sources {
                if let secret = part.secret {
                    field("SecretName", secret.localObjectReference.name, level: 2)
                    field("Optional", "\(secret.optional ?? false)", level: 2)
                } else if part.downwardAPI != nil {
                    field("DownwardAPI", "true", level: 2)
                } else if let map = part.configMap {
                    field("ConfigMapName", map.localObjectReference.name, level: 2)
                    field("Optional", "\(map.optional ?? false)", level: 2)
                } else if let token = part.serviceAccountToken {
                    field("TokenExpirationSeconds", "\(token.expirationSeconds ?? 3_600)", level: 2)
                }
            }
        } else if source.ephemeral != nil {
            type("EphemeralVolume (an inline specification for a volume that gets created and deleted with the pod)")
        } else {
            line(2, "<unknown>")
        }
    }

    mutating func topologySpread(_ constraints: [TopologySpreadConstraint], isTemplate: Bool) {
        guard !constraints.isEmpty else { return }
        let sorted = constraints.sorted { $0.topologyKey.utf8.lexicographicallyPrecedes($1.topologyKey.utf8) }
        multiline(
            (isTemplate ? "  " : "") + "Topology Spread Constraints",
            sorted.map { constraint in
                let selector = constraint.labelSelector.map { " for selector \(LabelQuery($0))" } ?? ""
                return
                    "\(constraint.topologyKey):\(constraint.whenUnsatisfiable) when max skew \(constraint.maxSkew) is exceeded\(selector)"
            })
    }
}

extension PodSpec {
    /// `node.kubernetes.io/not-ready:NoExecute op=Exists for 300s`, by key.
    var tolerationTexts: [String] {
        let sorted = tolerations.enumerated().sorted { left, right in
            if left.element.key == right.element.key { return left.offset < right.offset }
            return left.element.key.utf8.lexicographicallyPrecedes(right.element.key.utf8)
        }
        return sorted.map { _, toleration in
            var text = toleration.key
            if !toleration.value.isEmpty { text += "=" + toleration.value }
            if !toleration.effect.isEmpty { text += ":" + toleration.effect }
            if toleration.operator == "Exists", toleration.value.isEmpty {
                text += text.isEmpty ? "op=Exists" : " op=Exists"
            }
            if let seconds = toleration.tolerationSeconds { text += " for \(seconds)s" }
            return text
        }
    }
}
