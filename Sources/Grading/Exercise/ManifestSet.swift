import Foundation
import Lab

/// One of the sets of manifests that a hand-in must tell apart, by a specification or by a load test: a folder
/// `sets/sound/NAME` or `sets/defective/NAME` of an exercise.
public struct ManifestSet: Sendable {
    public var name: String
    public var isSound: Bool
    public var files: [Submission.File]

    /// Most sets of an exercise.
    static let limit = 50

    /// All sets of an exercise: the sound ones first, each by name.
    /// - Parameters:
    ///   - folder: the exercise's.
    ///   - names: the files that each set must hold; nil for whatever manifests (`*.yaml`) it holds.
    /// - Throws: `ConfigurationError` if a file cannot be read, a set holds none, there are none or too many sets, or two
    ///   share a name.
    static func all(in folder: String, files names: [String]?) throws -> [ManifestSet] {
        var sets: [ManifestSet] = []
        for (kind, isSound) in [("sound", true), ("defective", false)] {
            let path = folder + "/sets/" + kind
            for name in entries(path) {
                let files = names ?? entries(path + "/" + name).filter { $0.hasSuffix(".yaml") }
                guard !files.isEmpty else {
                    throw ConfigurationError(file: path + "/" + name, message: "holds no manifests (*.yaml)")
                }
                guard !sets.contains(where: { $0.name == name }) else {
                    throw ConfigurationError(
                        file: path + "/" + name, message: "a set of this name is among the sound ones already")
                }
                let texts = try files.map {
                    Submission.File(name: $0, text: try ScenarioFile.readText("\(path)/\(name)/\($0)"))
                }
                sets.append(ManifestSet(name: name, isSound: isSound, files: texts))
            }
        }
        guard !sets.isEmpty, sets.count <= limit else {
            throw ConfigurationError(
                file: folder + "/sets",
                message:
                    "between 1 and \(limit) sets of manifests are told apart, below sound/ and defective/; there are \(sets.count)"
            )
        }
        return sets
    }

    private static func entries(_ path: String) -> [String] {
        ((try? FileManager.default.contentsOfDirectory(atPath: path)) ?? []).filter { !$0.hasPrefix(".") }
            .sorted { $0.utf8.lexicographicallyPrecedes($1.utf8) }
    }
}
