import ContainerRuntime
import Simulation
import Testing

@testable import Workloads

@Suite struct SidecarTests {
    static func world(_ resolution: TrafficConfiguration.Resolution = .requests) -> (
        Rig, app: ContainerID, sidecar: ContainerID
    ) {
        var configuration = WorkloadsConfiguration.simple("orders", compute: .constant(0.002))
        configuration.images["daprd"] = WorkloadsConfiguration.supportDesk().images["daprd"]
        configuration.images["web"] = Behaviour(
            program: .service(ServiceProgram(routes: [Route(stages: [.call(ServiceCall(service: "default/orders"))])])),
            startup: StartupProfile(importing: .constant(5)), port: 8000)
        configuration.traffic = [TrafficConfiguration(name: "users", service: "default/web", perSecond: 100)]
        configuration.traffic[0].resolution = resolution
        var rig = Rig(configuration)
        rig.audits = true
        let app = rig.start("web", service: "default/web")
        let sidecar = rig.start("daprd", port: 3500, beside: app)
        rig.start("orders", service: "default/orders")
        return (rig, app, sidecar)
    }

    @Test func itWaitsForTheApplicationsPort() {
        var (rig, _, sidecar) = Self.world()
        rig.run(seconds: 2)
        func probe(_ path: String, _ token: UInt64) -> ProbeResult? {
            rig.perform(
                .probe(ProbeToken(rawValue: token), sidecar, .httpGet(path: path, port: 3500), timeout: .seconds(1)))
            return rig.result(ProbeToken(rawValue: token))?.result
        }
        let early = probe("/v1.0/healthz", 500)
        #expect(early == .failure(code: 500, output: "HTTP probe failed with statuscode: 500"))
        #expect(probe("/v1.0/healthz/outbound", 501) == .success(status: 200))
        rig.run(seconds: 5)
        #expect(probe("/v1.0/healthz", 502) == .success(status: 204))
    }

    @Test func aProbeOfOneContainerMayBeAnsweredByAnother() {
        var (rig, app, _) = Self.world()
        rig.run(seconds: 2)
        func probe(_ action: ProbeAction, _ token: UInt64) -> ProbeResult? {
            rig.perform(.probe(ProbeToken(rawValue: token), app, action, timeout: .seconds(1)))
            return rig.result(ProbeToken(rawValue: token))?.result
        }
        // The application still imports; its sidecar listens on the same address.
        #expect(probe(.httpGet(path: "/healthz", port: 8000), 510) == .connectionRefused)
        #expect(probe(.httpGet(path: "/v1.0/healthz/outbound", port: 3500), 511) == .success(status: 200))
        #expect(probe(.tcpSocket(port: 3500), 512) == .success(status: 0))
    }

    @Test(arguments: [TrafficConfiguration.Resolution.requests, .aggregated])
    func everyRequestInAndOutCostsItCPU(resolution: TrafficConfiguration.Resolution) {
        var (rig, _, sidecar) = Self.world(resolution)
        rig.run(seconds: 10)
        rig.begin()
        let before = rig.usage(sidecar)?.cpuNanoseconds ?? 0
        rig.audits = false
        rig.run(seconds: 600)
        let used = Double((rig.usage(sidecar)?.cpuNanoseconds ?? 0) - before) / 1e9 / 600
        // 100 requests a second, in and out: 2 x 0.48 ms each.
        #expect(abs(used - 0.096) < 0.006, "\(used)")
        rig.perform(.kill(sidecar))
        let good = rig.workloads.traffic(named: "users")?.total.outcomes[.ok] ?? 0
        rig.run(seconds: 60)
        let total = rig.workloads.traffic(named: "users")?.total
        #expect((total?.outcomes[.badGateway] ?? 0) > 5000)
        #expect((total?.outcomes[.ok] ?? 0) < good + 1000)
        #expect(rig.workloads.audit().isEmpty, "\(rig.workloads.audit())")
    }
}
