import Foundation
import Monitoring
import Simulation
import Testing
import Workloads

@testable import Lab

/// The model of a report: what it says is what happened.
@Suite struct LabReportTests {
    /// A shop whose stock fails for two minutes, with a rule that finds it, one that cries wolf and one that never fires.
    static let scenario = """
        name: watched-shop
        title: A shop that is watched
        namespace: shop
        nodes: [{name: worker, count: 2, cpu: "4", memory: 8Gi, price: 0.2}]
        monitoring:
          rules: |
            groups:
              - name: shop
                interval: 15s
                rules:
                  - alert: ManyErrors
                    expr: sum(rate(http_requests_total{code=~"5.."}[1m])) / sum(rate(http_requests_total[1m])) > 0.05
                    for: 15s
                  - alert: Wolf
                    expr: vector(1)
                  - alert: Patient
                    expr: vector(1)
                    for: 2h
        workloads:
          images:
            web:
              service: {stages: [{compute: {lognormal: {median: 0.02, p95: 0.05}}}, {call: {service: shop/stock}}]}
              startup: {importing: 1}
              port: 8000
            stock:
              service: {stages: [{compute: 0.01}]}
              startup: {importing: 1}
              port: 8000
          traffic: [{name: users, service: shop/web, rate: [{at: 30s, rate: 0}, {at: 31s, rate: 8}], timeout: 5s}]
        faults:
        - {name: stock-fails, at: 3m, for: 2m, workload: {image: {name: stock, condition: {errorRate: 0.4}}}}
        manifests: [web.yaml]
        """

    static func workload(_ name: String) -> String {
        """
        apiVersion: v1
        kind: Service
        metadata: {name: \(name)}
        spec: {selector: {app: \(name)}, ports: [{port: 80, targetPort: 8000}]}
        ---
        apiVersion: apps/v1
        kind: Deployment
        metadata: {name: \(name)}
        spec:
          replicas: 2
          selector: {matchLabels: {app: \(name)}}
          template:
            metadata: {labels: {app: \(name)}, annotations: {prometheus.io/scrape: "true"}}
            spec:
              containers:
              - {name: \(name), image: "\(name):1", ports: [{containerPort: 8000}], resources: {requests: {cpu: 200m, memory: 64Mi}}}
        """
    }

    static func file(_ scenario: String = scenario) throws -> ScenarioFile {
        let manifest = workload("web") + "\n---\n" + workload("stock")
        return ScenarioFile(
            scenario: try ScenarioFile.parse(scenario, file: "scenario.yaml"), text: scenario,
            manifests: [("web.yaml", manifest)])
    }

    static func lived(_ rig: StoreRig, minutes: Int64, _ scenario: String = scenario) throws -> LabSession {
        var session = try LabSession.create(rig.lab, scenario: try file(scenario), seed: 3)
        _ = try session.advance(to: .zero + .minutes(minutes))
        try session.commit()
        return session
    }

    @Test func figuresOfAWholeLifeAreThoseOfTheWorld() throws {
        let rig = try StoreRig()
        let session = try Self.lived(rig, minutes: 8)
        let report = try LabReport(session, from: .zero, to: session.now)
        let source = try #require(report.traffic.first)
        let level = try #require(session.world.workloads.traffic.first).total
        #expect(level.outcomes.failed > 50)
        #expect(source.total.good == level.outcomes[.ok] && source.total.failed == level.outcomes.failed)
        #expect(source.total.arrived == level.arrived)
        let sum = source.columns.reduce(into: LabReport.Counts()) { $0 += $1 }
        #expect(sum == source.total)
        for (column, counts) in source.columns.enumerated() {
            #expect(source.latency[column].reduce(0, +) == counts.good)
        }
        #expect(source.p95 == level.latency.quantile(0.95).seconds)
        #expect(source.failures.reduce(0) { $0 + $1.count } == source.total.failed)
        let ledger = session.world.ledger
        #expect(abs(report.cost.total - Double(ledger.totalCost) / 1e9) < 1e-9)
        #expect(report.cost.workloads.map(\.name).sorted() == ledger.workloads.map(\.name).sorted())
        #expect(abs((report.cost.course.last?.machines ?? 0) - report.cost.machines) < 1e-9)
        let web = try #require(report.workloads.first { $0.key == "shop/web" })
        #expect(web.ready.last??.high == 2 && web.ready.first??.low == 0 && web.autoscaler == nil)
    }

