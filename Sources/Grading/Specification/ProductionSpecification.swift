import Lab
import Simulation

/// What a system must do in production, written so that an assistant can generate from it and a person can review it:
/// the document `production-spec.yaml`, kind `ProductionSpecification`.
///
/// Its promises speak of what happens under a stated load (``promises``); what the document leaves open is found
/// without running anything (``gaps``).
public struct ProductionSpecification: Sendable {
    /// `metadata.name`.
    public var name: String
    public var content: SpecificationContent
    /// What it promises, in the order of the document.
    public var promises: [SpecificationPromise]
    /// Where its fields stand.
    var source: ConfigurationSource

    static let apiVersion = "kubelab.dev/v1"
    static let kind = "ProductionSpecification"
}

/// The part `spec` of the document.
public struct SpecificationContent: Sendable, Decodable {
    public var rehearsal: Rehearsal
    public var load: [Load]
    public var disruptions: [FaultDescription]
    public var serviceLevels: [ServiceLevelObjective]
    public var criticalPaths: [CriticalPath]
    public var scaling: [ScalingLimit]
    public var costs: [CostCeiling]
    public var invariants: [Invariant]
    public var alerts: [Alert]
    public var deployment: DeploymentRules

    enum CodingKeys: String, CodingKey, CaseIterable {
        case rehearsal, load, disruptions, serviceLevels, criticalPaths, scaling, costs, invariants, alerts, deployment
    }

    public init(from decoder: any Decoder) throws {
        let container = try decoder.strict(CodingKeys.self)
        rehearsal = try container.decodeIfPresent(Rehearsal.self, forKey: .rehearsal) ?? Rehearsal()
        load = try container.decodeIfPresent([Load].self, forKey: .load) ?? []
        disruptions = try container.decodeIfPresent([FaultDescription].self, forKey: .disruptions) ?? []
        serviceLevels = try container.decodeIfPresent([ServiceLevelObjective].self, forKey: .serviceLevels) ?? []
        criticalPaths = try container.decodeIfPresent([CriticalPath].self, forKey: .criticalPaths) ?? []
        scaling = try container.decodeIfPresent([ScalingLimit].self, forKey: .scaling) ?? []
        costs = try container.decodeIfPresent([CostCeiling].self, forKey: .costs) ?? []
        invariants = try container.decodeIfPresent([Invariant].self, forKey: .invariants) ?? []
        alerts = try container.decodeIfPresent([Alert].self, forKey: .alerts) ?? []
        deployment = try container.decodeIfPresent(DeploymentRules.self, forKey: .deployment) ?? DeploymentRules()
        try container.require(disruptions.count <= 20, .disruptions, "at most 20")
        try container.require(
            disruptions.allSatisfy { ($0.at ?? .zero) < rehearsal.duration }, .disruptions,
            "a disruption comes after the end of the rehearsal")
    }
}

/// How manifests are tried against the specification.
public struct Rehearsal: Sendable, Decodable {
    /// Simulated time of one trial, from the moment at which the manifests are applied.
    public var duration: Duration
    /// Promises count from here on: pods must be able to start once.
    public var settle: Duration

    enum CodingKeys: String, CodingKey, CaseIterable { case duration, settle }

    init() {
        duration = .minutes(20)
        settle = .minutes(2)
    }

    public init(from decoder: any Decoder) throws {
        let container = try decoder.strict(CodingKeys.self)
        self.init()
        duration = try container.decodeIfPresent(Duration.self, forKey: .duration) ?? duration
        settle = try container.decodeIfPresent(Duration.self, forKey: .settle) ?? settle
        try container.require(
            duration >= .minutes(1) && duration <= .hours(2), .duration, "must be between 1m and 2h")
        try container.require(settle >= .zero && settle < duration, .settle, "must lie before the end of the rehearsal")
    }
}

/// The load that one source of traffic brings: the usual one, a rise, a peak, and back.
public struct Load: Sendable, Decodable {
    /// Name of a source of traffic in the scenario.
    public var traffic: String
    /// Requests a second.
    public var usual: Double
    public var peak: Double
    /// When the rise begins, how long it takes, how long the peak lasts.
    public var at: Duration
    public var rise: Duration
    public var hold: Duration

    enum CodingKeys: String, CodingKey, CaseIterable { case traffic, usual, peak, at, rise, hold }

    public init(from decoder: any Decoder) throws {
        let container = try decoder.strict(CodingKeys.self)
        traffic = try container.decode(String.self, forKey: .traffic)
        usual = try container.decode(Double.self, forKey: .usual)
        peak = try container.decodeIfPresent(Double.self, forKey: .peak) ?? usual
        at = try container.decodeIfPresent(Duration.self, forKey: .at) ?? .minutes(5)
        rise = try container.decodeIfPresent(Duration.self, forKey: .rise) ?? .minutes(1)
        hold = try container.decodeIfPresent(Duration.self, forKey: .hold) ?? .minutes(10)
        for (key, rate) in [(CodingKeys.usual, usual), (.peak, peak)] {
            try container.require((0...200).contains(rate), key, "must be between 0 and 200 requests a second")
        }
        try container.require(at >= .zero && rise >= .zero && hold >= .zero, .at, "times are not negative")
    }
}

/// Which users, what counts as served, how many of them, over which time.
public struct ServiceLevelObjective: Sendable, Decodable {
    public var name: String
    public var traffic: String
    /// A population in the language of criteria: `latency <= 800ms`.
    public var good: String
    /// A share: `99%`.
    public var objective: String
    /// Every stretch of this length must hold it; nil for the whole rehearsal at once.
    public var window: Duration?

