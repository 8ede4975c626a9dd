import Foundation
import Lab
import Simulation

extension Exercise {
    /// Reads an exercise from its folder, as a student gets it.
    /// - Parameter student: decides the variant; empty for the standard one.
    /// - Throws: `ConfigurationError` with file, line and field path.
    public static func read(_ folder: String, student: String = "") throws -> Exercise {
        try read(folder) { Variant.drawn($0, exercise: $1, student: student) }
    }

    /// The exercise as a student gets it.
    /// - Throws: `ConfigurationError` if its files changed meanwhile and cannot be read any more.
    public func forStudent(_ student: String) throws -> Exercise {
        parameters.isEmpty ? self : try Self.read(folder, student: student)
    }

    /// The same exercise in another variant.
    /// - Throws: `ConfigurationError`.
    public func inVariant(_ variant: Variant) throws -> Exercise { try Self.read(folder) { _, _ in variant } }

    /// All variants that the exercise allows; one for an exercise without parameters.
    public var variants: [Variant] { Variant.all(parameters) }

    private static func read(_ folder: String, choosing choose: ([Parameter], String) -> Variant) throws -> Exercise {
        var folder = folder
        while folder.count > 1, folder.hasSuffix("/") { folder.removeLast() }
        let path = folder + "/exercise.yaml"
        guard FileManager.default.fileExists(atPath: path) else {
            throw ConfigurationError(file: folder, message: "is no exercise: it has no exercise.yaml")
        }
        let text = try ScenarioFile.readText(path)
        let names = folder.split(separator: "/").map(String.init)
        let parameters = try ParameterSection.read(text, file: path)
        let variant = choose(parameters, names.last ?? folder)
        let source = try ConfigurationSource(file: path, text: variant.checked(text, file: path))
        let content = try source.decode(ExerciseContent.self)
        let scenario = try ScenarioFile.read(folder) { try variant.checked($0, file: $1) }
        var references: [String: Double] = [:]
        var referenceText = ""
        let referencePath = folder + "/references.yaml"
        if FileManager.default.fileExists(atPath: referencePath) {
            referenceText = try ScenarioFile.readText(referencePath)
            references = try ConfigurationSource(file: referencePath, text: referenceText).decode(ReferenceFile.self)
                .values(of: variant)
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
        let isTold = content.specification != nil || content.trial.candidates != nil
        let sets = isTold ? try ManifestSet.all(in: folder, files: content.specification?.manifests) : []
        var hash = SHA256()
        for text in [source.text, scenario.text, referenceText] + scenario.manifests.flatMap({ [$0.name, $0.text] }) {
            hash.update(text.utf8)
            hash.update([0])
        }
        for (name, bytes) in Self.starterBytes(folder, content, variant) {
            hash.update(name.utf8)
            hash.update([0])
            hash.update(bytes)
        }
        for text in sets.flatMap({ set in [set.name, set.isSound ? "sound" : "defective"] + set.files.map(\.text) }) {
            hash.update(text.utf8)
            hash.update([0])
        }
        var exercise = Exercise(
            id: names.last ?? folder, lesson: names.count > 1 ? names[names.count - 2] : "", folder: folder,
            content: content,
            scenario: scenario, expressions: expressions, references: references, sets: sets,
            hash: SHA256.hexadecimal(of: hash.finish()),
            source: source)
        exercise.parameters = parameters
        exercise.variant = variant
        exercise.predicted = try exercise.readPredicted()
        try exercise.checkReferences()
        return exercise
    }

    /// The starter decides what is fixed, so it belongs to the hash.
    private static func starterBytes(_ folder: String, _ content: ExerciseContent, _ variant: Variant) -> [(
        String, [UInt8]
    )] {
        guard !content.fixed.isEmpty || content.specification != nil else { return [] }
        return content.handIn.map {
            let bytes = FileManager.default.contents(atPath: folder + "/starter/" + $0.file) ?? Data()
            return ($0.file, Array(variant.substituted(in: String(decoding: bytes, as: UTF8.self)).utf8))
        }
    }

    /// The quantities that predictions ask for, read in the criterion language.
    private func readPredicted() throws -> [TrialQuantity] {
        guard let predictions = content.predictions else { return [] }
        guard !content.handIn.contains(where: { $0.file == predictions.file }) else {
            throw source.error("predictions.file", "\"\(predictions.file)\" is handed in as something else already")
        }
        let points = predictions.items.reduce(0) { $0 + $1.points }
        guard points * 5 <= maximumPoints else {
            throw source.error("predictions", "\(points) points are more than a fifth of \(maximumPoints)")
        }
        return try predictions.items.enumerated().map { index, item in
            if predictions.items[..<index].contains(where: { $0.id == item.id }) {
                throw source.error("predictions.items[\(index)].id", "\"\(item.id)\" is there twice")
            }
            do throws(CriterionError) {
                var parser = CriterionParser(
                    tokens: try CriterionLexer.tokens(item.quantity), namespace: scenario.scenario.namespace)
                return try parser.wholeQuantity()
            } catch {
                throw source.error("predictions.items[\(index)].quantity", in: item.quantity, error)
            }
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
        try checkCandidates()
        try checkRunbook()
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
            for (place, subject) in content.criteria[index].why.enumerated() {
                do { _ = try WhySubject(parsing: subject, namespace: scenario.scenario.namespace) } catch {
                    throw source.error("criteria[\(index)].why[\(place)]", error.description)
                }
            }
        }
    }

    /// Files of a hand-in, whose change changes a verdict.
    public var watchedFiles: [String] { content.handIn.map(\.file) + (content.predictions.map { [$0.file] } ?? []) }

    private func checkCandidates() throws {
        guard let description = content.trial.candidates else { return }
        guard content.handIn.contains(where: { $0.file == description.test }) else {
            throw source.error("trial.candidates.test", "\"\(description.test)\" is not handed in")
        }
        let sources = scenario.scenario.workloads.traffic.map(\.name)
        guard sources.contains(description.source) else {
            throw source.error(
                "trial.candidates.source",
                "the scenario has no traffic \"\(description.source)\"; it has \(sources.joined(separator: ", "))")
        }
        let names = sets.map(\.name)
        for (index, expression) in expressions.enumerated() {
            for measurement in CriterionNeeds([expression]).measurements {
                guard
                    case .candidate(let name)? = try? Measurement(
                        parsing: measurement, namespace: scenario.scenario.namespace
                    ).subject, !names.contains(name)
                else { continue }
                throw source.error(
                    "criteria[\(index)].expect",
                    "there is no candidate \"\(name)\"; there are \(names.joined(separator: ", "))")
            }
        }
    }

    /// Names of answers in a folder such as `panel`, sorted.
    public func answers(in kind: String) -> [String] {
        let entries = (try? FileManager.default.contentsOfDirectory(atPath: folder + "/" + kind)) ?? []
        return entries.filter { !$0.hasPrefix(".") }.sorted { $0.utf8.lexicographicallyPrecedes($1.utf8) }
    }
}

extension Exercise {
    /// What `references.yaml` says; nil without one that can be read.
    var storedReferences: ReferenceFile? {
        let path = folder + "/references.yaml"
        guard FileManager.default.fileExists(atPath: path), let text = try? ScenarioFile.readText(path) else {
            return nil
        }
        return try? ConfigurationSource(file: path, text: text).decode(ReferenceFile.self)
    }
}

/// `references.yaml`: what calibration found, and how.
struct ReferenceFile: Decodable {
    var values: [String: Double]
    /// Values that differ in a variant, by the variant's name.
    var variants: [String: [String: Double]]

    enum CodingKeys: String, CodingKey, CaseIterable { case values, variants, found }

    init(from decoder: any Decoder) throws {
        let container = try decoder.strict(CodingKeys.self)
        values = try container.decode([String: Double].self, forKey: .values)
        variants = try container.decodeIfPresent([String: [String: Double]].self, forKey: .variants) ?? [:]
    }

    func values(of variant: Variant) -> [String: Double] {
        values.merging(variants[variant.name] ?? [:]) { $1 }
    }
}
