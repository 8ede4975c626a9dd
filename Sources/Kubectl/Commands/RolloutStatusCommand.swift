import KubernetesAPI

/// `kubectl rollout status`: tells each step of a rollout until it is through (`kubectl/pkg/polymorphichelpers/rollout_status.go`).
enum RolloutStatusCommand: Command {
    static let definition = CommandDefinition(
        "rollout status", "Show the status of the rollout", usage: "(TYPE NAME | TYPE/NAME) [flags] [options]",
        examples: [
            "rollout status deploy/web", "rollout status deploy/web --timeout=60s",
            "rollout status deploy/web --watch=false",
        ],
        access: .reading,
        flags: [
            .filename, .recursive, .kustomize, .selector, .timeout,
            Flag("watch", "w", .bool, initial: "true", "Let simulated time pass until the rollout is done"),
            Flag("revision", "", .int, "Wait for this revision; ends with an error if another one begins"),
        ])

    static func run(_ invocation: Invocation, on endpoint: inout some SimulatedEndpoint) throws(CommandFailure) -> Int32
    {
        let arguments = invocation.arguments
        guard !arguments.positional.isEmpty || arguments.has("filename") else {
            throw invocation.usage("required resource not specified")
        }
        let found = try invocation.targets(arguments.positional, on: &endpoint)
        var failures = found.failures.map { CommandFailure($0) }
        for target in found.objects {
            do { try follow(target, invocation, on: &endpoint) } catch { failures.append(error) }
        }
        return invocation.finish(failures)
    }

    private static func follow(
        _ target: FetchedObject, _ invocation: Invocation, on endpoint: inout some SimulatedEndpoint
    ) throws(CommandFailure) {
        let revision = invocation.arguments.int("revision")
        guard let status = RolloutState(target, revision: revision) else {
            throw CommandFailure(
                "no status viewer has been implemented for \(target.kind.resource.kind)\(target.kind.resource.group.isEmpty ? "" : "." + target.kind.resource.group)"
            )
        }
        var state = status
        invocation.write(state.text)
        if let failure = state.failure { throw CommandFailure(failure) }
        guard invocation.arguments.bool("watch"), !state.isDone else { return }
        let timeout = invocation.arguments.duration("timeout")
        let request = APIRequest(.list, target.kind.resource, namespace: target.namespace, name: target.name)
        var isDeleted = false
        endpoint.follow(
            request, WatchBudget(limit: timeout > .zero ? timeout : .seconds(3_600), invocation.environment)
        ) { event, _ in
            guard let event else { return true }
            guard event.kind != .deleted else {
                isDeleted = true
                return false
            }
            guard let next = RolloutState(FetchedObject(kind: target.kind, value: event.object), revision: revision)
            else { return true }
            state = next
            invocation.write(state.text)
            return !state.isDone && state.failure == nil
        }
        if isDeleted { throw CommandFailure("object has been deleted") }
        if let failure = state.failure { throw CommandFailure(failure) }
        if !state.isDone { throw CommandFailure("timed out waiting for the condition") }
    }
}

/// Where a rollout stands, in kubectl's sentences.
struct RolloutState: Equatable {
    /// With its line end; empty if there is only a failure.
    var text: String
    var isDone = false
    var failure: String?

    /// - Parameter revision: the one to wait for; 0 for the present one.
    init?(_ object: FetchedObject, revision: Int64 = 0) {
        switch object.kind.resource.kind {
        case "Deployment":
            guard let deployment = object.decoded(Deployment.self) else { return nil }
            self.init(deployment, revision)
        case "DaemonSet":
            guard let set = object.decoded(DaemonSet.self) else { return nil }
            self.init(set)
        case "StatefulSet":
            guard let set = object.decoded(StatefulSet.self) else { return nil }
            self.init(set)
        default: return nil
        }
    }

    private init(_ text: String, isDone: Bool = false) {
        self.text = text + "\n"
        self.isDone = isDone
    }

