import Foundation
import Lab
import Simulation
import Testing

@testable import Grading

/// A system whose telemetry is written down: the responder's whole world.
private struct ScriptedSystem: ObservedSystem {
    var shown: Set<Observable>
    /// What helps, which telemetry does not say.
    var cure: Remedy?
    var minute = 0.0
    var acted: [Remedy] = []
    var isWell: Bool { cure.map(acted.contains) ?? false }

    var isCalling: Bool { !isWell }
    var isOver: Bool { minute > 720 }
    func pods(of service: DeskService) -> Int { 2 }
    mutating func wait(minutes: Double) { minute += minutes }
    func look(_ lookUp: LookUp) -> [Bool] { lookUp.observables.map { !isWell && shown.contains($0) } }
    mutating func act(_ remedy: Remedy) { acted.append(remedy) }
    func seemsHealthy() -> Bool { isWell }
}

@Suite struct ResponderTests {
    private static let exact: ResponderProfile = {
        var profile = ResponderProfile()
        profile.misreading = 0
        return profile
    }()

    /// What is to be seen when something is the case, by the experience that the responder has.
    private static func signs(of hypothesis: Hypothesis) -> Set<Observable> {
        let looks = LookUp.available(.correlated, hasObjects: true)
        return Set(looks.flatMap(\.observables).filter { hypothesis.expects($0) > 0.6 })
    }

    private static func work(
        _ system: ScriptedSystem, _ level: TelemetryLevel, _ profile: ResponderProfile = exact, seed: UInt64 = 1
    ) -> (system: ScriptedSystem, steps: [ResponderStep]) {
        var (system, responder) = (system, Responder(profile, level, seed: seed))
        responder.work(on: &system)
        return (system, responder.steps)
    }

    @Test(arguments: Hypothesis.all, TelemetryLevel.allCases) func clearSignsAreUnderstood(
        hypothesis: Hypothesis, level: TelemetryLevel
    ) {
        let cure = hypothesis.remedies[0]
        let (system, steps) = Self.work(.init(shown: Self.signs(of: hypothesis), cure: cure), level)
        #expect(system.isWell && system.minute < 720)
        #expect(steps.last?.deed == .checked(isHealthy: true))
        if level == .correlated { #expect(system.acted.first == cure, "\(hypothesis): \(system.acted)") }
    }

    /// It sees telemetry alone: where that is the same, it does the same, whatever is the matter.
    @Test(arguments: TelemetryLevel.allCases) func theCauseItselfIsNotSeen(level: TelemetryLevel) {
        let shown = Self.signs(of: .databaseSlow)
        let remedies: [Remedy?] = [.failOverDatabase, .restart(.retriever), .switchProvider, nil]
        let courses = remedies.map { Self.work(.init(shown: shown, cure: $0), level).steps }
        func beforeFirstCheck(_ steps: [ResponderStep]) -> [ResponderStep] {
            Array(steps.prefix { if case .checked = $0.deed { false } else { true } })
        }
        #expect(!beforeFirstCheck(courses[0]).isEmpty)
        for course in courses { #expect(beforeFirstCheck(course) == beforeFirstCheck(courses[0])) }
    }

    @Test(arguments: TelemetryLevel.allCases) func aLevelIsLimitedToItsLooks(level: TelemetryLevel) {
        let (_, steps) = Self.work(.init(shown: [], cure: nil), level)
        let looked = Set(steps.compactMap { if case .looked(let lookUp, _) = $0.deed { lookUp } else { nil } })
        #expect(looked.isSubset(of: LookUp.available(level, hasObjects: true)) && !looked.isEmpty)
        #expect(level == .correlated || !looked.contains(.traces))
        #expect(level >= .metrics || !looked.contains(.requestMetrics))
    }

    @Test func aSeedGivesTheSameCourseAgain() {
        let system = ScriptedSystem(shown: Self.signs(of: .nodeDown), cure: .replaceNode)
        #expect(Self.work(system, .metrics, seed: 7).steps == Self.work(system, .metrics, seed: 7).steps)
        #expect(Self.work(system, .metrics, seed: 7).steps != Self.work(system, .metrics, seed: 8).steps)
    }

    /// Without spread, times are the stated medians: nobody is called later than an alert's delay says.
    @Test func statedTimesPass() {
        var profile = Self.exact
        (profile.spread, profile.alertDelay) = (0, 30)
        let system = ScriptedSystem(shown: Self.signs(of: .nodeDown), cure: .replaceNode)
        func acknowledged(_ level: TelemetryLevel) -> Double? {
            Self.work(system, level, profile).steps.first { $0.deed == .acknowledged }?.minute
        }
        #expect(acknowledged(.metrics) == 35 && acknowledged(.logsOnPods) == 5)
    }

    /// What two looks both show is evidence once.
    @Test func whatIsKnownHoldsNoInformation() {
        let shares = [Double](repeating: 1 / Double(Hypothesis.all.count), count: Hypothesis.all.count)
        let look = LookUp.logQuery
        #expect(Responder.information(look, shares) > 1)
        #expect(Responder.information(look, shares, without: Set(look.observables)) == 0)
    }
}

/// Incidents in the world of the experiment.
@Suite struct RecoveryWorldTests {
    private static let settings = ExperimentSettings(folder: repository + "/labs/experiments", seeds: 2, quick: true)

    /// Faults under other names, of an incident that says it is another: every look shows the same.
    @Test func namesOfTheTruthAreNotSeen() throws {
        let incident = try #require((UInt64(1)...).lazy.map { Incident(seed: $0) }.first { $0.kind == .failingVersion })
        var renamed = incident
        renamed.kind = .nodeDown
        renamed.faults = incident.faults.map { $0.replacing("{name: version,", with: "{name: unrelated,") }
        #expect(renamed.faults != incident.faults)
        let seen = try [incident, renamed].map { one in
            let beginning = try SimulatedDesk.begin(one, seed: 3, Self.settings)
            var desk = SimulatedDesk(
                beginning, ResponderProfile(), .correlated, Self.settings, cures: one.cures)
            desk.wait(minutes: 8)
            return LookUp.available(.correlated, hasObjects: true).map { desk.look($0) } + [[desk.isCalling]]
        }
        #expect(seen[0] == seen[1])
        #expect(seen[0].joined().contains(true), "something is to be seen")
    }

    @Test func incidentsAreDrawnFromAllKindsAndHaveCures() {
        let incidents = (1...200).map { Incident(seed: UInt64($0)) }
        #expect(Set(incidents.map(\.kind)) == Set(Incident.Kind.allCases))
        #expect(incidents.allSatisfy { !$0.cures.isEmpty && !$0.faults.isEmpty })
        #expect(incidents == (1...200).map { Incident(seed: UInt64($0)) })
    }

    /// Takes minutes in a debug build, so only when asked for: `KUBELAB_EXPERIMENTS=1`.
    @Test(.enabled(if: ProcessInfo.processInfo.environment["KUBELAB_EXPERIMENTS"] != nil))
    func mttrDoesNotDependOnWorkers() throws {
        let reports = try [1, 2].map { workers in
            var settings = Self.settings
            settings.workers = workers
            var experiment = RecoveryExperiment(settings)
            experiment.changes = []
            return try experiment.report()
        }
        #expect(reports[0].isComplete && reports[0].runs == 8)
        #expect(reports[0].tables.map(\.rows) == reports[1].tables.map(\.rows))
        #expect(reports[0].findings == reports[1].findings && !reports[0].findings.isEmpty)
    }
}
