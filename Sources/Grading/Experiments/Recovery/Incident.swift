import Lab
import Simulation
import Workloads

/// One thing that goes wrong, drawn from the catalogue. The responder never sees it.
struct Incident: Sendable, Equatable {
    /// The catalogue.
    enum Kind: String, Sendable, CaseIterable {
        case providerBrownOut = "provider brown-out"
        case providerErrors = "provider failing"
        case rateLimit = "rate limit"
        case slowDatabase = "slow tool"
        case failingDatabase = "failing tool"
        case failingVersion = "bad version, errors"
        case slowVersion = "bad version, slow"
        case leakingVersion = "memory leak, OOM kills"
        case standstill = "deadlock"
        case nodeDown = "node down"
        case requestStorm = "retry storm"
    }

    var kind: Kind
    /// The service that it strikes, where it strikes one.
    var service: DeskService
    /// Faults that begin when the incident does, as a scenario would write them.
    var faults: [String]
    /// The service of which a new version is rolled out at the beginning, if one is.
    var release: DeskService?
    /// A service of which a harmless new version was rolled out ten minutes before.
    var harmlessRelease: DeskService?

    /// When it begins; the world has found its rest by then.
    static let begin: Duration = .minutes(25)
    static let harmless: Duration = .minutes(12)
    /// The version that is rolled out; the one before is `2.3`. What goes wrong with it goes wrong also where it runs
    /// with the provider in reserve.
    static let badTag = "2.4"
    static let harmlessTag = "2.3.1"

    /// Draws an incident.
    /// - Parameter harmlessReleases: the chance that something harmless was released shortly before.
    init(seed: UInt64, harmlessReleases: Double = 0.5) {
        var random = RandomStream(seed: seed, name: "incident")
        kind = Kind.allCases[Int(random.below(UInt64(Kind.allCases.count)))]
        let services = DeskService.allCases
        service = services[Int(random.below(UInt64(services.count)))]
        let severity = random.unit()
        let (hours, other, chance) = (2 + 6 * random.unit(), random.below(UInt64(services.count)), random.unit())
        func between(_ low: Double, _ high: Double) -> String {
            Figures.rounded(low + (high - low) * severity, 3)
        }
        faults = []
        let lasting = "for: \(Int(hours * 60))m"
        switch kind {
        case .providerBrownOut:
            service = .agent
            faults = [
                "{name: provider, at: 0s, \(lasting), workload: {provider: {name: model, condition: {firstTokenFactor: \(between(6, 12)), decodeFactor: \(between(8, 16))}}}}"
            ]
        case .providerErrors:
            service = .agent
            faults = [
                "{name: provider, at: 0s, \(lasting), workload: {provider: {name: model, condition: {errorRate: \(between(0.5, 1))}}}}"
            ]
        case .rateLimit:
            service = .agent
            faults = [
                "{name: provider-limit, at: 0s, workload: {provider: {name: model, condition: {limitFactor: \(between(0.05, 0.15))}}}}"
            ]
        case .slowDatabase:
            service = .orders
            faults = [
                "{name: database, at: 0s, workload: {tool: {name: orders-database, condition: {latencyFactor: \(between(150, 500))}}}}"
            ]
        case .failingDatabase:
            service = .orders
            faults = [
                "{name: database, at: 0s, workload: {tool: {name: orders-database, condition: {errorRate: \(between(0.5, 1))}}}}"
            ]
        case .failingVersion: faults = bad("errorRate: \(between(0.3, 0.9))")
        case .slowVersion:
            // Each service has another distance from its capacity.
            let factor: Double =
                switch service {
                case .gateway: 12
                case .agent: 60
                case .retriever: 40
                case .orders: 250
                }
            faults = bad("slowness: \(Figures.rounded(factor * (1 + severity), 1))")
        case .leakingVersion: faults = bad("leakPerRequest: \(Int(4 + 8 * severity) << 20)")
        case .standstill:
            faults = ["{name: standstill, at: 0s, workload: {deadlock: {image: \(service.rawValue)}}}"]
        case .nodeDown:
            faults = ["{name: node, at: 0s, node: worker-\(1 + Int(severity * 3.99))}"]
        case .requestStorm:
            service = .gateway
            faults = [
                "{name: clients, at: 0s, workload: {traffic: {name: browsing, multiplier: \(between(14, 20))}}}",
                "{name: clients, at: 0s, workload: {retries: {name: browsing, policy: {maximum: 3, base: 100ms}}}}",
            ]
        }
        if [.failingVersion, .slowVersion, .leakingVersion].contains(kind) { release = service }
        if chance < harmlessReleases, services[Int(other)] != release { harmlessRelease = services[Int(other)] }
    }

    /// What addresses the cause; whatever else is done is wrong. What stands still is also set going by what replaces its
    /// pods.
    var cures: [Remedy] {
        switch kind {
        case .providerBrownOut, .providerErrors: [.switchProvider]
        case .rateLimit: [.switchProvider, .raiseLimit]
        case .slowDatabase, .failingDatabase: [.failOverDatabase]
        case .failingVersion, .slowVersion, .leakingVersion: [.rollBack(service)]
        case .standstill:
            [.restart(service)] + (harmlessRelease == service ? [.rollBack(service)] : [])
                + (service == .agent ? [.switchProvider] : [])
        case .nodeDown: [.replaceNode]
        case .requestStorm: [.scaleOut(.gateway), .limitClients]
        }
    }

    private func bad(_ condition: String) -> [String] {
        // A version is bad from the moment at which it runs.
        ["\(service.rawValue)", "\(service.rawValue)-on-fallback"].map {
            "{name: version, at: 0s, workload: {image: {name: \"\($0):\(Self.badTag)\", condition: {\(condition)}}}}"
        }
    }
}

extension WorkloadsConfiguration {
    /// Adds the support agent as it runs with the provider in reserve, which is what switching deploys.
    mutating func addFallbackAgent() {
        guard var behaviour = images[DeskService.agent.rawValue], case .service(var service) = behaviour.program else {
            return
        }
        for route in service.routes.indices {
            for stage in service.routes[route].stages.indices {
                guard case .agent(var plan) = service.routes[route].stages[stage] else { continue }
                plan.provider = "fallback"
                service.routes[route].stages[stage] = .agent(plan)
            }
        }
        behaviour.program = .service(service)
        images[DeskService.agent.rawValue + "-on-fallback"] = behaviour
    }
}
