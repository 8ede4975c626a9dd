/// Answers in the JSON of Prometheus' HTTP API (`/api/v1/query` and `/api/v1/query_range`), as text: numbers as Go prints
/// them, timestamps in seconds.
///
///     {"status":"success","data":{"resultType":"vector","result":[{"metric":{…},"value":[1767230000,"1"]}]}}
public struct APIResponse: Sendable {
    /// The HTTP status.
    public let status: Int
    /// The JSON, as UTF-8.
    public let bytes: [UInt8]

    public var body: String { String(decoding: bytes, as: UTF8.self) }

    /// `GET /api/v1/query`: `time` in milliseconds.
    public static func query(_ query: String, engine: QueryEngine, store: TimeSeriesStore, time: Int64) -> APIResponse {
        APIResponse(Result { () throws(QueryError) in try engine.instant(query, in: store, at: time) })
    }

    /// The points of a series that a range query may have at most.
    static let maxPoints: Int64 = 11_000

    /// `GET /api/v1/query_range`: all in milliseconds.
    public static func queryRange(
        _ query: String, engine: QueryEngine, store: TimeSeriesStore, start: Int64, end: Int64, step: Int64
    ) -> APIResponse {
        APIResponse(
            Result { () throws(QueryError) in
                try range(query, engine: engine, store: store, start: start, end: end, step: step)
            })
    }

    /// A range query as the API allows it: forwards, and with at most 11,000 points a series. All in milliseconds.
    public static func range(
        _ query: String, engine: QueryEngine, store: TimeSeriesStore, start: Int64, end: Int64, step: Int64
    ) throws(QueryError) -> QueryResult {
        if end < start { throw .badData("invalid parameter \"end\": end timestamp must not be before start time") }
        if step <= 0 {
            throw .badData(
                "invalid parameter \"step\": zero or negative query resolution step widths are not accepted. Try a positive integer"
            )
        }
        if QueryEngine.intervals(from: start, through: end, step: step) > maxPoints {
            throw .badData(
                "exceeded maximum resolution of 11,000 points per timeseries. Try decreasing the query resolution (?step=XX)"
            )
        }
        return try engine.range(query, in: store, from: start, through: end, step: step)
    }

    /// What the API answers with a result or an error.
    public init(_ answer: Result<QueryResult, QueryError>) {
        var json = JSONWriter()
        switch answer {
        case .success(let result):
            status = 200
            json.raw("{\"status\":\"success\",\"data\":")
            json.value(result)
            if !result.warnings.isEmpty {
                json.raw(",\"warnings\":")
                json.strings(result.warnings)
            }
            if !result.infos.isEmpty {
                json.raw(",\"infos\":")
                json.strings(result.infos)
            }
        case .failure(let error):
            switch error {
            case .badData: status = 400
            case .execution: status = 422
            case .timeout: status = 503
            }
            json.raw("{\"status\":\"error\",\"errorType\":")
            json.string(error.type)
            json.raw(",\"error\":")
            json.string(error.description)
        }
        json.raw("}")
        bytes = json.bytes
    }
}
