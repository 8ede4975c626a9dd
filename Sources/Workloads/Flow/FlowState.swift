import Simulation

/// The flow of requests through one process in the present interval, and what follows from the last one.
///
/// A process is a queue with as many servers as it has event loops; what it can do is what its quota and its share of
/// the machine leave it. Waiting is drawn from the approximations of Pollaczek, Khinchine and Sakasegawa while the
/// queue is stable, and from the fluid backlog when it is not.
struct FlowState: Sendable, Equatable {
    // What came in this interval.
    /// Nanoseconds of CPU (as a healthy version would need), and of holding an event loop without CPU.
    var work = 0.0
    var blocking = 0.0
    /// Bursts and the sum of their squared lengths.
    var bursts = 0.0
    var squares = 0.0
    /// Bursts as the sources' rates have them: without the chance of one interval, which the formulas of waiting
    /// already contain.
    var expectedBursts = 0.0
    /// Requests and the seconds they spent in the process.
    var requests = 0.0
    var serverTime = 0.0
    var promptBytes = 0.0

    // What holds since the last interval.
    var loops = 1.0
    var isLimited = false
    /// Cores that the process can get.
    var capacity = 1.0
    /// Demand over capacity.
    var utilisation = 0.0
    var meanBurst = 0.0
    var healthyBurst = 0.0
    var blockingMean = 0.0
    var squaredMean = 0.0
    /// Nanoseconds of work that wait, at the end and at the beginning of the interval.
    var backlog = 0.0
    var backlogBefore = 0.0
    /// Requests in the process on average (Little), and those that wait for a slot.
    var inFlight = 0.0
    var slotBacklog = 0.0
    var meanTime = 0.0
    /// Bytes that flows hold in the process.
    var held: Int64 = 0

    /// Weight of the last interval in an average.
    private static let smoothing = 0.08

    var isActive: Bool { work > 0 || blocking > 0 || requests > 0 || backlog > 0 || inFlight > 0 || held > 0 }

    /// Seconds that a burst waits for an event loop. `growth` is how much more comes now than in the last interval.
    func loopWait(growth: Double = 1, random: inout RandomStream) -> Double {
        let share = random.unit()
        let draw = random.unit()
        let fluid = max(0, backlogBefore + (backlog - backlogBefore) * share) / max(1e-6, capacity) / 1e9
        let load = min(0.97, utilisation * growth)
        guard load > 0, meanBurst > 0 else { return fluid }
        return fluid
            + Self.stochasticWait(
                load: load, servers: loops, service: meanBurst / 1e9 * loops / max(1e-6, capacity),
                variability: squaredMean / max(1e-9, 2 * meanBurst * meanBurst), tolerance: isLimited ? 1 : 0,
                draw: draw)
    }

    /// Seconds that a request waits for one of `slots` places.
    func slotWait(slots: Double, growth: Double, random: inout RandomStream) -> Double {
        let draw = random.unit()
        guard meanTime > 0 else { return 0 }
        let fluid = slotBacklog * meanTime / slots
        let load = min(0.97, inFlight * growth / slots)
        return fluid
            + Self.stochasticWait(
                load: load, servers: slots, service: meanTime, variability: 0.8, tolerance: 0, draw: draw)
    }

    /// A waiting time of a queue with `servers` servers: nothing for most, exponential for the rest.
    /// Sakasegawa: W = V * S * r^(sqrt(2 (m + 1)) - 1) / (m (1 - r)). A quota that refills lets short bursts pass, so
    /// that fewer wait: `tolerance` raises the exponent.
    static func stochasticWait(
        load: Double, servers: Double, service: Double, variability: Double, tolerance: Double, draw: Double
    ) -> Double {
        guard load > 0, service > 0 else { return 0 }
        let exponent = (2 * (servers + 1)).squareRoot() - 1 + tolerance
        let waits = Mathematics.exp(exponent * Mathematics.log(load))
        guard draw < waits else { return 0 }
        let mean = variability * service / (servers * (1 - load))
        // The draw's place within those that wait is again uniform.
        return -mean * Mathematics.log(1 - draw / waits)
    }

    /// Closes an interval of `seconds`; the CPU nanoseconds that were used in it.
    ///
    /// Lengths of bursts and requests are averaged over several intervals: the few that stand for many would shake
    /// the load more than the many do. Their number is exact, and a slow version counts at once.
    mutating func roll(seconds: Double, slots: Double, slowness: Double) -> Double {
        let possible = capacity * seconds * 1e9
        if bursts > 0 {
            let isFirst = healthyBurst == 0 && blockingMean == 0
            let part = isFirst ? 1 : Self.smoothing
            healthyBurst += (work / bursts - healthyBurst) * part
            blockingMean += (blocking / bursts - blockingMean) * part
            squaredMean += (squares / bursts - squaredMean) * part
            work = bursts * healthyBurst * slowness
            blocking = bursts * blockingMean
            meanBurst = healthyBurst * slowness + blockingMean
        }
        let wanted = backlog + work + blocking
        let done = min(wanted, possible)
        backlogBefore = backlog
        backlog = wanted - done
        utilisation = expectedBursts * meanBurst / max(1, possible)
        expectedBursts = 0
        let used = wanted > 0 ? done * (wanted - blocking) / wanted : 0
        if requests > 0 {
            meanTime += (serverTime / requests - meanTime) * (meanTime == 0 ? 1 : Self.smoothing)
        }
        inFlight = min(requests * meanTime / seconds, 1e7)
        if slots < 1e6, meanTime > 0 {
            let served = slots * seconds / meanTime
            slotBacklog = max(0, slotBacklog + requests - served)
        }
        work = 0
        blocking = 0
        bursts = 0
        squares = 0
        requests = 0
        serverTime = 0
        return used
    }

    /// The share of enforcement periods in which a container with a limit is throttled, by its use of the limit
    /// (reference section 4: 43% of the limit gives 13%, 72% about half, 86% four fifths).
    static func throttledShare(utilisation: Double) -> Double {
        guard utilisation > 0 else { return 0 }
        return min(1, Mathematics.exp(2.3 * Mathematics.log(min(1, utilisation))))
    }
}

extension FlowState: BinaryCodable {
    func write(to writer: inout BinaryWriter) {
        // Averages outlive the interval in which nothing came.
        let isBlank = self == FlowState()
        writer.write(!isBlank)
        guard !isBlank else { return }
        for value in [
            work, blocking, bursts, squares, expectedBursts, requests, serverTime, promptBytes, loops, capacity,
            utilisation, meanBurst,
            healthyBurst, blockingMean, squaredMean, backlog, backlogBefore, inFlight, slotBacklog, meanTime,
        ] { writer.write(value) }
        writer.write(held)
        writer.write(isLimited)
    }

    init(from reader: inout BinaryReader) throws(BinaryDecodingError) {
        guard try reader.read(Bool.self) else { return }
        work = try reader.read()
        blocking = try reader.read()
        bursts = try reader.read()
        squares = try reader.read()
        expectedBursts = try reader.read()
        requests = try reader.read()
        serverTime = try reader.read()
        promptBytes = try reader.read()
        loops = try reader.read()
        capacity = try reader.read()
        utilisation = try reader.read()
        meanBurst = try reader.read()
        healthyBurst = try reader.read()
        blockingMean = try reader.read()
        squaredMean = try reader.read()
        backlog = try reader.read()
        backlogBefore = try reader.read()
        inFlight = try reader.read()
        slotBacklog = try reader.read()
        meanTime = try reader.read()
        held = try reader.read()
        isLimited = try reader.read()
    }
}
