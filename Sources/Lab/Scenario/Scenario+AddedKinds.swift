import KubernetesAPI
import Monitoring

extension Scenario {
    /// The kinds that what runs in the scenario's cluster brings along, as a client there discovers them.
    public var addedKinds: [CustomKind] {
        var definitions: [JSONValue] = []
        if monitoring?.hasOperator ?? false { definitions += OperatorDefinitions.objects }
        if monitoring?.hasKEDA ?? false { definitions += ScaledObjectDefinition.objects }
        return definitions.flatMap(CustomKind.kinds)
    }
}