    private init(failure: String) {
        text = ""
        self.failure = failure
    }

    init(_ deployment: Deployment, _ revision: Int64) {
        let name = deployment.metadata.name
        let status = deployment.status
        if revision > 0 {
            let present = Int64(deployment.metadata.annotations[DeploymentRevisions.annotation] ?? "") ?? 0
            if present != revision {
                self.init(failure: "desired revision (\(revision)) is different from the running revision (\(present))")
                return
            }
        }
        func waiting(_ what: String) -> RolloutState {
            RolloutState("Waiting for deployment \"\(name)\" rollout to finish: \(what)...")
        }
        guard deployment.metadata.generation <= status.observedGeneration else {
            self.init("Waiting for deployment spec update to be observed...")
            return
        }
        if status.conditions.contains(where: { $0.type == "Progressing" && $0.reason == "ProgressDeadlineExceeded" }) {
            self.init(failure: "deployment \"\(name)\" exceeded its progress deadline")
        } else if let replicas = deployment.spec.replicas, status.updatedReplicas < replicas {
            self = waiting("\(status.updatedReplicas) out of \(replicas) new replicas have been updated")
        } else if status.replicas > status.updatedReplicas {
            self = waiting("\(status.replicas - status.updatedReplicas) old replicas are pending termination")
        } else if status.availableReplicas < status.updatedReplicas {
            self = waiting("\(status.availableReplicas) of \(status.updatedReplicas) updated replicas are available")
        } else {
            self.init("deployment \"\(name)\" successfully rolled out", isDone: true)
        }
    }

    init(_ set: DaemonSet) {
        let status = set.status
        let name = set.metadata.name
        if set.spec.updateStrategy?.type != "RollingUpdate" {
            self.init(failure: "rollout status is only available for RollingUpdate strategy type")
        } else if set.metadata.generation > status.observedGeneration {
            self.init("Waiting for daemon set spec update to be observed...")
        } else if status.updatedNumberScheduled < status.desiredNumberScheduled {
            self.init(
                "Waiting for daemon set \"\(name)\" rollout to finish: \(status.updatedNumberScheduled) out of \(status.desiredNumberScheduled) new pods have been updated..."
            )
        } else if status.numberAvailable < status.desiredNumberScheduled {
            self.init(
                "Waiting for daemon set \"\(name)\" rollout to finish: \(status.numberAvailable) of \(status.desiredNumberScheduled) updated pods are available..."
            )
        } else {
            self.init("daemon set \"\(name)\" successfully rolled out", isDone: true)
        }
    }

    init(_ set: StatefulSet) {
        let status = set.status
        if set.spec.updateStrategy?.type != "RollingUpdate" {
            self.init(failure: "rollout status is only available for RollingUpdate strategy type")
        } else if status.observedGeneration == 0 || set.metadata.generation > status.observedGeneration {
            self.init("Waiting for statefulset spec update to be observed...")
        } else if let replicas = set.spec.replicas, status.readyReplicas < replicas {
            self.init("Waiting for \(replicas - status.readyReplicas) pods to be ready...")
        } else if let rolling = set.spec.updateStrategy?.rollingUpdate, let replicas = set.spec.replicas,
            let partition = rolling.partition
        {
            if status.updatedReplicas < replicas - partition {
                self.init(
                    "Waiting for partitioned roll out to finish: \(status.updatedReplicas) out of \(replicas - partition) new pods have been updated..."
                )
            } else {
                self.init(
                    "partitioned roll out complete: \(status.updatedReplicas) new pods have been updated...",
                    isDone: true)
            }
        } else if status.updateRevision != status.currentRevision {
            self.init(
                "waiting for statefulset rolling update to complete \(status.updatedReplicas) pods at revision \(status.updateRevision)..."
            )
        } else {
            self.init(
                "statefulset rolling update complete \(status.currentReplicas) pods at revision \(status.currentRevision)...",
                isDone: true)
        }
    }
}
