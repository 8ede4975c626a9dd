import Lab
import PromQL
import Simulation

/// A metric that programs may expose of what they do, with the labels that a policy gives it.
struct Instrument: Sendable, Decodable {
    enum Kind: String, Sendable, CaseIterable {
        case requests = "http_requests_total"
        case requestDuration = "http_request_duration_seconds"
        case modelCalls = "agent_model_calls_total"
        case modelCallDuration = "agent_model_call_duration_seconds"
        case tokens = "agent_tokens_total"
        case toolCalls = "agent_tool_calls_total"
        case toolCallDuration = "agent_tool_call_duration_seconds"

        /// What it is a count of.
        var event: ProgramEvent.Kind {
            switch self {
            case .requests, .requestDuration: .request
            case .modelCalls, .modelCallDuration, .tokens: .modelCall
            case .toolCalls, .toolCallDuration: .toolCall
            }
        }

        var isHistogram: Bool { rawValue.hasSuffix("_seconds") }

        /// Labels that it may have.
        var labels: [Dimension] { Dimension.allCases.filter { $0.field.isKnown(of: event) } }
    }

    /// A label, by what it is called in the exposition.
    enum Dimension: String, Sendable, CaseIterable {
        case route
        case code
        case outcome, cause, model, tool
        case userID = "user_id"
        case traceID = "trace_id"

        var field: ProgramEvent.Field {
            switch self {
            case .route: .route
            case .code: .status
            case .outcome: .outcome
            case .cause: .cause
            case .model: .model
            case .tool: .tool
            case .userID: .userID
            case .traceID: .traceID
            }
        }
    }

    var kind: Kind
    var labels: [Dimension]
    /// Upper bounds of a histogram's buckets, in seconds, without the last one, which is infinite.
    var buckets: [Double]

    /// Prometheus' clients' own.
    static let usualBuckets = [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10]

    enum CodingKeys: String, CodingKey, CaseIterable { case name, labels, buckets }

    init(from decoder: any Decoder) throws {
        let container = try decoder.strict(CodingKeys.self)
        let name = try container.decode(String.self, forKey: .name)
        guard let kind = Kind(rawValue: name) else {
            throw DecodingError.dataCorruptedError(
                forKey: .name, in: container,
                debugDescription:
                    "has no '\(name)'; programs can expose \(Kind.allCases.map(\.rawValue).joined(separator: ", "))")
        }
        self.kind = kind
        let texts = try container.decodeIfPresent([String].self, forKey: .labels) ?? []
        let possible = kind.labels
        labels = []
        for text in texts {
            guard let label = Dimension(rawValue: text), possible.contains(label) else {
                throw DecodingError.dataCorruptedError(
                    forKey: .labels, in: container,
                    debugDescription:
                        "'\(text)' is nothing that \(name) can have; it can have \(possible.map(\.rawValue).joined(separator: ", "))"
                )
            }
            try container.require(!labels.contains(label), .labels, "has '\(text)' twice")
            labels.append(label)
        }
        buckets = try container.decodeIfPresent([Double].self, forKey: .buckets) ?? Self.usualBuckets
        try container.require(
            kind.isHistogram || !container.contains(.buckets), .buckets, "belong to histograms; \(name) is a counter")
        try container.require((1...40).contains(buckets.count), .buckets, "must be 1 to 40")
        try container.require(
            zip(buckets, buckets.dropFirst()).allSatisfy { $0 < $1 } && buckets.allSatisfy(\.isFinite), .buckets,
            "must ascend, without the last one, which is infinite")
    }
}

/// What a Prometheus would have scraped of programs that expose the instruments of a policy.
struct WorkMetrics {
    /// Empty where only the amount was asked for.
    private(set) var store = TimeSeriesStore()
    /// Samples that were taken over the whole time, those that retention has let go since among them.
    private(set) var samples = 0
    /// Series that there were at the last scrape.
    private(set) var series = 0
    /// Scrapes of a pod that exposed more than Prometheus takes of one, and had to be refused.
    private(set) var refusedScrapes = 0

