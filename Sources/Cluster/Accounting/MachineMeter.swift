import KubernetesAPI
import Simulation

/// Who used the machines, and what they cost.
///
/// A machine costs from its Node object's creation to its deletion, also while it is down. A pod holds its part of one
/// from binding until it is finished or gone: half by its share of the CPU that it requests, half by its share of the
/// memory (`reference/agents.md`, section 8; OpenCost allocates alike). What nobody requested is idle.
///
/// Conservation: the cost of the machines is the sum of the workloads' parts and of the idle rest, and the rest is
/// never negative. Money is in nano-units of the scenario's currency, rounded down once for each stay of a pod on a
/// machine, so the rounding is part of the rest. A machine with GPUs is bought for them: nine tenths of its price go with
/// its GPUs, a twentieth each with CPU and memory.
public struct MachineMeter: Sendable {
    /// What pods of one workload have held so far.
    public struct Usage: Sendable, Equatable {
        /// Pods that hold room now.
        public var pods = 0
        public var podTime: Duration = .zero
        /// Requested CPU over time, in core-microseconds.
        public var cpuMicroseconds: Int64 = 0
        /// Requested memory over time, in MiB-seconds.
        public var memoryMebibyteSeconds: Int64 = 0
        /// GPUs held, over time.
        public var gpuTime: Duration = .zero
        /// Nano-units of currency.
        public var cost: Int64 = 0
    }

    struct Machine: Sendable, Equatable {
        var since: SimulationTime
        /// Nano-units of currency an hour.
        var price: Int64
        var cpuMilli: Int64
        var memory: Int64
        var gpus: Int64
    }

    struct Stay: Sendable, Equatable {
        var since: SimulationTime
        var workload: String
        var node: ObjectID<Node>
        var cpuMilli: Int64
        var memory: Int64
        var gpus: Int64
        /// The part of the machine's price, in nano-units of currency an hour.
        var price: Int64
    }

    private var present: [ObjectID<Node>: Machine] = [:]
    private var stays: [ObjectID<Pod>: Stay] = [:]
    /// Stays that are over, by workload.
    private var usages: [String: Usage] = [:]
    private var settledCost: Int64 = 0
    private var settledTime: Duration = .zero

    init() {}

    /// By which a scenario tells what a machine costs an hour; not part of Kubernetes.
    public static let priceAnnotation = "kubelab.dev/price-per-hour"

    /// The extended resource of GPUs.
    public static let gpuResource = "nvidia.com/gpu"

    // MARK: Reading

    /// Machines that exist now.
    public var machines: Int { present.count }

    /// How long machines have existed, summed.
    public func time(at now: SimulationTime) -> Duration {
        present.values.reduce(settledTime) { $0 + (now - $1.since) }
    }

    /// Cost of all machines so far, in nano-units of currency.
    public func cost(at now: SimulationTime) -> Int64 {
        present.values.reduce(settledCost) { $0.addingSaturating(Self.cost($1.price, now - $1.since)) }
    }

    /// What each workload has held so far, by `namespace/kind/name` (a Deployment's pods count for the Deployment, a
    /// CronJob's for the CronJob; a pod of nobody's for itself), in the order of the names.
    public func usages(at now: SimulationTime) -> [(workload: String, usage: Usage)] {
        var sums = usages
        for stay in stays.values {
            sums[stay.workload, default: Usage()].add(stay, until: now)
            sums[stay.workload]?.pods += 1
        }
        return sums.sorted { $0.key.utf8.lexicographicallyPrecedes($1.key.utf8) }.map { ($0.key, $0.value) }
    }

    private static func cost(_ price: Int64, _ time: Duration) -> Int64 {
        Int64(3_600_000_000_000).dividingFullWidth(price.multipliedFullWidth(by: max(0, time.nanoseconds))).quotient
    }

    // MARK: Changes

    mutating func observe(_ change: ObjectChange, _ context: inout ClusterContext) {
        switch change.id.kind {
        case .pod:
            guard change.concerns([.phase, .spec]), let (id, _, pod) = change.pod else { return }
            observe(id, pod, change.kind, &context)
        case .node:
            guard let (id, _, node) = change.object(Node.self) else { return }
            switch change.kind {
            case .added: add(id, node, &context)
            case .modified: break
            case .deleted: remove(id, context.now)
            }
        default: break
        }
    }

    private mutating func add(_ id: ObjectID<Node>, _ node: Node, _ context: inout ClusterContext) {
        let price = node.metadata.annotations[Self.priceAnnotation].flatMap(Double.init) ?? 0
        present[id] = Machine(
            since: context.now, price: price.isFinite ? Int64(max(0, min(1e6, price)) * 1e9) : 0,
            cpuMilli: node.status.capacity["cpu"]?.milliValue ?? 0, memory: node.status.capacity["memory"]?.value ?? 0,
            gpus: max(0, node.status.capacity[Self.gpuResource]?.value ?? 0))
        for pod in context.store.pods(on: node.metadata.name) {
            if let object = context.store[pod] { observe(pod, object, .added, &context) }
        }
    }

    private mutating func remove(_ id: ObjectID<Node>, _ now: SimulationTime) {
        guard let machine = present.removeValue(forKey: id) else { return }
        settledCost = settledCost.addingSaturating(Self.cost(machine.price, now - machine.since))
        settledTime += now - machine.since
        for pod in stays.keys.sorted() where stays[pod]?.node == id { end(pod, now) }
    }

