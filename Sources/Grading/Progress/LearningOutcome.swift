import Foundation
import Lab

/// Something that one can do after the course; `labs/outcomes.yaml` has their texts.
public struct LearningOutcome: Sendable, Decodable {
    /// From 1 to 12.
    public var number: Int
    public var text: String
    /// Numbers of the exercises that practise it in the whole course, some of which may not be in this program.
    public var exercises: [String]

    enum CodingKeys: String, CodingKey, CaseIterable { case number, text, exercises }

    public init(from decoder: any Decoder) throws {
        let container = try decoder.strict(CodingKeys.self)
        number = try container.decode(Int.self, forKey: .number)
        text = try container.decode(String.self, forKey: .text)
        exercises = try container.decodeIfPresent([String].self, forKey: .exercises) ?? []
    }

    private struct File: Decodable {
        var outcomes: [LearningOutcome]

        enum CodingKeys: String, CodingKey, CaseIterable { case outcomes }

        init(from decoder: any Decoder) throws {
            outcomes = try decoder.strict(CodingKeys.self).decode([LearningOutcome].self, forKey: .outcomes)
        }
    }

    /// Reads `outcomes.yaml` in the folder of all lessons, by number.
    /// - Throws: `ConfigurationError`.
    public static func read(labs: String) throws -> [LearningOutcome] {
        let path = labs + "/outcomes.yaml"
        let source = try ConfigurationSource(file: path, text: ScenarioFile.readText(path))
        let outcomes = try source.decode(File.self).outcomes
        for (index, outcome) in outcomes.enumerated()
        where outcomes[..<index].contains(where: { $0.number == outcome.number }) {
            throw source.error("outcomes[\(index)].number", "outcome \(outcome.number) is there twice")
        }
        return outcomes.sorted { $0.number < $1.number }
    }
}

/// How far a learner is with an outcome.
public struct OutcomeStanding: Sendable, Equatable {
    public enum Word: String, Sendable {
        case reached, partly, begun
        case notBegun = "not begun"
        /// This program has no exercise for it.
        case elsewhere = "not here"
    }

    public var word: Word
    public var passed: Int
    public var exercises: Int

    /// - Parameter standings: of the exercises here that practise the outcome.
    public init(_ standings: [ProgressStore.Standing]) {
        exercises = standings.count
        passed = standings.count(where: \.passed)
        if exercises == 0 {
            word = .elsewhere
        } else if passed == exercises {
            word = .reached
        } else if passed > 0 {
            word = .partly
        } else {
            word = standings.contains { $0.word != "not begun" } ? .begun : .notBegun
        }
    }
}
