import ContainerRuntime
import Simulation
import Testing

@testable import Workloads

@Suite struct ProcessTests {
    @Test func probesFollowTheStart() {
        var configuration = WorkloadsConfiguration.simple(importing: 2)
        configuration.images["web"]?.startup.warmUp = .constant(10)
        var rig = Rig(configuration)
        let id = rig.start("web")
        let early = rig.probe(id)
        rig.run(seconds: 3)
        let alive = rig.probe(id)
        let cold = rig.probe(id, path: "/readyz")
        let missing = rig.probe(id, path: "/nothing")
        rig.run(seconds: 10)
        let warm = rig.probe(id, path: "/readyz")
        rig.run(seconds: 1)
        #expect(rig.result(early)?.result == .connectionRefused)
        #expect(rig.result(alive)?.result == .success(status: 200))
        #expect(rig.result(cold)?.result == .failure(code: 503, output: "HTTP probe failed with statuscode: 503"))
        #expect(rig.result(missing)?.result == .failure(code: 404, output: "HTTP probe failed with statuscode: 404"))
        #expect(rig.result(warm)?.result == .success(status: 200))
    }

    @Test func aBlockedEventLoopLetsProbesTimeOutAndThenAnswers() {
        var configuration = WorkloadsConfiguration.simple()
        configuration.images["web"]?.program = .service(
            ServiceProgram(routes: [Route(stages: [.block(.constant(3))])]))
        configuration.traffic = [TrafficConfiguration(name: "one", service: "default/web", perSecond: 0)]
        configuration.traffic[0].bursts = []
        configuration.traffic[0].rate = [.init(at: .seconds(5), rate: 0), .init(at: .milliseconds(5001), rate: 1000)]
        configuration.traffic[0].rate.append(.init(at: .milliseconds(5002), rate: 0))
        configuration.traffic[0].closed = .init(users: 1, thinking: .constant(10))
        var rig = Rig(configuration, seed: 4)
        rig.audits = true
        let id = rig.start("web", service: "default/web")
        rig.run(seconds: 1)
        rig.begin()
        // The user comes once in the first ten seconds; wait until the loop is held.
        while rig.workloads.gauges(of: id)?.inFlight == 0 { rig.run(until: rig.clock.now + .milliseconds(100)) }
        let first = rig.probe(id)
        rig.run(until: rig.clock.now + .milliseconds(1100))
        let second = rig.probe(id)
        rig.run(until: rig.clock.now + .milliseconds(1100))
        let third = rig.probe(id)
        rig.run(seconds: 1)
        #expect(rig.result(first)?.result == .timedOut)
        #expect(rig.result(second)?.result == .timedOut)
        #expect(rig.result(third)?.result == .success(status: 200))
        #expect(rig.violations.isEmpty, "\(rig.violations)")
    }

    @Test func terminationFinishesWhatIsInFlight() {
        var configuration = WorkloadsConfiguration.simple()
        configuration.images["web"]?.program = .service(
            ServiceProgram(routes: [Route(stages: [.wait(.constant(4))])]))
        configuration.traffic = [TrafficConfiguration(name: "users", service: "default/web", perSecond: 5)]
        var rig = Rig(configuration)
        rig.audits = true
        let id = rig.start("web", service: "default/web")
        let other = rig.start("web", service: "default/web")
        rig.run(seconds: 1)
        rig.begin()
        rig.run(seconds: 10)
        rig.remove(id, from: "default/web")
        rig.perform(.terminate(id))
        let refused = rig.probe(id)
        rig.run(seconds: 10)
        #expect(rig.result(refused)?.result == .connectionRefused)
        let exit = rig.exit(id)
        #expect(exit?.status.code == 0)
        #expect(((exit?.time.seconds) ?? 0) > 13)
        #expect(rig.workloads.traffic(named: "users")?.total.outcomes.failed == 0)
        rig.perform(.kill(other))
        #expect(rig.exit(other)?.status == ExitStatus(code: 137))
        #expect((rig.workloads.traffic(named: "users")?.total.outcomes[.reset] ?? 0) > 10)
        #expect(rig.violations.isEmpty, "\(rig.violations)")
    }

