import KubernetesAPI
import Simulation

/// Rolls a Deployment from one ReplicaSet to another (`pkg/controller/deployment`): the decisions are those of
/// ``RolloutDeployment``, this reads what they need and writes what they say.
struct DeploymentController: Controller, Sendable {
    enum Annotation {
        static let revision = "deployment.kubernetes.io/revision"
        static let revisionHistory = "deployment.kubernetes.io/revision-history"
        static let desiredReplicas = "deployment.kubernetes.io/desired-replicas"
        static let maxReplicas = "deployment.kubernetes.io/max-replicas"
        static let changeCause = "kubernetes.io/change-cause"
    }

    static let hashLabel = "pod-template-hash"

    private var wakeups = Wakeups()

    init() {}

    mutating func restart() { wakeups = Wakeups() }

    mutating func observe(_ change: ObjectChange, _ context: inout ClusterContext) {
        switch change.id.kind {
        case .deployment:
            if change.kind == .deleted { wakeups.forget(change.id) } else { context.enqueue(.deployment, change.id) }
        case .replicaSet:
            guard let (_, old, set) = change.object(ReplicaSet.self) else { return }
            if let owner: ObjectID<Deployment> = context.controller(of: set) {
                context.enqueue(.deployment, owner)
            } else if set.controller == nil, change.kind != .deleted {
                context.enqueueClaimants(of: set, .deployment) { (owner: Deployment) in owner.spec.selector }
            }
            if let old, old.controller?.uid != set.controller?.uid,
                let owner: ObjectID<Deployment> = context.controller(of: old)
            {
                context.enqueue(.deployment, owner)
            }
        case .pod:
            // Only a recreation waits for pods themselves: for the last old one to go.
            guard change.kind == .deleted, let (_, _, pod) = change.object(Pod.self),
                let set: ObjectID<ReplicaSet> = context.controller(of: pod), let object = context.store[set],
                let owner: ObjectID<Deployment> = context.controller(of: object),
                context.store[owner]?.spec.strategy?.type == "Recreate"
            else { return }
            context.enqueue(.deployment, owner)
        default: break
        }
    }

    /// The ReplicaSets of a Deployment as one sync sees them.
    struct Sets {
        var newID: ObjectID<ReplicaSet>?
        var new: RolloutReplicaSet?
        var old: [RolloutReplicaSet] = []
        var ids: [String: ObjectID<ReplicaSet>] = [:]

        var all: [RolloutReplicaSet] { old + (new.map { [$0] } ?? []) }

        /// Finds the set whose template is the Deployment's, the oldest of several.
        init(of deployment: Deployment, _ context: borrowing ClusterContext) {
            var owned: [(id: ObjectID<ReplicaSet>, set: ReplicaSet)] = context.store.dependents(
                of: deployment.metadata.uid, ReplicaSet.self
            )
            .compactMap { id in context.store[id].map { (id, $0) } }
            owned.sort { left, right in
                let (a, b) = (
                    left.set.metadata.creationTimestamp ?? Time(), right.set.metadata.creationTimestamp ?? Time()
                )
                return a == b
                    ? left.set.metadata.name.utf8.lexicographicallyPrecedes(right.set.metadata.name.utf8) : a < b
            }
            for (id, set) in owned {
                ids[set.metadata.name] = id
                let view = RolloutReplicaSet(set, context)
                if new == nil, let template = set.spec.template, Self.areEqual(template, deployment.spec.template) {
                    (newID, new) = (id, view)
                } else {
                    old.append(view)
                }
            }
        }

        /// Whether labels or annotations are equal byte for byte, but for the label that tells the sets apart.
        private static func areEqual(_ left: [String: String], _ right: [String: String]) -> Bool {
            func count(_ texts: [String: String]) -> Int {
                texts.count - (texts[DeploymentController.hashLabel] == nil ? 0 : 1)
            }
            return count(left) == count(right)
                && left.allSatisfy { key, value in
                    key == DeploymentController.hashLabel || right[key]?.utf8.elementsEqual(value.utf8) == true
                }
        }

