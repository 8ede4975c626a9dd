import Simulation
import Testing

@testable import Cluster

/// The cases of `fixtures/conformance/hpa`, most of them numbers of Kubernetes' own tests.
struct HorizontalPodAutoscalerConformanceTests {
    static let knownDeviations: [String: String] = [:]

    @Test func everyCase() throws {
        try DecisionCases.run("hpa", knownDeviations: Self.knownDeviations) { testCase in
            var mismatch = DecisionMismatch()
            switch testCase.kind {
            case "calc": Self.calc(testCase, &mismatch)
            case "groupPods": Self.groupPods(testCase, &mismatch)
            case "requests": Self.requests(testCase, &mismatch)
            case "clampLegacy": Self.clampLegacy(testCase, &mismatch)
            case "scaleUpLimit": Self.rateLimit(testCase, up: true, &mismatch)
            case "scaleDownLimit": Self.rateLimit(testCase, up: false, &mismatch)
            case "behaviorRate": Self.behaviorRate(testCase, &mismatch)
            case "storeScaleEvent": Self.storeScaleEvent(testCase, &mismatch)
            case "stabilizeLegacy": Self.stabilizeLegacy(testCase, &mismatch)
            case "stabilizeBehavior": Self.stabilizeBehavior(testCase, &mismatch)
            case "reconcile": Self.reconcile(testCase, &mismatch)
            default: mismatch.fail("unknown kind \(testCase.kind)")
            }
            return mismatch
        }
    }

    private static func calc(_ testCase: DecisionCase, _ mismatch: inout DecisionMismatch) {
        let (input, expected) = (testCase.input, testCase.expected)
        let resource = input["resource"].string ?? "cpu"
        let container = input["container"].string ?? ""
        let kind = input["metricKind"].string ?? ""
        let value = input["target"].int ?? 0
        let pod = HPACaseInput.answer(input["podMetrics"])
        let series = HPAMetricAnswer.values(input["samplesMilli"].array.compactMap(\.int))
        let source: HPAMetric.Source =
            container.isEmpty ? .resource(resource) : .containerResource(resource, container: container)
        let object = HPAMetric.Source.object(metric: "qps", kind: "Service", name: "object", selector: "nil")
        let external = HPAMetric.Source.external(metric: "qps", selector: "nil")
        let metric: HPAMetric
        let answer: HPAMetricAnswer
        switch kind {
        case "Resource", "ContainerResource":
            let percent = input["targetUnit"].string != "milli"
            (metric, answer) = (
                HPAMetric(source, percent ? .utilization(Int32(clamping: value)) : .averageValue(value)), pod
            )
        case "RawResource", "ResourceAverageValue", "ResourceRaw", "ContainerResourceAverageValue":
            (metric, answer) = (HPAMetric(source, .averageValue(value)), pod)
        case "Pods": (metric, answer) = (HPAMetric(.pods(metric: "qps"), .averageValue(value)), pod)
        case "ObjectValue", "Object": (metric, answer) = (HPAMetric(object, .value(value)), series)
        case "ObjectAverageValue", "ObjectPerPod":
            (metric, answer) = (HPAMetric(object, .averageValue(value)), series)
        case "ExternalValue", "External": (metric, answer) = (HPAMetric(external, .value(value)), series)
        case "ExternalAverageValue", "ExternalPerPod":
            (metric, answer) = (HPAMetric(external, .averageValue(value)), series)
        default: return mismatch.fail("unknown metric kind \(kind)")
        }
        let calculator = HPAReplicaCalculator(
            settings: HPACaseInput.settings(input["settings"]),
            tolerance: HPACaseInput.tolerance(input["tolerance"]),
            pods: HPACaseInput.pods(input["pods"], resource: resource), now: HPACaseInput.now)
        let current = input["currentReplicas"].int32 ?? 0
        let decision = calculator.decide(
            metric, answer: answer, specReplicas: current,
            statusReplicas: input["statusReplicas"].int32 ?? current)
        if let error = expected["error"].string {
            let found = decision.failure?.passError ?? "no error"
            if !found.contains(error) { mismatch.fail("error is \(found), not \(error)") }
            return
        }
        if let failure = decision.failure { mismatch.fail("failed: \(failure.passError)") }
        mismatch.expectInteger("replicas", decision.proposal.map(Int64.init), in: expected)
        mismatch.expectInteger("averageValueMilli", decision.current?.averageValueMilli, in: expected)
        mismatch.expectInteger("valueMilli", decision.current?.valueMilli, in: expected)
        mismatch.expectInteger(
            "utilizationPercent", decision.current?.utilizationPercent.map(Int64.init), in: expected)
    }

