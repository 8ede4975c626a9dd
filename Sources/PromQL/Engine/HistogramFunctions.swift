/// The series of one classic histogram: its buckets, sorted by bound.
private struct ClassicHistogram {
    var labels: Labels
    var dropName: Bool
    var buckets: [(bound: Double, grid: Grid)]
}

extension Evaluator {
    /// Groups series by their labels without `le`; those whose `le` is no number are remarked on.
    private func classicHistograms(_ grids: [Grid], _ range: SourceRange) -> [ClassicHistogram] {
        var places: [Labels: Int] = [:]
        var out: [ClassicHistogram] = []
        for grid in grids {
            guard (0..<steps).contains(where: grid.hasFloat) else { continue }
            let le = grid.labels["le"]
            guard let bound = GoFloat.parse(le) else {
                annotations.add(.badBucketLabel(grid.labels.name, le, range))
                continue
            }
            let signature = grid.labels.removing(["le"])
            if let place = places[signature] {
                out[place].buckets.append((bound, grid))
            } else {
                places[signature] = out.count
                out.append(ClassicHistogram(labels: signature, dropName: grid.dropName, buckets: [(bound, grid)]))
            }
        }
        for place in out.indices { out[place].buckets.sort { $0.bound < $1.bound } }
        return out
    }

    /// `histogram_quantile`, `histogram_quantiles` and `histogram_fraction` over classic and native histograms.
    func histogramShare(_ call: Call) throws(QueryError) -> [Grid] {
        let name = call.function.name
        var parameters: [[Double]] = []
        var parameterRanges: [SourceRange] = []
        let vectorArgument: Expression
        var label = ""
        switch name {
        case "histogram_quantile":
            vectorArgument = call.arguments[1]
            parameters = [try scalar(call.arguments[0])]
            parameterRanges = [call.arguments[0].range]
        case "histogram_fraction":
            vectorArgument = call.arguments[2]
            parameters = [try scalar(call.arguments[0]), try scalar(call.arguments[1])]
        default:
            vectorArgument = call.arguments[0]
            label = try string(call.arguments[1])
            for argument in call.arguments.dropFirst(2) {
                parameters.append(try scalar(argument))
                parameterRanges.append(argument.range)
            }
        }
        if name != "histogram_fraction" {
            for (place, values) in parameters.enumerated() {
                for q in values where q.isNaN || q < 0 || q > 1 {
                    annotations.add(.invalidQuantile(q, parameterRanges[place]))
                }
            }
        }
        let grids = try vector(vectorArgument)
        let classic = classicHistograms(grids, vectorArgument.range)
        var out: [Grid] = []
        let natives = grids.filter { !$0.histograms.isEmpty }
        let rounds = name == "histogram_quantiles" ? parameters.count : 1
        for round in 0..<rounds {
            func named(_ labels: Labels, _ step: Int) -> Labels {
                label.isEmpty ? labels : labels.setting(label, to: Exposition.formatFloat(parameters[round][step]))
            }
            for native in natives {
                var result = renamed(Grid(labels: native.labels, dropName: native.dropName, steps: steps))
                for step in 0..<steps {
                    guard let histogram = native.histogram(step) else { continue }
                    // A classic histogram of the same name and labels at the same time makes both doubtful.
                    if let other = classic.first(where: { $0.labels == native.labels }),
                        other.buckets.contains(where: { $0.grid.hasFloat(step) })
                    {
                        annotations.add(.mixedClassicNative(native.labels.name, vectorArgument.range))
                        continue
                    }
                    let metric = options.delayedNameRemoval ? native.labels.name : ""
                    let place = call.arguments[0].range
                    if name == "histogram_fraction" {
                        let (share, excludesNaN) = histogram.fraction(parameters[0][step], parameters[1][step])
                        if excludesNaN { annotations.add(.fractionOfNaNs(metric, place)) }
                        result.values[step] = share
                        continue
                    }
                    let (value, effect) = histogram.quantile(parameters[round][step])
                    if let effect { annotations.add(.quantileOfNaNs(isNaN: effect == .isNaN, metric, place)) }
                    result.values[step] = value
                }
                result.labels = named(result.labels, 0)
                if !result.isEmpty { out.append(result) }
            }
            for histogram in classic {
                var result = Grid(labels: histogram.labels, dropName: histogram.dropName, steps: steps)
                var buckets: [Quantile.Bucket] = []
                let native = natives.first { $0.labels == histogram.labels }
                for step in 0..<steps {
                    if native?.histogram(step) != nil { continue }
                    buckets.removeAll(keepingCapacity: true)
                    for bucket in histogram.buckets where bucket.grid.hasFloat(step) {
                        buckets.append(Quantile.Bucket(bound: bucket.bound, count: bucket.grid.values[step]))
                    }
                    if buckets.isEmpty { continue }
                    if name == "histogram_fraction" {
                        result.values[step] = Quantile.fraction(buckets, parameters[0][step], parameters[1][step])
                        continue
                    }
                    let (value, repair) = Quantile.ofBuckets(buckets, parameters[round][step])
                    result.values[step] = value
                    if var repair {
                        (repair.firstTime, repair.lastTime) = (time(step), time(step))
                        annotations.add(
                            .forcedMonotonicity(
                                options.delayedNameRemoval ? histogram.labels.name : "", vectorArgument.range, repair))
                    }
                }
                result = renamed(result)
                result.labels = named(result.labels, 0)
                if !result.isEmpty { out.append(result) }
            }
        }
        return try merged(out)
    }

    /// The functions of one native histogram; floats fall away.
    func histogramStatistic(_ call: Call) throws(QueryError) -> [Grid] {
        var out: [Grid] = []
        for grid in try vector(call.arguments[0]) where !grid.histograms.isEmpty {
            var result = renamed(Grid(labels: grid.labels, dropName: grid.dropName, steps: steps))
            for step in 0..<steps {
                guard let histogram = grid.histogram(step) else { continue }
                switch call.function.name {
                case "histogram_count": result.values[step] = histogram.count
                case "histogram_sum": result.values[step] = histogram.sum
                case "histogram_avg": result.values[step] = histogram.sum / histogram.count
                case "histogram_stdvar": result.values[step] = histogram.variance
                default: result.values[step] = histogram.variance.squareRoot()
                }
            }
            if !result.isEmpty { out.append(result) }
        }
        return try merged(out)
    }
}