        /// Whether templates are equal but for the label that tells the sets apart. They mostly share their spec's
        /// storage, so the comparison costs little.
        private static func areEqual(_ left: PodTemplateSpec, _ right: PodTemplateSpec) -> Bool {
            guard left.metadata.isPlain, right.metadata.isPlain else {
                var (left, right) = (left, right)
                left.metadata.labels[DeploymentController.hashLabel] = nil
                right.metadata.labels[DeploymentController.hashLabel] = nil
                return left.metadata == right.metadata && left.spec == right.spec
            }
            return areEqual(left.metadata.labels, right.metadata.labels)
                && areEqual(left.metadata.annotations, right.metadata.annotations)
                && (left.spec.isIdentical(to: right.spec) || left.spec == right.spec)
        }
    }

    mutating func reconcile(_ id: AnyObjectID, _ context: inout ClusterContext) {
        wakeups.begin(id, now: context.now)
        let revision = context.store.revision
        guard let id: ObjectID<Deployment> = id.typed(), let deployment = context.store[id] else { return }
        if deployment.spec.selector.isEmpty {
            context.recordEvent(
                .warning, "SelectingAll", "This deployment is selecting all pods. A non-empty selector is required.",
                about: deployment,
                source: .deploymentController)
            return
        }
        context.claimReplicaSets(for: deployment)
        var sets = Sets(of: deployment, context)
        var rollout = RolloutDeployment(deployment, context)
        if rollout.isDeleting {
            writeStatus(id, rollout.calculatedStatus(new: sets.new, all: sets.all, now: context.now), &context)
            return
        }
        if let condition = rollout.pausedCondition(now: context.now) {
            rollout.status.record(condition)
            writeStatus(id, rollout.status, &context)
        }
        switch rollout.sync(sets.all) {
        case .statusOnly:
            break
        case .scale:
            for scaling in rollout.scaleProportionally(new: sets.new, old: sets.old) {
                scale(scaling, deployment, rollout, sets, &context)
            }
            refreshAnnotations(rollout, sets, &context)
            sets = Sets(of: deployment, context)
            writeStatus(id, rollout.calculatedStatus(new: sets.new, all: sets.all, now: context.now), &context)
            return
        case .rollingUpdate:
            guard ensureNewSet(id, deployment, &rollout, &sets, &context) else { return }
            if let new = sets.new {
                for scaling in rollout.rollingUpdateStep(new: new, old: sets.old) {
                    scale(scaling, deployment, rollout, sets, &context)
                }
            }
        case .recreate:
            recreate(id, deployment, &rollout, &sets, &context)
        }
        if context.store.revision != revision { sets = Sets(of: deployment, context) }
        if rollout.isComplete(rollout.calculatedStatus(new: sets.new, all: sets.all, now: context.now)) {
            for name in rollout.trimmedHistory(sets.old) {
                if let set = sets.ids[name] { context.delete(set) }
            }
            sets = Sets(of: deployment, context)
        }
        let status = rollout.rolloutStatus(
            name: deployment.metadata.name, new: sets.new, all: sets.all, now: context.now)
        if let delay = rollout.progressCheckDelay(status, now: context.now) {
            // A check that is due at once goes through the rate limiter, which never lets a key come back at once.
            wakeups.schedule(.deployment, AnyObjectID(id), after: max(delay, .seconds(1)), &context)
        }
        writeStatus(id, status, &context)
    }

