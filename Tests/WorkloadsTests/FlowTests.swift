import ContainerRuntime
import Simulation
import Testing

@testable import Workloads

/// The error of aggregated traffic against the same world request by request.
@Suite struct FlowTests {
    struct Measure: CustomStringConvertible {
        var served: Double
        var p50: Double
        var p95: Double
        var p99: Double
        var cpu: Double
        var cost: Double
        var throttled: Double

        var description: String {
            "served \(served) p50 \(p50) p95 \(p95) p99 \(p99) cpu \(cpu) cost \(cost) throttled \(throttled)"
        }
    }

    static func measure(
        _ configuration: WorkloadsConfiguration, _ resolution: TrafficConfiguration.Resolution,
        pods: [(String, Int64?)],
        seconds: Int64 = 1200
    ) -> (Measure, Rig) {
        var configuration = configuration
        for index in configuration.traffic.indices { configuration.traffic[index].resolution = resolution }
        var rig = Rig(configuration, hardware: NodeHardware(cpuMilli: 16_000, memoryBytes: 64 << 30))
        for (image, limit) in pods { rig.start(image, limit: limit, service: "default/" + image) }
        rig.run(seconds: 5)
        rig.begin()
        rig.run(seconds: seconds)
        let total = rig.workloads.traffic[0].total
        let usages = rig.workloads.runningContainers.compactMap { rig.usage($0) }
        let periods = usages.reduce(0) { $0 + $1.cfsPeriods }
        let throttled = usages.reduce(0) { $0 + $1.cfsThrottledPeriods }
        let measure = Measure(
            served: Double(total.outcomes[.ok]) / Double(max(1, total.outcomes.total)),
            p50: total.latency.quantile(0.5).seconds,
            p95: total.latency.quantile(0.95).seconds, p99: total.latency.quantile(0.99).seconds,
            cpu: Double(usages.reduce(0) { $0 + $1.cpuNanoseconds }) / 1e9 / Double(seconds),
            cost: Double(total.bill.cost) / Double(max(1, total.arrived)) / 1e9,
            throttled: periods > 0 ? Double(throttled) / Double(periods) : 0)
        return (measure, rig)
    }

    static func isClose(_ found: Double, _ truth: Double, _ relative: Double, absolute: Double = 0) -> Bool {
        abs(found - truth) <= max(abs(truth) * relative, absolute)
    }

    /// Stable loads up to 80%: CPU within 3%, quantiles within 25% or 5 ms, served within 1 point.
    @Test(arguments: [20.0, 60, 120, 160])
    func aServiceBelowSaturation(rate: Double) {
        var configuration = WorkloadsConfiguration.simple(compute: .exponential(mean: 0.01), rate: rate)
        configuration.traffic[0].timeout = .seconds(5)
        let pods: [(String, Int64?)] = [("web", nil), ("web", nil)]
        let (truth, _) = Self.measure(configuration, .requests, pods: pods)
        let (found, rig) = Self.measure(configuration, .aggregated, pods: pods)
        #expect(Self.isClose(found.cpu, truth.cpu, 0.03))
        #expect(Self.isClose(found.p50, truth.p50, 0.25, absolute: 0.005), "\(truth) \(found)")
        #expect(Self.isClose(found.p95, truth.p95, 0.25, absolute: 0.005), "\(truth) \(found)")
        #expect(Self.isClose(found.p99, truth.p99, 0.25, absolute: 0.01), "\(truth) \(found)")
        #expect(Self.isClose(found.served, truth.served, 0.01))
        #expect(rig.workloads.audit().isEmpty, "\(rig.workloads.audit())")
    }

    /// Calls in a circle, two at each turn, would be 2³² requests for each one that comes.
    @Test func aCircleOfCallsEnds() {
        var configuration = WorkloadsConfiguration.simple(rate: 2)
        let again = Stage.call(ServiceCall(service: "default/web", timeout: nil, isOptional: true))
        configuration.images["web"]?.program = .service(
            ServiceProgram(routes: [Route(stages: [.compute(.constant(0.000_01)), again, again])]))
        let (_, rig) = Self.measure(configuration, .aggregated, pods: [("web", nil)], seconds: 60)
        let (users, service) = (rig.workloads.traffic[0].total, rig.workloads.serviceLevels[0].total)
        #expect(users.arrived > 50)
        #expect(service.arrived > users.arrived, "it does call itself")
        #expect(service.outcomes[.loopDetected] > 0)
        #expect(service.arrived <= users.arrived * Int64(2 * FlowWalk.hopLimit + 1))
        #expect(rig.workloads.audit().isEmpty, "\(rig.workloads.audit())")
    }

