extension Expression {
    /// Marks the selectors of which only `histogram_count`, `histogram_sum` or `histogram_avg` is taken.
    ///
    /// The real engine reads those without their buckets, and its reader for that compares each sample with the one
    /// before; everywhere else the first sample after a reset says nothing about it, since its chunk may have lost the
    /// chunk before. So remarks on conflicting resets depend on what is asked. A subquery, a trimming operator or a
    /// function of whole histograms anywhere around a selector needs its buckets.
    mutating func markStatisticsSelectors(statistics: Bool = false, buckets: Bool = false) {
        switch self {
        case .number, .string: break
        case .vector(var selector):
            selector.tellsResets = statistics && !buckets
            self = .vector(selector)
        case .matrix(var matrix):
            matrix.selector.tellsResets = statistics && !buckets
            self = .matrix(matrix)
        case .subquery(var subquery):
            subquery.expression.markStatisticsSelectors(statistics: statistics, buckets: true)
            self = .subquery(subquery)
        case .paren(var inner, let range):
            inner.markStatisticsSelectors(statistics: statistics, buckets: buckets)
            self = .paren(inner, range)
        case .stepInvariant(var inner):
            inner.markStatisticsSelectors(statistics: statistics, buckets: buckets)
            self = .stepInvariant(inner)
        case .unary(var unary):
            unary.operand.markStatisticsSelectors(statistics: statistics, buckets: buckets)
            self = .unary(unary)
        case .binary(var binary):
            let trims = buckets || binary.op.isTrim
            binary.left.markStatisticsSelectors(statistics: statistics, buckets: trims)
            binary.right.markStatisticsSelectors(statistics: statistics, buckets: trims)
            self = .binary(binary)
        case .aggregation(var aggregation):
            aggregation.expression.markStatisticsSelectors(statistics: statistics, buckets: buckets)
            aggregation.parameter?.markStatisticsSelectors(statistics: statistics, buckets: buckets)
            self = .aggregation(aggregation)
        case .call(var call):
            var (statistics, buckets) = (statistics, buckets)
            switch call.function.name {
            case "histogram_count", "histogram_sum", "histogram_avg": statistics = true
            case "histogram_quantile", "histogram_quantiles", "histogram_fraction": buckets = true
            default: break
            }
            for place in call.arguments.indices {
                call.arguments[place].markStatisticsSelectors(statistics: statistics, buckets: buckets)
            }
            self = .call(call)
        }
    }
}

extension VectorSelector {
    /// A stored native histogram as this selector reads it.
    func read(_ sample: HistogramSample) -> HistogramSample {
        guard !tellsResets, sample.histogram.counterResetHint == .reset else { return sample }
        var read = sample
        read.histogram.counterResetHint = .unknown
        return read
    }
}
