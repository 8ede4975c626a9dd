import Lab
import Monitoring
import PromQL
import Simulation

/// What an exercise asks of a hand-in that changes nothing in the world and only says something about it: alerting
/// rules. The world is observed once for each seed, and every hand-in is judged by what it makes of the observation.
public struct TelemetryDuty: Sendable, Decodable {
    /// Alerting rules that must tell in time that users are hurt.
    public var rules: AlertingDuty?
    /// What programs log, and the queries that count failures in it.
    public var logs: LoggingDuty?
    /// Service level indicators that must measure what users felt.
    public var indicators: IndicatorDuty?
    /// Questions that are answered with queries.
    public var answers: AnswersDuty?
    /// What is kept of the telemetry that the answers' queries ask.
    public var pipeline: PipelineDuty?

    enum CodingKeys: String, CodingKey, CaseIterable { case rules, logs, indicators, answers, pipeline }

    public init(from decoder: any Decoder) throws {
        let container = try decoder.strict(CodingKeys.self)
        rules = try container.decodeIfPresent(AlertingDuty.self, forKey: .rules)
        logs = try container.decodeIfPresent(LoggingDuty.self, forKey: .logs)
        indicators = try container.decodeIfPresent(IndicatorDuty.self, forKey: .indicators)
        answers = try container.decodeIfPresent(AnswersDuty.self, forKey: .answers)
        pipeline = try container.decodeIfPresent(PipelineDuty.self, forKey: .pipeline)
        try container.require(
            pipeline == nil || answers != nil, .pipeline,
            "what is kept is judged by the questions that it answers: 'answers' is missing")
        try container.require(
            rules != nil || logs != nil || indicators != nil || answers != nil, .rules, "something that is judged")
    }

    /// Files of the hand-in that it judges.
    var files: [String] {
        [rules?.file, indicators?.file, indicators?.buckets, answers?.file, pipeline?.policy].compactMap { $0 }
            + (logs?.files ?? [])
    }

    /// Whether what programs did is looked at, which needs a world that records it.
    var asksForWork: Bool {
        logs != nil || pipeline != nil
            || answers?.questions.contains { if case .work = $0.truth { true } else { false } } ?? false
    }
}

/// How alerting rules are judged: by what each of the scenario's faults had cost users when somebody was told of it.
public struct AlertingDuty: Sendable, Decodable {
    /// The hand-in file with the rules.
    public var file: String
    /// The source of traffic whose users count.
    public var traffic: String
    /// Which of their requests are good, in the criterion language.
    public var good: String
    /// The share of good requests that is promised for the whole trial.
    public var objective: Double
    /// Kinds of events by how fast they burn the budget.
    public var classes: [BurnClass]

    enum CodingKeys: String, CodingKey, CaseIterable { case file, traffic, good, objective, classes }

    public init(from decoder: any Decoder) throws {
        let container = try decoder.strict(CodingKeys.self)
        file = try container.decode(String.self, forKey: .file)
        traffic = try container.decode(String.self, forKey: .traffic)
        good = try container.decodeIfPresent(String.self, forKey: .good) ?? "good"
        objective = try container.decode(Double.self, forKey: .objective)
        classes = try container.decode([BurnClass].self, forKey: .classes)
        try container.require(objective > 0 && objective < 1, .objective, "must lie between 0 and 1, such as 0.995")
        try container.require(!classes.isEmpty, .classes, "at least one kind of event is judged")
    }
}

/// Events that burn the error budget at a rate within a range, and who is to hear of them.
public struct BurnClass: Sendable, Decodable {
    public var name: String
    /// Burn rates from `least` up to, and without, `most`: the share of bad requests over what the objective allows.
    public var least: Double
    public var most: Double
    /// The label `severity` of the alert that must come.
    public var severity: String

    enum CodingKeys: String, CodingKey, CaseIterable { case name, least, most, severity }

    public init(from decoder: any Decoder) throws {
        let container = try decoder.strict(CodingKeys.self)
        name = try container.decode(String.self, forKey: .name)
        least = try container.decode(Double.self, forKey: .least)
        most = try container.decodeIfPresent(Double.self, forKey: .most) ?? .infinity
        severity = try container.decode(String.self, forKey: .severity)
        try container.require(least > 0 && least < most, .most, "must be above 'least', which is above 0")
    }
}

extension TelemetryDuty {
    /// What makes a file of the hand-in unusable.
    func faults(in file: Submission.File) -> [Lab.ConfigurationError] {
        if file.name == rules?.file { return Self.faults(inAlerts: file.text, file.name) }
        if let logs, logs.files.contains(file.name) { return logs.faults(in: file.text, file.name) }
        if let indicators, [indicators.file, indicators.buckets].contains(file.name) {
            return indicators.faults(in: file.text, file.name)
        }
        if let answers, file.name == answers.file { return answers.faults(in: file) }
        if let pipeline, file.name == pipeline.policy { return pipeline.faults(in: file) }
        return []
    }

    /// Changes of a file of the hand-in that somebody might make by mistake or to get by.
    func mutations(of file: Submission.File) -> [(name: String, text: String)] {
        if let indicators, [indicators.file, indicators.buckets].contains(file.name) {
            return IndicatorMutation.mutations(of: file.text)
        }
        if file.name == answers?.file { return AnswerMutation.mutations(of: file.text) }
        if file.name == pipeline?.policy { return PolicyMutation.mutations(of: file.text) }
        return QueryMutation.mutations(of: file.text)
    }

    /// Rules that one file may hold.
    static let maximumRules = 100
    /// Seconds between evaluations that a group may ask for at least.
    static let shortestInterval: Int64 = 15_000

    /// What is wrong with a file of rules that is to tell somebody.
    static func faults(inAlerts text: String, _ file: String) -> [Lab.ConfigurationError] {
        let faults = faults(inRules: text, file)
        guard faults.isEmpty, let rules = try? RuleFile(text),
            !rules.groups.contains(where: { $0.rules.contains(where: \.isAlert) })
        else { return faults }
        let message = "has no alerting rule ('alert:'): nobody would be told of anything"
        return [Lab.ConfigurationError(file: file, message: message)]
    }

    /// What is wrong with a file of rules, with Prometheus' texts; and what is asked for here beyond them.
    static func faults(inRules text: String, _ file: String) -> [Lab.ConfigurationError] {
        let rules: RuleFile
        do { rules = try RuleFile(text) } catch {
            return error.errors.map {
                Lab.ConfigurationError(file: file, line: $0.line ?? 0, path: $0.field, message: $0.message)
            }
        }
        var faults: [Lab.ConfigurationError] = []
        let all = rules.groups.flatMap(\.rules)
        if all.count > maximumRules {
            faults.append(
                Lab.ConfigurationError(
                    file: file, message: "has \(all.count) rules; \(maximumRules) are more than any answer needs"))
        }
        for group in rules.groups {
            if let interval = group.interval, interval < shortestInterval {
                faults.append(
                    Lab.ConfigurationError(
                        file: file, path: "groups",
                        message: "group \(group.name): an interval below 15s sees no more than one of 15s"))
            }
        }
        for rule in all where rule.expression.mayLookAhead {
            faults.append(
                Lab.ConfigurationError(
                    file: file, line: rule.line, path: rule.name,
                    message:
                        "looks at a fixed time or ahead ('@', a negative or computed offset, 'smoothed'), where a rule finds nothing: the future is not there when it is evaluated"
                ))
        }
        return faults
    }
}
