import ContainerRuntime
import Simulation
import Testing

@testable import Workloads

@Suite struct RecordingTests {
    @Test func recordsSpansAndLogsTellTheSameStory() {
        var configuration = WorkloadsConfiguration.simple("orders", compute: .constant(0.002))
        configuration.images["gateway"] = Behaviour(
            program: .service(
                ServiceProgram(routes: [
                    Route(stages: [.compute(.constant(0.001)), .call(ServiceCall(service: "default/orders"))])
                ])), startup: StartupProfile(importing: .constant(0.001)), port: 8000)
        configuration.traffic = [TrafficConfiguration(name: "users", service: "default/gateway", perSecond: 10)]
        var rig = Rig(configuration)
        let gateway = rig.start("gateway", service: "default/gateway")
        rig.start("orders", service: "default/orders")
        rig.run(seconds: 2)
        #expect(rig.workloads.requestRecords.isEmpty && !rig.workloads.recordsTraces)
        rig.workloads.recordRequests(true)
        rig.workloads.recordTraces(TraceSettings())
        rig.workloads.recordLogs(true)
        rig.begin()
        rig.run(seconds: 10)
        let records = rig.workloads.requestRecords
        let spans = rig.workloads.callSpans(now: rig.clock.now)
        #expect(Int64(records.count) == rig.workloads.traffic(named: "users")?.total.outcomes.total)
        #expect(Set(records.map(\.pod)) == ["default/gateway-0"])
        for record in records {
            let trace = spans.filter { $0.trace == record.id }
            #expect(trace.map(\.operation) == [.serve, .call, .serve, .attempt, .request])
            let root = trace.first { $0.parent == 0 }
            #expect(root?.number == CallSpan.root(of: record.id))
            #expect(root?.end == record.finish && root?.begin == record.arrival)
            #expect(trace.allSatisfy { $0.end <= record.finish })
        }
        let lines = rig.workloads.logs(of: gateway).map(\.text)
        #expect(lines.contains("INFO:     Application startup complete."))
        #expect(lines.filter { $0.contains("status=200") }.count == records.count)
        rig.perform(.terminate(gateway))
        rig.run(seconds: 2)
        #expect(rig.workloads.logs(of: gateway).last?.event == .finished)
    }

    @Test func ringsKeepTheLast() {
        var ring = Ring<Int>(capacity: 3)
        for number in 1...5 { ring.append(number) }
        #expect(ring.all == [3, 4, 5])
        #expect(ring.total == 5)
    }

    @Test func windowsAreBoundedAndAddUp() {
        var level = ServiceLevel(name: "x", accounting: AccountingConfiguration(window: .seconds(10), windows: 5))
        for second in 0..<200 {
            level.noteEnd(.ok, latency: .milliseconds(Int64(second)), now: .seconds(Double(second)))
        }
        #expect(level.windows.count <= 7)
        #expect(level.total.outcomes[.ok] == 200)
        #expect(level.between(.seconds(180), .seconds(200)).outcomes[.ok] == 20)
        // All of the time is known for ever, a part of it as far back as its windows are kept.
        #expect(level.since(.zero).level.outcomes[.ok] == 200 && level.since(.zero).from == .zero)
        #expect(
            level.since(.seconds(180)).level.outcomes[.ok] == 20 && level.since(.seconds(180)).from == .seconds(180))
        let (kept, from) = level.since(.seconds(10))
        #expect(from == level.windows[0].start && kept.outcomes[.ok] == 200 - Int64(from.seconds))
        let p50 = level.total.latency.quantile(0.5).seconds
        #expect(abs(p50 - 0.1) < 0.004)
        #expect(abs(level.total.latency.count(atMost: .milliseconds(49)) - 50) <= 1.5)
    }
}
