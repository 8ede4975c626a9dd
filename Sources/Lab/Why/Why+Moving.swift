import Simulation

extension Why {
    /// Explains a world that its owner moves himself, such as that of a trial, which has no file to replay from.
    /// - Parameters:
    ///   - subject: what is asked about.
    ///   - world: the world at time zero.
    ///   - time: the instant of the question.
    ///   - move: moves the world on to an instant, doing on the way what comes from outside.
    /// - Throws: what `move` throws.
    public static func explain<Moved: MovingWorld>(_ subject: WhySubject, in moved: Moved, at time: SimulationTime)
        throws
        -> WhyExplanation
    {
        var moved = moved
        let begin = max(.zero, time - window)
        try moved.advance(to: begin)
        moved.world.clock.journal = CausalJournal()
        if case .request(let number) = subject { moved.world.workloads.follow(request: number) }
        if case .traffic = subject {
            try moved.advance(to: max(begin, time - recent))
            moved.world.workloads.recordRequests(true)
        }
        try moved.advance(to: time)
        return Why(subject: subject, world: moved.world, begin: begin).explanation
    }
}

/// A world with everything that will come to it from outside.
public protocol MovingWorld {
    var world: World { get set }
    /// Goes on to an instant, doing on the way what comes from outside, that of the instant itself included.
    mutating func advance(to time: SimulationTime) throws
}
