import Simulation

/// One finished request, as truth: what the grader and `why` read.
public struct RequestRecord: Sendable, Equatable {
    /// Unique in the world; the trace that all its calls carry.
    public var id: UInt64
    /// Index of the source of traffic.
    public var source: Int
    public var arrival: SimulationTime
    public var finish: SimulationTime
    public var outcome: Outcome
    /// `namespace/pod` that served the last attempt; empty if none did.
    public var pod: String
    public var attempts: Int
    /// Model calls made for it.
    public var steps: Int
    /// A good answer of no use.
    public var isPoor: Bool
}

/// A bounded memory of the last things that happened.
public struct Ring<Element: Sendable>: Sendable {
    public let capacity: Int
    private var elements: [Element] = []
    private var next = 0
    /// How many were ever appended.
    public private(set) var total: Int64 = 0

    public init(capacity: Int) { self.capacity = max(1, capacity) }

    mutating func append(_ element: Element) {
        total += 1
        if elements.count < capacity {
            elements.append(element)
        } else {
            elements[next] = element
            next = (next + 1) % capacity
        }
    }

    /// What is kept, oldest first.
    public var all: [Element] { Array(elements[next...] + elements[..<next]) }
}

/// What is being recorded, by choice: nothing unless somebody asked.
struct Recording: Sendable {
    var requests: Ring<RequestRecord>?
    /// What programs wrote; requests only on demand.
    var logs = Ring<LogRecord>(capacity: 50_000)
    var logsRequests = false
    /// Whether processes note more of their work, and the buckets whose last requests they remember; no part of the state.
    var observesWork = false
    var exampleBounds: [Duration] = []
    /// Whether processes count by path and status; no part of the state.
    var observesRoutes = false
    /// Names that records refer to, only while recording.
    var pods: [String] = []
    var podIndexes: [String: UInt32] = [:]

    var isOn: Bool { requests != nil }

    mutating func index(of pod: String) -> UInt32 {
        if let index = podIndexes[pod] { return index }
        pods.append(pod)
        podIndexes[pod] = UInt32(pods.count - 1)
        return UInt32(pods.count - 1)
    }
}

extension Workloads {
    /// Keeps the last finished requests from now on, or stops doing so.
    public mutating func recordRequests(_ on: Bool) {
        recording.requests = on ? Ring(capacity: configuration.accounting.records) : nil
    }

    /// Finished requests since recording began, oldest first, as many as are kept.
    public var requestRecords: [RequestRecord] { recording.requests?.all ?? [] }
    public var recordedPods: [String] { recording.pods }

    mutating func noteServer(_ call: UInt32, _ slot: Int) {
        guard let container = containers[slot] else { return }
        let journey = Handle<Journey>(slot: calls[call].originSlot, generation: calls[call].originGeneration)
        guard journeys.contains(journey) else { return }
        journeys[journey.slot].pod = recording.index(of: container.namespace + "/" + container.pod)
    }

    mutating func record(_ journey: Journey, _ outcome: Outcome) {
        let pod = journey.pod < UInt32(recording.pods.count) ? recording.pods[Int(journey.pod)] : ""
        recording.requests?.append(
            RequestRecord(
                id: journey.number, source: Int(journey.source), arrival: journey.arrival, finish: clock.now,
                outcome: outcome, pod: pod, attempts: Int(journey.attempt) + 1, steps: Int(journey.steps),
                isPoor: journey.isPoor))
    }
}

extension Recording: BinaryCodable {
    func write(to writer: inout BinaryWriter) {
        writer.write(pods)
        writer.write(requests)
        // Here stood calls that were recorded apart from traces, which no lab ever had in a snapshot.
        writer.write(false)
        writer.write(logs)
        writer.write(logsRequests)
    }

    init(from reader: inout BinaryReader) throws(BinaryDecodingError) {
        pods = try reader.read()
        for (index, pod) in pods.enumerated() { podIndexes[pod] = UInt32(index) }
        requests = try reader.read()
        guard try !reader.read(Bool.self) else {
            throw .malformed(what: "recorded calls", offset: reader.offset)
        }
        logs = try reader.read()
        logsRequests = try reader.read()
    }
}

extension Ring: BinaryCodable where Element: BinaryCodable {
    public func write(to writer: inout BinaryWriter) {
        writer.write(capacity)
        writer.write(elements)
        writer.write(next)
        writer.write(total)
    }

    public init(from reader: inout BinaryReader) throws(BinaryDecodingError) {
        let capacity: Int = try reader.read()
        self.init(capacity: capacity)
        elements = try reader.read()
        next = try reader.read()
        total = try reader.read()
        guard elements.count <= self.capacity, next >= 0, next <= elements.count else {
            throw .malformed(what: "ring", offset: reader.offset)
        }
    }
}

extension RequestRecord: BinaryCodable {
    public func write(to writer: inout BinaryWriter) {
        writer.write(id)
        writer.write(source)
        writer.write(arrival)
        writer.write(finish)
        writer.write(outcome)
        writer.write(pod)
        writer.write(attempts)
        writer.write(steps)
        writer.write(isPoor)
    }

    public init(from reader: inout BinaryReader) throws(BinaryDecodingError) {
        id = try reader.read()
        source = try reader.read()
        arrival = try reader.read()
        finish = try reader.read()
        outcome = try reader.read()
        pod = try reader.read()
        attempts = try reader.read()
        steps = try reader.read()
        isPoor = try reader.read()
    }
}
