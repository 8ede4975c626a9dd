import ContainerRuntime
import KubernetesAPI
import Simulation

/// Probes (`pkg/kubelet/prober`): a worker a container and kind, its ticks counted from the pod's first sync.
///
/// A tick that cannot change anything (container not running, delay not over, startup not finished) is not scheduled:
/// the next one that can is computed.
extension Kubelet {
    /// Sets the timers of a container that has just started.
    mutating func startProbes(_ sandbox: SandboxID, _ index: Int, _ context: inout ClusterContext) {
        guard let record = record(sandbox) else { return }
        let started = record.containers[index].started
        for worker in record.containers[index].probes where worker.kind == .startup || started {
            scheduleProbe(sandbox, index, worker.kind, notBefore: context.now, &context)
        }
    }

    private mutating func scheduleProbe(
        _ sandbox: SandboxID, _ index: Int, _ kind: ProbeKind, notBefore: SimulationTime,
        _ context: inout ClusterContext
    ) {
        // Records are looked at where they lie: a copy retains all parts of one, and makes the next change copy them.
        let found = modify(sandbox) {
            record -> (id: ObjectID<Pod>, since: SimulationTime, place: Int, worker: ProbeWorker)? in
            guard case .running(let since) = record.containers[index].state,
                let place = record.containers[index].probes.firstIndex(where: { $0.kind == kind })
            else { return nil }
            return (record.id, since, place, record.containers[index].probes[place])
        }
        guard case .some(.some(let (id, since, place, worker))) = found,
            let probe = context.store[id]?.probe(kind, at: index)
        else { return }
        let delay = Duration.seconds(Int64(probe.initialDelaySeconds ?? 0))
        let time = worker.tick(notBefore: max(notBefore, since + delay), period: probe.period)
        let timer = context.queue.schedule(
            .kubelet(.probe(sandbox, container: UInt8(index), kind)), at: time, on: &context.clock)
        _ = modify(sandbox) { $0.containers[index].probes[place].timer = timer }
    }

    /// A tick: asks the container.
    mutating func runProbe(_ sandbox: SandboxID, _ index: Int, _ kind: ProbeKind, _ context: inout ClusterContext) {
        let found = modify(sandbox) { record -> (id: ObjectID<Pod>, node: NodeID, run: ContainerID, place: Int)? in
            guard let run = record.containers[index].runtime,
                let place = record.containers[index].probes.firstIndex(where: { $0.kind == kind })
            else { return nil }
            let worker = record.containers[index].probes[place]
            let isOff =
                worker.onHold || worker.awaiting || (record.containers[index].isStopping && kind != .readiness)
                || (kind != .startup && !record.containers[index].started)
            return isOff ? nil : (record.id, record.node, run, place)
        }
        guard case .some(.some(let (id, node, run, place))) = found, isReachable(node),
            let pod = context.store[id], let probe = pod.probe(kind, at: index)
        else { return }
        _ = modify(sandbox) { $0.containers[index].probes[place].awaiting = true }
        let token = ProbeToken(
            rawValue: UInt64(run.slot) << 32 | UInt64(run.generation & 0x0fff_ffff) << 2 | UInt64(kind.rawValue))
        context.runtimeRequests.append(
            .probe(
                token, run, ProbeAction(probe, of: pod, at: index),
                timeout: .seconds(Int64(max(1, probe.timeoutSeconds ?? 1)))))
    }

    mutating func probed(_ token: ProbeToken, _ result: ProbeResult, _ context: inout ClusterContext) {
        let slot = UInt32(truncatingIfNeeded: token.rawValue >> 32)
        guard Int(slot) < runs.count, let kind = ProbeKind(rawValue: UInt8(token.rawValue & 3)),
            UInt64(runs[Int(slot)].generation & 0x0fff_ffff) == token.rawValue >> 2 & 0x0fff_ffff
        else { return }
        let (sandbox, index) = (runs[Int(slot)].sandbox, Int(runs[Int(slot)].container))
        let found = modify(sandbox) { record -> (id: ObjectID<Pod>, node: NodeID, address: String, place: Int)? in
            guard let place = record.containers[index].probes.firstIndex(where: { $0.kind == kind }) else { return nil }
            record.containers[index].probes[place].awaiting = false
            return (record.id, record.node, record.address, place)
        }
        guard case .some(.some(let (id, node, address, place))) = found, isReachable(node), let pod = context.store[id],
            let probe = pod.probe(kind, at: index)
        else { return }
        let (succeeded, output) = result.outcome(of: probe, of: pod, at: index, address: address)
        if !succeeded, let spec = pod.container(at: index) {
            event(.warning, "Unhealthy", "\(kind.name) probe failed: \(output)", pod, spec, index, &context)
        }
        let threshold = succeeded ? probe.successThreshold ?? 1 : probe.failureThreshold ?? 3
        let crossed =
            modify(sandbox) { record -> Bool in
                var worker = record.containers[index].probes[place]
                if worker.succeeding == succeeded, worker.streak > 0 { worker.streak &+= 1 } else { worker.streak = 1 }
                worker.succeeding = succeeded
                let crossed = worker.streak >= threshold
                record.containers[index].probes[place] = worker
                return crossed
            } ?? false
        if crossed, let spec = pod.container(at: index) {
            publish(succeeded, sandbox, index, kind, place, pod, spec, probe, &context)
        }
        let isHeld = modify(sandbox) { $0.containers[index].probes.first { $0.kind == kind }?.onHold ?? true } ?? true
        if !isHeld { scheduleProbe(sandbox, index, kind, notBefore: context.now + .nanoseconds(1), &context) }
    }

