import KubernetesAPI

/// `kubectl drain`: cordons nodes and evicts their pods (`kubectl/pkg/drain`).
enum DrainCommand: Command {
    static let definition = CommandDefinition(
        "drain", "Drain node in preparation for maintenance", usage: "NODE [options]",
        examples: ["drain worker-1 --ignore-daemonsets", "drain worker-1 --force --grace-period=900"],
        flags: Cordoning.flags + [
            .timeout,
            Flag("ignore-daemonsets", "", .bool, "Ignore DaemonSet-managed pods"),
            Flag(
                "delete-emptydir-data", "", .bool,
                "Continue even if there are pods using emptyDir (local data that will be deleted when the node is drained)"
            ),
            Flag("force", "", .bool, "Continue even if there are pods that do not declare a controller"),
            Flag(
                "grace-period", "", .int, initial: "-1",
                "Seconds given to each pod to terminate; negative for the pod's own"),
            Flag("disable-eviction", "", .bool, "Delete instead of evicting: passes disruption budgets by"),
            Flag("pod-selector", "Label selector to filter pods on the node"),
            Flag("chunk-size", "", .int, initial: "500", "Ignored: lists come whole here"),
            Flag(
                "skip-wait-for-delete-timeout", "", .int,
                "If pod DeletionTimestamp older than N seconds, skip waiting for the pod"),
        ])

    /// Seconds between two tries to evict a pod that a budget protects.
    private static let retryInterval: Int64 = 5

    static func run(_ invocation: Invocation, on endpoint: inout some SimulatedEndpoint) throws(CommandFailure) -> Int32
    {
        let dryRun = try DryRun(invocation)
        let found = try Cordoning.nodes(invocation, on: &endpoint)
        var failures = found.failures.map { CommandFailure($0) }
        for node in found.objects { try Cordoning.set(node, unschedulable: true, invocation, dryRun, on: &endpoint) }
        var pending: [(name: String, why: String)] = []
        for node in found.objects {
            do throws(CommandFailure) {
                try drain(node, invocation, dryRun, on: &endpoint)
                invocation.print("node/\(node.name) drained\(dryRun.note)")
            } catch {
                let why = error.text.hasPrefix("error: ") ? String(error.text.dropFirst("error: ".count)) : error.text
                pending.append((node.name, why))
                invocation.printError(
                    "error: unable to drain node \"\(node.name)\" due to error: \(why), continuing command...")
            }
        }
        if !pending.isEmpty {
            invocation.printError("There are pending nodes to be drained:")
            for node in pending { invocation.printError(" \(node.name)") }
            for node in pending {
                failures.append(
                    CommandFailure(text: node.why.split(separator: "\n").map { "error: " + $0 }.joined(separator: "\n"))
                )
            }
        }
        return invocation.finish(failures)
    }

    /// What becomes of a pod on the node.
    enum Verdict: Equatable {
        case evict
        /// Evicted, with a word about it.
        case warn(String)
        case skip(String)
        case refuse(String)
    }

    static func verdict(on pod: Pod, force: Bool, ignoresDaemonSets: Bool, deletesData: Bool) -> Verdict {
        if pod.metadata.annotations["kubernetes.io/config.mirror"] != nil { return .skip("") }
        let owner = pod.metadata.ownerReferences.first { $0.controller == true }
        let isOver = pod.status.phase == "Succeeded" || pod.status.phase == "Failed"
        if owner?.kind == "DaemonSet" {
            return ignoresDaemonSets
                ? .skip("ignoring DaemonSet-managed Pods")
                : .refuse("cannot delete DaemonSet-managed Pods (use --ignore-daemonsets to ignore)")
        }
        if isOver { return .evict }
        if pod.spec.volumes.contains(where: { $0.volumeSource.emptyDir != nil }), !deletesData {
            return .refuse("cannot delete Pods with local storage (use --delete-emptydir-data to override)")
        }
        if owner == nil {
            return force
                ? .warn("deleting Pods that declare no controller")
                : .refuse("cannot delete Pods that declare no controller (use --force to override)")
        }
        return .evict
    }

