import KubernetesAPI
import PromQL
import Testing

@testable import Monitoring

@Suite struct ScaledObjectTests {
    private func object(_ spec: String) throws -> ScaledObject {
        try ScaledObject(
            YAMLReader.documents(
                "apiVersion: keda.sh/v1alpha1\nkind: ScaledObject\nmetadata: {name: agents, namespace: default}\nspec: \(spec)"
            ).first?.value ?? .null)
    }

    private static let prometheus =
        "{type: prometheus, metadata: {serverAddress: 'http://prometheus:9090', query: 'sum(queue)', threshold: '10', activationThreshold: '2'}}"

    @Test func itMakesAnAutoscaler() throws {
        let scaled = try object(
            """
            {scaleTargetRef: {name: agents}, minReplicaCount: 0, maxReplicaCount: 20,
             advanced: {horizontalPodAutoscalerConfig: {behavior: {scaleDown: {stabilizationWindowSeconds: 60}}}},
             triggers: [\(Self.prometheus),
               {type: cron, metadata: {timezone: Etc/UTC, start: "0 8 * * 1-5", end: "0 18 * * 1-5", desiredReplicas: "5"}},
               {type: cpu, metricType: Utilization, metadata: {value: "60"}},
               {type: memory, metricType: AverageValue, metadata: {value: 500Mi, containerName: main}}]}
            """)
        let autoscaler = scaled.autoscaler
        #expect(autoscaler.metadata.name == "keda-hpa-agents")
        #expect(autoscaler.spec.minReplicas == 1 && autoscaler.spec.maxReplicas == 20)
        #expect(autoscaler.spec.scaleTargetRef.kind == "Deployment")
        #expect(autoscaler.spec.behavior?.scaleDown?.stabilizationWindowSeconds == 60)
        #expect(autoscaler.spec.metrics.map(\.type) == ["External", "External", "Resource", "ContainerResource"])
        #expect(
            autoscaler.spec.metrics.compactMap { $0.external?.metric.name }
                == ["s0-prometheus", "s1-cron-Etc-UTC-08xx1-5-018xx1-5"])
        #expect(autoscaler.spec.metrics[0].external?.target.averageValue?.description == "10")
        #expect(
            autoscaler.spec.metrics[0].external?.metric.selector?.matchLabels == ["scaledobject.keda.sh/name": "agents"]
        )
        #expect(autoscaler.spec.metrics[2].resource?.target.averageUtilization == 60)
        #expect(autoscaler.spec.metrics[3].containerResource?.container == "main")
    }

    @Test func aTriggerReadsAnAnswerByKedasRules() throws {
        let scaled = try object("{scaleTargetRef: {name: agents}, triggers: [\(Self.prometheus)]}")
        guard case .prometheus(var trigger) = scaled.triggers[0].source else {
            Issue.record("no prometheus trigger")
            return
        }
        var store = TimeSeriesStore()
        try store.append(Labels(["__name__": "queue", "a": "1"]), time: 1000, value: 2)
        try store.append(Labels(["__name__": "queue", "a": "2"]), time: 1000, value: .infinity)
        func answer(_ query: String) throws -> QueryValue {
            try QueryEngine().instant(query, in: store, at: 1000).value
        }
        #expect(try trigger.reading(answer("queue{a=\"1\"}")) == TriggerReading(value: 2, isActive: false))
        #expect(try trigger.reading(answer("queue{a=\"1\"} + 1")) == TriggerReading(value: 3, isActive: true))
        #expect(try trigger.reading(answer("nothing")) == TriggerReading(value: 0, isActive: false))
        #expect(try trigger.reading(answer("queue{a=\"2\"}")) == TriggerReading(value: 0, isActive: false))
        #expect(throws: MetricsAPIError("prometheus query sum(queue) returned multiple elements")) {
            try trigger.reading(try answer("queue"))
        }
        trigger.ignoreNullValues = false
        #expect(throws: MetricsAPIError("prometheus metrics 'prometheus' target may be lost, the result is empty")) {
            try trigger.reading(try answer("nothing"))
        }
    }

    @Test func cronIsActiveBetweenStartAndEnd() throws {
        func trigger(_ zone: String, _ start: String, _ end: String) throws -> ScaleTrigger.CronTrigger? {
            let scaled = try object(
                "{scaleTargetRef: {name: a}, triggers: [{type: cron, metadata: {timezone: \(zone), start: \"\(start)\", end: \"\(end)\", desiredReplicas: \"5\"}}]}"
            )
            if case .cron(let trigger) = scaled.triggers[0].source { return trigger }
            return nil
        }
        /// Monday, 5 January 2026, at an hour and minute of UTC.
        func at(_ hour: Int64, _ minute: Int64 = 0, day: Int64 = 5) -> Int64 {
            (CivilTime.days(year: 2026, month: 1, day: day) * 1440 + hour * 60 + minute) * 60_000
        }
        let office = try trigger("Etc/UTC", "0 8 * * 1-5", "0 18 * * 1-5")
        #expect(try office?.reading(at: at(7, 59)) == TriggerReading(value: 1, isActive: false))
        #expect(try office?.reading(at: at(8)) == TriggerReading(value: 5, isActive: true))
        #expect(try office?.reading(at: at(17, 59)).isActive == true)
        #expect(try office?.reading(at: at(18)).isActive == false)
        #expect(try office?.reading(at: at(12, 0, day: 4)).isActive == false)
        // Two hours ahead of UTC, and over midnight.
        #expect(try trigger("Etc/GMT-2", "0 8 * * *", "0 18 * * *")?.reading(at: at(6)).isActive == true)
        let night = try trigger("UTC", "0 22 * * *", "0 6 * * *")
        #expect(try night?.reading(at: at(23)).isActive == true)
        #expect(try night?.reading(at: at(5)).isActive == true)
        #expect(try night?.reading(at: at(12)).isActive == false)
        // Zones with rules are the caller's.
        let berlin = try trigger("Europe/Berlin", "0 8 * * *", "0 18 * * *")
        #expect(throws: MetricsAPIError("unable to load timezone: unknown time zone Europe/Berlin")) {
            try berlin?.reading(at: at(8))
        }
        #expect(try berlin?.reading(at: at(7), offset: { _, _ in 3600 }).isActive == true)
    }

    @Test(arguments: [
        ("* * * *", "expected exactly 5 fields, found 4: [* * * *]"),
        ("60 * * * *", "end of range (60) above maximum (59): 60"),
        ("5-1 * * * *", "beginning of range (5) beyond end of range (1): 5-1"),
        ("a * * * *", "failed to parse int from a"),
        ("*/0 * * * *", "step of range should be a positive number: */0"),
    ])
    func schedulesThatAreNoneAreRefused(_ text: String, _ message: String) {
        #expect(throws: MetricsAPIError(message)) { try CronExpression(text) }
    }

    @Test func schedulesKnowNamesStepsAndBothKindsOfDays() throws {
        func next(_ text: String, _ hours: Int64 = 0) throws -> Int64? {
            // Counted in minutes from Thursday, 1 January 1970.
            try CronExpression(text).next(after: hours * 3600) { _ in 0 }.map { $0 / 60 }
        }
        #expect(try next("*/15 * * * *") == 15)
        #expect(try next("0 0 * * MON") == 4 * 1440)
        #expect(try next("30 6 2 feb ?") == (31 + 1) * 1440 + 390)
        #expect(try next("0 0 3 * fri") == 1440)
        #expect(try next("@daily", 1) == 1440)
        #expect(try next("0 0 31 2 *") == nil)
    }

    @Test func betweenZeroAndOneKedaDecides() throws {
        let scaled = try object("{scaleTargetRef: {name: a}, cooldownPeriod: 100, triggers: [\(Self.prometheus)]}")
        func decide(
            _ replicas: Int, active: Bool, error: Bool = false, last: Int64? = nil, now: Int64 = 1_000_000
        ) -> ScaleDecision {
            scaled.decide(
                ScaleSituation(
                    now: now, created: 0, currentReplicas: replicas, isActive: active, isError: error, lastActive: last)
            )
        }
        #expect(decide(0, active: true) == .scale(to: 1, reason: "Scaling is performed because triggers are active"))
        #expect(decide(3, active: true) == .stayActive)
        #expect(decide(0, active: false) == .none(reason: "Scaling is not performed because triggers are not active"))
        #expect(decide(3, active: false, last: 950_000) == .coolDown(until: 1_050_000))
        #expect(decide(3, active: false, last: 900_000) == .coolDown(until: 1_000_000))
        #expect(
            decide(3, active: false, last: 899_999)
                == .scale(to: 0, reason: "no trigger has been active for the cooldownPeriod"))
        #expect(
            decide(3, active: false, error: true, last: 0)
                == .none(reason: "Triggers defined in ScaledObject are not working correctly"))
        #expect(
            decide(3, active: true, error: true)
                == .none(reason: "Some triggers defined in ScaledObject are not working correctly"))
    }

    @Test func idleAndMinimumReplicasBoundIt() throws {
        let idle = try object(
            "{scaleTargetRef: {name: a}, idleReplicaCount: 0, minReplicaCount: 2, triggers: [\(Self.prometheus)]}")
        func decide(_ scaled: ScaledObject, _ replicas: Int, active: Bool) -> ScaleDecision {
            scaled.decide(ScaleSituation(now: 1_000_000, created: 0, currentReplicas: replicas, isActive: active))
        }
        #expect(
            decide(idle, 0, active: true) == .scale(to: 2, reason: "Scaling is performed because triggers are active"))
        #expect(
            decide(idle, 2, active: false) == .scale(to: 0, reason: "no trigger has been active for the cooldownPeriod")
        )
        #expect(
            decide(idle, 1, active: true) == .scale(to: 2, reason: "Scaling is performed because triggers are active"))
        let minimum = try object("{scaleTargetRef: {name: a}, minReplicaCount: 2, triggers: [\(Self.prometheus)]}")
        #expect(
            decide(minimum, 2, active: false)
                == .none(reason: "Scaling is not performed because triggers are not active"))
        #expect(
            decide(minimum, 1, active: false) == .scale(to: 2, reason: "ScaleTarget replicas are below minReplicaCount")
        )
        #expect(minimum.autoscaler.spec.minReplicas == 2)
    }

    @Test func afterTooManyFailuresTheFallbackIsServed() throws {
        let scaled = try object(
            "{scaleTargetRef: {name: a}, fallback: {failureThreshold: 3, replicas: 6}, triggers: [\(Self.prometheus)]}")
        let broken = Result<TriggerReading, MetricsAPIError>.failure(MetricsAPIError("down"))
        #expect(
            scaled.decide(
                ScaleSituation(now: 1_000_000, created: 0, currentReplicas: 1, isActive: false, isError: true))
                == .none(reason: "ScaleTarget will fallback to Fallback.Replicas after Fallback.FailureThreshold"))
        #expect(throws: MetricsAPIError("down")) {
            try scaled.metricValue(of: scaled.triggers[0], reading: broken, failures: 3, currentReplicas: 2)
        }
        #expect(
            try scaled.metricValue(of: scaled.triggers[0], reading: broken, failures: 4, currentReplicas: 2).description
                == "60")
        #expect(
            try scaled.metricValue(
                of: scaled.triggers[0], reading: .success(TriggerReading(value: 1.5, isActive: true)), failures: 0,
                currentReplicas: 2
            ).description == "1500m")
    }

    @Test(arguments: [
        ("{scaleTargetRef: {name: a}}", "no triggers defined in the ScaledObject/ScaledJob"),
        (
            "{scaleTargetRef: {name: a}, minReplicaCount: 5, maxReplicaCount: 2, triggers: [\(prometheus)]}",
            "MinReplicaCount=5 must be less than MaxReplicaCount=2"
        ),
        (
            "{scaleTargetRef: {name: a}, minReplicaCount: 1, idleReplicaCount: 1, triggers: [\(prometheus)]}",
            "IdleReplicaCount=1 must be less than MinReplicaCount=1"
        ),
        (
            "{scaleTargetRef: {name: a}, triggers: [{type: prometheus, metadata: {serverAddress: x, threshold: '1'}}]}",
            "error parsing prometheus metadata: missing required parameter \"query\" in [triggerMetadata]"
        ),
        (
            "{scaleTargetRef: {name: a}, triggers: [{type: cpu, metricType: Utilization, metadata: {value: '50'}}]}",
            "scaledobject with only cpu/memory triggers or only one trigger with type cpu/memory must have minReplicas greater than 0"
        ),
        (
            "{scaleTargetRef: {name: a}, triggers: [{type: kafka}]}",
            "no scaler found for type: kafka; a lab has prometheus, cron, cpu and memory"
        ),
        ("{triggers: []}", "ScaledObject.spec.scaleTargetRef.name is missing"),
    ])
    func whatMakesNoSenseIsRefused(_ spec: String, _ message: String) {
        #expect(throws: MetricsAPIError(message)) { try object(spec) }
    }
}
