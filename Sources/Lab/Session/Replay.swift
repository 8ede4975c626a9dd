import Simulation

/// A lab's past, lived through again: a world and the inputs that it has not seen yet.
///
/// Since a world is a value and decides nothing by chance, the replay passes through exactly the states of the past.
public struct Replay: Sendable {
    public internal(set) var world: World
    /// Inputs still to come, in order.
    public private(set) var coming: ArraySlice<LabInput>
    /// How many inputs the world has seen.
    public private(set) var seen: Int

    init(world: World, seen: Int, coming: [LabInput]) {
        self.world = world
        self.seen = seen
        self.coming = coming[...]
    }

    /// Goes on to an instant, doing on the way what inputs say, those of the instant itself included.
    /// - Throws: `RunError`.
    public mutating func advance(to time: SimulationTime) throws {
        while let input = coming.first, input.time <= time { try performNext() }
        try world.advance(to: time)
    }

    /// Goes on to an instant, but leaves out the inputs of that instant.
    public mutating func advance(upTo time: SimulationTime) throws {
        while let input = coming.first, input.time < time { try performNext() }
        try world.advance(to: time)
    }

    /// Does all that is left.
    public mutating func finish() throws {
        while !coming.isEmpty { try performNext() }
    }

    /// Lets a journal of causes be kept from here on.
    public mutating func keepJournal() { world.clock.journal = CausalJournal() }

    mutating func performNext() throws {
        guard let input = coming.first else { return }
        try world.perform(input)
        coming.removeFirst()
        seen += 1
    }
}