    /// Past saturation both lose almost everything and burn the whole core.
    @Test func anOverloadedService() {
        var configuration = WorkloadsConfiguration.simple(compute: .exponential(mean: 0.01), rate: 150)
        configuration.traffic[0].timeout = .seconds(5)
        let (truth, _) = Self.measure(configuration, .requests, pods: [("web", nil)])
        let (found, _) = Self.measure(configuration, .aggregated, pods: [("web", nil)])
        #expect(found.served < 0.1 && truth.served < 0.1, "\(truth) \(found)")
        #expect(Self.isClose(found.cpu, truth.cpu, 0.05))
    }

    @Test func aThrottledService() {
        var configuration = WorkloadsConfiguration.simple(compute: .exponential(mean: 0.012), rate: 18)
        configuration.traffic[0].timeout = .seconds(10)
        let (truth, _) = Self.measure(configuration, .requests, pods: [("web", 400)])
        let (found, _) = Self.measure(configuration, .aggregated, pods: [("web", 400)])
        #expect(Self.isClose(found.cpu, truth.cpu, 0.04))
        #expect(Self.isClose(found.p99, truth.p99, 0.5), "\(truth) \(found)")
        #expect(abs(found.throttled - truth.throttled) < 0.12, "\(truth) \(found)")
    }

    @Test func agentsAndTheirBill() {
        var configuration = WorkloadsConfiguration.agents(rate: 4)
        configuration.traffic[0].timeout = .seconds(60)
        configuration.images["agent"]?.memory.base = 100 << 20
        let (truth, first) = Self.measure(configuration, .requests, pods: [("agent", nil)], seconds: 3600)
        let (found, rig) = Self.measure(configuration, .aggregated, pods: [("agent", nil)], seconds: 3600)
        #expect(Self.isClose(found.p50, truth.p50, 0.05))
        #expect(Self.isClose(found.p99, truth.p99, 0.15))
        #expect(Self.isClose(found.cost, truth.cost, 0.05))
        #expect(Self.isClose(found.cpu, truth.cpu, 0.05))
        let ids = (first.workloads.runningContainers[0], rig.workloads.runningContainers[0])
        let inFlight = (
            first.workloads.gauges(of: ids.0)?.inFlight ?? 0, rig.workloads.gauges(of: ids.1)?.inFlight ?? 0
        )
        #expect(abs(inFlight.0 - inFlight.1) < 15, "\(inFlight)")
        #expect(rig.workloads.audit().isEmpty, "\(rig.workloads.audit())")
    }

    @Test func slotsQueueAlike() {
        var configuration = WorkloadsConfiguration.simple()
        configuration.images["web"]?.program = .service(
            ServiceProgram(slots: 10, routes: [Route(stages: [.wait(.exponential(mean: 0.5))])]))
        configuration.traffic = [TrafficConfiguration(name: "users", service: "default/web", perSecond: 16)]
        let (truth, _) = Self.measure(configuration, .requests, pods: [("web", nil)], seconds: 3600)
        let (found, _) = Self.measure(configuration, .aggregated, pods: [("web", nil)], seconds: 3600)
        #expect(Self.isClose(found.p50, truth.p50, 0.2), "\(truth) \(found)")
        #expect(Self.isClose(found.p95, truth.p95, 0.3), "\(truth) \(found)")
    }

    @Test func flowsAreReproducibleAndSurviveASnapshot() throws {
        var configuration = WorkloadsConfiguration.simple(compute: .exponential(mean: 0.01), rate: 60)
        configuration.traffic[0].resolution = .aggregated
        var rig = Rig(configuration)
        rig.start("web", service: "default/web")
        rig.run(seconds: 1)
        rig.begin()
        rig.run(seconds: 100)
        var reader = BinaryReader(rig.bytes)
        var restored = rig
        restored.workloads = try Workloads(from: &reader)
        rig.run(seconds: 100)
        restored.run(seconds: 100)
        #expect(rig.bytes == restored.bytes)
    }

    /// A process that no flow passed in the last interval still knows how long its bursts are.
    @Test func averagesOfAQuietProcessSurviveASnapshot() throws {
        var state = FlowState()
        state.healthyBurst = 5_000_000
        state.squaredMean = 3e13
        state.meanTime = 0.25
        #expect(!state.isActive)
        var writer = BinaryWriter()
        writer.write(state)
        var reader = BinaryReader(writer.bytes)
        #expect(try reader.read(FlowState.self) == state)
    }
}
