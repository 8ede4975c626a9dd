/// A remark on a result: a warning or an information, and the place in the query that it is about.
struct Annotation: Hashable, Sendable {
    enum Level: String, Sendable {
        case warning = "PromQL warning"
        case info = "PromQL info"
    }

    let level: Level
    let text: String
    let start: Int
    /// What was done to buckets; several of one kind are told together.
    var repair: BucketRepair?

    static func == (a: Annotation, b: Annotation) -> Bool {
        a.level == b.level && a.text == b.text && a.start == b.start
    }

    func hash(into hasher: inout Hasher) {
        hasher.combine(text)
        hasher.combine(start)
    }

    init(_ level: Level, _ text: String, _ range: SourceRange) {
        self.level = level
        self.text = text
        start = range.start
    }

    func description(in query: String) -> String {
        "\(level.rawValue): \(text)\(repair?.description ?? "") (\(SourceRange(start, start).position(in: query)))"
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

    static func reconciledBounds(during operation: String, _ range: SourceRange) -> Annotation {
        Annotation(.info, "mismatched custom buckets were reconciled during \(operation)", range)
    }

    static func counterResetCollision(during operation: String, _ range: SourceRange) -> Annotation {
        Annotation(.warning, "conflicting counter resets during histogram \(operation)", range)
    }

    static func quantileOfNaNs(isNaN: Bool, _ metric: String, _ range: SourceRange) -> Annotation {
        Annotation(
            .info,
            "input to histogram_quantile has NaN observations, result is " + (isNaN ? "NaN" : "skewed higher")
                + forMetric(metric), range)
    }

    static func fractionOfNaNs(_ metric: String, _ range: SourceRange) -> Annotation {
        Annotation(
            .info,
            "input to histogram_fraction has NaN observations, which are excluded from all fractions"
                + forMetric(metric), range)
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

    static func forcedMonotonicity(_ metric: String, _ range: SourceRange, _ repair: BucketRepair) -> Annotation {
        var annotation = Annotation(
            .info,
            "input to histogram_quantile needed to be fixed for monotonicity (see https://prometheus.io/docs/prometheus/latest/querying/functions/#histogram_quantile)"
                + forMetric(metric), range)
        annotation.repair = repair
        return annotation
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

/// How far the buckets of classic histograms had to be changed to rise, over all samples of a query.
struct BucketRepair: Sendable, CustomStringConvertible {
    var lowestBucket: Double
    var highestBucket: Double
    var largestDifference: Double
    /// Milliseconds.
    var firstTime: Int64 = 0
    var lastTime: Int64 = 0
    var samples = 1

    mutating func merge(_ other: BucketRepair) {
        lowestBucket = min(lowestBucket, other.lowestBucket)
        highestBucket = max(highestBucket, other.highestBucket)
        largestDifference = max(largestDifference, other.largestDifference)
        firstTime = min(firstTime, other.firstTime)
        lastTime = max(lastTime, other.lastTime)
        samples += other.samples
    }

    var description: String {
        ", from buckets \(GoFloat.general(lowestBucket)) to \(GoFloat.general(highestBucket)), with a max diff of \(GoFloat.general(largestDifference, significant: 2)), over \(samples) samples from \(DatePart.text(seconds: firstTime / 1000)) to \(DatePart.text(seconds: lastTime / 1000))"
    }
}

/// Remarks in the order in which they were made, each once.
struct Annotations {
    private(set) var all: [Annotation] = []
    private var places: [Annotation: Int] = [:]

    mutating func add(_ annotation: Annotation) {
        if let place = places[annotation] {
            if let repair = annotation.repair { all[place].repair?.merge(repair) }
            return
        }
        places[annotation] = all.count
        all.append(annotation)
    }
}
