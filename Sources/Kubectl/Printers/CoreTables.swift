import KubernetesAPI

extension TableDefinition {
    static var coreTables: [TableDefinition] {
        [
            pods, nodes, namespaces, services, endpoints, configMaps, secrets, serviceAccounts, persistentVolumeClaims,
            limitRanges,
            resourceQuotas, events,
        ]
    }

    private static let pods = TableDefinition(
        Pod.self,
        [
            .name,
            .init("Ready") { pod, context in PodStatusColumn(pod, now: context.now).ready },
            .init("Status") { pod, context in PodStatusColumn(pod, now: context.now).status },
            .init("Restarts") { pod, context in PodStatusColumn(pod, now: context.now).restarts },
            .age,
            .init("IP", priority: 1) { pod, _ in (pod.status.podIPs.first?.ip ?? pod.status.podIP).or("<none>") },
            .init("Node", priority: 1) { pod, _ in pod.spec.nodeName.or("<none>") },
            .init("Nominated Node", priority: 1) { pod, _ in pod.status.nominatedNodeName.or("<none>") },
            .init("Readiness Gates", priority: 1) { pod, _ in
                let gates = pod.spec.readinessGates
                guard !gates.isEmpty else { return "<none>" }
                let open = gates.filter { gate in
                    pod.status.conditions.contains { $0.type == gate.conditionType && $0.status == "True" }
                }
                return "\(open.count)/\(gates.count)"
            },
        ])

    private static let nodes = TableDefinition(
        Node.self,
        [
            .name,
            .init("Status") { node, _ in
                let ready = node.status.conditions.first { $0.type == "Ready" }
                let status = ready.map { $0.status == "True" ? "Ready" : "NotReady" } ?? "Unknown"
                return node.spec.unschedulable == true ? status + ",SchedulingDisabled" : status
            },
            .init("Roles") { node, _ in node.roles.joined(separator: ",").or("<none>") },
            .age,
            .init("Version") { node, _ in node.status.nodeInfo?.kubeletVersion ?? "" },
            .init("Internal-IP", priority: 1) { node, _ in node.address("InternalIP") },
            .init("External-IP", priority: 1) { node, _ in node.address("ExternalIP") },
            .init("OS-Image", priority: 1) { node, _ in (node.status.nodeInfo?.osImage ?? "").or("<unknown>") },
            .init("Kernel-Version", priority: 1) { node, _ in
                let kernel = (node.status.nodeInfo?.kernelVersion ?? "").or("<unknown>")
                let architecture = node.status.nodeInfo?.architecture ?? ""
                return architecture.isEmpty ? kernel : "\(kernel) (\(architecture))"
            },
            .init("Container-Runtime", priority: 1) { node, _ in
                (node.status.nodeInfo?.containerRuntimeVersion ?? "").or("<unknown>")
            },
        ])

    private static let namespaces = TableDefinition(
        Namespace.self, [.name, .init("Status") { namespace, _ in namespace.status.phase }, .age])

    private static let services = TableDefinition(
        Service.self,
        [
            .name,
            .init("Type") { service, _ in service.spec.type },
            .init("Cluster-IP") { service, _ in (service.spec.clusterIPs.first ?? service.spec.clusterIP).or("<none>")
            },
            .init("External-IP") { service, _ in service.externalAddresses },
            .init("Port(s)") { service, _ in
                service.spec.ports.map { port in
                    let name = (port.nodePort ?? 0) > 0 ? "\(port.port):\(port.nodePort ?? 0)" : "\(port.port)"
                    return "\(name)/\(port.protocol)"
                }.joined(separator: ",").or("<none>")
            },
            .age,
            .init("Selector", priority: 1) { service, _ in service.spec.selector.labelText },
        ])

    private static let endpoints = TableDefinition(
        Endpoints.self, [.name, .init("Endpoints") { endpoints, _ in endpoints.addressText }, .age])

    private static let configMaps = TableDefinition(
        ConfigMap.self,
        [.name, .init("Data") { map, _ in "\(map.data.count + map.binaryData.count)" }, .age])

    private static let secrets = TableDefinition(
        Secret.self,
        [
            .name, .init("Type") { secret, _ in secret.type }, .init("Data") { secret, _ in "\(secret.data.count)" },
            .age,
        ])

    private static let serviceAccounts = TableDefinition(ServiceAccount.self, [.name, .age])

    private static let persistentVolumeClaims = TableDefinition(
        PersistentVolumeClaim.self,
        [
            .name,
            .init("Status") { claim, _ in claim.metadata.deletionTimestamp != nil ? "Terminating" : claim.status.phase
            },
            .init("Volume") { claim, _ in claim.spec.volumeName },
            .init("Capacity") { claim, _ in
                claim.spec.volumeName.isEmpty ? "" : claim.status.capacity["storage"]?.description ?? ""
            },
            .init("Access Modes") { claim, _ in
                claim.spec.volumeName.isEmpty ? "" : AccessMode.text(claim.status.accessModes)
            },
            .init("StorageClass") { claim, _ in claim.spec.storageClassName ?? "" },
            .init("VolumeAttributesClass") { claim, _ in claim.spec.volumeAttributesClassName ?? "<unset>" },
            .age,
            .init("VolumeMode", priority: 1) { claim, _ in claim.spec.volumeMode ?? "<unset>" },
        ])

    private static let limitRanges = TableDefinition(LimitRange.self, [.name, .createdAt])

    private static let resourceQuotas = TableDefinition(
        ResourceQuota.self,
        [
            .name,
            .init("Request") { quota, _ in quota.usage { !$0.hasPrefix("limits") } },
            .init("Limit") { quota, _ in quota.usage { $0.hasPrefix("limits") } },
            .age,
        ])

