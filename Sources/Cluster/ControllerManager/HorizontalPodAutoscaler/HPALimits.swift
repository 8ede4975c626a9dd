import Simulation

/// What `minReplicas`, `maxReplicas` and the permitted rate of change make of the stabilised wish.
public struct HPALimit: Sendable, Equatable {
    public var replicas: Int32
    /// The reason of condition `ScalingLimited`; `desiredWithinRange` if nothing bound the wish.
    public var reason: HPAReason
    /// What the rate alone would have permitted in the direction of the wish; nil where no rate was asked.
    public var rateLimit: Int32?
}

extension HPASettings {
    /// Without `behavior` (`convertDesiredReplicasWithRules`): up to double in one sync, or to four.
    public func limit(desired: Int32, current: Int32, min: Int32, max: Int32) -> HPALimit {
        let rate = Int32(clampingReplicas: Swift.max(scaleUpLimitFactor * Double(current), scaleUpLimitMinimum))
        let ceiling = Swift.min(max, rate)
        if desired < min { return HPALimit(replicas: min, reason: .tooFewReplicas, rateLimit: rate) }
        if desired > ceiling {
            return HPALimit(
                replicas: ceiling, reason: max > rate ? .scaleUpLimit : .tooManyReplicas, rateLimit: rate)
        }
        return HPALimit(replicas: desired, reason: .desiredWithinRange, rateLimit: rate)
    }
}

extension HPAState {
    /// With `behavior` (`convertDesiredReplicasWithBehaviorRate`).
    public func limit(
        desired: Int32, current: Int32, min: Int32, max: Int32, behavior: HPABehavior, now: SimulationTime
    ) -> HPALimit {
        if desired > current {
            let rate = Swift.max(scaleUpLimit(current: current, rules: behavior.scaleUp, now: now), current)
            let ceiling = Swift.min(max, rate)
            if desired > ceiling {
                return HPALimit(
                    replicas: ceiling, reason: max > rate ? .scaleUpLimit : .tooManyReplicas, rateLimit: rate)
            }
            return HPALimit(replicas: desired, reason: .desiredWithinRange, rateLimit: rate)
        }
        if desired < current {
            let rate = Swift.min(scaleDownLimit(current: current, rules: behavior.scaleDown, now: now), current)
            let floor = Swift.max(min, rate)
            if desired < floor {
                return HPALimit(
                    replicas: floor, reason: min < rate ? .scaleDownLimit : .tooFewReplicas, rateLimit: rate)
            }
            return HPALimit(replicas: desired, reason: .desiredWithinRange, rateLimit: rate)
        }
        return HPALimit(replicas: desired, reason: .desiredWithinRange, rateLimit: nil)
    }

    /// The most that the rules for scaling up permit now, from the size at the start of each policy's period.
    public func scaleUpLimit(current: Int32, rules: HPARules, now: SimulationTime) -> Int32 {
        let proposals = rules.policies.map { policy in
            let start = periodStart(current: current, period: policy.period, now: now)
            return switch policy.kind {
            case .pods: Int32(clamping: Int64(start) + Int64(policy.value))
            // Rounded up, or a small target would never grow. In binary64, 10 percent of 100 make 111.
            case .percent:
                Int32(clampingReplicas: (Double(start) * (1 + Double(policy.value) / 100)).rounded(.up))
            }
        }
        return switch rules.selection {
        case .disabled: current
        case .min: proposals.min() ?? .max
        case .max: proposals.max() ?? .min
        }
    }

    /// The least that the rules for scaling down permit now; may be negative.
    public func scaleDownLimit(current: Int32, rules: HPARules, now: SimulationTime) -> Int32 {
        let proposals = rules.policies.map { policy in
            let start = periodStart(current: current, period: policy.period, now: now)
            return switch policy.kind {
            case .pods: Int32(clamping: Int64(start) - Int64(policy.value))
            case .percent: Int32(clampingReplicas: Double(start) * (1 - Double(policy.value) / 100))
            }
        }
        return switch rules.selection {
        case .disabled: current
        case .min: proposals.max() ?? .min
        case .max: proposals.min() ?? .max
        }
    }

    /// The size before the changes of the last period.
    private func periodStart(current: Int32, period: Duration, now: SimulationTime) -> Int32 {
        let added = scaleUpEvents.change(within: period, now: now)
        let removed = scaleDownEvents.change(within: period, now: now)
        return Int32(clamping: Int64(current).subtractingSaturating(added).addingSaturating(removed))
    }
}