    @Test func aShellAsFirstProcessSwallowsTheSignal() {
        var rig = Rig(.simple())
        let shell = rig.start("web", command: ["/bin/sh", "-c", "python -m app"])
        let exec = rig.start("web", command: ["/bin/sh", "-c", "exec python -m app"])
        rig.run(seconds: 1)
        rig.perform(.terminate(shell))
        rig.perform(.terminate(exec))
        rig.run(seconds: 60)
        #expect(rig.exit(shell) == nil)
        #expect(rig.exit(exec)?.status.code == 0)
    }

    @Test func memoryAboveTheLimitKills() {
        var configuration = WorkloadsConfiguration.simple(rate: 20)
        configuration.images["web"]?.memory.leakPerRequest = 1 << 20
        var rig = Rig(configuration)
        rig.audits = true
        let id = rig.start("web", memory: 200 << 20, service: "default/web")
        rig.run(seconds: 1)
        rig.begin()
        rig.run(seconds: 30)
        #expect(rig.exit(id)?.status == ExitStatus(code: 137, reason: "OOMKilled"))
        // 130 MB of room at 20 MB a second.
        let time = rig.exit(id)?.time.seconds ?? 0
        #expect(time > 5 && time < 11, "\(time)")
        #expect(rig.violations.isEmpty, "\(rig.violations)")
    }

    @Test func aFullMachineKillsTheHighestScore() {
        var configuration = WorkloadsConfiguration.simple(rate: 20)
        configuration.images["web"]?.memory.leakPerRequest = 1 << 20
        configuration.images["quiet"] = .unknown
        configuration.images["quiet"]?.memory.base = 300 << 20
        var rig = Rig(configuration, hardware: NodeHardware(cpuMilli: 4000, memoryBytes: 700 << 20))
        let bystander = rig.start("quiet", oomScore: 1000)
        let guarded = rig.start("quiet", oomScore: -997)
        let leaking = rig.start("web", service: "default/web", oomScore: 900)
        rig.run(seconds: 1)
        rig.begin()
        rig.run(seconds: 10)
        #expect(rig.exit(bystander)?.status.reason == "OOMKilled")
        #expect(rig.exit(guarded) == nil)
        rig.run(seconds: 30)
        #expect(rig.exit(leaking)?.status.reason == "OOMKilled")
        #expect(rig.exit(guarded) == nil)
    }

    @Test func unknownImagesIdleAndAnswer() {
        var rig = Rig(WorkloadsConfiguration())
        let id = rig.start("registry.k8s.io/pause:3.10")
        let token = rig.probe(id, path: "/anything")
        #expect(rig.result(token)?.result == .success(status: 200))
        #expect(rig.workloads.queue.isEmpty)
        rig.perform(.terminate(id))
        #expect(rig.exit(id)?.status.code == 0)
    }

    @Test(arguments: ["acme/web:2.0", "registry.example:5000/team/web@sha256:abc", "web", "x/web"])
    func imagesAreFoundByTheirLastName(image: String) {
        let catalogue = Catalogue(.simple())
        #expect(catalogue.programs[catalogue.program(for: image)].image == "web")
        #expect(catalogue.program(for: "webs") == 0)
    }

    @Test func aMachineThatDiesTakesEverythingSilently() {
        var rig = Rig(.simple(compute: .constant(0.05), rate: 15), nodes: 2)
        rig.audits = true
        rig.start("web", node: 0, service: "default/web")
        let survivor = rig.start("web", node: 1, service: "default/web")
        rig.run(seconds: 1)
        rig.begin()
        rig.run(seconds: 20)
        let before = rig.log.count
        rig.perform(.removeNode(NodeID(index: 0)))
        rig.run(seconds: 20)
        #expect(rig.log.count == before)
        #expect(rig.usage(survivor) != nil)
        #expect(rig.violations.isEmpty, "\(rig.violations)")
    }

    @Test func hooksSleepAsTheirCommandsDo() {
        #expect(Workloads.sleep(in: ["sleep", "10"]) == .seconds(10))
        #expect(Workloads.sleep(in: ["/bin/sh", "-c", "sleep 5; nginx -s quit"]) == .seconds(5))
        #expect(Workloads.sleep(in: ["/bin/true"]) == nil)
        var rig = Rig(.simple())
        let id = rig.start("web")
        rig.perform(.runHook(id, .exec(command: ["sleep", "7"])))
        rig.run(until: .seconds(6.9))
        #expect(rig.log.isEmpty)
        rig.run(until: .seconds(7.1))
        #expect(rig.log.count == 1)
    }
}
