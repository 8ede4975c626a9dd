import Cluster
import KubernetesAPI
import Simulation
import Testing

@testable import Lab

/// Commands that wait: the world's time passes while they look.
@Suite struct WatchTests {
    @Test func aWatchAdvancesTheWorldUntilItHasSeenEnough() throws {
        let sample = DeterminismTests.samples[0]
        var world = try sample.world()
        var ready = 0
        var ticks = 0
        var seen: [String] = []
        world.watch(APIRequest(.list, Pod.resource, namespace: world.scenario.namespace), for: .seconds(60)) { event in
            guard let event else {
                ticks += 1
                return true
            }
            guard let pod = try? Pod.decode(json: event.object).object else { return false }
            seen.append("\(event.kind.rawValue) \(pod.metadata.name)")
            if pod.isReady { ready += 1 }
            return ready < 1
        }
        #expect(ready == 1)
        #expect(ticks >= 1)
        #expect(seen.first?.hasPrefix("ADDED ") == true)
        #expect(world.now < .zero + .seconds(60))

        // The same time without a listener gives the same world.
        var quiet = try sample.world()
        let now = world.now
        world.watch(APIRequest(.list, Pod.resource), for: .milliseconds(2_500)) { _ in true }
        #expect(world.now == now + .milliseconds(2_500))
        try quiet.advance(to: world.now)
        #expect(quiet.stateDigest == world.stateDigest)
    }
}
