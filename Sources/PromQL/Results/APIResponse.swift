/// Answers in the JSON of Prometheus' HTTP API (`/api/v1/query` and `/api/v1/query_range`), as text: numbers as Go prints
/// them, timestamps in seconds.
///
///     {"status":"success","data":{"resultType":"vector","result":[{"metric":{…},"value":[1767230000,"1"]}]}}
public struct APIResponse: Sendable {
    /// The HTTP status.
    public let status: Int
    public let body: String

    /// `GET /api/v1/query`: `time` in milliseconds.
    public static func query(_ query: String, engine: QueryEngine, store: TimeSeriesStore, time: Int64) -> APIResponse {
        respond { () throws(QueryError) in try engine.instant(query, in: store, at: time) }
    }

    /// The points of a series that a range query may have at most.
    static let maxPoints: Int64 = 11_000

    /// `GET /api/v1/query_range`: all in milliseconds.
    public static func queryRange(
        _ query: String, engine: QueryEngine, store: TimeSeriesStore, start: Int64, end: Int64, step: Int64
    ) -> APIResponse {
        respond { () throws(QueryError) in
            if end < start { throw .badData("invalid parameter \"end\": end timestamp must not be before start time") }
            if step <= 0 {
                throw .badData(
                    "invalid parameter \"step\": zero or negative query resolution step widths are not accepted. Try a positive integer"
                )
            }
            if (end - start) / step > maxPoints {
                throw .badData(
                    "exceeded maximum resolution of 11,000 points per timeseries. Try decreasing the query resolution (?step=XX)"
                )
            }
            return try engine.range(query, in: store, from: start, through: end, step: step)
        }
    }

    private static func respond(_ answer: () throws(QueryError) -> QueryResult) -> APIResponse {
        do throws(QueryError) {
            let result = try answer()
            var body = #"{"status":"success","data":"# + JSONText.value(result)
            if !result.warnings.isEmpty {
                body += #","warnings":["# + result.warnings.map(JSONText.string).joined(separator: ",") + "]"
            }
            if !result.infos.isEmpty {
                body += #","infos":["# + result.infos.map(JSONText.string).joined(separator: ",") + "]"
            }
            return APIResponse(status: 200, body: body + "}")
        } catch {
            let status: Int
            switch error {
            case .badData: status = 400
            case .execution: status = 422
            case .timeout: status = 503
            }
            return APIResponse(
                status: status,
                body: #"{"status":"error","errorType":"\#(error.type)","error":"# + JSONText.string(error.description)
                    + "}")
        }
    }
}

/// Pieces of JSON as Prometheus writes them.
enum JSONText {
    static func string(_ text: String) -> String {
        var out = "\""
        for scalar in text.unicodeScalars {
            switch scalar {
            case "\"": out += "\\\""
            case "\\": out += "\\\\"
            case "\n": out += "\\n"
            case "\r": out += "\\r"
            case "\t": out += "\\t"
            case "\u{00}"..."\u{1F}", "\u{2028}", "\u{2029}": out += "\\u" + GoQuote.hexadecimal(scalar.value, width: 4)
            default: out.unicodeScalars.append(scalar)
            }
        }
        return out + "\""
    }

    static func labels(_ labels: Labels) -> String {
        "{" + labels.pairs.map { string($0.name) + ":" + string($0.value) }.joined(separator: ",") + "}"
    }

    private static func point(_ time: Int64, _ value: Double) -> String {
        "[" + TimestampText.seconds(time) + ",\"" + GoFloat.json(value) + "\"]"
    }

    private static func point(_ time: Int64, _ histogram: NativeHistogram) -> String {
        let buckets = histogram.intervals.map { interval in
            // 0: open left, 1: open right, 2: open both, 3: closed both.
            let boundaries = interval.lower < 0 ? interval.upper > 0 ? 3 : 1 : 0
            return
                "[\(boundaries),\"\(GoFloat.json(interval.lower))\",\"\(GoFloat.json(interval.upper))\",\"\(GoFloat.json(interval.count))\"]"
        }
        return "[" + TimestampText.seconds(time)
            + ",{\"count\":\"\(GoFloat.json(histogram.count))\",\"sum\":\"\(GoFloat.json(histogram.sum))\""
            + (buckets.isEmpty ? "" : ",\"buckets\":[" + buckets.joined(separator: ",") + "]") + "}]"
    }

    static func value(_ result: QueryResult) -> String {
        switch result.value {
        case .scalar(let value):
            // Scalars and strings go through another encoder, which writes the time as a float.
            return #"{"resultType":"scalar","result":["# + GoFloat.fixed(Double(result.time) / 1000) + ",\""
                + GoFloat.fixed(value) + "\"]}"
        case .string(let text):
            return #"{"resultType":"string","result":["# + GoFloat.fixed(Double(result.time) / 1000) + ","
                + string(text) + "]}"
        case .vector(let elements):
            let items = elements.map { element in
                switch element.value {
                case .float(let value):
                    "{\"metric\":" + labels(element.labels) + ",\"value\":" + point(result.time, value) + "}"
                case .histogram(let histogram):
                    "{\"metric\":" + labels(element.labels) + ",\"histogram\":" + point(result.time, histogram) + "}"
                }
            }
            return #"{"resultType":"vector","result":["# + items.joined(separator: ",") + "]}"
        case .matrix(let series):
            var out = #"{"resultType":"matrix","result":["#
            for (place, one) in series.enumerated() {
                if place > 0 { out += "," }
                out += "{\"metric\":" + labels(one.labels)
                if !one.floats.isEmpty {
                    out += ",\"values\":["
                    for (index, sample) in one.floats.enumerated() {
                        if index > 0 { out += "," }
                        out += point(sample.time, sample.value)
                    }
                    out += "]"
                }
                if !one.histograms.isEmpty {
                    out +=
                        ",\"histograms\":[" + one.histograms.map { point($0.time, $0.histogram) }.joined(separator: ",")
                        + "]"
                }
                out += "}"
            }
            return out + "]}"
        }
    }
}
