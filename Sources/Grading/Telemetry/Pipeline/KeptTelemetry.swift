import Lab
import Monitoring
import OpenTelemetry
import PromQL
import Simulation
import Workloads

/// All that programs could tell of a time that has passed, of which a policy keeps a part.
struct ToldTelemetry: Sendable {
    /// What programs did.
    var work: [ProgramEvent]
    /// The whole traces of all of it.
    var traces: TraceStore
    var namespace: String
    /// The wall clock at the time's beginning and end, in milliseconds since 1970.
    var start: Int64
    var end: Int64

    init(work: [ProgramEvent], traces: TraceStore, namespace: String, start: Int64, end: Int64) {
        self.work = work
        self.traces = traces
        self.namespace = namespace
        self.start = start
        self.end = end
    }

    /// What there is of a world, which must record traces; without spans where nobody will ask for them.
    init(_ world: borrowing World, withSpans: Bool) {
        self.init(
            work: world.programEvents(), traces: withSpans ? world.traceStore() : TraceStore(),
            namespace: world.scenario.namespace,
            start: world.epochMilliseconds - world.now.nanoseconds / 1_000_000, end: world.epochMilliseconds)
    }

    /// Since when what is kept so long is still there, from the world's beginning.
    func since(_ kept: Duration) -> SimulationTime {
        .zero + max(.zero, .milliseconds(end - start) - kept)
    }
}

/// What a policy leaves of what programs could tell, and how much of it was taken in.
public struct KeptTelemetry: Sendable {
    public private(set) var metrics = TimeSeriesStore()
    public private(set) var logs = LogStore()
    public private(set) var traces = TraceStore()
    /// What came in over the whole time, that which retention has let go since among it.
    public private(set) var volume = TelemetryVolume()

    /// Samples that one scrape of a pod may bring (Prometheus' `sample_limit`).
    public static let sampleLimit = WorkMetrics.sampleLimit

    /// Nothing.
    init() {}

    /// What a policy keeps of a world, which must record traces.
    /// - Parameter languages: those that will be asked in; what is asked in others stays empty.
    public init(
        _ policy: TelemetryPolicy, of world: borrowing World, for languages: [AnswerLanguage] = AnswerLanguage.allCases
    ) {
        self.init(policy, of: ToldTelemetry(world, withSpans: languages.contains(.traceql)), for: languages)
    }

    init(_ policy: TelemetryPolicy, of told: ToldTelemetry, for languages: [AnswerLanguage] = AnswerLanguage.allCases) {
        if languages.contains(.promql) { keepMetrics(policy, told) }
        if languages.contains(.logql) { keepLogs(policy, told) }
        if languages.contains(.traceql) { keepTraces(policy, told) }
    }

    private mutating func keepMetrics(_ policy: TelemetryPolicy, _ told: ToldTelemetry) {
        guard let metrics = policy.metrics else { return }
        let kept = WorkMetrics(
            metrics, told.work, epoch: told.start, end: told.end - told.start,
            keeps: policy.retention.metrics.nanoseconds / 1_000_000)
        self.metrics = kept.store
        volume.samples = kept.samples
        volume.series = kept.series
        volume.refusedScrapes = kept.refusedScrapes
    }

    private mutating func keepLogs(_ policy: TelemetryPolicy, _ told: ToldTelemetry) {
        guard let schema = policy.logs else { return }
        let written = WrittenLogs(
            told.work, schema, namespace: told.namespace, epoch: told.start * 1_000_000,
            storedSince: told.since(policy.retention.logs))
        logs = written.store
        volume.lines = written.lines
        volume.lineBytes = written.bytes
    }

    private mutating func keepTraces(_ policy: TelemetryPolicy, _ told: ToldTelemetry) {
        traces.limits.traces = .max
        traces.limits.spansPerTrace = .max
        guard let sampling = policy.traces else { return }
        let oldest =
            UInt64(clamping: told.start * 1_000_000 + told.since(policy.retention.traces).nanoseconds)
        for trace in told.traces.traces where sampling.keeps(trace) {
            volume.traces += 1
            volume.spans += trace.spans.count
            for span in trace.spans { volume.spanBytes += span.size }
            guard trace.endTimeUnixNano >= oldest else { continue }
            for span in trace.spans { traces.add(span) }
        }
    }
}

extension TelemetryPolicy.Traces {
    /// The program's decision at the trace's begin, and the Collector's some time after its first span has arrived. Spans arrive
    /// when they end; those that come after the decision fare as it says.
    func keeps(_ trace: Trace) -> Bool {
        guard sampler.keeps(trace.id) else { return false }
        guard let policies else { return true }
        let first = trace.spans.map(\.span.endTimeUnixNano).min() ?? 0
        let decision = first + UInt64(clamping: decisionWait.nanoseconds)
        let arrived = trace.spans.filter { $0.span.endTimeUnixNano <= decision }
        return policies.contains { $0.rule.wants(arrived[...], of: trace.id) }
    }
}

extension HeadSampler {
    /// The SDKs' decision, as the world's own programs take it.
    func keeps(_ id: TraceID) -> Bool { TraceSettings(sample: ratio).keeps(low: id.low) }
}

extension StoredSpan {
    /// About so many bytes it takes on the wire and in store: its texts, and 80 for identifiers, times and numbers. The
    /// resource is sent beside many spans of a process, and not counted.
    fileprivate var size: Int {
        var size = 80 + span.name.utf8.count + span.status.message.utf8.count
        for attribute in span.attributes {
            size += attribute.key.utf8.count + 4
            if case .string(let text) = attribute.value { size += text.utf8.count } else { size += 8 }
        }
        for event in span.events { size += event.name.utf8.count + 12 }
        return size
    }
}
