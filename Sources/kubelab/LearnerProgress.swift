import ArgumentParser
import Foundation
import Grading

/// Whether what one does is remembered.
struct ProgressOptions: ParsableArguments {
    @Flag(help: "Neither keep nor read progress ($KUBELAB_HOME, else XDG's data folder).")
    var noProgress = false
}

/// The learner's own file, as commands use it: whatever goes wrong with it is a remark, never the end of a command.
struct LearnerProgress {
    private let store: ProgressStore?
    /// Why there is none; empty if nobody wants one.
    private(set) var trouble = ""

    init(_ options: ProgressOptions) {
        guard !options.noProgress else {
            store = nil
            return
        }
        guard let path = ProgressStore.path() else {
            store = nil
            trouble = "there is no home for it: set KUBELAB_HOME"
            return
        }
        do { store = try ProgressStore(path) } catch {
            store = nil
            trouble = "\(error)"
        }
    }

    /// How the learner stands with an exercise; as one who never touched it, if nothing can be read.
    func standing(of exercise: String) -> ProgressStore.Standing {
        (try? store?.standing(of: exercise)) ?? ProgressStore.Standing()
    }

    /// Every exercise that was touched.
    /// - Throws: `Failure` if there is no file to read.
    func standings() throws -> [String: ProgressStore.Standing] {
        guard let store else {
            throw Failure(
                trouble.isEmpty ? "without progress there is nothing to say" : "progress cannot be read: \(trouble)")
        }
        do { return try store.standings() } catch { throw Failure("progress cannot be read: \(error)") }
    }

    /// Whether causes are told: once an exercise is passed or given up. To ask before that is to give up.
    func explains(_ exercise: Exercise, asked: Bool) -> Bool {
        let standing = standing(of: exercise.id)
        if standing.passed || standing.gaveUp { return true }
        if asked { record(.gaveUp, of: exercise.id) }
        return asked
    }

    func record(_ verdict: Verdict, _ kind: ProgressStore.Attempt.Kind) {
        guard verdict.status == .graded else { return }
        keep {
            try $0.record(
                ProgressStore.Attempt(
                    exercise: verdict.exercise, kind: kind, points: verdict.points,
                    maximumPoints: verdict.maximumPoints, passed: verdict.isPassed,
                    submission: verdict.receipt.submissionHash))
        }
    }

    func record(_ step: ProgressStore.Step, of exercise: String, number: Int = 0) {
        keep { try $0.record(step, of: exercise, number: number) }
    }

    func forget(_ exercise: String) { keep { try $0.forget(exercise) } }

    private func keep(_ body: (ProgressStore) throws -> Void) {
        guard let store else {
            if !trouble.isEmpty { Terminal.note("Progress is not kept: \(trouble) (--no-progress does without).") }
            return
        }
        do { try body(store) } catch { Terminal.note("Progress is not kept: \(error) (--no-progress does without).") }
    }
}
