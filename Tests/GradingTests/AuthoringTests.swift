import Foundation
import Lab
import Synchronization
import Testing

@testable import Grading

/// What an author has: a skeleton, lint, the proof, the students' copy.
@Suite struct AuthoringTests {
    let folder: TemporaryFolder
    let path: String

    init() throws {
        folder = try TemporaryFolder()
        path = folder.path + "/9.9-skeleton"
        try ExerciseSkeleton.write(name: "9.9-skeleton", to: path)
    }

    private func change(_ old: String, _ new: String, in file: String = "exercise.yaml") throws {
        let text = try String(contentsOfFile: path + "/" + file, encoding: .utf8)
        try #require(text.contains(old), "\(old)")
        try text.replacingOccurrences(of: old, with: new).write(
            toFile: path + "/" + file, atomically: true, encoding: .utf8)
    }

    private func findings() throws -> [String] { try Exercise.read(path).lint().map(\.message) }

    @Test func theSkeletonIsCleanAndNotOverwritten() throws {
        #expect(try findings() == [])
        #expect(throws: ConfigurationError.self) { try ExerciseSkeleton.write(name: "x", to: path) }
    }

    @Test func lintFindsWhatIsDead() throws {
        try change("mean(deployment/web.price) <= 0.06", "mean(deployment/wed.price) <= 0.06")
        #expect(try findings().contains { $0.contains("looks at deployment/wed, which neither") })
        try change("mean(deployment/wed.price) <= 0.06", "1 <= 2")
        #expect(try findings().contains { $0.contains("looks at nothing that happens") })
        try change(
            "expect: 1 <= 2",
            "expect: share of requests(traffic/users, latency <= 2s) between 1m and 150s >= 90%, nothing at 80%")
        #expect(try findings().contains { $0.contains("says the same as served") })
        try change("points: 60", "points: 50")
        #expect(try findings().contains("the points sum up to 90, not 100"))
    }

