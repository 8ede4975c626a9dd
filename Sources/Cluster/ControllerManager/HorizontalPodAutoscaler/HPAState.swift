import Simulation

/// What the controller remembers about one HorizontalPodAutoscaler, in memory only: a restart forgets it.
public struct HPAState: Sendable, Equatable {
    /// Recommendations as the metrics gave them, before any normalisation; nil before the first reconcile.
    public var recommendations: [HPARecommendation]?
    public var scaleUpEvents: [HPAScaleEvent] = []
    public var scaleDownEvents: [HPAScaleEvent] = []

    public init() {}
}

/// The replicas that the metrics asked for at an instant.
public struct HPARecommendation: Sendable, Equatable {
    public var replicas: Int32
    public var time: SimulationTime

    public init(replicas: Int32, time: SimulationTime) {
        self.replicas = replicas
        self.time = time
    }
}

/// A change of the target's size that was carried out.
public struct HPAScaleEvent: Sendable, Equatable {
    /// Replicas added or removed, 0 or more.
    public var change: Int32
    public var time: SimulationTime
    /// Older than every policy's period: its place may be taken by the next event.
    public var outdated: Bool

    public init(change: Int32, time: SimulationTime, outdated: Bool = false) {
        self.change = change
        self.time = time
        self.outdated = outdated
    }
}

extension HPAState {
    /// Notes that the target went from one size to another (`storeScaleEvent`); only with `behavior`.
    ///
    /// Events older than the longest period are marked; the new event takes the place of the last marked one, so that
    /// the list does not grow for ever.
    mutating func storeScaleEvent(from old: Int32, to new: Int32, behavior: HPABehavior?, now: SimulationTime) {
        guard let behavior else { return }
        if new > old {
            scaleUpEvents.store(change: new.subtractingClamped(old), rules: behavior.scaleUp, now: now)
        } else {
            scaleDownEvents.store(change: old.subtractingClamped(new), rules: behavior.scaleDown, now: now)
        }
    }
}

extension [HPAScaleEvent] {
    mutating func store(change: Int32, rules: HPARules, now: SimulationTime) {
        let longestPeriod = rules.policies.reduce(Duration.zero) { Swift.max($0, $1.period) }
        let cutoff = now - longestPeriod
        var place: Int?
        for index in indices {
            if self[index].time < cutoff { self[index].outdated = true }
            if self[index].outdated { place = index }
        }
        let event = HPAScaleEvent(change: change, time: now)
        if let place { self[place] = event } else { append(event) }
    }

    /// Replicas changed by events younger than a period, saturating.
    func change(within period: Duration, now: SimulationTime) -> Int64 {
        let cutoff = now - period
        return reduce(0) { $1.time > cutoff ? $0.addingSaturating(Int64($1.change)) : $0 }
    }
}

extension Int32 {
    func subtractingClamped(_ other: Int32) -> Int32 { Int32(clamping: Int64(self) - Int64(other)) }

    /// A number of replicas from a floating-point result, clamped; not-a-number gives 0. Go's conversion is undefined
    /// outside the range, Swift's traps.
    init(clampingReplicas value: Double) {
        if value.isNaN {
            self = 0
        } else if value >= Double(Int32.max) {
            self = .max
        } else if value <= Double(Int32.min) {
            self = .min
        } else {
            self = Int32(value)
        }
    }
}

extension HPAState: BinaryCodable {
    public func write(to writer: inout BinaryWriter) {
        writer.write(recommendations)
        writer.write(scaleUpEvents)
        writer.write(scaleDownEvents)
    }

    public init(from reader: inout BinaryReader) throws(BinaryDecodingError) {
        recommendations = try reader.read()
        scaleUpEvents = try reader.read()
        scaleDownEvents = try reader.read()
    }
}

extension HPARecommendation: BinaryCodable {
    public func write(to writer: inout BinaryWriter) {
        writer.write(replicas)
        writer.write(time)
    }

    public init(from reader: inout BinaryReader) throws(BinaryDecodingError) {
        replicas = try reader.read()
        time = try reader.read()
    }
}

extension HPAScaleEvent: BinaryCodable {
    public func write(to writer: inout BinaryWriter) {
        writer.write(change)
        writer.write(time)
        writer.write(outdated)
    }

    public init(from reader: inout BinaryReader) throws(BinaryDecodingError) {
        change = try reader.read()
        time = try reader.read()
        outdated = try reader.read()
    }
}
