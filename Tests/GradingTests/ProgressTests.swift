import Foundation
import Lab
import Testing

@testable import Grading

/// What is remembered of a learner, and what happens when it cannot be.
@Suite struct ProgressTests {
    private let folder: TemporaryFolder
    private var path: String { folder.path + "/data/kubelab/progress.sqlite" }

    init() throws { folder = try TemporaryFolder() }

    private func attempt(_ points: Double, _ kind: ProgressStore.Attempt.Kind = .grade) -> ProgressStore.Attempt {
        ProgressStore.Attempt(
            exercise: "4.3-scale-on-cpu", kind: kind, points: points, maximumPoints: 100, passed: points == 100,
            submission: "ab")
    }

    @Test func theFileLiesWhereXDGOrTheLearnerWantsIt() {
        #expect(
            ProgressStore.path(environment: ["KUBELAB_HOME": "/k", "XDG_DATA_HOME": "/x", "HOME": "/h"])
                == "/k/progress.sqlite")
        #expect(ProgressStore.path(environment: ["XDG_DATA_HOME": "/x", "HOME": "/h"]) == "/x/kubelab/progress.sqlite")
        #expect(
            ProgressStore.path(environment: ["XDG_DATA_HOME": "x", "HOME": "/h"])
                == "/h/.local/share/kubelab/progress.sqlite")
        #expect(ProgressStore.path(environment: [:]) == nil)
    }

    @Test func aStandingIsMadeOfWhatWasDone() throws {
        let store = try ProgressStore(path)
        #expect(try store.standing(of: "4.3-scale-on-cpu").word == "not begun")
        try store.record(.started, of: "4.3-scale-on-cpu")
        try store.record(attempt(100, .check))
        var standing = try store.standing(of: "4.3-scale-on-cpu")
        #expect(standing.word == "begun" && standing.best == nil && !standing.passed, "a check is practice")
        try store.record(attempt(60))
        try store.record(attempt(40))
        try store.record(.hint, of: "4.3-scale-on-cpu", number: 2)
        try store.record(.hint, of: "4.3-scale-on-cpu", number: 1)
        standing = try store.standing(of: "4.3-scale-on-cpu")
        #expect(standing.best == 60 && standing.maximumPoints == 100 && standing.grades == 2 && standing.checks == 1)
        #expect(standing.hints == 2)
        try store.record(.gaveUp, of: "4.3-scale-on-cpu")
        #expect(try store.standing(of: "4.3-scale-on-cpu").word == "given up")
        try store.record(attempt(100))
        #expect(try ProgressStore(path).standing(of: "4.3-scale-on-cpu").word == "passed")
        try store.forget("4.3-scale-on-cpu")
        #expect(try store.standings().isEmpty)
    }

    @Test func severalProcessesWriteAtOnce() async throws {
        let path = path
        // Connections of their own, as processes have.
        try await withThrowingTaskGroup(of: Void.self) { group in
            for number in 1...8 {
                group.addTask {
                    let store = try ProgressStore(path)
                    for _ in 0..<5 { try store.record(.hint, of: "exercise-\(number)", number: number) }
                }
            }
            try await group.waitForAll()
        }
        let standings = try ProgressStore(path).standings()
        #expect(standings.count == 8)
        for number in 1...8 { #expect(standings["exercise-\(number)"]?.hints == number) }
    }

    @Test func whatCannotBeUsedIsSaid() throws {
        try folder.write("damaged.sqlite", "this is no database, however long it may be")
        #expect { try ProgressStore(folder.path + "/damaged.sqlite") } throws: { "\($0)".contains("it is damaged") }
        try folder.write("file", "")
        #expect { try ProgressStore(folder.path + "/file/progress.sqlite") } throws: {
            "\($0)".contains("cannot be made")
        }
        #expect { try ProgressStore("/proc/kubelab/progress.sqlite") } throws: { $0 is ProgressError }
    }

    @Test func aFullDiskLosesOnlyWhatDidNotFit() throws {
        let store = try ProgressStore(path)
        try store.record(attempt(60))
        try store.limitPages(to: 6)
        var full: ProgressError?
        for _ in 0..<10_000 where full == nil {
            do { try store.record(attempt(10)) } catch { full = error as? ProgressError }
        }
        #expect(full?.reason == "the disk is full or failing")
        #expect(try store.standing(of: "4.3-scale-on-cpu").best == 60)
    }

    @Test func aNewerFileIsRefused() throws {
        _ = try ProgressStore(path)
        let process = Process()
        process.executableURL = URL(fileURLWithPath: "/usr/bin/env")
        process.arguments = [
            "python3", "-c", "import sqlite3,sys; sqlite3.connect(sys.argv[1]).execute('PRAGMA user_version = 9')",
            path,
        ]
        try process.run()
        process.waitUntilExit()
        try #require(process.terminationStatus == 0)
        #expect { try ProgressStore(path) } throws: { "\($0)".contains("a newer kubelab wrote it") }
    }

    @Test func theTwelveOutcomesHaveTexts() throws {
        let outcomes = try LearningOutcome.read(labs: repository + "/labs")
        #expect(outcomes.map(\.number) == Array(1...12))
        #expect(outcomes.allSatisfy { !$0.text.isEmpty && !$0.exercises.isEmpty })
        try folder.write("outcomes.yaml", "outcomes:\n- {number: 1, text: a}\n- {number: 1, text: b}\n")
        #expect { try LearningOutcome.read(labs: folder.path) } throws: { ($0 as? ConfigurationError)?.line == 3 }
    }

    @Test func anOutcomeIsReachedWhenAllItsExercisesArePassed() {
        var passed = ProgressStore.Standing()
        passed.passed = true
        var begun = ProgressStore.Standing()
        begun.started = true
        let fresh = ProgressStore.Standing()
        #expect(OutcomeStanding([]).word == .elsewhere)
        #expect(OutcomeStanding([fresh, fresh]).word == .notBegun)
        #expect(OutcomeStanding([begun, fresh]).word == .begun)
        #expect(OutcomeStanding([passed, fresh]).word == .partly)
        #expect(OutcomeStanding([passed, passed]).word == .reached)
    }

    @Test func aLessonPageHasPartsAndCommands() throws {
        let page = try LessonPage(
            """
            # Lesson 9: small

            Opening.

            ## The concept
            Prose of `code`.

            ```console
            $ kubelab a
            one

            two
            $ kubelab b
            ```

            ## Validation

            ```yaml
            a: 1
            ```
            """, file: "lesson.md")
        #expect(page.title == "Lesson 9: small")
        #expect(page.parts.map(\.title) == ["", "The concept", "Validation"])
        #expect(
            page.commands == [
                LessonPage.Command(line: "kubelab a", output: ["one", "", "two"]),
                LessonPage.Command(line: "kubelab b", output: []),
            ])
        #expect(page.part("2")?.title == "Validation" && page.part("concept")?.title == "The concept")
        #expect(page.part("3") == nil && page.part("nothing") == nil)
        #expect(page.parts[2].blocks == [.listing(["a: 1"])])
        #expect { try LessonPage("# T\n```console\n$ x", file: "f") } throws: { ($0 as? ConfigurationError)?.line == 2 }
        #expect(throws: ConfigurationError.self) { try LessonPage("no title", file: "f") }
    }
}
