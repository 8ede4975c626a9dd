import Simulation
import Testing

@testable import Lab

/// Where requests are counted in windows longer than a measurement looks back, as in worlds of weeks.
@Suite struct LongWindowTests {
    private static let scenario = """
        name: weeks
        namespace: shop
        nodes: [{name: worker, count: 2, cpu: "4", memory: 8Gi}]
        workloads:
          accounting: {window: 2m, windows: 60, flowInterval: 1m}
          images:
            web:
              service:
                routes:
                  - {path: /quick, stages: [{compute: 0.005}]}
                  - {path: /broken, stages: [{fail: 1}]}
              startup: {importing: 1}
              port: 8000
              health: [{path: /readyz, check: ready}]
          traffic:
            - {name: quick, service: shop/web, path: /quick, rate: 10, resolution: aggregated}
            - {name: broken, service: shop/web, path: /broken, rate: 2, resolution: aggregated}
        """

    private static func world() throws -> World {
        var world = try World.make(scenario, seed: 1)
        #expect(world.apply(MonitoringTests.manifests, file: "web.yaml", author: "learner").failures.isEmpty)
        return world
    }

    @Test func ratesAreThoseOfAWholeWindow() throws {
        var world = try Self.world()
        let rate = try Measurement(parsing: "traffic/quick.rate", namespace: "shop")
        let failing = try Measurement(parsing: "traffic/broken.errorRatio", namespace: "shop")
        for second in stride(from: Int64(367), to: 900, by: 13) {
            try world.advance(to: .zero + .seconds(second))
            let value = try #require(rate.value(in: world))
            #expect(abs(value - 10) < 1.5, "\(value) after \(second) s")
            #expect(failing.value(in: world) == 1)
        }
    }

    /// There are no single requests to look at, but everybody is counted.
    @Test func whyCountsRequestsThatNobodyFollows() throws {
        let replay = Replay(world: try Self.world(), seen: 0, coming: [])
        let found = try Why.explain(
            WhySubject(parsing: "traffic/broken", namespace: "shop"), in: replay, at: .zero + .minutes(12))
        let words = try #require(found.text.first).split(separator: " ")
        let count = try #require(words.dropFirst().first.flatMap { Int($0) })
        #expect(count > 400, "\(found.text)")
        #expect(found.text.first?.contains("\(count) of them without a good answer") == true, "\(found.text)")
        #expect(found.text.contains { $0.contains("\(count) ended as ") }, "\(found.text)")
    }
}
