import Cluster
import KubernetesAPI
import Monitoring
import Simulation

/// The admission webhooks of what runs in the cluster beside the control plane: the operator's and KEDA's.
extension World {
    /// Why a webhook refuses what a request would store; nil if none does, or if the API server itself refuses it.
    mutating func refusal(of request: APIRequest) -> APIStatus? {
        guard monitoring != nil, request.subresource.isEmpty else { return nil }
        switch request.verb {
        case .create, .update, .patch: break
        case .get, .list, .delete, .deletecollection: return nil
        }
        if request.resource == OperatorDefinitions.prometheusRule, monitoring?.monitors != nil {
            return admitted(request).flatMap(PrometheusRuleAdmission.refusal)
        }
        if request.resource == ScaledObjectDefinition.resource, monitoring?.scaling != nil {
            guard let object = admitted(request) else { return nil }
            return ScaledObjectAdmission(neighbours(of: object), isTrial: request.dryRun).refusal(of: object)
        }
        return nil
    }

    /// The object that a request would store.
    private mutating func admitted(_ request: APIRequest) -> JSONValue? {
        var trial = request
        trial.dryRun = true
        var clock = clock
        let response = cluster.respond(to: trial, clock: &clock, logs: workloads)
        guard case .object(let object) = response.body else { return nil }
        return object
    }
}
