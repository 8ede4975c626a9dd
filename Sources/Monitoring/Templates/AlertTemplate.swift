import PromQL

/// A template of an alert's label or annotation, as Prometheus expands it: Go's text/template with Prometheus' own
/// functions and the variables `$labels`, `$value`, `$externalLabels` and `$externalURL`.
///
///     let template = try AlertTemplate("{{ $labels.pod }} is down", name: "__alert_PodDown")
///     template.expand(TemplateData(labels: labels, value: 1)) { query in … }
public struct AlertTemplate: Sendable {
    private let nodes: [TemplateNode]
    private let definitions: [String: [TemplateNode]]
    private let name: String
    /// A text without actions is its own expansion.
    private let plain: String?

    /// What Prometheus puts before each alert template; positions in errors count it.
    private static let preamble =
        "{{$labels := .Labels}}{{$externalLabels := .ExternalLabels}}{{$externalURL := .ExternalURL}}{{$value := .Value}}"

    /// - Parameter name: as errors name it, `__alert_` and the alert's name.
    /// - Throws: `TemplateError` for what the real parser refuses, a function that is not there among it.
    public init(_ text: String, name: String) throws(TemplateError) {
        self.name = name
        plain = text.utf8.contains(UInt8(ascii: "{")) ? nil : text
        var parser = TemplateParser(
            Self.preamble + text, name: name, variables: ["$"])
        nodes = try parser.parse()
        definitions = parser.definitions
    }

    /// Expands the template. The steps and the length of the result are bounded.
    /// - Parameter query: answers the template's queries at the instant of the evaluation.
    public func expand(
        _ data: TemplateData, query: (String) throws(TemplateError) -> [QuerySample]
    ) -> Result<String, TemplateError> {
        if let plain { return .success(plain) }
        return withoutActuallyEscaping(query) { query in
            var evaluator = TemplateEvaluator(data: data, definitions: definitions, name: name, query: query)
            do throws(TemplateError) { return .success(try evaluator.run(nodes)) } catch {
                return .failure(TemplateError("error executing template \(name): \(error.description)"))
            }
        }
    }

    /// What an annotation says whose template failed.
    public static func failureText(_ error: TemplateError) -> String { "<error expanding template: \(error)>" }
}
