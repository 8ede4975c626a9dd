import Lab
import Simulation
import Workloads

/// A load test of a staging environment as a learner hands it in: how it loads, and what must be so for a set of
/// manifests to pass.
///
///     apiVersion: kubelab.dev/v1
///     kind: LoadTest
///     spec:
///       duration: 20m
///       load:
///         rate: [{at: 0s, rate: 2}, {at: 5m, rate: 8}]   # open: requests a second, linear between the points
///         bursts: [{at: 12m, duration: 3m, multiplier: 2, ramp: 30s}]
///         closed: {users: 10, thinking: 2}               # instead of a rate: users who wait for each answer
///       provider: quota                                  # or stub: a model that answers whatever comes, for nothing
///       pass:
///         - share of requests(traffic/users, good) >= 99%
public struct LoadTest: Sendable, DocumentSpec {
    static let kind = "LoadTest"

    /// What stands behind the model's address in staging.
    public enum ProviderKind: String, Sendable, Decodable {
        /// The provider with the limits that staging has of it.
        case quota
        /// A stand-in without limits.
        case stub
    }

    /// How requests come; everything else about the client is the environment's.
    public struct Load: Sendable, Decodable {
        public var rate: [TrafficConfiguration.Point]
        public var bursts: [TrafficConfiguration.Burst]
        /// Coefficient of variation of the gaps between arrivals.
        public var variation: Double
        public var closed: TrafficConfiguration.ClosedLoop?

        enum CodingKeys: String, CodingKey, CaseIterable { case rate, bursts, variation, closed }

        public init(from decoder: any Decoder) throws {
            let container = try decoder.strict(CodingKeys.self)
            if let constant = try? container.decode(Double.self, forKey: .rate) {
                rate = [TrafficConfiguration.Point(at: .zero, rate: constant)]
            } else {
                rate = try container.decodeIfPresent([TrafficConfiguration.Point].self, forKey: .rate) ?? []
            }
            bursts = try container.decodeIfPresent([TrafficConfiguration.Burst].self, forKey: .bursts) ?? []
            variation = try container.decodeIfPresent(Double.self, forKey: .variation) ?? 1
            closed = try container.decodeIfPresent(TrafficConfiguration.ClosedLoop.self, forKey: .closed)
            try container.require(
                (closed == nil) != rate.isEmpty, .rate, "a load has either a rate or a closed loop of users")
            try container.require(rate.count <= 200, .rate, "more than 200 points")
            try container.require(
                rate.allSatisfy { $0.rate.isFinite && (0...Self.mostRequests).contains($0.rate) && $0.at >= .zero },
                .rate, "rates lie between 0 and \(Int(Self.mostRequests)) requests a second, times from 0s on")
            try container.require(
                zip(rate, rate.dropFirst()).allSatisfy { $0.at <= $1.at }, .rate, "the points must be in order of time")
            try container.require(
                bursts.count <= 50
                    && bursts.allSatisfy {
                        $0.at >= .zero && $0.duration > .zero && $0.multiplier.isFinite
                            && (0...100).contains($0.multiplier)
                    }, .bursts, "at most 50 bursts, each with a duration and a multiplier between 0 and 100")
            try container.require((0...20).contains(variation), .variation, "must be between 0 and 20")
            try container.require((closed?.users ?? 0) <= 2_000, .closed, "more than 2000 users")
        }

        private static let mostRequests = 1_000.0
    }

    public var duration: Duration
    public var load: Load
    public var provider: ProviderKind
    /// In the criterion language; all must hold.
    public var pass: [String]

    enum CodingKeys: String, CodingKey, CaseIterable { case duration, load, provider, pass }

    public init(from decoder: any Decoder) throws {
        let container = try decoder.strict(CodingKeys.self)
        duration = try container.decode(Duration.self, forKey: .duration)
        load = try container.decode(Load.self, forKey: .load)
        provider = try container.decodeIfPresent(ProviderKind.self, forKey: .provider) ?? .quota
        pass = try container.decode([String].self, forKey: .pass)
        try container.require(duration >= .seconds(10), .duration, "must be at least 10s")
        try container.require((1...20).contains(pass.count), .pass, "between 1 and 20 rules")
    }

    /// Reads a load test and its rules, checked against the environment that it will run in.
    /// - Throws: `ConfigurationError` with file, line and field path.
    static func read(_ text: String, file: String, for exercise: Exercise) throws -> (
        test: LoadTest, rules: [CriterionExpression]
    ) {
        let source = try ConfigurationSource(file: file, text: text)
        let test = try source.spec(LoadTest.self)
        let longest = exercise.content.trial.duration
        guard test.duration <= longest else {
            throw source.error("spec.duration", "staging is free for \(Figures.time(longest.seconds)) at most")
        }
        let scenario = exercise.scenario.scenario
        let traffic = scenario.workloads.traffic.map { "traffic/" + $0.name }
        let rules = try test.pass.enumerated().map { index, text in
            let rule: CriterionExpression
            do throws(CriterionError) {
                rule = try CriterionExpression(parsing: text, namespace: scenario.namespace)
            } catch { throw source.error("spec.pass[\(index)]", in: text, error) }
            let needs = CriterionNeeds([rule])
            for stream in needs.streams where stream.hasPrefix("traffic/") && !traffic.contains(stream) {
                throw source.error(
                    "spec.pass[\(index)]", "staging has no \(stream); it has \(traffic.joined(separator: ", "))")
            }
            guard needs.references.isEmpty, !needs.measurements.contains(where: { $0.hasPrefix("candidate/") }) else {
                throw source.error(
                    "spec.pass[\(index)]", "a rule speaks of one run; it knows no references and no other candidates")
            }
            return rule
        }
        return (test, rules)
    }

    /// The environment with this load.
    func applied(to scenario: Scenario, source: String) -> Scenario {
        var scenario = scenario
        for index in scenario.workloads.traffic.indices where scenario.workloads.traffic[index].name == source {
            scenario.workloads.traffic[index].rate = load.rate
            scenario.workloads.traffic[index].bursts = load.bursts
            scenario.workloads.traffic[index].variation = load.variation
            scenario.workloads.traffic[index].closed = load.closed
            scenario.workloads.traffic[index].period = nil
            scenario.workloads.traffic[index].offset = .zero
        }
        if provider == .stub {
            for name in scenario.workloads.providers.keys {
                scenario.workloads.providers[name]?.requestsPerMinute = nil
                scenario.workloads.providers[name]?.inputTokensPerMinute = nil
                scenario.workloads.providers[name]?.outputTokensPerMinute = nil
            }
        }
        return scenario
    }
}
