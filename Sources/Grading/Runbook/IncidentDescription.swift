import Lab
import Simulation

/// `trial.runbook`: incidents in which a learner's runbook must help.
public struct RunbookDescription: Sendable, Decodable {
    /// The hand-in file.
    public var file: String
    /// The source of traffic whose users count.
    public var source: String
    /// A user who waits longer is hurt.
    public var slow: Duration
    /// From the beginning of a fault to the page.
    public var page: Duration
    /// How long the person on call takes for a query of metrics, for one of logs, for an action.
    public var query: Duration
    public var log: Duration
    public var action: Duration
    /// When the reference acts, after the page: with time to look, and with the right action.
    public var reference: Duration
    /// The most by which a seed delays everything that happens.
    public var jitter: Duration
    /// Versions that go out in every incident, whether or not they are to blame.
    public var releases: [Release]
    public var incidents: [IncidentDescription]

    enum CodingKeys: String, CodingKey, CaseIterable {
        case file, source, slow, page, query, log, action, reference, jitter, releases, incidents
    }

    public init(from decoder: any Decoder) throws {
        let container = try decoder.strict(CodingKeys.self)
        file = try container.decode(String.self, forKey: .file)
        source = try container.decode(String.self, forKey: .source)
        slow = try container.decode(Duration.self, forKey: .slow)
        page = try container.decodeIfPresent(Duration.self, forKey: .page) ?? .minutes(3)
        query = try container.decodeIfPresent(Duration.self, forKey: .query) ?? .seconds(30)
        log = try container.decodeIfPresent(Duration.self, forKey: .log) ?? .seconds(60)
        action = try container.decodeIfPresent(Duration.self, forKey: .action) ?? .seconds(60)
        reference = try container.decodeIfPresent(Duration.self, forKey: .reference) ?? .minutes(2)
        jitter = try container.decodeIfPresent(Duration.self, forKey: .jitter) ?? .zero
        releases = try container.decodeIfPresent([Release].self, forKey: .releases) ?? []
        incidents = try container.decode([IncidentDescription].self, forKey: .incidents)
        for (key, time) in [(CodingKeys.query, query), (.log, log), (.action, action)] {
            try container.require(time >= .seconds(1) && time <= .hours(1), key, "must be between 1s and 1h")
        }
        for (key, time) in [(CodingKeys.page, page), (.reference, reference), (.jitter, jitter)] {
            try container.require(time >= .zero && time <= .hours(1), key, "must be between 0s and 1h")
        }
        try container.require((1...12).contains(incidents.count), .incidents, "between 1 and 12 incidents")
        let names = incidents.map(\.name)
        try container.require(
            names.indices.allSatisfy { !names[..<$0].contains(names[$0]) }, .incidents, "two incidents have one name")
    }

    /// A new version of a program, put out as `kubectl set image` does.
    public struct Release: Sendable, Decodable {
        public var at: Duration
        public var deployment: String
        public var image: String

        enum CodingKeys: String, CodingKey, CaseIterable { case at, deployment, image }

        public init(from decoder: any Decoder) throws {
            let container = try decoder.strict(CodingKeys.self)
            at = try container.decode(Duration.self, forKey: .at)
            deployment = try container.decode(String.self, forKey: .deployment)
            image = try container.decode(String.self, forKey: .image)
        }
    }
}

/// One incident: what went wrong is one of its cases, which the seed draws.
public struct IncidentDescription: Sendable, Decodable {
    public var name: String
    public var cases: [Case]

    enum CodingKeys: String, CodingKey, CaseIterable { case name, cases }

    public init(from decoder: any Decoder) throws {
        let container = try decoder.strict(CodingKeys.self)
        name = try container.decode(String.self, forKey: .name)
        cases = try container.decode([Case].self, forKey: .cases)
        try container.require(!name.isEmpty && !name.contains("."), .name, "must be a word without a dot")
        try container.require((1...20).contains(cases.count), .cases, "between 1 and 20 cases")
    }

    /// One thing that can have gone wrong.
    public struct Case: Sendable, Decodable {
        /// When users begin to be hurt.
        public var begins: Duration
        public var faults: [FaultDescription]
        /// What the reference does.
        public var cure: RunbookAction
        /// Further Deployments on which an action does no harm, beside that of the cure.
        public var harmless: [String]

        enum CodingKeys: String, CodingKey, CaseIterable { case begins, faults, cure, harmless }

        public init(from decoder: any Decoder) throws {
            let container = try decoder.strict(CodingKeys.self)
            begins = try container.decode(Duration.self, forKey: .begins)
            faults = try container.decode([FaultDescription].self, forKey: .faults)
            harmless = try container.decodeIfPresent([String].self, forKey: .harmless) ?? []
            let step = try container.decode(RunbookStep.self, forKey: .cure)
            guard case .action(let action) = step.deed else {
                throw DecodingError.dataCorruptedError(
                    forKey: .cure, in: container, debugDescription: "a cure is a restart, a rollback or a scale")
            }
            cure = action
        }
    }
}

extension Exercise {
    /// Names in `trial.runbook` must be declared elsewhere.
    /// - Throws: `ConfigurationError`.
    func checkRunbook() throws {
        guard let description = content.trial.runbook else { return }
        guard content.handIn.contains(where: { $0.file == description.file }) else {
            throw source.error("trial.runbook.file", "\"\(description.file)\" is not handed in")
        }
        let sources = scenario.scenario.workloads.traffic.map(\.name)
        guard sources.contains(description.source) else {
            throw source.error(
                "trial.runbook.source",
                "the scenario has no traffic \"\(description.source)\"; it has \(sources.joined(separator: ", "))")
        }
        guard scenario.scenario.monitoring != nil else {
            throw source.error("trial.runbook", "a runbook asks Prometheus; the scenario says nothing of 'monitoring'")
        }
        for (index, incident) in description.incidents.enumerated() {
            for (place, one) in incident.cases.enumerated()
            where one.begins + description.jitter + description.page + description.reference + description.action
                >= content.trial.duration
            {
                throw source.error(
                    "trial.runbook.incidents[\(index)].cases[\(place)].begins", "leaves no time before the trial ends")
            }
        }
        let names = description.incidents.map(\.name)
        for (index, expression) in expressions.enumerated() {
            for measurement in CriterionNeeds([expression]).measurements {
                guard
                    case .incident(let name)? = try? Measurement(
                        parsing: measurement, namespace: scenario.scenario.namespace
                    ).subject, !names.contains(name)
                else { continue }
                throw source.error(
                    "criteria[\(index)].expect",
                    "there is no incident \"\(name)\"; there are \(names.joined(separator: ", "))")
            }
        }
    }
}
