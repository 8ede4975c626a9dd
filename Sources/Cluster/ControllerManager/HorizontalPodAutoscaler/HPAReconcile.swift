import Simulation

extension HPAState {
    /// One pass, after `reconcileAutoscaler` of `horizontal.go`, up to the write of the new size.
    ///
    /// If ``HPADecision/rescale`` is set, the caller writes it to the scale subresource and tells the decision the
    /// outcome with ``HPADecision/recordRescale(error:input:)``; only then its status, events and state are final.
    public func decide(_ input: HPAReconcileInput) -> HPADecision {
        let (spec, now) = (input.spec, input.now)
        let minReplicas = spec.minReplicas ?? 1
        var decision = HPADecision(
            time: now, branch: .metrics, minReplicas: minReplicas, maxReplicas: spec.maxReplicas,
            status: input.status, state: self)
        let current: Int32
        switch input.scale {
        case .failed(let error):
            decision.branch = .scaleUnreadable(error)
            decision.events.append(HPAEvent(warning: "FailedGetScale", error))
            decision.status.set(
                .ableToScale, false, "FailedGetScale",
                "the HPA controller was unable to get the target's current scale: \(error)", now: now)
            decision.error = "failed to query scale subresource: \(error)"
            return decision
        case .found(let specReplicas, let statusReplicas):
            current = specReplicas
            decision.currentReplicas = current
            decision.statusReplicas = statusReplicas
        }
        decision.status.set(.ableToScale, true, .succeededGetScale, now: now)
        // The first pass after a start remembers the size it finds; that is why a fresh controller does not scale
        // down before the stabilisation window has passed.
        if decision.state.recommendations == nil {
            decision.state.recommendations = [HPARecommendation(replicas: current, time: now)]
        }

        if current == 0, !input.computesFromZero(minReplicas: minReplicas) {
            decision.branch = .disabled
            decision.status.set(.scalingActive, false, .scalingDisabled, now: now)
        } else if current > spec.maxReplicas {
            decision.branch = .aboveMaximum
            decision.rescale = spec.maxReplicas
            decision.rescaleReason = "Current number of replicas above Spec.MaxReplicas"
        } else if current < minReplicas, current != 0 || !input.settings.tracksScaledToZero {
            decision.branch = .belowMinimum
            decision.rescale = minReplicas
            decision.rescaleReason = "Current number of replicas below Spec.MinReplicas"
        } else {
            decision.decideByMetrics(input)
            if case .metricsFailed = decision.branch { return decision }
        }
        if decision.rescale == nil { decision.finishStatus(desired: current) }
        return decision
    }
}

extension HPAReconcileInput {
    /// Whether a target at zero is computed at all rather than left alone.
    fileprivate func computesFromZero(minReplicas: Int32) -> Bool {
        guard settings.tracksScaledToZero else { return minReplicas == 0 }
        guard status.condition(.scaledToZero)?.isTrue == true else { return false }
        return spec.metrics.contains {
            switch $0.source {
            case .object, .external: true
            case .resource, .containerResource, .pods, .unknown: false
            }
        }
    }

    /// The tolerance of each direction: the HPA's own, else the flag's.
    fileprivate var tolerance: HPATolerance {
        guard settings.configurableTolerance, let behavior = spec.behavior else { return settings.tolerance }
        return HPATolerance(
            scaleUp: behavior.scaleUp.tolerance ?? settings.tolerance.scaleUp,
            scaleDown: behavior.scaleDown.tolerance ?? settings.tolerance.scaleDown)
    }
}

extension HPADecision {
    /// Reads the metrics and normalises their wish.
    fileprivate mutating func decideByMetrics(_ input: HPAReconcileInput) {
        guard let recommendation = recommend(input) else { return }
        // A proposal below zero can come from a negative metric only; it asks for as few as possible. A target that
        // sleeps at zero is woken to the minimum at once, should that have been raised meanwhile.
        let desired = max(recommendation, currentReplicas == 0 ? minReplicas : 0, 0)
        self.recommendation = desired
        if desired > currentReplicas {
            let name = decidingMetric.map { metrics[$0].name } ?? ""
            rescaleReason = "\(name) above target"
        } else if desired < currentReplicas {
            rescaleReason = "All metrics below target"
        }
        let limit = normalize(desired, input)
        self.limit = limit
        if limit.replicas != currentReplicas { rescale = limit.replicas }
    }

