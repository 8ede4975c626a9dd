extension BinaryOperator {
    /// The value of arithmetic, and for comparisons whether they hold.
    @inline(__always)
    func apply(_ left: Double, _ right: Double) -> (value: Double, keep: Bool) {
        switch self {
        case .add: (left + right, true)
        case .subtract: (left - right, true)
        case .multiply: (left * right, true)
        case .divide: (left / right, true)
        case .modulo: (GoMath.mod(left, right), true)
        case .power: (GoMath.pow(left, right), true)
        case .atan2: (GoMath.atan2(left, right), true)
        case .equal: (left, left == right)
        case .notEqual: (left, left != right)
        case .less: (left, left < right)
        case .lessOrEqual: (left, left <= right)
        case .greater: (left, left > right)
        case .greaterOrEqual: (left, left >= right)
        case .and, .or, .unless: (left, true)
        // Only native histograms can be trimmed.
        case .trimUpper, .trimLower: (left, false)
        }
    }
}

extension Evaluator {
    func binary(_ binary: BinaryExpression) throws(QueryError) -> Evaluated {
        let left = try evaluate(binary.left)
        let right = try evaluate(binary.right)
        let range = Expression.binary(binary).range
        switch (left, right) {
        case (.scalar(let a), .scalar(let b)):
            if binary.op.isTrim {
                throw .execution("operator \(GoQuote.quote(binary.op.rawValue)) not allowed for Scalar operations")
            }
            return .scalar(
                (0..<steps).map { step in
                    let (value, keep) = binary.op.apply(a[step], b[step])
                    return binary.op.isComparison ? (keep ? 1 : 0) : value
                })
        case (.vector(let grids), .scalar(let values)):
            return .vector(try withScalar(binary, grids, values, swapped: false, range))
        case (.scalar(let values), .vector(let grids)):
            return .vector(try withScalar(binary, grids, values, swapped: true, range))
        case (.vector(let a), .vector(let b)):
            guard let matching = binary.matching else { throw .execution("unexpected operands") }
            return .vector(
                binary.op.isSet ? set(binary.op, a, b, matching) : try matched(binary, a, b, matching, range))
        default: throw .execution("unexpected type string")
        }
    }

    private func withScalar(
        _ binary: BinaryExpression, _ grids: [Grid], _ scalars: [Double], swapped: Bool, _ range: SourceRange
    ) throws(QueryError) -> [Grid] {
        let op = binary.op
        var out: [Grid] = []
        out.reserveCapacity(grids.count)
        for grid in grids {
            var result = op.changesMetric || binary.returnsBool ? renamed(grid) : grid
            for step in 0..<steps {
                if grid.hasFloat(step), op.isTrim {
                    annotations.add(.incompatibleTypes("float", op.rawValue, "float", range))
                    result.values[step] = Grid.absent
                } else if grid.hasFloat(step) {
                    let value = grid.values[step]
                    let (computed, keep) = swapped ? op.apply(scalars[step], value) : op.apply(value, scalars[step])
                    if binary.returnsBool {
                        result.values[step] = keep ? 1 : 0
                    } else if !keep {
                        result.values[step] = Grid.absent
                    } else {
                        result.values[step] = op.isComparison ? value : computed
                    }
                } else if let histogram = grid.histogram(step) {
                    result.histograms[step] = nil
                    switch (op, swapped) {
                    case (.multiply, _): result.histograms[step] = histogram.multiplied(by: scalars[step])
                    case (.divide, false): result.histograms[step] = histogram.divided(by: scalars[step])
                    case (.trimUpper, false), (.trimLower, false):
                        result.histograms[step] = histogram.trimmed(at: scalars[step], keepingLower: op == .trimUpper)
                    default:
                        annotations.add(
                            .incompatibleTypes(
                                swapped ? "float" : "histogram", op.rawValue, swapped ? "histogram" : "float", range))
                    }
                }
            }
            if !result.isEmpty { out.append(result) }
        }
        return op.changesMetric || binary.returnsBool ? try merged(out) : out
    }

    /// Numbers the match groups of series: equal numbers match.
    private func groups(_ sides: [[Grid]], _ matching: VectorMatching) -> (groups: [[Int]], count: Int) {
        var numbers: [Labels: Int] = [:]
        let excluded = matching.labels + [Labels.metricName]
        var out: [[Int]] = []
        for side in sides {
            out.append(
                side.map { grid in
                    let key = matching.on ? grid.labels.keeping(matching.labels) : grid.labels.removing(excluded)
                    if let known = numbers[key] { return known }
                    numbers[key] = numbers.count
                    return numbers.count - 1
                })
        }
        return (out, numbers.count)
    }

