import KubernetesAPI

/// autoscaling/v1 as another view of the stored v2 object: its one metric is the CPU utilization
/// (`pkg/apis/autoscaling/v1/conversion.go`). What v1 cannot say is left out of the answer and kept in the store.
extension ClusterContext {
    mutating func respondInVersion1(_ request: APIRequest) throws(APIStatus) -> APIResponse {
        var inner = request
        inner.resource = HorizontalPodAutoscaler.resource
        switch request.verb {
        case .create, .update: inner.body = request.body.map { Self.version2($0, over: current(request)) }
        case .patch:
            guard let current = current(request) else {
                throw .notFound(HorizontalPodAutoscaler.resource, request.name)
            }
            let patched = try apply(request, to: Self.version1(current), HorizontalPodAutoscaler.self)
            inner.verb = .update
            inner.body = Self.version2(patched, over: current)
        case .get, .list, .delete, .deletecollection: break
        }
        var response = try respond(inner, HorizontalPodAutoscaler.self)
        switch response.body {
        case .object(let object): response.body = .object(Self.version1(object))
        case .list(let objects): response.body = .list(objects.map(Self.version1))
        case .text, .failure: break
        }
        return response
    }

    private func current(_ request: APIRequest) -> JSONValue? {
        store.horizontalPodAutoscalers.named(request.namespace + "/" + request.name)?.jsonValue
    }

    private static func isCPU(_ metric: JSONValue, _ value: String) -> Int64? {
        guard case .object(let metric) = metric, case .object(let resource)? = metric["resource"],
            resource["name"] == .string("cpu"),
            case .object(let target)? = resource[value], case .integer(let percent)? = target["averageUtilization"]
        else { return nil }
        return percent
    }

    static func version1(_ object: JSONValue) -> JSONValue {
        guard case .object(var members) = object, members["kind"] == .string("HorizontalPodAutoscaler") else {
            return object
        }
        members["apiVersion"] = .string("autoscaling/v1")
        if case .object(var spec)? = members["spec"] {
            if case .array(let metrics)? = spec["metrics"],
                let percent = metrics.lazy.compactMap({ isCPU($0, "target") }).first
            {
                spec["targetCPUUtilizationPercentage"] = .integer(percent)
            }
            spec["metrics"] = nil
            spec["behavior"] = nil
            members["spec"] = .object(spec)
        }
        if case .object(var status)? = members["status"] {
            if case .array(let metrics)? = status["currentMetrics"],
                let percent = metrics.lazy.compactMap({ isCPU($0, "current") }).first
            {
                status["currentCPUUtilizationPercentage"] = .integer(percent)
            }
            status["currentMetrics"] = nil
            status["conditions"] = nil
            members["status"] = .object(status)
        }
        return .object(members)
    }

    /// - Parameter current: the stored object, whose other metrics and behavior stay.
    private static func version2(_ object: JSONValue, over current: JSONValue?) -> JSONValue {
        guard case .object(var members) = object else { return object }
        members["apiVersion"] = .string("autoscaling/v2")
        members["status"] = nil
        guard case .object(var spec)? = members["spec"] else { return .object(members) }
        var metrics: [JSONValue] = []
        if case .object(let stored)? = current, case .object(let kept)? = stored["spec"] {
            if case .array(let found)? = kept["metrics"] { metrics = found.filter { isCPU($0, "target") == nil } }
            spec["behavior"] = kept["behavior"]
        }
        if let percent = spec.removeValue(forKey: "targetCPUUtilizationPercentage") {
            let target: JSONValue = .object(["type": .string("Utilization"), "averageUtilization": percent])
            metrics.insert(
                .object(["type": .string("Resource"), "resource": .object(["name": .string("cpu"), "target": target])]),
                at: 0)
        }
        if !metrics.isEmpty { spec["metrics"] = .array(metrics) }
        members["spec"] = .object(spec)
        return .object(members)
    }
}
