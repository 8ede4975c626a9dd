import KubernetesAPI
import Simulation

/// The shape of a machine, from which its Node object follows.
public struct NodeShape: Sendable {
    public var name: String
    public var cpu: Quantity
    public var memory: Quantity
    /// What pods cannot have of cpu, memory and ephemeral-storage (`kubeReserved` and `systemReserved` together).
    public var reserved: [String: Quantity]
    public var gpus: Int64
    public var zone: String
    public var instanceType: String
    public var coreSpeed: Double
    public var labels: [String: String]
    public var taints: [Taint]
    /// Currency units an hour.
    public var price: Double

    public init(
        name: String, cpu: Quantity, memory: Quantity, reserved: [String: Quantity] = [:], gpus: Int64 = 0,
        zone: String = "zone-a",
        instanceType: String = "general",
        coreSpeed: Double = 1, labels: [String: String] = [:], taints: [Taint] = [], price: Double = 0
    ) {
        self.name = name
        self.cpu = cpu
        self.memory = memory
        self.reserved = reserved
        self.gpus = gpus
        self.zone = zone
        self.instanceType = instanceType
        self.coreSpeed = coreSpeed
        self.labels = labels
        self.taints = taints
        self.price = price
    }

    /// The Node object as a kubelet registers it: allocatable is capacity less what is reserved and the hard eviction
    /// threshold.
    public var node: Node {
        var node = Node()
        node.metadata.name = name
        node.metadata.labels = [
            "kubernetes.io/hostname": name, "kubernetes.io/os": "linux", "kubernetes.io/arch": "amd64",
            "beta.kubernetes.io/os": "linux", "beta.kubernetes.io/arch": "amd64", "topology.kubernetes.io/zone": zone,
            "topology.kubernetes.io/region": "region-1", "node.kubernetes.io/instance-type": instanceType,
        ].merging(labels) { _, own in own }
        // The TTL controller's word in clusters of up to a hundred nodes.
        node.metadata.annotations["node.alpha.kubernetes.io/ttl"] = "0"
        if coreSpeed != 1 { node.metadata.annotations[Kubelet.coreSpeedAnnotation] = "\(coreSpeed)" }
        if price > 0 { node.metadata.annotations[MachineMeter.priceAnnotation] = "\(price)" }
        node.spec.taints = taints
        var capacity = [
            "cpu": cpu, "memory": memory, "pods": Quantity(110),
            "ephemeral-storage": Quantity(100 << 30, format: .binarySI),
        ]
        if gpus > 0 { capacity["nvidia.com/gpu"] = Quantity(gpus) }
        node.status.capacity = capacity
        for (name, amount) in reserved { capacity[name] = (capacity[name] ?? Quantity()) - amount }
        capacity["memory"] = (capacity["memory"] ?? memory) - Quantity(100 << 20, format: .binarySI)
        node.status.allocatable = capacity
        var info = NodeSystemInfo()
        info.machineID = String(Kubelet.hexadecimal("machine/" + name, after: "").prefix(32))
        info.systemUUID = Self.uuid("system/" + name)
        info.bootID = Self.uuid("boot/" + name)
        info.kubeletVersion = "v1.36.2"
        info.osImage = "Debian GNU/Linux 12 (bookworm)"
        info.kernelVersion = "6.1.0-kubelab"
        info.containerRuntimeVersion = "containerd://2.1.0"
        info.operatingSystem = "linux"
        info.architecture = "amd64"
        node.status.nodeInfo = info
        return node
    }
}

extension NodeShape {
    /// An identifier that follows from a text, in the shape of a UUID.
    private static func uuid(_ text: String) -> String {
        let digits = Array(Kubelet.hexadecimal(text, after: ""))
        return [0..<8, 8..<12, 12..<16, 16..<20, 20..<32].map { String(digits[$0]) }.joined(separator: "-")
    }
}

extension Cluster {
    /// Registers machines that are up and ready.
    public mutating func registerNodes(_ shapes: [NodeShape], clock: inout Clock) {
        lend(&clock) { cluster in
            for shape in shapes {
                var node = shape.node
                node.becomeReady(at: cluster.context.wallTime)
                guard let id = try? cluster.context.create(node) else { continue }
                let address = cluster.context.store.nodes.count - 1
                cluster.context.update(id) { node in
                    var inside = NodeAddress()
                    inside.type = "InternalIP"
                    inside.address = "192.168.\(address / 250 % 250).\(address % 250 + 2)"
                    var host = NodeAddress()
                    host.type = "Hostname"
                    host.address = shape.name
                    node.status.addresses = [inside, host]
                }
            }
        }
    }

    /// A machine fails, is cut off, or comes back.
    public mutating func setHealth(ofNode name: String, _ health: NodeHealth, clock: inout Clock) {
        lend(&clock) { cluster in cluster.kubelet.setHealth(of: name, health, &cluster.context) }
    }

    /// A controller's process restarts and forgets what it kept in memory.
    public mutating func restart(_ controller: ControllerName, clock: inout Clock) {
        lend(&clock) { cluster in cluster.controllers.restart(controller, &cluster.context) }
    }
}
