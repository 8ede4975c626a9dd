/// One series in memory: sealed chunks, oldest first, and the chunk that grows.
struct MemorySeries: Sendable {
    let labels: Labels
    private(set) var sealed: [SealedChunk] = []
    private(set) var head = ChunkEncoder()
    private(set) var histograms: [HistogramSample] = []
    /// When the counter behind a sample began, for the samples that say so; ascending by the sample's time.
    private(set) var starts: [(time: Int64, start: Int64)] = []

    init(labels: Labels) { self.labels = labels }

    /// Puts back what was written down, into a series that has nothing yet.
    mutating func restore(
        _ sealed: [SealedChunk], _ histograms: [HistogramSample], _ starts: [(time: Int64, start: Int64)]
    ) {
        (self.sealed, self.histograms, self.starts) = (sealed, histograms, starts)
    }

    var isEmpty: Bool { sealed.isEmpty && head.count == 0 && histograms.isEmpty }

    /// The time of the newest sample of any kind.
    var lastTime: Int64? {
        let floats = head.count > 0 ? head.lastTime : sealed.last?.lastTime
        guard let histogram = histograms.last?.time else { return floats }
        return max(floats ?? .min, histogram)
    }

    var firstTime: Int64? {
        let floats = sealed.first?.firstTime ?? (head.count > 0 ? head.firstTime : nil)
        guard let histogram = histograms.first?.time else { return floats }
        return min(floats ?? .max, histogram)
    }

    /// Adds a sample newer than all others; returns the bytes of a chunk that was sealed by it.
    @inline(__always)
    mutating func append(time: Int64, value: Double, capacity: Int) -> Int {
        var grown = 0
        if head.count >= capacity { grown = seal() }
        head.append(time: time, value: value)
        return grown
    }

    mutating func seal() -> Int {
        guard head.count > 0 else { return 0 }
        let chunk = SealedChunk(head)
        sealed.append(chunk)
        head = ChunkEncoder()
        return chunk.byteCount
    }

    mutating func note(start: Int64, at time: Int64) { starts.append((time, start)) }

    mutating func append(_ sample: HistogramSample) { histograms.append(sample) }

    /// Puts an older sample in its place by writing its chunk anew. Returns nil if there is another value at that time
    /// already, else the growth in bytes and whether the sample was not there before.
    mutating func insert(time: Int64, value: Double, capacity: Int) -> (grown: Int, isNew: Bool)? {
        let index = sealed.firstIndex { $0.lastTime >= time } ?? sealed.count
        var buffer = SampleBuffer()
        let inHead = index == sealed.count
        if inHead { decodeHead(into: &buffer) } else { MemorySeries.decode(sealed[index], into: &buffer) }
        var encoders = [ChunkEncoder()]
        var inserted = false
        func add(_ time: Int64, _ value: Double) {
            if encoders[encoders.count - 1].count >= capacity { encoders.append(ChunkEncoder()) }
            encoders[encoders.count - 1].append(time: time, value: value)
        }
        for place in 0..<buffer.count {
            let (oldTime, oldValue) = (buffer.times[place], buffer.values[place])
            if oldTime == time { return oldValue.bitPattern == value.bitPattern ? (0, false) : nil }
            if !inserted, oldTime > time {
                add(time, value)
                inserted = true
            }
            add(oldTime, oldValue)
        }
        if !inserted { add(time, value) }
        if inHead {
            head = encoders.removeLast()
            let chunks = encoders.map(SealedChunk.init)
            sealed.append(contentsOf: chunks)
            return (chunks.reduce(0) { $0 + $1.byteCount }, true)
        }
        let old = sealed[index].byteCount
        let chunks = encoders.map(SealedChunk.init)
        sealed.replaceSubrange(index...index, with: chunks)
        return (chunks.reduce(0) { $0 + $1.byteCount } - old, true)
    }

    /// Drops what ends before `time`; returns the bytes set free. Whole chunks only, as the real one drops blocks.
    mutating func dropChunks(endingBefore time: Int64) -> Int {
        let count = sealed.prefix { $0.lastTime < time }.count
        let bytes = sealed.prefix(count).reduce(0) { $0 + $1.byteCount }
        sealed.removeFirst(count)
        if sealed.isEmpty, head.count > 0, head.lastTime < time { head = ChunkEncoder() }
        histograms.removeFirst(histograms.prefix { $0.time < time }.count)
        starts.removeFirst(starts.prefix { $0.time < time }.count)
        return bytes
    }

    mutating func dropOldestChunk() -> Int { sealed.isEmpty ? 0 : sealed.removeFirst().byteCount }

    /// Appends every float sample of the chunks that reach into (after, through] to the buffer, and the last sample at or
    /// before `after` if it is in them.
    func decode(after: Int64, through: Int64, into buffer: inout SampleBuffer) {
        var low = 0
        var high = sealed.count
        while low < high {
            let middle = (low + high) / 2
            if sealed[middle].lastTime <= after { low = middle + 1 } else { high = middle }
        }
        while low < sealed.count, sealed[low].firstTime <= through {
            MemorySeries.decode(sealed[low], into: &buffer)
            low += 1
        }
        if head.count > 0, head.lastTime > after, head.firstTime <= through { decodeHead(into: &buffer) }
    }

    /// The beginnings of the counters behind the samples of a buffer; 0 where nothing is known, empty if nowhere.
    func starts(of buffer: SampleBuffer) -> [Int64] {
        if starts.isEmpty { return [] }
        var next = 0
        return (0..<buffer.count).map { index in
            while next < starts.count, starts[next].time < buffer.times[index] { next += 1 }
            return next < starts.count && starts[next].time == buffer.times[index] ? starts[next].start : 0
        }
    }

    private func decodeHead(into buffer: inout SampleBuffer) {
        let count = head.count
        head.bits.words.withUnsafeBufferPointer { words in
            buffer.append(count) { ChunkDecoder.decode(words, count: count, times: $0, values: $1) }
        }
    }

    static func decode(_ chunk: SealedChunk, into buffer: inout SampleBuffer) {
        chunk.words.withUnsafeBufferPointer { words in
            buffer.append(chunk.count) { ChunkDecoder.decode(words, count: chunk.count, times: $0, values: $1) }
        }
    }

    /// The histograms in (after, through], stale ones among them.
    func histograms(after: Int64, through: Int64) -> ArraySlice<HistogramSample> {
        if histograms.isEmpty { return [] }
        let start = histograms.firstIndex { $0.time > after } ?? histograms.endIndex
        let end = histograms[start...].firstIndex { $0.time > through } ?? histograms.endIndex
        return histograms[start..<end]
    }
}
