/// Runs a test file and tells what did not come out as expected.
///
/// The settings are those of Prometheus' own suite: look-back 5 m, everything experimental on, metric names dropped at the
/// end of a query, start timestamps counted.
public struct PromQLTestRunner {
    /// An evaluation that did not come out as expected.
    public struct Mismatch: Sendable, CustomStringConvertible {
        public let line: Int
        public let query: String
        public let message: String
        public var description: String { "line \(line): \(query): \(message)" }
    }

    private var store = TimeSeriesStore()
    private let engine: QueryEngine
    /// The evaluations that ran.
    public private(set) var evaluations = 0

    public init() {
        var options = QueryEngine.Options()
        options.parser = .everything
        options.delayedNameRemoval = true
        options.startTimestamps = true
        engine = QueryEngine(options: options)
    }

    /// Runs all commands of a file.
    public mutating func run(_ file: PromQLTestFile) -> [Mismatch] {
        var mismatches: [Mismatch] = []
        for command in file.commands {
            switch command {
            case .clear: store = TimeSeriesStore()
            case .load(let load):
                if let message = self.load(load) {
                    mismatches.append(Mismatch(line: load.line, query: "load", message: message))
                }
            case .evaluate(let evaluation):
                evaluations += 1
                if let message = check(evaluation) {
                    mismatches.append(Mismatch(line: evaluation.line, query: evaluation.query, message: message))
                }
            }
        }
        return mismatches
    }

    // MARK: Loading

    private mutating func load(_ load: PromQLTestFile.Load) -> String? {
        // A later line of the same series replaces an earlier one.
        var byLabels: [Labels: SeriesNotation] = [:]
        var order: [Labels] = []
        for series in load.series {
            if byLabels.updateValue(series, forKey: series.labels) == nil { order.append(series.labels) }
        }
        for labels in order {
            guard let series = byLabels[labels] else { continue }
            for (index, item) in series.items.enumerated() {
                let time = Int64(index) * load.step
                do throws(AppendError) {
                    switch item {
                    case .omitted: continue
                    case .float(let value):
                        if let offset = load.start(of: labels, at: index) {
                            try store.append(labels, time: time, value: value, start: time + offset)
                        } else {
                            try store.append(labels, time: time, value: value)
                        }
                    case .histogram(let histogram, _):
                        try store.append(labels, time: time, histogram: histogram.compacted)
                    }
                } catch {
                    return "\(labels) at \(PrometheusDuration.format(time)): \(error)"
                }
            }
        }
        if load.withCustomBuckets {
            for (labels, samples) in CustomBuckets.histograms(of: order.compactMap { byLabels[$0] }, step: load.step) {
                for sample in samples {
                    do throws(AppendError) {
                        try store.append(labels, time: sample.time, histogram: sample.histogram)
                    } catch {
                        return "\(labels): \(error)"
                    }
                }
            }
        }
        return nil
    }

    // MARK: Checking

    private func check(_ evaluation: PromQLTestFile.Evaluation) -> String? {
        let result: QueryResult
        do throws(QueryError) {
            result =
                evaluation.isRange
                ? try engine.range(
                    evaluation.query, in: store, from: evaluation.start, through: evaluation.end, step: evaluation.step)
                : try engine.instant(evaluation.query, in: store, at: evaluation.start)
        } catch {
            return failureMismatch(evaluation, error.description)
        }
        for expectation in evaluation.expectations {
            if case .fail = expectation { return "expected an error, but the query succeeded" }
        }
        if let message = remarkMismatch(evaluation, result) { return message }
        if let message = valueMismatch(evaluation, result) { return message }
        return evaluation.isRange ? nil : asRange(evaluation) ?? atOtherTimes(evaluation)
    }

    private static func matches(_ match: PromQLTestFile.TextMatch, _ text: String) -> Bool {
        switch match {
        case .exactly(let wanted):
            return wanted == text || wanted == PromQLTestRunner.withoutPlace(text)
        case .matching(let pattern):
            guard let regex = try? AnchoredRegex(".*(?:\(pattern)).*") else { return false }
            return regex.matches(text) || regex.matches(PromQLTestRunner.withoutPlace(text))
        }
    }

