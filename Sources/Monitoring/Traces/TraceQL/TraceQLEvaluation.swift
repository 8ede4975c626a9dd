import OpenTelemetry

/// Spans of one trace that belong together, in the trace's order, with what the pipeline has said of them.
struct TraceQLSpanset {
    /// Places in the trace, ascending.
    var spans: [Int]
    /// `count()` and the like, and `by(…)`, each with its value.
    var attributes: [TraceQLMatch.Value] = []
}

/// Runs a pipeline over one trace.
struct TraceQLEvaluation {
    private let spans: TraceQLSpans

    init(_ trace: Trace) { spans = TraceQLSpans(trace) }

    func value(_ field: TraceQLField, _ index: Int) -> TraceQLValue { spans.value(field, index) }

    /// What is left of all spans of the trace; empty if it does not match.
    func run(_ stages: [TraceQLStage]) -> [TraceQLSpanset] {
        run(stages, [TraceQLSpanset(spans: Array(spans.trace.spans.indices))])
    }

    private func run(_ stages: [TraceQLStage], _ input: [TraceQLSpanset]) -> [TraceQLSpanset] {
        stages.reduce(input) { sets, stage in sets.isEmpty ? [] : run(stage, sets) }
    }

    private func run(_ stage: TraceQLStage, _ input: [TraceQLSpanset]) -> [TraceQLSpanset] {
        switch stage {
        case .filter(let field):
            guard let field else { return input }
            return input.compactMap { set in
                var kept = set
                kept.spans = set.spans.filter { spans.isTrue(field, $0) }
                return kept.spans.isEmpty ? nil : kept
            }
        case .pipeline(let stages): return run(stages, input)
        case .operation(let sign, let left, let right):
            return input.compactMap { set in
                let a = Set(run(left, [set]).flatMap(\.spans))
                let b = Set(run(right, [set]).flatMap(\.spans))
                var result = set
                result.spans = combine(sign, a, b).sorted()
                return result.spans.isEmpty ? nil : result
            }
        case .scalarFilter(let sign, let left, let right):
            return input.compactMap { set in
                let values = (scalar(left, set), scalar(right, set))
                guard TraceQLOperation.compare(sign, values.0, values.1) else { return nil }
                var kept = set
                for (scalar, value) in [(left, values.0), (right, values.1)] {
                    if case .literal = scalar { continue }
                    kept.attributes.append(TraceQLMatch.Value(name: scalar.text, value: value))
                }
                return kept
            }
        case .group(let field): return input.flatMap { group($0, by: field) }
        case .coalesce: return [TraceQLSpanset(spans: Set(input.flatMap(\.spans)).sorted())]
        case .select: return input
        }
    }

    /// Groups in the order in which their first span stands in the trace.
    private func group(_ set: TraceQLSpanset, by field: TraceQLField) -> [TraceQLSpanset] {
        var groups: [TraceQLSpanset] = []
        var places: [String: Int] = [:]
        for index in set.spans {
            let value = spans.value(field, index)
            let key = "\(value.type) \(value.text)"
            if let place = places[key] {
                groups[place].spans.append(index)
            } else {
                places[key] = groups.count
                let label = TraceQLMatch.Value(name: "by(\(field.text))", value: value)
                groups.append(TraceQLSpanset(spans: [index], attributes: set.attributes + [label]))
            }
        }
        return groups
    }

    private func combine(_ sign: String, _ left: Set<Int>, _ right: Set<Int>) -> Set<Int> {
        switch sign {
        case "||": return left.union(right)
        case "&&": return left.isEmpty || right.isEmpty ? [] : left.union(right)
        default: break
        }
        let relation = sign.drop { $0 == "!" || $0 == "&" }
        let related = self.related(String(relation), left, right)
        if sign.hasPrefix("!") { return right.subtracting(related) }
        guard sign.hasPrefix("&") else { return related }
        let mirrored = [">": "<", "<": ">", ">>": "<<", "<<": ">>"][String(relation)] ?? "~"
        return related.union(self.related(mirrored, right, left))
    }

    /// The spans on the right that stand in this relation to one on the left.
    private func related(_ relation: String, _ left: Set<Int>, _ right: Set<Int>) -> Set<Int> {
        switch relation {
        case ">": return right.filter { index in spans.parents[index].map { left.contains($0) } ?? false }
        case "<":
            let parents = Set(left.compactMap { spans.parents[$0] })
            return right.intersection(parents)
        case ">>": return right.intersection(descendants(of: left))
        case "<<": return right.intersection(ancestors(of: left))
        default:
            var families: [Int: Int] = [:]
            for index in left {
                if let parent = spans.parents[index] { families[parent, default: 0] += 1 }
            }
            return right.filter { index in
                guard let parent = spans.parents[index] else { return false }
                return families[parent, default: 0] > (left.contains(index) ? 1 : 0)
            }
        }
    }

    private func ancestors(of some: Set<Int>) -> Set<Int> {
        var found: Set<Int> = []
        for index in some {
            var next = spans.parents[index]
            while let place = next, found.insert(place).inserted { next = spans.parents[place] }
        }
        return found
    }

    /// Each span is looked at once, whatever the depth; parents in a circle end the walk.
    private func descendants(of some: Set<Int>) -> Set<Int> {
        var children = [[Int]](repeating: [], count: spans.parents.count)
        for (index, parent) in spans.parents.enumerated() {
            if let parent { children[parent].append(index) }
        }
        var found: Set<Int> = []
        var open = Array(some)
        while let index = open.popLast() {
            for child in children[index] where found.insert(child).inserted { open.append(child) }
        }
        return found
    }

    private func scalar(_ scalar: TraceQLScalar, _ set: TraceQLSpanset) -> TraceQLValue {
        switch scalar {
        case .literal(let value): return value
        case .count: return .int(Int64(set.spans.count))
        case .binary(let sign, let left, let right):
            return TraceQLOperation.arithmetic(sign, self.scalar(left, set), self.scalar(right, set))
        case .aggregate(let name, let field):
            let values = set.spans.map { spans.value(field, $0) }.filter { $0.number != nil }
            guard let first = values.first else { return .nil }
            let sum = { values.dropFirst().reduce(first) { TraceQLOperation.arithmetic("+", $0, $1) } }
            switch name {
            case "min": return values.dropFirst().reduce(first) { TraceQLOperation.compare("<", $1, $0) ? $1 : $0 }
            case "max": return values.dropFirst().reduce(first) { TraceQLOperation.compare(">", $1, $0) ? $1 : $0 }
            case "sum": return sum()
            default:
                let total = sum()
                let count = TraceQLValue.float(Double(values.count))
                return TraceQLOperation.arithmetic("/", total, count)
            }
        }
    }
}
