import Foundation
import Lab
import Testing

@testable import Grading

/// Every exercise in labs/ on its visible seed: nothing done fails, the solution passes, each wrong answer fails in the
/// criterion that names its misconception. Longer trials are slow without optimisation, so that debug builds run them
/// only with `KUBELAB_ALL_ANSWERS=1`; `kubelab author verify` proves all answers on many seeds.
@Suite struct LabAnswersTests {
    /// Folders of all exercises, in order.
    private static let all: [String] = {
        let root = repository + "/labs"
        let files = FileManager.default
        return ((try? files.contentsOfDirectory(atPath: root)) ?? []).sorted().flatMap { lesson in
            ((try? files.contentsOfDirectory(atPath: "\(root)/\(lesson)")) ?? []).sorted()
                .map { "\(root)/\(lesson)/\($0)" }
                .filter { files.fileExists(atPath: $0 + "/exercise.yaml") }
        }
    }()

    /// Those whose trials are affordable here.
    private static let tried: [String] = {
        #if DEBUG
            ProcessInfo.processInfo.environment["KUBELAB_ALL_ANSWERS"] == "1"
                ? all : all.filter { $0.hasSuffix("/0.1-first-light") }
        #else
            all
        #endif
    }()

    private func verdict(_ exercise: Exercise, _ answer: String) -> Verdict {
        Grader(exercise: exercise, explains: true).grade(folder: exercise.folder + "/" + answer, seeds: .visible)
    }

    @Test func exercisesAreFound() { #expect(Self.all.count >= 2) }

    @Test(arguments: all) func nothingIsSuspicious(_ folder: String) throws {
        let findings = try Exercise.read(folder).lint()
        #expect(findings.isEmpty, "\(findings)")
    }

    @Test(arguments: all) func everyAnswerCanBeTried(_ folder: String) throws {
        let exercise = try Exercise.read(folder)
        let panel = exercise.answers(in: "panel").map { "panel/" + $0 }
        for answer in ["starter", "solution"] + panel + exercise.content.wrong.map({ "wrong/" + $0.name }) {
            let (submission, unread) = Submission.read(folder + "/" + answer, for: exercise)
            let faults = unread + submission.faults(in: exercise)
            #expect(faults.isEmpty, "\(answer): \(faults)")
        }
    }

    @Test(arguments: tried) func theSolutionPassesAndNothingDoneFails(_ folder: String) throws {
        let exercise = try Exercise.read(folder)
        let solution = verdict(exercise, "solution")
        #expect(solution.isPassed, "\(ReportFormat.terminal.text(solution))")
        let starter = verdict(exercise, "starter")
        #expect(starter.status == .graded && !starter.isPassed, "\(ReportFormat.terminal.text(starter))")
    }

    @Test(arguments: tried) func wrongAnswersFailForTheirReason(_ folder: String) throws {
        let exercise = try Exercise.read(folder)
        for wrong in exercise.content.wrong {
            let verdict = verdict(exercise, "wrong/" + wrong.name)
            let check = verdict.checks.first { $0.id == wrong.criterion }
            #expect(check?.status == .failed, "\(wrong.name): \(ReportFormat.terminal.text(verdict))")
            #expect(check?.misconceptions.contains(wrong.misconception) == true)
        }
    }
}
