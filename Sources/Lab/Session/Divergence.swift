import Simulation

/// The first moment at which two labs did not do the same.
public struct Divergence: Sendable, Equatable {
    /// What one of the two did at that moment.
    public enum Side: Sendable, Equatable {
        case input(LabInput)
        /// What the event did, as the causal journal words it; empty if it did nothing worth a word.
        case event([String])
        /// Nothing more happens.
        case end
    }

    public var time: SimulationTime
    public var left: Side
    public var right: Side

    /// How far both are run before they are compared.
    private static let stride: Duration = .minutes(1)

    /// Lives through both pasts side by side, up to the earlier of their presents.
    /// - Parameter progress: gets the moment that was reached.
    /// - Returns: nil if both did the same up to there.
    /// - Throws: `RunError`, `LabStoreError`.
    public static func find(_ left: LabSession, _ right: LabSession, progress: (SimulationTime) -> Void = { _ in })
        throws -> Divergence?
    {
        let end = min(left.now, right.now)
        var (a, b) = (try left.replayFromStart(), try right.replayFromStart())
        if a.world.stateDigest != b.world.stateDigest { return try step(a, b, until: end) }
        while a.world.now < end || !a.coming.isEmpty && a.coming.first.map({ $0.time <= end }) == true {
            let (a0, b0) = (a, b)
            let next = min(end, a.world.now + stride)
            try a.advance(to: next)
            try b.advance(to: next)
            if a.world.digest != b.world.digest || a.seenInputs(since: a0) != b.seenInputs(since: b0) {
                return try step(a0, b0, until: next)
            }
            progress(next)
            if next == end { break }
        }
        return nil
    }

    /// Finds the very event.
    private static func step(_ left: Replay, _ right: Replay, until end: SimulationTime) throws -> Divergence? {
        var (a, b) = (left, right)
        a.keepJournal()
        b.keepJournal()
        while true {
            let (one, other) = (try a.step(until: end), try b.step(until: end))
            let same: Bool =
                switch (one, other) {
                case (.input(let x), .input(let y)): x == y
                case (.event, .event), (.end, .end): a.world.digest == b.world.digest
                default: false
                }
            guard same else { return Divergence(time: min(a.world.now, b.world.now), left: one, right: other) }
            if one == .end { return nil }
        }
    }
}

extension Replay {
    /// One input or one event, whichever comes next.
    mutating func step(until end: SimulationTime) throws -> Divergence.Side {
        let event = world.nextEventTime ?? .never
        if let input = coming.first, input.time <= end, input.time < event {
            // The mere passing of time is how a lab was used, not something that happened in it.
            try performNext()
            if input.action == .advance { return try step(until: end) }
            return .input(input)
        }
        guard event <= end, event < .never else { return .end }
        let known = world.clock.journal?.notes.count ?? 0
        _ = try world.advance(to: event) { _ in true }
        return .event((world.clock.journal?.notes.dropFirst(known) ?? []).map { "\($0.subject) \($0.text)" })
    }

    /// Inputs other than the passing of time that were seen since an earlier moment.
    func seenInputs(since earlier: Replay) -> [LabInput] {
        earlier.coming.prefix(seen - earlier.seen).filter { $0.action != .advance }
    }
}

extension LabSession {
    /// The lab's past from time zero, without any input yet.
    public func replayFromStart() throws -> Replay { try replay(from: .zero - .seconds(1)) }
}