    /// A remark without its place at the end, such as ` (1:25)`, which most files leave out.
    private static func withoutPlace(_ text: String) -> String {
        guard text.hasSuffix(")"), let open = text.lastIndex(of: "("), open > text.startIndex else { return text }
        let place = text[open...].dropFirst().dropLast()
        let before = text.index(before: open)
        guard text[before] == " ", place.contains(":"), place.allSatisfy({ $0.isNumber || $0 == ":" }) else {
            return text
        }
        return String(text[..<before])
    }

    private func failureMismatch(_ evaluation: PromQLTestFile.Evaluation, _ error: String) -> String? {
        var expected = false
        for case .fail(let match) in evaluation.expectations {
            expected = true
            if let match, !PromQLTestRunner.matches(match, error) { return "expected the error \(match), got \(error)" }
        }
        return expected ? nil : "unexpected error: \(error)"
    }

    /// Without expectations of a kind its remarks do not matter; with some, all must be expected and all expected occur.
    private func remarkMismatch(_ evaluation: PromQLTestFile.Evaluation, _ result: QueryResult) -> String? {
        var warnings: [PromQLTestFile.TextMatch?] = []
        var infos: [PromQLTestFile.TextMatch?] = []
        for expectation in evaluation.expectations {
            switch expectation {
            case .warn(let match): warnings.append(match)
            case .info(let match): infos.append(match)
            case .noWarn: if !result.warnings.isEmpty { return "unexpected warnings \(result.warnings)" }
            case .noInfo: if !result.infos.isEmpty { return "unexpected infos \(result.infos)" }
            default: break
            }
        }
        for (kind, expected, actual) in [("warning", warnings, result.warnings), ("info", infos, result.infos)]
        where !expected.isEmpty {
            if actual.isEmpty { return "expected \(kind) annotations, got none" }
            for match in expected {
                if let match, !actual.contains(where: { PromQLTestRunner.matches(match, $0) }) {
                    return "expected the \(kind) \(match), got \(actual)"
                }
            }
            for text in actual
            where !expected.contains(where: { $0.map { PromQLTestRunner.matches($0, text) } ?? true }) {
                return "unexpected \(kind) \(text)"
            }
        }
        return nil
    }

    private func valueMismatch(_ evaluation: PromQLTestFile.Evaluation, _ result: QueryResult) -> String? {
        for expectation in evaluation.expectations {
            if case .string(let text) = expectation {
                guard case .string(let actual) = result.value else { return "expected a string" }
                return actual == text ? nil : "expected \(GoQuote.quote(text)), got \(GoQuote.quote(actual))"
            }
        }
        switch result.value {
        case .string(let text): return "unexpected string \(GoQuote.quote(text))"
        case .scalar(let value):
            guard let expected = evaluation.scalar else { return "unexpected scalar \(value)" }
            return Quantile.almostEqual(expected, value, 1e-6) ? nil : "expected \(expected), got \(value)"
        case .vector(let elements):
            if evaluation.scalar != nil { return "expected a scalar, got a vector" }
            return vectorMismatch(evaluation, elements)
        case .matrix(let series):
            var (start, step, isExpected) = (evaluation.start, evaluation.step, false)
            for expectation in evaluation.expectations {
                if case .rangeVector(let from, _, let every) = expectation {
                    (start, step, isExpected) = (from, every, true)
                }
            }
            if step == 0, !isExpected { return "unexpected range vector" }
            if zip(series, series.dropFirst()).contains(where: { Labels.compare($0.labels, $1.labels) > 0 }) {
                return "the series are not sorted by their labels"
            }
            return matrixMismatch(evaluation, series, start: start, step: step)
        }
    }

    private func vectorMismatch(_ evaluation: PromQLTestFile.Evaluation, _ elements: [VectorElement]) -> String? {
        let ordered = evaluation.expectations.contains(.ordered)
        var expected = evaluation.series
        for (place, element) in elements.enumerated() {
            guard
                let index = ordered
                    ? (place < evaluation.series.count ? place : nil)
                    : expected.firstIndex(where: { $0.labels == element.labels })
            else { return "unexpected series \(element.labels) \(PromQLTestRunner.text(element.value))" }
            let wanted = ordered ? evaluation.series[index] : expected[index]
            if wanted.labels != element.labels {
                return "expected \(wanted.labels) in place \(place + 1), got \(element.labels)"
            }
            guard wanted.items.count == 1 else { return "an instant query needs exactly one value a series" }
            if !PromQLTestRunner.same(wanted.items[0], element.value) {
                return "expected \(wanted.items[0]) for \(element.labels), got \(PromQLTestRunner.text(element.value))"
            }
            if !ordered { expected.remove(at: index) }
        }
        if ordered ? elements.count < evaluation.series.count : !expected.isEmpty {
            return "missing series \((ordered ? evaluation.series[elements.count] : expected[0]).labels)"
        }
        return nil
    }

