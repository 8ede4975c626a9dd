extension Evaluator {
    /// Evaluates an aggregation.
    func aggregate(_ aggregation: Aggregation) throws(QueryError) -> [Grid] {
        if aggregation.op == .countValues { return try countValues(aggregation) }
        let parameter = try aggregation.parameter.map { expression throws(QueryError) in try scalar(expression) }
        let input = try vector(aggregation.expression)
        let before = input.count * steps
        let result: [Grid]
        let (groups, labels) = grouped(input, aggregation)
        switch aggregation.op {
        case .topk, .bottomk, .limitk, .limitRatio:
            result = try choose(aggregation, input, groups, labels.count, parameter ?? [])
        case .quantile:
            result = quantile(aggregation, input, groups, labels, parameter ?? [])
        default:
            result = reduce(aggregation, input, groups, labels)
        }
        release(before)
        try hold(result.count * steps)
        return result
    }

    /// Which group each series belongs to, and the labels of the groups, in order of appearance.
    private func grouped(_ grids: [Grid], _ aggregation: Aggregation) -> (groups: [Int], labels: [Labels]) {
        if !aggregation.without, aggregation.grouping.isEmpty {
            return ([Int](repeating: 0, count: grids.count), grids.isEmpty ? [] : [.empty])
        }
        var numbers: [Labels: Int] = [:]
        var labels: [Labels] = []
        let removed = aggregation.grouping + [Labels.metricName]
        let groups = grids.map { grid in
            let key = aggregation.without ? grid.labels.removing(removed) : grid.labels.keeping(aggregation.grouping)
            if let known = numbers[key] { return known }
            numbers[key] = labels.count
            labels.append(key)
            return labels.count - 1
        }
        return (groups, labels)
    }

    /// `sum`, `avg`, `count`, `min`, `max`, `group`, `stddev`, `stdvar`: one accumulator a group and step.
    private func reduce(_ aggregation: Aggregation, _ input: [Grid], _ groups: [Int], _ labels: [Labels]) -> [Grid] {
        var out: [Grid] = []
        var members = [[Int]](repeating: [], count: labels.count)
        for (place, group) in groups.enumerated() { members[group].append(place) }
        let position = aggregation.expression.range
        for (group, places) in members.enumerated() {
            var result = Grid(labels: labels[group], steps: steps)
            result.dropName = places.contains { input[$0].dropName }
            let hasHistograms = places.contains { !input[$0].histograms.isEmpty }
            if hasHistograms {
                reduceMixed(aggregation, places.map { input[$0] }, &result, position)
            } else {
                reduceFloats(aggregation.op, places.map { input[$0].values }, &result.values)
            }
            if !result.isEmpty { out.append(result) }
        }
        return out
    }

    private func reduceFloats(_ op: Aggregator, _ series: [[Double]], _ out: inout [Double]) {
        switch op {
        case .sum:
            var sums = [CompensatedSum](repeating: CompensatedSum(), count: steps)
            var seen = [Bool](repeating: false, count: steps)
            for values in series {
                values.withUnsafeBufferPointer { values in
                    for step in 0..<steps where !StaleMarker.isStale(values[step]) {
                        if seen[step] {
                            sums[step].add(values[step])
                        } else {
                            seen[step] = true
                            sums[step].sum = values[step]
                        }
                    }
                }
            }
            for step in 0..<steps where seen[step] { out[step] = sums[step].total }
        case .avg:
            var means = [CompensatedMean?](repeating: nil, count: steps)
            for values in series {
                for step in 0..<steps where !StaleMarker.isStale(values[step]) {
                    if means[step] == nil {
                        means[step] = CompensatedMean(values[step])
                    } else {
                        means[step]?.add(values[step])
                    }
                }
            }
            for step in 0..<steps { if let mean = means[step] { out[step] = mean.value } }
        case .stddev, .stdvar:
            var counts = [Double](repeating: 0, count: steps)
            var means = [Double](repeating: 0, count: steps)
            var squares = [Double](repeating: 0, count: steps)
            for values in series {
                for step in 0..<steps where !StaleMarker.isStale(values[step]) {
                    let value = values[step]
                    counts[step] += 1
                    if counts[step] == 1 {
                        means[step] = value
                        squares[step] = value.isFinite ? 0 : .nan
                        continue
                    }
                    let difference = value - means[step]
                    means[step] += difference / counts[step]
                    squares[step] += difference * (value - means[step])
                }
            }
            for step in 0..<steps where counts[step] > 0 {
                let variance = squares[step] / counts[step]
                out[step] = op == .stdvar ? variance : variance.squareRoot()
            }
        default:
            for values in series {
                values.withUnsafeBufferPointer { values in
                    out.withUnsafeMutableBufferPointer { out in
                        for step in 0..<steps where !StaleMarker.isStale(values[step]) {
                            let value = values[step]
                            let first = StaleMarker.isStale(out[step])
                            switch op {
                            case .count: out[step] = first ? 1 : out[step] + 1
                            case .group: out[step] = 1
                            case .max: if first || out[step] < value || out[step].isNaN { out[step] = value }
                            default: if first || out[step] > value || out[step].isNaN { out[step] = value }
                            }
                        }
                    }
                }
            }
        }
    }

    /// The same where native histograms take part.
    private func reduceMixed(
        _ aggregation: Aggregation, _ series: [Grid], _ result: inout Grid, _ position: SourceRange
    ) {
        let op = aggregation.op
        for step in 0..<steps {
            let floats = series.compactMap { $0.hasFloat(step) ? $0.values[step] : nil }
            let histograms = series.compactMap { grid in
                grid.hasFloat(step) ? nil : grid.histogram(step).map { (grid.labels.name, $0) }
            }
            switch op {
            case .count:
                if floats.count + histograms.count > 0 { result.values[step] = Double(floats.count + histograms.count) }
            case .group: if floats.count + histograms.count > 0 { result.values[step] = 1 }
            case .sum, .avg:
                if !floats.isEmpty && !histograms.isEmpty {
                    annotations.add(.mixedFloatsHistogramsInAggregation(position))
                } else if let (_, first) = histograms.first {
                    var total = CompensatedHistogram(first)
                    var mean = CompensatedHistogramMean(first)
                    var compatible = true
                    for (name, histogram) in histograms.dropFirst() {
                        guard let next = op == .avg ? mean.add(histogram) : total.add(histogram) else {
                            annotations.add(.mixedSchemas(name, position))
                            compatible = false
                            break
                        }
                        if next.reconciledBounds { annotations.add(.reconciledBounds(during: "aggregation", position)) }
                    }
                    let hints = Set(histograms.map(\.1.counterResetHint))
                    if hints.contains(.reset), hints.contains(.notReset) {
                        annotations.add(.counterResetCollision(during: "aggregation", position))
                    }
                    if compatible { result.set(step, op == .avg ? mean.mean : total.total) }
                } else if !floats.isEmpty {
                    reduceStep(op, floats, &result.values[step])
                }
            default:
                if !histograms.isEmpty { annotations.add(.histogramIgnored(in: op.rawValue, position)) }
                if !floats.isEmpty { reduceStep(op, floats, &result.values[step]) }
            }
        }
    }

    private func reduceStep(_ op: Aggregator, _ values: [Double], _ out: inout Double) {
        let single = Evaluator(store: TimeSeriesStore(), options: options, start: 0, end: 0, interval: 1)
        var result = [Grid.absent]
        single.reduceFloats(op, values.map { [$0] }, &result)
        out = result[0]
    }

    private func quantile(
        _ aggregation: Aggregation, _ input: [Grid], _ groups: [Int], _ labels: [Labels], _ q: [Double]
    ) -> [Grid] {
        let range = aggregation.parameter?.range ?? aggregation.range
        if q.contains(where: \.isNaN) { annotations.add(.invalidQuantile(.nan, range)) }
        if let most = q.filter({ !$0.isNaN }).max(), most > 1 { annotations.add(.invalidQuantile(most, range)) }
        if let least = q.filter({ !$0.isNaN }).min(), least < 0 { annotations.add(.invalidQuantile(least, range)) }
        var results = labels.map { Grid(labels: $0, steps: steps) }
        for step in 0..<steps {
            var values = [[Double]](repeating: [], count: labels.count)
            for (place, grid) in input.enumerated() {
                if grid.hasFloat(step) {
                    values[groups[place]].append(grid.values[step])
                } else if grid.histogram(step) != nil {
                    annotations.add(.histogramIgnored(in: "quantile", aggregation.expression.range))
                }
            }
            for group in labels.indices where !values[group].isEmpty {
                results[group].values[step] = Quantile.of(values[group], q[step])
            }
        }
        return results.filter { !$0.isEmpty }
    }

    /// `topk`, `bottomk`, `limitk` and `limit_ratio`: some of the input's series at each step.
    private func choose(
        _ aggregation: Aggregation, _ input: [Grid], _ groups: [Int], _ groupCount: Int, _ parameter: [Double]
    ) throws(QueryError) -> [Grid] {
        let ratio = aggregation.op == .limitRatio
        let numbers = parameter.filter { !$0.isNaN }
        let most = numbers.max() ?? -.infinity
        let least = numbers.min() ?? .infinity
        let hasNaN = numbers.count < parameter.count
        let range = aggregation.parameter?.range ?? aggregation.range
        if ratio {
            if hasNaN { throw .execution("Ratio value is NaN") }
            if most == 0 && least == 0 { return [] }
            if most > 1 { annotations.add(.invalidRatio(most, cappedTo: 1, range)) }
            if least < -1 { annotations.add(.invalidRatio(least, cappedTo: -1, range)) }
        } else {
            if hasNaN { throw .execution("Parameter value is NaN") }
            if most < 1 { return [] }
            if least <= -0x1p63 { throw .execution("Scalar value \(GoFloat.general(least)) underflows int64") }
            if most >= 0x1p63 { throw .execution("Scalar value \(GoFloat.general(most)) overflows int64") }
        }
        var kept = [[Bool]](repeating: [], count: input.count)
        for place in input.indices { kept[place] = [Bool](repeating: false, count: steps) }
        var order: [Int] = []
        for step in 0..<steps {
            var members = [[Int]](repeating: [], count: groupCount)
            for (place, grid) in input.enumerated() where grid.has(step) {
                if aggregation.op == .topk || aggregation.op == .bottomk, !grid.hasFloat(step) {
                    annotations.add(.histogramIgnored(in: aggregation.op.rawValue, aggregation.range))
                    continue
                }
                members[groups[place]].append(place)
            }
            for group in members where !group.isEmpty {
                let chosen: [Int]
                switch aggregation.op {
                case .limitRatio:
                    let limit = Swift.max(-1, Swift.min(1, parameter[step]))
                    chosen = group.filter { place in
                        let offset = Double(input[place].labels.hash) / Double(UInt64.max)
                        return limit >= 0 ? offset < limit : offset >= 1 + limit
                    }
                case .limitk: chosen = Array(group.prefix(Int(clamping: parameter[step].saturated)))
                default:
                    let k = Int(clamping: Swift.min(parameter[step].saturated, Int64(input.count)))
                    if k < 1 { continue }
                    chosen = BoundedHeap.choose(group, k, ascending: aggregation.op == .bottomk) {
                        input[$0].values[step]
                    }
                }
                for place in chosen {
                    kept[place][step] = true
                    if steps == 1 { order.append(place) }
                }
            }
        }
        if steps > 1 { order = Array(input.indices) }
        return order.compactMap { place in
            var result = input[place]
            for step in 0..<steps where !kept[place][step] {
                result.values[step] = Grid.absent
                if !result.histograms.isEmpty { result.histograms[step] = nil }
            }
            return result.isEmpty ? nil : result
        }
    }

    private func countValues(_ aggregation: Aggregation) throws(QueryError) -> [Grid] {
        guard let parameter = aggregation.parameter else { return [] }
        let label = try string(parameter)
        if !Labels.isValidName(label) {
            guard case .string(let literal) = parameter.unwrapped else { return [] }
            throw .execution("invalid label name \(literal.quoted)")
        }
        let input = try vector(aggregation.expression)
        let grouping = aggregation.without ? aggregation.grouping + [Labels.metricName] : aggregation.grouping + [label]
        var places: [Labels: Int] = [:]
        var out: [Grid] = []
        for grid in input {
            var cached: (text: String, place: Int)?
            for step in 0..<steps {
                guard let point = grid.point(step) else { continue }
                let text: String
                switch point {
                case .float(let value): text = GoFloat.fixed(value)
                case .histogram(let histogram): text = histogram.description
                }
                let place: Int
                if let cached, cached.text == text {
                    place = cached.place
                } else {
                    let labelled = grid.labels.setting(label, to: text)
                    let key = aggregation.without ? labelled.removing(grouping) : labelled.keeping(grouping)
                    if let known = places[key] {
                        place = known
                    } else {
                        place = out.count
                        places[key] = place
                        out.append(Grid(labels: key, steps: steps))
                        try hold(steps)
                    }
                    cached = (text, place)
                }
                out[place].values[step] = out[place].hasFloat(step) ? out[place].values[step] + 1 : 1
            }
        }
        return out
    }
}