    private static func groupPods(_ testCase: DecisionCase, _ mismatch: inout DecisionMismatch) {
        let (input, expected) = (testCase.input, testCase.expected)
        let resource = input["resource"].string
        let settings = HPACaseInput.settings(input["settings"])
        var ready: Int64 = 0
        var (unready, missing, ignored): ([String], [String], [String]) = ([], [], [])
        for pod in HPACaseInput.pods(input["pods"], resource: resource ?? "cpu") {
            let json = input["metrics"][pod.name]
            let sample =
                json.isNull
                ? nil
                : HPASample(
                    pod: pod.name, milli: json["value"].int ?? 0,
                    timestamp: HPACaseInput.time(age: json["ageSeconds"]) ?? HPACaseInput.now,
                    window: .seconds(json["windowSeconds"].int ?? 0))
            switch pod.classified(sample: sample, resource: resource, settings: settings, now: HPACaseInput.now) {
            case .ready: ready += 1
            case .unready: unready.append(pod.name)
            case .missing: missing.append(pod.name)
            case .ignored: ignored.append(pod.name)
            }
        }
        mismatch.expectInteger("readyPodCount", ready, in: expected)
        mismatch.expect("unready", unready.sorted(), expected["unready"].array.compactMap(\.string).sorted())
        mismatch.expect("missing", missing.sorted(), expected["missing"].array.compactMap(\.string).sorted())
        mismatch.expect("ignored", ignored.sorted(), expected["ignored"].array.compactMap(\.string).sorted())
    }

    private static func requests(_ testCase: DecisionCase, _ mismatch: inout DecisionMismatch) {
        let (input, expected) = (testCase.input, testCase.expected)
        let container = input["container"].string ?? ""
        do throws(HPAMetricError) {
            var sum: Int64 = 0
            for pod in HPACaseInput.pods(input["pods"], resource: input["resource"].string ?? "cpu") {
                sum += try pod.request(
                    for: input["resource"].string ?? "cpu", container: container.isEmpty ? nil : container,
                    podLevelResources: input["podLevelResources"].bool ?? false)
            }
            if let error = expected["error"].string { mismatch.fail("no error, not \(error)") }
            mismatch.expectInteger("requestMilli", sum, in: expected)
        } catch {
            let wanted = expected["error"].string ?? "a request"
            if !error.message.contains(wanted) { mismatch.fail("\(error.message), not \(wanted)") }
        }
    }

    private static func clampLegacy(_ testCase: DecisionCase, _ mismatch: inout DecisionMismatch) {
        let (input, expected) = (testCase.input, testCase.expected)
        let limit = HPACaseInput.settings(input).limit(
            desired: input["desiredReplicas"].int32 ?? 0, current: input["currentReplicas"].int32 ?? 0,
            min: input["minReplicas"].int32 ?? 1, max: input["maxReplicas"].int32 ?? 0)
        mismatch.expectInteger("replicas", Int64(limit.replicas), in: expected)
        mismatch.expect("reason", limit.reason.rawValue, expected["reason"].string ?? limit.reason.rawValue)
    }

    /// The form of these kinds is not in the shared cases: rules under their direction or under `rules`, one number
    /// expected.
    private static func rateLimit(_ testCase: DecisionCase, up: Bool, _ mismatch: inout DecisionMismatch) {
        let (input, expected) = (testCase.input, testCase.expected)
        let json = [input["rules"], input[up ? "scaleUp" : "scaleDown"]].first { !$0.isNull } ?? input
        let rules = HPACaseInput.rules(json, over: up ? .scaleUpDefault : .scaleDownDefault)
        let current = input["currentReplicas"].int32 ?? 0
        let state = HPACaseInput.state(input)
        let limit =
            up
            ? state.scaleUpLimit(current: current, rules: rules, now: HPACaseInput.now)
            : state.scaleDownLimit(current: current, rules: rules, now: HPACaseInput.now)
        let wanted = ["limit", "replicas", "value"].compactMap { expected[$0].int }.first ?? expected.int
        mismatch.expect("limit", Int64(limit), wanted ?? .min)
    }

