import KubernetesAPI

/// The CustomResourceDefinition of KEDA's ScaledObject, as far as a lab acts on one; what KEDA has beside that
/// (formulas over triggers, the behaviour of the HPA) is kept.
public enum ScaledObjectDefinition {
    public static let resource = ResourceType(
        group: "keda.sh", version: "v1alpha1", kind: "ScaledObject", plural: "scaledobjects", namespaced: true,
        shortNames: ["so"], categories: [])

    /// The definitions as objects of the API.
    public static var objects: [JSONValue] {
        [DefinitionText.object(resource, spec: spec, status: DefinitionText.free, columns: columns)].compactMap { $0 }
    }

    private static let columns = #"""
        [
          {name: ScaleTargetKind, type: string, jsonPath: .status.scaleTargetKind},
          {name: ScaleTargetName, type: string, jsonPath: .spec.scaleTargetRef.name},
          {name: Min, type: integer, jsonPath: .spec.minReplicaCount},
          {name: Max, type: integer, jsonPath: .spec.maxReplicaCount},
          {name: Ready, type: string, jsonPath: '.status.conditions[?(@.type=="Ready")].status'},
          {name: Active, type: string, jsonPath: '.status.conditions[?(@.type=="Active")].status'},
          {name: Fallback, type: string, jsonPath: '.status.conditions[?(@.type=="Fallback")].status'},
          {name: Paused, type: string, jsonPath: '.status.conditions[?(@.type=="Paused")].status'},
          {name: Triggers, type: string, jsonPath: .status.triggersTypes},
          {name: Authentications, type: string, jsonPath: .status.authenticationsTypes},
          {name: Age, type: date, jsonPath: .metadata.creationTimestamp}]
        """#.replacing("\n", with: " ")

    private static let count = "{type: integer, format: int32}"
    private static let spec = """
        {type: object, required: [scaleTargetRef, triggers], properties: {
          scaleTargetRef: {type: object, required: [name], properties: {
            apiVersion: {type: string}, kind: {type: string}, name: {type: string},
            envSourceContainerName: {type: string}}},
          pollingInterval: \(count), cooldownPeriod: \(count), initialCooldownPeriod: \(count),
          idleReplicaCount: \(count), minReplicaCount: \(count), maxReplicaCount: \(count),
          fallback: {type: object, required: [failureThreshold, replicas], properties: {
            failureThreshold: \(count), replicas: \(count),
            behavior: {type: string, default: static, enum: [
              static, currentReplicas, currentReplicasIfHigher, currentReplicasIfLower]}}},
          advanced: {type: object, properties: {
            restoreToOriginalReplicaCount: {type: boolean},
            horizontalPodAutoscalerConfig: {type: object, properties: {
              name: {type: string}, behavior: \(DefinitionText.free)}},
            scalingModifiers: \(DefinitionText.free)}},
          triggers: {type: array, items: {type: object, required: [metadata, type], properties: {
            type: {type: string}, name: {type: string}, metricType: {type: string},
            metadata: {type: object, additionalProperties: {type: string}}, useCachedMetrics: {type: boolean},
            authenticationRef: {type: object, required: [name], properties: {
              name: {type: string}, kind: {type: string}}}}}}}}
        """
}
