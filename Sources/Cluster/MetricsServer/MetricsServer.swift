import ContainerRuntime
import KubernetesAPI
import Simulation

/// metrics-server: scrapes every kubelet once a resolution and keeps two samples a container
/// (`kubernetes-sigs/metrics-server`, `pkg/storage`).
///
/// CPU is the difference of two samples, so a new pod has no metrics before its second scrape, and what is read is up
/// to a resolution old. A container that is younger than a resolution, but at least 10 s old, starts from zero.
public struct MetricsServer: Sendable {
    struct Sample: Sendable, Equatable {
        var time: SimulationTime
        var usage: ContainerUsage
    }

    struct Entry: Sendable {
        var name: String
        var run: ContainerID
        var previous: Sample?
        var last: Sample
    }

    private var entries: [ObjectID<Pod>: [Entry]] = [:]
    private var nodes: [String: (previous: (SimulationTime, Int64, Int64)?, last: (SimulationTime, Int64, Int64))] = [:]

    init() {}

    mutating func start(_ context: inout ClusterContext) {
        context.queue.schedule(.scrapeMetrics, after: context.settings.metricResolution, on: &context.clock)
    }

    mutating func observe(_ change: ObjectChange, _ context: inout ClusterContext) {
        guard change.kind == .deleted else { return }
        if let (id, _, _) = change.pod { entries[id] = nil }
        if let (_, _, node) = change.object(Node.self) { nodes[node.metadata.name] = nil }
    }

    /// One scrape of all nodes that can be reached.
    mutating func scrape(_ kubelet: Kubelet, usage: inout some ContainerUsageSource, _ context: inout ClusterContext) {
        context.queue.schedule(.scrapeMetrics, after: context.settings.metricResolution, on: &context.clock)
        let now = context.now
        for node in kubelet.nodes where node.isPresent {
            guard node.health == .healthy else {
                for sandbox in node.sandboxes { if let pod = kubelet.pod(of: sandbox) { entries[pod] = nil } }
                nodes[node.name] = nil
                continue
            }
            var total: (cpu: Int64, memory: Int64) = (0, 0)
            for sandbox in node.sandboxes {
                guard let record = kubelet.record(sandbox), let object = context.store[record.id] else { continue }
                let pod = record.id
                let old = entries[pod] ?? []
                var new: [Entry] = []
                for (index, container) in record.containers.enumerated() {
                    guard case .running(let since) = container.state, let run = container.runtime,
                        let name = object.containerName(at: index)
                    else { continue }
                    guard let usage = usage.usage(of: run, now: now) else { continue }
                    let sample = Sample(time: now, usage: usage)
                    total.cpu &+= usage.cpuNanoseconds
                    total.memory &+= usage.workingSetBytes
                    if let before = old.first(where: { $0.name == name && $0.run == run }) {
                        new.append(Entry(name: name, run: run, previous: before.last, last: sample))
                    } else {
                        let age = now - since
                        let fresh = age >= .seconds(10) && age < context.settings.metricResolution
                        new.append(
                            Entry(
                                name: name, run: run,
                                previous: fresh ? Sample(time: since, usage: ContainerUsage()) : nil, last: sample))
                    }
                }
                entries[pod] = new.isEmpty ? nil : new
            }
            let last = (now, total.cpu, total.memory)
            nodes[node.name] = (nodes[node.name]?.last, last)
        }
    }

    /// The pod's usage over the last window; nil while any of its containers lacks a pair of samples.
    public func usage(of pod: ObjectID<Pod>) -> PodUsageSample? {
        guard let entries = entries[pod], !entries.isEmpty else { return nil }
        var containers: [PodUsageSample.Container] = []
        var window: Duration = .zero
        for entry in entries {
            guard let previous = entry.previous, entry.last.time > previous.time else { return nil }
            window = entry.last.time - previous.time
            containers.append(
                PodUsageSample.Container(
                    name: entry.name,
                    cpuMilli: Self.milli(entry.last.usage.cpuNanoseconds - previous.usage.cpuNanoseconds, over: window),
                    memoryBytes: entry.last.usage.workingSetBytes))
        }
        return PodUsageSample(timestamp: entries[0].last.time, window: window, containers: containers)
    }

    /// Usage of a node over the last window, in thousandths of a core and bytes.
    public func usage(ofNode name: String) -> (
        timestamp: SimulationTime, window: Duration, cpuMilli: Int64, memoryBytes: Int64
    )? {
        guard let node = nodes[name], let previous = node.previous, node.last.0 > previous.0 else { return nil }
        let window = node.last.0 - previous.0
        // The machine's own daemons are not modelled; containers that ended meanwhile may leave a negative difference.
        return (node.last.0, window, Self.milli(max(0, node.last.1 - previous.1), over: window), node.last.2)
    }

    /// Rounded up, as the API's quantity is when somebody asks for thousandths.
    private static func milli(_ nanoseconds: Int64, over window: Duration) -> Int64 {
        guard window > .zero else { return 0 }
        let scaled = Int128(max(0, nanoseconds)) * 1_000
        return Int64(clamping: (scaled + Int128(window.nanoseconds) - 1) / Int128(window.nanoseconds))
    }
}

extension ContainerUsage: BinaryCodable {
    public func write(to writer: inout BinaryWriter) {
        writer.write(cpuNanoseconds)
        writer.write(workingSetBytes)
        writer.write(cfsPeriods)
        writer.write(cfsThrottledPeriods)
    }

    public init(from reader: inout BinaryReader) throws(BinaryDecodingError) {
        self.init()
        cpuNanoseconds = try reader.read()
        workingSetBytes = try reader.read()
        cfsPeriods = try reader.read()
        cfsThrottledPeriods = try reader.read()
    }
}

extension MetricsServer.Sample: BinaryCodable {
    func write(to writer: inout BinaryWriter) {
        writer.write(time)
        writer.write(usage)
    }

    init(from reader: inout BinaryReader) throws(BinaryDecodingError) {
        time = try reader.read()
        usage = try reader.read()
    }
}

extension MetricsServer.Entry: BinaryCodable {
    func write(to writer: inout BinaryWriter) {
        writer.write(name)
        writer.write(run)
        writer.write(previous)
        writer.write(last)
    }

    init(from reader: inout BinaryReader) throws(BinaryDecodingError) {
        name = try reader.read()
        run = try reader.read()
        previous = try reader.read()
        last = try reader.read()
    }
}

extension MetricsServer: BinaryCodable {
    public func write(to writer: inout BinaryWriter) {
        writer.section("metrics-server", version: 1)
        writer.write(entries)
        let names = nodes.keys.sorted { $0.utf8.lexicographicallyPrecedes($1.utf8) }
        writer.write(names)
        for name in names {
            guard let node = nodes[name] else { continue }
            writer.write(node.previous != nil)
            for sample in [node.previous, node.last].compactMap({ $0 }) {
                writer.write(sample.0)
                writer.write(sample.1)
                writer.write(sample.2)
            }
        }
    }

    public init(from reader: inout BinaryReader) throws(BinaryDecodingError) {
        try reader.section("metrics-server", version: 1)
        entries = try reader.read()
        func sample(_ reader: inout BinaryReader) throws(BinaryDecodingError) -> (SimulationTime, Int64, Int64) {
            (try reader.read(), try reader.read(), try reader.read())
        }
        for name in try reader.read([String].self) {
            let hasPrevious: Bool = try reader.read()
            let previous = hasPrevious ? try sample(&reader) : nil
            nodes[name] = (previous, try sample(&reader))
        }
    }
}
