import Kubectl
import KubernetesAPI
import Lab

extension ManifestFile {
    /// The objects of a file for a scenario: of its namespace, the kinds among them that the scenario's operators add.
    func objects(in scenario: Scenario) -> (objects: [ManifestObject], errors: [ManifestError]) {
        AddedKinds.$current.withValue(scenario.addedKinds) { objects(namespace: scenario.namespace) }
    }
}
