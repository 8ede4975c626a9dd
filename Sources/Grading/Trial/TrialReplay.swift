import Lab
import Simulation

/// A trial that is lived through step by step: its world, and the inputs that are still to come.
struct TrialReplay: MovingWorld {
    var world: World
    private var coming: ArraySlice<TrialInput>
    private let submission: Submission

    /// - Throws: what a scenario throws that makes no world.
    init(_ exercise: Exercise, _ submission: Submission, seed: UInt64) throws {
        world = try exercise.scenario.world(seed: seed)
        coming = exercise.content.trial.inputs.sorted { $0.at < $1.at }[...]
        self.submission = submission
    }

    mutating func advance(to time: SimulationTime) throws {
        while let input = coming.first, .zero + input.at <= time {
            coming.removeFirst()
            guard let file = submission.files.first(where: { $0.name == input.apply }) else { continue }
            try world.advance(to: .zero + input.at)
            if let failure = world.apply(file.text, file: file.name, author: "grader").failures.first { throw failure }
        }
        try world.advance(to: time)
    }
}
