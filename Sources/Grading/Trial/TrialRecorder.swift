import Cluster
import Lab
import Simulation
import Workloads

/// Watches a world during a trial and keeps what the criteria need, bounded by what changes.
///
/// What the API server stores is looked at after every event that changed an object, so that no replica that lived for
/// a second is missed; usage and prices every 15 seconds, as usage is scraped; rates every five; requests exactly, window by window, as the workloads
/// account them; Kubernetes events as they are counted.
struct TrialRecorder {
    private struct Probe {
        var name: String
        var measurement: Measurement
    }

    private var stored: [Probe] = []
    private var sampled: [Probe] = []
    /// Those that follow from what metrics-server scraped, which changes every 15 seconds.
    private var scraped: [Probe] = []
    private let streams: [String]
    private let namespace: String
    private let keepsEvents: Bool
    private let windowLength: Duration
    /// What the stored measurements are read from.
    private(set) var kinds: WatchedKinds = []
    private var changes: UInt64?
    private var seen: [UInt64: Int32] = [:]
    private var taken: [String: SimulationTime] = [:]
    var recording: TrialRecording

    /// How often rates and Kubernetes events are looked at; without any, only what is scraped is.
    var interval: Duration { sampled.isEmpty && !keepsEvents ? Self.scrapeInterval : .seconds(5) }
    /// How often metrics-server looks at the nodes (`--metric-resolution`).
    static let scrapeInterval: Duration = .seconds(15)
    /// Most changes that are kept of one measurement.
    static let maximumChanges = 200_000

    init(needs: CriterionNeeds, scenario: Scenario, duration: Duration, startOfDay: Int64) {
        namespace = scenario.namespace
        streams = needs.streams
        keepsEvents = needs.events
        windowLength = scenario.workloads.accounting.window
        recording = TrialRecording(duration: duration, startOfDay: startOfDay)
        for name in needs.measurements {
            guard let measurement = try? Measurement(parsing: name, namespace: scenario.namespace) else { continue }
            let probe = Probe(name: name, measurement: measurement)
            if let read = measurement.storedKinds {
                stored.append(probe)
                kinds.formUnion(read)
            } else if measurement.isScraped {
                scraped.append(probe)
            } else {
                sampled.append(probe)
            }
            recording.signals[name] = StepSeries()
        }
    }

    /// After an event: cheap unless an object changed that is read.
    mutating func noteEvent(_ world: borrowing World) {
        let now = world.cluster.context.store.changes(of: kinds)
        guard now != changes else { return }
        changes = now
        for probe in stored { note(probe, world) }
    }

    /// Every ``interval``, and when a file is applied.
    mutating func noteInstant(_ world: borrowing World) {
        noteEvent(world)
        for probe in sampled { note(probe, world) }
        if world.now.nanoseconds % Self.scrapeInterval.nanoseconds == 0 { for probe in scraped { note(probe, world) } }
        if keepsEvents { noteOccurrences(world) }
    }

    private mutating func note(_ probe: Probe, _ world: borrowing World) {
        let value = probe.measurement.value(in: world)
        let now = world.now
        if let count = recording.signals[probe.name]?.count, count < Self.maximumChanges {
            recording.signals[probe.name]?.note(value, at: now)
        }
    }

    private mutating func noteOccurrences(_ world: borrowing World) {
        for record in world.cluster.context.events.records {
            let before = seen[record.number] ?? 0
            guard record.count > before else { continue }
            seen[record.number] = record.count
            recording.occurrences.append(
                TrialRecording.Occurrence(
                    time: record.last, reason: record.reason, object: "\(record.kind)/\(record.name)",
                    message: record.message,
                    count: Int(record.count - before)))
        }
    }

    /// Takes over the windows of requests that can no longer change; called at least every hour.
    mutating func takeLevels(_ world: borrowing World, all: Bool) {
        for stream in streams {
            guard let level = Self.level(stream, namespace, world) else { continue }
            let last = taken[stream] ?? .nanosecondsBeforeZero
            let end = all ? SimulationTime.never : world.now - windowLength
            let fresh = level.windows.filter { $0.start > last && $0.start < end }
            guard let newest = fresh.last else { continue }
            taken[stream] = newest.start
            recording.levels[stream, default: []] += fresh
        }
    }

    private static func level(_ stream: String, _ namespace: String, _ world: borrowing World) -> ServiceLevel? {
        let name = String(stream.drop { $0 != "/" }.dropFirst())
        if stream.hasPrefix("traffic/") { return world.workloads.traffic(named: name) }
        let key = name.contains("/") ? name : namespace + "/" + name
        return world.workloads.serviceLevels.first { $0.name == key }
    }
}

extension SimulationTime {
    static let nanosecondsBeforeZero = SimulationTime(nanoseconds: -1)
}

extension Measurement {
    /// Whether it follows from what metrics-server scraped.
    var isScraped: Bool {
        switch subject {
        case .deployment: ["price", "borrowedCPU", "cpu", "memory"].contains(field)
        case .pod: ["cpu", "memory"].contains(field)
        default: false
        }
    }

    /// The kinds of stored objects that it is read from; nil if it also changes without any of them.
    var storedKinds: WatchedKinds? {
        switch subject {
        case .deployment:
            switch field {
            case "cpu", "memory", "inflight", "price", "borrowedCPU", "running", "waiting": nil
            case "restarts", "requestedCPU", "requestedMemory", "gpus": [.deployments, .pods]
            default: .deployments
            }
        case .horizontalPodAutoscaler: .horizontalPodAutoscalers
        case .pod: ["ready", "restarts"].contains(field) ? .pods : nil
        case .node: [.nodes, .pods]
        case .nodes: .nodes
        case .pods: .pods
        case .job: .jobs
        case .service, .topic, .provider, .candidate, .incident, .traffic, .cost: nil
        }
    }
}
