import PromQL

/// A template of an alert's label or annotation, as Prometheus expands it: Go's text/template with Prometheus' own
/// functions and the variables `$labels`, `$value`, `$externalLabels` and `$externalURL`.
///
///     let template = try AlertTemplate("{{ $labels.pod }} is down", name: "__alert_PodDown")
///     template.expand(TemplateData(labels: labels, value: 1)) { query in … }
public struct AlertTemplate: Sendable {
    /// What Prometheus puts before each alert template; positions in errors count it.
    private static let preamble =
        "{{$labels := .Labels}}{{$externalLabels := .ExternalLabels}}{{$externalURL := .ExternalURL}}{{$value := .Value}}"

    private let name: String
    private let source: String
    private let parsed: TemplateParser.Result
    /// A text without actions is its own expansion.
    private let isPlain: Bool

    /// - Parameter name: as errors name it, `__alert_` and the alert's name.
    /// - Throws: `TemplateError` for what the real parser refuses, a function that is not there among it:
    ///   `template: __alert_X:1: function "nofunc" not defined`.
    public init(_ text: String, name: String) throws(TemplateError) {
        self.name = name
        isPlain = !text.utf8.contains(UInt8(ascii: "{"))
        source = isPlain ? text : Self.preamble + text
        parsed =
            isPlain
            ? TemplateParser.Result(nodes: [], definitions: [:]) : try TemplateParser.parse(source, name: name)
    }

    /// Expands the template. The steps, the depth and the length of the result are bounded.
    /// - Parameter query: answers the template's queries at the instant of the evaluation.
    /// - Returns: the text, or `error executing template …` with the place.
    public func expand(
        _ data: TemplateData, query: (String) throws(TemplateError) -> [QuerySample]
    ) -> Result<String, TemplateError> {
        if isPlain { return .success(source) }
        return withoutActuallyEscaping(query) { query in
            var evaluator = TemplateEvaluator(
                source: source, name: name, definitions: parsed.definitions, data: data, query: query)
            do throws(TemplateError) { return .success(try evaluator.expand(parsed.nodes)) } catch {
                return .failure(TemplateError("error executing template \(name): \(error.description)"))
            }
        }
    }

    /// What an annotation says whose template failed.
    public static func failureText(_ error: TemplateError) -> String { "<error expanding template: \(error)>" }
}
