import KubernetesAPI
import Simulation

/// Keeps numbered pods with stable names: one after the other, or all at once with `podManagementPolicy: Parallel`
/// (`pkg/controller/statefulset/stateful_set_control.go`).
struct StatefulSetController: Controller, Sendable {
    private var wakeups = Wakeups()

    init() {}

    mutating func restart() { wakeups = Wakeups() }

    mutating func observe(_ change: ObjectChange, _ context: inout ClusterContext) {
        if change.id.kind == .statefulSet {
            if change.kind == .deleted { wakeups.forget(change.id) } else { context.enqueue(.statefulSet, change.id) }
        } else if let (_, _, pod) = change.pod {
            if let owner: ObjectID<StatefulSet> = context.controller(of: pod) {
                context.enqueue(.statefulSet, owner)
            } else if pod.controller == nil, change.kind != .deleted, pod.isActive {
                context.enqueueClaimants(of: pod, .statefulSet) { (set: StatefulSet) in set.spec.selector }
            }
        }
    }

    /// What one step works with.
    struct Step {
        var set: StatefulSet
        var id: ObjectID<StatefulSet>
        var pods: [Int: (id: ObjectID<Pod>, pod: Pod)]
        /// The revision of the spec's template, and the one that pods had before it.
        var updateRevision: String
        var currentRevision: String
        var wanted: Range<Int>
        var isParallel: Bool
        var partition: Int

        init(_ id: ObjectID<StatefulSet>, _ set: StatefulSet, _ revision: String, _ context: inout ClusterContext) {
            self.id = id
            self.set = set
            pods = StatefulSetController.pods(of: set, &context)
            updateRevision = revision
            currentRevision = set.status.currentRevision.isEmpty ? revision : set.status.currentRevision
            let start = Int(set.spec.ordinals?.start ?? 0)
            wanted = start..<(start + max(0, min(100_000, Int(set.spec.replicas ?? 1))))
            isParallel = set.spec.podManagementPolicy == "Parallel"
            partition = start + Int(set.spec.updateStrategy?.rollingUpdate?.partition ?? 0)
        }

        /// The revision that a new pod of an ordinal gets: below the partition the former one.
        func revision(of ordinal: Int) -> String {
            set.spec.updateStrategy?.type != "OnDelete" && ordinal < partition ? currentRevision : updateRevision
        }
    }

    mutating func reconcile(_ id: AnyObjectID, _ context: inout ClusterContext) {
        wakeups.begin(id, now: context.now)
        guard let id: ObjectID<StatefulSet> = id.typed(), let set = context.store[id] else { return }
        let revision = context.currentRevision(of: set, template: set.spec.template).name
        let step = Step(id, set, revision, &context)
        if set.metadata.deletionTimestamp == nil { move(step, &context) }
        writeStatus(step, &context)
        var live = Set(step.pods.values.compactMap { $0.pod.metadata.labels["controller-revision-hash"] })
        live.formUnion([revision, step.currentRevision])
        context.trimRevisions(of: set, limit: Int(set.spec.revisionHistoryLimit ?? 10), live: live)
    }

    /// Creates what is missing, replaces what failed, removes what is too much, updates what is old.
    private mutating func move(_ step: Step, _ context: inout ClusterContext) {
        for ordinal in step.wanted {
            guard let (id, pod) = step.pods[ordinal] else {
                create(step, ordinal, &context)
                if !step.isParallel { return }
                continue
            }
            if pod.status.phase == "Failed" || pod.status.phase == "Succeeded" {
                if pod.metadata.deletionTimestamp == nil {
                    context.recordEvent(
                        .warning, "RecreatingFailedPod",
                        "StatefulSet \(step.set.key) is recreating failed Pod \(pod.metadata.name)", about: step.set,
                        source: .statefulSetController)
                    context.delete(id)
                }
                if !step.isParallel { return }
                continue
            }
            // Strict order: nothing else happens while one pod is not up, or is going.
            if !step.isParallel, !isAvailable(pod, step, &context) { return }
        }
        let condemned = step.pods.keys.filter { !step.wanted.contains($0) }.sorted(by: >)
        for ordinal in condemned {
            guard let (id, pod) = step.pods[ordinal] else { continue }
            if pod.metadata.deletionTimestamp == nil {
                if step.set.spec.persistentVolumeClaimRetentionPolicy?.whenScaled == "Delete" {
                    condemnClaims(step, pod, &context)
                }
                delete(step.set, id, pod, &context)
            }
            if !step.isParallel { return }
        }
        guard condemned.isEmpty, step.set.spec.updateStrategy?.type != "OnDelete" else { return }
        update(step, &context)
    }

