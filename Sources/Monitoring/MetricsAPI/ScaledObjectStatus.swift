import KubernetesAPI

/// What KEDA writes into the status of a ScaledObject.
public struct ScaledObjectStatus: Sendable, Equatable {
    public struct Condition: Sendable, Equatable {
        /// `True`, `False` or `Unknown`.
        public var status = "Unknown"
        public var reason = ""
        public var message = ""

        public init(_ status: String = "Unknown", _ reason: String = "", _ message: String = "") {
            self.status = status
            self.reason = reason
            self.message = message
        }
    }

    public var ready = Condition()
    public var active = Condition()
    public var fallback = Condition()
    public var paused = Condition()
    /// Looks that failed one after another, by the name of the metric.
    public var failures: [String: Int] = [:]
    /// RFC 3339; nil if no trigger was ever active.
    public var lastActiveTime: JSONValue?
    public var originalReplicas: Int?
    public var autoscalerName = ""

    public init() {}

    public static let isReady = Condition(
        "True", "ScaledObjectReady", "ScaledObject is defined correctly and is ready for scaling")

    public static func isNotReady(_ message: String) -> Condition {
        Condition("False", "ScaledObjectCheckFailed", message)
    }

    /// Whether triggers are active, or cannot be read.
    public static func activity(isActive: Bool, isError: Bool) -> Condition {
        if isActive { return Condition("True", "ScalerActive", "Scaling is performed because triggers are active") }
        if isError {
            return Condition("Unknown", "UnknownState", "Triggers defined in ScaledObject are not working correctly")
        }
        return Condition("False", "ScalerNotActive", "Scaling is not performed because triggers are not active")
    }

    public static func falling(_ isFalling: Bool) -> Condition {
        isFalling
            ? Condition("True", "FallbackExists", "At least one trigger is falling back on this scaled object")
            : Condition("False", "NoFallbackFound", "No fallbacks are active on this scaled object")
    }

    /// The object's `status`.
    public func json(_ object: ScaledObject) -> JSONValue {
        func row(_ type: String, _ condition: Condition) -> JSONValue {
            var members: JSONValue = ["type": .string(type), "status": .string(condition.status)]
            if case .object(var fields) = members, !condition.reason.isEmpty {
                fields["reason"] = .string(condition.reason)
                fields["message"] = .string(condition.message)
                members = .object(fields)
            }
            return members
        }
        let metrics = object.triggers.map(\.metricName).filter { !$0.isEmpty }
        var types: [String] = []
        for type in object.triggers.map(\.typeText) where !types.contains(type) { types.append(type) }
        var status: JSONValue = [
            "conditions": .array([
                row("Ready", ready), row("Active", active), row("Fallback", fallback), row("Paused", paused),
            ]),
            "externalMetricNames": .array(metrics.map { .string($0) }),
            "scaleTargetKind": .string("\(object.targetAPIVersion).\(object.targetKind)"),
            "triggersTypes": .string(types.joined(separator: ",")), "authenticationsTypes": "",
        ]
        guard case .object(var fields) = status else { return status }
        var health: JSONValue = .object([:])
        if case .object(var rows) = health {
            for metric in metrics {
                guard let count = failures[metric] else { continue }
                rows[metric] = [
                    "numberOfFailures": .integer(Int64(count)), "status": .string(count == 0 ? "Happy" : "Failing"),
                ]
            }
            health = .object(rows)
        }
        if health != .object([:]) { fields["health"] = health }
        if !autoscalerName.isEmpty { fields["hpaName"] = .string(autoscalerName) }
        if let lastActiveTime { fields["lastActiveTime"] = lastActiveTime }
        if let originalReplicas { fields["originalReplicaCount"] = .integer(Int64(originalReplicas)) }
        status = .object(fields)
        return status
    }
}

extension ScaleTrigger {
    /// As the trigger's `type` says it.
    public var typeText: String {
        switch source {
        case .prometheus: "prometheus"
        case .cron: "cron"
        case .resource(let name, _): name
        }
    }
}