    @Test func partsOfALifeAddUp() throws {
        let rig = try StoreRig()
        let session = try Self.lived(rig, minutes: 8)
        let middle = SimulationTime.zero + .seconds(217)
        let first = try LabReport(session, from: .zero, to: middle)
        let second = try LabReport(session, from: middle, to: session.now)
        let whole = try LabReport(session, from: .zero, to: session.now)
        var sum = first.total
        sum += second.total
        #expect(sum == whole.total)
        #expect(abs(first.cost.total + second.cost.total - whole.cost.total) < 1e-9)
        // The fault began before the second part and ended within it.
        #expect(second.faults.map(\.name) == ["stock-fails"] && second.startUp == nil && whole.startUp != nil)
        #expect(second.traffic[0].p50.map { $0 > 0.01 && $0 < 0.2 } == true)
    }

    @Test func theFaultIsWhatWentWrongFirst() throws {
        let rig = try StoreRig()
        let session = try Self.lived(rig, minutes: 8)
        let report = try LabReport(session, from: .zero, to: session.now)
        let fault = try #require(report.faults.first)
        #expect(fault.begin == .zero + .minutes(3) && fault.end == .zero + .minutes(5))
        #expect(report.firstTrouble?.time == fault.begin && report.firstTrouble?.kind == .fault)
        let hurt = try #require(report.firstHurt)
        #expect(hurt >= fault.begin && hurt < fault.begin + .seconds(10))
        let spell = try #require(report.spells.first)
        #expect(report.spells.count == 1 && spell.begin == hurt && spell.end <= .zero + .seconds(310))
        #expect(spell.failed == report.total.failed && spell.peak > 0.3)
    }

    @Test func alertsAreHeldAgainstTheTruth() throws {
        let rig = try StoreRig()
        let session = try Self.lived(rig, minutes: 9)
        let report = try LabReport(session, from: .zero, to: session.now)
        #expect(report.alerting == .rules(3) && report.missedSpells.isEmpty)
        let errors = try #require(report.alerts.first { $0.name == "ManyErrors" })
        guard case .real(0, let late, nil) = errors.verdict else {
            Issue.record("\(errors.verdict)")
            return
        }
        // Two evaluations at least, since it waits for 15 s.
        #expect(late > .seconds(15) && late < .seconds(75))
        #expect(errors.firedAt.map { $0 - report.spells[0].begin } == late)
        #expect(errors.end.map { $0 > .zero + .minutes(5) && $0 < .zero + .minutes(7) } == true)
        let wolf = try #require(report.alerts.first { $0.name == "Wolf" })
        let fired = try #require(wolf.firedAt)
        #expect(wolf.end == nil && wolf.verdict == .wrong(next: report.spells[0].begin - fired))
        let patient = try #require(report.alerts.first { $0.name == "Patient" })
        #expect(patient.firedAt == nil && patient.verdict == .pending && report.alerts.last == patient)
        // Without the spell the same alert is false.
        let after = try LabReport(session, from: .zero + .minutes(6), to: session.now)
        #expect(after.alerts.first { $0.name == "Wolf" }?.verdict == .wrong(next: nil) && after.spells.isEmpty)
    }

    @Test func measuredStandsBesideFelt() throws {
        let rig = try StoreRig()
        let session = try Self.lived(rig, minutes: 8)
        let report = try LabReport(session, from: .zero, to: session.now)
        let measured = try #require(report.measured.first)
        let good = try #require(measured.good)
        let felt = 1 - (report.total.failedShare ?? 1)
        // web answers 502 for what stock answers 500: half of all answers are those of users.
        #expect(measured.problem.isEmpty && abs(good - felt) < 0.02)
        #expect(measured.columns.contains { $0.map { $0 < 0.8 } ?? false })
        let objective = ServiceLevelObjective(
            service: "shop", name: "many", objective: 99.5, indicator: .ratio("http_requests_total"))
        let other = try LabReport(session, from: .zero, to: session.now, objectives: [objective])
        #expect(other.measured.first?.problem.contains("series and not one") == true)
    }

    @Test func theWorstRequestHasItsTrace() throws {
        let rig = try StoreRig()
        let session = try Self.lived(rig, minutes: 6)
        let report = try LabReport(session, from: .zero, to: session.now)
        let worst = try #require(report.worst)
        #expect(worst.record.outcome != .ok && worst.traffic == "users")
        #expect(worst.traceID == session.world.traceID(of: worst.record.id))
        let trace = try #require(worst.trace)
        let root = try #require(trace.root?.span)
        #expect(root.durationNano == UInt64((worst.record.finish - worst.record.arrival).nanoseconds))
        let waterfall = Waterfall(trace)
        #expect(waterfall.rows.map(\.span.serviceName) == ["users", "users", "web", "web", "stock"])
        #expect(waterfall.rows.map(\.span.span.kind) == [.client, .client, .server, .client, .server])
        #expect(waterfall.rows.map(\.depth) == [0, 1, 2, 3, 4])
        let path = CriticalPath(trace).segments.reduce(0) { $0 + $1.durationNano }
        #expect(path == root.durationNano)
        #expect(worst.explanation.lines.first?.text.hasPrefix("request/\(worst.record.id) over:") == true)
        // Nobody that was hurt waited longer.
        var replay = try session.replayFromStart()
        replay.world.workloads.recordRequests(true)
        try replay.finish()
        let hurt = replay.world.workloads.requestRecords.filter { $0.outcome != .ok }
        #expect(hurt.map { $0.finish - $0.arrival }.max() == worst.record.finish - worst.record.arrival)
    }