    /// Replaces pods of other revisions from the highest ordinal down to the partition.
    private mutating func update(_ step: Step, _ context: inout ClusterContext) {
        let replicas = Int32(clamping: step.wanted.count)
        let most = max(
            1,
            AmountOrPercent(step.set.spec.updateStrategy?.rollingUpdate?.maxUnavailable).map {
                Int($0.scaled(of: replicas, roundingUp: false))
            } ?? 1)
        var unavailable = 0
        for ordinal in step.wanted {
            if step.pods[ordinal].map({ isAvailable($0.pod, step, &context) }) != true { unavailable += 1 }
        }
        for ordinal in step.wanted.reversed() where ordinal >= step.partition {
            guard let (id, pod) = step.pods[ordinal] else { continue }
            let isOld = pod.metadata.labels["controller-revision-hash"] != step.updateRevision
            if isOld, pod.metadata.deletionTimestamp == nil {
                let isUp = isAvailable(pod, step, &context)
                // With the usual limit of one a pod that does not serve anyway is replaced as well.
                guard unavailable < most || (!isUp && most == 1) else { return }
                delete(step.set, id, pod, &context)
                if isUp { unavailable += 1 }
                if most == 1 { return }
            } else if most == 1, !isAvailable(pod, step, &context) {
                return
            }
        }
    }

    private func create(_ step: Step, _ ordinal: Int, _ context: inout ClusterContext) {
        let set = step.set
        let name = "\(set.metadata.name)-\(ordinal)"
        let revision = step.revision(of: ordinal)
        let template =
            revision == step.updateRevision
            ? set.spec.template
            : context.template(ofRevision: revision, namespace: set.metadata.namespace) ?? set.spec.template
        createClaims(set, ordinal, &context)
        do {
            _ = try context.createPod(from: template, owner: set, name: name) { pod in
                pod.metadata.labels["statefulset.kubernetes.io/pod-name"] = name
                pod.metadata.labels["apps.kubernetes.io/pod-index"] = "\(ordinal)"
                pod.metadata.labels["controller-revision-hash"] = revision
                pod.spec.hostname = name
                pod.spec.subdomain = set.spec.serviceName
                for template in set.spec.volumeClaimTemplates {
                    var source = PersistentVolumeClaimVolumeSource()
                    source.claimName = "\(template.metadata.name)-\(name)"
                    var volume = Volume()
                    volume.name = template.metadata.name
                    volume.volumeSource.persistentVolumeClaim = source
                    pod.spec.volumes.removeAll { $0.name == volume.name }
                    pod.spec.volumes.append(volume)
                }
            }
            context.recordEvent(
                .normal, "SuccessfulCreate", "create Pod \(name) in StatefulSet \(set.metadata.name) successful",
                about: set,
                source: .statefulSetController)
        } catch {
            context.recordEvent(
                .warning, "FailedCreate",
                "create Pod \(name) in StatefulSet \(set.metadata.name) failed error: \(error.message)",
                about: set, source: .statefulSetController)
        }
    }

    private func createClaims(_ set: StatefulSet, _ ordinal: Int, _ context: inout ClusterContext) {
        for template in set.spec.volumeClaimTemplates {
            var claim = template
            claim.metadata.name = "\(template.metadata.name)-\(set.metadata.name)-\(ordinal)"
            claim.metadata.namespace = set.metadata.namespace
            for (key, value) in set.spec.selector.matchLabels { claim.metadata.labels[key] = value }
            if set.spec.persistentVolumeClaimRetentionPolicy?.whenDeleted == "Delete" {
                claim.metadata.ownerReferences = [set.controllerReference]
            }
            guard context.store.persistentVolumeClaims.id(claim.key) == nil else { continue }
            let subject =
                "Claim \(claim.metadata.name) Pod \(set.metadata.name)-\(ordinal) in StatefulSet \(set.metadata.name)"
            do {
                claim = try context.admit(claim)
                // The lab binds claims by name: there are no volumes to wait for.
                claim.status.phase = "Bound"
                try context.create(claim)
                context.recordEvent(
                    .normal, "SuccessfulCreate", "create \(subject) success", about: set, source: .statefulSetController
                )
            } catch {
                context.recordEvent(
                    .warning, "FailedCreate", "create \(subject) failed error: \(error.message)", about: set,
                    source: .statefulSetController)
            }
        }
    }