    @Test func lintFindsFaultsThatNeverCome() throws {
        try change(
            "manifests: [service.yaml]",
            """
            manifests: [service.yaml]
            faults:
              - {name: late, at: 10m, node: worker-1}
              - {name: nowhere, at: 1m, zone: zone-z}
              - {name: nobody, at: 1m, node: gpu-1}
              - {name: fine, at: 1m, node: worker-1}
            """, in: "scenario.yaml")
        let found = try findings()
        #expect(
            found == [
                "fault late comes after the end of the trial",
                "fault nowhere hits the zone zone-z, in which there is no node",
                "fault nobody hits the node gpu-1, which the scenario does not have",
            ])
    }

    @Test func lintFindsTextsThatGiveTheAnswerAway() throws {
        try change("and some see an error.", "and spec.replicas is too small.")
        #expect(try findings().contains { $0.contains("the situation names the field replicas") })
        try change("how many requests a pod holds.", "the terminationGracePeriodSeconds.")
        #expect(try !findings().contains { $0.contains("terminationGracePeriodSeconds") }, "not what was changed")
        try change(
            "      containers:", "      terminationGracePeriodSeconds: 40\n      containers:", in: "solution/web.yaml")
        #expect(try findings().contains { $0.contains("the hint names the field terminationGracePeriodSeconds") })
    }

    @Test func acceptedMutantsMustExist() throws {
        try change("readinessProbe*", "livenessProbe*")
        #expect(try findings().contains { $0.contains("is no mutant of the solution") })
    }

    @Test func theProofIsRememberedByContent() throws {
        var exercise = try Exercise.read(path)
        exercise.content.trial.hiddenSeeds = 1
        let memory = try #require(VerificationMemory(folder: folder.path + "/memory", binary: "this"))
        func verify(_ exercise: Exercise, _ memory: VerificationMemory) -> Verification {
            var verifier = Verifier(exercise: exercise, extraSeeds: 0)
            verifier.memory = memory
            return verifier.verify()
        }
        let first = verify(exercise, memory)
        #expect(first.isProved, "\(first.table.joined(separator: "\n"))")
        #expect(first.trials > 20)
        #expect(first.falseFails == Verification.Count(answers: 5, grades: 10, mistaken: 0))
        #expect(first.survivors.mistaken == 0 && first.accepted > 3)
        let second = verify(exercise, memory)
        #expect(second.trials == 0)
        #expect(second.markdownRow == first.markdownRow)
        #expect(second.table.dropLast() == first.table.dropLast())
        // One wrong answer more: only it is tried.
        exercise.content.wrong[0].criterion = "cost"
        var misled = Verifier(exercise: exercise, extraSeeds: 0, includesMutants: false)
        misled.memory = memory
        let third = misled.verify()
        #expect(third.rows.filter { !$0.faults.isEmpty }.map(\.name) == ["wrong/one-pod"])
        #expect(third.falsePasses.mistaken > 0)
        #expect(VerificationMemory(folder: "/proc/no/such", binary: "this") == nil)
    }

    @Test func aTooGenerousCriterionIsFoundOut() throws {
        var exercise = try Exercise.read(path)
        exercise.content.trial.hiddenSeeds = 1
        exercise.content.accepted = []
        exercise.expressions[1] = try CriterionExpression(
            parsing: "mean(deployment/web.price) <= 0.145", namespace: "shop")
        let result = Verifier(exercise: exercise, extraSeeds: 0).verify()
        #expect(!result.isProved)
        let faults = result.rows.flatMap { row in row.faults.map { "\(row.name): \($0)" } }
        #expect(faults.contains { $0.hasPrefix("wrong/too-many: cost holds on 2 of 2 grades") })
        #expect(faults.contains { $0.contains("readinessProbe removed: gets full points; accept it with a reason") })
    }

    @Test func aTightBoundIsFoundOut() throws {
        var exercise = try Exercise.read(path)
        exercise.content.trial.hiddenSeeds = 1
        exercise.expressions[1] = try CriterionExpression(
            parsing: "mean(deployment/web.price) <= 0.0405", namespace: "shop")
        let result = Verifier(exercise: exercise, extraSeeds: 0, includesMutants: false).verify()
        #expect(
            result.rows.first { $0.name == "panel/conservative" }?.faults.contains { $0.contains("to spare") } ?? false)
    }

    @Test func studentsGetNoAnswers() throws {
        let target = folder.path + "/students"
        let written = try StudentsCopy.write(path, to: target)
        #expect(written == ["exercise.yaml", "scenario.yaml", "service.yaml", "starter/web.yaml"])
        let copy = try Exercise.read(target)
        let text = try String(contentsOfFile: target + "/exercise.yaml", encoding: .utf8)
        for secret in ["misconception", "queue without end", "divided by 10", "panel", "accepted:"] {
            #expect(!text.contains(secret), "\(secret)")
        }
        #expect(copy.content.criteria.map(\.id) == ["served", "cost"] && copy.content.hints.count == 3)
        #expect(copy.content.wrong.isEmpty && copy.content.debrief.isEmpty)
        // The copy serves for practice: the same visible trial, the same points.
        let answer = path + "/solution"
        let original = Grader(exercise: try Exercise.read(path)).grade(folder: answer, seeds: .visible)
        let practised = Grader(exercise: copy).grade(folder: answer, seeds: .visible)
        #expect(practised.points == 100 && practised.receipt.digests == original.receipt.digests)
        #expect(throws: ConfigurationError.self) { try StudentsCopy.write(path, to: target) }
        #expect(throws: ConfigurationError.self) {
            try StudentsCopy.write(path + "/starter", to: folder.path + "/none")
        }
    }

    @Test func copyingLeavesListsThatBeginInTheFirstColumn() {
        let text =
            "title: x\nwrong:\n- name: a\n  criterion: b\n# about hints\nhints:\n- one\n\"debrief\": |\n  told later\n"
        #expect(StudentsCopy.withoutAnswers(text) == "title: x\n# about hints\nhints:\n- one\n")
    }

    @Test func mutantsOfAllKindsAreMade() throws {
        let exercise = try Exercise.read(scaleOnCPU)
        let (solution, _) = Submission.read(scaleOnCPU + "/solution", for: exercise)
        let names = Mutation.all(of: solution, in: exercise).map(\.name)
        for part in [
            "no autoscaler, replicas at its maximum", "pinned at its maximum", "Deployment/gateway deleted",
            "readinessProbe removed", "requests and limits swapped", "minReplicas and maxReplicas swapped", "times 10",
            "divided by 10",
        ] { #expect(names.contains { $0.hasSuffix(part) }, "\(part)") }
    }
}
