import KubernetesAPI

/// What READY, STATUS and RESTARTS of a pod say (`pkg/printers/internalversion/printers.go`, `printPod`).
public struct PodStatusColumn: Sendable, Equatable {
    /// `1/2`
    public var ready: String
    public var status: String
    /// `3`, or `3 (2m ago)` if the last exit is known.
    public var restarts: String

    public init(_ pod: Pod, now: Time) {
        let sidecars = Set(pod.spec.initContainers.filter { $0.restartPolicy == "Always" }.map(\.name))
        var readyCount = 0
        var restartCount: Int64 = 0
        var sidecarRestarts: Int64 = 0
        var lastExit: Time?
        var lastSidecarExit: Time?
        var reason = pod.status.reason.isEmpty ? pod.status.phase : pod.status.reason
        if pod.status.conditions.contains(where: { $0.type == "PodScheduled" && $0.reason == "SchedulingGated" }) {
            reason = "SchedulingGated"
        }

        var isInitializing = false
        let initCount = pod.spec.initContainers.count
        for (index, container) in pod.status.initContainerStatuses.enumerated() {
            restartCount += Int64(container.restartCount)
            Self.advance(&lastExit, container.lastState?.terminated?.finishedAt)
            let isSidecar = sidecars.contains(container.name)
            if isSidecar {
                sidecarRestarts += Int64(container.restartCount)
                Self.advance(&lastSidecarExit, container.lastState?.terminated?.finishedAt)
            }
            if let exit = container.state?.terminated {
                if exit.exitCode == 0 { continue }
                reason = exit.reason.isEmpty ? Self.exit(exit, prefix: "Init:") : "Init:" + exit.reason
                isInitializing = true
            } else if isSidecar, container.started == true {
                if container.ready { readyCount += 1 }
                continue
            } else if let waiting = container.state?.waiting, !waiting.reason.isEmpty,
                waiting.reason != "PodInitializing"
            {
                reason = "Init:" + waiting.reason
                isInitializing = true
            } else {
                reason = "Init:\(index)/\(initCount)"
                isInitializing = true
            }
            break
        }

        let isInitialized = pod.status.conditions.contains { $0.type == "Initialized" && $0.status == "True" }
        if !isInitializing || isInitialized {
            restartCount = sidecarRestarts
            lastExit = lastSidecarExit
            var hasRunning = false
            var failure: String?
            for container in pod.status.containerStatuses.reversed() {
                restartCount += Int64(container.restartCount)
                Self.advance(&lastExit, container.lastState?.terminated?.finishedAt)
                if let waiting = container.state?.waiting, !waiting.reason.isEmpty {
                    reason = waiting.reason
                } else if let exit = container.state?.terminated {
                    reason = exit.reason.isEmpty ? Self.exit(exit, prefix: "") : exit.reason
                    if exit.exitCode != 0 { failure = reason }
                } else if container.ready, container.state?.running != nil {
                    hasRunning = true
                    readyCount += 1
                }
            }
            if reason == "Completed" {
                let isReady = pod.status.conditions.contains { $0.type == "Ready" && $0.status == "True" }
                if hasRunning, isReady {
                    reason = "Running"
                } else if let failure {
                    reason = failure
                } else if hasRunning {
                    reason = "NotReady"
                }
            }
        }
        if pod.metadata.deletionTimestamp != nil {
            if pod.status.reason == "NodeLost" {
                reason = "Unknown"
            } else if pod.status.phase != "Succeeded", pod.status.phase != "Failed" {
                reason = "Terminating"
            }
        }
        ready = "\(readyCount)/\(pod.spec.containers.count + sidecars.count)"
        status = reason
        restarts = "\(restartCount)"
        if restartCount != 0, let lastExit { restarts += " (\(HumanDuration.since(lastExit, now: now)) ago)" }
    }

    private static func advance(_ latest: inout Time?, _ time: Time?) {
        guard let time else { return }
        if latest.map({ $0 < time }) ?? true { latest = time }
    }

    private static func exit(_ exit: ContainerStateTerminated, prefix: String) -> String {
        if let signal = exit.signal, signal != 0 { return "\(prefix)Signal:\(signal)" }
        return "\(prefix)ExitCode:\(exit.exitCode)"
    }
}
