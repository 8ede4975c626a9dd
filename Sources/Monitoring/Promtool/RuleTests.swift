import PromQL

extension Promtool {
    /// `promtool test rules FILE…`: loads each test's series, evaluates the rules of its files step by step, and compares
    /// what fires and what expressions give with what is expected.
    public static func testRules(_ names: [String], _ files: Files) -> Output {
        var output = Output()
        for name in names {
            output.text += "Unit Testing:  \(name)\n"
            guard let contents = files.read(name) else {
                output.errors += "  FAILED:\nopen \(name): no such file or directory\n"
                output.text += "\n"
                output.exitCode = 1
                continue
            }
            var failures: [String] = []
            do throws(ConfigurationError) {
                let file = try RuleTestFile(contents)
                failures = try run(file, folder: folder(of: name), files, &output)
            } catch { failures = [error.message.hasPrefix("yaml: ") ? error.message : error.description] }
            if failures.isEmpty {
                output.text += "  SUCCESS\n"
            } else {
                // The real tool ends each failure with a line on standard output.
                output.errors += "  FAILED:\n" + failures.map { $0 + "\n" }.joined()
                output.text += String(repeating: "\n", count: failures.count)
                output.exitCode = 1
            }
            output.text += "\n"
        }
        return output
    }

    private static func folder(of name: String) -> String {
        name.lastIndex(of: "/").map { String(name[...$0]) } ?? ""
    }

    private static func run(
        _ file: RuleTestFile, folder: String, _ files: Files, _ output: inout Output
    ) throws(ConfigurationError) -> [String] {
        var rules: [(name: String, file: RuleFile)] = []
        var failures: [String] = []
        for pattern in file.ruleFiles {
            let path = pattern.hasPrefix("/") ? pattern : folder + pattern
            let found = path.contains("*") ? files.match(path) : [path].filter { files.read($0) != nil }
            if found.isEmpty { output.errors += "  WARNING: no file match pattern \(path)\n" }
            for name in found {
                do throws(RuleFile.Failure) { rules.append((name, try RuleFile(files.read(name) ?? ""))) } catch {
                    failures += error.texts.map { "\(name): \($0)" }
                }
            }
        }
        guard failures.isEmpty else { return failures }
        var problems: [String] = []
        for test in file.tests {
            let found = RuleTestRun(file, test, rules).problems()
            if !found.isEmpty, !test.name.isEmpty { problems.append("    name: \(test.name),") }
            problems += found
        }
        return problems
    }
}

/// One test group: its series, its rules, and the loop over its steps.
private struct RuleTestRun {
    let file: RuleTestFile
    let test: RuleTestFile.Test
    let rules: [(name: String, file: RuleFile)]

    init(_ file: RuleTestFile, _ test: RuleTestFile.Test, _ rules: [(name: String, file: RuleFile)]) {
        self.file = file
        self.test = test
        self.rules = rules
    }

    /// Most evaluations of one test.
    private static let maximumSteps = 200_000

    func problems() -> [String] {
        var store = TimeSeriesStore()
        var groups = rules.flatMap { name, file in
            file.groups.map { RuleGroup($0, file: name, interval: self.file.evaluationInterval) }
        }
        let order = file.groupOrder
        if !order.isEmpty {
            groups = groups.enumerated().sorted { left, right in
                let (a, b) = (order.firstIndex(of: left.element.name), order.firstIndex(of: right.element.name))
                return (a ?? order.count, left.offset) < (b ?? order.count, right.offset)
            }.map(\.element)
        }
        let context = RuleGroup.Context(
            externalLabels: test.externalLabels, externalURL: test.externalURL)
        guard test.end / file.evaluationInterval <= Self.maximumSteps else {
            return ["    the test takes more than \(Self.maximumSteps) evaluations"]
        }
        var problems: [String] = []
        var loaded = [Int](repeating: 0, count: test.series.count)
        let alertTests = test.alerts.enumerated().sorted { ($0.element.time, $0.offset) < ($1.element.time, $1.offset) }
            .map(\.element)
        var next = 0
        var step: Int64 = 0
        while step <= test.end {
            load(upTo: step, &loaded, &store)
            for index in groups.indices {
                _ = groups[index].evaluate(slot: test.start + step, in: &store, context)
                for rule in groups[index].rules where rule.health == .err {
                    return problems + [
                        "    rule: \(rule.description.name), time: \(PrometheusDuration.format(step)), err: \(rule.lastError)"
                    ]
                }
            }
            while next < alertTests.count, alertTests[next].time < step + file.evaluationInterval {
                if let problem = compare(alertTests[next], groups) { problems.append(problem) }
                next += 1
            }
            step += file.evaluationInterval
        }
        load(upTo: .max, &loaded, &store)
        let engine = QueryEngine()
        for expression in test.expressions {
            if let problem = compare(expression, engine, store) { problems.append(problem) }
        }
        return problems
    }

