import ContainerRuntime
import Simulation

/// How much of the requests' traces a world keeps.
public struct TraceSettings: Sendable, Equatable {
    /// Spans kept at most; the oldest traces give way, whole.
    public var limit: Int
    /// How long after its last span a trace is kept.
    public var retention: Duration
    /// The share of traces that is recorded, 0 to 1: a decision about each trace when it begins, by its identifier.
    public var sample: Double
    /// The one request whose trace is recorded, whatever the sampler says; nil for those that it keeps.
    public var only: UInt64?

    public init(
        limit: Int = 50_000, retention: Duration = .minutes(30), sample: Double = 1, only: UInt64? = nil
    ) {
        self.limit = max(1, limit)
        self.retention = max(.nanoseconds(1), retention)
        self.sample = sample
        self.only = only
    }

    /// The sampler `traceidratio` of the Python SDK: a trace is kept if the low 64 bits of its identifier are below
    /// the share of 2^64.
    public func keeps(low bits: UInt64) -> Bool {
        if sample >= 1 { return true }
        guard sample > 0 else { return false }
        let bound = (sample * 0x1p64).rounded()
        return bound >= 0x1p64 || bits < UInt64(bound)
    }
}

/// The spans of the requests of the last while, in the order in which they ended.
struct TraceLog: Sendable {
    /// May change; what is kept is judged by those of the moment.
    var settings: TraceSettings
    private(set) var spans = ChunkedArray<CallSpan>()
    private(set) var places: [TracePlace] = []
    /// Index in ``places`` by container; derived.
    private var placeIndexes: [ContainerID: UInt32] = [:]
    /// Spans numbered so far, and requests of aggregated traffic.
    private var numbered: UInt64 = 0
    private var flows: UInt64 = 0
    /// Traces that had to give way to newer ones, and spans that came for such a trace afterwards.
    private(set) var evictedTraces: Int64 = 0
    private(set) var lateSpans: Int64 = 0
    /// Spans that ever came, whatever became of them since.
    private var received: Int64 = 0
    /// Traces up to this number have given way; what still comes of them is not kept, so that no trace is kept in part.
    private var evictedThrough: UInt64 = 0
    private var nextSweep = SimulationTime.zero

    init(_ settings: TraceSettings) { self.settings = settings }

    mutating func takeNumber() -> UInt64 {
        numbered += 1
        return CallSpan.spanMark | numbered
    }

    mutating func takeFlowNumber() -> UInt64 {
        flows += 1
        return CallSpan.flowMark | flows
    }

    // MARK: Places

    mutating func add(_ place: TracePlace) {
        if let index = placeIndexes[place.container] {
            places[Int(index)] = place
        } else {
            placeIndexes[place.container] = UInt32(places.count)
            places.append(place)
        }
    }

    func place(_ container: ContainerID) -> UInt32 { placeIndexes[container] ?? .max }

    // MARK: Spans

    /// Whether it is time for ``sweep(now:isRunning:)``.
    func wantsSweep(now: SimulationTime) -> Bool {
        spans.count > settings.limit + settings.limit / 8 || now >= nextSweep
    }

    mutating func append(_ span: CallSpan) {
        received += 1
        guard span.trace > evictedThrough || span.trace & CallSpan.flowMark != 0 else {
            lateSpans += 1
            return
        }
        spans.append(span)
    }

    /// Lets go traces that are too old or too many, and places that nobody names any more.
    ///
    /// Now and then and not with each span, so that a span costs the same however many there are; readers see exactly
    /// what ``kept(now:)`` says.
    mutating func sweep(now: SimulationTime, isRunning: (ContainerID) -> Bool) {
        nextSweep = now + .nanoseconds(max(1, settings.retention.nanoseconds / 8))
        let (gone, evicted, through) = traces(toGo: now)
        evictedTraces += evicted
        evictedThrough = max(evictedThrough, through)
        var kept = ChunkedArray<CallSpan>()
        var isNamed = [Bool](repeating: false, count: places.count)
        for span in spans where !gone.contains(span.trace) {
            kept.append(span)
            if span.place < UInt32(places.count) { isNamed[Int(span.place)] = true }
        }
        // A new order of places changes the spans, so it has to be worth it.
        let needed = places.indices.map { isNamed[$0] || isRunning(places[$0].container) }
        if needed.reduce(0, { $1 ? $0 : $0 + 1 }) * 4 > places.count {
            var moved = [UInt32](repeating: .max, count: places.count)
            var next: [TracePlace] = []
            for index in places.indices where needed[index] {
                moved[index] = UInt32(next.count)
                next.append(places[index])
            }
            places = next
            indexPlaces()
            kept = ChunkedArray(
                kept.lazy.map { span in
                    var span = span
                    if span.place < UInt32(moved.count) { span.place = moved[Int(span.place)] }
                    return span
                })
        }
        spans = kept
    }

