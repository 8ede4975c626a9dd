import Cluster
import KubernetesAPI
import Simulation

/// Commands that wait let the world's time pass themselves, event by event.
extension World: SimulatedEndpoint {
    public var customKinds: [CustomKind] { cluster.customKinds }

    public mutating func watch(_ request: APIRequest, for limit: Swift.Duration, _ each: (WatchEvent?) -> Bool) {
        // A request that cannot be read selects nothing; a list with it, which comes first, says why.
        guard let watch = try? cluster.beginWatch(request) else { return }
        defer { cluster.endWatch(watch) }
        let (seconds, attoseconds) = limit.components
        let end = clock.now + .seconds(seconds) + .nanoseconds(attoseconds / 1_000_000_000)
        var tick = clock.now
        while clock.now < end {
            tick = min(max(tick, clock.now) + .seconds(1), end)
            var stopped = true
            while stopped {
                // A world that cannot go on ends the watch; who advances it next is told why.
                guard let outcome = try? advance(to: tick, until: { $0.cluster.hasWatchEvents(watch) }) else { return }
                stopped = outcome
                for var event in cluster.takeWatchEvents(watch) {
                    event.time = wallTime
                    guard each(event) else { return }
                }
            }
            if !each(nil) { return }
        }
    }
}
