import Foundation
import Lab
import Testing

@testable import Grading

/// Exercise 4.3 on its visible seed. Whole trials are slow without optimisation, so that they run in release builds or
/// with `KUBELAB_ALL_ANSWERS=1`; `kubelab author verify 4.3` proves all answers on many seeds.
@Suite struct ScaleOnCPUTests {
    let exercise: Exercise

    init() throws { exercise = try Exercise.read(scaleOnCPU) }

    private static let all: Bool = {
        #if DEBUG
            ProcessInfo.processInfo.environment["KUBELAB_ALL_ANSWERS"] == "1"
        #else
            true
        #endif
    }()

    private func verdict(_ answer: String, explains: Bool = false) -> Verdict {
        Grader(exercise: exercise, explains: explains).grade(folder: scaleOnCPU + "/" + answer, seeds: .visible)
    }

    @Test(.enabled(if: all)) func theSolutionGetsAllPoints() {
        let verdict = verdict("solution")
        #expect(verdict.isPassed && verdict.points == 100, "\(ReportFormat.terminal.text(verdict))")
        #expect(!verdict.debrief.isEmpty)
    }

    @Test(.enabled(if: all)) func theStarterFailsWithReasons() throws {
        let verdict = verdict("starter")
        #expect(verdict.status == .graded && verdict.points < 50)
        let check = try #require(verdict.checks.first { $0.id == "served" })
        #expect(check.status == .failed)
        #expect(check.harm.contains("users waited longer than 800ms or got no good answer, 09:"), "\(check.harm)")
        #expect(check.file == "gateway.yaml" && check.line > 1)
        #expect(check.commands.first?.hasPrefix("kubelab rewind --to ") == true)
        #expect(check.misconceptions.isEmpty, "told only on request or after the pass")
        #expect(verdict.checks.first { $0.id == "autoscaler" }?.status == .failed)
    }

    @Test(.enabled(if: all), arguments: ["conservative", "textbook", "thrifty", "whole-pod", "with-behavior"])
    func orthodoxAnswersPass(_ name: String) {
        let verdict = verdict("panel/" + name)
        #expect(verdict.isPassed, "\(ReportFormat.terminal.text(verdict))")
    }

    @Test(.enabled(if: all))
    func wrongAnswersFailForTheirReason() {
        for wrong in exercise.content.wrong {
            let verdict = verdict("wrong/" + wrong.name, explains: true)
            let check = verdict.checks.first { $0.id == wrong.criterion }
            #expect(check?.status == .failed, "\(wrong.name): \(ReportFormat.terminal.text(verdict))")
            #expect(check?.misconceptions.contains(wrong.misconception) == true)
        }
    }

    @Test func aTrialThatIsTooBusyEndsWithoutAGrade() {
        var small = exercise
        small.content.trial.events = 2_000
        let verdict = Grader(exercise: small).grade(folder: scaleOnCPU + "/solution", seeds: .visible)
        #expect(verdict.status == .ungradable)
        #expect(verdict.faults.first?.message.contains("the budget of 2000 events was used up") == true)
    }

    @Test func thereIsAlwaysAReportWhenTimeRunsOut() {
        let verdict = Grader(exercise: exercise, timeLimit: 0).grade(folder: scaleOnCPU + "/solution", seeds: .visible)
        #expect(verdict.status == .ungradable)
        #expect(verdict.faults.first?.message.contains("no time left") == true)
    }

    @Test func theSameTrialHasTheSameDigest() {
        var short = exercise
        short.content.trial.duration = .minutes(3)
        let (submission, _) = Submission.read(scaleOnCPU + "/solution", for: short)
        let grader = Grader(exercise: short)
        let first = grader.trials(submission, seeds: [1, 2, 1])
        #expect(first.map(\.end) == [.completed, .completed, .completed])
        #expect(first[0].recording.digest == first[2].recording.digest)
        #expect(first[0].recording.digest != first[1].recording.digest)
    }
}
