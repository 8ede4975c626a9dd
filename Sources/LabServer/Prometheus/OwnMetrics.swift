import Foundation
import Lab
import PromQL

/// `/metrics` of the program that serves a lab: how fast its world goes, what it holds and what it has answered. It lies
/// outside the world; reading it changes nothing.
struct OwnMetrics {
    /// What the owner of the world knows.
    struct State: Sendable {
        /// Simulated seconds since the lab began, and its wall clock in seconds since 1970.
        var simulatedSeconds: Double
        var wallClock: Double
        /// Simulated seconds a second; 0 while time stands still, +Inf for as fast as it can.
        var speed: Double
        /// By the room that handled them.
        var events: [(room: String, count: UInt64)]
        var series: Int
        var samples: Int
        var sampleBytes: Int
        var exemplars: Int
    }

    private(set) var text = ""

    init(_ state: State, requests: RequestCount) {
        add("kubelab_simulated_seconds", "gauge", "Simulated time since the lab began.", state.simulatedSeconds)
        add(
            "kubelab_simulated_clock_seconds", "gauge", "The cluster's wall clock, in seconds since the epoch.",
            state.wallClock)
        add(
            "kubelab_speed", "gauge", "Simulated seconds a second that are asked for; 0 while time stands still.",
            state.speed)
        add(
            "kubelab_events_total", "counter", "Events handled since the lab began, by room.",
            state.events.map { ("room=\"\($0.room)\"", Double($0.count)) })
        add(
            "kubelab_http_requests_total", "counter", "Requests answered since this program began to serve.",
            requests.all.map { ("interface=\"\($0.interface.rawValue)\",code=\"\($0.code)\"", Double($0.count)) })
        add(
            "prometheus_tsdb_head_series", "gauge", "Total number of series in the head block.", Double(state.series))
        add(
            "prometheus_tsdb_head_samples_appended_total", "counter", "Total number of appended samples.",
            Double(state.samples))
        add(
            "kubelab_tsdb_sample_bytes", "gauge", "Bytes of the stored samples, labels and index not counted.",
            Double(state.sampleBytes))
        add(
            "prometheus_tsdb_exemplar_exemplars_in_storage", "gauge",
            "Number of exemplars currently in circular storage.", Double(state.exemplars))
        addProcess()
    }

    private mutating func add(_ name: String, _ type: String, _ help: String, _ value: Double) {
        add(name, type, help, [("", value)])
    }

    private mutating func add(_ name: String, _ type: String, _ help: String, _ samples: [(labels: String, Double)]) {
        text += "# HELP \(name) \(help)\n# TYPE \(name) \(type)\n"
        for (labels, value) in samples {
            text += name + (labels.isEmpty ? "" : "{\(labels)}") + " " + GoFloat.general(value) + "\n"
        }
    }

    /// What Linux says of this process, under the names of Prometheus' client libraries; nothing elsewhere.
    private mutating func addProcess() {
        guard let stat = Self.read("/proc/self/stat"), let end = stat.lastIndex(of: ")") else { return }
        // After the name in brackets the third field follows: the state.
        let fields = stat[stat.index(after: end)...].split(separator: " ")
        guard fields.count > 21, let user = Double(fields[11]), let system = Double(fields[12]),
            let start = Double(fields[19]), let virtual = Double(fields[20]), let resident = Double(fields[21])
        else { return }
        let ticks = Double(sysconf(Int32(_SC_CLK_TCK)))
        add(
            "process_cpu_seconds_total", "counter", "Total user and system CPU time spent in seconds.",
            (user + system) / ticks)
        add(
            "process_resident_memory_bytes", "gauge", "Resident memory size in bytes.",
            resident * Double(sysconf(Int32(_SC_PAGESIZE))))
        add("process_virtual_memory_bytes", "gauge", "Virtual memory size in bytes.", virtual)
        if let open = try? FileManager.default.contentsOfDirectory(atPath: "/proc/self/fd") {
            add("process_open_fds", "gauge", "Number of open file descriptors.", Double(open.count))
        }
        let boot = Self.read("/proc/stat")?.split(separator: "\n").first { $0.hasPrefix("btime ") }
        if let boot = boot.flatMap({ Double($0.dropFirst(6)) }) {
            add(
                "process_start_time_seconds", "gauge", "Start time of the process since unix epoch in seconds.",
                boot + start / ticks)
        }
    }

    private static func read(_ path: String) -> String? {
        FileManager.default.contents(atPath: path).map { String(decoding: $0, as: UTF8.self) }
    }
}

extension LabHost {
    /// What ``OwnMetrics`` shows of the lab; nil in one without Prometheus.
    var metricsState: OwnMetrics.State? {
        let world = session.world
        guard let monitoring = world.monitoring else { return nil }
        let speed: Double =
            switch speed {
            case .paused: 0
            case .times(let factor): Double(factor)
            case .maxIdle: .infinity
            }
        let store = monitoring.prometheus.store
        return OwnMetrics.State(
            simulatedSeconds: Double(world.now.nanoseconds) / 1e9, wallClock: Double(world.epochMilliseconds) / 1000,
            speed: speed,
            events: [
                ("cluster", world.counts.cluster), ("incidents", world.counts.incidents),
                ("monitoring", monitoring.events), ("workloads", world.counts.workloads),
            ], series: store.seriesCount, samples: store.samplesAppended, sampleBytes: store.sampleBytes,
            exemplars: store.exemplars.count)
    }
}
