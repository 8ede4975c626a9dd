import ContainerRuntime
import Foundation
import Simulation
import Testing

@testable import Workloads

@Suite struct ConfigurationTests {
    @Test func theSupportDeskRuns() {
        var rig = Rig(.supportDesk(), seed: 5, nodes: 3, hardware: NodeHardware(cpuMilli: 4000, memoryBytes: 16 << 30))
        for (index, name) in [
            "gateway", "support-agent", "retriever", "orders", "report-agent", "gateway", "support-agent",
        ].enumerated() {
            rig.start(name, node: UInt32(index % 3), service: "support-desk/" + name)
        }
        rig.run(seconds: 150)
        rig.begin()
        rig.run(seconds: 600)
        for name in ["browsing", "questions"] {
            let total = rig.workloads.traffic(named: name)?.total
            let served = Double(total?.outcomes[.ok] ?? 0) / Double(max(1, total?.outcomes.total ?? 1))
            #expect((total?.arrived ?? 0) > 100)
            #expect(served > 0.9, "\(name) \(served) \(String(describing: total?.outcomes))")
        }
        #expect((rig.workloads.traffic(named: "browsing")?.total.latency.quantile(0.5).seconds ?? 1) < 0.05)
        #expect((rig.workloads.traffic(named: "questions")?.total.bill.cost ?? 0) > 0)
        #expect(rig.workloads.audit().isEmpty, "\(rig.workloads.audit())")
    }

    @Test func configurationsSurviveTheirEncoding() throws {
        let desk = WorkloadsConfiguration.supportDesk()
        let data = try JSONEncoder().encode(desk)
        #expect(try JSONDecoder().decode(WorkloadsConfiguration.self, from: data) == desk)
        let faults: [WorkloadFault] = [
            .provider("model", ProviderCondition(errorRate: 0.5)), .tool("x", ToolCondition(hangs: true)),
            .traffic("t", multiplier: 3), .retries("t", RetryPolicy(maximum: 9)),
            .image("web:2", ImageCondition(slowness: 4)),
            .deadlock(FaultTarget(pod: "p", count: 1)), .block(FaultTarget(image: "web"), .seconds(3)),
            .crash(FaultTarget(), exitCode: 1), .memory(FaultTarget(), bytes: 5),
        ]
        let encoded = try JSONEncoder().encode(faults)
        #expect(try JSONDecoder().decode([WorkloadFault].self, from: encoded) == faults)
    }

    @Test func aScenarioStatesOnlyWhatDiffers() throws {
        let text = """
            {"images": {"web": {"service": {"stages": [{"call": {"service": "shop/orders", "timeout": "250ms"}}]},
                                "shutdown": {"gracefulTimeout": "30s"}, "port": 8080}},
             "traffic": [{"name": "users", "service": "shop/web", "rate": 5, "period": "24h", "patience": "3s"}]}
            """
        let configuration = try JSONDecoder().decode(WorkloadsConfiguration.self, from: Data(text.utf8))
        #expect(configuration.images["web"]?.port == 8080)
        #expect(configuration.images["web"]?.shutdown.gracefulTimeout == .seconds(30))
        #expect(configuration.images["web"]?.memory.base == 70 << 20)
        #expect(configuration.traffic[0].rate == [.init(at: .zero, rate: 5)])
        #expect(configuration.traffic[0].timeout == .seconds(30))
    }

    @Test(arguments: [
        (#"{"traffics": []}"#, "unknown field \"traffics\""),
        (#"{"images": {"web": {"service": {}, "batch": {}}}}"#, "one of service, consumer and batch"),
        (#"{"images": {"web": {"service": {"stages": [{"compute": 1, "wait": 2}]}}}}"#, "a stage has one key"),
        (#"{"network": {"hop": "fast"}}"#, "not a duration"),
    ])
    func mistakesAreErrors(text: String, message: String) {
        do {
            _ = try JSONDecoder().decode(WorkloadsConfiguration.self, from: Data(text.utf8))
            Issue.record("accepted")
        } catch {
            let text = "\(error)".replacingOccurrences(of: "\\\"", with: "\"")
            #expect(text.contains(message), "\(text)")
        }
    }

    @Test(
        arguments: [
            ("250ms", 250_000_000), ("1m30s", 90_000_000_000), ("24h", 86_400_000_000_000), ("1.5s", 1_500_000_000),
            ("0", 0),
            ("-2s", -2_000_000_000), ("1d", 86_400_000_000_000),
        ] as [(String, Int64)])
    func durationsReadAsGoWritesThem(text: String, nanoseconds: Int64) {
        #expect(Duration(parsing: text) == .nanoseconds(nanoseconds))
    }

    @Test(arguments: ["", "5", "s", "5x", "1..2s", "--1s"])
    func otherTextIsNoDuration(text: String) { #expect(Duration(parsing: text) == nil) }

    @Test func ratesIntegrateToTheirArea() {
        var traffic = TrafficConfiguration(name: "t", service: "a")
        traffic.rate = [.init(at: .zero, rate: 0), .init(at: .seconds(10), rate: 10), .init(at: .seconds(20), rate: 0)]
        traffic.period = .seconds(20)
        traffic.bursts = [.init(at: .seconds(40), duration: .seconds(20), multiplier: 3)]
        let curve = RateCurve(traffic)
        #expect(abs(curve.area(from: .zero, to: .seconds(20)) - 100) < 1e-6)
        #expect(abs(curve.area(from: .seconds(5), to: .seconds(15)) - 75) < 1e-6)
        #expect(abs(curve.area(from: .seconds(40), to: .seconds(60)) - 300) < 1)
        #expect(abs((curve.time(after: .zero, area: 12.5, scale: 1) ?? .zero).seconds - 5) < 1e-6)
        #expect(curve.time(after: .zero, area: 12.5, scale: 0) == nil)
        var nobody = TrafficConfiguration(name: "t", service: "a")
        #expect(RateCurve(nobody).time(after: .zero, area: 1, scale: 1) == nil)
        nobody.rate = [.init(at: .zero, rate: 0)]
        nobody.period = .hours(24)
        #expect(RateCurve(nobody).time(after: .zero, area: 1, scale: 1) == nil)
    }
}
