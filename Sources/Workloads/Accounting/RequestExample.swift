import Simulation

/// One request that a program answered, as the example behind a bucket of its latency histogram.
public struct RequestExample: Sendable, Equatable {
    /// The journey or message that it was for.
    public var trace: UInt64
    /// Time in the server.
    public var duration: Duration
    /// When it was answered.
    public var time: SimulationTime
}

extension RequestExample: BinaryCodable {
    public func write(to writer: inout BinaryWriter) {
        writer.write(trace)
        writer.write(duration)
        writer.write(time)
    }

    public init(from reader: inout BinaryReader) throws(BinaryDecodingError) {
        trace = try reader.read()
        duration = try reader.read()
        time = try reader.read()
    }
}

extension Workloads {
    /// Has every process remember the last request of each latency bucket from now on.
    ///
    /// The bounds are no part of a snapshot: whoever restores one says them again.
    /// - Parameter bounds: upper bounds, ascending; requests above the last have a bucket of their own. None: nothing is
    ///   remembered.
    public mutating func keepExamples(upTo bounds: [Duration]) { recording.exampleBounds = bounds }

    /// Notes a request that has just been answered; one that belongs to no user's request is no example.
    mutating func noteExample(_ slot: Int, trace: UInt64, began: SimulationTime) {
        guard !recording.exampleBounds.isEmpty, trace != 0 else { return }
        let duration = clock.now - began
        let bounds = recording.exampleBounds
        let bucket = bounds.firstIndex { duration <= $0 } ?? bounds.count
        if processes[slot].meter.examples.count != bounds.count + 1 {
            processes[slot].meter.examples = Array(repeating: nil, count: bounds.count + 1)
        }
        processes[slot].meter.examples[bucket] = RequestExample(trace: trace, duration: duration, time: clock.now)
    }
}