    /// `and`, `or` and `unless`.
    private func set(_ op: BinaryOperator, _ left: [Grid], _ right: [Grid], _ matching: VectorMatching) -> [Grid] {
        let (numbers, count) = groups([left, right], matching)
        func presence(_ grids: [Grid], _ numbers: [Int]) -> [[Bool]] {
            var present = [[Bool]](repeating: [Bool](repeating: false, count: steps), count: count)
            for (place, grid) in grids.enumerated() {
                for step in 0..<steps where grid.has(step) { present[numbers[place]][step] = true }
            }
            return present
        }
        func filtered(_ grid: Grid, _ keep: (Int) -> Bool) -> Grid? {
            var result = grid
            for step in 0..<steps where !keep(step) {
                result.values[step] = Grid.absent
                if !result.histograms.isEmpty { result.histograms[step] = nil }
            }
            return result.isEmpty ? nil : result
        }
        switch op {
        case .or:
            let present = presence(left, numbers[0])
            let added = right.enumerated().compactMap { place, grid in
                filtered(grid) { !present[numbers[1][place]][$0] }
            }
            return union(left, added)
        default:
            let present = presence(right, numbers[1])
            return left.enumerated().compactMap { place, grid in
                filtered(grid) { present[numbers[0][place]][$0] == (op == .and) }
            }
        }
    }

    /// Both lists; a series of the second that has the labels of one of the first goes on in it where that has nothing.
    private func union(_ left: [Grid], _ right: [Grid]) -> [Grid] {
        if steps == 1 { return left + right }
        var out = left
        var places: [Labels: Int] = [:]
        for (place, grid) in left.enumerated() { places[grid.labels] = place }
        for grid in right {
            guard let place = places[grid.labels] else {
                out.append(grid)
                continue
            }
            for step in 0..<steps where !out[place].has(step) {
                if let point = grid.point(step) { out[place].set(step, point) }
            }
        }
        return out
    }

    private struct Pair: Hashable {
        let many: Int
        let one: Int
    }

    /// Arithmetic and comparisons of two vectors.
    private func matched(
        _ binary: BinaryExpression, _ left: [Grid], _ right: [Grid], _ matching: VectorMatching, _ range: SourceRange
    ) throws(QueryError) -> [Grid] {
        let swapped = matching.cardinality == .oneToMany
        let many = swapped ? right : left
        let one = swapped ? left : right
        let (numbers, count) = groups([many, one], matching)
        var onesByGroup = [[Int]](repeating: [], count: count)
        for (place, number) in numbers[1].enumerated() { onesByGroup[number].append(place) }
        var results: [Pair: Int] = [:]
        var out: [Grid] = []

        // With group_right too, `fill_left` stands for what is missing on the many side: the real engine swaps the sides
        // and not the values.
        let fillMany = matching.fillLeft
        let fillOne = matching.fillRight
        let fills = fillMany != nil || fillOne != nil

        // Two series of the one side at once are an error whether or not anything matches them.
        let crowded = onesByGroup.filter { $0.count > 1 }
        for step in 0..<steps where !crowded.isEmpty && (fills || many.contains { $0.has(step) }) {
            for candidates in crowded {
                let present = candidates.filter { one[$0].has(step) }
                guard present.count > 1 else { continue }
                let labels = one[present[1]].labels
                throw .execution(
                    "found duplicate series for the match group \(matchGroup(labels, matching)) on the \(swapped ? "left" : "right") hand-side of the operation: [\(one[present[0]].labels), \(labels)];many-to-many matching not allowed: matching labels must be unique on one side"
                )
            }
        }

        // Which steps of a group have had a match, where several series could.
        let oneToOne = matching.cardinality == .oneToOne
        var manyInGroup = [Int](repeating: 0, count: count)
        for number in numbers[0] { manyInGroup[number] += 1 }
        var taken = manyInGroup.map { members in
            fillMany != nil || (oneToOne && members > 1) ? [Bool](repeating: false, count: steps) : []
        }

        func slot(_ manyPlace: Int, _ onePlace: Int, _ manyLabels: Labels, _ oneLabels: Labels) -> Int {
            let pair = Pair(many: manyPlace, one: onePlace)
            if let known = results[pair] { return known }
            var labels = resultLabels(binary, manyLabels, oneLabels, matching)
            if !options.delayedNameRemoval, binary.returnsBool { labels = labels.withoutMetadata }
            out.append(Grid(labels: labels, dropName: binary.returnsBool, steps: steps))
            results[pair] = out.count - 1
            return out.count - 1
        }

        func compute(_ manyPoint: PointValue, _ onePoint: PointValue, _ step: Int, _ place: Int) throws(QueryError) {
            let (a, b) = swapped ? (onePoint, manyPoint) : (manyPoint, onePoint)
            guard let (value, keep) = combine(binary.op, a, b, range) else { return }
            if binary.returnsBool {
                out[place].values[step] = keep ? 1 : 0
            } else if keep {
                out[place].set(step, value)
            }
        }

        for (manyPlace, grid) in many.enumerated() {
            let number = numbers[0][manyPlace]
            let candidates = onesByGroup[number]
            if candidates.isEmpty && fillOne == nil { continue }
            if !fills, !binary.op.isTrim, candidates.count == 1, taken[number].isEmpty, grid.histograms.isEmpty,
                one[candidates[0]].histograms.isEmpty
            {
                let partner = candidates[0]
                let place = slot(manyPlace, partner, grid.labels, one[partner].labels)
                let (a, b) = swapped ? (one[partner].values, grid.values) : (grid.values, one[partner].values)
                combineFloats(binary, a, b, into: &out[place].values)
                continue
            }
            for step in 0..<steps where grid.has(step) {
                guard let manyPoint = grid.point(step) else { continue }
                var partner = -1
                for candidate in candidates where one[candidate].has(step) {
                    partner = candidate
                    break
                }
                let onePoint: PointValue
                let oneLabels: Labels
                if partner >= 0, let point = one[partner].point(step) {
                    onePoint = point
                    oneLabels = one[partner].labels
                } else if let fillOne {
                    onePoint = .float(fillOne)
                    oneLabels = matchGroup(grid.labels, matching)
                } else {
                    continue
                }
                if oneToOne, !taken[number].isEmpty {
                    if taken[number][step] {
                        throw .execution(
                            "multiple matches for labels: many-to-one matching must be explicit (group_left/group_right)"
                        )
                    }
                }
                if !taken[number].isEmpty { taken[number][step] = true }
                try compute(manyPoint, onePoint, step, slot(manyPlace, partner, grid.labels, oneLabels))
            }
        }
        if let fillMany {
            for (onePlace, grid) in one.enumerated() {
                let number = numbers[1][onePlace]
                for step in 0..<steps where grid.has(step) && !taken[number][step] {
                    guard let point = grid.point(step) else { continue }
                    let labels = matchGroup(grid.labels, matching)
                    try compute(.float(fillMany), point, step, slot(-1 - onePlace, onePlace, labels, grid.labels))
                }
            }
        }
        var kept: [Grid] = []
        for grid in out where !grid.isEmpty { kept.append(grid) }
        release((left.count + right.count) * steps)
        try hold(kept.count * steps)
        do {
            return try joined(kept)
        } catch {
            // Several results of one group that differ in nothing: what the grouping labels must prevent.
            throw oneToOne
                ? error : .execution("multiple matches for labels: grouping labels must ensure unique matches")
        }
    }

