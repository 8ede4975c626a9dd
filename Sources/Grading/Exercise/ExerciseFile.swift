import Foundation
import Lab
import Simulation

extension Exercise {
    /// Reads an exercise from its folder.
    /// - Throws: `ConfigurationError` with file, line and field path.
    public static func read(_ folder: String) throws -> Exercise {
        var folder = folder
        while folder.count > 1, folder.hasSuffix("/") { folder.removeLast() }
        let path = folder + "/exercise.yaml"
        guard FileManager.default.fileExists(atPath: path) else {
            throw ConfigurationError(file: folder, message: "is no exercise: it has no exercise.yaml")
        }
        let source = try ConfigurationSource(file: path, text: ScenarioFile.readText(path))
        let content = try source.decode(ExerciseContent.self)
        let scenario = try ScenarioFile.read(folder)
        var references: [String: Double] = [:]
        var referenceText = ""
        let referencePath = folder + "/references.yaml"
        if FileManager.default.fileExists(atPath: referencePath) {
            referenceText = try ScenarioFile.readText(referencePath)
            references = try ConfigurationSource(file: referencePath, text: referenceText).decode(ReferenceFile.self)
                .values
        }
        var expressions: [CriterionExpression] = []
        for (index, criterion) in content.criteria.enumerated() {
            do throws(CriterionError) {
                expressions.append(
                    try CriterionExpression(parsing: criterion.expect, namespace: scenario.scenario.namespace))
            } catch {
                throw source.error("criteria[\(index)].expect", in: criterion.expect, error)
            }
        }
        let names = folder.split(separator: "/").map(String.init)
        var hash = SHA256()
        for text in [source.text, scenario.text, referenceText] + scenario.manifests.flatMap({ [$0.name, $0.text] }) {
            hash.update(text.utf8)
            hash.update([0])
        }
        for (name, bytes) in Self.starterBytes(folder, content) {
            hash.update(name.utf8)
            hash.update([0])
            hash.update(bytes)
        }
        let exercise = Exercise(
            id: names.last ?? folder, lesson: names.count > 1 ? names[names.count - 2] : "", folder: folder,
            content: content,
            scenario: scenario, expressions: expressions, references: references,
            hash: SHA256.hexadecimal(of: hash.finish()),
            source: source)
        try exercise.checkReferences()
        return exercise
    }

    /// The starter decides what is fixed, so it belongs to the hash.
    private static func starterBytes(_ folder: String, _ content: ExerciseContent) -> [(String, [UInt8])] {
        guard !content.fixed.isEmpty else { return [] }
        return content.handIn.map {
            ($0.file, Array(FileManager.default.contents(atPath: folder + "/starter/" + $0.file) ?? Data()))
        }
    }

    /// Names that one part of the file uses must be declared in another.
    private func checkReferences() throws {
        let files = content.handIn.map(\.file)
        for (index, input) in content.trial.inputs.enumerated() where !files.contains(input.apply) {
            throw source.error(
                "trial.inputs[\(index)].apply",
                "\"\(input.apply)\" is not handed in; allowed: \(files.joined(separator: ", "))")
        }
        let ids = content.criteria.map(\.id)
        for (index, id) in ids.enumerated() where ids[..<index].contains(id) {
            throw source.error("criteria[\(index)].id", "\"\(id)\" is there twice")
        }
        for (index, wrong) in content.wrong.enumerated() where !ids.contains(wrong.criterion) {
            throw source.error(
                "wrong[\(index)].criterion",
                "\"\(wrong.criterion)\" is no criterion; allowed: \(ids.joined(separator: ", "))")
        }
        if let search = content.search, !ids.contains(search.minimise) {
            throw source.error(
                "search.minimise", "\"\(search.minimise)\" is no criterion; allowed: \(ids.joined(separator: ", "))")
        }
        let traffic = scenario.scenario.workloads.traffic.map { "traffic/" + $0.name }
        for (index, expression) in expressions.enumerated() {
            for stream in CriterionNeeds([expression]).streams
            where stream.hasPrefix("traffic/") && !traffic.contains(stream) {
                throw source.error(
                    "criteria[\(index)].expect",
                    "the scenario has no \(stream); it has \(traffic.joined(separator: ", "))")
            }
            for (place, measurement) in content.criteria[index].graph.enumerated() {
                do { _ = try Measurement(parsing: measurement, namespace: scenario.scenario.namespace) } catch {
                    throw source.error("criteria[\(index)].graph[\(place)]", error.description)
                }
            }
        }
    }

    /// Names of answers in a folder such as `panel`, sorted.
    public func answers(in kind: String) -> [String] {
        let entries = (try? FileManager.default.contentsOfDirectory(atPath: folder + "/" + kind)) ?? []
        return entries.filter { !$0.hasPrefix(".") }.sorted { $0.utf8.lexicographicallyPrecedes($1.utf8) }
    }
}

/// `references.yaml`: what calibration found, and how.
struct ReferenceFile: Decodable {
    var values: [String: Double]

    enum CodingKeys: String, CodingKey, CaseIterable { case values, found }

    init(from decoder: any Decoder) throws {
        values = try decoder.strict(CodingKeys.self).decode([String: Double].self, forKey: .values)
    }
}
