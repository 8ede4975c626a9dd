extension HorizontalPodAutoscaler: Validatable {
    public func validate(_ errors: inout FieldErrors) { spec.validate(&errors, FieldPath("spec"), fewest: 1) }

    public func validateUpdate(from old: HorizontalPodAutoscaler, subresource: String, _ errors: inout FieldErrors) {
        if subresource == "status" {
            errors.nonnegative(status.currentReplicas, FieldPath("status").child("currentReplicas"))
            errors.nonnegative(status.desiredReplicas, FieldPath("status").child("desiredReplicas"))
        } else {
            spec.validate(&errors, FieldPath("spec"), fewest: old.spec.minReplicas == 0 ? 0 : 1)
        }
    }
}

extension HorizontalPodAutoscalerSpec {
    func validate(_ errors: inout FieldErrors, _ path: FieldPath, fewest: Int32) {
        if let minReplicas, minReplicas < fewest {
            errors.invalid(path.child("minReplicas"), minReplicas, "must be greater than or equal to \(fewest)")
        }
        let maximumPath = path.child("maxReplicas")
        if maxReplicas == 0 {
            errors.required(maximumPath, "must be set and greater than 0")
        } else if maxReplicas < 1 {
            errors.invalid(maximumPath, maxReplicas, "must be greater than 0")
        }
        if let minReplicas, maxReplicas < minReplicas {
            errors.invalid(maximumPath, maxReplicas, "must be greater than or equal to `minReplicas`")
        }
        scaleTargetRef.validate(&errors, path.child("scaleTargetRef"))
        for (index, metric) in metrics.enumerated() { metric.validate(&errors, path.child("metrics").index(index)) }
        if minReplicas == 0, !metrics.contains(where: { $0.type == "Object" || $0.type == "External" }) {
            errors.forbidden(
                path.child("metrics"),
                "must specify at least one Object or External metric to support scaling to zero replicas")
        }
        behavior?.scaleUp?.validate(&errors, path.child("behavior", "scaleUp"))
        behavior?.scaleDown?.validate(&errors, path.child("behavior", "scaleDown"))
    }
}

extension CrossVersionObjectReference {
    func validate(_ errors: inout FieldErrors, _ path: FieldPath) {
        for (name, value) in [("kind", kind), ("name", name)] {
            if value.isEmpty {
                errors.required(path.child(name))
            } else {
                errors.invalid(path.child(name), value, NameRules.pathSegment(value))
            }
        }
    }
}

extension HPAScalingRules {
    fileprivate func validate(_ errors: inout FieldErrors, _ path: FieldPath) {
        if let seconds = stabilizationWindowSeconds {
            let path = path.child("stabilizationWindowSeconds")
            if seconds < 0 { errors.invalid(path, seconds, "must be greater than or equal to zero") }
            if seconds > 3600 { errors.invalid(path, seconds, "must be less than or equal to 3600") }
        }
        if let selectPolicy { errors.choice(path.child("selectPolicy"), selectPolicy, ["Disabled", "Max", "Min"]) }
        let policiesPath = path.child("policies")
        if policies.isEmpty { errors.required(policiesPath, "must specify at least one Policy") }
        for (index, policy) in policies.enumerated() {
            let path = policiesPath.index(index)
            errors.choice(path.child("type"), policy.type, ["Percent", "Pods"])
            if policy.value <= 0 { errors.invalid(path.child("value"), policy.value, "must be greater than zero") }
            if policy.periodSeconds <= 0 {
                errors.invalid(path.child("periodSeconds"), policy.periodSeconds, "must be greater than zero")
            }
            if policy.periodSeconds > 1800 {
                errors.invalid(path.child("periodSeconds"), policy.periodSeconds, "must be less than or equal to 1800")
            }
        }
        if let tolerance, tolerance.isNegative {
            errors.invalid(path.child("tolerance"), tolerance, "must be greater than or equal to 0")
        }
    }
}

extension MetricSpec {
    private static let types = ["ContainerResource", "External", "Object", "Pods", "Resource"]

    fileprivate func validate(_ errors: inout FieldErrors, _ path: FieldPath) {
        if type.isEmpty { errors.required(path.child("type"), "must specify a metric source type") }
        errors.choice(path.child("type"), type, Self.types)
        let given = [
            ("object", object != nil), ("external", external != nil), ("pods", pods != nil),
            ("resource", resource != nil),
            ("containerResource", containerResource != nil),
        ].filter(\.1).map(\.0)
        // Only the first source is looked at.
        switch given.first {
        case "object": object?.validate(&errors, path.child("object"))
        case "external": external?.validate(&errors, path.child("external"))
        case "pods": pods?.validate(&errors, path.child("pods"))
        case "resource": resource?.validate(&errors, path.child("resource"))
        case "containerResource": containerResource?.validate(&errors, path.child("containerResource"))
        default: break
        }
        guard Self.types.contains(type) else {
            if given.count != 1 { refuse(given, &errors, path) }
            return
        }
        let expected = type.prefix(1).lowercased() + type.dropFirst()
        if !given.contains(expected) {
            errors.required(path.child(expected), "must populate information for the given metric source")
        }
        if given.count != 1 { refuse(given.filter { $0 != expected }, &errors, path) }
    }

