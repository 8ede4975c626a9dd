import Simulation

/// The CPU side of one container: how many of its threads run, how fast, and what they have used.
///
/// All running threads of a container progress equally, so one counter of service per thread serves them all: a burst
/// that starts at counter `s` and needs `w` is over at `s + w`. Finding the next end costs nothing per thread.
struct CPUAccount: Sendable {
    var quota: CPUQuota
    var weight: Double
    /// Threads that want a core now.
    var running: Int32 = 0
    /// Cores that each of them gets while the quota lasts, 0 to 1.
    var rate = 1.0
    /// CPU nanoseconds that each running thread has had since the container was last idle.
    var served = 0.0
    /// CPU nanoseconds used since the start.
    var used = 0.0
    var last: Int64
    var timer = TimerHandle.none
    var due: Int64 = .max
    /// Place in the node's list of active containers; `.max` outside.
    var place: UInt32 = .max
    /// Whether the alarm has to be set again before time goes on.
    var isStale = false

    init(limitMilli: Int64?, requestMilli: Int64, now: SimulationTime) {
        quota = CPUQuota(limitMilli: limitMilli, start: now)
        weight = FairShare.shares(requestMilli: requestMilli)
        last = now.nanoseconds
    }

    /// Brings the counters up to `now`.
    @inline(__always) mutating func advance(to now: Int64) {
        guard now > last else { return }
        if running > 0 {
            let consumed = quota.consume(from: last, to: now, rate: rate * Double(running))
            used += consumed
            served += consumed / Double(running)
        }
        last = now
    }

    /// Nanoseconds until a burst that ends at `finish` is over, if nothing changes.
    func delay(until finish: Double) -> Int64 {
        quota.time(toConsume: (finish - served) * Double(running), from: last, rate: rate * Double(running))
    }
}

extension CPUAccount: BinaryCodable {
    func write(to writer: inout BinaryWriter) {
        writer.write(quota)
        writer.write(weight)
        writer.write(running)
        writer.write(rate)
        writer.write(served)
        writer.write(used)
        writer.write(last)
        writer.write(timer)
        writer.write(due)
        writer.write(place)
        writer.write(isStale)
    }

    init(from reader: inout BinaryReader) throws(BinaryDecodingError) {
        quota = try reader.read()
        weight = try reader.read()
        running = try reader.read()
        rate = try reader.read()
        served = try reader.read()
        used = try reader.read()
        last = try reader.read()
        timer = try reader.read()
        due = try reader.read()
        place = try reader.read()
        isStale = try reader.read()
    }
}
