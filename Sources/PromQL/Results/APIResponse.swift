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
            var json = JSONWriter()
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
            json.raw("}")
            return APIResponse(status: 200, bytes: json.bytes)
        } catch {
            let status: Int
            switch error {
            case .badData: status = 400
            case .execution: status = 422
            case .timeout: status = 503
            }
            var json = JSONWriter()
            json.raw("{\"status\":\"error\",\"errorType\":")
            json.string(error.type)
            json.raw(",\"error\":")
            json.string(error.description)
            json.raw("}")
            return APIResponse(status: status, bytes: json.bytes)
        }
    }
}
