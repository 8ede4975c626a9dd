import Simulation

/// From one metric's values to a number of replicas, after `replica_calculator.go`. All values are milli-units; sums
/// saturate and results are clamped, so that no input can trap.
public struct HPAReplicaCalculator: Sendable {
    public var settings: HPASettings
    public var tolerance: HPATolerance
    /// All pods that the target's selector matches.
    public var pods: [HPAPod]
    public var namespace: String
    public var now: SimulationTime

    public init(
        settings: HPASettings, tolerance: HPATolerance, pods: [HPAPod], namespace: String = "default",
        now: SimulationTime
    ) {
        self.settings = settings
        self.tolerance = tolerance
        self.pods = pods
        self.namespace = namespace
        self.now = now
    }

    /// The proposal of one metric, or its failure.
    /// - Parameters:
    ///   - specReplicas: `spec.replicas` of the scale.
    ///   - statusReplicas: `status.replicas` of the scale, by which Object and External averages divide.
    public func decide(
        _ metric: HPAMetric, answer: HPAMetricAnswer, specReplicas: Int32, statusReplicas: Int32
    ) -> HPAMetricDecision {
        var decision = HPAMetricDecision(metric: metric)
        do {
            decision.proposal = try propose(
                answer: answer, specReplicas: specReplicas, statusReplicas: statusReplicas, into: &decision)
        } catch {
            decision.failure = metric.failure(error)
            decision.current = nil
        }
        return decision
    }

    private func propose(
        answer: HPAMetricAnswer, specReplicas: Int32, statusReplicas: Int32, into decision: inout HPAMetricDecision
    ) throws(HPAMetricError) -> Int32 {
        switch decision.metric.source {
        case .resource(let resource):
            return try proposeResource(resource, container: nil, answer, current: specReplicas, into: &decision)
        case .containerResource(let resource, let container):
            return try proposeResource(resource, container: container, answer, current: specReplicas, into: &decision)
        case .pods(let name):
            guard case .averageValue(let target) = decision.metric.target else {
                throw HPAMetricError("invalid pods metric source: no average value target was set")
            }
            let samples = try answer.podSamples(of: name)
            return try proposePerPod(
                samples, resource: nil, current: specReplicas, scale: .average(target), into: &decision)
        case .object(let name, let kind, let object, _):
            let usage = try answer.objectValue(of: name, kind: kind, namespace: namespace, object: object)
            switch decision.metric.target {
            case .value(let target):
                return try proposeValue(usage, target: target, current: specReplicas, into: &decision)
            case .averageValue(let target):
                return proposeAverage(usage, target: target, statusReplicas: statusReplicas, into: &decision)
            case .utilization, .none:
                throw HPAMetricError(
                    "invalid object metric source: neither a value target nor an average value target was set")
            }
        case .external(let name, let selector):
            let usage = try answer.externalSum(of: name, namespace: namespace, selector: selector)
            switch decision.metric.target {
            case .averageValue(let target):
                return proposeAverage(usage, target: target, statusReplicas: statusReplicas, into: &decision)
            case .value(let target):
                return try proposeValue(usage, target: target, current: specReplicas, into: &decision)
            case .utilization, .none:
                throw HPAMetricError(
                    "invalid external metric source: neither a value target nor an average value target was set")
            }
        case .unknown(let type):
            throw HPAMetricError("unknown metric source type \"\(type)\"")
        }
    }

    private func proposeResource(
        _ resource: String, container: String?, _ answer: HPAMetricAnswer, current: Int32,
        into decision: inout HPAMetricDecision
    ) throws(HPAMetricError) -> Int32 {
        let scale: HPAUsageScale
        switch decision.metric.target {
        case .utilization(let percent): scale = .utilization(percent, resource: resource, container: container)
        case .averageValue(let target): scale = .average(target)
        case .value, .none:
            throw HPAMetricError(
                "invalid resource metric source: neither an average utilization target nor an average value (usage) "
                    + "target was set")
        }
        let samples = try answer.resourceSamples(of: resource, container: container)
        return try proposePerPod(samples, resource: resource, current: current, scale: scale, into: &decision)
    }

