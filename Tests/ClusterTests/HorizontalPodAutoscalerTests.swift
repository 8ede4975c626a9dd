import Simulation
import Testing

@testable import Cluster

/// Whole passes, one story each: what the conformance cases do not say.
struct HorizontalPodAutoscalerTests {
    private static let start = SimulationTime.zero + .seconds(100_000)

    private static func pods(_ count: Int, at now: SimulationTime, request: Int64? = 200) -> [HPAPod] {
        (0..<count).map {
            HPAPod(
                name: "web-\($0)", phase: .running,
                readiness: HPAPod.Readiness(.true, since: now - .seconds(5_000)), startTime: now - .seconds(6_000),
                containers: [
                    HPAContainer(name: "main", requests: request.map { [HPARequest("cpu", milli: $0)] } ?? [])
                ])
        }
    }

    /// A pass over a target of equal pods at a given CPU usage.
    private static func input(
        replicas: Int32, milli: Int64, at now: SimulationTime = start, behavior: HPABehavior? = nil,
        status: HPAStatus = HPAStatus(), minReplicas: Int32 = 1
    ) -> HPAReconcileInput {
        let usage = (0..<Int(replicas)).map {
            HPAPodUsage(
                pod: "web-\($0)", timestamp: now, window: .seconds(30),
                containers: [HPAContainerUsage("main", milli: milli)])
        }
        return HPAReconcileInput(
            spec: HPASpec(
                namespace: "shop", minReplicas: minReplicas, maxReplicas: 50,
                metrics: [HPAMetric(.resource("cpu"), .utilization(50))], behavior: behavior),
            scale: .found(specReplicas: replicas, statusReplicas: replicas), answers: [.usage(usage)],
            pods: pods(Int(replicas), at: now), status: status, settings: HPASettings(), now: now)
    }

