import KubernetesAPI
import PromQL

/// Rules of a service level objective, with the names, labels and windows that Sloth gives them.
public enum ServiceLevelRules {
    /// A rule file with three groups for each objective: the indicator over each window, the budget, the alerts.
    public static func file(_ objectives: [ServiceLevelObjective]) -> String {
        let groups = objectives.flatMap { [indicators($0), budget($0)] + (alerts($0).map { [$0] } ?? []) }
        return YAMLWriter.text(["groups": .array(groups)])
    }

    static func window(_ minutes: Int) -> String {
        if minutes % 1_440 == 0 { return "\(minutes / 1_440)d" }
        return minutes % 60 == 0 ? "\(minutes / 60)h" : "\(minutes)m"
    }

    private static func selector(_ objective: ServiceLevelObjective) -> String {
        "{sloth_id=\(GoQuote.quote(objective.id)), sloth_service=\(GoQuote.quote(objective.service)), sloth_slo=\(GoQuote.quote(objective.name))}"
    }

    private static func labels(
        _ objective: ServiceLevelObjective, _ extra: [(name: String, value: String)] = []
    ) -> JSONValue {
        object(
            objective.labels + [
                ("sloth_id", objective.id), ("sloth_service", objective.service), ("sloth_slo", objective.name),
            ] + extra)
    }

    private static func object(_ pairs: [(name: String, value: String)]) -> JSONValue {
        guard case .object(var members) = JSONValue.object([:]) else { return [:] }
        for pair in pairs { members[pair.name] = .string(pair.value) }
        return .object(members)
    }

    private static func group(_ name: String, _ objective: ServiceLevelObjective, _ rules: [JSONValue]) -> JSONValue {
        ["name": .string("sloth-slo-\(name)-\(objective.id)"), "rules": .array(rules)]
    }

    private static func record(_ name: String, _ expr: String, _ labels: JSONValue) -> JSONValue {
        ["record": .string(name), "expr": .string(expr), "labels": labels]
    }

    private static func indicators(_ objective: ServiceLevelObjective) -> JSONValue {
        let minutes = Set(BurnRateWindow.usual.flatMap { [$0.short, $0.long] }).sorted()
        var rules = minutes.map { minutes -> JSONValue in
            let window = window(minutes)
            let expr: String
            switch objective.indicator {
            case .events(let bad, let total):
                expr = "(\(bad))\n/\n(\(total))".replacing("{{.window}}", with: window)
            case .ratio(let ratio): expr = "(\(ratio))".replacing("{{.window}}", with: window)
            }
            return record(
                "slo:sli_error:ratio_rate\(window)", expr, labels(objective, [("sloth_window", window)]))
        }
        let period = "\(objective.days)d"
        let source = "slo:sli_error:ratio_rate5m\(selector(objective))[\(period)]"
        rules.append(
            record(
                "slo:sli_error:ratio_rate\(period)",
                "sum_over_time(\(source))\n/ ignoring (sloth_window)\ncount_over_time(\(source))",
                labels(objective, [("sloth_window", period)])))
        return group("sli-recordings", objective, rules)
    }

    private static func budget(_ objective: ServiceLevelObjective) -> JSONValue {
        let own = labels(objective)
        let selector = selector(objective)
        let ratio = GoFloat.fixed(objective.objective / 100)
        let period = "\(objective.days)d"
        func burn(_ window: String) -> String {
            "slo:sli_error:ratio_rate\(window)\(selector)\n/ on(sloth_id, sloth_slo, sloth_service) group_left\nslo:error_budget:ratio\(selector)"
        }
        return group(
            "meta-recordings", objective,
            [
                record("slo:objective:ratio", "vector(\(ratio))", own),
                record("slo:error_budget:ratio", "vector(1-\(ratio))", own),
                record("slo:time_period:days", "vector(\(objective.days))", own),
                record("slo:current_burn_rate:ratio", burn("5m"), own),
                record("slo:period_burn_rate:ratio", burn(period), own),
                record(
                    "slo:period_error_budget_remaining:ratio", "1 - slo:period_burn_rate:ratio\(selector)", own),
                record(
                    "sloth_slo_info", "vector(1)",
                    labels(
                        objective,
                        [
                            ("sloth_mode", "kubelab"), ("sloth_objective", GoFloat.fixed(objective.objective)),
                            ("sloth_spec", "prometheus/v1"), ("sloth_version", "kubelab"),
                        ])),
            ])
    }

    private static func alerts(_ objective: ServiceLevelObjective) -> JSONValue? {
        guard !objective.alertName.isEmpty else { return nil }
        let selector = selector(objective)
        var rules: [JSONValue] = []
        for (severity, settings) in [(BurnRateWindow.Severity.page, objective.page), (.ticket, objective.ticket)]
        where !settings.isDisabled {
            let parts = BurnRateWindow.usual.filter { $0.severity == severity }.map { pair in
                let bound = "(\(GoFloat.fixed(pair.factor(days: objective.days))) * \(GoFloat.fixed(objective.budget)))"
                func side(_ minutes: Int) -> String {
                    "    max(slo:sli_error:ratio_rate\(window(minutes))\(selector) > \(bound)) without (sloth_window)"
                }
                return "(\n\(side(pair.short))\n    and\n\(side(pair.long))\n)"
            }
            rules.append([
                "alert": .string(objective.alertName), "expr": .string(parts.joined(separator: "\nor\n")),
                "labels": object(settings.labels + [("sloth_severity", severity.rawValue)]),
                "annotations": object(
                    [
                        (
                            "summary",
                            "{{$labels.sloth_service}} {{$labels.sloth_slo}} SLO error budget burn rate is over expected."
                        ),
                        (
                            "title",
                            "(\(severity.rawValue)) {{$labels.sloth_service}} {{$labels.sloth_slo}} SLO error budget burn rate is too fast."
                        ),
                    ] + settings.annotations),
            ])
        }
        return rules.isEmpty ? nil : group("alerts", objective, rules)
    }
}
