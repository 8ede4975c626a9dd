import KubernetesAPI
import PromQL

/// What KEDA's admission webhook knows of the cluster when it looks at a ScaledObject, and what it refuses
/// (`apis/keda/v1alpha1/scaledobject_webhook.go`).
public struct ScaledObjectAdmission: Sendable {
    /// What lies in the object's namespace.
    public struct Neighbours: Sendable {
        public var autoscalers: [HorizontalPodAutoscaler] = []
        public var scaledObjects: [JSONValue] = []
        /// The pods that the target makes; nil if there is no such target.
        public var template: PodSpec?
        /// Resources for which a LimitRange gives containers a limit.
        public var limitedResources: Set<String> = []

        public init() {}
    }

    public static let webhook = "vscaledobject.kb.io"
    private let neighbours: Neighbours
    private let isTrial: Bool

    /// - Parameter isTrial: whether the request is a dry run, in which CPU and memory are not looked at.
    public init(_ neighbours: Neighbours, isTrial: Bool = false) {
        self.neighbours = neighbours
        self.isTrial = isTrial
    }

    /// Why an object is refused; nil for a good one.
    public func refusal(of object: JSONValue) -> APIStatus? {
        guard let problem = problem(of: object) else { return nil }
        return APIStatus(
            code: 403, reason: "Forbidden",
            message: "admission webhook \(GoQuote.quote(Self.webhook)) denied the request: \(problem)")
    }

    /// The first problem, in KEDA's order.
    func problem(of object: JSONValue) -> String? {
        let spec = object["spec"] ?? .null
        let triggers = spec["triggers"]?.array ?? []
        let target = ScaleTargetReference(spec)
        return resources(triggers, spec, target) ?? managedByScaledObject(object, target)
            ?? managedByAutoscaler(object, target) ?? replicas(spec) ?? fallback(spec, triggers) ?? names(triggers)
    }

    private func resources(_ triggers: [JSONValue], _ spec: JSONValue, _ target: ScaleTargetReference) -> String? {
        let onResources = triggers.filter { Self.isResource($0) }
        guard !isTrial, !onResources.isEmpty else { return nil }
        guard let template = neighbours.template else {
            return "\(target.kind.lowercased())s.apps \(GoQuote.quote(target.name)) not found"
        }
        for trigger in onResources {
            let resource = trigger["type"]?.string ?? ""
            let only = trigger["metadata"]?["containerName"]?.string ?? ""
            for container in template.containers where only.isEmpty || container.name == only {
                let isSet =
                    container.resources?.requests[resource] != nil || container.resources?.limits[resource] != nil
                guard isSet || neighbours.limitedResources.contains(resource) else {
                    return
                        "the scaledobject has a \(resource) trigger but the container \(container.name) doesn't have the \(resource) request defined"
                }
            }
        }
        if onResources.count == triggers.count, (spec["minReplicaCount"]?.wholeNumber ?? 0) == 0 {
            return
                "scaledobject has only cpu/memory triggers AND minReplica is 0 (scale to zero doesn't work in this case)"
        }
        return nil
    }

    private func managedByScaledObject(_ object: JSONValue, _ target: ScaleTargetReference) -> String? {
        let own = object["metadata"]?["name"]
        for other in neighbours.scaledObjects where other["metadata"]?["name"] != own {
            if ScaleTargetReference(other["spec"] ?? .null) == target {
                return
                    "the workload '\(target.name)' of type '\(target.kindText)' is already managed by the ScaledObject '\(other["metadata"]?["name"]?.string ?? "")'"
            }
        }
        return nil
    }

    private func managedByAutoscaler(_ object: JSONValue, _ target: ScaleTargetReference) -> String? {
        let metadata = object["metadata"]
        let annotations = CustomResource.texts(metadata?["annotations"])
        let config = object["spec"]?["advanced"]?["horizontalPodAutoscalerConfig"]
        for autoscaler in neighbours.autoscalers {
            if autoscaler.metadata.annotations["validations.keda.sh/hpa-ownership"] == "false" { continue }
            let reference = autoscaler.spec.scaleTargetRef
            guard
                ScaleTargetReference(apiVersion: reference.apiVersion, kind: reference.kind, name: reference.name)
                    == target
            else { continue }
            let isOwned = autoscaler.metadata.ownerReferences.contains {
                $0.kind == "ScaledObject" && $0.name == metadata?["name"]?.string
            }
            let isHandedOver =
                annotations["scaledobject.keda.sh/transfer-hpa-ownership"] == "true"
                && config?["name"]?.string == autoscaler.metadata.name
            if !isOwned, !isHandedOver {
                return
                    "the workload '\(target.name)' of type '\(target.kindText)' is already managed by the hpa '\(autoscaler.metadata.name)'"
            }
        }
        return nil
    }

    private func replicas(_ spec: JSONValue) -> String? {
        let wanted = spec["minReplicaCount"]?.wholeNumber
        let least = wanted.map { max(1, $0) } ?? 0
        let most = spec["maxReplicaCount"]?.wholeNumber ?? 100
        if least > most { return "MinReplicaCount=\(least) must be less than MaxReplicaCount=\(most)" }
        if let idle = spec["idleReplicaCount"]?.wholeNumber, idle >= least {
            return "IdleReplicaCount=\(idle) must be less than MinReplicaCount=\(least)"
        }
        return nil
    }

    private func fallback(_ spec: JSONValue, _ triggers: [JSONValue]) -> String? {
        guard let fallback = spec["fallback"], fallback != .null else { return nil }
        let threshold = fallback["failureThreshold"]?.wholeNumber ?? 0
        let replicas = fallback["replicas"]?.wholeNumber ?? 0
        if threshold < 0 || replicas < 0 {
            return "FailureThreshold=\(threshold) & Replicas=\(replicas) must both be greater than or equal to 0"
        }
        let isPossible = triggers.contains {
            !Self.isResource($0) && ["", "AverageValue"].contains($0["metricType"]?.string ?? "")
        }
        return isPossible
            ? nil
            : "at least one trigger (that is not cpu or memory) has to have the `AverageValue` type for the fallback to be enabled"
    }

    private func names(_ triggers: [JSONValue]) -> String? {
        if triggers.isEmpty { return "no triggers defined in the ScaledObject/ScaledJob" }
        var seen: Set<String> = []
        for name in triggers.compactMap({ $0["name"]?.string }) where !name.isEmpty {
            if !seen.insert(name).inserted {
                return
                    "triggerName \(GoQuote.quote(name)) is defined multiple times in the ScaledObject/ScaledJob, but it must be unique"
            }
        }
        return nil
    }

    private static func isResource(_ trigger: JSONValue) -> Bool {
        ["cpu", "memory"].contains(trigger["type"]?.string ?? "")
    }
}

/// The workload that something scales.
public struct ScaleTargetReference: Sendable, Equatable {
    public var apiVersion: String
    public var kind: String
    public var name: String

    public init(apiVersion: String, kind: String, name: String) {
        self.apiVersion = apiVersion.isEmpty ? "apps/v1" : apiVersion
        self.kind = kind.isEmpty ? "Deployment" : kind
        self.name = name
    }

    /// That of a ScaledObject, from its spec.
    public init(_ spec: JSONValue) {
        let target = spec["scaleTargetRef"]
        self.init(
            apiVersion: target?["apiVersion"]?.string ?? "", kind: target?["kind"]?.string ?? "",
            name: target?["name"]?.string ?? "")
    }

    /// As KEDA writes it: `apps/v1.Deployment`.
    public var kindText: String { apiVersion + "." + kind }
}
