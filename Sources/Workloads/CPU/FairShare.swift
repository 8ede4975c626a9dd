/// How the kernel shares cores among containers that all want to run: in proportion to `cpu.shares`, nobody more than
/// it can use, and nothing left idle while somebody wants it (weighted max-min fairness, what CFS and EEVDF converge
/// to).
///
/// The weights are those of the containers, not of the cgroup tree above them: pods and QoS classes share as their
/// containers' sum, which differs from the kernel only while some containers of a pod are idle.
public enum FairShare {
    /// One container that wants to run.
    public struct Claim: Sendable, Equatable {
        /// `cpu.shares`.
        public var weight: Double
        /// Cores it can use: its runnable threads.
        public var demand: Double
        /// Cores it gets.
        public var share: Double

        public init(weight: Double, demand: Double, share: Double = 0) {
            self.weight = weight
            self.demand = demand
            self.share = share
        }
    }

    /// `cpu.shares` for a request, as the kubelet computes it (`MilliCPUToShares`): 1024 a core, at least 2.
    public static func shares(requestMilli: Int64) -> Double {
        min(262_144, max(2, Double(requestMilli) * 1024 / 1000))
    }

    /// Fills in `share` so that the sum is the smaller of `capacity` and all demand.
    public static func divide(_ capacity: Double, among claims: inout [Claim]) {
        var left = capacity
        var weight = 0.0
        var open = 0
        for index in claims.indices {
            claims[index].share = claims[index].demand > 0 ? -1 : 0
            if claims[index].demand > 0 {
                weight += claims[index].weight
                open += 1
            }
        }
        // Each round satisfies all who want less than their part; the rest share what they leave.
        while open > 0 {
            let unit = left / weight
            var satisfied = 0
            var given = 0.0
            var released = 0.0
            for index in claims.indices where claims[index].share < 0 {
                if claims[index].demand <= claims[index].weight * unit {
                    claims[index].share = claims[index].demand
                    given += claims[index].demand
                    released += claims[index].weight
                    satisfied += 1
                }
            }
            if satisfied == 0 {
                for index in claims.indices where claims[index].share < 0 {
                    claims[index].share = claims[index].weight * unit
                }
                return
            }
            left = max(0, left - given)
            weight = max(1, weight - released)
            open -= satisfied
        }
    }
}
