import Simulation

/// The CFS bandwidth of one container: `limit * 100 ms` of CPU in every period of 100 ms, then nothing until the
/// next one (kernel/sched/fair.c, `cfs_bandwidth`).
///
/// Periods lie on a grid that the container's start fixes, as the kernel's timer does (`hrtimer_forward`). All is
/// computed in closed form for a constant rate, so that no event is needed at a period's end: a container that is
/// throttled ten times a second costs as little as one that is not.
public struct CPUQuota: Sendable, Equatable {
    /// Length of an enforcement period, `cpu.cfs_period_us`'s default.
    public static let period: Int64 = 100_000_000

    /// CPU nanoseconds a period; infinite without a limit.
    public private(set) var perPeriod: Double
    /// Where the grid of periods lies.
    private var phase: Int64
    /// CPU nanoseconds left in period `current`.
    private var left: Double
    private var current: Int64
    private var isThrottled = false
    /// Periods in which the container ran, and those of them in which it wanted more than its quota.
    public private(set) var periods: Int64 = 0
    public private(set) var throttledPeriods: Int64 = 0

    /// - Parameter limitMilli: thousandths of a core; nil for no limit. The kernel's floor is a quota of 1 ms.
    public init(limitMilli: Int64?, start: SimulationTime) {
        perPeriod = Self.quota(limitMilli)
        phase = start.nanoseconds % Self.period
        left = perPeriod
        current = -1
    }

    private static func quota(_ limitMilli: Int64?) -> Double {
        guard let limitMilli, limitMilli > 0 else { return .infinity }
        return max(1_000_000, Double(limitMilli) * Double(period) / 1000)
    }

    public var isLimited: Bool { perPeriod < .infinity }

    /// Changes the limit in place; what was used of this period stays used.
    public mutating func resize(limitMilli: Int64?) {
        let used = isLimited ? perPeriod - left : 0
        perPeriod = Self.quota(limitMilli)
        left = isLimited ? max(0, perPeriod - used) : .infinity
        isThrottled = false
    }

    private func index(at time: Int64) -> Int64 { (time - phase) / Self.period - ((time < phase) ? 1 : 0) }
    private func start(of index: Int64) -> Int64 { phase + index * Self.period }

    private mutating func enter(_ index: Int64) {
        guard index != current else { return }
        current = index
        left = perPeriod
        isThrottled = false
        periods += 1
    }

    private mutating func markThrottled() {
        guard !isThrottled else { return }
        isThrottled = true
        throttledPeriods += 1
    }

    /// Runs from `start` to `end` at `rate` cores where the quota allows it; the CPU nanoseconds that were used.
    public mutating func consume(from start: Int64, to end: Int64, rate: Double) -> Double {
        guard end > start, rate > 0 else { return 0 }
        guard isLimited else { return rate * Double(end - start) }
        enter(index(at: start))
        let firstEnd = self.start(of: current + 1)
        if end <= firstEnd { return take(rate * Double(end - start)) }
        var used = take(rate * Double(firstEnd - start))
        let full = (end - firstEnd) / Self.period
        if full > 0 {
            let wanted = rate * Double(Self.period)
            used += Double(full) * min(perPeriod, wanted)
            periods += full
            if wanted > perPeriod + 1 { throttledPeriods += full }
            current += full
            left = max(0, perPeriod - wanted)
            isThrottled = wanted > perPeriod + 1
        }
        let rest = end - firstEnd - full * Self.period
        if rest > 0 {
            enter(index(at: end))
            used += take(rate * Double(rest))
        }
        return used
    }

    /// Takes up to `wanted` from this period; a shortage of more than rounding counts as throttling.
    private mutating func take(_ wanted: Double) -> Double {
        let used = min(left, wanted)
        left -= used
        if wanted > used + 1 { markThrottled() }
        return used
    }

    /// Charges work too short to be worth an event; false, and nothing charged, where the quota does not cover it.
    public mutating func charge(_ amount: Double, at time: Int64) -> Bool {
        guard isLimited else { return true }
        enter(index(at: time))
        guard left > amount else { return false }
        left -= amount
        return true
    }

    /// Nanoseconds from `start` until `amount` of CPU has been used at `rate` cores; `Int64.max` for never.
    public func time(toConsume amount: Double, from start: Int64, rate: Double) -> Int64 {
        guard amount > 0 else { return 0 }
        guard rate > 0 else { return .max }
        guard isLimited else { return Self.roundedUp(amount / rate) }
        let present = index(at: start)
        let available = present == current ? left : perPeriod
        let firstLength = self.start(of: present + 1) - start
        let first = min(available, rate * Double(firstLength))
        if amount <= first { return Self.roundedUp(amount / rate) }
        var rest = amount - first
        let perFull = min(perPeriod, rate * Double(Self.period))
        let full = max(0, (rest / perFull).rounded(.up) - 1)
        rest -= full * perFull
        let whole = full * Double(Self.period)
        guard whole < 4e18 else { return .max }
        return firstLength + Int64(whole) + Self.roundedUp(rest / rate)
    }

    /// When the quota of the present period runs out at this rate: nil if not before the period ends.
    public func exhaustion(from start: Int64, rate: Double) -> Int64? {
        guard isLimited, rate > 0 else { return nil }
        let present = index(at: start)
        let available = present == current ? left : perPeriod
        let length = Double(self.start(of: present + 1) - start)
        return available <= rate * length ? Self.roundedUp(available / rate) : nil
    }

    /// Whether nothing is left of the period that `time` lies in.
    public func isExhausted(at time: Int64) -> Bool {
        isLimited && index(at: time) == current && left < 1
    }

    /// Accounts for periods whose details nobody simulated.
    public mutating func note(periods number: Int64, throttled: Int64) {
        guard isLimited else { return }
        periods += max(0, number)
        throttledPeriods += min(max(0, throttled), max(0, number))
    }

    /// Marks the present period as one in which the container had to wait.
    public mutating func noteWaiting() { if isLimited { markThrottled() } }

    /// Nanoseconds from `time` to the next refill.
    public func timeToRefill(from time: Int64) -> Int64 { start(of: index(at: time) + 1) - time }

    private static func roundedUp(_ value: Double) -> Int64 {
        value < 4e18 ? Int64(value.rounded(.up)) : .max
    }
}

extension CPUQuota: BinaryCodable {
    public func write(to writer: inout BinaryWriter) {
        writer.write(perPeriod)
        writer.write(phase)
        writer.write(left)
        writer.write(current)
        writer.write(isThrottled)
        writer.write(periods)
        writer.write(throttledPeriods)
    }

    public init(from reader: inout BinaryReader) throws(BinaryDecodingError) {
        perPeriod = try reader.read()
        phase = try reader.read()
        left = try reader.read()
        current = try reader.read()
        isThrottled = try reader.read()
        periods = try reader.read()
        throttledPeriods = try reader.read()
        guard perPeriod >= 1_000_000, left >= 0, phase.magnitude < UInt64(Self.period) else {
            throw .malformed(what: "CPU quota", offset: reader.offset)
        }
    }
}
