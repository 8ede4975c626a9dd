import Cluster
import KubernetesAPI
import Simulation
import Workloads

/// A world in figures, as `kubelab run --json` and `kubelab status --output json` print it.
public struct WorldReport: Sendable, Codable, Equatable {
    /// What users of one source of traffic, or callers of one service, got.
    public struct Level: Sendable, Codable, Equatable {
        public var name: String
        public var arrived: Int64
        public var ended: Int64
        public var good: Int64
        public var failed: Int64
        /// Failures by kind, such as `timedOut`; kinds that did not occur are left out.
        public var failures: [String: Int64]
        /// Good answers of no use.
        public var poor: Int64
        public var attempts: Int64
        /// Seconds from arrival to the good answer.
        public var p50: Double?
        public var p95: Double?
        public var p99: Double?
        public var mean: Double?
        public var inputTokens: Int64
        public var outputTokens: Int64
    }

    public struct Cost: Sendable, Codable, Equatable {
        public var currency: String
        /// Machines, models and tools, and their sum, in units of the currency.
        public var nodes: Double
        public var tokens: Double
        public var total: Double
        public var nodeHours: Double
    }

    public struct Events: Sendable, Codable, Equatable {
        public var total: UInt64
        public var cluster: UInt64
        public var workloads: UInt64
        public var incidents: UInt64
    }

    public struct DeploymentState: Sendable, Codable, Equatable {
        public var name: String
        public var desired: Int32
        public var replicas: Int32
        public var ready: Int32
        public var available: Int32
        public var updated: Int32
    }

    public struct AutoscalerState: Sendable, Codable, Equatable {
        public var name: String
        public var target: String
        public var minimum: Int32
        public var maximum: Int32
        public var current: Int32
        public var desired: Int32
        /// Percent, of the first resource metric; nil if it is unknown.
        public var utilization: Int32?
        /// Type, status and reason of each condition.
        public var conditions: [Condition]

        public struct Condition: Sendable, Codable, Equatable {
            public var type: String
            public var status: String
            public var reason: String
            public var message: String
        }
    }

    public struct PodState: Sendable, Codable, Equatable {
        public var name: String
        public var phase: String
        public var ready: Bool
        public var restarts: Int32
        public var node: String
    }

    public struct NodeState: Sendable, Codable, Equatable {
        public var name: String
        public var ready: Bool
        public var pods: Int
    }

    public struct Objects: Sendable, Codable, Equatable {
        public var deployments: [DeploymentState]
        public var horizontalPodAutoscalers: [AutoscalerState]
        public var pods: [PodState]
        public var nodes: [NodeState]
    }

    public var scenario: String
    public var seed: UInt64
    /// Simulated seconds since the start, and the cluster's wall clock.
    public var seconds: Double
    public var wallTime: String
    /// A hash over inputs, events and final state; equal for equal runs on every machine.
    public var digest: String
    public var events: Events
    public var traffic: [Level]
    public var services: [Level]
    public var cost: Cost
    /// The books: every request, token, pod-second and unit of money in one place.
    public var ledger: Ledger
    public var objects: Objects
    public var faultsInForce: [String]
}

extension WorldReport {
    public init(_ world: borrowing World) {
        scenario = world.scenario.name
        seed = world.seed
        seconds = world.now.seconds
        wallTime = CivilTime.format(seconds: world.wallTime.epochSeconds)
        digest = world.stateDigest
        events = Events(
            total: world.counts.total, cluster: world.counts.cluster, workloads: world.counts.workloads,
            incidents: world.counts.incidents)
        traffic = world.workloads.traffic.map(Level.init)
        services = world.workloads.serviceLevels.map(Level.init)
        let (nodes, tokens) = (Double(world.machines.cost(at: world.now)) / 1e9, Double(world.tokenCost) / 1e9)
        ledger = world.ledger
        cost = Cost(
            currency: world.scenario.prices.currency, nodes: nodes, tokens: tokens, total: nodes + tokens,
            nodeHours: world.machines.time(at: world.now).seconds / 3_600)
        objects = Objects(world.cluster.context.store)
        faultsInForce = world.incidents.inForce
    }
}

extension WorldReport.Level {
    init(_ level: ServiceLevel) {
        self.init(name: level.name, level.total)
    }

    /// What ended within a span of time.
    public init(name: String, _ window: LevelWindow) {
        self.name = name
        arrived = window.arrived
        ended = window.outcomes.total
        failed = window.outcomes.failed
        good = window.outcomes[.ok]
        failures = [:]
        for outcome in Outcome.allCases where outcome != .ok && window.outcomes[outcome] > 0 {
            failures["\(outcome)"] = window.outcomes[outcome]
        }
        poor = window.poor
        attempts = window.attempts
        if window.latency.count > 0 {
            p50 = window.latency.quantile(0.5).seconds
            p95 = window.latency.quantile(0.95).seconds
            p99 = window.latency.quantile(0.99).seconds
            mean = window.latency.mean.seconds
        }
        inputTokens = window.bill.uncachedInput + window.bill.cachedInput + window.bill.cacheWrites
        outputTokens = window.bill.output
    }
}

extension WorldReport.Objects {
    init(_ store: APIStore) {
        deployments = store.deployments.sorted.map { _, object in
            WorldReport.DeploymentState(
                name: object.key, desired: object.spec.replicas ?? 1, replicas: object.status.replicas,
                ready: object.status.readyReplicas,
                available: object.status.availableReplicas, updated: object.status.updatedReplicas)
        }
        horizontalPodAutoscalers = WorldReport.AutoscalerState.all(in: store)

        pods = store.pods.sorted.map { _, object in
            WorldReport.PodState(
                name: object.key, phase: object.status.phase, ready: object.isReady,
                restarts: object.status.containerStatuses.reduce(0) { $0 &+ $1.restartCount },
                node: object.spec.nodeName)
        }
        nodes = store.nodes.sorted.map { _, object in
            WorldReport.NodeState(
                name: object.metadata.name,
                ready: object.status.conditions.contains { $0.type == "Ready" && $0.status == "True" },
                pods: store.pods(on: object.metadata.name).count)
        }
    }
}

extension WorldReport.AutoscalerState {
    static func all(in store: APIStore) -> [Self] {
        store.horizontalPodAutoscalers.sorted.map { _, object in
            WorldReport.AutoscalerState(
                name: object.key, target: "\(object.spec.scaleTargetRef.kind)/\(object.spec.scaleTargetRef.name)",
                minimum: object.spec.minReplicas ?? 1, maximum: object.spec.maxReplicas,
                current: object.status.currentReplicas,
                desired: object.status.desiredReplicas,
                utilization: object.status.currentMetrics.lazy.compactMap { $0.resource?.current.averageUtilization }
                    .first,
                conditions: object.status.conditions.map {
                    .init(type: $0.type, status: $0.status, reason: $0.reason, message: $0.message)
                })
        }
    }
}

extension WorldReport {
    /// The autoscalers of a world alone, by name.
    public static func autoscalers(of world: borrowing World) -> [AutoscalerState] {
        AutoscalerState.all(in: world.cluster.context.store)
    }
}
