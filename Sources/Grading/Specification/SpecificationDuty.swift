import Foundation
import Kubectl
import KubernetesAPI
import Lab
import Synchronization

/// What an exercise asks of a specification that is handed in: to tell sound sets of manifests from defective ones, and
/// to stand beside repaired manifests in which nothing sound was touched.
public struct SpecificationDuty: Sendable, Decodable {
    /// The hand-in file that holds the specification.
    public var file: String
    /// Hand-in files with manifests, whose starter was generated with defects.
    public var manifests: [String]
    /// The fields of the starter that are defects.
    public var planted: [FieldReference]

    enum CodingKeys: String, CodingKey, CaseIterable { case file, manifests, planted }

    public init(from decoder: any Decoder) throws {
        let container = try decoder.strict(CodingKeys.self)
        file = try container.decode(String.self, forKey: .file)
        manifests = try container.decode([String].self, forKey: .manifests)
        planted = try container.decodeIfPresent([FieldReference].self, forKey: .planted) ?? []
    }
}

/// Verdicts on the sets of an exercise: the same specification gives the same ones, and author verify tries it beside
/// many manifests.
private enum SpecificationMemory {
    private static let verdicts = Mutex<[String: (accepted: Int, refused: Int)]>([:])
    /// Remembered at once; beyond it everything is forgotten.
    private static let capacity = 4_096

    static func verdicts(
        exercise: String, specification: String, seed: UInt64, isCutShort: () -> Bool,
        _ judge: () -> (accepted: Int, refused: Int)
    ) -> (accepted: Int, refused: Int) {
        let key = "\(exercise) \(seed) \(SHA256.hexadecimal(specification.utf8))"
        if let known = verdicts.withLock({ $0[key] }) { return known }
        let found = judge()
        guard !isCutShort() else { return found }
        verdicts.withLock { known in
            if known.count >= capacity { known.removeAll() }
            known[key] = found
        }
        return found
    }
}

extension Exercise {
    /// The numbers that ``SpecificationDuty`` adds to a trial: `sound-accepted`, `defective-refused`, `own-accepted`,
    /// `gaps`, `defects-found` and `sound-touched`. Empty for other exercises.
    func specificationFacts(_ submission: Submission, seed: UInt64, isOver: () -> Bool) -> [String: Double] {
        guard let duty = content.specification else { return [:] }
        var facts: [String: Double] = [:]
        let (found, touched) = changes(of: submission, duty)
        facts["defects-found"] = Double(found)
        facts["sound-touched"] = Double(touched)
        let namespace = scenario.scenario.namespace
        guard let file = submission.files.first(where: { $0.name == duty.file }),
            let specification = try? ProductionSpecification(parsing: file.text, file: file.name, namespace: namespace)
        else { return facts }
        facts["gaps"] = Double(specification.gaps(in: scenario.scenario).count)
        func accepts(_ files: [Submission.File]) -> Bool {
            specification.check(
                files, in: scenario, seeds: [seed], events: content.trial.events, isOver: isOver
            ).isAccepted
        }
        let verdicts = SpecificationMemory.verdicts(
            exercise: hash, specification: file.text, seed: seed, isCutShort: isOver
        ) {
            (
                accepted: sets.count { $0.isSound && accepts($0.files) },
                refused: sets.count { !$0.isSound && !accepts($0.files) }
            )
        }
        facts["sound-accepted"] = Double(verdicts.accepted)
        facts["defective-refused"] = Double(verdicts.refused)
        let own = submission.files.filter { duty.manifests.contains($0.name) }
        facts["own-accepted"] = accepts(own) ? 1 : 0
        return facts
    }

    /// How many planted fields differ from the starter's, and how many other fields of the starter do. What was added
    /// touches nothing.
    private func changes(of submission: Submission, _ duty: SpecificationDuty) -> (found: Int, touched: Int) {
        var found: Set<Int> = []
        var touched = 0
        for name in duty.manifests {
            let text = submission.files.first { $0.name == name }?.text ?? ""
            let objects = ManifestFile(name: name, bytes: Array(text.utf8)).objects(in: scenario.scenario).objects
            for starter in starterObjects(in: name) {
                let label = "\(starter.kind.resource.kind)/\(starter.name)"
                let value = objects.first { "\($0.kind.resource.kind)/\($0.name)" == label }?.value ?? .null
                let planted = duty.planted.enumerated().filter { $0.element.object == label }
                for (index, field) in planted {
                    let (before, after) = (starter.value.value(at: field.path), value.value(at: field.path))
                    let isSame =
                        if let before, let after { before.isEquivalent(to: after) } else {
                            before == nil && after == nil
                        }
                    if !isSame { found.insert(index) }
                }
                for leaf in starter.value.leaves(below: "")
                where !planted.contains(where: { leaf.path.hasPrefix($0.element.path) }) {
                    guard let after = value.value(at: leaf.path), after.isEquivalent(to: leaf.value) else {
                        touched += 1
                        continue
                    }
                }
            }
        }
        return (found.count, touched)
    }

    private func starterObjects(in file: String) -> [ManifestObject] {
        guard let data = FileManager.default.contents(atPath: folder + "/starter/" + file) else { return [] }
        return ManifestFile(name: file, bytes: Array(data)).objects(in: scenario.scenario).objects
    }
}

extension JSONValue {
    /// Every scalar with its field path; elements of lists by name where they have one.
    func leaves(below path: String) -> [(path: String, value: JSONValue)] {
        switch self {
        case .object(let members):
            members.flatMap { name, member in member.leaves(below: path.isEmpty ? name : "\(path).\(name)") }
        case .array(let elements):
            elements.enumerated().flatMap { index, element in
                element.leaves(below: path + (element["name"]?.string.map { "[name=\($0)]" } ?? "[\(index)]"))
            }
        case .null, .bool, .integer, .number, .string: [(path, self)]
        }
    }
}
