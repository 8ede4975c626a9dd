import KubernetesAPI
import Simulation

/// Gives back to quotas what objects no longer use (`pkg/controller/resourcequota`). What new objects take, admission
/// charges at once.
struct ResourceQuotaController: Controller, Sendable {
    init() {}

    mutating func observe(_ change: ObjectChange, _ context: inout ClusterContext) {
        guard context.store.resourceQuotas.count > 0 else { return }
        if let (id, old, quota) = change.object(ResourceQuota.self) {
            if change.kind != .deleted, old?.spec.hard != quota.spec.hard || change.kind == .added {
                context.enqueue(.resourceQuota, id)
            }
            if change.kind == .modified { return }
        }
        guard
            change.kind == .deleted || Self.hasFinished(change) || Self.isResized(change)
                || change.id.kind == .resourceQuota
        else { return }
        let table = context.store.resourceQuotas
        for id in table.ids where table[id]?.metadata.namespace == change.metadata.namespace {
            context.enqueue(.resourceQuota, id)
        }
    }

    private static func hasFinished(_ change: ObjectChange) -> Bool {
        guard let (_, old, pod) = change.object(Pod.self), let old else { return false }
        func isFinished(_ pod: Pod) -> Bool { pod.status.phase == "Succeeded" || pod.status.phase == "Failed" }
        return isFinished(pod) && !isFinished(old)
    }

    /// Whether a pod asks for other amounts than before.
    private static func isResized(_ change: ObjectChange) -> Bool {
        guard change.differences.contains(.spec), let (_, old, pod) = change.pod, let old else { return false }
        return QuotaUsage.of(old) != QuotaUsage.of(pod)
    }

    mutating func reconcile(_ id: AnyObjectID, _ context: inout ClusterContext) {
        if let id: ObjectID<ResourceQuota> = id.typed() { context.recountQuota(id) }
    }
}
