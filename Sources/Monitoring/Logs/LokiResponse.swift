import KubernetesAPI
import OrderedCollections
import PromQL

/// Answers in the JSON of Loki's HTTP API.
public enum LokiResponse {
    /// `/loki/api/v1/query` and `/query_range`: `{"status":"success","data":{"resultType":"streams",…}}`.
    public static func success(_ result: LogQLResult) -> JSONValue {
        let type: String
        let list: JSONValue
        switch result {
        case .streams(let streams):
            type = "streams"
            list = .array(
                streams.map { stream in
                    [
                        "stream": labels(stream.labels),
                        "values": .array(
                            stream.entries.map { .array([.string(String($0.timestamp)), .string($0.line)]) }),
                    ]
                })
        case .matrix(let series):
            type = "matrix"
            list = .array(
                series.map { one in
                    [
                        "metric": labels(one.labels),
                        "values": .array(one.points.map { sample($0.time, $0.value) }),
                    ]
                })
        case .vector(let samples):
            type = "vector"
            list = .array(samples.map { ["metric": labels($0.labels), "value": sample($0.time, $0.value)] })
        case .scalar(let time, let value):
            type = "scalar"
            list = sample(time, value)
        }
        return [
            "status": "success",
            "data": ["resultType": .string(type), "result": list, "stats": .object([:])],
        ]
    }

    /// `/loki/api/v1/labels` and `/label/NAME/values`.
    public static func names(_ names: [String]) -> JSONValue {
        ["status": "success", "data": .array(names.map { .string($0) })]
    }

    /// `/loki/api/v1/series`.
    public static func series(_ series: [Labels]) -> JSONValue {
        ["status": "success", "data": .array(series.map(labels))]
    }

    private static func labels(_ labels: Labels) -> JSONValue {
        var members: OrderedDictionary<String, JSONValue> = [:]
        for pair in labels.pairs { members[pair.name] = .string(pair.value) }
        return .object(members)
    }

    /// Seconds with as many decimals as the time has, and the number as text.
    private static func sample(_ time: Int64, _ value: Double) -> JSONValue {
        let seconds: JSONValue =
            time % 1_000_000_000 == 0
            ? .integer(time / 1_000_000_000) : .number(Double(time / 1_000_000) / 1000)
        return .array([seconds, .string(GoFloat.json(value))])
    }
}

extension LogStore {
    /// The names of labels that streams with lines in a range of time have, sorted by bytes. Times in nanoseconds; `to`
    /// does not belong to the range.
    public func labelNames(from: Int64, to: Int64) -> [String] {
        unique(series(matching: [], from: from, to: to).flatMap { $0.pairs.map(\.name) })
    }

    /// The values that a label has in streams with lines in a range of time, sorted by bytes.
    public func labelValues(_ name: String, from: Int64, to: Int64) -> [String] {
        unique(series(matching: [], from: from, to: to).map { $0[name] }.filter { !$0.isEmpty })
    }

    /// The label sets of streams with lines in a range of time.
    public func series(matching matchers: [LabelMatcher], from: Int64, to: Int64) -> [Labels] {
        streams(matching: matchers).filter { stream in
            stream.chunks.contains { $0.last >= from && $0.first < to }
                || !stream.head.isEmpty && stream.head[0].timestamp < to
                    && stream.head[stream.head.count - 1].timestamp >= from
        }.map(\.labels)
    }

    private func unique(_ texts: [String]) -> [String] {
        var kept: [String] = []
        for text in texts.sorted(by: ByteOrder.less) where kept.last.map({ !ByteOrder.same($0, text) }) ?? true {
            kept.append(text)
        }
        return kept
    }
}
