import Simulation

/// The system as the responder has it before it: it can wait, look and act, and nothing else. What is wrong with it is
/// not in here.
protocol ObservedSystem {
    /// Whether somebody is calling: an alert fires, or users complain. With metrics also alerts.
    var isCalling: Bool { get }
    /// The clock on the wall: minutes since the day began. It says nothing of when something broke.
    var minute: Double { get }
    /// Whether the day is over.
    var isOver: Bool { get }
    /// Pods of a service, which is how many logs there are to read.
    func pods(of service: DeskService) -> Int
    mutating func wait(minutes: Double)
    /// What is seen, in the order of ``LookUp/observables``.
    func look(_ lookUp: LookUp) -> [Bool]
    mutating func act(_ remedy: Remedy)
    /// Whether users seem to be served again, as far as the level's telemetry shows it.
    func seemsHealthy() -> Bool
}

/// One thing that the responder did, and when it was done with it.
struct ResponderStep: Sendable, Equatable {
    enum Deed: Sendable, Equatable {
        case called, acknowledged
        case looked(LookUp, [Bool])
        /// Believed in a remedy enough to begin with it.
        case decided(Remedy)
        case acted(Remedy)
        case checked(isHealthy: Bool)
    }

    /// By ``ObservedSystem/minute``.
    var minute: Double
    var deed: Deed
}

/// Somebody on call, as a procedure.
///
/// It holds a belief over ``Hypothesis/all``, equal at first. A look at the system changes the belief by Bayes' rule, with
/// the likelihoods of ``Hypothesis/expects(_:)``; the next look is the one that promises most information a minute. Once a
/// remedy is believed in enough, or nothing more is to be learnt, it acts, waits, and checks. What did not help is
/// not tried again before all else was; then it looks again, as the system has moved on. It sees what ``ObservedSystem`` shows and nothing
/// else.
struct Responder: Sendable {
    let profile: ResponderProfile
    let level: TelemetryLevel
    private let chances: [Observable: [Double]]
    /// Not normalised.
    private var belief: [Double]
    /// What is left of the first belief after remedies that did not help.
    private var prior: [Double]
    private var seen: Set<LookUp> = []
    /// What was found out in this round. What another look shows once more is no new evidence.
    private var known: Set<Observable> = []
    private var tried: [Remedy] = []
    private(set) var steps: [ResponderStep] = []
    /// Of how long things take and of what is misread.
    private var random: RandomStream

    init(_ profile: ResponderProfile, _ level: TelemetryLevel, seed: UInt64) {
        self.profile = profile
        self.level = level
        random = RandomStream(seed: seed, name: "responder")
        chances = profile.callersLookGuilty ? Hypothesis.chancesWithGuiltyCallers : Hypothesis.chances
        prior = [Double](repeating: 1, count: Hypothesis.all.count)
        belief = prior
    }

    /// Takes care of an incident until users seem to be served and nobody calls, or the day is over.
    mutating func work(on system: inout some ObservedSystem) {
        while !system.isCalling {
            if system.isOver { return }
            system.wait(minutes: 0.5)
        }
        note(.called, system)
        if level >= .metrics { system.wait(minutes: profile.alertDelay) }
        spend(profile.acknowledging, on: &system)
        note(.acknowledged, system)
        while !system.isOver {
            if let remedy = chosenRemedy(system) {
                note(.decided(remedy), system)
                spend(profile.minutes(remedy), on: &system)
                system.act(remedy)
                note(.acted(remedy), system)
                tried.append(remedy)
                system.wait(minutes: profile.settling)
                if check(&system) { return }
                disbelieve(remedy)
            } else if let lookUp = bestLookUp(system) {
                // Time passes while one looks; what is seen is what is there at the end.
                spend(profile.minutes(lookUp, pods: system.pods), on: &system)
                let found = system.look(lookUp).map { random.chance(profile.misreading) ? !$0 : $0 }
                note(.looked(lookUp, found), system)
                learn(lookUp, found)
            } else if check(&system) {
                return
            } else {
                // Nothing was learnt and nothing is left to try: once more from the beginning.
                prior = [Double](repeating: 1, count: prior.count)
                tried = []
                begin()
            }
        }
    }

    /// Looks whether all is well, twice, as one good minute is none.
    private mutating func check(_ system: inout some ObservedSystem) -> Bool {
        for _ in 0..<2 {
            switch level {
            case .logsOnPods: spend(profile.podLog, on: &system)
            case .metrics, .centralLogs, .correlated: spend(profile.dashboard, on: &system)
            }
            let isHealthy = system.seemsHealthy()
            note(.checked(isHealthy: isHealthy), system)
            guard isHealthy else { return false }
            system.wait(minutes: profile.settling / 2)
        }
        return !system.isCalling
    }

