import ContainerRuntime
import KubernetesAPI
import Simulation

/// How a machine fares.
public enum NodeHealth: UInt8, Sendable, BinaryCodable {
    case healthy
    /// Powered off: containers are gone, nothing is reported.
    case failed
    /// Cut off from the control plane: containers run on, nothing is reported or heard.
    case partitioned
}

/// What a kubelet knows about its machine.
struct NodeRecord: Sendable {
    var name: String
    var isPresent = true
    var health = NodeHealth.healthy
    /// Since when the health is what it is; the last heartbeat of a node that is not healthy.
    var healthSince: SimulationTime = .zero
    var hardware: NodeHardware
    /// Where its pods' statuses say that they run; follows from its number.
    let hostAddress: String
    /// Images on disk, by reference.
    var images: Set<String> = []
    /// Pulls are serialised: the next one begins then.
    var pullFreeAt: SimulationTime = .zero
    /// Number of the node's pod network, and of its next address.
    var network: UInt32
    var nextAddress: UInt32 = 2
    var sandboxes: [SandboxID] = []
    /// What its pods ask for; follows from them.
    var load = NodeLoad()
    var underMemoryPressure = false
    var pressureSeen: SimulationTime = .zero
    var checksPressure = false

    init(name: String, hardware: NodeHardware, network: UInt32) {
        self.name = name
        self.hardware = hardware
        self.network = network
        hostAddress = Kubelet.hostAddress(network)
    }
}

extension NodeRecord: BinaryCodable {
    func write(to writer: inout BinaryWriter) {
        writer.write(name)
        writer.write(isPresent)
        writer.write(health)
        writer.write(healthSince)
        writer.write(hardware.cpuMilli)
        writer.write(hardware.memoryBytes)
        writer.write(hardware.gpus)
        writer.write(hardware.coreSpeed)
        writer.write(images)
        writer.write(pullFreeAt)
        writer.write(network)
        writer.write(nextAddress)
        writer.write(sandboxes)
        writer.write(underMemoryPressure)
        writer.write(pressureSeen)
        writer.write(checksPressure)
    }

    init(from reader: inout BinaryReader) throws(BinaryDecodingError) {
        name = try reader.read()
        isPresent = try reader.read()
        health = try reader.read()
        healthSince = try reader.read()
        hardware = NodeHardware(
            cpuMilli: try reader.read(), memoryBytes: try reader.read(), gpus: try reader.read(),
            coreSpeed: try reader.read())
        images = try reader.read()
        pullFreeAt = try reader.read()
        network = try reader.read()
        hostAddress = Kubelet.hostAddress(network)
        nextAddress = try reader.read()
        sandboxes = try reader.read()
        underMemoryPressure = try reader.read()
        pressureSeen = try reader.read()
        checksPressure = try reader.read()
    }
}