    private func recreate(
        _ id: ObjectID<Deployment>, _ deployment: Deployment, _ rollout: inout RolloutDeployment, _ sets: inout Sets,
        _ context: inout ClusterContext
    ) {
        let oldPodsRun = sets.old.contains { set in
            guard let id = sets.ids[set.name], let uid = context.store[id]?.metadata.uid else { return false }
            return context.store.dependents(of: uid, Pod.self).contains { pod in
                let phase = context.store[pod]?.status.phase
                return phase != "Succeeded" && phase != "Failed"
            }
        }
        switch rollout.recreateStep(old: sets.old, oldPodsRun: oldPodsRun) {
        case .scaleDown(let scalings):
            for scaling in scalings { scale(scaling, deployment, rollout, sets, &context) }
        case .waitForOldPods:
            break
        case .scaleUp(let size):
            guard ensureNewSet(id, deployment, &rollout, &sets, &context) else { return }
            if let new = sets.new, new.replicas != size {
                scale(RolloutScaling(name: new.name, from: new.replicas, to: size), deployment, rollout, sets, &context)
            }
        }
    }

    // MARK: The new ReplicaSet

    /// Finds or creates the set of the current template and numbers its revision (`getNewReplicaSet`).
    /// - Returns: false if it could not be created; then the sync ends.
    private func ensureNewSet(
        _ id: ObjectID<Deployment>, _ deployment: Deployment, _ rollout: inout RolloutDeployment, _ sets: inout Sets,
        _ context: inout ClusterContext
    ) -> Bool {
        let revision = RolloutDeployment.newRevision(sets.old)
        if let setID = sets.newID, let new = sets.new {
            if new.revision < revision {
                let former = new.revision
                context.update(setID) { set in
                    set.metadata.annotations[Annotation.revisionHistory] = RevisionHistory.appending(
                        former, to: set.metadata.annotations[Annotation.revisionHistory] ?? "")
                    set.metadata.annotations[Annotation.revision] = "\(revision)"
                    if let cause = deployment.metadata.annotations[Annotation.changeCause] {
                        set.metadata.annotations[Annotation.changeCause] = cause
                    }
                }
            }
            setRevision(max(revision, new.revision), of: id, &context)
            if rollout.status.condition(.progressing) == nil {
                rollout.status.record(.newReplicaSet(found: new.name, now: context.now))
                writeStatus(id, rollout.status, &context)
            }
            return true
        }
        let hash = TemplateHash.text(of: deployment.spec.template, collisionCount: deployment.status.collisionCount)
        let set = newSet(for: deployment, hash: hash, revision: revision, rollout, sets)
        do {
            let setID = try context.create(set)
            let created = context.store[setID]?.metadata.name ?? ""
            if set.spec.replicas ?? 0 > 0 {
                context.recordEvent(
                    .normal, "ScalingReplicaSet",
                    RolloutScaling(name: created, from: 0, to: set.spec.replicas ?? 0).eventMessage,
                    about: deployment, source: .deploymentController)
            }
            setRevision(revision, of: id, &context)
            if rollout.hasProgressDeadline { rollout.status.record(.newReplicaSet(created: created, now: context.now)) }
            writeStatus(id, rollout.status, &context)
            sets = Sets(of: deployment, context)
            return true
        } catch {
            if error.reason == "AlreadyExists" {
                // Another template with this hash: count the collision and try again with another name.
                context.update(id) { $0.status.collisionCount = ($0.status.collisionCount ?? 0) &+ 1 }
                context.enqueue(.deployment, id)
                return false
            }
            context.recordEvent(
                .warning, "ReplicaSetCreateError",
                "Failed to create new replica set \"\(set.metadata.name)\": \(error.message)", about: deployment,
                source: .deploymentController)
            rollout.status.record(.newReplicaSet(failed: set.metadata.name, error: error.message, now: context.now))
            writeStatus(id, rollout.status, &context)
            context.enqueue(.deployment, id, after: .seconds(10))
            return false
        }
    }

