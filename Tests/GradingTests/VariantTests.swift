import Foundation
import Lab
import Simulation
import Testing

@testable import Grading

/// Each student's own numbers, and predictions about them.
@Suite struct VariantTests {
    private let mini: MiniExercise

    init() throws { mini = try MiniExercise() }

    @Test func aStudentAlwaysGetsTheSameAndStudentsDiffer() throws {
        let students = (1...40).map { "student-\($0)" }
        let names = try students.map { try Exercise.read(mini.path, student: $0).variant.name }
        #expect(try names == students.map { try Exercise.read(mini.path, student: $0).variant.name })
        #expect(Set(names) == ["peak=18", "peak=20", "peak=22"])
        #expect(try mini.read().variant.name == "peak=20", "nobody in particular gets the standard one")
        // The stream is the same on every machine and in every release.
        #expect(Array(names.prefix(6)) == ["peak=22", "peak=22", "peak=18", "peak=18", "peak=18", "peak=20"])
    }

    @Test func theVariantIsInTheScenarioTheFilesAndTheHash() throws {
        try mini.folder.write(
            "9-small/9.1-mini/starter/web.yaml", MiniExercise.web(replicas: 1) + "\n# for ${peak} requests/s, ${HOME}\n"
        )
        let exercise = try mini.read()
        let others = try exercise.variants.map(exercise.inVariant)
        #expect(others.count == 3 && Set(others.map(\.hash)).count == 3)
        #expect(others.map { $0.scenario.text.contains("rate: 18}") } == [true, false, false])
        let (starter, _) = Submission.read(mini.path + "/starter", for: others[2])
        #expect(starter.files[0].text.hasSuffix("# for 22 requests/s, ${HOME}\n"))
        // What a learner hands in is theirs to the letter.
        try mini.folder.write("mine/web.yaml", "# ${peak}\n")
        #expect(Submission.read(mini.folder.path + "/mine", for: exercise).submission.files[0].text == "# ${peak}\n")
    }