    private func matrixMismatch(
        _ evaluation: PromQLTestFile.Evaluation, _ series: [MatrixSeries], start: Int64, step: Int64
    ) -> String? {
        var expected = evaluation.series
        for one in series {
            guard let index = expected.firstIndex(where: { $0.labels == one.labels }) else {
                return "unexpected series \(one.labels)"
            }
            let wanted = expected.remove(at: index)
            var points: [Int64: PointValue] = [:]
            for sample in one.floats { points[sample.time] = .float(sample.value) }
            for sample in one.histograms { points[sample.time] = .histogram(sample.histogram) }
            for (place, item) in wanted.items.enumerated() {
                let time = start + Int64(place) * step
                let point = points.removeValue(forKey: time)
                if case .omitted = item {
                    if let point {
                        return
                            "unexpected value \(PromQLTestRunner.text(point)) of \(one.labels) at \(PrometheusDuration.format(time))"
                    }
                    continue
                }
                guard let point else {
                    return "no value of \(one.labels) at \(PrometheusDuration.format(time)), expected \(item)"
                }
                if !PromQLTestRunner.same(item, point) {
                    return
                        "expected \(item) for \(one.labels) at \(PrometheusDuration.format(time)), got \(PromQLTestRunner.text(point))"
                }
            }
            if let time = points.keys.min() {
                return "unexpected value of \(one.labels) at \(PrometheusDuration.format(time))"
            }
        }
        return expected.first.map { "missing series \($0.labels)" }
    }

    private static func text(_ point: PointValue) -> String {
        switch point {
        case .float(let value): GoFloat.general(value)
        case .histogram(let histogram): "\(histogram) (schema \(histogram.schema), \(histogram.counterResetHint))"
        }
    }

    private static func same(_ expected: SeriesNotation.Item, _ actual: PointValue) -> Bool {
        switch (expected, actual) {
        case (.float(let a), .float(let b)): return Quantile.almostEqual(a, b, 1e-6)
        case (.histogram(let a, let hint), .histogram(let b)):
            func buckets(_ a: [NativeHistogram.Bucket], _ b: [NativeHistogram.Bucket]) -> Bool {
                a.count == b.count
                    && zip(a, b).allSatisfy { $0.index == $1.index && Quantile.almostEqual($0.count, $1.count, 1e-6) }
            }
            let (x, y) = (a.compacted, b.compacted)
            return x.schema == y.schema && Quantile.almostEqual(x.count, y.count, 1e-6)
                && Quantile.almostEqual(x.sum, y.sum, 1e-6)
                && x.zeroThreshold == y.zeroThreshold && Quantile.almostEqual(x.zeroCount, y.zeroCount, 1e-6)
                && buckets(x.positive, y.positive) && buckets(x.negative, y.negative)
                && x.customBounds == y.customBounds
                && (!hint || x.counterResetHint == y.counterResetHint)
        default: return false
        }
    }

    // MARK: The same in other ways

    /// The instant query as the middle of a range of three steps.
    private func asRange(_ evaluation: PromQLTestFile.Evaluation) -> String? {
        let text = evaluation.query
        let special = ["start()", "end()", "range()", "step()"].contains { text.contains($0) }
        for expectation in evaluation.expectations {
            switch expectation {
            case .ordered, .string, .rangeVector: return nil
            default: break
            }
        }
        guard !special, let expression = try? PromQLParser.parse(text, options: engine.options.parser),
            expression.type == .vector || expression.type == .scalar
        else { return nil }
        let result: QueryResult
        do throws(QueryError) {
            result = try engine.range(
                text, in: store, from: evaluation.start - 60_000, through: evaluation.start + 60_000, step: 60_000)
        } catch {
            return "as a range query: unexpected error: \(error)"
        }
        guard case .matrix(let series) = result.value else { return "as a range query: no range vector" }
        let middle = series.compactMap { one -> VectorElement? in
            if let sample = one.floats.first(where: { $0.time == evaluation.start }) {
                return VectorElement(labels: one.labels, value: .float(sample.value))
            }
            return one.histograms.first { $0.time == evaluation.start }.map {
                VectorElement(labels: one.labels, value: .histogram($0.histogram))
            }
        }
        if let scalar = evaluation.scalar {
            guard let first = middle.first, case .float(let value) = first.value,
                Quantile.almostEqual(scalar, value, 1e-6)
            else {
                return "as a range query: expected \(scalar)"
            }
            return nil
        }
        return vectorMismatch(evaluation, middle).map { "as a range query: \($0)" }
    }