    /// Recording that begins in the middle changes nothing, and is no part of what is written.
    @Test func recordingTracesChangesNothing() throws {
        let rig = try StoreRig()
        let session = try Self.lived(rig, minutes: 6)
        var replay = try session.replayFromStart()
        try replay.advance(to: .zero + .minutes(4))
        replay.world.recordTraces(TraceSettings())
        try replay.finish()
        #expect(replay.world.encode() == session.world.encode())
        let store = replay.world.traceStore()
        #expect(store.traces.count > 500)
        for trace in store.traces {
            let services = Set(trace.spans.map(\.serviceName))
            #expect(services == ["users", "web", "stock"], "containers that ran before have their names: \(services)")
            #expect(trace.startTimeUnixNano >= UInt64(session.world.epochMilliseconds - 2 * 60_000) * 1_000_000)
        }
    }

    @Test func whatLastsShorterThanALookIsSeen() throws {
        let rig = try StoreRig()
        var session = try rig.create()
        session.apply(StoreRig.deployment(replicas: 2))
        _ = try session.advance(to: .zero + .seconds(301))
        session.apply(StoreRig.deployment(replicas: 5))
        // The pods start within some seconds and are gone at once, all between two looks.
        _ = try session.advance(to: .zero + .seconds(317))
        session.apply(StoreRig.deployment(replicas: 1))
        _ = try session.advance(to: .zero + .hours(3))
        try session.commit()
        var replay = try session.replay(from: .zero)
        let columns = LabReport.Columns(begin: .zero, end: session.now, count: 3)
        var collector = ReportCollector(replay.world, columns)
        try collector.run(&replay) { _ in }
        // Looking has changed nothing of what happened.
        #expect(replay.world.digest == session.world.digest)
        var report = try LabReport(session, from: .zero, to: .zero)
        collector.finish(replay.world, into: &report)
        let web = try #require(report.workloads.first)
        #expect(web.desired.map { $0?.low } == [1, 1, 1] && web.desired.map { $0?.high } == [5, 1, 1])
        #expect(web.ready.map { $0?.low } == [0, 1, 1] && web.ready.map { $0?.high } == [5, 1, 1])
    }

    @Test func sameLabSameReport() throws {
        let rig = try StoreRig()
        let session = try Self.lived(rig, minutes: 5)
        let digest = session.world.stateDigest
        let first = try LabReport(session, from: .zero, to: session.now)
        let again = try LabReport(try rig.open(), from: .zero, to: session.now)
        #expect(first == again)
        #expect(try rig.open().world.stateDigest == digest)
    }

    @Test func aLabBeforeItsFirstSecondHasAReport() throws {
        let rig = try StoreRig()
        let session = try rig.create()
        let report = try LabReport(session, from: .zero, to: .zero)
        #expect(report.total.ended == 0 && report.worst == nil && report.columns.count == 1)
        #expect(report.alerting == .noPrometheus && report.workloads.isEmpty)
    }

    @Test(arguments: [Int64(1), 999, 5_000_000_000, 7_777_777_777, 3_600_000_000_000, 31_536_000_000_000_000])
    func columnsCoverTheirSpan(_ nanoseconds: Int64) {
        for count in [1, 7, 192] {
            let columns = LabReport.Columns(
                begin: .zero + .seconds(3), end: .zero + .seconds(3) + .nanoseconds(nanoseconds), count: count)
            #expect(columns.edge(0) == columns.begin && columns.edge(count) == columns.end)
            for column in 0..<count { #expect(columns.edge(column) <= columns.edge(column + 1)) }
            #expect(columns.index(columns.begin) == 0 && columns.index(columns.end) == count - 1)
            #expect(columns.index(.zero) == 0 && columns.index(.never) == count - 1)
        }
    }

    @Test func latencyRowsAreRoundAndAscending() {
        let bounds = LatencyScale.bounds
        #expect(zip(bounds, bounds.dropFirst()).allSatisfy { $0 < $1 })
        #expect(bounds.prefix(7).map { $0.nanoseconds / 1_000 } == [1_000, 1_500, 2_000, 3_000, 5_000, 7_000, 10_000])
    }
}
