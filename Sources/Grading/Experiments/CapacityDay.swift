import KubernetesAPI
import Lab
import Simulation
import Workloads

/// One day of the gateway under one way of providing capacity, for `autoscaling-savings`.
struct CapacityDay: Sendable, Equatable {
    /// How capacity is provided.
    enum Capacity: Sendable, Equatable {
        /// So many pods, all day.
        case fixed(Int)
        /// An autoscaler that aims at so much CPU a pod, in thousandths of a core, with at least so many pods.
        case autoscaled(target: Int, minimum: Int)
    }

    struct Setting: Sendable, Equatable {
        /// The name of a source of traffic in the scenario.
        var curve: String
        var capacity: Capacity
        /// Seconds that a pod loads before it is ready, beside 6 s of importing and warming up.
        var loading = 14
        /// Simulates each request rather than flows, and only two hours from noon on.
        var oneByOne = false
        var onlyNoon = false
    }

    /// What the pods were every two minutes: how many, and what all of them used.
    struct Sample: Sendable, Equatable {
        var pods: Double
        /// Cores and bytes.
        var cpu: Double
        var memory: Double
    }

    static let interval: Duration = .minutes(2)
    static let latencyBound: Duration = .milliseconds(800)
    /// How far a burst may be moved, in nanoseconds.
    private static let shift: UInt64 = 3 * 3_600 * 1_000_000_000

    var samples: [Sample]
    /// The share of requests answered within the bound, for each hour.
    var hours: [Double]

    /// The worst hour: what the service level is judged by.
    var worstHour: Double { hours.min() ?? 0 }
    var meanPods: Double { samples.isEmpty ? 0 : samples.reduce(0) { $0 + $1.pods } / Double(samples.count) }
    var mostPods: Double { samples.map(\.pods).max() ?? 0 }

    /// Lives through the day.
    /// - Throws: `ConfigurationError`, `RunError`.
    static func run(_ setting: Setting, seed: UInt64, _ settings: ExperimentSettings) throws -> CapacityDay {
        var values = ["loading": "\(setting.loading)", "resolution": setting.oneByOne ? "requests" : "aggregated"]
        switch setting.capacity {
        case .fixed(let pods):
            for name in ["replicas", "minimum", "maximum"] { values[name] = "\(pods)" }
        case .autoscaled(let target, let minimum):
            values["target"] = "\(target)m"
            values["minimum"] = "\(minimum)"
            values["maximum"] = "120"
            values["replicas"] = "\(max(minimum, 12))"
        }
        var file = try settings.scenario("autoscaling-savings.yaml", values)
        file.scenario.workloads.traffic.removeAll { $0.name != setting.curve }
        guard var traffic = file.scenario.workloads.traffic.first else {
            throw ConfigurationError(
                file: "autoscaling-savings.yaml", path: "workloads.traffic", message: "\(setting.curve) is missing")
        }
        var random = RandomStream(seed: seed, name: "bursts")
        for index in traffic.bursts.indices {
            traffic.bursts[index].at += .nanoseconds(Int64(random.below(shift)))
        }
        if setting.onlyNoon {
            traffic.offset = .hours(12)
            traffic.period = .hours(24)
        }
        file.scenario.workloads.traffic = [traffic]
        var world = try file.world(seed: seed)
        return try live(&world, traffic.name, setting.onlyNoon ? .hours(2) : file.scenario.duration)
    }

    private static func live(_ world: inout World, _ traffic: String, _ length: Duration) throws -> CapacityDay {
        let namespace = world.scenario.namespace
        let readings = try ["replicas", "cpu", "memory"].map {
            try Measurement(parsing: "deployment/gateway.\($0)", namespace: namespace)
        }
        var day = CapacityDay(samples: [], hours: [])
        let end = SimulationTime.zero + length
        while world.now < end {
            try world.advance(to: min(end, world.now + interval))
            let values = readings.map { $0.value(in: world) ?? 0 }
            day.samples.append(Sample(pods: values[0], cpu: values[1], memory: values[2]))
        }
        guard let level = world.workloads.traffic(named: traffic) else { return day }
        var hour = SimulationTime.zero
        while hour < end {
            // The first minutes, in which pods start and the autoscaler finds its size, are nobody's day.
            let sum = level.between(hour == .zero ? hour + .minutes(10) : hour, hour + .hours(1))
            let total = sum.outcomes.total
            day.hours.append(total > 0 ? sum.latency.count(atMost: latencyBound) / Double(total) : 1)
            hour = hour + .hours(1)
        }
        return day
    }
}

/// What a day's pods cost.
struct CapacityPrice: Sendable, Equatable {
    /// Of one machine: price an hour, cores, bytes.
    var price: Double
    var cores: Double
    var bytes: Double

    init(_ scenario: Scenario) {
        let node = scenario.nodes.first
        price = node?.price ?? 0
        cores = (node.flatMap { try? Quantity(parsing: $0.cpu) })?.doubleValue ?? 1
        bytes = (node.flatMap { try? Quantity(parsing: $0.memory) })?.doubleValue ?? 1
    }

    /// What a container asks for.
    struct Request: Sendable, Equatable {
        var cpu: Double
        var memory: Double

        /// What the Vertical Pod Autoscaler's recommender asks for: the 90th percentile of CPU and the peak of memory,
        /// 15% above each.
        init(fitting days: [CapacityDay]) {
            let cpus = days.flatMap(\.samples).filter { $0.pods > 0 }.map { $0.cpu / $0.pods }.sorted()
            cpu = Estimate.quantile(0.9, ofSorted: cpus) * 1.15
            memory = (days.flatMap(\.samples).filter { $0.pods > 0 }.map { $0.memory / $0.pods }.max() ?? 0) * 1.15
        }

        init(cpu: Double, memory: Double) {
            self.cpu = cpu
            self.memory = memory
        }

        static func * (left: Request, right: Double) -> Request {
            Request(cpu: left.cpu * right, memory: left.memory * right)
        }
    }

    /// Who pays for what nobody asked for.
    enum Billing: Sendable {
        /// Pods pay their share of a machine, by request or by usage where that is higher, as exercises charge them:
        /// what is given back is used by others.
        case shares
        /// Whole machines, as few as the pods fit on, given back as soon as they are empty.
        case machines
        /// As many whole machines as the day's peak needs, all day: nothing is given back.
        case peakMachines
    }

    /// The cost of a day.
    /// - Parameter surplus: factor on the number of pods, which then share the work.
    func cost(_ day: CapacityDay, _ request: Request, _ billing: Billing = .shares, surplus: Double = 1) -> Double {
        let hours = CapacityDay.interval.seconds / 3_600
        let fitting = max(1, min(cores / max(1e-9, request.cpu), bytes / max(1, request.memory)).rounded(.down))
        func machines(_ pods: Double) -> Double { (pods / fitting).rounded(.up) }
        switch billing {
        case .shares:
            return day.samples.reduce(0) { sum, sample in
                let pods = sample.pods * surplus
                guard pods > 0 else { return sum }
                let cpu = max(request.cpu, sample.cpu / pods) / cores
                let memory = max(request.memory, sample.memory / sample.pods) / bytes
                return sum + pods * (cpu + memory) / 2 * price * hours
            }
        case .machines: return day.samples.reduce(0) { $0 + machines($1.pods * surplus) } * price * hours
        case .peakMachines: return machines(day.mostPods * surplus) * Double(day.samples.count) * price * hours
        }
    }
}