    /// The instant query with every selector fixed to its time by `@`, evaluated at other times.
    private func atOtherTimes(_ evaluation: PromQLTestFile.Evaluation) -> String? {
        let time = evaluation.start
        guard let expression = try? PromQLParser.parse(evaluation.query, options: engine.options.parser),
            let fixed = expression.fixed(to: time)
        else { return nil }
        let times = time == 0 ? [-1000, 0, 1000] : [-10 * time, 0, time / 5, time, 10 * time]
        for other in times {
            let result: QueryResult
            do throws(QueryError) {
                result = try engine.instant(fixed, query: evaluation.query, in: store, at: other)
            } catch {
                return "with @ \(time) at \(PrometheusDuration.format(other)): unexpected error: \(error)"
            }
            guard case .vector = result.value else { return nil }
            if let message = valueMismatch(evaluation, result) {
                return "with @ \(time) at \(PrometheusDuration.format(other)): \(message)"
            }
        }
        return nil
    }
}

extension AtModifier? {
    /// A written time stays; `start()` and `end()` of an instant query are its own time.
    fileprivate func fixed(to time: Int64) -> AtModifier {
        if case .time(let written) = self { return .time(written) }
        return .time(time)
    }
}

extension Expression {
    /// With `@ time` on every selector that has none; nil if the value depends on the evaluation's time anyway.
    func fixed(to time: Int64) -> Expression? {
        switch self {
        case .number, .string: return self
        case .vector(var selector):
            selector.at = selector.at.fixed(to: time)
            return .vector(selector)
        case .matrix(var matrix):
            matrix.selector.at = matrix.selector.at.fixed(to: time)
            return .matrix(matrix)
        case .subquery(var subquery):
            guard let inner = subquery.expression.containsTime ? nil : subquery.expression as Expression? else {
                return nil
            }
            // The inside of a subquery has its own times; only the subquery itself is fixed.
            subquery.expression = inner
            subquery.at = subquery.at.fixed(to: time)
            return .subquery(subquery)
        case .paren(let inner, let range): return inner.fixed(to: time).map { .paren($0, range) }
        case .stepInvariant(let inner): return inner.fixed(to: time)
        case .unary(var unary):
            guard let operand = unary.operand.fixed(to: time) else { return nil }
            unary.operand = operand
            return .unary(unary)
        case .binary(var binary):
            guard let left = binary.left.fixed(to: time), let right = binary.right.fixed(to: time) else { return nil }
            binary.left = left
            binary.right = right
            return .binary(binary)
        case .aggregation(var aggregation):
            guard let inner = aggregation.expression.fixed(to: time) else { return nil }
            aggregation.expression = inner
            if let parameter = aggregation.parameter {
                guard let fixed = parameter.fixed(to: time) else { return nil }
                aggregation.parameter = fixed
            }
            return .aggregation(aggregation)
        case .call(var call):
            if call.function.dependsOnEvaluationTime
                || ["start", "end", "step", "range", "info"].contains(call.function.name)
            {
                return nil
            }
            for place in call.arguments.indices {
                guard let argument = call.arguments[place].fixed(to: time) else { return nil }
                call.arguments[place] = argument
            }
            return .call(call)
        }
    }

    private var containsTime: Bool {
        switch self {
        case .number, .string, .vector, .matrix: false
        case .subquery(let subquery): subquery.expression.containsTime
        case .paren(let inner, _), .stepInvariant(let inner): inner.containsTime
        case .unary(let unary): unary.operand.containsTime
        case .binary(let binary): binary.left.containsTime || binary.right.containsTime
        case .aggregation(let aggregation):
            aggregation.expression.containsTime || (aggregation.parameter?.containsTime ?? false)
        case .call(let call):
            call.function.dependsOnEvaluationTime || ["start", "end", "step", "range"].contains(call.function.name)
                || call.arguments.contains(where: \.containsTime)
        }
    }
}
