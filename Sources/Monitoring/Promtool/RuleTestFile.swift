import KubernetesAPI
import PromQL

/// A file of unit tests of rules, as `promtool test rules` reads it. Times are milliseconds.
struct RuleTestFile {
    struct ExpectedAlert {
        var labels: Labels
        var annotations: Labels
    }

    struct AlertTest {
        var time: Int64
        var name: String
        var alerts: [ExpectedAlert]
    }

    struct ExpectedSample {
        var labels: Labels
        var value: Double
    }

    struct ExpressionTest {
        var expr: String
        var time: Int64
        var samples: [ExpectedSample]
    }

    struct Test {
        var name: String
        var interval: Int64
        var start: Int64
        var series: [SeriesNotation]
        var alerts: [AlertTest]
        var expressions: [ExpressionTest]
        var externalLabels: Labels
        var externalURL: String

        /// How long it goes on.
        var end: Int64 { (alerts.map(\.time) + expressions.map(\.time)).max() ?? 0 }
    }

    var ruleFiles: [String] = []
    var evaluationInterval: Int64 = 60_000
    var groupOrder: [String] = []
    /// Whether values may differ in their last bit.
    var isFuzzy = false
    var tests: [Test] = []

    private static let fields: Set<String> = [
        "rule_files", "evaluation_interval", "group_eval_order", "tests", "fuzzy_compare",
    ]
    private static let testFields: Set<String> = [
        "name", "interval", "input_series", "alert_rule_test", "promql_expr_test", "external_labels", "external_url",
        "start_timestamp",
    ]

    init(_ text: String) throws(ConfigurationError) {
        let documents: [YAMLDocument]
        do { documents = try YAMLReader.documents(text) } catch {
            throw ConfigurationError(message: error.message, line: error.line, column: error.column, field: "")
        }
        guard let document = documents.first, document.value != .null else { return }
        var reader = StrictReader(document, text: text)
        guard let root = reader.section(document.value, at: "", type: "main.unitTestFile", fields: Self.fields) else {
            try reader.finish()
            return
        }
        ruleFiles = reader.strings(root, "rule_files") ?? []
        evaluationInterval = try reader.duration(root, "evaluation_interval") ?? 60_000
        if evaluationInterval <= 0 { evaluationInterval = 60_000 }
        groupOrder = reader.strings(root, "group_eval_order") ?? []
        isFuzzy = reader.bool(root, "fuzzy_compare") ?? false
        for (value, path) in reader.list(root, "tests", type: "[]main.testGroup") {
            if let section = reader.section(value, at: path, type: "main.testGroup", fields: Self.testFields) {
                tests.append(try test(section, &reader))
            }
        }
        try reader.finish()
    }

    private func test(_ section: StrictReader.Section, _ reader: inout StrictReader) throws(ConfigurationError) -> Test
    {
        var test = Test(
            name: reader.string(section, "name") ?? "",
            interval: try reader.duration(section, "interval") ?? evaluationInterval, start: 0, series: [], alerts: [],
            expressions: [],
            externalLabels: try reader.labels(section, "external_labels", type: "map[string]string"),
            externalURL: reader.string(section, "external_url") ?? "")
        if test.interval <= 0 { test.interval = evaluationInterval }
        if let text = reader.string(section, "start_timestamp") {
            if let seconds = GoFloat.parse(text), abs(seconds) < 9e15 {
                test.start = Int64(seconds * 1000)
            } else if let parsed = CivilTime.parse(text) {
                test.start = parsed.seconds * 1000
            } else {
                throw reader.failure(
                    "start_timestamp: \(text) is neither seconds nor a time", at: section.path(of: "start_timestamp"))
            }
        }
        for (value, path) in reader.list(section, "input_series", type: "[]main.series") {
            guard let one = reader.section(value, at: path, type: "main.series", fields: ["series", "values"]) else {
                continue
            }
            let text = (reader.string(one, "series") ?? "") + " " + (reader.string(one, "values") ?? "")
            do throws(SeriesNotation.Failure) { test.series.append(try SeriesNotation(text)) } catch {
                throw reader.failure("error parsing series \(GoQuote.quote(text)): \(error)", at: path)
            }
        }
        for (value, path) in reader.list(section, "alert_rule_test", type: "[]main.alertTestCase") {
            if let one = reader.section(
                value, at: path, type: "main.alertTestCase", fields: ["eval_time", "alertname", "exp_alerts"])
            {
                test.alerts.append(try alertTest(one, &reader))
            }
        }
        for (value, path) in reader.list(section, "promql_expr_test", type: "[]main.promqlTestCase") {
            if let one = reader.section(
                value, at: path, type: "main.promqlTestCase", fields: ["expr", "eval_time", "exp_samples"])
            {
                test.expressions.append(try expressionTest(one, &reader))
            }
        }
        return test
    }

    private func alertTest(_ section: StrictReader.Section, _ reader: inout StrictReader) throws(ConfigurationError)
        -> AlertTest
    {
        var test = AlertTest(
            time: try reader.duration(section, "eval_time") ?? 0, name: reader.string(section, "alertname") ?? "",
            alerts: [])
        guard !test.name.isEmpty else {
            throw reader.failure(
                "an item under alert_rule_test misses required attribute alertname at eval_time \(PrometheusDuration.format(test.time))",
                at: section.path)
        }
        for (value, path) in reader.list(section, "exp_alerts", type: "[]main.alert") {
            guard
                let one = reader.section(
                    value, at: path, type: "main.alert", fields: ["exp_labels", "exp_annotations"])
            else { continue }
            test.alerts.append(
                ExpectedAlert(
                    labels: Labels(texts(one, "exp_labels", &reader)).setting("alertname", to: test.name),
                    annotations: Labels(texts(one, "exp_annotations", &reader))))
        }
        return test
    }

    private func texts(_ section: StrictReader.Section, _ field: String, _ reader: inout StrictReader) -> [Label] {
        guard let members = section.value[field]?.object else { return [] }
        var pairs: [Label] = []
        for (name, value) in members {
            if let text = reader.string(value, at: section.path(of: field) + "." + name) {
                pairs.append(Label(name, text))
            }
        }
        return pairs
    }

    private func expressionTest(_ section: StrictReader.Section, _ reader: inout StrictReader)
        throws(ConfigurationError)
        -> ExpressionTest
    {
        var test = ExpressionTest(
            expr: reader.string(section, "expr") ?? "", time: try reader.duration(section, "eval_time") ?? 0,
            samples: [])
        for (value, path) in reader.list(section, "exp_samples", type: "[]main.sample") {
            guard
                let one = reader.section(
                    value, at: path, type: "main.sample", fields: ["labels", "value", "histogram"])
            else { continue }
            guard !one.has("histogram") else {
                throw reader.failure("histograms are not compared here", at: one.path(of: "histogram"))
            }
            let text = reader.string(one, "labels") ?? "{}"
            let labels: Labels
            do throws(SeriesNotation.Failure) { labels = try SeriesNotation.labels(text.isEmpty ? "{}" : text) } catch {
                throw reader.failure("labels \(GoQuote.quote(text)): \(error)", at: one.path(of: "labels"))
            }
            let number = reader.string(one, "value") ?? "0"
            guard let value = GoFloat.parse(number) else {
                throw reader.failure("\(GoQuote.quote(number)) is no number", at: one.path(of: "value"))
            }
            test.samples.append(ExpectedSample(labels: labels, value: value))
        }
        return test
    }
}
