import Cluster
import KubernetesAPI
import Monitoring
import PromQL
import Simulation

/// The logs of the pods that are there, as a collector of logs would have taken them to Loki.
extension World {
    /// Lines by stream: namespace, pod, container, node and, where the pod has it, the label `app`.
    ///
    /// Made when somebody asks, of what `kubectl logs` shows of each container's present run and of the one before.
    public func logStore() -> LogStore {
        var store = LogStore()
        let lines = workloads.groupedLogs()
        for (_, pod) in cluster.context.store.pods.sorted {
            for container in pod.spec.ownInitContainers + pod.spec.ownContainers {
                let labels = Labels(
                    [
                        Label("namespace", pod.metadata.namespace), Label("pod", pod.metadata.name),
                        Label("container", container.name), Label("node_name", pod.spec.nodeName),
                        Label("app", pod.metadata.labels["app"] ?? ""),
                    ].filter { !$0.value.isEmpty })
                for previous in [true, false] {
                    var request = APIRequest(
                        .get, Pod.resource, namespace: pod.metadata.namespace, name: pod.metadata.name)
                    request.log.container = container.name
                    request.log.previous = previous
                    guard let log = try? cluster.containerLog(request, lines) else { continue }
                    for line in log.lines {
                        let time = cluster.context.settings.epochSeconds * 1_000_000_000 + line.time.nanoseconds
                        // What passes Loki's limits is refused there too.
                        try? store.append(LogEntry(timestamp: time, line: line.text), to: labels)
                    }
                }
            }
        }
        return store
    }
}