/// The `k` greatest or least of some elements as Go's `container/heap` keeps them, so that equal values stand in the order
/// of the real answer.
enum BoundedHeap {
    static func choose(_ elements: [Int], _ k: Int, ascending: Bool, value: (Int) -> Double) -> [Int] {
        // The element to be replaced first is on top: the least for topk, NaN before all.
        func less(_ a: Int, _ b: Int) -> Bool {
            let (x, y) = (value(a), value(b))
            if x.isNaN { return true }
            return ascending ? x > y : x < y
        }
        var heap: [Int] = []
        func up(_ start: Int) {
            var child = start
            while child > 0 {
                let parent = (child - 1) / 2
                if parent == child || !less(heap[child], heap[parent]) { break }
                heap.swapAt(parent, child)
                child = parent
            }
        }
        func down(_ start: Int) {
            var parent = start
            while true {
                let left = 2 * parent + 1
                if left >= heap.count { break }
                var child = left
                if left + 1 < heap.count, less(heap[left + 1], heap[left]) { child = left + 1 }
                if !less(heap[child], heap[parent]) { break }
                heap.swapAt(parent, child)
                parent = child
            }
        }
        for element in elements {
            if heap.count < k {
                heap.append(element)
                up(heap.count - 1)
                continue
            }
            let top = value(heap[0])
            let candidate = value(element)
            if (ascending ? top > candidate : top < candidate) || (top.isNaN && !candidate.isNaN) {
                heap[0] = element
                if k > 1 { down(0) }
            }
        }
        // Go's insertion sort by the reverse order.
        if heap.count > 12 { return Heap.sorted(heap) { value($1).isNaN ? !value($0).isNaN : less($1, $0) } }
        for place in 1..<max(1, heap.count) {
            var index = place
            while index > 0, less(heap[index - 1], heap[index]) {
                heap.swapAt(index, index - 1)
                index -= 1
            }
        }
        return heap
    }
}