    enum CodingKeys: String, CodingKey, CaseIterable { case name, traffic, good, objective, window }

    public init(from decoder: any Decoder) throws {
        let container = try decoder.strict(CodingKeys.self)
        name = try container.decode(String.self, forKey: .name)
        traffic = try container.decode(String.self, forKey: .traffic)
        good = try container.decode(String.self, forKey: .good)
        objective = try container.decode(String.self, forKey: .objective)
        window = try container.decodeIfPresent(Duration.self, forKey: .window)
        try container.require(window.map { $0 >= .minutes(1) } ?? true, .window, "must be at least 1m")
    }
}

/// Workloads that a user's request passes; each must have a ready pod at every moment.
public struct CriticalPath: Sendable, Decodable {
    public var name: String
    public var through: [String]

    enum CodingKeys: String, CodingKey, CaseIterable { case name, through }

    public init(from decoder: any Decoder) throws {
        let container = try decoder.strict(CodingKeys.self)
        name = try container.decode(String.self, forKey: .name)
        through = try container.decode([String].self, forKey: .through)
    }
}

/// Between which numbers of pods a workload may be asked to run.
public struct ScalingLimit: Sendable, Decodable {
    public var workload: String
    public var minimum: Int
    public var maximum: Int

    enum CodingKeys: String, CodingKey, CaseIterable { case workload, minimum, maximum }

    public init(from decoder: any Decoder) throws {
        let container = try decoder.strict(CodingKeys.self)
        workload = try container.decode(String.self, forKey: .workload)
        minimum = try container.decode(Int.self, forKey: .minimum)
        maximum = try container.decode(Int.self, forKey: .maximum)
        try container.require((0...maximum).contains(minimum), .minimum, "must be between 0 and the maximum")
    }
}

/// What workloads together may cost in an hour, on average over the rehearsal.
public struct CostCeiling: Sendable, Decodable {
    public var workloads: [String]
    /// In the scenario's currency.
    public var perHour: Double

    enum CodingKeys: String, CodingKey, CaseIterable { case workloads, perHour }

    public init(from decoder: any Decoder) throws {
        let container = try decoder.strict(CodingKeys.self)
        workloads = try container.decode([String].self, forKey: .workloads)
        perHour = try container.decode(Double.self, forKey: .perHour)
        try container.require(!workloads.isEmpty, .workloads, "at least one workload")
        try container.require(perHour > 0 && perHour.isFinite, .perHour, "must be more than 0")
    }
}

/// Anything else that must be so, in the language of criteria.
public struct Invariant: Sendable, Decodable {
    public var name: String
    public var expect: String

    enum CodingKeys: String, CodingKey, CaseIterable { case name, expect }

    public init(from decoder: any Decoder) throws {
        let container = try decoder.strict(CodingKeys.self)
        name = try container.decode(String.self, forKey: .name)
        expect = try container.decode(String.self, forKey: .expect)
    }
}

/// Who hears of a broken service level.
public struct Alert: Sendable, Decodable {
    /// Name of a service level.
    public var serviceLevel: String
    /// `page` or `ticket`.
    public var severity: String

    enum CodingKeys: String, CodingKey, CaseIterable { case serviceLevel, severity }

    public init(from decoder: any Decoder) throws {
        let container = try decoder.strict(CodingKeys.self)
        serviceLevel = try container.decode(String.self, forKey: .serviceLevel)
        severity = try container.decodeIfPresent(String.self, forKey: .severity) ?? "page"
        try container.require(["page", "ticket"].contains(severity), .severity, "allowed: page, ticket")
    }
}

/// How often and under which rules a new version comes.
public struct DeploymentRules: Sendable, Decodable {
    /// In words: `daily`.
    public var frequency: String
    public var rollback: [RollbackCriterion]
    public var analysis: [Analysis]
    /// Who has to agree.
    public var approvals: [String]

    public struct RollbackCriterion: Sendable, Decodable {
        public var name: String
        /// When a version is taken back, in words.
        public var when: String

        enum CodingKeys: String, CodingKey, CaseIterable { case name, when }

        public init(from decoder: any Decoder) throws {
            let container = try decoder.strict(CodingKeys.self)
            name = try container.decode(String.self, forKey: .name)
            when = try container.decode(String.self, forKey: .when)
        }
    }

    /// What looks at a rollback criterion while a version comes.
    public struct Analysis: Sendable, Decodable {
        /// Name of a rollback criterion.
        public var rollback: String
        /// The measurement or query that decides.
        public var measure: String

        enum CodingKeys: String, CodingKey, CaseIterable { case rollback, measure }

        public init(from decoder: any Decoder) throws {
            let container = try decoder.strict(CodingKeys.self)
            rollback = try container.decode(String.self, forKey: .rollback)
            measure = try container.decode(String.self, forKey: .measure)
        }
    }

    enum CodingKeys: String, CodingKey, CaseIterable { case frequency, rollback, analysis, approvals }

    init() {
        frequency = ""
        rollback = []
        analysis = []
        approvals = []
    }

    public init(from decoder: any Decoder) throws {
        let container = try decoder.strict(CodingKeys.self)
        self.init()
        frequency = try container.decodeIfPresent(String.self, forKey: .frequency) ?? frequency
        rollback = try container.decodeIfPresent([RollbackCriterion].self, forKey: .rollback) ?? rollback
        analysis = try container.decodeIfPresent([Analysis].self, forKey: .analysis) ?? analysis
        approvals = try container.decodeIfPresent([String].self, forKey: .approvals) ?? approvals
    }
}
