import KubernetesAPI
import Monitoring
import PromQL
import Simulation

/// Recording rules as a hand-in of indicators: the series that Sloth's would record, whoever wrote them.
struct IndicatorRules {
    private let rules: [RuleDescription]
    private let text: String

    /// Whether a text is a file of rules rather than a document of objectives.
    static func isRuleFile(_ text: String) -> Bool {
        (try? YAMLReader.documents(text))?.first?.value["groups"] != nil
    }

    /// - Returns: nil for a text that Prometheus could not read.
    init?(_ text: String) {
        guard let file = try? RuleFile(text) else { return nil }
        rules = file.groups.flatMap(\.rules)
        self.text = text
    }

    /// The share of bad requests over a window.
    static func ratio(_ window: Duration) -> String {
        "slo:sli_error:ratio_rate" + PrometheusDuration.format(Int64(window.seconds) * 1000)
    }

    /// The share of bad requests that is allowed.
    static let budget = "slo:error_budget:ratio"

    /// The series that are read where there are windows of some lengths.
    static func names(_ windows: [Duration]) -> [String] { windows.map(ratio) + [budget] }

    /// The series that an objective needs and no rule records.
    func missing(_ goal: IndicatorGoal, _ windows: [Duration]) -> [String] {
        var missing: [String] = []
        for name in Self.names(windows)
        where recording(name, goal.name).isEmpty && !missing.contains(Self.series(name, goal)) {
            missing.append(Self.series(name, goal))
        }
        return missing
    }

    private static func series(_ name: String, _ goal: IndicatorGoal) -> String {
        "\(name){sloth_slo=\"\(goal.name)\"}"
    }

    private func recording(_ name: String, _ objective: String) -> [RuleDescription] {
        rules.filter { !$0.isAlert && $0.name == name && $0.labels["sloth_slo"] == objective }
    }

    /// What the rules that record a series ask for.
    func expressions(_ name: String, _ objective: String) -> [PromQL.Expression] {
        recording(name, objective).map(\.expression)
    }

    /// The same as text.
    func queries(_ name: String, _ objective: String) -> [String] { recording(name, objective).map(\.expr) }

    /// The names that rules of some names read, and those that the rules read that write them, and so on; nil for all.
    private func readNames(from names: [String]) -> Set<String>? {
        var found: Set<String> = []
        var open = names
        while let name = open.popLast() {
            for selector in rules.filter({ $0.name == name }).flatMap(\.expression.selectors) {
                guard let read = selector.metricName else { return nil }
                if found.insert(read).inserted { open.append(read) }
            }
        }
        return found
    }

    /// The store with what rules of some names read of other rules, as it would have been recorded from the first sample
    /// on.
    ///
    /// What only the judge reads is evaluated at the moments at which it is read, which gives the same and costs little.
    func recordings(
        for names: [String], in store: TimeSeriesStore, interval: Int64, workBudget: Int
    ) -> TimeSeriesStore {
        let read = readNames(from: names)
        guard let document = (try? YAMLReader.documents(text))?.first?.value, let range = store.timeRange,
            rules.contains(where: { read?.contains($0.name) ?? true })
        else { return store }
        let groups = (document["groups"]?.array ?? []).map { group -> JSONValue in
            let kept = (group["rules"]?.array ?? []).filter { rule in
                guard let name = rule["record"]?.string else { return false }
                return read?.contains(name) ?? true
            }
            return group.setting([.member("rules")], to: .array(kept))
        }
        let needed = document.setting([.member("groups")], to: .array(groups))
        guard let file = try? RuleFile(String(decoding: needed.compactBytes, as: UTF8.self)) else { return store }
        var options = QueryEngine.Options()
        options.defaultSubqueryStep = interval
        options.workBudget = workBudget
        let backfill = RuleBackfill(
            [(name: "rules", file: file)], interval: interval, engine: QueryEngine(options: options))
        return backfill.run(over: store, from: range.lowerBound, through: range.upperBound).store
    }

    /// What a rule would record at a moment.
    /// - Returns: nil if it would record nothing.
    /// - Throws: where the rule fails, or several series come out.
    func value(
        _ name: String, _ objective: String, at time: Int64, in store: TimeSeriesStore, engine: QueryEngine
    ) throws(QueryError) -> Double? {
        var found: [Double] = []
        for rule in recording(name, objective) {
            switch try engine.instant(rule.expression, query: rule.expr, in: store, at: time).value {
            case .scalar(let value): found.append(value)
            case .vector(let elements):
                for element in elements {
                    if case .float(let value) = element.value { found.append(value) }
                }
            case .string, .matrix: throw .execution("the rule \(name) gives no number")
            }
        }
        guard found.count <= 1 else {
            throw .execution("\(name) has \(found.count) series and not one: sum them up")
        }
        return found.first.flatMap { $0.isFinite ? $0 : nil }
    }
}
