import Simulation

/// By what the usage of pods is measured.
enum HPAUsageScale {
    /// Whole percent of the pods' requests.
    case utilization(Int32, resource: String, container: String?)
    /// Milli-units a pod.
    case average(Int64)
}

/// Running sums over the samples that count.
private struct HPAUsageTotals {
    var usage: Int64 = 0
    /// Only with ``HPAUsageScale/utilization(_:resource:container:)``.
    var requests: Int64 = 0
    /// Samples of pods that the selector matches.
    var known: Int64 = 0
    /// Samples of pods that it does not, of a metrics API that lags behind; they count where Go counts map entries.
    var unknown: Int64 = 0
    var unknownUsage: Int64 = 0

    var count: Int64 { known + unknown }

    mutating func add(_ milli: Int64, request: Int64) {
        usage = usage.addingSaturating(milli)
        requests = requests.addingSaturating(request)
        known += 1
    }

    /// The ratio to the target and what the status reports.
    func measured(by scale: HPAUsageScale) throws(HPAMetricError) -> (ratio: Double, value: HPAMetricValue) {
        switch scale {
        case .utilization(let target, _, _):
            guard requests != 0 else { throw HPAMetricError("no metrics returned matched known pods") }
            let percent = Int32(clamping: usage.multiplyingSaturating(100).quotient(by: requests))
            let value = HPAMetricValue(utilizationPercent: percent, averageValueMilli: usage.quotient(by: known))
            return (Double(percent) / Double(target), value)
        case .average(let target):
            let average = usage.addingSaturating(unknownUsage).quotient(by: count)
            return (Double(average) / Double(target), HPAMetricValue(averageValueMilli: average))
        }
    }
}

extension HPAReplicaCalculator {
    /// The replicas for usage that is measured pod by pod, with pods that are missing or not ready counted so that
    /// they can only dampen the change (`GetResourceReplicas`, `calcPlainMetricReplicas`).
    func proposePerPod(
        _ samples: [HPASample], resource: String?, current: Int32, scale: HPAUsageScale,
        into decision: inout HPAMetricDecision
    ) throws(HPAMetricError) -> Int32 {
        guard !pods.isEmpty else {
            throw HPAMetricError("no pods returned by selector while calculating replica count")
        }
        let (sampleOfPod, unknown) = match(samples)
        var groups = HPAPodGroups()
        var readyPods: [Int] = []
        var missing: [Int] = []
        var unready: [Int] = []
        for (index, pod) in pods.enumerated() {
            let sample = sampleOfPod[index] < 0 ? nil : samples[sampleOfPod[index]]
            switch pod.classified(sample: sample, resource: resource, settings: settings, now: now) {
            case .ready: readyPods.append(index)
            case .missing:
                missing.append(index)
                groups.missing.append(pod.name)
            case .unready:
                unready.append(index)
                groups.unready.append(pod.name)
            case .ignored: groups.ignored.append(pod.name)
            }
        }
        groups.readyCount = readyPods.count
        decision.pods = groups
        guard !readyPods.isEmpty || !unknown.isEmpty else {
            throw HPAMetricError("did not receive metrics for targeted pods (pods might be unready)")
        }
        let requests = try requests(of: scale)

        var totals = HPAUsageTotals()
        for index in readyPods { totals.add(samples[sampleOfPod[index]].milli, request: requests?[index] ?? 0) }
        for index in unknown {
            totals.unknown += 1
            totals.unknownUsage = totals.unknownUsage.addingSaturating(samples[index].milli)
        }
        let (ratio, value) = try totals.measured(by: scale)
        decision.ratio = ratio
        decision.current = value

        let dampensUp = !unready.isEmpty && ratio > 1
        if !dampensUp, missing.isEmpty {
            if tolerance.contains(ratio) {
                decision.hold = .withinTolerance
                return current
            }
            decision.multiplier = Int64(readyPods.count)
            return Int32(clampingReplicas: (ratio * Double(readyPods.count)).rounded(.up))
        }
        if ratio < 1 {
            for index in missing {
                let request = requests?[index] ?? 0
                totals.add(scale.cautiousUsage(request: request), request: request)
            }
        } else if ratio > 1 {
            for index in missing { totals.add(0, request: requests?[index] ?? 0) }
        }
        if dampensUp {
            for index in unready { totals.add(0, request: requests?[index] ?? 0) }
        }
        let (cautious, _) = try totals.measured(by: scale)
        decision.cautiousRatio = cautious
        if tolerance.contains(cautious) {
            decision.hold = .withinTolerance
            return current
        }
        if (ratio < 1 && cautious > 1) || (ratio > 1 && cautious < 1) {
            decision.hold = .directionWouldReverse
            return current
        }
        let replicas = Int32(clampingReplicas: (cautious * Double(totals.count)).rounded(.up))
        decision.multiplier = totals.count
        if (cautious < 1 && replicas > current) || (cautious > 1 && replicas < current) {
            decision.hold = .podCountWouldReverse
            return current
        }
        return replicas
    }

    /// For each pod the index of its sample or -1, and the samples of pods that the selector does not match.
    private func match(_ samples: [HPASample]) -> (sampleOfPod: [Int], unknown: [Int]) {
        var indexOfPod: [String: Int] = [:]
        indexOfPod.reserveCapacity(pods.count)
        for (index, pod) in pods.enumerated() { indexOfPod[pod.name] = index }
        var sampleOfPod = [Int](repeating: -1, count: pods.count)
        var unknown: [Int] = []
        for (index, sample) in samples.enumerated() {
            if let pod = indexOfPod[sample.pod] { sampleOfPod[pod] = index } else { unknown.append(index) }
        }
        return (sampleOfPod, unknown)
    }

    /// The request of every pod, ignored ones included, where the scale needs them.
    private func requests(of scale: HPAUsageScale) throws(HPAMetricError) -> [Int64]? {
        guard case .utilization(_, let resource, let container) = scale else { return nil }
        var requests: [Int64] = []
        requests.reserveCapacity(pods.count)
        for pod in pods {
            requests.append(
                try pod.request(for: resource, container: container, podLevelResources: settings.podLevelResources))
        }
        return requests
    }
}

extension HPAUsageScale {
    /// What a pod without a sample is taken to use when the others are below the target.
    fileprivate func cautiousUsage(request: Int64) -> Int64 {
        switch self {
        case .utilization(let percent, _, _):
            request.multiplyingSaturating(Int64(max(100, percent))).quotient(by: 100)
        case .average(let target): target
        }
    }
}
