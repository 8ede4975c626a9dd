import KubernetesAPI
import PromQL

/// What the operator's admission webhook says of a PrometheusRule (`pkg/admission`, `operator.ValidateRule`).
public enum PrometheusRuleAdmission {
    /// As the operator's own manifests and its chart name the webhook.
    public static let webhook = "prometheusrulemutate.monitoring.coreos.com"
    /// A ConfigMap takes no more.
    static let maximumBytes = 1 << 19

    /// Why a rule is refused; nil for a good one.
    public static func refusal(of object: JSONValue) -> APIStatus? {
        let problems = problems(of: object)
        guard !problems.isEmpty else { return nil }
        return APIStatus(
            code: 422, reason: "Invalid",
            message: "admission webhook \(GoQuote.quote(webhook)) denied the request: Rules are not valid",
            name: "prometheusrules",
            causes: problems.map { APIStatus.Cause(reason: "", message: $0, field: "") })
    }

    /// Everything that Prometheus would find wrong with the groups, in its own words.
    static func problems(of object: JSONValue) -> [String] {
        let contents = PrometheusOperator.ruleText(CustomResource(value: object))
        guard contents.utf8.count <= maximumBytes else {
            return [
                "PrometheusRule's size (\(contents.utf8.count) bytes) exceeds the maximum size (\(maximumBytes) bytes)"
            ]
        }
        do throws(RuleFile.Failure) {
            _ = try RuleFile(contents)
            return []
        } catch {
            return error.texts
        }
    }
}
