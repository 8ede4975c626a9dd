/// A service of the support desk.
enum DeskService: String, Sendable, CaseIterable {
    case gateway
    case agent = "support-agent"
    case retriever
    case orders

    /// The services that it calls.
    var calls: [DeskService] {
        switch self {
        case .gateway: [.agent, .orders]
        case .agent: [.retriever, .orders]
        case .retriever, .orders: []
        }
    }

    /// Itself and all that call it, however far up.
    var affected: [DeskService] {
        DeskService.allCases.filter { $0 == self || $0.reaches(self) }
    }

    func reaches(_ other: DeskService) -> Bool { calls.contains { $0 == other || $0.reaches(other) } }

    /// Whether it gets requests only by way of another, so that it falls silent with it.
    func isFedOnly(by other: DeskService) -> Bool {
        let callers = DeskService.allCases.filter { $0.calls.contains(self) }
        return !callers.isEmpty && callers.allSatisfy { $0 == other || $0.isFedOnly(by: other) }
    }
}

/// What the responder thinks may be wrong. It knows the architecture and what can break in it, and nothing of which of
/// these is the case.
enum Hypothesis: Sendable, Hashable {
    case providerSlow, providerFailing, providerLimit
    case databaseSlow, databaseFailing
    case versionFails(DeskService), versionSlow(DeskService), versionLeaks(DeskService)
    case standstill(DeskService)
    case nodeDown
    case requestStorm

    static let all: [Hypothesis] =
        [.providerSlow, .providerFailing, .providerLimit, .databaseSlow, .databaseFailing]
        + DeskService.allCases.flatMap { [.versionFails($0), .versionSlow($0), .versionLeaks($0), .standstill($0)] }
        + [.nodeDown, .requestStorm]

    /// ``expects(_:callersLookGuilty:)`` of each of ``all``, in their order, for every observable of every look.
    static let chances = chances(callersLookGuilty: false)
    static let chancesWithGuiltyCallers = chances(callersLookGuilty: true)

    private static func chances(callersLookGuilty: Bool) -> [Observable: [Double]] {
        var chances: [Observable: [Double]] = [:]
        for observable in LookUp.available(.correlated, hasObjects: true).flatMap(\.observables)
        where chances[observable] == nil {
            chances[observable] = all.map { $0.expects(observable, callersLookGuilty: callersLookGuilty) }
        }
        return chances
    }

    /// The service in which it first shows; nil where it is none in particular.
    var host: DeskService? {
        switch self {
        case .providerSlow, .providerFailing, .providerLimit: .agent
        case .databaseSlow, .databaseFailing: .orders
        case .versionFails(let service), .versionSlow(let service), .versionLeaks(let service),
            .standstill(let service):
            service
        case .nodeDown: nil
        case .requestStorm: .gateway
        }
    }

    /// Whose work or answers it is that fail or take long; nil where it is none's in particular.
    var suspect: Suspect? {
        switch self {
        case .providerSlow, .providerFailing, .providerLimit: .model
        case .databaseSlow, .databaseFailing: .database
        default: host.map(Suspect.service)
        }
    }

    /// What would help, what is quickest first.
    var remedies: [Remedy] {
        switch self {
        case .providerSlow, .providerFailing: [.switchProvider]
        case .providerLimit: [.switchProvider, .raiseLimit]
        case .databaseSlow, .databaseFailing: [.failOverDatabase]
        case .versionFails(let service), .versionSlow(let service), .versionLeaks(let service): [.rollBack(service)]
        case .standstill(let service): [.restart(service)]
        case .nodeDown: [.replaceNode]
        case .requestStorm: [.scaleOut(.gateway), .limitClients]
        }
    }