    @Test func namesThatGoTogetherAndStandardsInPlace() throws {
        let both = MiniExercise.exercise.replacing(
            "- {name: peak, values: [\"18\", \"20\", \"22\"], standard: \"20\"}",
            with:
                "- {name: peak, values: [\"18\", \"20\"], with: {words: [few, many]}}\n  - {name: other, values: [a, b]}"
        ).replacing("Users complain.", with: "${words:-nobody} users complain, ${other}.")
        let exercise = try MiniExercise(exercise: both).read()
        #expect(
            exercise.variants.map(\.name) == [
                "peak=18, other=a", "peak=18, other=b", "peak=20, other=a", "peak=20, other=b",
            ])
        #expect(exercise.content.situation == "few users complain, a.")
        #expect(ScenarioFile.standardText("a ${b:-c} ${d} ${") == "a c ${d} ${")
    }

    @Test func eachVariantIsComparedWithItsOwnCheapestAnswer() throws {
        let searched = MiniExercise.exercise.replacing(
            "expect: max(deployment/web.replicas) <= 5",
            with: """
                expect: max(deployment/web.replicas) <= 5
                  - id: cost
                    title: It costs little
                    points: 10
                    expect: integral(deployment/web.replicas) <= 1.4 * reference(cheapest)
                search:
                  minimise: cost
                  reference: cheapest
                  knobs:
                    - {object: Deployment/web, path: spec.replicas, values: ["1", "2", "3", "4", "5"]}
                """
        ).replacing("values: [\"18\", \"20\", \"22\"]", with: "values: [\"6\", \"20\", \"34\"]")
        let mini = try MiniExercise(exercise: searched)
        try mini.folder.write("9-small/9.1-mini/references.yaml", "values: {cheapest: 1}\n")
        let calibrator = Calibrator(exercise: try mini.read(), seedCount: 2, width: 1)
        let result = try calibrator.calibrateVariants()
        #expect(result.variants.map(\.name) == ["peak=6", "peak=34"])
        let standard = try #require(result.cheapest)
        let others = result.variants.map(\.cheapest)
        #expect(others[0] < standard.cost && standard.cost < others[1], "more users need more pods")
        // What is stored is what an exercise in that variant reads, and calibrating the standard alone keeps it.
        try mini.folder.write("9-small/9.1-mini/references.yaml", result.file)
        let stored = try mini.read()
        let references = try stored.variants.map { try stored.inVariant($0).references["cheapest"] ?? 0 }
        for (found, expected) in zip(references, [others[0], standard.cost, others[1]]) {
            #expect(abs(found - expected) < 1e-5)
        }
        #expect(try Calibrator(exercise: stored, seedCount: 2, width: 1).calibrate().file == result.file)
    }

    @Test(arguments: [
        ("situation: Users complain.", "situation: ${nobody} complains.", 5, "is no parameter; there are peak"),
        ("standard: \"20\"}", "standard: \"21\"}", 7, "\"21\" is not among the values"),
        ("standard: \"20\"}", "with: {a: [b]}}", 7, "needs as many values as peak has: 3"),
        (
            "- {name: peak, values: [\"18\", \"20\", \"22\"], standard: \"20\"}",
            "- {name: peak, values: [\"18\"]}\n  - {name: peak, values: [a]}", 8, "is there twice"
        ),
        ("name: peak", "name: p-k", 7, "made of letters and digits"),
        ("standard: \"20\"}", "standart: \"20\"}", 7, "standart"),
        ("quantity: max(deployment/web.ready)", "quantity: maxi(deployment/web.ready)", 29, "column"),
        ("points: 8}\n    - {id: lost", "points: 80}\n    - {id: lost", 26, "a fifth"),
        ("id: lost", "id: ready", 30, "is there twice"),
    ])
    func mistakesAreSaidWithTheirLine(old: String, new: String, line: Int, words: String) throws {
        let text = MiniExercise.exercise.replacing(old, with: new)
        #expect(text != MiniExercise.exercise)
        let other = try MiniExercise(exercise: text)
        #expect { try other.read() } throws: { error in
            guard let error = error as? ConfigurationError else { return false }
            let fits = error.line == line && error.description.contains(words)
            if !fits { Issue.record("\(error)") }
            return fits
        }
    }

    @Test func everyVariantIsProved() throws {
        let exercise = try mini.read()
        let proof = try Verifier(exercise: exercise, extraSeeds: 0).verifyVariants()
        #expect(proof.rows.count == 3)
        #expect(proof.isProved, "\(proof.table.joined(separator: "\n"))")
        let spread = try #require(proof.spread)
        #expect(spread.lowerBound >= Verification.spare && spread.lowerBound <= spread.upperBound)
        #expect(proof.table.contains { $0.hasPrefix("difficulty: ") })
    }

    // MARK: Predictions

    private func graded(_ predictions: String?, replicas: Int = 4) throws -> Verdict {
        var submission = mini.submission(replicas: replicas)
        submission.predictions = predictions.map { Submission.File(name: "predictions.yaml", text: $0) }
        return Grader(exercise: try mini.read()).grade(submission)
    }

    @Test func nobodyNeedsAPrediction() throws {
        let verdict = try graded(nil)
        #expect(verdict.isPassed && verdict.points == 100 && verdict.checks.count == 2)
    }

    @Test func aRightPredictionMakesUpForLostPoints() throws {
        let right = try graded("ready: 4\nlost: 1%\n")
        #expect(right.points == 100 && right.maximumPoints == 100 && right.isPassed)
        #expect(right.checks.filter(\.isExtra).map(\.points) == [8, 8])
        let short = try graded("ready: 1\nlost: 1%\n", replicas: 1)
        #expect(short.points == 28 && !short.isPassed, "\(ReportFormat.terminal.text(short))")
        let check = try #require(short.checks.last)
        #expect(check.status == .failed && check.file == "predictions.yaml" && check.line == 2)
        #expect(check.seen.hasPrefix("you said 1%, it was "))
        #expect(ReportFormat.terminal.text(short).contains("8/8 on top"))
    }

    @Test func aPredictionThatCannotBeReadCostsNothing() throws {
        for text in ["ready: [", "- 1", "ready: four\nlost: {}\n", "", "other: 1\n", "ready: 1e999"] {
            let verdict = try graded(text)
            #expect(verdict.status == .graded && verdict.isPassed && verdict.points == 100, "\(text)")
            #expect(verdict.checks.filter(\.isExtra).allSatisfy { $0.status == .failed && !$0.seen.isEmpty })
        }
    }

    @Test func predictionsBelongToTheSubmission() throws {
        let exercise = try mini.read()
        try mini.folder.write("mine/web.yaml", MiniExercise.web(replicas: 4))
        let plain = Submission.read(mini.folder.path + "/mine", for: exercise).submission
        try mini.folder.write("mine/predictions.yaml", "ready: 4\n")
        let (read, faults) = Submission.read(mini.folder.path + "/mine", for: exercise)
        #expect(faults.isEmpty && read.predictions?.text == "ready: 4\n" && read.hash != plain.hash)
        #expect(exercise.brief().contains("  ready: How many pods are ready at most? (within 10% of it)  8"))
        #expect(exercise.brief().allSatisfy { $0.count <= 80 })
    }

    @Test func numbersAreReadWithTheirUnits() {
        #expect(PredictedNumber.read("9m30s")?.value == 570)
        #expect(PredictedNumber.read("$0.52")?.value == 0.52)
        #expect(PredictedNumber.read("-3")?.value == -3)
        #expect(PredictedNumber.read("98%")?.value == 0.98)
        #expect(PredictedNumber.read("1,200")?.value == 1200)
        #expect(
            PredictedNumber.read("many") == nil && PredictedNumber.read("") == nil
                && PredictedNumber.read("1 2 3 x") == nil)
    }

    @Test func damageIsCountedInMinutesAndMoney() throws {
        let exercise = try mini.read()
        let bad = try #require(Grader(exercise: exercise).damage(mini.submission(replicas: 1)))
        #expect(bad.minutes >= 1 && bad.lost > 0)
        #expect(bad.money == Double(bad.minutes) * 10)
        #expect(bad.text.contains("$\(bad.minutes * 10) at the price of an hour of downtime"), "\(bad.text)")
        let good = try #require(Grader(exercise: exercise).damage(mini.submission(replicas: 4)))
        #expect(good.minutes <= 1)
    }
}