    private func load(upTo time: Int64, _ loaded: inout [Int], _ store: inout TimeSeriesStore) {
        for (place, series) in test.series.enumerated() {
            while loaded[place] < series.items.count, Int64(loaded[place]) * test.interval <= time {
                let at = test.start + Int64(loaded[place]) * test.interval
                switch series.items[loaded[place]] {
                case .omitted: break
                case .float(let value): try? store.append(series.labels, time: at, value: value)
                case .histogram(let histogram, _): try? store.append(series.labels, time: at, histogram: histogram)
                }
                loaded[place] += 1
            }
        }
    }

    // MARK: Alerts

    private func compare(_ expected: RuleTestFile.AlertTest, _ groups: [RuleGroup]) -> String? {
        let rules = groups.flatMap(\.rules).filter { $0.description.isAlert && $0.description.name == expected.name }
        let firing = rules.flatMap(\.alerts).filter { $0.state == .firing }.map {
            RuleTestFile.ExpectedAlert(labels: $0.labels, annotations: $0.annotations)
        }
        let (got, wanted) = (sorted(firing), sorted(expected.alerts))
        let areEqual =
            got.count == wanted.count
            && zip(got, wanted).allSatisfy { $0.labels == $1.labels && $0.annotations == $1.annotations }
        guard !areEqual else { return nil }
        return "    alertname: \(expected.name), time: \(PrometheusDuration.format(expected.time)), \n"
            + "        exp:\(text(wanted)), \n        got:\(text(got))"
    }

    private func sorted(_ alerts: [RuleTestFile.ExpectedAlert]) -> [RuleTestFile.ExpectedAlert] {
        alerts.sorted { left, right in
            let order = Labels.compare(left.labels, right.labels)
            return order == 0 ? Labels.compare(left.annotations, right.annotations) < 0 : order < 0
        }
    }

    private func text(_ alerts: [RuleTestFile.ExpectedAlert]) -> String {
        if alerts.isEmpty { return "[]" }
        return "[\n"
            + alerts.enumerated().map { index, alert in
                "            \(index):\n              Labels:\(alert.labels)\n              Annotations:\(alert.annotations)\n"
            }.joined() + "            ]"
    }

    // MARK: Expressions

    private func compare(_ expected: RuleTestFile.ExpressionTest, _ engine: QueryEngine, _ store: TimeSeriesStore)
        -> String?
    {
        let head = "    expr: \(GoQuote.quote(expected.expr)), time: \(PrometheusDuration.format(expected.time)),"
        var got: [RuleTestFile.ExpectedSample] = []
        do throws(QueryError) {
            switch try engine.instant(expected.expr, in: store, at: test.start + expected.time).value {
            case .vector(let elements):
                for element in elements {
                    guard case .float(let value) = element.value else {
                        return head + " err: histograms are not compared here"
                    }
                    got.append(RuleTestFile.ExpectedSample(labels: element.labels, value: value))
                }
            case .scalar(let value): got = [RuleTestFile.ExpectedSample(labels: .empty, value: value)]
            case .string, .matrix: return head + " err: rule result is not a vector or scalar"
            }
        } catch { return head + " err: \(error)" }
        func sorted(_ samples: [RuleTestFile.ExpectedSample]) -> [RuleTestFile.ExpectedSample] {
            samples.sorted { Labels.compare($0.labels, $1.labels) < 0 }
        }
        let (found, wanted) = (sorted(got), sorted(expected.samples))
        let areEqual =
            found.count == wanted.count
            && zip(found, wanted).allSatisfy { $0.labels == $1.labels && isEqual($0.value, $1.value) }
        guard !areEqual else { return nil }
        return head + "\n        exp: \(text(wanted))\n        got: \(text(found))"
    }

    private func isEqual(_ left: Double, _ right: Double) -> Bool {
        if left == right || (left.isNaN && right.isNaN) { return true }
        guard file.isFuzzy else { return false }
        return left.nextUp == right || left.nextDown == right
    }

    private func text(_ samples: [RuleTestFile.ExpectedSample]) -> String {
        if samples.isEmpty { return "nil" }
        return samples.map { "\($0.labels.quoted) \(exponent($0.value))" }.joined(separator: ", ")
    }

    /// `%E` of the shortest digits: `1.5E+00`.
    private func exponent(_ value: Double) -> String {
        GoFloat.exponential(value).uppercased().replacing("INF", with: "Inf").replacing("NAN", with: "NaN")
    }
}

extension Labels {
    /// In braces, the metric's name as a label like the others.
    fileprivate var quoted: String {
        "{" + pairs.map { "\($0.name)=\(GoQuote.quote($0.value))" }.joined(separator: ", ") + "}"
    }
}
