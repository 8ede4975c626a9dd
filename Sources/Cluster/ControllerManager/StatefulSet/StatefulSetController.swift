import KubernetesAPI
import Simulation

/// Keeps numbered pods with stable names: one after the other, or all at once with `podManagementPolicy: Parallel`
/// (`pkg/controller/statefulset/stateful_set_control.go`).
struct StatefulSetController: Controller, Sendable {
    init() {}

    mutating func observe(_ change: ObjectChange, _ context: inout ClusterContext) {
        if change.id.kind == .statefulSet {
            context.enqueue(.statefulSet, change.id)
        } else if let (_, _, pod) = change.object(Pod.self), let owner: ObjectID<StatefulSet> = context.controller(of: pod) {
            context.enqueue(.statefulSet, owner)
        }
    }

    mutating func reconcile(_ id: AnyObjectID, _ context: inout ClusterContext) {
        guard let id: ObjectID<StatefulSet> = id.typed(), let set = context.store[id] else { return }
        let revision = Self.revisionName(set)
        let pods = Self.pods(of: set, context)
        if set.metadata.deletionTimestamp == nil { move(set, pods, revision, &context) }
        writeStatus(id, revision, &context)
    }

    /// One step: creates what is missing, replaces what failed, removes what is too much, updates what is old.
    private func move(_ set: StatefulSet, _ pods: [Int: (id: ObjectID<Pod>, pod: Pod)], _ revision: String, _ context: inout ClusterContext) {
        let start = Int(set.spec.ordinals?.start ?? 0)
        let wanted = start..<(start + max(0, min(100_000, Int(set.spec.replicas ?? 1))))
        let parallel = set.spec.podManagementPolicy == "Parallel"
        for ordinal in wanted {
            if let (id, pod) = pods[ordinal] {
                if pod.status.phase == "Failed" || pod.status.phase == "Succeeded" {
                    context.recordEvent(
                        .warning, "RecreatingFailedPod",
                        "StatefulSet \(set.key) is recreating failed Pod \(pod.metadata.name)", about: set, source: .statefulSetController)
                    context.delete(id)
                    if !parallel { return }
                    continue
                }
                // Strict order: nothing else happens while one pod is not up, or is going.
                if !parallel, pod.metadata.deletionTimestamp != nil || !isAvailable(pod, set, context) { return }
            } else {
                create(set, ordinal, revision, &context)
                if !parallel { return }
            }
        }
        let condemned = pods.keys.filter { !wanted.contains($0) }.sorted(by: >)
        for ordinal in condemned {
            guard let (id, pod) = pods[ordinal] else { continue }
            if pod.metadata.deletionTimestamp != nil {
                if !parallel { return }
                continue
            }
            delete(set, id, pod, &context)
            if !parallel { return }
        }
        guard condemned.isEmpty, set.spec.updateStrategy?.type != "OnDelete" else { return }
        let partition = Int(set.spec.updateStrategy?.rollingUpdate?.partition ?? 0)
        for ordinal in wanted.reversed() where ordinal >= partition {
            guard let (id, pod) = pods[ordinal] else { continue }
            if pod.metadata.labels["controller-revision-hash"] != revision {
                if pod.metadata.deletionTimestamp == nil { delete(set, id, pod, &context) }
                return
            }
            if !isAvailable(pod, set, context) { return }
        }
    }

    private func create(_ set: StatefulSet, _ ordinal: Int, _ revision: String, _ context: inout ClusterContext) {
        let name = "\(set.metadata.name)-\(ordinal)"
        createClaims(set, ordinal, &context)
        do {
            _ = try context.createPod(from: set.spec.template, owner: set, name: name) { pod in
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
                .normal, "SuccessfulCreate", "create Pod \(name) in StatefulSet \(set.metadata.name) successful", about: set,
                source: .statefulSetController)
        } catch {
            context.recordEvent(
                .warning, "FailedCreate", "create Pod \(name) in StatefulSet \(set.metadata.name) failed error: \(error.message)",
                about: set, source: .statefulSetController)
        }
    }