    private static func behaviorRate(_ testCase: DecisionCase, _ mismatch: inout DecisionMismatch) {
        let (input, expected) = (testCase.input, testCase.expected)
        let limit = HPACaseInput.state(input).limit(
            desired: input["desiredReplicas"].int32 ?? 0, current: input["currentReplicas"].int32 ?? 0,
            min: input["minReplicas"].int32 ?? 1, max: input["maxReplicas"].int32 ?? 0,
            behavior: HPACaseInput.behavior(input), now: HPACaseInput.now)
        mismatch.expectInteger("replicas", Int64(limit.replicas), in: expected)
        mismatch.expect("reason", limit.reason.rawValue, expected["reason"].string ?? limit.reason.rawValue)
    }

    private static func storeScaleEvent(_ testCase: DecisionCase, _ mismatch: inout DecisionMismatch) {
        let (input, expected) = (testCase.input, testCase.expected)
        let change = input["change"].int32 ?? 0
        for up in [true, false] {
            let rules = HPACaseInput.rules(input["rules"], over: .scaleUpDefault)
            let behavior = input["rules"].isNull ? nil : HPABehavior(scaleUp: rules, scaleDown: rules)
            var state = HPAState()
            let previous = HPACaseInput.events(input["previousEvents"])
            if up { state.scaleUpEvents = previous } else { state.scaleDownEvents = previous }
            let period = Duration.seconds(input["queryPeriodSeconds"].int ?? 0)
            let before = previous.change(within: period, now: HPACaseInput.now)
            mismatch.expectInteger("changeInPeriodBefore", before, in: expected)
            state.storeScaleEvent(
                from: up ? 10 : 10 + change, to: up ? 10 + change : 10, behavior: behavior, now: HPACaseInput.now)
            let events = up ? state.scaleUpEvents : state.scaleDownEvents
            mismatch.expect(
                "events", events.map { "\($0.change) \($0.outdated)" },
                expected["events"].array.map { "\($0["change"].int ?? 0) \($0["outdated"].bool ?? false)" })
        }
    }

    private static func stabilizeLegacy(_ testCase: DecisionCase, _ mismatch: inout DecisionMismatch) {
        let (input, expected) = (testCase.input, testCase.expected)
        var list = HPACaseInput.recommendations(input["recommendations"])
        let result = list.stabilize(
            desired: input["desiredReplicas"].int32 ?? 0,
            window: .seconds(input["downscaleStabilizationSeconds"].int ?? 300), now: HPACaseInput.now)
        mismatch.expectInteger("replicas", Int64(result.replicas), in: expected)
        mismatch.expectInteger("logLength", Int64(list.count), in: expected)
        expectRecommendations(list, expected, &mismatch)
    }

    private static func stabilizeBehavior(_ testCase: DecisionCase, _ mismatch: inout DecisionMismatch) {
        let (input, expected) = (testCase.input, testCase.expected)
        var list = HPACaseInput.recommendations(input["recommendations"])
        let result = list.stabilize(
            current: input["currentReplicas"].int32 ?? 0, desired: input["desiredReplicas"].int32 ?? 0,
            scaleUpWindow: .seconds(input["scaleUpWindowSeconds"].int ?? 0),
            scaleDownWindow: .seconds(input["scaleDownWindowSeconds"].int ?? 300), now: HPACaseInput.now)
        mismatch.expectInteger("replicas", Int64(result.replicas), in: expected)
        mismatch.expectInteger("logLength", Int64(list.count), in: expected)
        if let reason = expected["reason"].string { mismatch.expect("reason", result.reason.rawValue, reason) }
        expectRecommendations(list, expected, &mismatch)
    }

    private static func expectRecommendations(
        _ list: [HPARecommendation], _ expected: DecisionJSON, _ mismatch: inout DecisionMismatch
    ) {
        guard !expected["recommendationsAfter"].isNull else { return }
        let wanted = expected["recommendationsAfter"].array.map { $0.int ?? $0["replicas"].int ?? -1 }
        mismatch.expect("recommendationsAfter", list.map { Int64($0.replicas) }, wanted)
    }

