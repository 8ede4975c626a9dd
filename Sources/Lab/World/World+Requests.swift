import Cluster
import Kubectl
import KubernetesAPI
import Simulation

/// A world answers API requests at the present instant; what they cause follows as time goes on.
extension World: APIEndpoint {
    public mutating func respond(to request: APIRequest) -> APIResponse {
        clock.begin(event: clock.takeSequence(), at: clock.now)
        if let refusal = refusal(of: request) { return APIResponse(refusal) }
        var response = cluster.respond(to: request, clock: &clock, logs: workloads)
        if request.resource.group == "metrics.k8s.io" { replaceUsage(in: &response) }
        noticeScaledObjects(request)
        carry()
        return response
    }

    /// What became of a set of manifests.
    public struct ApplyOutcome: Sendable {
        public var results: [ApplyCommand.Result]
        public var failures: [ConfigurationError]
    }

    /// Applies a manifest as `kubectl apply` does, into the scenario's namespace, which is made if it is not there.
    public mutating func apply(_ text: String, file: String, author: String) -> ApplyOutcome {
        if cluster.context.store.namespaces.named(scenario.namespace) == nil {
            _ = respond(
                to: APIRequest(
                    .create, Namespace.resource,
                    body: .object(["metadata": .object(["name": .string(scenario.namespace)])])))
        }
        let command = ApplyCommand(
            files: [ManifestFile(name: file, bytes: Array(text.utf8))], namespace: scenario.namespace)
        let (results, errors) = AddedKinds.$current.withValue(cluster.customKinds) { command.apply(on: &self) }
        var failures = errors.map { ConfigurationError(file: $0.file, line: $0.line, message: $0.message) }
        for result in results {
            guard let failure = result.failure else { continue }
            let path = failure.causes.first?.field ?? ""
            failures.append(
                ConfigurationError(
                    file: result.object.file,
                    line: path.isEmpty ? result.object.line : result.object.document.line(of: path), path: path,
                    message: failure.message))
        }
        return ApplyOutcome(results: results, failures: failures)
    }
}