    /// The highest proposal (`computeReplicasForMetrics`); nil, with everything noted, if the metrics do not suffice.
    private mutating func recommend(_ input: HPAReconcileInput) -> Int32? {
        if let failure = input.selector.failure {
            events.append(HPAEvent(warning: failure.event, failure.error))
            status.set(.scalingActive, false, failure.reason, failure.message, now: time)
            failMetrics(failure.error, measured: [])
            return nil
        }
        let calculator = HPAReplicaCalculator(
            settings: input.settings, tolerance: input.tolerance, pods: input.pods, namespace: input.spec.namespace,
            now: time)
        var highest: Int32 = 0
        var failures = 0
        var firstFailure: HPAMetricFailure?
        for (index, metric) in input.spec.metrics.enumerated() {
            let answer =
                index < input.answers.count ? input.answers[index] : .failure("no metrics returned from metrics API")
            let result = calculator.decide(
                metric, answer: answer, specReplicas: currentReplicas, statusReplicas: statusReplicas)
            metrics.append(result)
            if let failure = result.failure {
                failures += 1
                firstFailure = firstFailure ?? failure
                events.append(HPAEvent(warning: failure.reason, failure.message))
            } else if let proposal = result.proposal, highest == 0 || proposal > highest {
                highest = proposal
                decidingMetric = index
            }
        }
        if let firstFailure {
            error =
                "invalid metrics (\(failures) invalid out of \(metrics.count)), first error is: "
                + firstFailure.passError
        }
        // Scaling down with some metrics unknown could remove what the unknown ones need.
        if failures >= metrics.count || (failures > 0 && highest < currentReplicas) {
            if let firstFailure {
                status.set(
                    .scalingActive, false, firstFailure.reason,
                    "the HPA was unable to compute the replica count: \(firstFailure.message)", now: time)
            }
            failMetrics(error ?? "no metrics are given", measured: metrics.map(\.current))
            return nil
        }
        let name = decidingMetric.map { metrics[$0].name } ?? ""
        status.set(
            .scalingActive, true, "ValidMetricFound",
            "the HPA was able to successfully calculate a replica count from \(name)", now: time)
        return highest
    }

    /// Ends the pass without a decision; the desired replicas in the status stay what they were.
    private mutating func failMetrics(_ text: String, measured: [HPAMetricValue?]) {
        branch = .metricsFailed(text)
        events.append(HPAEvent(warning: "FailedComputeMetricsReplicas", text))
        error = "failed to compute desired number of replicas based on listed metrics: \(text)"
        status.currentReplicas = currentReplicas
        status.currentMetrics = measured
    }

    /// Stabilises and limits the wish, with both outcomes as conditions.
    private mutating func normalize(_ desired: Int32, _ input: HPAReconcileInput) -> HPALimit {
        let settings = input.settings
        var recommendations = state.recommendations ?? []
        // Taken out of the state, so that the list is changed in place.
        state.recommendations = nil
        let stabilization: HPAStabilization
        let limit: HPALimit
        if let behavior = input.spec.behavior {
            stabilization = recommendations.stabilize(
                current: currentReplicas, desired: desired,
                scaleUpWindow: behavior.scaleUp.stabilizationWindow ?? .zero,
                scaleDownWindow: behavior.scaleDown.stabilizationWindow ?? settings.downscaleStabilization, now: time)
            limit = state.limit(
                desired: stabilization.replicas, current: currentReplicas, min: minReplicas, max: maxReplicas,
                behavior: behavior, now: time)
        } else {
            stabilization = recommendations.stabilize(
                desired: desired, window: settings.downscaleStabilization, now: time)
            limit = settings.limit(
                desired: stabilization.replicas, current: currentReplicas, min: minReplicas, max: maxReplicas)
        }
        state.recommendations = recommendations
        self.stabilization = stabilization
        status.set(.ableToScale, true, stabilization.reason, now: time)
        status.set(.scalingLimited, limit.replicas != stabilization.replicas, limit.reason, now: time)
        return limit
    }

    /// Notes how writing ``rescale`` went; call once, and only if it is set.
    /// - Parameters:
    ///   - error: nil if the scale was written.
    ///   - input: what was decided on.
    public mutating func recordRescale(error updateError: String?, input: HPAReconcileInput) {
        guard let size = rescale else { return }
        if let updateError {
            events.append(
                HPAEvent(
                    warning: "FailedRescale", "New size: \(size); reason: \(rescaleReason); error: \(updateError)"))
            status.set(
                .ableToScale, false, "FailedUpdateScale",
                "the HPA controller was unable to update the target scale: \(updateError)", now: time)
            status.currentReplicas = currentReplicas
            status.currentMetrics = metrics.map(\.current)
            error = "failed to rescale: \(updateError)"
            return
        }
        status.set(
            .ableToScale, true, "SucceededRescale",
            "the HPA controller was able to update the target scale to \(size)", now: time)
        events.append(HPAEvent(normal: "SuccessfulRescale", "New size: \(size); reason: \(rescaleReason)"))
        if input.settings.tracksScaledToZero {
            let sleeps = size == 0 && minReplicas == 0
            status.set(.scaledToZero, sleeps, sleeps ? .scaledToZero : .notScaledToZero, now: time)
        }
        state.storeScaleEvent(from: currentReplicas, to: size, behavior: input.spec.behavior, now: time)
        status.lastScaleTime = time
        finishStatus(desired: size)
    }

    fileprivate mutating func finishStatus(desired: Int32) {
        status.currentReplicas = currentReplicas
        status.desiredReplicas = desired
        status.currentMetrics = metrics.map(\.current)
    }
}

extension HPAReconcileInput.Selector {
    fileprivate var failure: (event: String, reason: String, message: String, error: String)? {
        switch self {
        case .valid: return nil
        case .missing:
            return (
                "SelectorRequired", "InvalidSelector", "the HPA target's scale is missing a selector",
                "selector is required"
            )
        case .invalid(let error):
            let text = "couldn't convert selector into a corresponding internal selector object: \(error)"
            return ("InvalidSelector", "InvalidSelector", text, text)
        case .ambiguous(let selector, let autoscalers):
            let list = autoscalers.joined(separator: " ")
            let text = "pods by selector \(selector) are controlled by multiple HPAs: [\(list)]"
            return ("AmbiguousSelector", "AmbiguousSelector", text, text)
        }
    }
}
