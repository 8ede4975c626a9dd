import ContainerRuntime
import KubernetesAPI
import Simulation

/// What one run of a container wrote.
public struct ContainerLog: Sendable {
    /// The run; nil for a pod that no node has yet.
    public var run: ContainerID?
    /// Whether the run goes on, so that lines may follow.
    public var isOpen: Bool
    /// The lines that are kept, the oldest first.
    public var lines: [LogLine]
}

/// The subresource `log`: which run of which container (`pkg/kubelet/kubelet_pods.go`, `validateContainerLogStatus`).
extension Cluster {
    func logs(_ request: APIRequest, _ source: some ContainerLogSource) -> APIResponse {
        do throws(APIStatus) {
            return APIResponse(
                code: 200,
                body: .text(logText(of: try containerLog(request, source).lines, request.log, now: context.now)))
        } catch {
            return APIResponse(error)
        }
    }

    /// Lines as one text, as far as the options want them.
    /// - Parameter now: the present, from which `sinceSeconds` counts.
    public func logText(of lines: [LogLine], _ options: LogOptions, now: SimulationTime) -> String {
        options.text(of: lines, now: now, in: context)
    }

    /// The log that a request means, whole; what its options leave out is left out by ``logText(of:_:now:)``.
    /// - Throws: what the API server or the kubelet answers where there is none.
    public func containerLog(_ request: APIRequest, _ source: some ContainerLogSource) throws(APIStatus) -> ContainerLog
    {
        guard let id = context.store.pods.id(namespace: request.namespace, name: request.name),
            let pod = context.store[id]
        else {
            throw .notFound(Pod.resource, request.name)
        }
        let initial = pod.spec.ownInitContainers.map(\.name)
        let regular = pod.spec.ownContainers.map(\.name)
        let ephemeral = pod.spec.ephemeralContainers.map(\.ephemeralContainerCommon.name)
        var container = request.log.container
        if container.isEmpty {
            guard regular.count <= 1 else {
                let others =
                    initial.isEmpty ? "" : " or one of the init containers: [\(initial.joined(separator: " "))]"
                throw .badRequest(
                    "a container name must be specified for pod \(request.name), choose one of: [\(regular.joined(separator: " "))]\(others)"
                )
            }
            container = regular.first ?? ""
        }
        guard let index = (initial + regular + ephemeral).firstIndex(of: container) else {
            throw .badRequest("container \(container) is not valid for pod \(request.name)")
        }
        guard !pod.spec.nodeName.isEmpty else { return ContainerLog(run: nil, isOpen: false, lines: []) }
        let waiting = "container \"\(container)\" in pod \"\(request.name)\" is "
        guard let record = kubelet.sandbox(of: id).flatMap({ kubelet.record($0) }), index < record.containers.count
        else {
            throw .badRequest(waiting + "not available")
        }
        let found = record.containers[index]
        func log(of run: ContainerID, isOpen: Bool) -> ContainerLog {
            ContainerLog(run: run, isOpen: isOpen, lines: source.logLines(of: run))
        }
        if request.log.previous {
            guard let run = found.last?.container else {
                throw .badRequest("previous terminated container \"\(container)\" in pod \"\(request.name)\" not found")
            }
            return log(of: run, isOpen: false)
        }
        if found.isRunning, let run = found.lastRun { return log(of: run, isOpen: true) }
        if let run = (found.termination ?? found.last)?.container { return log(of: run, isOpen: false) }
        guard case .waiting(let reason, _) = found.state else { throw .badRequest(waiting + "not available") }
        switch reason {
        case "ErrImagePull": throw .badRequest(waiting + "waiting to start: image can't be pulled")
        case "ImagePullBackOff": throw .badRequest(waiting + "waiting to start: trying and failing to pull image")
        default: throw .badRequest(waiting + "waiting to start: \(reason)")
        }
    }
}

extension LogOptions {
    /// The wanted lines as one text (`pkg/kubelet/kuberuntime/logs`).
    func text(of lines: [LogLine], now: SimulationTime, in context: ClusterContext) -> String {
        var lines = lines
        if let sinceSeconds { lines.removeAll { $0.time < now - .seconds(max(0, sinceSeconds)) } }
        if let sinceTime { lines.removeAll { $0.time < context.simulationTime(sinceTime) } }
        if let tailLines { lines = Array(lines.suffix(Int(clamping: max(0, tailLines)))) }
        var text = ""
        for line in lines {
            if timestamps { text += context.preciseTime(at: line.time) + " " }
            text += line.text + "\n"
        }
        guard let limitBytes, limitBytes >= 0, text.utf8.count > limitBytes else { return text }
        return String(decoding: text.utf8.prefix(Int(limitBytes)), as: UTF8.self)
    }
}

extension ClusterContext {
    /// RFC 3339 with nanoseconds, as log lines carry it: trailing zeros are left out.
    fileprivate func preciseTime(at time: SimulationTime) -> String {
        var fraction = String(1_000_000_000 + time.nanoseconds % 1_000_000_000).dropFirst()
        while fraction.last == "0" { fraction.removeLast() }
        let whole = CivilTime.format(seconds: wallTime(at: time).epochSeconds).dropLast()
        return whole + (fraction.isEmpty ? "" : "." + fraction) + "Z"
    }
}
