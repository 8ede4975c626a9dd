import KubernetesAPI

enum NodeDescriber: Describer {
    static func describe(_ node: Node, _ writer: inout DescriptionWriter, on endpoint: inout some SimulatedEndpoint) {
        writer.field("Name", node.metadata.name)
        writer.field("Roles", node.roles.joined(separator: ",").or("<none>"))
        writer.labels("Labels", node.metadata.labels)
        writer.annotations("Annotations", node.metadata.annotations)
        writer.field("CreationTimestamp", node.metadata.creationTimestamp.longText)
        writer.multiline("Taints", node.spec.taints.map(\.text))
        writer.field("Unschedulable", "\(node.spec.unschedulable ?? false)")
        if let lease = endpoint.get(Lease.self, namespace: "kube-node-lease", name: node.metadata.name) {
            func text(_ time: MicroTime?) -> String {
                time.map { Time(epochSeconds: $0.epochMicroseconds / 1_000_000).longText } ?? "<unset>"
            }
            writer.line(0, "Lease:")
            writer.field("HolderIdentity", lease.spec.holderIdentity ?? "<unset>", level: 1)
            writer.field("AcquireTime", text(lease.spec.acquireTime), level: 1)
            writer.field("RenewTime", text(lease.spec.renewTime), level: 1)
        } else {
            writer.line(0, "Lease:")
            writer.line(1, "Failed to get lease: leases.coordination.k8s.io \"\(node.metadata.name)\" not found")
        }
        conditions(of: node, &writer)
        writer.line(0, "Addresses:")
        for address in node.status.addresses { writer.field(address.type, address.address, level: 1) }
        for (title, amounts) in [("Capacity", node.status.capacity), ("Allocatable", node.status.allocatable)]
        where !amounts.isEmpty {
            writer.line(0, title + ":")
            for name in amounts.keys.sorted(by: { $0.utf8.lexicographicallyPrecedes($1.utf8) }) {
                writer.field(name, amounts[name]?.description ?? "", level: 1)
            }
        }
        systemInfo(of: node, &writer)
        pods(on: node, &writer, on: &endpoint)
        writer.events(endpoint.events(about: node))
    }

    private static func conditions(of node: Node, _ writer: inout DescriptionWriter) {
        guard !node.status.conditions.isEmpty else { return }
        writer.line(0, "Conditions:")
        writer.line(1, "Type\tStatus\tLastHeartbeatTime\tLastTransitionTime\tReason\tMessage")
        writer.line(1, "----\t------\t-----------------\t------------------\t------\t-------")
        for condition in node.status.conditions {
            let heartbeat = condition.lastHeartbeatTime.longText
            let transition = condition.lastTransitionTime.longText
            writer.line(
                1,
                "\(condition.type) \t\(condition.status) \t\(heartbeat) \t\(transition) \t\(condition.reason) \t\(condition.message)"
            )
        }
    }

    private static func systemInfo(of node: Node, _ writer: inout DescriptionWriter) {
        let info = node.status.nodeInfo
        writer.line(0, "System Info:")
        for (name, value) in [
            ("Machine ID", info?.machineID), ("System UUID", info?.systemUUID), ("Boot ID", info?.bootID),
            ("Kernel Version", info?.kernelVersion), ("OS Image", info?.osImage),
            ("Operating System", info?.operatingSystem),
            ("Architecture", info?.architecture), ("Container Runtime Version", info?.containerRuntimeVersion),
            ("Kubelet Version", info?.kubeletVersion),
        ] {
            writer.field(name, value ?? "", level: 1)
        }
        if !node.spec.podCIDR.isEmpty { writer.field("PodCIDR", node.spec.podCIDR) }
        if !node.spec.podCIDRs.isEmpty { writer.field("PodCIDRs", node.spec.podCIDRs.joined(separator: ",")) }
        if !node.spec.providerID.isEmpty { writer.field("ProviderID", node.spec.providerID) }
    }

