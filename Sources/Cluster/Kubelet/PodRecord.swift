import ContainerRuntime
import KubernetesAPI
import Simulation

/// What a kubelet knows about one pod.
struct PodRecord: Sendable {
    enum Stage: UInt8, Sendable, BinaryCodable {
        /// Bound; the kubelet has not looked yet, or the sandbox is being made.
        case starting
        /// Containers start, run and restart.
        case active
        /// Everything is being stopped.
        case terminating
        /// Phase Succeeded or Failed; nothing runs any more.
        case finished
    }

    var id: ObjectID<Pod>
    var uid: String
    var node: NodeID
    var generation: UInt32
    var stage = Stage.starting
    var containers: [ContainerRecord]
    var address = ""
    var startTime: SimulationTime?
    var hasSandbox = false
    /// Sticky: a regular container ran once, so initialisation is over.
    var everRan = false
    /// The end of the grace period while terminating.
    var deadline: SimulationTime = .never
    var deadlineTimer: TimerHandle = .none
    /// The next try of a resize that does not fit yet.
    var resizeTimer: TimerHandle = .none
    /// Phase and reason that override the computed ones (eviction, rejection, deadline).
    var override: (phase: String, reason: String, message: String)?
    /// What the pod adds to its node's load; follows from its spec.
    var requests = ResourceVector()
    /// The object is to be removed once all has stopped.
    var isDeleted = false

    init(id: ObjectID<Pod>, uid: String, node: NodeID, generation: UInt32, containers: [ContainerRecord]) {
        self.id = id
        self.uid = uid
        self.node = node
        self.generation = generation
        self.containers = containers
    }
}

extension PodRecord: BinaryCodable {
    func write(to writer: inout BinaryWriter) {
        writer.write(id)
        writer.write(uid)
        writer.write(node)
        writer.write(generation)
        writer.write(stage)
        writer.write(containers)
        writer.write(address)
        writer.write(startTime)
        writer.write(hasSandbox)
        writer.write(everRan)
        writer.write(deadline)
        writer.write(deadlineTimer)
        writer.write(resizeTimer)
        writer.write(override?.phase)
        writer.write(override?.reason)
        writer.write(override?.message)
        writer.write(isDeleted)
    }

    init(from reader: inout BinaryReader) throws(BinaryDecodingError) {
        id = try reader.read()
        uid = try reader.read()
        node = try reader.read()
        generation = try reader.read()
        stage = try reader.read()
        containers = try reader.read()
        address = try reader.read()
        startTime = try reader.read()
        hasSandbox = try reader.read()
        everRan = try reader.read()
        deadline = try reader.read()
        deadlineTimer = try reader.read()
        resizeTimer = try reader.read()
        let phase: String? = try reader.read()
        let reason: String? = try reader.read()
        let message: String? = try reader.read()
        if let phase { override = (phase, reason ?? "", message ?? "") }
        isDeleted = try reader.read()
    }
}

extension Pod {
    /// Init containers, regular ones, ephemeral ones: the order in which records count them.
    func container(at index: Int) -> Container? {
        if index < spec.ownInitContainers.count { return spec.ownInitContainers[index] }
        let regular = index - spec.ownInitContainers.count
        if regular < spec.ownContainers.count { return spec.ownContainers[regular] }
        let ephemeral = regular - spec.ownContainers.count
        guard ephemeral < spec.ephemeralContainers.count else { return nil }
        return spec.ephemeralContainers[ephemeral].ephemeralContainerCommon.container
    }

    /// A probe of ``container(at:)``, without a copy of all the rest.
    func probe(_ kind: ProbeKind, at index: Int) -> Probe? {
        let initial = spec.ownInitContainers.count
        if index < initial { return spec.ownInitContainers[index].probe(kind) }
        guard index - initial < spec.ownContainers.count else { return nil }
        return spec.ownContainers[index - initial].probe(kind)
    }

    /// The number of a port that a probe of ``container(at:)`` names.
    func portNumber(_ port: IntOrString, at index: Int) -> Int {
        if case .int(let number) = port { return Int(number) }
        return container(at: index)?.portNumber(port) ?? 0
    }

    /// The list of the spec in which a container stands, as an event's `fieldPath` names it.
    func containerList(at index: Int) -> String {
        let initial = spec.ownInitContainers.count
        if index < initial { return "initContainers" }
        return index < initial + spec.ownContainers.count ? "containers" : "ephemeralContainers"
    }

    /// The name of ``container(at:)``, without a copy of all the rest.
    func containerName(at index: Int) -> String? {
        let initial = spec.ownInitContainers
        if index < initial.count { return initial[index].name }
        let regular = spec.ownContainers
        if index - initial.count < regular.count { return regular[index - initial.count].name }
        let ephemeral = index - initial.count - regular.count
        guard ephemeral < spec.ephemeralContainers.count else { return nil }
        return spec.ephemeralContainers[ephemeral].ephemeralContainerCommon.name
    }
}

extension Container {
    func probe(_ kind: ProbeKind) -> Probe? {
        switch kind {
        case .startup: startupProbe
        case .liveness: livenessProbe
        case .readiness: readinessProbe
        }
    }
}