    @Test func aRescaleTellsWhy() throws {
        let input = Self.input(replicas: 3, milli: 150)
        var decision = HPAState().decide(input)
        #expect(decision.metrics[0].current == HPAMetricValue(utilizationPercent: 75, averageValueMilli: 150))
        #expect(decision.metrics[0].ratio == 1.5)
        #expect(decision.metrics[0].multiplier == 3)
        #expect(decision.metrics[0].pods?.readyCount == 3)
        #expect(decision.recommendation == 5)
        #expect(decision.limit == HPALimit(replicas: 5, reason: .desiredWithinRange, rateLimit: 6))
        #expect(decision.rescale == 5)
        decision.recordRescale(error: nil, input: input)
        #expect(
            decision.events == [
                HPAEvent(
                    normal: "SuccessfulRescale",
                    "New size: 5; reason: cpu resource utilization (percentage of request) above target")
            ])
        #expect(
            decision.status.conditions.map(\.message) == [
                "the HPA controller was able to update the target scale to 5",
                "the HPA was able to successfully calculate a replica count from cpu resource utilization "
                    + "(percentage of request)", "the desired count is within the acceptable range",
            ])
        #expect(decision.status.lastScaleTime == Self.start)
        #expect(decision.state.scaleUpEvents.isEmpty, "events are remembered only with behavior")
    }

    @Test func withoutBehaviorATargetDoublesEverySync() {
        var state = HPAState()
        var replicas: Int32 = 1
        var sizes: [Int32] = []
        for sync in 0..<6 {
            let input = Self.input(replicas: replicas, milli: 4000, at: Self.start + .seconds(15) * Int64(sync))
            var decision = state.decide(input)
            decision.recordRescale(error: nil, input: input)
            (state, replicas) = (decision.state, decision.desiredReplicas)
            sizes.append(replicas)
        }
        #expect(sizes == [4, 8, 16, 32, 50, 50])
    }

    @Test func theDefaultRulesOfBehaviorAddFourOrDoublePerFifteenSeconds() {
        var state = HPAState()
        var replicas: Int32 = 1
        var sizes: [Int32] = []
        for sync in 0..<5 {
            let input = Self.input(
                replicas: replicas, milli: 4000, at: Self.start + .seconds(15) * Int64(sync), behavior: HPABehavior())
            var decision = state.decide(input)
            decision.recordRescale(error: nil, input: input)
            (state, replicas) = (decision.state, decision.desiredReplicas)
            sizes.append(replicas)
        }
        #expect(sizes == [5, 10, 20, 40, 50])
        #expect(state.scaleUpEvents.count == 2, "the place of an outdated event is used again")
    }

    /// Load drops at once; the target follows when the highest recommendation is five minutes old.
    @Test(arguments: [nil, HPABehavior()])
    func scalingDownWaitsForTheWindow(behavior: HPABehavior?) {
        var state = HPAState()
        var replicas: Int32 = 10
        var shrankAfter: Int64?
        for sync in 0..<40 {
            let now = Self.start + .seconds(15) * Int64(sync)
            let input = Self.input(replicas: replicas, milli: 20, at: now, behavior: behavior)
            var decision = state.decide(input)
            decision.recordRescale(error: nil, input: input)
            (state, replicas) = (decision.state, decision.desiredReplicas)
            if replicas < 10, shrankAfter == nil { shrankAfter = (now - Self.start).wholeSeconds }
        }
        // Without behavior a recommendation exactly as old as the window still counts.
        #expect(shrankAfter == (behavior == nil ? 315 : 300))
        // The last step, from 2 to 1, has to wait for another window.
        #expect(replicas == 2)
    }

    @Test func aMissingRequestIsReportedAsTheRealControllerDoes() {
        var input = Self.input(replicas: 2, milli: 100)
        input.pods = Self.pods(2, at: Self.start, request: nil)
        let decision = HPAState().decide(input)
        let text = "failed to get cpu utilization: missing request for cpu in container main of Pod web-0"
        #expect(
            decision.events == [
                HPAEvent(warning: "FailedGetResourceMetric", text),
                HPAEvent(
                    warning: "FailedComputeMetricsReplicas",
                    "invalid metrics (1 invalid out of 1), first error is: failed to get cpu resource metric value: "
                        + text),
            ])
        #expect(
            decision.status.condition(.scalingActive)?.message
                == "the HPA was unable to compute the replica count: \(text)")
        #expect(decision.rescale == nil)
        #expect(decision.metrics[0].pods?.readyCount == 2, "the record still tells how the pods counted")
    }

    @Test func metricsBeforeTheFirstScrapeFail() {
        var input = Self.input(replicas: 1, milli: 0)
        input.answers = [.usage([])]
        let decision = HPAState().decide(input)
        #expect(
            decision.events.first?.message
                == "failed to get cpu utilization: unable to get metrics for resource cpu: "
                + "no metrics returned from resource metrics API")
    }

    @Test func otherSourcesNameTheirErrors() {
        let cases: [(HPAMetric, String, String)] = [
            (
                HPAMetric(.pods(metric: "qps"), .averageValue(1000)), "unable to get metric qps: down",
                "failed to get pods metric value: unable to get metric qps: down"
            ),
            (
                HPAMetric(.external(metric: "queue", selector: "nil"), .averageValue(1000)),
                "unable to get external metric shop/queue/nil: down",
                "failed to get queue external metric value: failed to get queue external metric: "
                    + "unable to get external metric shop/queue/nil: down"
            ),
            (
                HPAMetric(
                    .object(metric: "hits", kind: "Ingress", name: "main", selector: "nil"), .value(1000)),
                "unable to get metric hits: Ingress on shop main/down",
                "failed to get object metric value: unable to get metric hits: Ingress on shop main/down"
            ),
            (
                HPAMetric(.containerResource("memory", container: "app"), .averageValue(1000)),
                "failed to get memory usage: unable to get metrics for resource memory: down",
                "failed to get app container metric value: failed to get memory usage: "
                    + "unable to get metrics for resource memory: down"
            ),
        ]
        for (metric, message, passError) in cases {
            var input = Self.input(replicas: 2, milli: 0)
            input.spec.metrics = [metric]
            input.answers = [.failure("down")]
            let decision = HPAState().decide(input)
            #expect(decision.metrics[0].failure?.message == message)
            #expect(decision.metrics[0].failure?.passError == passError)
        }
    }

    @Test func toleranceOfTheObjectReplacesTheFlagInItsDirection() {
        var behavior = HPABehavior()
        behavior.scaleUp.tolerance = 0.02
        var input = Self.input(replicas: 10, milli: 108, behavior: behavior)
        #expect(HPAState().decide(input).rescale == 11)
        input.settings.configurableTolerance = false
        #expect(HPAState().decide(input).rescale == nil)
        #expect(HPAState().decide(input).metrics[0].hold == .withinTolerance)
    }

    @Test func aConditionKeepsItsTransitionTimeWhileItsStatusLasts() {
        var status = HPAStatus()
        status.set(.ableToScale, true, .succeededGetScale, now: Self.start)
        status.set(.ableToScale, true, .readyForNewScale, now: Self.start + .seconds(15))
        #expect(status.conditions.map(\.reason) == ["ReadyForNewScale"])
        #expect(status.conditions.map(\.lastTransition) == [Self.start])
        status.set(.ableToScale, false, "FailedGetScale", "gone", now: Self.start + .seconds(30))
        #expect(status.conditions.map(\.lastTransition) == [Self.start + .seconds(30)])
    }

    @Test func aSleepingTargetWakesOnlyIfTheAutoscalerPutItToSleep() {
        var input = Self.input(replicas: 0, milli: 0, minReplicas: 0)
        input.spec.metrics = [HPAMetric(.external(metric: "queue", selector: "nil"), .value(10_000))]
        input.answers = [.values([30_000])]
        input.settings.tracksScaledToZero = true
        #expect(HPAState().decide(input).branch == .disabled)
        input.status.set(.scaledToZero, true, .scaledToZero, now: Self.start)
        var decision = HPAState().decide(input)
        #expect(decision.rescale == 3)
        decision.recordRescale(error: nil, input: input)
        #expect(decision.status.condition(.scaledToZero)?.isTrue == false)
        input.spec.minReplicas = 4
        #expect(HPAState().decide(input).rescale == 4, "the minimum was raised meanwhile")
    }

    @Test func sidecarsCountTowardsTheRequestAndPodLevelRequestsReplaceIt() throws {
        var pod = HPAPod(
            name: "web", phase: .running,
            containers: [
                HPAContainer(name: "main", requests: [HPARequest("cpu", milli: 100)]),
                HPAContainer(name: "proxy", requests: [HPARequest("cpu", milli: 50)]),
            ])
        #expect(try pod.request(for: "cpu", container: nil, podLevelResources: true) == 150)
        pod.podRequests = [HPARequest("cpu", milli: 400)]
        #expect(try pod.request(for: "cpu", container: nil, podLevelResources: true) == 400)
        #expect(try pod.request(for: "cpu", container: nil, podLevelResources: false) == 150)
        #expect(try pod.request(for: "cpu", container: "proxy", podLevelResources: true) == 50)
        #expect(throws: HPAMetricError("missing pod-level request for memory in Pod web")) {
            try pod.request(for: "memory", container: nil, podLevelResources: true)
        }
    }
}