    /// Samples that one scrape may bring (`sample_limit`).
    static let sampleLimit = 10_000

    /// What one process has counted.
    private struct Exposition {
        var instance: UInt32
        var values: [Double] = []
        /// Places in ``values`` by labels: of a histogram's buckets, the sum and the count, one after the other.
        var places: [[String]: Int] = [:]
        /// Series in the store, by place.
        var ids: [SeriesID] = []
    }

    /// - Parameters:
    ///   - events: in the order of their end.
    ///   - epoch: the wall clock at the world's beginning, in milliseconds since 1970.
    ///   - end: of the time, in milliseconds from there.
    ///   - keeps: the milliseconds before the end of which samples are kept; nil to count them only.
    init(_ policy: TelemetryPolicy.Metrics, _ events: [ProgramEvent], epoch: Int64, end: Int64, keeps: Int64?) {
        var expositions: [String: Exposition] = [:]
        var order: [String] = []
        let interval = policy.interval.nanoseconds / 1_000_000
        var next = events.startIndex
        var time: Int64 = 0
        while time <= end {
            while next < events.endIndex, events[next].end.nanoseconds <= time * 1_000_000 {
                let event = events[next]
                next += 1
                if expositions[event.pod] == nil { order.append(event.pod) }
                // A container that began anew counts from nothing.
                if expositions[event.pod]?.instance != event.instance {
                    expositions[event.pod] = Exposition(instance: event.instance)
                }
                for instrument in policy.instruments where instrument.kind.event == event.kind {
                    count(event, instrument, in: &expositions[event.pod, default: Exposition(instance: 0)])
                }
            }
            series = 0
            for pod in order {
                guard let exposition = expositions[pod] else { continue }
                series += exposition.values.count
                guard exposition.values.count <= Self.sampleLimit else {
                    refusedScrapes += 1
                    continue
                }
                samples += exposition.values.count
                guard let keeps, time >= end - keeps else { continue }
                for (id, value) in zip(exposition.ids, exposition.values) {
                    // Times ascend, so that nothing is refused.
                    try? store.append(id, time: epoch + time, value: value)
                }
            }
            time += interval
        }
    }

    private mutating func count(_ event: ProgramEvent, _ instrument: Instrument, in exposition: inout Exposition) {
        let kind = instrument.kind
        let key = [kind.rawValue] + instrument.labels.map { event.value($0.field)?.plainText ?? "" }
        let first: Int
        if let known = exposition.places[key] {
            first = known
        } else {
            first = exposition.values.count
            exposition.places[key] = first
            func add(_ name: String, _ more: Label...) {
                var labels = [Label("__name__", name), Label("app", event.program), Label("pod", event.pod)]
                for (label, value) in zip(instrument.labels, key.dropFirst()) where !value.isEmpty {
                    labels.append(Label(label.rawValue, value))
                }
                exposition.values.append(0)
                exposition.ids.append(store.series(for: Labels(labels + more)))
            }
            if kind.isHistogram {
                // Prometheus 3 writes bounds with a point, however the program wrote them: 5.0.
                for bound in instrument.buckets { add(kind.rawValue + "_bucket", Label("le", "\(bound)")) }
                add(kind.rawValue + "_bucket", Label("le", "+Inf"))
                add(kind.rawValue + "_sum")
                add(kind.rawValue + "_count")
            } else if kind == .tokens {
                add(kind.rawValue, Label("type", "input"))
                add(kind.rawValue, Label("type", "output"))
            } else {
                add(kind.rawValue)
            }
        }
        if kind.isHistogram {
            let seconds = event.duration.seconds
            let bounds = instrument.buckets
            for (place, bound) in bounds.enumerated() where seconds <= bound { exposition.values[first + place] += 1 }
            exposition.values[first + bounds.count] += 1
            exposition.values[first + bounds.count + 1] += seconds
            exposition.values[first + bounds.count + 2] += 1
        } else if kind == .tokens {
            exposition.values[first] += Double(event.tokensIn)
            exposition.values[first + 1] += Double(event.tokensOut)
        } else {
            exposition.values[first] += 1
        }
    }
}
