import Foundation
import Lab
import Simulation
import Testing

@testable import Grading

/// A failed criterion leads one to the moment, the line and, once one may know, the cause.
@Suite struct ExplainedFailureTests {
    private let mini: MiniExercise
    private let exercise: Exercise

    init() throws {
        mini = try MiniExercise()
        exercise = try mini.read()
    }

    @Test func itTellsUsersPlaceMomentAndTheWayThere() throws {
        let verdict = Grader(exercise: exercise).grade(mini.submission(replicas: 1))
        let check = try #require(verdict.checks.first { $0.id == "served" })
        #expect(check.status == .failed)
        #expect(check.harm.contains("users waited longer than 1s or got no good answer, 09:0"), "\(check.harm)")
        #expect(check.file == "web.yaml" && check.line == 5 && check.path == "spec.replicas")
        let moment = try #require(check.moment)
        #expect(moment >= .zero + .minutes(2) && moment < .zero + .minutes(4))
        #expect(check.seed == 1)
        #expect(check.commands.first == "kubelab rewind --trial 9.1 --to \(Figures.clock(moment))")
        #expect(check.commands.contains("kubelab graph traffic/users.p99 --lab trial.kubelab"))
        #expect(check.causes.isEmpty && check.misconceptions.isEmpty, "told only after the pass or on request")
        #expect(verdict.debrief.isEmpty)
    }

    @Test func theCausalChainIsToldOnRequest() throws {
        let verdict = Grader(exercise: exercise, explains: true).grade(mini.submission(replicas: 1), seeds: .visible)
        let check = try #require(verdict.checks.first { $0.id == "served" })
        #expect(check.causes.first?.hasPrefix("deployment/web at ") == true, "\(check.causes)")
        #expect(check.causes.contains { $0.hasPrefix("traffic/users at ") })
        #expect(check.misconceptions == ["One pod is enough."])
        let text = ReportFormat.terminal.text(verdict)
        #expect(text.contains("because   deployment/web at "))
        #expect(text.split(separator: "\n").allSatisfy { $0.count <= 80 }, "\(text)")
        #expect(ReportFormat.json.text(verdict).contains("\"causes\""))
        #expect(ReportFormat.junit.text(verdict).contains("because: deployment/web at "))
    }

    /// Two trials part here: on seed 1 the criterion holds, on seed 2 it fails.
    @Test func theVisibleSeedThatFailsInTheSameWayIsNamed() throws {
        var two = exercise
        // Seeds differ in how many requests come; the bound lies between two of them.
        let trials = Grader(exercise: two).trials(mini.submission(replicas: 4), seeds: [1, 2])
        let counts = trials.map { trial in
            trial.recording.levels["traffic/users"]?.reduce(0) { $0 + $1.outcomes.total } ?? 0
        }
        #expect(counts[0] != counts[1])
        let bound = (counts[0] + counts[1]) / 2
        let comparison = counts[0] < counts[1] ? "<=" : ">="
        two.expressions[1] = try CriterionExpression(
            parsing: "count of requests(traffic/users) \(comparison) \(bound)", namespace: "shop")
        let known: [(UInt64, TrialRecording)] = [(1, trials[0].recording)]
        var looks = VisibleLooks(Grader(exercise: two), mini.submission(replicas: 4), known: known)
        let look = looks.failure(of: two.expressions[1])
        #expect(look?.seed == 2)
        two.expressions[1] = try CriterionExpression(
            parsing: "count of requests(traffic/users) >= 0", namespace: "shop")
        let none = looks.failure(of: two.expressions[1])
        #expect(none == nil)
    }

    @Test func aTrialAsALabIsTheTrial() throws {
        let path = mini.folder.path + "/trial.kubelab"
        let submission = mini.submission(replicas: 1)
        let (world, coming) = try Self.trial(path, exercise, submission)
        var replay = try TrialReplay(exercise, submission, seed: 1)
        try replay.advance(to: .zero + .minutes(3))
        for name in ["traffic/users.total", "traffic/users.failed", "traffic/users.p99", "deployment/web.ready"] {
            let measurement = try Measurement(parsing: name, namespace: "shop")
            #expect(measurement.value(in: world) == measurement.value(in: replay.world), "\(name)")
        }
        #expect(coming.isEmpty)
        #expect(try TrialLab.isTrial(LabSession.open(path, for: .reading)))
        var later = try LabSession.open(path, for: .writing)
        _ = later.apply(MiniExercise.web(replicas: 2), file: "web.yaml")
        try later.commit()
        #expect(
            try !TrialLab.isTrial(LabSession.open(path, for: .reading)), "a change of the learner's own makes it theirs"
        )
    }

    /// The lab is closed again, so that others may write it.
    private static func trial(_ path: String, _ exercise: Exercise, _ submission: Submission) throws -> (
        World, [TrialInput]
    ) {
        let made = try TrialLab.create(path, exercise, submission, seed: 1, until: .zero + .minutes(3))
        return (made.session.world, made.coming)
    }

    @Test func aRefusedHandInMakesNoTrial() throws {
        let bad = Submission(files: [Submission.File(name: "web.yaml", text: MiniExercise.web(replicas: -1))])
        #expect(throws: ConfigurationError.self) {
            try TrialLab.create(mini.folder.path + "/x.kubelab", exercise, bad, seed: 1, until: .zero + .minutes(1))
        }
    }

    @Test func proseIsReflowed() {
        #expect(
            Reflow.lines("one two\nthree four five\n\n  kept   as it is\n- an item that is long\nnext", width: 12) == [
                "one two", "three four", "five", "", "  kept   as it is", "- an item", "  that is", "  long next",
            ])
        #expect(
            Reflow.lines("- an item\n  that goes on\n    as written", width: 12) == [
                "- an item", "  that goes", "  on", "    as written",
            ])
        #expect(Reflow.lines("", width: 10).isEmpty)
    }
}
