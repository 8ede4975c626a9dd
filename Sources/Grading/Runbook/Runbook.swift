import Lab
import Monitoring
import PromQL
import Simulation

/// What is done when the page comes, as a learner hands it in: a decision tree of looks and actions that runs without
/// anybody.
///
///     apiVersion: kubelab.dev/v1
///     kind: Runbook
///     spec:
///       steps:
///         - name: errors
///           promql: sum(rate(http_requests_total{app="web", code=~"5.."}[1m]))
///           when: "> 0.1"
///           then: undo
///         - end: nothing that this runbook knows
///         - {name: undo, rollback: Deployment/web}
public struct Runbook: Sendable, Equatable {
    public var steps: [RunbookStep]

    /// Most steps of a document; a decision tree that a person reads has a tenth of it.
    static let mostSteps = 200
    /// Most bytes of a query.
    static let longestQuery = 2_000

    private struct Spec: DocumentSpec {
        static let kind = "Runbook"
        var steps: [RunbookStep]

        enum CodingKeys: String, CodingKey, CaseIterable { case steps }

        init(from decoder: any Decoder) throws {
            let container = try decoder.strict(CodingKeys.self)
            var list = try container.nestedUnkeyedContainer(forKey: .steps)
            try container.require(
                (1...Runbook.mostSteps).contains(list.count ?? 0), .steps,
                "a runbook has between 1 and \(Runbook.mostSteps) steps; this one has \(list.count ?? 0)")
            steps = []
            while !list.isAtEnd { steps.append(try list.decode(RunbookStep.self)) }
        }
    }

    /// Reads a runbook: queries that can be parsed, steps that lead somewhere.
    /// - Parameter deployments: the names of those that there are to act on; nil where that is not known.
    /// - Throws: `ConfigurationError` with file, line and field path.
    public init(parsing text: String, file: String, deployments: [String]? = nil) throws {
        let source = try ConfigurationSource(file: file, text: text)
        steps = try source.spec(Spec.self).steps
        let names = steps.map(\.name)
        for (index, step) in steps.enumerated() {
            let path = "spec.steps[\(index)]"
            if !step.name.isEmpty, names[..<index].contains(step.name) {
                throw source.error(path + ".name", "\"\(step.name)\" is there twice")
            }
            for (field, target) in [("then", step.then), ("else", step.otherwise)] {
                guard let target, target != RunbookStep.endTarget, !names.contains(target) else { continue }
                throw source.error(
                    "\(path).\(field)",
                    "there is no step \"\(target)\"; there are \((names.filter { !$0.isEmpty } + [RunbookStep.endTarget]).joined(separator: ", "))"
                )
            }
            switch step.deed {
            case .promql(let query):
                do throws(ParseError) { _ = try PromQLParser.parse(query) } catch {
                    throw source.error(path + ".promql", error.description)
                }
            case .logql(let query):
                do throws(LogQLError) { _ = try LogQLEngine.isMetric(query) } catch {
                    throw source.error(path + ".logql", "\(error)")
                }
            case .action(let action):
                guard let deployments, !deployments.contains(action.deployment) else { continue }
                throw source.error(
                    "\(path).\(action.field)",
                    "there is no Deployment \"\(action.deployment)\"; there are \(deployments.joined(separator: ", "))")
            case .wait, .end: break
            }
        }
    }

    /// The place of a step; nil for the end.
    func place(_ target: String?, after index: Int) -> Int? {
        guard let target else { return index + 1 < steps.count ? index + 1 : nil }
        return target == RunbookStep.endTarget ? nil : steps.firstIndex { $0.name == target }
    }
}

/// A change of the cluster, as a person on call makes it with kubectl.
public enum RunbookAction: Sendable, Equatable {
    /// `kubectl rollout restart`.
    case restart(String)
    /// `kubectl rollout undo`: to the previous revision.
    case rollback(String)
    /// `kubectl scale`.
    case scale(String, Int)

    /// The Deployment that it changes.
    public var deployment: String {
        switch self {
        case .restart(let name), .rollback(let name), .scale(let name, _): name
        }
    }

    /// The field of a step that says it.
    var field: String {
        switch self {
        case .restart: "restart"
        case .rollback: "rollback"
        case .scale: "scale"
        }
    }

    /// The words behind `kubectl`.
    var arguments: [String] {
        switch self {
        case .restart(let name): ["rollout", "restart", "deployment/\(name)"]
        case .rollback(let name): ["rollout", "undo", "deployment/\(name)"]
        case .scale(let name, let count): ["scale", "deployment/\(name)", "--replicas=\(count)"]
        }
    }

    /// As one says it: `rollback gateway`.
    public var words: String {
        switch self {
        case .restart(let name): "restart \(name)"
        case .rollback(let name): "roll \(name) back"
        case .scale(let name, let count): "scale \(name) to \(count)"
        }
    }
}

/// One step of a runbook.
public struct RunbookStep: Sendable, Equatable, Decodable {
    /// What it does.
    public enum Deed: Sendable, Equatable {
        case promql(String)
        case logql(String)
        case action(RunbookAction)
        case wait(Duration)
        /// Leaves the rest to people, and says why.
        case end(String)
    }

    /// What `then` and `else` may name beside steps.
    static let endTarget = "end"

    public var name: String
    public var deed: Deed
    public var condition: LookCondition
    /// The step that follows if the condition holds, or after an action; nil for the next one.
    public var then: String?
    /// The step that follows if it does not; nil for the next one.
    public var otherwise: String?

