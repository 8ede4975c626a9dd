import KubernetesAPI
import Simulation
import Testing

@testable import Cluster

@Suite struct LifecycleConformanceTests {
    /// Cases that cannot hold, with the reason.
    static let knownDeviations: [String: String] = [:]

    private func rows(_ section: String) throws -> [JSONValue] {
        try ConformanceFixtures.documents("lifecycle").flatMap { $0[section]?.elements ?? [] }
            .filter { Self.knownDeviations[$0["id"]?.string ?? ""] == nil }
    }

    @Test func phases() throws {
        let rows = try rows("phase")
        #expect(rows.count >= 40)
        for row in rows {
            let id = row["id"]?.string ?? "?"
            let pod = try Pod.decode(json: row["pod"] ?? .null).object
            let phase = PodPhase.phase(
                spec: pod.spec, status: pod.status, isTerminal: row["podIsTerminal"]?.flag ?? false)
            #expect(phase == row["expect"]?["phase"]?.string, "\(id)")
            let verdicts = [
                "Initialized": PodConditionRules.initialized(spec: pod.spec, status: pod.status, phase: phase),
                "ContainersReady": PodConditionRules.containersReady(spec: pod.spec, status: pod.status, phase: phase),
                "Ready": PodConditionRules.ready(spec: pod.spec, status: pod.status, phase: phase),
            ]
            for (type, wanted) in row["expect"]?["conditions"]?.members ?? [] {
                guard let verdict = verdicts[type] else {
                    Issue.record("\(id): condition \(type) is not known")
                    continue
                }
                var text = verdict.isTrue ? "True" : "False"
                if !verdict.reason.isEmpty { text += " " + verdict.reason }
                if !verdict.message.isEmpty { text += ": " + verdict.message }
                let expected = wanted.string ?? ""
                #expect(
                    text == expected || text.hasPrefix(expected + " "), "\(id) \(type): \(text), expected \(expected)")
            }
        }
    }

    @Test func crashBackoff() throws {
        let rows = try rows("crashBackoff")
        #expect(rows.count >= 5)
        for row in rows {
            let id = row["id"]?.string ?? "?"
            var backoff = CrashBackoff()
            var now = SimulationTime.zero
            var starts: [Int64] = []
            var delays: [Int64] = []
            var shown: [String] = []
            let runs = (row["runSeconds"]?.elements ?? []).compactMap(\.integer)
            var finish = SimulationTime.zero
            for run in runs {
                finish = now + .seconds(run)
                now = finish
                // The delay that the waiting message names is that of the first look.
                var named = ""
                while let left = backoff.attempt(finishedAt: finish, now: now) {
                    if named.isEmpty { named = backoff.delay.map(Self.wholeSecondsText) ?? "" }
                    now = now + left
                }
                shown.append(named)
                delays.append((now - finish).wholeSeconds)
                starts.append((now - .zero).wholeSeconds)
            }
            #expect(starts == row["restartAt"]?.elements.compactMap(\.integer), "\(id)")
            if let wanted = row["delayBeforeRestart"] {
                #expect(delays == wanted.elements.compactMap(\.integer), "\(id)")
            }
            if let wanted = row["backoffShown"] { #expect(shown == wanted.elements.compactMap(\.string), "\(id)") }
        }
    }

    /// As Go prints a duration of whole seconds: minutes are followed by seconds, even by none.
    private static func wholeSecondsText(_ duration: Simulation.Duration) -> String { duration.goText }

    @Test func qualityOfServiceAndOutOfMemoryScores() throws {
        let rows = try rows("qosAndOom")
        #expect(rows.count >= 9)
        for row in rows {
            let id = row["id"]?.string ?? "?"
            let pod = try Pod.decode(json: row["pod"] ?? .null).object
            #expect(QualityOfService(of: pod).rawValue == row["expect"]?["qosClass"]?.string, "\(id)")
            for (name, score) in row["expect"]?["oomScoreAdj"]?.members ?? [] {
                let container = (pod.spec.initContainers + pod.spec.containers).first { $0.name == name }
                let found = container.map {
                    QualityOfService.oomScoreAdjustment(
                        of: $0, in: pod, nodeMemory: row["nodeMemoryBytes"]?.integer ?? 0)
                }
                #expect(found.map(Int64.init) == score.integer, "\(id) \(name)")
            }
        }
    }

    @Test func memoryEvictionOrder() throws {
        for row in try rows("memoryEvictionOrder") {
            let id = row["id"]?.string ?? "?"
            let candidates = (row["pods"]?.elements ?? []).map { pod in
                EvictionRanking.Candidate(
                    name: pod["name"]?.string ?? "", priority: Int32(pod["priority"]?.integer ?? 0),
                    requestBytes: (try? Quantity(parsing: pod["memoryRequest"]?.string ?? "0"))?.value ?? 0,
                    usageBytes: pod["memoryUsage"]?.string.flatMap { try? Quantity(parsing: $0) }?.value)
            }
            #expect(
                EvictionRanking.order(candidates).map(\.name)
                    == row["expect"]?["evictionOrder"]?.elements.compactMap(\.string), "\(id)")
        }
    }

    @Test func cpuCgroup() throws {
        for row in try rows("cpuCgroup") {
            let milli = row["milliCPU"]?.integer ?? 0
            #expect(CPUCgroup.shares(milliCPU: milli) == row["cpuShares"]?.integer, "\(milli)m")
            #expect(CPUCgroup.quota(milliCPU: milli) == row["cfsQuotaUs"]?.integer, "\(milli)m")
            if let period = row["cfsPeriodUs"]?.integer { #expect(CPUCgroup.periodMicroseconds == period, "\(milli)m") }
        }
    }
}
