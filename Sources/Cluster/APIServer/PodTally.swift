import KubernetesAPI
import Simulation

/// The pods of one ReplicaSet, counted as they change: a sync costs what changed and not what exists.
///
/// An index of the store: rebuilt on restore, and checked against a recount by the audit.
struct PodTally: Sendable {
    /// Pods with equal labels. Those of a ReplicaSet have its template's, and those of the zones that they came to.
    struct Group: Sendable, Equatable {
        var labels: [String: String]
        /// Pods that are not being deleted; what is being deleted is not released any more.
        var kept = 0
        /// Neither finished nor being deleted.
        var active = 0
    }

    /// What one pod adds.
    struct Share: Sendable, Equatable {
        var isActive: Bool
        var isDeleting: Bool
        /// Being deleted and not finished yet.
        var isTerminating: Bool
        /// When an active pod became ready; nil if it is not.
        var readySince: ReadySecond?

        init(_ pod: Pod) {
            let phase = pod.status.phase
            let isFinished = phase == "Succeeded" || phase == "Failed"
            isDeleting = pod.metadata.deletionTimestamp != nil
            isActive = !isFinished && !isDeleting
            isTerminating = !isFinished && isDeleting
            if isActive, let place = pod.status.conditions.firstIndex(where: { $0.type == "Ready" }),
                pod.status.conditions[place].status == "True"
            {
                readySince = ReadySecond(second: pod.status.conditions[place].lastTransitionTime?.epochSeconds)
            }
        }
    }

    /// The second of a condition `Ready`; nil for one that does not say it.
    struct ReadySecond: Sendable, Hashable {
        var second: Int64?
    }

    /// Active pods.
    private(set) var active: Int32 = 0
    /// Active pods that are ready.
    private(set) var ready: Int32 = 0
    private(set) var terminating: Int32 = 0
    private(set) var pods = 0
    private(set) var groups: [Group] = []
    /// How many active pods became ready in which second.
    private var readySeconds: [ReadySecond: Int32] = [:]

    init() {}

    mutating func count(_ share: Share, _ labels: [String: String], sign: Int32) {
        pods += Int(sign)
        if share.isActive { active += sign }
        if share.isTerminating { terminating += sign }
        if let since = share.readySince {
            ready += sign
            let left = (readySeconds[since] ?? 0) + sign
            readySeconds[since] = left == 0 ? nil : left
        }
        guard !share.isDeleting else { return }
        let place: Int
        if let known = groups.firstIndex(where: { $0.labels == labels }) {
            place = known
        } else {
            place = groups.count
            groups.append(Group(labels: labels))
        }
        groups[place].kept += Int(sign)
        if share.isActive { groups[place].active += Int(sign) }
        if groups[place].kept == 0 { groups.remove(at: place) }
    }

    /// Ready pods that have been so for longer than `minReadySeconds`, and how long until the next one is.
    func available(
        minReadySeconds: Int32, now: SimulationTime, _ settings: ClusterSettings
    ) -> (count: Int32, wait: Duration?) {
        guard minReadySeconds != 0 else { return (ready, nil) }
        var count: Int32 = 0
        var wait: Duration?
        for (since, pods) in readySeconds {
            let time = since.second.map { settings.simulationTime(Time(epochSeconds: $0)) } ?? .zero
            if PodAvailability.isAvailable(readySince: time, minReadySeconds: minReadySeconds, now: now) {
                count += pods
            } else if let delay = PodAvailability.delay(readySince: time, minReadySeconds: minReadySeconds, now: now) {
                wait = min(wait ?? delay, delay)
            }
        }
        return (count, wait)
    }
}

/// Equal if they count the same, in whatever order the groups came.
extension PodTally: Equatable {
    static func == (left: Self, right: Self) -> Bool {
        left.pods == right.pods && left.active == right.active && left.ready == right.ready
            && left.terminating == right.terminating && left.readySeconds == right.readySeconds
            && left.groups.count == right.groups.count && left.groups.allSatisfy(right.groups.contains)
    }
}

extension APIStore {
    /// The counted pods of a ReplicaSet, by its UID.
    func tally(of uid: String) -> PodTally { podTallies[uid] ?? PodTally() }

    /// Counts a pod in or out.
    mutating func tally(_ pod: Pod, sign: Int32) {
        let references = pod.metadata.ownerReferences
        guard !references.isEmpty else { return }
        let share = PodTally.Share(pod)
        for (place, owner) in references.enumerated()
        where owner.kind == "ReplicaSet" && !references[..<place].contains(where: { $0.uid == owner.uid }) {
            podTallies[owner.uid, default: PodTally()].count(share, pod.metadata.labels, sign: sign)
            if sign < 0, podTallies[owner.uid]?.pods == 0 { podTallies[owner.uid] = nil }
        }
    }

    /// Follows a change that left the pod's owners as they were.
    mutating func retally(_ old: Pod, _ new: Pod) {
        guard new.metadata.ownerReferences.contains(where: { $0.kind == "ReplicaSet" }) else { return }
        guard PodTally.Share(old) != PodTally.Share(new) || old.metadata.labels != new.metadata.labels else { return }
        tally(old, sign: -1)
        tally(new, sign: 1)
    }
}