    private func refuse(_ names: [String], _ errors: inout FieldErrors, _ path: FieldPath) {
        for name in names { errors.forbidden(path.child(name), "must populate the given metric source only") }
    }
}

extension MetricTarget {
    fileprivate func validate(_ errors: inout FieldErrors, _ path: FieldPath) {
        if type.isEmpty { errors.required(path.child("type"), "must specify a metric target type") }
        if !["Utilization", "Value", "AverageValue"].contains(type) {
            errors.invalid(path.child("type"), type, "must be either Utilization, Value, or AverageValue")
        }
        if let value, value <= Quantity() { errors.invalid(path.child("value"), value, "must be positive") }
        if let averageValue, averageValue <= Quantity() {
            errors.invalid(path.child("averageValue"), averageValue, "must be positive")
        }
        if let averageUtilization, averageUtilization < 1 {
            errors.invalid(path.child("averageUtilization"), averageUtilization, "must be greater than 0")
        }
    }

    /// A share of the request or an amount, not both.
    fileprivate func validateForResource(_ errors: inout FieldErrors, _ path: FieldPath) {
        validate(&errors, path)
        switch (averageUtilization, averageValue) {
        case (nil, nil):
            errors.required(
                path.child("averageUtilization"), "must set either a target raw value or a target utilization")
        case (.some, .some):
            errors.forbidden(
                path.child("averageValue"), "may not set both a target raw value and a target utilization")
        default: break
        }
    }
}

extension MetricIdentifier {
    fileprivate func validate(_ errors: inout FieldErrors, _ path: FieldPath) {
        if name.isEmpty {
            errors.required(path.child("name"), "must specify a metric name")
        } else {
            errors.invalid(path.child("name"), name, NameRules.pathSegment(name))
        }
    }
}

extension ObjectMetricSource {
    fileprivate func validate(_ errors: inout FieldErrors, _ path: FieldPath) {
        describedObject.validate(&errors, path.child("describedObject"))
        metric.validate(&errors, path.child("metric"))
        target.validate(&errors, path.child("target"))
        if target.value == nil, target.averageValue == nil {
            errors.required(path.child("target", "averageValue"), "must set either a target value or averageValue")
        }
    }
}

extension ExternalMetricSource {
    fileprivate func validate(_ errors: inout FieldErrors, _ path: FieldPath) {
        metric.validate(&errors, path.child("metric"))
        target.validate(&errors, path.child("target"))
        switch (target.value, target.averageValue) {
        case (nil, nil):
            errors.required(
                path.child("target", "averageValue"), "must set either a target value for metric or a per-pod target")
        case (.some, .some):
            errors.forbidden(
                path.child("target", "value"), "may not set both a target value for metric and a per-pod target")
        default: break
        }
    }
}

extension PodsMetricSource {
    fileprivate func validate(_ errors: inout FieldErrors, _ path: FieldPath) {
        metric.validate(&errors, path.child("metric"))
        target.validate(&errors, path.child("target"))
        if target.averageValue == nil {
            errors.required(path.child("target", "averageValue"), "must specify a positive target averageValue")
        }
    }
}

extension ResourceMetricSource {
    fileprivate func validate(_ errors: inout FieldErrors, _ path: FieldPath) {
        if name.isEmpty { errors.required(path.child("name"), "must specify a resource name") }
        target.validateForResource(&errors, path.child("target"))
    }
}

extension ContainerResourceMetricSource {
    fileprivate func validate(_ errors: inout FieldErrors, _ path: FieldPath) {
        if name.isEmpty {
            errors.required(path.child("name"), "must specify a resource name")
        } else {
            ResourceNames.validateForContainers(name, path.child("name"), &errors)
        }
        if container.isEmpty {
            errors.required(path.child("container"), "must specify a container")
        } else {
            errors.invalid(path.child("container"), container, NameRules.dns1123Label(container))
        }
        target.validateForResource(&errors, path.child("target"))
    }
}

extension Scale: Validatable {
    public func validate(_ errors: inout FieldErrors) {
        errors.nonnegative(spec.replicas, FieldPath("spec").child("replicas"))
    }
}
