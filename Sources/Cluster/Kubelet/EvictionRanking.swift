import KubernetesAPI

/// Whom the kubelet evicts first when memory runs short (`pkg/kubelet/eviction/helpers.go`, `rankMemoryPressure`).
public enum EvictionRanking {
    public struct Candidate: Sendable, Equatable {
        public var name: String
        public var priority: Int32
        public var requestBytes: Int64
        /// Nil without statistics: such a pod goes first.
        public var usageBytes: Int64?

        public init(name: String, priority: Int32, requestBytes: Int64, usageBytes: Int64?) {
            self.name = name
            self.priority = priority
            self.requestBytes = requestBytes
            self.usageBytes = usageBytes
        }

        var exceeds: Bool { usageBytes.map { $0 > requestBytes } ?? true }
        var excess: Int64 { (usageBytes ?? .max) &- requestBytes }
    }

    /// Usage above the request first, then lower priority, then the larger excess; equal ones keep their order.
    public static func order(_ candidates: [Candidate]) -> [Candidate] {
        candidates.enumerated().sorted { left, right in
            let (a, b) = (left.element, right.element)
            if (a.usageBytes == nil) != (b.usageBytes == nil) { return a.usageBytes == nil }
            if a.exceeds != b.exceeds { return a.exceeds }
            if a.priority != b.priority { return a.priority < b.priority }
            if a.excess != b.excess { return a.excess > b.excess }
            return left.offset < right.offset
        }.map(\.element)
    }
}

/// What the runtime writes into a container's CPU cgroup (`pkg/kubelet/cm/helpers_linux.go`).
public enum CPUCgroup {
    public static let periodMicroseconds: Int64 = 100_000

    /// `cpu.shares` of a request in thousandths of a core: 2 to 262144.
    public static func shares(milliCPU: Int64) -> Int64 {
        guard milliCPU > 0 else { return 2 }
        return max(
            2,
            min(262_144, milliCPU.multipliedReportingOverflow(by: 1_024).overflow ? 262_144 : milliCPU * 1_024 / 1_000))
    }

    /// CFS quota of a limit in microseconds a period, at least 1 ms; nil for none.
    public static func quota(milliCPU: Int64) -> Int64? {
        guard milliCPU > 0 else { return nil }
        let (product, overflow) = milliCPU.multipliedReportingOverflow(by: periodMicroseconds)
        return overflow ? .max : max(1_000, product / 1_000)
    }
}