    private static func reconcile(_ testCase: DecisionCase, _ mismatch: inout DecisionMismatch) {
        let (input, expected) = (testCase.input, testCase.expected)
        let hpa = input["hpa"]
        let metrics = hpa["metrics"].array.map { HPACaseInput.metric($0, input: input) }
        let current = input["scale"]["specReplicas"].int32 ?? 0
        let spec = HPASpec(
            minReplicas: hpa["minReplicas"].int32, maxReplicas: hpa["maxReplicas"].int32 ?? 0,
            metrics: metrics.map(\.0),
            behavior: hpa["behavior"].isNull ? nil : HPACaseInput.behavior(hpa["behavior"]))
        let selector: HPAReconcileInput.Selector
        switch input["selectorState"].string {
        case nil, "valid", "ok": selector = .valid
        case "missing": selector = .missing
        case "ambiguous": selector = .ambiguous(selector: "app=web", autoscalers: ["default/a", "default/b"])
        case "invalid", "unparsable", "unparseable", "malformed": selector = .invalid(error: "found '!'")
        case .some(let other): return mismatch.fail("unknown selector state \(other)")
        }
        let resourceMetric = hpa["metrics"].array.first {
            $0["type"].string == "Resource" || $0["type"].string == "ContainerResource"
        }
        let resource = resourceMetric?["name"].string ?? "cpu"
        var status = HPAStatus(currentReplicas: current, desiredReplicas: current)
        status.lastScaleTime = HPACaseInput.time(age: input["lastScaleAgeSeconds"])
        let state = HPACaseInput.state(input)
        let reconcileInput = HPAReconcileInput(
            spec: spec,
            scale: input["getScaleError"].bool == true
                ? .failed("something went wrong")
                : .found(specReplicas: current, statusReplicas: input["scale"]["statusReplicas"].int32 ?? current),
            selector: selector, answers: metrics.map(\.1),
            pods: HPACaseInput.pods(input["pods"], resource: resource),
            status: status, settings: HPACaseInput.settings(input["settings"]), now: HPACaseInput.now)
        var decision = state.decide(reconcileInput)
        let updateFails = input["updateScaleError"].bool == true
        decision.recordRescale(error: updateFails ? "something went wrong" : nil, input: reconcileInput)

        mismatch.expectInteger("desiredReplicas", Int64(decision.status.desiredReplicas), in: expected)
        mismatch.expect(
            "conditions",
            decision.status.conditions.map { "\($0.kind.rawValue) \($0.isTrue ? "True" : "False") \($0.reason)" },
            expected["conditions"].array.map {
                "\($0["type"].string ?? "") \($0["status"].string ?? "") \($0["reason"].string ?? "")"
            })
        for condition in expected["conditions"].array {
            guard let message = condition["message"].string else { continue }
            let found = decision.status.conditions.first { $0.kind.rawValue == condition["type"].string }?.message
            if found?.contains(message) != true { mismatch.fail("message is \(found ?? "none"), not \(message)") }
        }
        let rescaled = decision.rescale != nil && !updateFails
        mismatch.expect("rescaled", rescaled, expected["rescaled"].bool ?? rescaled)
        let action = !rescaled ? "none" : decision.desiredReplicas > current ? "scale_up" : "scale_down"
        mismatch.expect("action", action, expected["action"].string ?? action)
        let error = decision.error == nil ? "none" : "internal"
        mismatch.expect("error", error, expected["error"].string ?? error)
        if let percent = expected["cpuUtilization"].int32 {
            let found = decision.status.currentMetrics.compactMap { $0?.utilizationPercent }.first
            mismatch.expect("cpuUtilization", found, percent)
        }
        if expected.members["event"] != nil {
            let found = decision.events.filter { !$0.isWarning }.map { "\($0.reason) \($0.message)" }
            switch expected["event"] {
            case .null: mismatch.expect("events", found, [])
            case .string(let text):
                if !found.contains(where: { $0.contains(text) }) { mismatch.fail("event is \(found), not \(text)") }
            case let event:
                let parts = [event["reason"].string, event["message"].string].compactMap { $0 }
                if !found.contains(where: { line in parts.allSatisfy { line.contains($0) } }) {
                    mismatch.fail("event is \(found), not \(parts)")
                }
            }
        }
    }
}
