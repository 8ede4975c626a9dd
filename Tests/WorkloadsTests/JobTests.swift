import ContainerRuntime
import Simulation
import Testing

@testable import Workloads

@Suite struct JobTests {
    static func configuration(_ topic: TopicConfiguration = TopicConfiguration(), rate: Double = 0.05)
        -> WorkloadsConfiguration
    {
        var traffic = TrafficConfiguration(name: "reports", service: "", perSecond: rate)
        traffic.topic = "jobs"
        traffic.timeout = nil
        return WorkloadsConfiguration(
            images: [
                "worker": Behaviour(
                    program: .consumer(
                        ConsumerProgram(
                            topic: "jobs", concurrency: 2, stages: [.compute(.constant(1)), .wait(.constant(60))])),
                    startup: StartupProfile(importing: .constant(0.1)))
            ],
            topics: ["jobs": topic], traffic: [traffic])
    }

    @Test func jobsAreDoneOnce() {
        var rig = Rig(Self.configuration())
        rig.audits = true
        for _ in 0..<3 { rig.start("worker") }
        rig.run(seconds: 1)
        rig.begin()
        rig.run(seconds: 3600)
        rig.workloads.apply(.traffic("reports", multiplier: 0), clock: &rig.clock, reports: &rig.reports)
        rig.run(seconds: 600)
        let total = rig.workloads.traffic(named: "reports")?.total
        #expect((total?.arrived ?? 0) > 120)
        #expect(total?.outcomes[.ok] == total?.arrived)
        #expect(rig.violations.isEmpty, "\(rig.violations)")
    }

    @Test func workOfADeadConsumerIsDeliveredAgainAndSIGTERMWaits() {
        var rig = Rig(Self.configuration(rate: 0.1))
        rig.audits = true
        let first = rig.start("worker")
        let second = rig.start("worker")
        rig.run(seconds: 1)
        rig.begin()
        rig.run(seconds: 100)
        rig.perform(.terminate(first))
        rig.run(seconds: 62)
        #expect(rig.exit(first)?.status.code == 0)
        #expect(rig.workloads.topicLevels[0].redelivered == 0)
        rig.perform(.kill(second))
        rig.start("worker")
        rig.run(seconds: 100)
        #expect(rig.workloads.topicLevels[0].redelivered >= 1)
        #expect(rig.violations.isEmpty, "\(rig.violations)")
    }

    @Test func poisonGoesToTheDeadLetters() {
        var rig = Rig(Self.configuration(TopicConfiguration(maximumDeliveries: 3, poisonProbability: 0.2)))
        rig.audits = true
        var workers = (0..<2).map { _ in rig.start("worker") }
        rig.run(seconds: 1)
        rig.begin()
        for _ in 0..<400 {
            rig.run(seconds: 10)
            for (index, worker) in workers.enumerated() where rig.exit(worker) != nil {
                workers[index] = rig.start("worker")
            }
        }
        let topic = rig.workloads.topicLevels[0]
        #expect(topic.deadLetters > 10)
        #expect(topic.level.total.outcomes[.ok] > 50)
        #expect(rig.violations.isEmpty, "\(rig.violations)")
    }

    @Test func aShortDeadlineMakesDuplicates() {
        var rig = Rig(Self.configuration(TopicConfiguration(acknowledgementDeadline: .seconds(30)), rate: 0.01))
        rig.audits = true
        for _ in 0..<3 { rig.start("worker") }
        rig.run(seconds: 1)
        rig.begin()
        rig.run(seconds: 2000)
        #expect(rig.workloads.topicLevels[0].duplicates > 5)
        #expect(rig.violations.isEmpty, "\(rig.violations)")
    }

    @Test func aBatchRunsAndExits() {
        var configuration = WorkloadsConfiguration()
        configuration.images["migrate"] = Behaviour(
            program: .batch(BatchProgram(stages: [.compute(.constant(2)), .wait(.constant(5))])),
            startup: StartupProfile(importing: .constant(1)))
        configuration.images["broken"] = Behaviour(
            program: .batch(BatchProgram(stages: [.wait(.constant(1))], failureProbability: 1, failureCode: 3)))
        var rig = Rig(configuration)
        rig.audits = true
        let good = rig.start("migrate")
        let bad = rig.start("broken")
        rig.run(seconds: 20)
        #expect(rig.exit(good)?.status == ExitStatus(code: 0))
        #expect(rig.exit(good)?.time == .seconds(8))
        #expect(rig.exit(bad)?.status == ExitStatus(code: 3))
        #expect(rig.violations.isEmpty, "\(rig.violations)")
    }
}