    enum CodingKeys: String, CodingKey, CaseIterable {
        case name, promql, logql, when, then, `else`, restart, rollback, scale, wait, end
    }

    private struct Scale: Decodable {
        var deployment: String
        var replicas: Int
        enum CodingKeys: String, CodingKey, CaseIterable { case deployment, replicas }

        init(from decoder: any Decoder) throws {
            let container = try decoder.strict(CodingKeys.self)
            deployment = try container.decode(String.self, forKey: .deployment)
            replicas = try container.decode(Int.self, forKey: .replicas)
            try container.require(RunbookStep.isName(deployment), .deployment, "must be the name of a Deployment")
            try container.require((0...20).contains(replicas), .replicas, "must be between 0 and 20")
        }
    }

    /// A name as Kubernetes has them, so that it is no flag of kubectl.
    private static func isName(_ text: String) -> Bool {
        !text.isEmpty && text.utf8.count <= 63 && text.utf8.first != 45
            && text.utf8.allSatisfy { (97...122).contains($0) || (48...57).contains($0) || $0 == 45 }
    }

    public init(from decoder: any Decoder) throws {
        let container = try decoder.strict(CodingKeys.self)
        name = try container.decodeIfPresent(String.self, forKey: .name) ?? ""
        then = try container.decodeIfPresent(String.self, forKey: .then)
        otherwise = try container.decodeIfPresent(String.self, forKey: .else)
        let kinds: [CodingKeys] = [.promql, .logql, .restart, .rollback, .scale, .wait, .end]
        let given = kinds.filter(container.contains)
        guard let kind = given.first, given.count == 1 else {
            throw DecodingError.dataCorrupted(
                DecodingError.Context(
                    codingPath: decoder.codingPath,
                    debugDescription:
                        "a step does one thing of \(kinds.map(\.stringValue).joined(separator: ", ")); this one has \(given.isEmpty ? "none" : given.map(\.stringValue).joined(separator: " and "))"
                ))
        }
        func workload() throws -> String {
            let parts = try container.decode(String.self, forKey: kind).split(
                separator: "/", omittingEmptySubsequences: false)
            try container.require(
                parts.count == 2 && parts[0] == "Deployment" && Self.isName(String(parts[1])), kind,
                "is written Deployment/NAME")
            return String(parts[1])
        }
        switch kind {
        case .restart: deed = .action(.restart(try workload()))
        case .rollback: deed = .action(.rollback(try workload()))
        case .scale:
            let scale = try container.decode(Scale.self, forKey: .scale)
            deed = .action(.scale(scale.deployment, scale.replicas))
        case .wait:
            let time = try container.decode(Duration.self, forKey: .wait)
            try container.require(time >= .seconds(1) && time <= .hours(1), .wait, "must be between 1s and 1h")
            deed = .wait(time)
        case .end: deed = .end(try container.decode(String.self, forKey: .end))
        default:
            let query = try container.decode(String.self, forKey: kind)
            try container.require(
                query.utf8.count <= Runbook.longestQuery, kind, "is longer than \(Runbook.longestQuery) bytes")
            deed = kind == .promql ? .promql(query) : .logql(query)
        }
        let isLook = kind == .promql || kind == .logql
        try container.require(
            isLook || !container.contains(.when), .when,
            "only a look has a condition; this step is a \(kind.stringValue)")
        try container.require(
            isLook || otherwise == nil, .else, "only a look decides; this step is a \(kind.stringValue)")
        try container.require(name != Self.endTarget, .name, "\"end\" is the end of the runbook, not a step")
        let text = try container.decodeIfPresent(String.self, forKey: .when) ?? "not empty"
        guard let condition = LookCondition(parsing: text) else {
            throw DecodingError.dataCorruptedError(
                forKey: .when, in: container,
                debugDescription:
                    "\"\(text)\" is no condition: write a comparison such as \"> 0.05\", or \"empty\" or \"not empty\"")
        }
        self.condition = condition
    }
}

/// What must be so of a look's answer.
public enum LookCondition: Sendable, Equatable {
    case empty
    case notEmpty
    /// At least one number of the answer compares so; `NaN` does not.
    case any(String, Double)

    init?(parsing text: String) {
        let words = text.split(separator: " ").map(String.init)
        switch words {
        case ["empty"]: self = .empty
        case ["not", "empty"]: self = .notEmpty
        default:
            let compact = words.joined()
            guard let sign = [">=", "<=", "==", "!=", ">", "<"].first(where: compact.hasPrefix),
                let number = Double(compact.dropFirst(sign.count)), number.isFinite
            else { return nil }
            self = .any(sign, number)
        }
    }

    /// Whether it holds for the numbers of an answer; lines of logs are counted as one number.
    func holds(_ values: [Double]) -> Bool {
        switch self {
        case .empty: return values.isEmpty
        case .notEmpty: return !values.isEmpty
        case .any(let sign, let number):
            guard let comparison = Comparison(rawValue: sign) else { return false }
            return values.contains { !$0.isNaN && comparison.holds($0, number) }
        }
    }

    /// As it is written.
    var text: String {
        switch self {
        case .empty: "empty"
        case .notEmpty: "not empty"
        case .any(let sign, let number): "\(sign) \(GoFloat.fixed(number))"
        }
    }
}