    /// The replicas for a value of which every ready pod carries its share (`getUsageRatioReplicaCount`).
    private func proposeValue(
        _ usage: Int64, target: Int64, current: Int32, into decision: inout HPAMetricDecision
    ) throws(HPAMetricError) -> Int32 {
        let ratio = Double(usage) / Double(target)
        decision.ratio = ratio
        decision.current = HPAMetricValue(valueMilli: usage)
        // From zero there are no pods to multiply with and no size to hold.
        guard current != 0 else { return Int32(clampingReplicas: ratio.rounded(.up)) }
        if tolerance.contains(ratio) {
            decision.hold = .withinTolerance
            return current
        }
        guard !pods.isEmpty else {
            throw HPAMetricError(
                "unable to calculate ready pods: no pods returned by selector while calculating replica count")
        }
        let ready = pods.reduce(0) { $0 + ($1.isRunningAndReady ? 1 : 0) }
        decision.runningAndReadyPods = ready
        decision.multiplier = Int64(ready)
        return Int32(clampingReplicas: (ratio * Double(ready)).rounded(.up))
    }

    /// The replicas for a value that is divided by `status.replicas`; within tolerance that number is held, which need
    /// not be `spec.replicas`.
    private func proposeAverage(
        _ usage: Int64, target: Int64, statusReplicas: Int32, into decision: inout HPAMetricDecision
    ) -> Int32 {
        let ratio = Double(usage) / (Double(target) * Double(statusReplicas))
        decision.ratio = ratio
        decision.current = HPAMetricValue(
            averageValueMilli: Int64(clampingMilli: (Double(usage) / Double(statusReplicas)).rounded(.up)))
        if tolerance.contains(ratio) {
            decision.hold = .withinTolerance
            return statusReplicas
        }
        return Int32(clampingReplicas: (Double(usage) / Double(target)).rounded(.up))
    }
}

extension Int64 {
    /// The quotient toward zero; the one quotient that does not fit wraps, as in Go, and a divisor of 0 gives 0.
    func quotient(by divisor: Int64) -> Int64 {
        divisor == 0 ? 0 : dividedReportingOverflow(by: divisor).partialValue
    }

    /// The nearest value to a floating-point number of milli-units; not-a-number gives 0.
    init(clampingMilli value: Double) {
        if value.isNaN {
            self = 0
        } else if value >= 0x1p63 {
            self = .max
        } else if value <= -0x1p63 {
            self = .min
        } else {
            self = Int64(value)
        }
    }
}

extension HPAMetricAnswer {
    func resourceSamples(of resource: String, container: String?) throws(HPAMetricError) -> [HPASample] {
        let text: String
        switch self {
        case .usage(let usage):
            if !usage.isEmpty { return usage.compactMap { $0.sample(container: container) } }
            text = "no metrics returned from resource metrics API"
        case .samples(let samples):
            if !samples.isEmpty { return samples }
            text = "no metrics returned from resource metrics API"
        case .values: text = "no metrics returned from resource metrics API"
        case .failure(let failure): text = failure
        }
        throw HPAMetricError("unable to get metrics for resource \(resource): \(text)")
    }

    func podSamples(of name: String) throws(HPAMetricError) -> [HPASample] {
        let text: String
        switch self {
        case .samples(let samples):
            if !samples.isEmpty { return samples }
            text = "no metrics returned from custom metrics API"
        case .usage, .values: text = "no metrics returned from custom metrics API"
        case .failure(let failure): text = failure
        }
        throw HPAMetricError("unable to get metric \(name): \(text)")
    }

    func objectValue(
        of name: String, kind: String, namespace: String, object: String
    ) throws(HPAMetricError) -> Int64 {
        let text: String
        switch self {
        case .values(let values):
            if let value = values.first { return value }
            text = "no metrics returned from custom metrics API"
        case .samples, .usage: text = "no metrics returned from custom metrics API"
        case .failure(let failure): text = failure
        }
        // The parts stand in this odd order in the real controller's text too.
        throw HPAMetricError("unable to get metric \(name): \(kind) on \(namespace) \(object)/\(text)")
    }

    func externalSum(of name: String, namespace: String, selector: String) throws(HPAMetricError) -> Int64 {
        let text: String
        switch self {
        case .values(let values):
            if !values.isEmpty { return values.reduce(0) { $0.addingSaturating($1) } }
            text = "no metrics returned from external metrics API"
        case .samples, .usage: text = "no metrics returned from external metrics API"
        case .failure(let failure): text = failure
        }
        throw HPAMetricError("unable to get external metric \(namespace)/\(name)/\(selector): \(text)")
    }
}
