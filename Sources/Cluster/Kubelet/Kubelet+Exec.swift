import ContainerRuntime
import KubernetesAPI
import Simulation

/// A running container that a command can be run in.
public struct ExecTarget: Sendable {
    public var pod: Pod
    public var container: Container
    /// The run; another one after a restart.
    public var run: ContainerID
    /// The pod's address.
    public var address: String
}

/// Which container a command runs in (`pkg/registry/core/pod/strategy.go`, `ExecLocation`; `pkg/kubelet/server`).
extension Cluster {
    /// The pod whose ports can be forwarded (`pkg/registry/core/pod/strategy.go`, `PortForwardLocation`).
    /// - Throws: what the API server or the kubelet answers where none can.
    public func forwardTarget(namespace: String, pod name: String) throws(APIStatus) -> SandboxID {
        guard let id = context.store.pods.id(namespace: namespace, name: name), let pod = context.store[id] else {
            throw .notFound(Pod.resource, name)
        }
        guard !pod.spec.nodeName.isEmpty else { throw .badRequest("pod \(name) does not have a host assigned") }
        guard let sandbox = kubelet.sandbox(of: id), let record = kubelet.record(sandbox), kubelet.isAlive(record)
        else {
            throw APIStatus(
                code: 500, reason: "InternalError",
                message:
                    "Internal error occurred: error sending request: dial tcp \(pod.status.hostIP):10250: connect: no route to host"
            )
        }
        return sandbox
    }

    /// - Parameter container: empty for the pod's only container.
    /// - Throws: what the API server or the kubelet answers where no command can run.
    public func execTarget(namespace: String, pod name: String, container wanted: String) throws(APIStatus)
        -> ExecTarget
    {
        guard let id = context.store.pods.id(namespace: namespace, name: name), let pod = context.store[id] else {
            throw .notFound(Pod.resource, name)
        }
        let initial = pod.spec.ownInitContainers.map(\.name)
        let regular = pod.spec.ownContainers.map(\.name)
        let ephemeral = pod.spec.ephemeralContainers.map(\.ephemeralContainerCommon.name)
        var container = wanted
        if container.isEmpty {
            guard regular.count <= 1 else {
                let others =
                    initial.isEmpty ? "" : " or one of the init containers: [\(initial.joined(separator: " "))]"
                throw .badRequest(
                    "a container name must be specified for pod \(name), choose one of: [\(regular.joined(separator: " "))]\(others)"
                )
            }
            container = regular.first ?? ""
        }
        guard let index = (initial + regular + ephemeral).firstIndex(of: container),
            let spec = pod.container(at: index)
        else { throw .badRequest("container \(container) is not valid for pod \(name)") }
        guard !pod.spec.nodeName.isEmpty else { throw .badRequest("pod \(name) does not have a host assigned") }
        let record = kubelet.sandbox(of: id).flatMap { kubelet.record($0) }
        if let record, !kubelet.isAlive(record) {
            throw APIStatus(
                code: 500, reason: "InternalError",
                message:
                    "Internal error occurred: error sending request: dial tcp \(pod.status.hostIP):10250: connect: no route to host"
            )
        }
        guard let record, index < record.containers.count, record.containers[index].isRunning,
            let run = record.containers[index].runtime
        else {
            throw APIStatus(
                code: 500, reason: "InternalError",
                message: "Internal error occurred: unable to upgrade connection: container not found (\"\(container)\")"
            )
        }
        return ExecTarget(pod: pod, container: spec, run: run, address: record.address)
    }

    /// Whether a run of a container is still the present one.
    public func isPresent(_ run: ContainerID) -> Bool { kubelet.owner(of: run) != nil }
}
