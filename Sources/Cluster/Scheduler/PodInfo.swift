import KubernetesAPI
import Simulation

/// A pod as the scheduler sees it: what it asks for, computed once.
struct PodInfo: Sendable {
    var id: ObjectID<Pod>?
    /// Metadata and spec; the status is not kept.
    var pod: Pod
    /// What follows from the spec alone.
    var shape: PodShape
    /// When it began on its node, for the choice of victims.
    var startTime: Time?
    /// Bound at its creation, without the scheduler (a static binding).
    var isPlacedByHand: Bool
    /// On its way out to make room for a more important pod.
    var isPreempted: Bool
    /// The number of its labels, see ``LabelGroups``; -1 while it has none.
    var group: Int32 = -1

    init(_ pod: Pod, id: ObjectID<Pod>? = nil, shape: PodShape? = nil) {
        self.id = id
        self.pod = pod
        self.shape = shape ?? PodShape(pod.spec)
        startTime = pod.status.startTime
        isPlacedByHand = !pod.spec.nodeName.isEmpty && pod.condition("PodScheduled")?.lastTransitionTime == nil
        isPreempted = pod.isPreempted
        self.pod.dropStatus()
    }

    var requests: ResourceVector { shape.requests }
    var nonZeroCPU: Int64 { shape.nonZeroCPU }
    var nonZeroMemory: Int64 { shape.nonZeroMemory }
    var priority: Int32 { shape.priority }
    var ports: [PodShape.HostPort] { shape.ports }
    var requiredAffinity: [PodAffinityTerm] { shape.requiredAffinity }
    var requiredAntiAffinity: [PodAffinityTerm] { shape.requiredAntiAffinity }
    var preferredAffinity: [WeightedPodAffinityTerm] { shape.preferredAffinity }
    var preferredAntiAffinity: [WeightedPodAffinityTerm] { shape.preferredAntiAffinity }
    var hasAffinity: Bool { shape.hasAffinity }
}