    /// Spans that have ended so far, kept or not. Those of aggregated traffic are worked out before they end.
    func received(now: SimulationTime) -> Int64 {
        spans.reduce(received) { count, span in span.end > now ? count - 1 : count }
    }

    /// The spans of traces within the limits at this instant, in the order in which they ended.
    func kept(now: SimulationTime) -> [CallSpan] {
        let (gone, _, _) = traces(toGo: now)
        return spans.filter { !gone.contains($0.trace) }
    }

    private struct Extent {
        var first: SimulationTime
        var last: SimulationTime
        var count: Int
    }

    /// Traces to let go; how many of them because there were too many, and the highest of their numbers.
    private func traces(toGo now: SimulationTime) -> (gone: Set<UInt64>, evicted: Int64, through: UInt64) {
        var extents: [UInt64: Extent] = [:]
        for span in spans {
            extents[span.trace, default: Extent(first: span.begin, last: span.end, count: 0)].count += 1
            if let one = extents[span.trace] {
                if span.begin < one.first { extents[span.trace]?.first = span.begin }
                if span.end > one.last { extents[span.trace]?.last = span.end }
            }
        }
        var gone: Set<UInt64> = []
        var count = spans.count
        let oldest = now - settings.retention
        for (trace, extent) in extents where extent.last < oldest {
            gone.insert(trace)
            count -= extent.count
        }
        guard count > settings.limit else { return (gone, 0, 0) }
        // Numbers rise with time. Those of aggregated traffic have a row of their own; the two are merged by time.
        let remaining = extents.keys.filter { !gone.contains($0) }.sorted()
        var requests = remaining.prefix { $0 & CallSpan.flowMark == 0 }[...]
        var flows = remaining.suffix(remaining.count - requests.count)
        var evicted: Int64 = 0
        var through: UInt64 = 0
        func begin(_ trace: UInt64) -> SimulationTime { extents[trace]?.first ?? .never }
        while count > settings.limit {
            let takesRequest: Bool
            switch (requests.first, flows.first) {
            case (nil, nil): return (gone, evicted, through)
            case (_?, nil): takesRequest = true
            case (nil, _?): takesRequest = false
            case (let request?, let flow?): takesRequest = begin(request) <= begin(flow)
            }
            let trace = takesRequest ? requests.removeFirst() : flows.removeFirst()
            if takesRequest { through = trace }
            gone.insert(trace)
            evicted += 1
            count -= extents[trace]?.count ?? 0
        }
        return (gone, evicted, through)
    }

    private mutating func indexPlaces() {
        placeIndexes = [:]
        for (index, place) in places.enumerated() { placeIndexes[place.container] = UInt32(index) }
    }
}

extension TraceLog {
    private static let section = "spans"

    /// Spans that lie together beside a snapshot.
    private static let group = 1_024

    func write(to writer: inout BinaryWriter) {
        // What has ended stays as it is until it is let go, so that full groups lie beside and snapshots share them.
        if writer.attachments != nil {
            writer.section(Self.section, version: 4)
            writer.write(spans.count)
            for first in stride(from: 0, to: spans.count, by: Self.group) {
                writer.attach { part in
                    for place in first..<min(spans.count, first + Self.group) {
                        part.write(spans[ChunkedArray<CallSpan>.Index(UInt32(place))])
                    }
                }
            }
        } else {
            writer.section(Self.section, version: 3)
            writer.write(spans)
        }
        writer.write(places)
        writer.write(numbered)
        writer.write(flows)
        writer.write(evictedTraces)
        writer.write(lateSpans)
        writer.write(received)
        writer.write(evictedThrough)
        writer.write(nextSweep)
    }

    init(_ settings: TraceSettings, from reader: inout BinaryReader) throws(BinaryDecodingError) {
        self.settings = settings
        let version = try reader.section(Self.section, versions: 1...4)
        if version % 2 == 1 {
            spans = try reader.read()
        } else {
            let count: Int = try reader.read()
            // Each group has its name here, so that a count without them cannot claim memory.
            guard count >= 0, count / Self.group <= reader.remaining / 16 else {
                throw .malformed(what: "spans", offset: reader.offset)
            }
            while spans.count < count {
                var part = try reader.readAttached()
                for _ in 0..<min(Self.group, count - spans.count) { spans.append(try part.read()) }
            }
        }
        places = try reader.read()
        indexPlaces()
        numbered = try reader.read()
        flows = try reader.read()
        evictedTraces = try reader.read()
        lateSpans = try reader.read()
        // Labs of before the third version did not count what came; it is at least this.
        received = version >= 3 ? try reader.read() : Int64(spans.count).addingSaturating(lateSpans)
        evictedThrough = try reader.read()
        nextSweep = try reader.read()
        guard numbered < CallSpan.flowMark, flows < CallSpan.flowMark else {
            throw .malformed(what: "spans", offset: reader.offset)
        }
    }
}
