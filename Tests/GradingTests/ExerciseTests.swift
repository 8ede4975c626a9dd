import Foundation
import KubernetesAPI
import Lab
import Testing

@testable import Grading

@Suite struct ExerciseTests {
    /// The exercise of the repository in a folder of its own, with a change.
    private func changed(_ old: String, _ new: String) throws -> TemporaryFolder {
        let folder = try TemporaryFolder()
        for name in ["exercise.yaml", "scenario.yaml", "service.yaml", "references.yaml"] {
            guard let data = FileManager.default.contents(atPath: scaleOnCPU + "/" + name) else { continue }
            var text = String(decoding: data, as: UTF8.self)
            if name == "exercise.yaml" {
                try #require(text.contains(old), "\(old)")
                text = text.replacingOccurrences(of: old, with: new)
            }
            try folder.write(name, text)
        }
        return folder
    }

    @Test(arguments: [
        ("minutes: 35", "minuts: 35", "minuts", "did you mean \"minutes\"?"),
        ("minutes: 35", "minutes: many", "minutes", "whole number"),
        ("hiddenSeeds: 5", "hiddenSeeds: 500", "trial.hiddenSeeds", "between 0 and 50"),
        ("id: night", "id: cost", "criteria[3].id", "there twice"),
        (
            "criterion: cost", "criterion: price", "wrong[4].criterion",
            "allowed: served, release, cost, night, autoscaler"
        ),
        ("apply: release.yaml", "apply: other.yaml", "trial.inputs[1].apply", "allowed: gateway.yaml, release.yaml"),
        (
            "always(deployment/gateway.ready >= 3)", "always(deployment/gateway.red >= 2)", "criteria[3].expect",
            "has no field \"red\""
        ),
        (
            "traffic/users, latency <= 800ms) between ${burst}", "traffic/bots, latency <= 800ms) between ${burst}", "criteria[0].expect",
            "the scenario has no traffic/bots"
        ),
        ("points: 40", "points: 0", "criteria[0].points", "between 1 and 1000"),
    ])
    func mistakesHaveAPlace(_ old: String, _ new: String, _ path: String, _ part: String) throws {
        let folder = try changed(old, new)
        #expect { try Exercise.read(folder.path) } throws: { error in
            guard let error = error as? ConfigurationError else { return false }
            #expect(error.path == path && error.message.contains(part) && error.line > 0, "\(error)")
            return true
        }
    }

    @Test func anErrorInACriterionPointsIntoTheFile() throws {
        let folder = try changed(
            "always(deployment/gateway.ready >= 3) after", "always(deployment/gateway.ready => 3) after")
        #expect { try Exercise.read(folder.path) } throws: { error in
            guard let error = error as? ConfigurationError else { return false }
            let text = try? String(contentsOfFile: folder.path + "/exercise.yaml", encoding: .utf8)
            let line = text?.split(separator: "\n", omittingEmptySubsequences: false)[max(0, error.line - 1)] ?? ""
            #expect(line.contains("=> 3"))
            #expect(error.message.hasPrefix("column 45: "), "\(error)")
            return true
        }
    }

    @Test func foldersThatAreNoExercises() throws {
        let folder = try TemporaryFolder()
        #expect(throws: ConfigurationError.self) { try Exercise.read(folder.path) }
        #expect(throws: ConfigurationError.self) { try Exercise.read("/nowhere") }
        try folder.write("exercise.yaml", "")
        #expect(throws: ConfigurationError.self) { try Exercise.read(folder.path) }
        try folder.write("exercise.yaml", "title: [unclosed")
        #expect(throws: ConfigurationError.self) { try Exercise.read(folder.path) }
    }

    @Test func theHashCoversWhatDecidesAGrade() throws {
        let original = try Exercise.read(scaleOnCPU)
        #expect(original.hash == (try Exercise.read(scaleOnCPU)).hash)
        let folder = try changed("points: 40", "points: 41")
        let other = try Exercise.read(folder.path)
        #expect(original.hash != other.hash)
    }

    @Test func theExercisesAreClean() throws { #expect(try Exercise.read(scaleOnCPU).lint() == []) }

    @Test func fieldPathsFindAndChange() throws {
        let value = try #require(
            YAMLReader.documents("spec: {containers: [{name: a, cpu: 1}, {name: b, cpu: 2}]}").first?.value)
        #expect(value.value(at: "spec.containers[name=b].cpu") == .integer(2))
        #expect(value.value(at: "spec.containers[0].name") == .string("a"))
        #expect(value.value(at: "spec.none[3].x") == nil)
        let changed = value.setting(FieldStep.steps("spec.containers[name=b].cpu"), to: .integer(5))
        #expect(changed.value(at: "spec.containers[1].cpu") == .integer(5))
        #expect(
            value.setting(FieldStep.steps("spec.containers[name=a]"), to: nil).value(at: "spec.containers[0].name")
                == .string("b"))
        #expect(
            value.setting(FieldStep.steps("spec.new.deep"), to: .bool(true)).value(at: "spec.new.deep") == .bool(true))
    }

    @Test func mutantsAreChangesOfTheSolution() throws {
        let exercise = try Exercise.read(scaleOnCPU)
        let (solution, _) = Submission.read(scaleOnCPU + "/solution", for: exercise)
        let mutations = Mutation.all(of: solution, in: exercise)
        let names = mutations.map(\.name)
        #expect(Set(names).count == names.count)
        #expect(names.contains("gateway.yaml: HorizontalPodAutoscaler/gateway deleted"))
        #expect(names.contains("gateway.yaml: HorizontalPodAutoscaler/gateway pinned at its maximum"))
        #expect(names.contains { $0.contains("readinessProbe removed") })
        #expect(!names.contains { $0.contains("daprd") }, "what is fixed cannot be changed")
        #expect(mutations.allSatisfy { $0.submission.hash != solution.hash })
    }
}
