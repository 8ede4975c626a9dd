import Cluster
import Simulation
import Workloads

/// The books of a world at one instant: every request, token, pod-second and unit of money in exactly one place.
///
/// The laws, which ``violations`` checks:
/// - requests of a source: arrived = ended in each way + without an answer yet;
/// - tokens and money of models: what the providers billed = what the sources of traffic are charged + what has no
///   source behind it (batch work);
/// - money of machines: cost = the workloads' parts + the idle rest, and no part and no rest is negative;
/// - total = machines + models.
///
/// Money is in nano-units of the scenario's currency.
public struct Ledger: Sendable, Equatable, Codable {
    /// One source of traffic.
    public struct Traffic: Sendable, Equatable, Codable {
        public var name: String
        public var arrived: Int64
        public var succeeded: Int64
        /// Requests that got no good answer, by how they ended; ways in which none ended are left out.
        public var failures: [String: Int64]
        public var inFlight: Int64
        /// Good answers of no use.
        public var poor: Int64
        public var attempts: Int64
        public var tokens: Int64
        public var cost: Int64

        public var failed: Int64 { failures.values.reduce(0, +) }
    }

    /// One model provider.
    public struct Provider: Sendable, Equatable, Codable {
        public var name: String
        public var attempts: Int64
        public var answered: Int64
        public var inputTokens: Int64
        public var cachedInputTokens: Int64
        public var outputTokens: Int64
        public var cost: Int64
    }

    /// The pods of one workload.
    public struct Workload: Sendable, Equatable, Codable {
        /// `namespace/kind/name`.
        public var name: String
        public var pods: Int
        public var podSeconds: Double
        /// Requested CPU over time, in core-seconds.
        public var cpuSeconds: Double
        /// Requested memory over time, in GiB-hours.
        public var memoryGibibyteHours: Double
        /// GPUs held over time, in hours.
        public var gpuHours: Double
        public var cost: Int64
    }

    public struct Machines: Sendable, Equatable, Codable {
        public var count: Int
        public var nodeSeconds: Double
        public var cost: Int64
        /// What no pod had requested.
        public var idleCost: Int64
    }

    public var seconds: Double
    public var currency: String
    public var traffic: [Traffic]
    public var providers: [Provider]
    public var workloads: [Workload]
    public var machines: Machines
    /// Tokens and cost of model calls that no source of traffic stands behind.
    public var unattributedTokens: Int64
    public var unattributedCost: Int64

    /// Machines and models.
    public var totalCost: Int64 { machines.cost.addingSaturating(modelCost) }
    public var modelCost: Int64 { providers.reduce(0) { $0.addingSaturating($1.cost) } }

    /// Laws that do not hold, each as a sentence.
    public var violations: [String] {
        var found: [String] = []
        for source in traffic where source.arrived != source.succeeded + source.failed + source.inFlight {
            found.append(
                "\(source.name): \(source.arrived) requests, \(source.succeeded) good, \(source.failed) failed, \(source.inFlight) in flight"
            )
        }
        let billed = providers.reduce(0) { $0 + $1.inputTokens + $1.cachedInputTokens + $1.outputTokens }
        let charged = traffic.reduce(unattributedTokens) { $0 + $1.tokens }
        if billed != charged { found.append("\(billed) tokens were billed and \(charged) charged") }
        let chargedCost = traffic.reduce(unattributedCost) { $0.addingSaturating($1.cost) }
        if modelCost != chargedCost { found.append("models cost \(modelCost), \(chargedCost) was charged") }
        if machines.idleCost < 0 {
            found.append("workloads are charged \(-machines.idleCost) more than the machines cost")
        }
        for workload in workloads where workload.cost < 0 || workload.podSeconds < 0 || workload.gpuHours < 0 {
            found.append("\(workload.name) has a negative entry")
        }
        return found
    }
}

extension World {
    /// The books as they stand now.
    public var ledger: Ledger {
        let cost = machines.cost(at: now)
        let workloads = machines.usages(at: now).map { name, usage in
            Ledger.Workload(
                name: name, pods: usage.pods, podSeconds: usage.podTime.seconds,
                cpuSeconds: Double(usage.cpuMicroseconds) / 1e6,
                memoryGibibyteHours: Double(usage.memoryMebibyteSeconds) / 1_024 / 3_600,
                gpuHours: usage.gpuTime.seconds / 3_600, cost: usage.cost)
        }
        let unattributed = self.workloads.unattributedBill
        return Ledger(
            seconds: now.seconds, currency: scenario.prices.currency,
            traffic: self.workloads.traffic.map { level in
                let total = level.total
                var failures: [String: Int64] = [:]
                for outcome in Outcome.allCases where outcome != .ok && total.outcomes[outcome] != 0 {
                    failures["\(outcome)"] = total.outcomes[outcome]
                }
                return Ledger.Traffic(
                    name: level.name, arrived: total.arrived, succeeded: total.outcomes[.ok], failures: failures,
                    inFlight: self.workloads.inFlight(ofTraffic: level.name), poor: total.poor,
                    attempts: total.attempts,
                    tokens: total.bill.tokens, cost: total.bill.cost)
            },
            providers: self.workloads.providerLevels(now: now).map { level in
                let billed = level.reading.billed
                return Ledger.Provider(
                    name: level.name, attempts: level.reading.attempts, answered: level.reading.answered,
                    inputTokens: billed.uncachedInput + billed.cacheWrites, cachedInputTokens: billed.cachedInput,
                    outputTokens: billed.output, cost: billed.cost)
            },
            workloads: workloads,
            machines: Ledger.Machines(
                count: machines.machines, nodeSeconds: machines.time(at: now).seconds, cost: cost,
                idleCost: cost - workloads.reduce(0) { $0.addingSaturating($1.cost) }),
            unattributedTokens: unattributed.tokens, unattributedCost: unattributed.cost)
    }
}

extension TokenBill {
    /// All tokens that were paid for.
    public var tokens: Int64 {
        uncachedInput.addingSaturating(cachedInput).addingSaturating(cacheWrites).addingSaturating(output)
    }
}
