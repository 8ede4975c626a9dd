import Simulation

@testable import Cluster

/// Builds the decision functions' inputs from the members of a conformance case.
enum HPACaseInput {
    /// Late enough that "never" (10⁹ seconds ago) is representable.
    static let now = SimulationTime.zero + .seconds(2_000_000_000)

    static func time(age: DecisionJSON) -> SimulationTime? {
        age.double.map { now - Duration(seconds: $0) }
    }

    static func settings(_ json: DecisionJSON) -> HPASettings {
        var settings = HPASettings()
        if let seconds = json["cpuInitializationPeriodSeconds"].int {
            settings.cpuInitializationPeriod = .seconds(seconds)
        }
        if let seconds = json["initialReadinessDelaySeconds"].int { settings.initialReadinessDelay = .seconds(seconds) }
        if let seconds = json["downscaleStabilizationSeconds"].int {
            settings.downscaleStabilization = .seconds(seconds)
        }
        if let factor = json["scaleUpLimitFactor"].double { settings.scaleUpLimitFactor = factor }
        if let minimum = json["scaleUpLimitMinimum"].double { settings.scaleUpLimitMinimum = minimum }
        if !json["tolerance"].isNull { settings.tolerance = tolerance(json["tolerance"]) }
        return settings
    }

    static func tolerance(_ json: DecisionJSON) -> HPATolerance {
        if let both = json.double { return HPATolerance(scaleUp: both, scaleDown: both) }
        return HPATolerance(scaleUp: json["scaleUp"].double ?? 0.1, scaleDown: json["scaleDown"].double ?? 0.1)
    }

    static func pods(_ json: DecisionJSON, resource: String) -> [HPAPod] {
        json.array.map { pod in
            let phase: HPAPod.Phase =
                switch pod["phase"].string {
                case "Pending": .pending
                case "Succeeded": .succeeded
                case "Failed": .failed
                case "Unknown": .unknown
                default: .running
                }
            let readiness = pod["ready"].string.map { text in
                HPAPod.Readiness(
                    text == "True" ? .true : text == "False" ? .false : .unknown,
                    since: time(age: pod["readyTransitionAgeSeconds"]) ?? .zero)
            }
            return HPAPod(
                name: pod["name"].string ?? "", phase: phase, isDeleting: pod["deleting"].bool ?? false,
                readiness: readiness, startTime: time(age: pod["startAgeSeconds"]),
                containers: (pod["containers"].array + pod["initContainers"].array.filter(restartsAlways)).map {
                    HPAContainer(
                        name: $0["name"].string ?? "",
                        requests: $0["requestMilli"].int.map { [HPARequest(resource, milli: $0)] } ?? [])
                },
                podRequests: pod["podRequestMilli"].int.map { [HPARequest(resource, milli: $0)] })
        }
    }

    private static func restartsAlways(_ container: DecisionJSON) -> Bool {
        container["restartPolicy"].string == "Always"
    }

    /// Samples of a metrics API: per container if the case gives containers, else one value a pod.
    static func answer(_ json: DecisionJSON) -> HPAMetricAnswer {
        if json.array.contains(where: { !$0["containersMilli"].isNull }) {
            return .usage(
                json.array.map { sample in
                    let containers = sample["containersMilli"]
                    return HPAPodUsage(
                        pod: sample["pod"].string ?? "", timestamp: time(age: sample["ageSeconds"]) ?? now,
                        window: .seconds(sample["windowSeconds"].int ?? 60),
                        containers: containers.keys.map { HPAContainerUsage($0, milli: containers[$0].int) })
                })
        }
        return .samples(
            json.array.map { sample in
                HPASample(
                    pod: sample["pod"].string ?? "", milli: (sample["valueMilli"].int ?? sample["value"].int) ?? 0,
                    timestamp: time(age: sample["ageSeconds"]) ?? now,
                    window: .seconds(sample["windowSeconds"].int ?? 60))
            })
    }

    static func rules(_ json: DecisionJSON, over defaults: HPARules) -> HPARules {
        guard !json.isNull else { return defaults }
        return .filled(
            over: defaults, stabilizationWindow: json["stabilizationWindowSeconds"].int.map { .seconds($0) },
            selection: json["selectPolicy"].string.map { $0 == "Disabled" ? .disabled : $0 == "Min" ? .min : .max },
            policies: json["policies"].isNull
                ? nil
                : json["policies"].array.map {
                    HPAPolicy(
                        $0["type"].string == "Percent" ? .percent : .pods, $0["value"].int32 ?? 0,
                        period: .seconds($0["periodSeconds"].int ?? 0))
                },
            tolerance: json["tolerance"].double)
    }

    static func behavior(_ json: DecisionJSON) -> HPABehavior {
        HPABehavior(
            scaleUp: rules(json["scaleUp"], over: .scaleUpDefault),
            scaleDown: rules(json["scaleDown"], over: .scaleDownDefault))
    }

    static func events(_ json: DecisionJSON) -> [HPAScaleEvent] {
        json.array.map {
            HPAScaleEvent(
                change: $0["change"].int32 ?? 0, time: time(age: $0["ageSeconds"]) ?? now,
                outdated: $0["outdated"].bool ?? false)
        }
    }

    static func recommendations(_ json: DecisionJSON) -> [HPARecommendation] {
        json.array.map {
            HPARecommendation(replicas: $0["replicas"].int32 ?? 0, time: time(age: $0["ageSeconds"]) ?? now)
        }
    }

    static func state(_ json: DecisionJSON) -> HPAState {
        var state = HPAState()
        if !json["recommendations"].isNull { state.recommendations = recommendations(json["recommendations"]) }
        state.scaleUpEvents = events(json["scaleUpEvents"])
        state.scaleDownEvents = events(json["scaleDownEvents"])
        return state
    }

    /// A metric of a reconcile case and the answer that the case's sample lists give to it.
    static func metric(_ json: DecisionJSON, input: DecisionJSON) -> (HPAMetric, HPAMetricAnswer) {
        let type = json["type"].string ?? ""
        let name = json["name"].string ?? "cpu"
        let container = json["container"].string ?? json["containerName"].string ?? ""
        let source: HPAMetric.Source =
            switch type {
            case "Resource": .resource(name)
            case "ContainerResource": .containerResource(name, container: container)
            case "Pods": .pods(metric: name)
            case "Object":
                .object(metric: name, kind: json["kind"].string ?? "Service", name: "object", selector: "nil")
            case "External": .external(metric: name, selector: "nil")
            default: .unknown(type: type)
            }
        let target: HPAMetric.Target =
            if let value = json["averageValueMilli"].int {
                .averageValue(value)
            } else if let value = json["valueMilli"].int {
                .value(value)
            } else if let value = json["averageUtilization"].int32 {
                .utilization(value)
            } else {
                .none
            }
        let metric = HPAMetric(source, target)
        if input["metricErrors"][type].bool == true { return (metric, .failure("something went wrong")) }
        switch source {
        case .resource, .containerResource: return (metric, answer(input["resourceMetrics"]))
        case .pods: return (metric, answer(input["customPodMetrics"]))
        case .object, .external: return (metric, .values(input["samplesMilli"].array.compactMap(\.int)))
        case .unknown: return (metric, .failure("no such type"))
        }
    }
}