    private static func drain(
        _ node: FetchedObject, _ invocation: Invocation, _ dryRun: DryRun, on endpoint: inout some SimulatedEndpoint
    ) throws(CommandFailure) {
        let arguments = invocation.arguments
        let pods = endpoint.list(
            Pod.self, labelSelector: arguments.string("pod-selector"), fieldSelector: "spec.nodeName=\(node.name)")
        var going: [Pod] = []
        var refused: [String: [String]] = [:]
        var warned: [String: [String]] = [:]
        for pod in pods {
            let verdict = verdict(
                on: pod, force: arguments.bool("force"), ignoresDaemonSets: arguments.bool("ignore-daemonsets"),
                deletesData: arguments.bool("delete-emptydir-data"))
            switch verdict {
            case .evict: going.append(pod)
            case .warn(let why):
                going.append(pod)
                warned[why, default: []].append(pod.key)
            case .skip(let why): if !why.isEmpty { warned[why, default: []].append(pod.key) }
            case .refuse(let why): refused[why, default: []].append(pod.key)
            }
        }
        func sentences(_ groups: [String: [String]]) -> [String] {
            groups.keys.sorted { $0.utf8.lexicographicallyPrecedes($1.utf8) }.map {
                "\($0): \((groups[$0] ?? []).joined(separator: ", "))"
            }
        }
        guard refused.isEmpty else {
            let all = sentences(refused)
            throw CommandFailure(all.count == 1 ? all[0] : "[\(all.joined(separator: ", "))]")
        }
        if !warned.isEmpty { invocation.printError("Warning: " + sentences(warned).joined(separator: "; ")) }
        if case .none = dryRun {
        } else {
            for pod in going { invocation.print("evicting pod \(pod.key)\(dryRun.note)") }
            return
        }
        try evict(going, invocation, on: &endpoint)
    }

    /// Evicts pods as their budgets allow, and waits until they are gone.
    private static func evict(_ pods: [Pod], _ invocation: Invocation, on endpoint: inout some SimulatedEndpoint)
        throws(CommandFailure)
    {
        let arguments = invocation.arguments
        let timeout = arguments.duration("timeout")
        // Without a time limit kubectl tries for ever; an hour of simulated time is a clear end.
        var left = timeout > .zero ? timeout : .seconds(3_600)
        let grace: Int64? = arguments.int("grace-period") < 0 ? nil : arguments.int("grace-period")
        let deletes = arguments.bool("disable-eviction")
        var waiting = pods
        var leaving: [Pod] = []
        var sinceTry = retryInterval
        while !waiting.isEmpty || !leaving.isEmpty {
            if sinceTry >= retryInterval {
                sinceTry = 0
                var blocked: [Pod] = []
                for pod in waiting {
                    invocation.print("\(deletes ? "deleting" : "evicting") pod \(pod.key)")
                    let answer = endpoint.respond(to: request(pod, deletes, grace))
                    guard case .failure(let status) = answer.body else {
                        leaving.append(pod)
                        continue
                    }
                    switch status.reason {
                    case "NotFound": invocation.print("pod/\(pod.metadata.name) \(deletes ? "deleted" : "evicted")")
                    case "TooManyRequests":
                        blocked.append(pod)
                        invocation.printError(
                            "error when evicting pods/\"\(pod.metadata.name)\" -n \"\(pod.metadata.namespace)\" (will retry after 5s): \(status.message)"
                        )
                    default:
                        throw CommandFailure(
                            "error when evicting pods/\"\(pod.metadata.name)\" -n \"\(pod.metadata.namespace)\": \(status.message)"
                        )
                    }
                }
                waiting = blocked
            }
            var still: [Pod] = []
            for pod in leaving {
                let now = endpoint.get(Pod.self, namespace: pod.metadata.namespace, name: pod.metadata.name)
                if now?.metadata.uid == pod.metadata.uid, now != nil {
                    still.append(pod)
                } else {
                    invocation.print("pod/\(pod.metadata.name) \(deletes ? "deleted" : "evicted")")
                }
            }
            leaving = still
            guard !waiting.isEmpty || !leaving.isEmpty else { return }
            if invocation.environment.wantsToStop { throw CommandFailure("interrupted") }
            guard left > .zero else {
                throw CommandFailure(
                    leaving.isEmpty
                        ? "error when evicting pods/\"\(waiting[0].metadata.name)\" -n \"\(waiting[0].metadata.namespace)\": global timeout reached: \(GoDuration.text(timeout))"
                        : "error when waiting for pod \"\(leaving[0].metadata.name)\" in namespace \"\(leaving[0].metadata.namespace)\" to terminate: global timeout reached: \(GoDuration.text(timeout))"
                )
            }
            endpoint.pass(.seconds(1))
            left -= .seconds(1)
            sinceTry += 1
        }
    }

    private static func request(_ pod: Pod, _ deletes: Bool, _ grace: Int64?) -> APIRequest {
        let (namespace, name) = (pod.metadata.namespace, pod.metadata.name)
        if deletes {
            return APIRequest(.delete, Pod.resource, namespace: namespace, name: name, gracePeriodSeconds: grace)
        }
        let body: JSONValue = [
            "apiVersion": "policy/v1", "kind": "Eviction",
            "metadata": ["name": .string(name), "namespace": .string(namespace)],
        ]
        return APIRequest(
            .create, Pod.resource, namespace: namespace, name: name, subresource: "eviction", body: body,
            gracePeriodSeconds: grace)
    }
}
