import PromQL

/// Reads lines of a store through pipelines and counts what it has looked at.
struct LogReading {
    let store: LogStore
    let limits: LogQLLimits
    private(set) var bytesRead = 0

    init(store: LogStore, limits: LogQLLimits) {
        self.store = store
        self.limits = limits
    }

    private mutating func read(_ stream: LogStream, from: Int64, to: Int64) throws(LogQLError) -> [LogEntry] {
        let entries = stream.entries(from: from, to: to)
        bytesRead += entries.reduce(0) { $0 + $1.bytes }
        if bytesRead > limits.bytesRead {
            throw .limit(
                "the query would read too many bytes (query: \(LogText.size(bytesRead)), limit: "
                    + "\(LogText.size(limits.bytesRead))); consider adding more specific stream selectors or reduce "
                    + "the time range of the query")
        }
        return entries
    }

    // MARK: Lines

    private struct Found {
        let timestamp: Int64
        let stream: Int
        let place: Int
        let entry: LogEntry
        let labels: Labels
    }

    /// The lines of a selection, up to the query's limit, by their labels.
    mutating func lines(_ selection: LogSelection, _ query: LogQLQuery) throws(LogQLError) -> [LogStreamResult] {
        var found: [Found] = []
        for (index, stream) in store.streams(matching: selection.matchers).enumerated() {
            let entries = try read(stream, from: query.start, to: query.end)
            var taken = 0
            for offset in entries.indices {
                // No stream can give more than the limit, so that the rest need not be looked at.
                if taken >= query.limit { break }
                let place = query.direction == .forward ? offset : entries.count - 1 - offset
                let entry = entries[place]
                var line = LogPipelineLine(
                    timestamp: entry.timestamp, line: entry.line,
                    labels: LogLabels(stream: stream.labels, metadata: entry.structuredMetadata))
                guard selection.stages.allSatisfy({ $0.apply(to: &line) }) else { continue }
                taken += 1
                found.append(
                    Found(
                        timestamp: entry.timestamp, stream: index, place: place,
                        entry: LogEntry(
                            timestamp: entry.timestamp, line: line.line, structuredMetadata: entry.structuredMetadata),
                        labels: line.labels.result))
            }
        }
        let forward = query.direction == .forward
        found.sort { a, b in
            if a.timestamp != b.timestamp { return (a.timestamp < b.timestamp) == forward }
            if a.stream != b.stream { return a.stream < b.stream }
            return (a.place < b.place) == forward
        }
        var streams: [LogStreamResult] = []
        var indices: [Labels: Int] = [:]
        for line in found.prefix(max(0, query.limit)) {
            if let index = indices[line.labels] {
                streams[index].entries.append(line.entry)
            } else {
                indices[line.labels] = streams.count
                streams.append(LogStreamResult(labels: line.labels, entries: [line.entry]))
            }
        }
        return streams.sorted { Labels.compare($0.labels, $1.labels) < 0 }
    }

    // MARK: Numbers

    /// The numbers of the lines of one set of labels, in order of time.
    struct Samples {
        var labels: Labels
        var times: [Int64] = []
        var values: [Double] = []
    }

    /// The numbers of a range function's lines between two instants (`after` does not belong to them, `through` does).
    /// - Parameter bare: the labels that parsers find are wanted by nobody, as under `sum(…)`; like Loki, parse nothing
    ///   then.
    mutating func samples(
        _ function: LogRangeFunction, after: Int64, through: Int64, bare: Bool
    ) throws(LogQLError) -> [Samples] {
        var all: [Samples] = []
        var indices: [Labels: Int] = [:]
        var streamsOfSeries: [Int] = []
        let stages =
            bare && function.unwrap == nil && !function.selection.stages.contains(where: \.needsLabels)
            ? function.selection.stages.filter { if case .parser = $0 { false } else { true } }
            : function.selection.stages
        let countsBytes = function.function == .bytesOverTime || function.function == .bytesRate
        for (place, stream) in store.streams(matching: function.selection.matchers).enumerated() {
            let entries = try read(stream, from: after &+ 1, to: through &+ 1)
            // Most lines of a stream have the same labels behind the pipeline.
            var last: (labels: Labels, index: Int)?
            for entry in entries {
                var line = LogPipelineLine(
                    timestamp: entry.timestamp, line: entry.line,
                    labels: LogLabels(stream: stream.labels, metadata: entry.structuredMetadata))
                guard stages.allSatisfy({ $0.apply(to: &line) }) else { continue }
                var value = countsBytes ? Double(line.line.utf8.count) : 1
                if let unwrap = function.unwrap {
                    guard let number = unwrap.value(of: &line.labels) else { continue }
                    value = number
                }
                let labels = line.labels.result
                if line.labels.hasError { throw Self.pipelineError(labels) }
                let index: Int
                if let last, last.labels == labels {
                    index = last.index
                } else if let known = indices[labels] {
                    index = known
                } else {
                    index = all.count
                    indices[labels] = index
                    all.append(Samples(labels: labels))
                    streamsOfSeries.append(place)
                }
                last = (labels, index)
                if streamsOfSeries[index] != place { streamsOfSeries[index] = -1 }
                all[index].times.append(entry.timestamp)
                all[index].values.append(value)
            }
        }
        // Lines of several streams may meet in one series.
        for index in all.indices where streamsOfSeries[index] == -1 {
            let samples = all[index]
            let order = samples.times.indices.sorted { (samples.times[$0], $0) < (samples.times[$1], $1) }
            all[index].times = order.map { samples.times[$0] }
            all[index].values = order.map { samples.values[$0] }
        }
        return all
    }

    private static func pipelineError(_ labels: Labels) -> LogQLError {
        let error = labels[LogLabels.error]
        return .pipeline(
            "pipeline error: '\(error)' for series: '\(labels)'.\n"
                + "Use a label filter to intentionally skip this error. (e.g | __error__!=\"\(error)\").\n"
                + "To skip all potential errors you can match empty errors.(e.g __error__=\"\")\n"
                + "The label filter can also be specified after unwrap. (e.g | unwrap latency | __error__=\"\" )\n")
    }
}