    private static let events = TableDefinition(
        Event.self,
        [
            .init("Last Seen") { event, context in HumanDuration.since(event.lastSeen, now: context.now) },
            .init("Type") { event, _ in event.type },
            .init("Reason") { event, _ in event.reason },
            .init("Object") { event, _ in
                let kind = event.involvedObject.kind.lowercased()
                return kind.isEmpty || event.involvedObject.name.isEmpty
                    ? kind + event.involvedObject.name : "\(kind)/\(event.involvedObject.name)"
            },
            .init("Subobject", priority: 1) { event, _ in event.involvedObject.fieldPath },
            .init("Source", priority: 1) { event, _ in event.sourceText },
            .init("Message") { event, _ in event.message.trimmingSpace },
            .init("First Seen", priority: 1) { event, context in HumanDuration.since(event.firstSeen, now: context.now)
            },
            .init("Count", priority: 1) { event, _ in "\(event.total)" },
            .init("Name", priority: 1) { event, _ in event.metadata.name },
        ])
}

/// Access modes of volumes in kubectl's letters.
enum AccessMode {
    static func text(_ modes: [String]) -> String {
        let letters = [
            "ReadWriteOnce": "RWO", "ReadOnlyMany": "ROX", "ReadWriteMany": "RWX", "ReadWriteOncePod": "RWOP",
        ]
        let order = ["ReadWriteOnce", "ReadOnlyMany", "ReadWriteMany", "ReadWriteOncePod"]
        return order.filter(modes.contains).compactMap { letters[$0] }.joined(separator: ",")
    }
}

extension Node {
    /// From the labels `node-role.kubernetes.io/NAME` and `kubernetes.io/role`, sorted.
    var roles: [String] {
        var roles: Set<String> = []
        for (key, value) in metadata.labels {
            if key.hasPrefix("node-role.kubernetes.io/") {
                let role = String(key.dropFirst("node-role.kubernetes.io/".count))
                if !role.isEmpty { roles.insert(role) }
            } else if key == "kubernetes.io/role", !value.isEmpty {
                roles.insert(value)
            }
        }
        return roles.sorted { $0.utf8.lexicographicallyPrecedes($1.utf8) }
    }

    func address(_ type: String) -> String { status.addresses.first { $0.type == type }?.address ?? "<none>" }
}

extension Service {
    /// What stands under EXTERNAL-IP.
    var externalAddresses: String {
        let given = spec.externalIPs.joined(separator: ",")
        switch spec.type {
        case "LoadBalancer":
            let ingress = (status.loadBalancer?.ingress ?? []).map { $0.ip.isEmpty ? $0.hostname : $0.ip }.joined(
                separator: ",")
            let all = [ingress, given].filter { !$0.isEmpty }.joined(separator: ",")
            return all.or("<pending>")
        case "ExternalName": return spec.externalName
        case "ClusterIP", "NodePort": return given.or("<none>")
        default: return "<unknown>"
        }
    }
}

extension Endpoints {
    /// `10.0.0.1:80,10.0.0.2:80 + 3 more...`; the first three.
    var addressText: String {
        guard !subsets.isEmpty else { return "<none>" }
        var found: [String] = []
        for subset in subsets {
            if subset.ports.isEmpty {
                found += subset.addresses.map(\.ip)
            } else {
                for port in subset.ports {
                    found += subset.addresses.map {
                        $0.ip.contains(":") ? "[\($0.ip)]:\(port.port)" : "\($0.ip):\(port.port)"
                    }
                }
            }
        }
        let shown = found.prefix(3).joined(separator: ",")
        return found.count > 3 ? "\(shown) + \(found.count - 3) more..." : shown
    }
}

extension ResourceQuota {
    /// `pods: 2/4, requests.cpu: 800m/1` of the resources that a test keeps.
    func usage(of keeps: (String) -> Bool) -> String {
        status.hard.keys.filter(keeps).sorted { $0.utf8.lexicographicallyPrecedes($1.utf8) }.map { name in
            "\(name): \(status.used[name] ?? Quantity(0))/\(status.hard[name] ?? Quantity(0))"
        }.joined(separator: ", ")
    }
}

extension Event {
    /// When it happened last, whichever of its fields says so.
    var lastSeen: Time? {
        if let series { return series.lastObservedTime.map { Time(epochSeconds: $0.epochMicroseconds / 1_000_000) } }
        return lastTimestamp ?? firstSeen
    }
    var firstSeen: Time? { firstTimestamp ?? eventTime.map { Time(epochSeconds: $0.epochMicroseconds / 1_000_000) } }
    /// How often it happened.
    var total: Int32 { series?.count ?? (count == 0 ? 1 : count) }
    /// `kubelet, n1`
    var sourceText: String {
        let component = source?.component ?? ""
        let host = source?.host ?? ""
        if !component.isEmpty || !host.isEmpty { return host.isEmpty ? component : "\(component), \(host)" }
        return reportingInstance.isEmpty ? reportingComponent : "\(reportingComponent), \(reportingInstance)"
    }
}

extension String {
    /// The text, or another one if it is empty.
    func or(_ other: String) -> String { isEmpty ? other : self }

    /// Without spaces and line ends at both ends.
    var trimmingSpace: String {
        var text = Substring(self)
        while let first = text.first, first.isWhitespace { text.removeFirst() }
        while let last = text.last, last.isWhitespace { text.removeLast() }
        return String(text)
    }
}

extension [String: String] {
    /// `a=1,b=2` by the bytes of the keys; `<none>` if empty.
    var labelText: String {
        keys.sorted { $0.utf8.lexicographicallyPrecedes($1.utf8) }.map { "\($0)=\(self[$0] ?? "")" }.joined(
            separator: ","
        ).or("<none>")
    }
}
