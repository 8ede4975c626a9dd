/// What telemetry there is to look at; each level has all that the one before has.
enum TelemetryLevel: Int, Sendable, CaseIterable, Comparable {
    /// `kubectl get` and `kubectl logs`, pod by pod.
    case logsOnPods
    /// Prometheus with dashboards and alerts.
    case metrics
    /// And logs of all pods in one place, searched by query.
    case centralLogs
    /// And traces, whose ids stand in the logs.
    case correlated

    static func < (left: TelemetryLevel, right: TelemetryLevel) -> Bool { left.rawValue < right.rawValue }

    var name: String {
        switch self {
        case .logsOnPods: "logs on the pods"
        case .metrics: "metrics"
        case .centralLogs: "metrics and logs"
        case .correlated: "all, correlated"
        }
    }
}

/// One look at the system.
enum LookUp: Sendable, Hashable {
    /// `kubectl get pods,nodes` and `kubectl rollout history`.
    case objects
    /// `kubectl logs` of each pod of a service, one after the other, by eye.
    case podLogs(DeskService)
    /// The dashboard of rates, errors by status and latency of all services.
    case requestMetrics
    /// The dashboard of CPU, memory and restarts.
    case resourceMetrics
    /// A query over the logs of all services: lines by service and status.
    case logQuery
    /// Some failing or slow traces, followed to where they fail or wait: ``TraceReading``.
    case traces

    /// What there is to look at.
    static func available(_ level: TelemetryLevel, hasObjects: Bool) -> [LookUp] {
        (hasObjects ? [.objects] : []) + DeskService.allCases.map(LookUp.podLogs)
            + (level >= .metrics ? [.requestMetrics, .resourceMetrics] : [])
            + (level >= .centralLogs ? [.logQuery] : []) + (level >= .correlated ? [.traces] : [])
    }

    /// What it can tell.
    var observables: [Observable] {
        let all = DeskService.allCases
        func statuses(_ services: [DeskService]) -> [Observable] {
            services.flatMap { [.errors($0), .ownErrors($0), .badGateway($0), .timeouts($0), .limited($0)] }
        }
        switch self {
        case .objects:
            return all.flatMap { [.restarting($0), .notReady($0), .newVersion($0)] } + [.nodeLost]
        case .podLogs(let service):
            return statuses([service]) + [.slow(service), .silent(service), .restarting(service)]
        case .requestMetrics: return statuses(all) + all.flatMap { [.slow($0), .silent($0)] } + [.manyRequests]
        case .resourceMetrics: return all.flatMap { [.busy($0), .fillsMemory($0), .restarting($0)] }
        case .logQuery: return statuses(all) + all.map(Observable.silent)
        case .traces: return Suspect.all.map(Observable.culprit)
        }
    }
}

/// How long everything takes the responder, in minutes, and when it is sure enough: the stated assumptions. Times of
/// looks and actions are medians of lognormal times.
struct ResponderProfile: Sendable, Equatable {
    /// From the page, or the third complaint, until somebody sits in front of it.
    var acknowledging = 5.0
    /// From the moment at which an alert fires until it reaches somebody.
    var alertDelay = 0.0
    /// The deviation of the logarithm of times: with 0.5, one in twenty takes more than 2.3 times the median.
    var spread = 0.5
    /// The chance that one observable of a look is taken for its opposite.
    var misreading = 0.01
    /// Of users who are hurt, one in so many complains; the third complaint is passed on after a triage.
    var hurtPerComplaint: Int64 = 50
    var triage = 10.0
    /// `kubectl logs` of one pod, read by eye.
    var podLog = 5.0
    var objects = 3.0
    var dashboard = 2.0
    /// Writing a log query and reading its answer.
    var logQuery = 3.0
    /// Opening some traces.
    var traces = 1.0
    /// After an action, until it can show; and between looks when all seems well.
    var settling = 4.0
    /// The share of belief at which the responder acts, and the information, in bits, below which it looks no further.
    var confidence = 0.8
    var leastInformation = 0.05
    /// Whether it may ask the API server for pods, nodes and revisions.
    var hasObjects = true
    /// Whether traces are expected to blame callers for calls that they give up.
    var callersLookGuilty = false
    /// Factor on the times of actions.
    var acting = 1.0

    func minutes(_ lookUp: LookUp, pods: (DeskService) -> Int) -> Double {
        switch lookUp {
        case .objects: objects
        case .podLogs(let service): podLog * Double(max(1, pods(service)))
        case .requestMetrics, .resourceMetrics: dashboard
        case .logQuery: logQuery
        case .traces: traces
        }
    }

    func minutes(_ remedy: Remedy) -> Double {
        let minutes: Double =
            switch remedy {
            case .restart, .scaleOut: 3
            case .rollBack: 5
            case .switchProvider: 15
            case .failOverDatabase: 20
            case .replaceNode: 10
            case .limitClients: 20
            case .raiseLimit: 45
            }
        return minutes * acting
    }
}
