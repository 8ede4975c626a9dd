import KubernetesAPI

/// How long a command lets simulated time pass for a watch.
struct WatchBudget {
    var limit: Duration
    /// Ends the watch when nothing changed for so many seconds; nil never does.
    var quietSeconds: Int?

    /// What `--for` or `--watch-for` said; otherwise ten minutes, or a minute without a change.
    init(_ given: Duration) {
        if given > .zero {
            limit = given
            quietSeconds = nil
        } else {
            limit = .seconds(600)
            quietSeconds = 60
        }
    }

    init(limit: Duration) {
        self.limit = limit
        quietSeconds = nil
    }
}

extension SimulatedEndpoint {
    /// Watches within a budget; the time handed over is the cluster's at each change.
    /// - Parameter each: gets changes, and nil now and then; false ends the watch.
    mutating func follow(_ request: APIRequest, _ budget: WatchBudget, _ each: (WatchEvent?, Time) -> Bool) {
        var now = wallTime
        var quiet = 0
        watch(request, for: budget.limit) { event in
            if let event {
                quiet = 0
                if let time = event.time { now = time }
            } else {
                quiet += 1
                now.epochSeconds += 1
            }
            guard each(event, now) else { return false }
            return budget.quietSeconds.map { quiet < $0 } ?? true
        }
    }

    /// Lets simulated time pass.
    mutating func pass(_ duration: Duration) {
        watch(APIRequest(.list, Namespace.resource), for: duration) { _ in true }
    }
}