    private func newSet(
        for deployment: Deployment, hash: String, revision: Int64, _ rollout: RolloutDeployment, _ sets: Sets
    ) -> ReplicaSet {
        var set = ReplicaSet()
        set.metadata.name = "\(deployment.metadata.name)-\(hash)"
        set.metadata.namespace = deployment.metadata.namespace
        set.metadata.labels = deployment.spec.template.metadata.labels
        set.metadata.labels[Self.hashLabel] = hash
        set.metadata.ownerReferences = [deployment.controllerReference]
        set.metadata.annotations = deployment.metadata.annotations.filter { key, _ in
            key != "kubectl.kubernetes.io/last-applied-configuration" && !key.hasPrefix("deployment.kubernetes.io/")
        }
        set.metadata.annotations[Annotation.revision] = "\(revision)"
        set.metadata.annotations[Annotation.desiredReplicas] = "\(rollout.sizeAnnotations.desired)"
        set.metadata.annotations[Annotation.maxReplicas] = "\(rollout.sizeAnnotations.max)"
        set.spec.minReadySeconds = deployment.spec.minReadySeconds
        set.spec.selector = deployment.spec.selector
        set.spec.selector.matchLabels[Self.hashLabel] = hash
        var template = deployment.spec.template
        template.metadata.labels[Self.hashLabel] = hash
        set.spec.template = template
        set.spec.replicas = rollout.newReplicaSetSize(total: sets.old.total(\.replicas), newReplicas: 0)
        return set
    }

    private func setRevision(_ revision: Int64, of id: ObjectID<Deployment>, _ context: inout ClusterContext) {
        guard context.store[id]?.metadata.annotations[Annotation.revision] != "\(revision)" else { return }
        context.update(id) { $0.metadata.annotations[Annotation.revision] = "\(revision)" }
    }

    // MARK: Writing

    private func scale(
        _ scaling: RolloutScaling, _ deployment: Deployment, _ rollout: RolloutDeployment, _ sets: Sets,
        _ context: inout ClusterContext
    ) {
        guard let id = sets.ids[scaling.name] else { return }
        let sizes = rollout.sizeAnnotations
        context.update(id, changesSpec: true) { set in
            set.spec.replicas = scaling.to
            set.metadata.annotations[Annotation.desiredReplicas] = "\(sizes.desired)"
            set.metadata.annotations[Annotation.maxReplicas] = "\(sizes.max)"
        }
        context.recordEvent(
            .normal, "ScalingReplicaSet", scaling.eventMessage, about: deployment, source: .deploymentController)
    }

    /// Sets that keep their size learn the Deployment's new one, or the scaling would never be over.
    private func refreshAnnotations(_ rollout: RolloutDeployment, _ sets: Sets, _ context: inout ClusterContext) {
        let sizes = rollout.sizeAnnotations
        for set in sets.all {
            guard let id = sets.ids[set.name], let object = context.store[id], object.spec.replicas ?? 0 > 0,
                object.metadata.annotations[Annotation.desiredReplicas] != "\(sizes.desired)"
            else { continue }
            context.update(id) { set in
                set.metadata.annotations[Annotation.desiredReplicas] = "\(sizes.desired)"
                set.metadata.annotations[Annotation.maxReplicas] = "\(sizes.max)"
            }
        }
    }

    private func writeStatus(_ id: ObjectID<Deployment>, _ status: RolloutStatus, _ context: inout ClusterContext) {
        guard let deployment = context.store[id] else { return }
        let object = status.object(replacing: deployment.status, context)
        if object != deployment.status { context.update(id) { $0.status = object } }
    }
}

extension DeploymentController: BinaryCodable {
    func write(to writer: inout BinaryWriter) { writer.write(wakeups) }
    init(from reader: inout BinaryReader) throws(BinaryDecodingError) { wakeups = try reader.read() }
}

extension ObjectMeta {
    /// Nothing but labels and annotations: the metadata of nearly all templates.
    fileprivate var isPlain: Bool {
        name.isEmpty && generateName.isEmpty && namespace.isEmpty && selfLink.isEmpty && uid.isEmpty
            && resourceVersion.isEmpty && generation == 0 && creationTimestamp == nil && deletionTimestamp == nil
            && deletionGracePeriodSeconds == nil && ownerReferences.isEmpty && finalizers.isEmpty
            && managedFields.isEmpty
    }
}