    private mutating func note(_ deed: ResponderStep.Deed, _ system: some ObservedSystem) {
        steps.append(.init(minute: system.minute, deed: deed))
    }

    /// Lets a time pass that is lognormal about a median.
    private mutating func spend(_ median: Double, on system: inout some ObservedSystem) {
        let times = Distribution.lognormal(mu: 0, sigma: profile.spread)
        system.wait(minutes: median * (profile.spread > 0 ? times.sample(using: &random) : 1))
    }

    // MARK: Belief

    private mutating func begin() {
        belief = prior
        seen = []
        known = []
    }

    /// What was seen before counts half, as the system has moved on and some of it may have been misread. What nothing is
    /// left to try against is out; what has another remedy is half as likely.
    private mutating func disbelieve(_ remedy: Remedy) {
        let shares = shares
        for (index, hypothesis) in Hypothesis.all.enumerated() {
            prior[index] = max(shares[index], 1e-6).squareRoot()
            if hypothesis.remedies.allSatisfy(tried.contains) {
                prior[index] = 0
            } else if hypothesis.remedies.contains(remedy) {
                prior[index] /= 2
            }
        }
        begin()
    }

    private mutating func learn(_ lookUp: LookUp, _ found: [Bool]) {
        seen.insert(lookUp)
        for (observable, isSeen) in zip(lookUp.observables, found) where known.insert(observable).inserted {
            for (index, chance) in (chances[observable] ?? []).enumerated() {
                belief[index] *= isSeen ? chance : 1 - chance
            }
        }
        let sum = belief.reduce(0, +)
        if sum > 0 { for index in belief.indices { belief[index] /= sum } }
    }

    private var shares: [Double] {
        let sum = belief.reduce(0, +)
        return sum > 0 ? belief.map { $0 / sum } : belief.map { _ in 1 / Double(belief.count) }
    }

    /// The remedy that is believed in enough, or in which most is believed once nothing is left to look at.
    private func chosenRemedy(_ system: some ObservedSystem) -> Remedy? {
        var weights: [(remedy: Remedy, weight: Double)] = []
        for (hypothesis, share) in zip(Hypothesis.all, shares) {
            guard let remedy = hypothesis.remedies.first(where: { !tried.contains($0) }) else { continue }
            if let place = weights.firstIndex(where: { $0.remedy == remedy }) {
                weights[place].weight += share
            } else {
                weights.append((remedy, share))
            }
        }
        guard let best = weights.max(by: { $0.weight < $1.weight }) else { return nil }
        if best.weight >= profile.confidence { return best.remedy }
        guard bestLookUp(system) == nil, !seen.isEmpty else { return nil }
        return best.remedy
    }

    /// The look that promises most information a minute.
    private func bestLookUp(_ system: some ObservedSystem) -> LookUp? {
        var best: (lookUp: LookUp, rate: Double)?
        let shares = shares
        for lookUp in LookUp.available(level, hasObjects: profile.hasObjects) where !seen.contains(lookUp) {
            let bits = Self.information(lookUp, shares, without: known, chances)
            guard bits >= profile.leastInformation else { continue }
            let rate = bits / max(0.01, profile.minutes(lookUp, pods: system.pods))
            if best.map({ rate > $0.rate }) ?? true { best = (lookUp, rate) }
        }
        return best?.lookUp
    }

    /// The mutual information of a look's observables and the hypotheses, in bits, each observable taken by itself and
    /// all together no more than what is unknown.
    static func information(
        _ lookUp: LookUp, _ shares: [Double], without known: Set<Observable> = [],
        _ chances: [Observable: [Double]] = Hypothesis.chances
    ) -> Double {
        func entropy(_ share: Double) -> Double {
            guard share > 0, share < 1 else { return 0 }
            return -(share * Mathematics.log(share) + (1 - share) * Mathematics.log(1 - share)) / Mathematics.log(2)
        }
        let unknown = shares.reduce(0) { $0 - ($1 > 0 ? $1 * Mathematics.log($1) / Mathematics.log(2) : 0) }
        var sum = 0.0
        for observable in lookUp.observables where !known.contains(observable) {
            var (overall, within) = (0.0, 0.0)
            for (chance, share) in zip(chances[observable] ?? [], shares) where share > 0 {
                overall += share * chance
                within += share * entropy(chance)
            }
            sum += max(0, entropy(overall) - within)
        }
        return min(sum, unknown)
    }
}
