import Foundation
import KubernetesAPI
import Simulation
import Testing

@testable import Lab

/// Random small worlds, looked at after every event: whatever manifests, users, faults and delays come together, the
/// laws of `World.audit`, ``LawsOfChange`` and ``LawsOfRest`` hold.
///
/// `KUBELAB_WORLDS=5000 swift test --filter Invariants` looks at more of them (`KUBELAB_FIRST_WORLD=240` at others);
/// `KUBELAB_WORLD=17 swift test --filter Invariants` at one, with everything checked after every event and its scenario and actions printed.
@Suite struct InvariantsTests {
    static let environment = ProcessInfo.processInfo.environment
    static let only = environment["KUBELAB_WORLD"].flatMap(UInt64.init)
    static let count = environment["KUBELAB_WORLDS"].flatMap(UInt64.init) ?? 240
    static let first = environment["KUBELAB_FIRST_WORLD"].flatMap(UInt64.init) ?? 0
    static let seeds: [UInt64] = only.map { [$0] } ?? Array(first..<first + count)

    @Test(arguments: seeds) func everyLawHoldsAfterEveryEvent(seed: UInt64) throws {
        var trial = try Trial(seed: seed)
        try trial.run(snapshots: true)
        #expect(
            trial.violations.isEmpty,
            """
            world \(seed) at \(trial.world.now.seconds) s:
              \(trial.violations.prefix(6).joined(separator: "\n  "))
            repeat it with: KUBELAB_WORLD=\(seed) swift test --filter Invariants
            """)
        if Self.only != nil {
            print(
                trial.drawn.scenario, trial.drawn.manifests, trial.actions.log.joined(separator: "\n"),
                separator: "\n---\n")
        }
    }

    /// Snapshots at other moments, or none, change nothing.
    @Test(arguments: seeds.filter { only != nil || $0 % 12 == 0 }) func snapshotsLeaveNoTrace(seed: UInt64) throws {
        var (with, without) = (try Trial(seed: seed), try Trial(seed: seed))
        try with.run(snapshots: true)
        try without.run(snapshots: false)
        let difference = zip(with.trace, without.trace).first { $0 != $1 }
        #expect(
            with.world.stateDigest == without.world.stateDigest,
            "world \(seed), first seen at \(difference?.0 ?? "the end"): repeat it with KUBELAB_WORLD=\(seed) swift test --filter Invariants"
        )
    }
}

/// One world with its users and its inspector.
struct Trial {
    let seed: UInt64
    let drawn: RandomWorld
    var world: World
    var actions: RandomActions
    private(set) var violations: [String] = []
    /// The digest at each moment at which a user acts.
    private(set) var trace: [String] = []
    private var laws = LawsOfChange()
    private var moments: Dice

    init(seed: UInt64) throws {
        self.seed = seed
        drawn = RandomWorld(seed: seed)
        world = try World.make(drawn.scenario, manifests: drawn.manifests, seed: seed)
        actions = RandomActions(seed: seed)
        moments = Dice(seed: seed, name: "invariants/moments")
        laws.follow(&world)
    }

    /// Lets users act until the calm, then waits until everything has come to rest.
    mutating func run(snapshots: Bool) throws {
        let calm = SimulationTime.zero + drawn.calm
        while world.now < calm, violations.isEmpty {
            try advance(to: min(calm, world.now + .milliseconds(Int64(moments.below(15_000)))))
            if snapshots, moments.chance(0.3) { try restore() } else if !snapshots { _ = moments.chance(0.3) }
            if world.now < calm { actions.act(on: &world) }
            if InvariantsTests.only != nil {
                trace.append("\(world.now.seconds) s: \(world.stateDigest) after \(actions.log.last ?? "nothing")")
            }
            laws.check(world, &violations)
        }
        guard violations.isEmpty else { return }
        if snapshots { try restore() }
        // Crash back-off, toleration of dead machines and the scheduler's five minutes are over by then.
        try advance(to: calm + .minutes(14))
        violations += world.audit()
        LawsOfRest.check(world, &violations)
        laws.workloads.checkRest(world, &violations)
        LawsOfLimits.checkRest(world, &violations)
    }

    /// Checks what is cheap after every event, everything now and then.
    private mutating func advance(to time: SimulationTime) throws {
        var (laws, found, count) = (laws, violations, 0)
        let interval = InvariantsTests.only == nil ? 400 : 1
        let begin = world.counts.total
        var audited: Int64 = 0
        laws.follow(&world)
        try world.advance(to: time) { world in
            count += 1
            laws.check(world, &found)
            // Most events are steps of a program: what the control plane holds is looked at when it has changed.
            let revision = world.cluster.context.store.revision
            if revision != audited || count % 16 == 0 || interval == 1 {
                found += world.quickAudit()
                audited = revision
            }
            if (begin + UInt64(count)) % UInt64(interval) == 0 { found += world.audit() }
            return !found.isEmpty
        }
        (self.laws, violations) = (laws, found)
    }

    private mutating func restore() throws {
        let copy = try world.restored()
        if copy.encode() != world.encode() { violations.append("a restored world is not the one that was written") }
        world = copy
        laws.follow(&world)
    }
}