    /// The streak reached its threshold: what follows from the result.
    private mutating func publish(
        _ succeeded: Bool, _ sandbox: SandboxID, _ index: Int, _ kind: ProbeKind, _ place: Int, _ pod: Pod,
        _ spec: Container,
        _ probe: Probe, _ context: inout ClusterContext
    ) {
        let before = record(sandbox)?.containers[index]
        let role = before?.role ?? .regular
        let subject = role == .regular ? "Container" : "Init container"
        switch kind {
        case .readiness:
            guard before?.probes[place].published != succeeded else { return }
            _ = modify(sandbox) { record in
                record.containers[index].probes[place].published = succeeded
                record.containers[index].ready = succeeded && record.containers[index].started
            }
            writeStatus(sandbox, &context)
        case .startup:
            _ = modify(sandbox) { record in
                record.containers[index].probes[place].onHold = true
                record.containers[index].probes[place].published = succeeded
                if succeeded {
                    record.containers[index].started = true
                    record.containers[index].ready = spec.readinessProbe == nil
                }
            }
            if succeeded {
                for worker in before?.probes ?? [] where worker.kind != .startup {
                    scheduleProbe(sandbox, index, worker.kind, notBefore: context.now, &context)
                }
                writeStatus(sandbox, &context)
                proceed(sandbox, &context)
            } else {
                restartFor(subject, "startup", sandbox, index, pod, spec, probe, &context)
            }
        case .liveness:
            guard !succeeded else { return }
            _ = modify(sandbox) { $0.containers[index].probes[place].onHold = true }
            restartFor(subject, "liveness", sandbox, index, pod, spec, probe, &context)
        }
    }

    private mutating func restartFor(
        _ subject: String, _ kind: String, _ sandbox: SandboxID, _ index: Int, _ pod: Pod, _ spec: Container,
        _ probe: Probe,
        _ context: inout ClusterContext
    ) {
        let grace = probe.terminationGracePeriodSeconds ?? pod.spec.terminationGracePeriodSeconds ?? 30
        let role = record(sandbox)?.containers[index].role ?? .regular
        let restarts = mayRestart(role, code: 137, spec, pod)
        let ending = subject == "Container" && restarts ? ", will be restarted" : ""
        kill(sandbox, index, grace: .seconds(grace), "\(subject) \(spec.name) failed \(kind) probe\(ending)", &context)
    }
}

extension Probe {
    var period: Duration { .seconds(Int64(max(1, periodSeconds ?? 10))) }
}

extension ProbeAction {
    /// - Parameter index: of the container that is probed.
    init(_ probe: Probe, of pod: Pod, at index: Int) {
        let handler = probe.handler
        if let http = handler.httpGet {
            self = .httpGet(path: http.path.isEmpty ? "/" : http.path, port: pod.portNumber(http.port, at: index))
        } else if let tcp = handler.tcpSocket {
            self = .tcpSocket(port: pod.portNumber(tcp.port, at: index))
        } else if let grpc = handler.grpc {
            self = .grpc(port: Int(grpc.port), service: grpc.service ?? "")
        } else {
            self = .exec(command: handler.exec?.command ?? [])
        }
    }
}

extension ProbeResult {
    /// Whether the check counts as passed, and the kubelet's words for why not.
    func outcome(of probe: Probe, of pod: Pod, at index: Int, address: String) -> (succeeded: Bool, output: String) {
        if case .success(let status) = self, probe.handler.httpGet == nil || status == 0 || (200..<400).contains(status)
        {
            return (true, "")
        }
        let action = ProbeAction(probe, of: pod, at: index)
        switch (self, action) {
        case (.success(let status), _):
            return (false, "HTTP probe failed with statuscode: \(status)")
        case (.failure(let code, _), .httpGet):
            return (false, "HTTP probe failed with statuscode: \(code)")
        case (.failure(_, let output), .exec):
            return (false, output)
        case (.failure(let code, let output), _):
            return (
                false,
                output.isEmpty
                    ? "service unhealthy (responded with \"\(code == 0 ? "NOT_SERVING" : "UNKNOWN")\")" : output
            )
        case (.connectionRefused, .httpGet(let path, let port)):
            return (
                false,
                "Get \"http://\(address):\(port)\(path)\": dial tcp \(address):\(port): connect: connection refused"
            )
        case (.connectionRefused, .tcpSocket(let port)):
            return (false, "dial tcp \(address):\(port): connect: connection refused")
        case (.connectionRefused, .grpc(let port, _)):
            return (
                false,
                "timeout: failed to connect service \"\(address):\(port)\" within \(max(1, probe.timeoutSeconds ?? 1))s: context deadline exceeded"
            )
        case (.connectionRefused, .exec(let command)):
            return (false, "exec: \"\(command.first ?? "")\": cannot exec in a stopped container")
        case (.timedOut, .httpGet(let path, let port)):
            return (
                false,
                "Get \"http://\(address):\(port)\(path)\": context deadline exceeded (Client.Timeout exceeded while awaiting headers)"
            )
        case (.timedOut, .tcpSocket(let port)):
            return (false, "dial tcp \(address):\(port): i/o timeout")
        case (.timedOut, .grpc(let port, _)):
            return (
                false,
                "timeout: health rpc did not complete within \(max(1, probe.timeoutSeconds ?? 1))s: rpc error: code = DeadlineExceeded desc = context deadline exceeded (\(address):\(port))"
            )
        case (.timedOut, .exec(let command)):
            return (
                false,
                "command timed out: \"\(command.joined(separator: " "))\" timed out after \(max(1, probe.timeoutSeconds ?? 1))s"
            )
        }
    }
}
