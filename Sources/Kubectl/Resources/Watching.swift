import KubernetesAPI

/// How long a command lets simulated time pass for a watch.
struct WatchBudget {
    var limit: Duration
    /// Ends the watch when nothing changed for so many seconds; nil never does.
    var quietSeconds: Int?
    private let environment: any KubectlEnvironment

    /// What `--for` or `--watch-for` said; otherwise ten minutes, or a minute without a change.
    init(_ given: Duration, _ environment: any KubectlEnvironment) {
        self.environment = environment
        if given > .zero {
            limit = given
            quietSeconds = nil
        } else {
            limit = .seconds(600)
            quietSeconds = 60
        }
    }

    init(limit: Duration, _ environment: any KubectlEnvironment) {
        self.environment = environment
        self.limit = limit
        quietSeconds = nil
    }

    /// Whether a watch that has been quiet for so many seconds goes on.
    func goesOn(quiet: Int) -> Bool { !environment.wantsToStop && (quietSeconds.map { quiet < $0 } ?? true) }

    /// What to say when a watch that nobody bounded has ended: a real one goes on until it is stopped.
    var endNote: String? {
        quietSeconds.map {
            "(a watch ends after \(GoDuration.text(limit)) of simulated time, or \($0)s without a change; --for DURATION sets another end)"
        }
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
            return budget.goesOn(quiet: quiet)
        }
    }

    /// Lets simulated time pass.
    mutating func pass(_ duration: Duration) {
        watch(APIRequest(.list, Namespace.resource), for: duration) { _ in true }
    }
}