    private static func pods(
        on node: Node, _ writer: inout DescriptionWriter, on endpoint: inout some SimulatedEndpoint
    ) {
        let pods = endpoint.list(
            Pod.self, fieldSelector: "spec.nodeName=\(node.metadata.name),status.phase!=Succeeded,status.phase!=Failed")
        let allocatable = node.status.allocatable.isEmpty ? node.status.capacity : node.status.allocatable
        writer.field("Non-terminated Pods", "(\(pods.count) in total)")
        writer.line(1, "Namespace\tName\t\tCPU Requests\tCPU Limits\tMemory Requests\tMemory Limits\tAge")
        writer.line(1, "---------\t----\t\t------------\t----------\t---------------\t-------------\t---")
        var requests: [String: Quantity] = [:]
        var limits: [String: Quantity] = [:]
        func share(_ amount: Quantity?, _ name: String) -> String {
            let amount = amount ?? Quantity(0)
            let whole = allocatable[name] ?? Quantity(0)
            let (part, total) = name == "cpu" ? (amount.milliValue, whole.milliValue) : (amount.value, whole.value)
            let percent = total > 0 ? Int64(Double(part) / Double(total) * 100) : 0
            return "\(amount) (\(percent)%)"
        }
        for pod in pods {
            let (podRequests, podLimits) = pod.spec.resourceTotals
            for (name, amount) in podRequests { requests[name] = (requests[name] ?? Quantity(0)) + amount }
            for (name, amount) in podLimits { limits[name] = (limits[name] ?? Quantity(0)) + amount }
            let cells = [
                pod.metadata.namespace, pod.metadata.name, "", share(podRequests["cpu"], "cpu"),
                share(podLimits["cpu"], "cpu"),
                share(podRequests["memory"], "memory"), share(podLimits["memory"], "memory"),
                writer.since(pod.metadata.creationTimestamp),
            ]
            writer.line(1, cells.joined(separator: "\t"))
        }
        writer.line(0, "Allocated resources:")
        writer.line(1, "(Total limits may be over 100 percent, i.e., overcommitted.)")
        writer.line(1, "Resource\tRequests\tLimits")
        writer.line(1, "--------\t--------\t------")
        for name in ["cpu", "memory", "ephemeral-storage"] {
            writer.line(1, "\(name)\t\(share(requests[name], name))\t\(share(limits[name], name))")
        }
        let others = allocatable.keys.filter { !["cpu", "memory", "ephemeral-storage", "pods"].contains($0) }
        for name in others.sorted(by: { $0.utf8.lexicographicallyPrecedes($1.utf8) }) {
            if name.hasPrefix("hugepages-") {
                writer.line(1, "\(name)\t\(share(requests[name], name))\t\(share(limits[name], name))")
            } else {
                writer.line(1, "\(name)\t\(requests[name] ?? Quantity(0))\t\(limits[name] ?? Quantity(0))")
            }
        }
    }
}

extension Taint {
    /// `key=value:effect`
    var text: String { key + (value.isEmpty ? "" : "=" + value) + (effect.isEmpty ? "" : ":" + effect) }
}

extension PodSpec {
    /// What the scheduler counts for a pod: containers and sidecars together, or the largest step of the initialisation.
    var resourceTotals: (requests: [String: Quantity], limits: [String: Quantity]) {
        (total { $0.requests }, total { $0.limits })
    }

    private func total(_ amounts: (ResourceRequirements) -> [String: Quantity]) -> [String: Quantity] {
        func of(_ container: Container) -> [String: Quantity] { container.resources.map(amounts) ?? [:] }
        func add(_ more: [String: Quantity], to sum: inout [String: Quantity]) {
            for (name, amount) in more { sum[name] = sum[name].map { $0 + amount } ?? amount }
        }
        var sum: [String: Quantity] = [:]
        for container in containers { add(of(container), to: &sum) }
        var sidecars: [String: Quantity] = [:]
        var peaks: [String: Quantity] = [:]
        for container in initContainers {
            var step = sidecars
            add(of(container), to: &step)
            if container.restartPolicy == "Always" {
                add(of(container), to: &sum)
                sidecars = step
            }
            for (name, amount) in step { peaks[name] = max(peaks[name] ?? amount, amount) }
        }
        for (name, amount) in peaks { sum[name] = max(sum[name] ?? amount, amount) }
        if let resources { for (name, amount) in amounts(resources) { sum[name] = amount } }
        for (name, amount) in overhead { if let present = sum[name] { sum[name] = present + amount } }
        return sum
    }
}