    /// The labels that matched.
    private func matchGroup(_ labels: Labels, _ matching: VectorMatching) -> Labels {
        matching.on ? labels.keeping(matching.labels) : labels.removing(matching.labels + [Labels.metricName])
    }

    /// The common case of a pair of series: floats only.
    private func combineFloats(
        _ binary: BinaryExpression, _ left: [Double], _ right: [Double], into out: inout [Double]
    ) {
        for step in 0..<steps where !StaleMarker.isStale(left[step]) && !StaleMarker.isStale(right[step]) {
            let (value, keep) = binary.op.apply(left[step], right[step])
            if binary.returnsBool {
                out[step] = keep ? 1 : 0
            } else if keep {
                out[step] = value
            }
        }
    }

    private func resultLabels(_ binary: BinaryExpression, _ many: Labels, _ one: Labels, _ matching: VectorMatching)
        -> Labels
    {
        var labels = binary.op.changesMetric ? many.withoutMetadata : many
        if matching.cardinality == .oneToOne {
            labels = matching.on ? labels.keeping(matching.labels) : labels.removing(matching.labels)
        }
        for name in matching.include { labels = labels.setting(name, to: one[name]) }
        return labels
    }

    /// One element of each side; nil if the types do not go together.
    private func combine(
        _ op: BinaryOperator, _ left: PointValue, _ right: PointValue, _ range: SourceRange
    ) -> (value: PointValue, keep: Bool)? {
        switch (left, right) {
        case (.float(let a), .float(let b)):
            if op.isTrim {
                annotations.add(.incompatibleTypes("float", op.rawValue, "float", range))
                return nil
            }
            let (value, keep) = op.apply(a, b)
            return (.float(value), keep)
        case (.histogram(let a), .float(let b)):
            if op.isTrim { return (.histogram(a.trimmed(at: b, keepingLower: op == .trimUpper)), true) }
            if op == .multiply { return (.histogram(a.multiplied(by: b)), true) }
            if op == .divide { return (.histogram(a.divided(by: b)), true) }
            annotations.add(.incompatibleTypes("histogram", op.rawValue, "float", range))
        case (.float(let a), .histogram(let b)):
            if op == .multiply { return (.histogram(b.multiplied(by: a)), true) }
            annotations.add(.incompatibleTypes("float", op.rawValue, "histogram", range))
        case (.histogram(let a), .histogram(let b)):
            switch op {
            case .add, .subtract:
                guard let combination = op == .add ? a.combined(b, +) : a.combined(b, -) else {
                    annotations.add(.incompatibleBuckets(op.rawValue, range))
                    return nil
                }
                let operation = op == .add ? "addition" : "subtraction"
                if combination.reconciledBounds { annotations.add(.reconciledBounds(during: operation, range)) }
                if combination.hintsCollide { annotations.add(.counterResetCollision(during: operation, range)) }
                var sum = combination.histogram
                if op == .subtract { sum.counterResetHint = .gauge }
                return (.histogram(sum), true)
            case .equal: return (left, a.sameDistribution(as: b))
            case .notEqual: return (left, !a.sameDistribution(as: b))
            default: annotations.add(.incompatibleTypes("histogram", op.rawValue, "histogram", range))
            }
        }
        return nil
    }
}
