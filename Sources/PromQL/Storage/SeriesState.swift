/// One series of a store as it is written down: its chunks as they are, and the samples of the chunk that grows.
///
/// The growing chunk is a function of its samples, so a series that is made of its state goes on exactly as before.
public struct SeriesState: Sendable {
    /// A full chunk: its bits, how many samples they are, and their first and last time.
    public struct Chunk: Sendable, Equatable {
        public var words: [UInt64]
        public var count: Int
        public var firstTime: Int64
        public var lastTime: Int64

        public init(words: [UInt64], count: Int, firstTime: Int64, lastTime: Int64) {
            self.words = words
            self.count = count
            self.firstTime = firstTime
            self.lastTime = lastTime
        }
    }

    public var labels: Labels
    public var chunks: [Chunk]
    public var newest: [Sample]
    public var histograms: [HistogramSample]
    public var starts: [(time: Int64, start: Int64)]

    public init(
        labels: Labels, chunks: [Chunk], newest: [Sample], histograms: [HistogramSample],
        starts: [(time: Int64, start: Int64)]
    ) {
        self.labels = labels
        self.chunks = chunks
        self.newest = newest
        self.histograms = histograms
        self.starts = starts
    }
}

extension TimeSeriesStore {
    /// The series in the order of their identifiers; nil where one is gone, so that the others keep their numbers.
    public var seriesStates: [SeriesState?] {
        (0..<identifierCount).map { series($0)?.state }
    }

    /// A store that goes on where another was written down.
    public init(
        configuration: Configuration, series: [SeriesState?], exemplars: [Exemplar],
        metadata: [String: MetricMetadata], samplesAppended: Int
    ) {
        self.init(configuration: configuration)
        for state in series { restore(state.map { MemorySeries($0) }) }
        restore(exemplars: exemplars, metadata: metadata, samplesAppended: samplesAppended)
    }
}

extension MemorySeries {
    var state: SeriesState {
        var buffer = SampleBuffer()
        if head.count > 0 { decode(after: head.firstTime - 1, through: head.lastTime, into: &buffer) }
        return SeriesState(
            labels: labels,
            chunks: sealed.map {
                SeriesState.Chunk(words: $0.words, count: $0.count, firstTime: $0.firstTime, lastTime: $0.lastTime)
            },
            newest: (0..<buffer.count).filter { buffer.times[$0] >= head.firstTime }.map {
                Sample(time: buffer.times[$0], value: buffer.values[$0])
            }, histograms: histograms, starts: starts)
    }

    init(_ state: SeriesState) {
        self.init(labels: state.labels)
        restore(state.chunks.map(SealedChunk.init), state.histograms, state.starts)
        for sample in state.newest { _ = append(time: sample.time, value: sample.value, capacity: .max) }
    }
}

extension SealedChunk {
    /// A chunk of a snapshot; one that claims more samples than its bits can hold has none beyond them.
    init(_ chunk: SeriesState.Chunk) {
        words = chunk.words
        count = max(0, min(chunk.count, chunk.words.count * 64))
        firstTime = chunk.firstTime
        lastTime = chunk.lastTime
    }
}
