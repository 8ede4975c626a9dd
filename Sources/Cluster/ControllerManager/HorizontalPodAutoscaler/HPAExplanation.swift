import Simulation

extension HPADecision {
    /// The record in sentences, one step a line, in the order in which the pass took them.
    public var explanation: [String] {
        var lines: [String] = []
        switch branch {
        case .scaleUnreadable(let error):
            return ["The scale of the target could not be read: \(error)."]
        case .disabled:
            return ["The target stands at 0 replicas, which pauses autoscaling while minReplicas is \(minReplicas)."]
        case .aboveMaximum:
            return [
                "The target has \(currentReplicas) replicas, above maxReplicas \(maxReplicas): "
                    + "moved there at once, without asking the metrics."
            ]
        case .belowMinimum:
            return [
                "The target has \(currentReplicas) replicas, below minReplicas \(minReplicas): "
                    + "moved there at once, without asking the metrics."
            ]
        case .metricsFailed, .metrics: break
        }
        lines.append("The target has \(currentReplicas) replicas (limits \(minReplicas) to \(maxReplicas)).")
        for metric in metrics { lines += metric.explanation(current: currentReplicas) }
        if case .metricsFailed(let error) = branch {
            lines.append("The metrics do not suffice for a decision, so nothing changes: \(error).")
            return lines
        }
        if metrics.count > 1, let decidingMetric {
            lines.append("The highest proposal counts: \(metrics[decidingMetric].name).")
        }
        if let recommendation, let stabilization {
            if stabilization.replicas == recommendation {
                lines.append("No recent recommendation holds \(recommendation) back.")
            } else {
                lines.append(
                    "Recent recommendations turn \(recommendation) into \(stabilization.replicas) "
                        + "(\(stabilization.reason.rawValue)).")
            }
        }
        if let limit, let wish = stabilization?.replicas {
            if limit.replicas == wish {
                lines.append("\(wish) is within the limits.")
            } else {
                let rate = limit.rateLimit.map { "; the permitted rate ends at \($0)" } ?? ""
                lines.append("\(wish) is cut to \(limit.replicas) (\(limit.reason.rawValue)\(rate)).")
            }
        }
        if let rescale {
            lines.append("The target goes from \(currentReplicas) to \(rescale): \(rescaleReason).")
        } else {
            lines.append("The target stays at \(currentReplicas).")
        }
        return lines
    }
}

extension HPAMetricDecision {
    fileprivate func explanation(current replicas: Int32) -> [String] {
        var lines: [String] = []
        if let pods {
            lines.append("\(name): \(pods.summary).")
        }
        if let failure {
            lines.append("\(name) failed: \(failure.message).")
            return lines
        }
        let value = [
            current?.utilizationPercent.map { "\($0)% of the request" },
            current?.averageValueMilli.map { "\(milliText($0)) a pod" },
            current?.valueMilli.map(milliText),
        ].compactMap { $0 }.joined(separator: ", ")
        let ratioText = ratio.map { ", \(decimal($0)) times the target" } ?? ""
        lines.append("\(name): \(value)\(ratioText).")
        if let cautiousRatio {
            lines.append(
                "With pods that are missing or not ready counted cautiously, \(decimal(cautiousRatio)) times the target."
            )
        }
        switch hold {
        case .withinTolerance: lines.append("That is within the tolerance.")
        case .directionWouldReverse:
            lines.append("The cautious count points the other way, so the size is held.")
        case .podCountWouldReverse:
            lines.append("More or fewer pods exist than replicas are wanted, which would turn the direction: held.")
        case nil:
            if let multiplier {
                let factor = cautiousRatio ?? ratio ?? 0
                lines.append("\(decimal(factor)) × \(multiplier) pods, rounded up.")
            }
        }
        if let proposal { lines.append("\(name) proposes \(proposal).") }
        return lines
    }

    private func milliText(_ milli: Int64) -> String {
        milli % 1000 == 0 ? "\(milli / 1000)" : "\(milli)m"
    }

    /// Three decimals, enough to see on which side of a tolerance a ratio lies.
    private func decimal(_ value: Double) -> String {
        guard value.magnitude < 1e12 else { return "\(value)" }
        let thousandths = Int64((value * 1000).rounded())
        let fraction = String(thousandths.magnitude % 1000)
        let padding = String(repeating: "0", count: 3 - fraction.count)
        return "\(thousandths < 0 ? "-" : "")\(thousandths.magnitude / 1000).\(padding)\(fraction)"
    }
}

extension HPAPodGroups {
    fileprivate var summary: String {
        func list(_ names: [String], _ what: String) -> String? {
            if names.isEmpty { return nil }
            let shown = names.prefix(5).joined(separator: ", ")
            return "\(names.count) \(what) (\(shown)\(names.count > 5 ? ", …" : ""))"
        }
        let parts = [
            "\(readyCount) pods count", list(unready, "not ready"), list(missing, "without a sample"),
            list(ignored, "ignored"),
        ]
        return parts.compactMap { $0 }.joined(separator: "; ")
    }
}