    /// How likely an observable is to be seen if this is what is wrong: the experience of somebody who has run such
    /// systems for some time. `usually` and `hardly` leave room for what experience does not cover.
    /// - Parameter callersLookGuilty: whether traces are expected to blame callers for calls that they give up, as they
    ///   do where cancelled calls leave no spans; for comparison.
    func expects(_ seen: Observable, callersLookGuilty: Bool = false) -> Double {
        let (usually, often, perhaps, rarely, hardly) = (0.93, 0.75, 0.5, 0.2, 0.05)
        let service = seen.service
        let isHost = service != nil && service == host
        let isAffected = service.map { host?.affected.contains($0) ?? false } ?? false
        let isAbove = isAffected && !isHost
        switch seen {
        case .errors:
            guard isAffected else { return self == .nodeDown ? rarely : hardly }
            switch self {
            case .providerFailing, .providerLimit, .databaseFailing, .versionFails: return usually
            case .standstill: return isHost ? rarely : usually
            case .versionLeaks: return isHost ? perhaps : often
            case .providerSlow, .databaseSlow, .versionSlow, .requestStorm: return perhaps
            case .nodeDown: return rarely
            }
        case .slow:
            guard isAffected else { return self == .nodeDown ? rarely : hardly }
            switch self {
            case .providerSlow, .databaseSlow, .versionSlow: return usually
            case .standstill: return isHost ? perhaps : often
            case .requestStorm: return usually
            case .providerLimit, .providerFailing, .versionLeaks: return rarely
            case .databaseFailing, .versionFails, .nodeDown: return hardly
            }
        case .ownErrors:
            if case .versionFails = self, isHost { return usually }
            return hardly
        case .badGateway:
            guard isAffected else { return hardly }
            switch self {
            case .providerFailing, .databaseFailing: return usually
            case .versionFails: return isAbove ? usually : hardly
            case .standstill, .versionLeaks: return isAbove ? perhaps : hardly
            default: return rarely
            }
        case .timeouts:
            guard isAffected else { return hardly }
            switch self {
            case .standstill: return isAbove ? often : hardly
            case .databaseSlow, .versionSlow: return isAbove ? often : rarely
            case .providerSlow: return perhaps
            default: return rarely
            }
        case .limited:
            return self == .providerLimit && isAffected ? usually : hardly
        case .silent(let service):
            guard case .standstill(let still) = self else { return hardly }
            return service == still ? usually : service.isFedOnly(by: still) ? often : hardly
        case .restarting(let service):
            if case .versionLeaks(let leaking) = self, leaking == service { return usually }
            return hardly
        case .notReady(let service):
            switch self {
            case .standstill(let host), .versionLeaks(let host): return host == service ? often : hardly
            case .versionSlow(let host): return host == service ? perhaps : hardly
            case .nodeDown: return perhaps
            case .requestStorm: return service == .gateway ? perhaps : hardly
            default: return hardly
            }
        case .newVersion(let service):
            switch self {
            case .versionFails(let host), .versionSlow(let host), .versionLeaks(let host):
                return host == service ? 0.97 : rarely
            default: return rarely
            }
        case .busy(let service):
            if case .versionSlow(let host) = self, host == service { return usually }
            return self == .requestStorm && service == .gateway ? usually : hardly
        case .fillsMemory(let service):
            if case .versionLeaks(let host) = self, host == service { return usually }
            return hardly
        case .nodeLost: return self == .nodeDown ? usually : hardly
        case .manyRequests: return self == .requestStorm ? usually : hardly
        case .culprit(let blamed):
            // Whoever fails or is slow has a span that says so, of its own or of the call to it; how, tells TraceReading.
            // What is given up leaves its spans as well, marked as cancelled.
            switch self {
            case .nodeDown:
                // Calls to its pods end nowhere, and any service may have had pods on it.
                if case .service = blamed { return rarely }
                return hardly
            case .standstill(.gateway), .versionLeaks(.gateway):
                // Who stands still ends no span, and who is killed takes them along; of the gateway no other program of
                // ours has a span.
                return hardly
            default: break
            }
            if callersLookGuilty, let host, let service, service.calls.contains(host) {
                switch self {
                case .databaseSlow, .versionSlow: return perhaps
                default: break
                }
            }
            guard let suspect, blamed == suspect else {
                // Who waits for something slow runs out of slots, and then requests pass their time in its own queue.
                switch self {
                case .providerSlow, .databaseSlow, .versionSlow, .standstill:
                    return suspect.map(blamed.calls) ?? false ? rarely : hardly
                default: return hardly
                }
            }
            switch self {
            // Between two deaths nothing is wrong, so that what fails may be too little to stand out.
            case .versionLeaks: return perhaps
            case .databaseSlow, .versionSlow: return callersLookGuilty ? often : usually
            default: return usually
            }
        }
    }
}

/// What the responder can do about it.
enum Remedy: Sendable, Hashable {
    case restart(DeskService), rollBack(DeskService), scaleOut(DeskService)
    case switchProvider, raiseLimit, failOverDatabase, replaceNode, limitClients

    var words: String {
        switch self {
        case .restart(let service): "restart \(service.rawValue)"
        case .rollBack(let service): "roll back \(service.rawValue)"
        case .scaleOut(let service): "scale out \(service.rawValue)"
        case .switchProvider: "switch the provider"
        case .raiseLimit: "have the limit raised"
        case .failOverDatabase: "fail over the database"
        case .replaceNode: "replace the node"
        case .limitClients: "limit the clients"
        }
    }
}

/// Something that can be seen in telemetry, and is or is not the case.
enum Observable: Sendable, Hashable {
    /// Answers that are no success, slow ones, and successes by kind of failure.
    case errors(DeskService), slow(DeskService)
    /// 500, 502, 504 and 429.
    case ownErrors(DeskService), badGateway(DeskService), timeouts(DeskService), limited(DeskService)
    /// It answers nobody any more.
    case silent(DeskService)
    /// Its containers began anew lately; pods of it are not ready; its version changed lately.
    case restarting(DeskService), notReady(DeskService), newVersion(DeskService)
    /// It uses all the CPU that it can; its memory grows towards its limit.
    case busy(DeskService), fillsMemory(DeskService)
    case nodeLost
    /// Far more requests come than before.
    case manyRequests
    /// Traces of failing or slow requests blame it, as ``TraceReading`` reads them.
    case culprit(Suspect)

    var service: DeskService? {
        switch self {
        case .errors(let service), .slow(let service), .ownErrors(let service), .badGateway(let service),
            .timeouts(let service), .limited(let service), .silent(let service), .restarting(let service),
            .notReady(let service), .newVersion(let service), .busy(let service), .fillsMemory(let service),
            .culprit(.service(let service)):
            service
        case .nodeLost, .manyRequests, .culprit: nil
        }
    }
}
