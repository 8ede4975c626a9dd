import Simulation
import Testing

@testable import Cluster

/// Properties that hold for any input: random, extreme and hostile.
struct HorizontalPodAutoscalerPropertyTests {
    private static let now = SimulationTime.zero + .seconds(1_000_000)
    private static let extremes: [Int64] = [.min, .min + 1, -1, 0, 1, 999, 1000, 1 << 31, 1 << 53, .max - 1, .max]

    private static func pods(_ count: Int, request: Int64 = 500) -> [HPAPod] {
        (0..<count).map {
            HPAPod(
                name: "web-\($0)", phase: .running,
                readiness: HPAPod.Readiness(.true, since: now - .seconds(10_000)), startTime: now - .seconds(20_000),
                containers: [HPAContainer(name: "main", requests: [HPARequest("cpu", milli: request)])])
        }
    }

    private static func answer(_ count: Int, milli: Int64) -> HPAMetricAnswer {
        .samples((0..<count).map { HPASample(pod: "web-\($0)", milli: milli, timestamp: now, window: .seconds(30)) })
    }

    private static func calculator(_ pods: [HPAPod], tolerance: Double = 0.1) -> HPAReplicaCalculator {
        HPAReplicaCalculator(
            settings: HPASettings(), tolerance: HPATolerance(scaleUp: tolerance, scaleDown: tolerance), pods: pods,
            now: now)
    }

    @Test func noExtremeValueTraps() {
        let sources: [HPAMetric.Source] = [
            .resource("cpu"), .containerResource("cpu", container: "main"), .pods(metric: "qps"),
            .object(metric: "qps", kind: "Service", name: "web", selector: "nil"),
            .external(metric: "queue", selector: "nil"), .unknown(type: "Cheese"),
        ]
        for value in Self.extremes {
            for target in Self.extremes {
                for source in sources {
                    let targets: [HPAMetric.Target] = [
                        .utilization(Int32(truncatingIfNeeded: target)), .averageValue(target), .value(target), .none,
                    ]
                    for kind in targets {
                        let answers: [HPAMetricAnswer] = [
                            Self.answer(3, milli: value), .values([value, value, 1]), .failure("down"), .usage([]),
                        ]
                        for answer in answers {
                            for (request, replicas) in [(value, Int32.max), (500, 0), (0, Int32.min), (target, 3)] {
                                let decision = Self.calculator(Self.pods(4, request: request), tolerance: .nan).decide(
                                    HPAMetric(source, kind), answer: answer, specReplicas: replicas,
                                    statusReplicas: replicas)
                                #expect((decision.proposal == nil) == (decision.failure != nil))
                            }
                        }
                    }
                }
            }
        }
    }

    @Test func moreUsageNeverMeansFewerReplicas() {
        let calculator = Self.calculator(Self.pods(7))
        var before: Int32 = 0
        for usage in stride(from: Int64(0), through: 3000, by: 7) {
            let decision = calculator.decide(
                HPAMetric(.resource("cpu"), .utilization(60)), answer: Self.answer(7, milli: usage), specReplicas: 7,
                statusReplicas: 7)
            let proposal = decision.proposal ?? -1
            #expect(proposal >= before, "usage \(usage)m")
            before = proposal
        }
        #expect(before > 7)
    }

    /// Whatever the metrics, the rules and the memory say, the size stays between the bounds, and no pass moves
    /// against the metrics' wish.
    @Test func resultsStayWithinTheBounds() {
        var random = RandomStream(seed: 7, name: "test/hpa")
        func pick(_ bound: UInt64) -> Int32 { Int32(random.below(bound)) }
        func rules(_ direction: HPARules) -> HPARules {
            HPARules(
                stabilizationWindow: .seconds(Int64(pick(600))),
                selection: [.max, .min, .disabled][Int(pick(3))],
                policies: (0..<pick(3)).map { _ in
                    HPAPolicy(pick(2) == 0 ? .pods : .percent, pick(300), period: .seconds(Int64(pick(200))))
                })
        }
        for round in 0..<2_000 {
            let minimum = pick(10) + 1
            let maximum = minimum + pick(100)
            let current = minimum + pick(UInt64(maximum - minimum + 1))
            let count = Int(pick(12)) + 1
            var state = HPAState()
            state.recommendations = (0..<pick(5)).map { _ in
                HPARecommendation(replicas: pick(200), time: Self.now - .seconds(Int64(pick(700))))
            }
            state.scaleUpEvents = (0..<pick(4)).map { _ in
                HPAScaleEvent(change: pick(50), time: Self.now - .seconds(Int64(pick(200))))
            }
            state.scaleDownEvents = (0..<pick(4)).map { _ in
                HPAScaleEvent(change: pick(50), time: Self.now - .seconds(Int64(pick(200))))
            }
            let behavior: HPABehavior? =
                pick(3) == 0
                ? nil : HPABehavior(scaleUp: rules(.scaleUpDefault), scaleDown: rules(.scaleDownDefault))
            let input = HPAReconcileInput(
                spec: HPASpec(
                    minReplicas: minimum, maxReplicas: maximum,
                    metrics: [HPAMetric(.resource("cpu"), .utilization(50))], behavior: behavior),
                scale: .found(specReplicas: current, statusReplicas: current),
                answers: [Self.answer(count, milli: Int64(pick(2000)))], pods: Self.pods(count), status: HPAStatus(),
                settings: HPASettings(), now: Self.now)
            var decision = state.decide(input)
            decision.recordRescale(error: nil, input: input)
            let desired = decision.desiredReplicas
            #expect((minimum...maximum).contains(desired), "round \(round): \(desired) of \(minimum)...\(maximum)")
            #expect(decision.status.desiredReplicas == desired)
            #expect((decision.rescale != nil) == (desired != current))
            if behavior != nil, let wish = decision.recommendation {
                #expect(wish <= current || desired >= current, "round \(round) scales down although more is wanted")
            }
            #expect(state.decide(input) == state.decide(input))
        }
    }

    @Test func memorySurvivesASnapshotAndHostileBytesDoNotTrap() throws {
        var state = HPAState()
        state.recommendations = [HPARecommendation(replicas: -3, time: .never)]
        state.scaleUpEvents = [HPAScaleEvent(change: .max, time: Self.now, outdated: true)]
        var writer = BinaryWriter()
        writer.write(state)
        var reader = BinaryReader(writer.bytes)
        #expect(try reader.read(HPAState.self) == state)
        for length in writer.bytes.indices {
            var truncated = BinaryReader(Array(writer.bytes.prefix(length)))
            #expect(throws: BinaryDecodingError.self) { try truncated.read(HPAState.self) }
        }
    }
}
