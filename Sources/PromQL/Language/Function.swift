/// A function's name and types, as Prometheus 3 declares them.
public struct Function: Sendable, Equatable {
    public let name: String
    let arguments: [ValueType]
    /// How many further arguments of the last type there may be; -1 for any number; 0 if all are required.
    let variadic: Int
    public let returns: ValueType
    /// Only with the feature `promql-experimental-functions`.
    let isExperimental: Bool

    public static func == (a: Function, b: Function) -> Bool { a.name == b.name }

    /// All functions by name.
    public static let table: [String: Function] = {
        var table: [String: Function] = [:]
        func add(
            _ names: String, _ arguments: [ValueType], _ returns: ValueType = .vector, variadic: Int = 0,
            experimental: Bool = false
        ) {
            for name in names.split(separator: " ").map(String.init) {
                table[name] = Function(
                    name: name, arguments: arguments, variadic: variadic, returns: returns, isExperimental: experimental
                )
            }
        }
        add(
            "abs absent acos acosh asin asinh atan atanh ceil cos cosh deg exp floor histogram_avg histogram_count",
            [.vector])
        add(
            "histogram_stddev histogram_stdvar histogram_sum ln log10 log2 rad sgn sin sinh sort sort_desc sqrt tan tanh timestamp",
            [.vector])
        add(
            "absent_over_time avg_over_time changes count_over_time delta deriv first_over_time idelta increase irate",
            [.matrix])
        add(
            "last_over_time max_over_time min_over_time present_over_time rate resets stddev_over_time stdvar_over_time sum_over_time",
            [.matrix])
        add("day_of_month day_of_week day_of_year days_in_month hour minute month year", [.vector], variadic: 1)
        add("clamp", [.vector, .scalar, .scalar])
        add("clamp_max clamp_min", [.vector, .scalar])
        add("histogram_fraction", [.scalar, .scalar, .vector])
        add("histogram_quantile", [.scalar, .vector])
        add("label_join", [.vector, .string, .string, .string], variadic: -1)
        add("label_replace", [.vector, .string, .string, .string, .string])
        add("pi time", [], .scalar)
        add("predict_linear", [.matrix, .scalar])
        add("quantile_over_time", [.scalar, .matrix])
        add("round", [.vector, .scalar], variadic: 1)
        add("scalar", [.vector], .scalar)
        add("vector", [.scalar])
        add("double_exponential_smoothing", [.matrix, .scalar, .scalar], experimental: true)
        add(
            "mad_over_time ts_of_first_over_time ts_of_last_over_time ts_of_max_over_time ts_of_min_over_time",
            [.matrix], experimental: true)
        add("sort_by_label sort_by_label_desc", [.vector, .string], variadic: -1, experimental: true)
        add("info", [.vector, .vector], variadic: 1, experimental: true)
        add("histogram_quantiles", [.vector, .string, .scalar, .scalar], variadic: 9, experimental: true)
        add("start end step range", [], .scalar, experimental: true)
        add("min_of max_of", [.scalar, .scalar], .scalar, experimental: true)
        return table
    }()

    /// Functions whose value may differ from step to step though their arguments do not.
    var dependsOnEvaluationTime: Bool {
        switch name {
        case "days_in_month", "day_of_month", "day_of_week", "day_of_year", "hour", "minute", "month", "year",
            "predict_linear", "time", "timestamp":
            true
        default: false
        }
    }
}
