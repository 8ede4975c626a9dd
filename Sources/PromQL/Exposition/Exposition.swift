/// What the text formats have in common.
public enum Exposition {
    /// A number as OpenMetrics writes it: `1.0`, `0.5`, `1e+06`, `+Inf`.
    public static func formatFloat(_ value: Double) -> String {
        if value.isNaN { return "NaN" }
        if value.isInfinite { return value < 0 ? "-Inf" : "+Inf" }
        let text = GoFloat.general(value)
        return text.contains(".") || text.contains("e") ? text : text + ".0"
    }
}