    private mutating func observe(
        _ id: ObjectID<Pod>, _ pod: Pod, _ kind: ObjectChange.Kind, _ context: inout ClusterContext
    ) {
        let finished = pod.status.phase == "Succeeded" || pod.status.phase == "Failed"
        guard kind != .deleted, !finished, !pod.spec.nodeName.isEmpty,
            let node = context.store.nodes.id(pod.spec.nodeName),
            let machine = present[node]
        else { return end(id, context.now) }
        let requests = context.shape(of: pod).requests
        let (cpu, memory) = (max(0, requests.cpuMilli), max(0, requests.memory))
        let gpus = max(0, requests[Self.gpuResource])
        if let stay = stays[id] {
            guard stay.cpuMilli != cpu || stay.memory != memory || stay.gpus != gpus || stay.node != node else {
                return
            }
            end(id, context.now)
        }
        stays[id] = Stay(
            since: context.now, workload: Self.workload(of: pod, context), node: node, cpuMilli: cpu, memory: memory,
            gpus: gpus, price: machine.price(cpuMilli: cpu, memory: memory, gpus: gpus))
    }

    private mutating func end(_ id: ObjectID<Pod>, _ now: SimulationTime) {
        guard let stay = stays.removeValue(forKey: id) else { return }
        usages[stay.workload, default: Usage()].add(stay, until: now)
    }

    /// The object at the end of the chain of controllers.
    private static func workload(of pod: Pod, _ context: borrowing ClusterContext) -> String {
        let namespace = pod.metadata.namespace
        guard let owner = pod.controller else { return "\(namespace)/pod/\(pod.metadata.name)" }
        var top = owner
        if let set: ObjectID<ReplicaSet> = context.controller(of: pod), let above = context.store[set]?.controller {
            top = above
        }
        if let job: ObjectID<Job> = context.controller(of: pod), let above = context.store[job]?.controller {
            top = above
        }
        return "\(namespace)/\(top.kind.lowercased())/\(top.name)"
    }
}

extension MachineMeter.Usage {
    fileprivate mutating func add(_ stay: MachineMeter.Stay, until now: SimulationTime) {
        let time = max(.zero, now - stay.since)
        podTime += time
        gpuTime += time * stay.gpus
        cpuMicroseconds = cpuMicroseconds.addingSaturating(
            Int64(1_000_000).dividingFullWidth(stay.cpuMilli.multipliedFullWidth(by: time.nanoseconds)).quotient)
        memoryMebibyteSeconds = memoryMebibyteSeconds.addingSaturating(
            Int64(1_000_000_000).dividingFullWidth((stay.memory >> 20).multipliedFullWidth(by: time.nanoseconds))
                .quotient)
        cost = cost.addingSaturating(
            Int64(3_600_000_000_000).dividingFullWidth(stay.price.multipliedFullWidth(by: time.nanoseconds)).quotient)
    }
}

extension MachineMeter.Machine {
    /// The part of the price that goes with a part of the machine, rounded down.
    fileprivate func price(cpuMilli asked: Int64, memory wanted: Int64, gpus taken: Int64) -> Int64 {
        func part(_ twentieths: Int64, _ amount: Int64, _ whole: Int64) -> Int64 {
            guard whole > 0 else { return 0 }
            return whole.dividingFullWidth((price / 20 * twentieths).multipliedFullWidth(by: min(amount, whole)))
                .quotient
        }
        let other: Int64 = gpus > 0 ? 1 : 10
        return part(other, asked, cpuMilli) + part(other, wanted, memory) + part(20 - 2 * other, taken, gpus)
    }
}

extension MachineMeter.Machine: BinaryCodable {
    func write(to writer: inout BinaryWriter) {
        writer.write(since)
        writer.write(price)
        writer.write(cpuMilli)
        writer.write(memory)
        writer.write(gpus)
    }

    init(from reader: inout BinaryReader) throws(BinaryDecodingError) {
        since = try reader.read()
        price = try reader.read()
        cpuMilli = try reader.read()
        memory = try reader.read()
        gpus = try reader.read()
        guard price >= 0, gpus >= 0 else { throw .malformed(what: "machine", offset: reader.offset) }
    }
}

extension MachineMeter.Stay: BinaryCodable {
    func write(to writer: inout BinaryWriter) {
        writer.write(since)
        writer.write(workload)
        writer.write(node)
        writer.write(cpuMilli)
        writer.write(memory)
        writer.write(gpus)
        writer.write(price)
    }

    init(from reader: inout BinaryReader) throws(BinaryDecodingError) {
        since = try reader.read()
        workload = try reader.read()
        node = try reader.read()
        cpuMilli = try reader.read()
        memory = try reader.read()
        gpus = try reader.read()
        price = try reader.read()
        guard price >= 0, cpuMilli >= 0, memory >= 0, gpus >= 0 else {
            throw .malformed(what: "stay", offset: reader.offset)
        }
    }
}

extension MachineMeter.Usage: BinaryCodable {
    public func write(to writer: inout BinaryWriter) {
        writer.write(podTime)
        writer.write(cpuMicroseconds)
        writer.write(memoryMebibyteSeconds)
        writer.write(gpuTime)
        writer.write(cost)
    }

    public init(from reader: inout BinaryReader) throws(BinaryDecodingError) {
        podTime = try reader.read()
        cpuMicroseconds = try reader.read()
        memoryMebibyteSeconds = try reader.read()
        gpuTime = try reader.read()
        cost = try reader.read()
    }
}

extension MachineMeter: BinaryCodable {
    public func write(to writer: inout BinaryWriter) {
        writer.section("machines", version: 2)
        writer.write(present)
        writer.write(stays)
        writer.write(usages)
        writer.write(settledCost)
        writer.write(settledTime)
    }

    public init(from reader: inout BinaryReader) throws(BinaryDecodingError) {
        try reader.section("machines", version: 2)
        present = try reader.read()
        stays = try reader.read()
        usages = try reader.read()
        settledCost = try reader.read()
        settledTime = try reader.read()
    }
}