    /// The claims of a pod that is scaled away go with it: the pod becomes their owner.
    private func condemnClaims(_ step: Step, _ pod: Pod, _ context: inout ClusterContext) {
        for template in step.set.spec.volumeClaimTemplates {
            let key = "\(pod.metadata.namespace)/\(template.metadata.name)-\(pod.metadata.name)"
            guard let id = context.store.persistentVolumeClaims.id(key) else { continue }
            context.update(id) { $0.metadata.ownerReferences = [pod.controllerReference] }
        }
    }

    private func delete(_ set: StatefulSet, _ id: ObjectID<Pod>, _ pod: Pod, _ context: inout ClusterContext) {
        context.delete(id)
        context.recordEvent(
            .normal, "SuccessfulDelete",
            "delete Pod \(pod.metadata.name) in StatefulSet \(set.metadata.name) successful", about: set,
            source: .statefulSetController)
    }

    /// Ready for long enough; a pod that is not yet is looked at again when it is.
    private mutating func isAvailable(_ pod: Pod, _ step: Step, _ context: inout ClusterContext) -> Bool {
        guard pod.metadata.deletionTimestamp == nil, pod.isReady else { return false }
        let seconds = step.set.spec.minReadySeconds ?? 0
        if pod.isAvailable(minReadySeconds: seconds, at: context.wallTime) { return true }
        if let since = pod.readySince(context.settings) {
            wakeups.schedule(
                .statefulSet, AnyObjectID(step.id), after: since + .seconds(Int64(seconds)) - context.now, &context)
        }
        return false
    }

    /// The set's pods by ordinal.
    static func pods(of set: StatefulSet, _ context: inout ClusterContext) -> [Int: (id: ObjectID<Pod>, pod: Pod)] {
        var pods: [Int: (id: ObjectID<Pod>, pod: Pod)] = [:]
        for id in context.claimPods(for: set, selector: set.spec.selector) {
            guard let pod = context.store[id], let dash = pod.metadata.name.lastIndex(of: "-"),
                pod.metadata.name[..<dash] == set.metadata.name,
                let ordinal = Int(pod.metadata.name[pod.metadata.name.index(after: dash)...])
            else { continue }
            pods[ordinal] = (id, pod)
        }
        return pods
    }

    private mutating func writeStatus(_ step: Step, _ context: inout ClusterContext) {
        guard let set = context.store[step.id] else { return }
        let pods = Self.pods(of: set, &context)
        var status = set.status
        if status.currentRevision.isEmpty { status.currentRevision = step.updateRevision }
        status.updateRevision = step.updateRevision
        status.observedGeneration = set.metadata.generation
        status.replicas = Int32(pods.count)
        status.readyReplicas = 0
        status.availableReplicas = 0
        status.updatedReplicas = 0
        status.currentReplicas = 0
        for ordinal in pods.keys.sorted() {
            guard let pod = pods[ordinal]?.pod, pod.metadata.deletionTimestamp == nil else { continue }
            if pod.isReady { status.readyReplicas += 1 }
            if isAvailable(pod, step, &context) { status.availableReplicas += 1 }
            let revision = pod.metadata.labels["controller-revision-hash"]
            if revision == step.updateRevision { status.updatedReplicas += 1 }
            if revision == status.currentRevision { status.currentReplicas += 1 }
        }
        // The update is complete: the new revision is the current one from now on.
        if set.spec.updateStrategy?.type != "OnDelete", status.updatedReplicas == status.replicas,
            status.readyReplicas == status.replicas
        {
            status.currentReplicas = status.updatedReplicas
            status.currentRevision = status.updateRevision
        }
        if status != set.status { context.update(step.id) { $0.status = status } }
    }
}

extension Pod {
    /// Ready for at least `minReadySeconds` (`podutil.IsPodAvailable`).
    public func isAvailable(minReadySeconds: Int32, at now: Time) -> Bool {
        guard let ready = condition("Ready"), ready.status == "True" else { return false }
        guard minReadySeconds > 0 else { return true }
        guard let since = ready.lastTransitionTime else { return false }
        return since.epochSeconds + Int64(minReadySeconds) <= now.epochSeconds
    }
}

extension StatefulSetController: BinaryCodable {
    func write(to writer: inout BinaryWriter) { writer.write(wakeups) }
    init(from reader: inout BinaryReader) throws(BinaryDecodingError) { wakeups = try reader.read() }
}
