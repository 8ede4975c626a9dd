/// One series of a store as it is written down: its chunks as they are, the one that grows among them.
///
/// The growing chunk is a function of its samples, so a series that is made of its state goes on exactly as before.
public struct SeriesState: Sendable {
    /// A chunk: its bits, how many samples they are, and their first and last time.
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
    /// The chunk that grows; nil if there is none.
    public var growing: Chunk?
    public var histograms: [HistogramSample]
    public var starts: [(time: Int64, start: Int64)]

    public init(
        labels: Labels, chunks: [Chunk], growing: Chunk?, histograms: [HistogramSample],
        starts: [(time: Int64, start: Int64)]
    ) {
        self.labels = labels
        self.chunks = chunks
        self.growing = growing
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
        SeriesState(
            labels: labels, chunks: sealed.map(SeriesState.Chunk.init),
            growing: head.count > 0 ? SeriesState.Chunk(SealedChunk(head)) : nil, histograms: histograms, starts: starts
        )
    }

    init(_ state: SeriesState) {
        self.init(labels: state.labels)
        restore(state.chunks.map(SealedChunk.init), state.histograms, state.starts)
        guard let growing = state.growing.map(SealedChunk.init) else { return }
        var buffer = SampleBuffer()
        MemorySeries.decode(growing, into: &buffer)
        for place in 0..<buffer.count {
            _ = append(time: buffer.times[place], value: buffer.values[place], capacity: .max)
        }
    }
}

extension SeriesState.Chunk {
    init(_ chunk: SealedChunk) {
        self.init(words: chunk.words, count: chunk.count, firstTime: chunk.firstTime, lastTime: chunk.lastTime)
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
