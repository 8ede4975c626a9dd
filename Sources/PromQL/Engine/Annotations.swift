/// A remark on a result: a warning or an information, and the place in the query that it is about.
struct Annotation: Hashable, Sendable {
    enum Level: String, Sendable {
        case warning = "PromQL warning"
        case info = "PromQL info"
    }

    let level: Level
    let text: String
    let start: Int

    init(_ level: Level, _ text: String, _ range: SourceRange) {
        self.level = level
        self.text = text
        start = range.start
    }

    func description(in query: String) -> String {
        "\(level.rawValue): \(text) (\(SourceRange(start, start).position(in: query)))"
    }

    private static func forMetric(_ name: String) -> String {
        name.isEmpty ? "" : " for metric name \(GoQuote.quote(name))"
    }

    static func invalidQuantile(_ q: Double, _ range: SourceRange) -> Annotation {
        Annotation(.warning, "quantile value should be between 0 and 1, got \(GoFloat.general(q))", range)
    }

    static func invalidRatio(_ ratio: Double, cappedTo cap: Double, _ range: SourceRange) -> Annotation {
        Annotation(
            .warning,
            "ratio value should be between -1 and 1, got \(GoFloat.general(ratio)), capping to \(GoFloat.general(cap))",
            range)
    }

    static func badBucketLabel(_ metric: String, _ value: String, _ range: SourceRange) -> Annotation {
        Annotation(
            .warning,
            "bucket label \"le\" is missing or has a malformed value of \(GoQuote.quote(value))" + forMetric(metric),
            range)
    }

    static func mixedFloatsHistograms(_ metric: String, _ range: SourceRange) -> Annotation {
        Annotation(
            .warning, "encountered a mix of histograms and floats for metric name \(GoQuote.quote(metric))", range)
    }

    static func mixedFloatsHistogramsInAggregation(_ range: SourceRange) -> Annotation {
        Annotation(.warning, "encountered a mix of histograms and floats for aggregation", range)
    }

    static func mixedClassicNative(_ metric: String, _ range: SourceRange) -> Annotation {
        Annotation(.warning, "vector contains a mix of classic and native histograms" + forMetric(metric), range)
    }

    static func histogramNotCounter(_ metric: String, _ range: SourceRange) -> Annotation {
        Annotation(.warning, "this native histogram metric is not a counter: \(GoQuote.quote(metric))", range)
    }

    static func histogramNotGauge(_ metric: String, _ range: SourceRange) -> Annotation {
        Annotation(.warning, "this native histogram metric is not a gauge: \(GoQuote.quote(metric))", range)
    }

    static func mixedSchemas(_ metric: String, _ range: SourceRange) -> Annotation {
        Annotation(
            .warning,
            "vector contains a mix of histograms with exponential and custom buckets schemas for metric name \(GoQuote.quote(metric))",
            range)
    }

    static func incompatibleBuckets(_ op: String, _ range: SourceRange) -> Annotation {
        Annotation(.warning, "incompatible bucket layout encountered for binary operator \(op)", range)
    }

    static func sortInRangeQuery(_ range: SourceRange) -> Annotation {
        Annotation(.warning, "sort is ineffective for range queries since results are always ordered by labels", range)
    }

    static func possibleNonCounter(_ metric: String, _ range: SourceRange) -> Annotation {
        Annotation(
            .info,
            "metric might not be a counter, name does not end in _total/_sum/_count/_bucket: \(GoQuote.quote(metric))",
            range)
    }

    static func forcedMonotonicity(_ metric: String, _ range: SourceRange) -> Annotation {
        Annotation(
            .info,
            "input to histogram_quantile needed to be fixed for monotonicity (see https://prometheus.io/docs/prometheus/latest/querying/functions/#histogram_quantile)"
                + forMetric(metric), range)
    }

    static func incompatibleTypes(_ left: String, _ op: String, _ right: String, _ range: SourceRange) -> Annotation {
        Annotation(
            .info,
            "incompatible sample types encountered for binary operator \(GoQuote.quote(op)): \(left) \(op) \(right)",
            range)
    }

    static func histogramIgnored(in aggregation: String, _ range: SourceRange) -> Annotation {
        Annotation(.info, "ignored histogram in \(aggregation) aggregation", range)
    }

    static func histogramIgnoredInMixedRange(_ metric: String, _ range: SourceRange) -> Annotation {
        Annotation(
            .info,
            "ignored histograms in a range containing both floats and histograms for metric name \(GoQuote.quote(metric))",
            range)
    }
}

/// Remarks in the order in which they were made, each once.
struct Annotations {
    private(set) var all: [Annotation] = []
    private var seen: Set<Annotation> = []

    mutating func add(_ annotation: Annotation) {
        if seen.insert(annotation).inserted { all.append(annotation) }
    }
}
