import KubernetesAPI
import PromQL

/// What a trigger says at one look.
public struct TriggerReading: Sendable, Equatable {
    /// The value of the external metric.
    public var value: Double
    /// Whether the target should have replicas.
    public var isActive: Bool

    public init(value: Double, isActive: Bool) {
        self.value = value
        self.isActive = isActive
    }
}

extension ScaleTrigger.PrometheusTrigger {
    /// What an answer to the query means, by the rules of KEDA's scaler: nothing and no number are 0, or an error if
    /// `ignoreNullValues` is false; more than one element is an error.
    public func reading(_ answer: QueryValue) throws(MetricsAPIError) -> TriggerReading {
        let value: Double
        switch answer {
        case .scalar(let number): value = number
        case .vector(let elements):
            if elements.count > 1 {
                throw MetricsAPIError("prometheus query \(query) returned multiple elements")
            }
            guard case .float(let number)? = elements.first?.value else {
                if ignoreNullValues { return TriggerReading(value: 0, isActive: 0 > activationThreshold) }
                throw MetricsAPIError("prometheus metrics 'prometheus' target may be lost, the result is empty")
            }
            value = number
        case .string, .matrix:
            throw MetricsAPIError("prometheus query \(query) returned neither a vector nor a scalar")
        }
        if !value.isFinite {
            if ignoreNullValues { return TriggerReading(value: 0, isActive: 0 > activationThreshold) }
            throw MetricsAPIError("promtheus query returns \(GoFloat.general(value))")
        }
        return TriggerReading(value: value, isActive: value > activationThreshold)
    }
}

extension ScaleTrigger.CronTrigger {
    /// Whether the time lies between start and end, and so many replicas as are wished for then, else 1.
    ///
    /// - Parameters:
    ///   - now: milliseconds since the Unix epoch.
    ///   - offset: seconds by which the clock of a time zone is ahead of UTC at an instant in seconds; nil if there is no
    ///     such zone.
    public func reading(
        at now: Int64, offset: (_ timezone: String, _ seconds: Int64) -> Int64? = fixedOffset
    ) throws(MetricsAPIError) -> TriggerReading {
        let seconds = (now - ((now % 1000) + 1000) % 1000) / 1000
        guard offset(timezone, seconds) != nil else {
            throw MetricsAPIError("unable to load timezone: unknown time zone \(timezone)")
        }
        let local: (Int64) -> Int64 = { offset(timezone, $0) ?? 0 }
        let start = startSchedule.next(after: seconds, offset: local)
        let end = endSchedule.next(after: seconds, offset: local)
        // Between start and end the end comes next.
        let isActive = end.map { end in start.map { $0 >= end } ?? true } ?? false
        return TriggerReading(value: isActive ? Double(desiredReplicas) : 1, isActive: isActive)
    }

    /// Zones whose clock never changes: `UTC`, `Etc/GMT-2` (which is two hours ahead).
    public static func fixedOffset(_ timezone: String, _ seconds: Int64) -> Int64? {
        if ["UTC", "Etc/UTC", "GMT", "Etc/GMT", "Z", ""].contains(timezone) { return 0 }
        guard timezone.hasPrefix("Etc/GMT"), let hours = Int64(timezone.dropFirst("Etc/GMT".count)),
            (-14...12).contains(hours)
        else { return nil }
        return -hours * 3600
    }
}

extension ScaledObject {
    /// The value that an external metric has for the HPA: the reading's, or after too many failures the one that makes
    /// the fallback's replicas.
    ///
    /// - Parameters:
    ///   - failures: looks that failed one after another, this one counted.
    ///   - currentReplicas: of the target.
    public func metricValue(
        of trigger: ScaleTrigger, reading: Result<TriggerReading, MetricsAPIError>, failures: Int, currentReplicas: Int
    ) throws(MetricsAPIError) -> Quantity {
        switch reading {
        case .success(let reading): return AdapterRegistry.quantity(reading.value)
        case .failure(let error):
            // Only an average tells how many replicas a value makes.
            guard let fallback, fallback.replicas >= 0, fallback.failureThreshold >= 0,
                let average = trigger.target.averageValue, failures > fallback.failureThreshold
            else { throw error }
            let replicas: Int
            switch fallback.behavior {
            case "currentReplicas": replicas = currentReplicas
            case "currentReplicasIfHigher": replicas = max(currentReplicas, fallback.replicas)
            case "currentReplicasIfLower": replicas = min(currentReplicas, fallback.replicas)
            default: replicas = fallback.replicas
            }
            return AdapterRegistry.quantity(average.doubleValue * Double(replicas))
        }
    }
}
