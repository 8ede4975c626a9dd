import KubernetesAPI
import OrderedCollections

enum DeploymentDescriber: Describer {
    static func describe(
        _ deployment: Deployment, _ writer: inout DescriptionWriter, on endpoint: inout some SimulatedEndpoint
    ) {
        let (spec, status) = (deployment.spec, deployment.status)
        writer.header(deployment.metadata, labels: false)
        writer.field("CreationTimestamp", deployment.metadata.creationTimestamp.longText)
        writer.labels("Labels", deployment.metadata.labels)
        writer.annotations("Annotations", deployment.metadata.annotations)
        writer.field("Selector", LabelQuery(spec.selector).description)
        writer.field(
            "Replicas",
            "\(spec.replicas ?? 1) desired | \(status.updatedReplicas) updated | \(status.replicas) total | \(status.availableReplicas) available | \(status.unavailableReplicas) unavailable"
        )
        writer.field("StrategyType", spec.strategy?.type ?? "")
        writer.field("MinReadySeconds", "\(spec.minReadySeconds ?? 0)")
        if let rolling = spec.strategy?.rollingUpdate {
            writer.field(
                "RollingUpdateStrategy",
                "\(rolling.maxUnavailable?.text ?? "") max unavailable, \(rolling.maxSurge?.text ?? "") max surge")
        }
        writer.podTemplate(spec.template)
        writer.conditions(status.conditions.map { ($0.type, $0.status, $0.reason) })
        let revisions = DeploymentRevisions(of: deployment, on: &endpoint)
        writer.field("OldReplicaSets", text(revisions.old))
        writer.field("NewReplicaSet", text(revisions.new.map { [$0] } ?? []))
        writer.events(endpoint.events(about: deployment))
    }

    private static func text(_ sets: [ReplicaSet]) -> String {
        sets.map { "\($0.metadata.name) (\($0.status.replicas)/\($0.spec.replicas ?? 1) replicas created)" }.joined(
            separator: ", "
        ).or("<none>")
    }
}

/// The ReplicaSets of a Deployment: the one of its present template, and the others.
struct DeploymentRevisions {
    var new: ReplicaSet?
    /// Oldest first.
    var old: [ReplicaSet]

    static let annotation = "deployment.kubernetes.io/revision"

    init(of deployment: Deployment, on endpoint: inout some SimulatedEndpoint) {
        let owned = endpoint.list(
            ReplicaSet.self, namespace: deployment.metadata.namespace,
            labelSelector: LabelQuery(deployment.spec.selector).description
        ).filter { set in
            set.metadata.ownerReferences.contains { $0.controller == true && $0.uid == deployment.metadata.uid }
        }
        .sorted { left, right in
            let (a, b) = (
                left.metadata.creationTimestamp?.epochSeconds ?? 0, right.metadata.creationTimestamp?.epochSeconds ?? 0
            )
            if a != b { return a < b }
            let (first, second) = (Self.revision(of: left), Self.revision(of: right))
            return first != second
                ? first < second : left.metadata.name.utf8.lexicographicallyPrecedes(right.metadata.name.utf8)
        }
        let wanted = Self.comparable(deployment.spec.template)
        new = owned.first { $0.spec.template.map { Self.comparable($0).isEquivalent(to: wanted) } ?? false }
        let newName = new?.metadata.name
        old = owned.filter { $0.metadata.name != newName }
    }

    /// All, oldest first.
    var all: [ReplicaSet] { old + (new.map { [$0] } ?? []) }

    /// The number in the annotation; 0 for none.
    static func revision(of set: ReplicaSet) -> Int64 { Int64(set.metadata.annotations[annotation] ?? "") ?? 0 }

    /// The template without the label that only ReplicaSets carry.
    private static func comparable(_ template: PodTemplateSpec) -> JSONValue {
        var template = template
        template.metadata.labels["pod-template-hash"] = nil
        return template.jsonValue
    }
}