    private func createClaims(_ set: StatefulSet, _ ordinal: Int, _ context: inout ClusterContext) {
        for template in set.spec.volumeClaimTemplates {
            var claim = template
            claim.metadata.name = "\(template.metadata.name)-\(set.metadata.name)-\(ordinal)"
            claim.metadata.namespace = set.metadata.namespace
            for (key, value) in set.spec.selector.matchLabels { claim.metadata.labels[key] = value }
            guard context.store.persistentVolumeClaims.id(claim.key) == nil else { continue }
            claim.status.phase = "Bound"
            if (try? context.create(claim)) != nil {
                context.recordEvent(
                    .normal, "SuccessfulCreate",
                    "create Claim \(claim.metadata.name) Pod \(set.metadata.name)-\(ordinal) in StatefulSet \(set.metadata.name) success",
                    about: set, source: .statefulSetController)
            }
        }
    }

    private func delete(_ set: StatefulSet, _ id: ObjectID<Pod>, _ pod: Pod, _ context: inout ClusterContext) {
        context.delete(id)
        context.recordEvent(
            .normal, "SuccessfulDelete", "delete Pod \(pod.metadata.name) in StatefulSet \(set.metadata.name) successful", about: set,
            source: .statefulSetController)
    }

    private func isAvailable(_ pod: Pod, _ set: StatefulSet, _ context: ClusterContext) -> Bool {
        pod.metadata.deletionTimestamp == nil && pod.isAvailable(minReadySeconds: set.spec.minReadySeconds ?? 0, at: context.wallTime)
    }

    /// The set's pods by ordinal.
    private static func pods(of set: StatefulSet, _ context: ClusterContext) -> [Int: (id: ObjectID<Pod>, pod: Pod)] {
        var pods: [Int: (id: ObjectID<Pod>, pod: Pod)] = [:]
        for id in context.store.dependents(of: set.metadata.uid, Pod.self) {
            guard let pod = context.store[id], let dash = pod.metadata.name.lastIndex(of: "-"),
                let ordinal = Int(pod.metadata.name[pod.metadata.name.index(after: dash)...])
            else { continue }
            pods[ordinal] = (id, pod)
        }
        return pods
    }

    /// The revision of the template: name and hash, as in ControllerRevisions.
    static func revisionName(_ set: StatefulSet) -> String {
        "\(set.metadata.name)-\(TemplateHash.text(of: set.spec.template))"
    }

    private func writeStatus(_ id: ObjectID<StatefulSet>, _ revision: String, _ context: inout ClusterContext) {
        guard let set = context.store[id] else { return }
        let pods = Self.pods(of: set, context)
        var status = set.status
        status.observedGeneration = set.metadata.generation
        status.replicas = Int32(pods.count)
        status.readyReplicas = 0
        status.availableReplicas = 0
        status.updatedReplicas = 0
        status.currentReplicas = 0
        for ordinal in pods.keys.sorted() {
            guard let pod = pods[ordinal]?.pod, pod.metadata.deletionTimestamp == nil else { continue }
            if pod.isReady { status.readyReplicas += 1 }
            if isAvailable(pod, set, context) { status.availableReplicas += 1 }
            if pod.metadata.labels["controller-revision-hash"] == revision { status.updatedReplicas += 1 }
            if pod.metadata.labels["controller-revision-hash"] == status.currentRevision { status.currentReplicas += 1 }
        }
        status.updateRevision = revision
        if status.currentRevision.isEmpty || (status.updatedReplicas == status.replicas && status.readyReplicas == status.replicas) {
            status.currentRevision = revision
            status.currentReplicas = status.updatedReplicas
        }
        if status != set.status { context.update(id) { $0.status = status } }
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
    func write(to writer: inout BinaryWriter) {}
    init(from reader: inout BinaryReader) throws(BinaryDecodingError) {}
}
