/// The decision in words, as `kubelab why hpa/…` prints it.
extension HPADecision {
    /// One line: what was decided and what decided it.
    public var summary: String {
        switch branch {
        case .scaleUnreadable(let error): return "could not read the target's scale: \(error)"
        case .disabled: return "the target stands at zero: scaling is off"
        case .aboveMaximum:
            return "\(currentReplicas) replicas are above maxReplicas \(maxReplicas): set to \(maxReplicas)"
        case .belowMinimum:
            return "\(currentReplicas) replicas are below minReplicas \(minReplicas): set to \(minReplicas)"
        case .metricsFailed(let error): return "no decision, \(currentReplicas) replicas stay: \(error)"
        case .metrics:
            let metric = decidingMetric.map { metrics[$0].measured } ?? "no metric"
            guard let rescale else { return "\(currentReplicas) replicas stay: \(metric)" }
            return "from \(currentReplicas) to \(rescale) replicas: \(metric)"
        }
    }

    /// The whole record, one fact a line.
    public var explanation: [String] {
        var lines = [summary]
        for (index, metric) in metrics.enumerated() {
            lines.append((index == decidingMetric ? "* " : "  ") + metric.name + ": " + metric.explanation)
        }
        if let recommendation { lines.append("metrics ask for \(recommendation)") }
        if let stabilization, stabilization.replicas != recommendation {
            lines.append("stabilisation makes it \(stabilization.replicas): \(stabilization.reason.message)")
        }
        if let limit, limit.replicas != stabilization?.replicas {
            lines.append("the limits make it \(limit.replicas): \(limit.reason.message)")
        }
        lines.append("bounds: minReplicas \(minReplicas), maxReplicas \(maxReplicas)")
        return lines
    }
}

extension HPAMetricDecision {
    /// The value beside its target.
    var measured: String {
        guard let current else { return failure?.message ?? "no value" }
        switch metric.target {
        case .utilization(let percent): return "\(current.utilizationPercent ?? 0)% of the request, target \(percent)%"
        case .averageValue(let milli):
            return "average \(Self.text(current.averageValueMilli)), target \(Self.text(milli))"
        case .value(let milli): return "value \(Self.text(current.valueMilli)), target \(Self.text(milli))"
        case .none: return "no target"
        }
    }

    var explanation: String {
        if let failure { return failure.message }
        var parts = [measured]
        if let pods {
            parts.append(
                "\(pods.readyCount) ready, \(pods.unready.count) unready, \(pods.missing.count) without a sample, \(pods.ignored.count) ignored"
            )
        }
        if let runningAndReadyPods { parts.append("\(runningAndReadyPods) running and ready") }
        if let ratio { parts.append("ratio \(Self.short(ratio))") }
        if let cautiousRatio { parts.append("counted cautiously \(Self.short(cautiousRatio))") }
        switch hold {
        case .withinTolerance: parts.append("within tolerance: no change")
        case .directionWouldReverse: parts.append("cautious counting reverses the direction: no change")
        case .podCountWouldReverse: parts.append("more pods than replicas while rolling: no change")
        case nil: break
        }
        if let proposal { parts.append("asks for \(proposal)") }
        return parts.joined(separator: ", ")
    }

    private static func text(_ milli: Int64?) -> String {
        guard let milli else { return "none" }
        return milli % 1_000 == 0 ? "\(milli / 1_000)" : "\(milli)m"
    }

    private static func short(_ ratio: Double) -> String { "\((ratio * 1_000).rounded() / 1_000)" }
}
