import Foundation
import Lab

/// The folder of exercises: `LESSON/EXERCISE/scenario.yaml` and what goes with it.
///
/// Found by `--labs` or `KUBELAB_LABS`, else beside the program (in its folder or one above it, as in a clone), else in
/// the program itself.
struct Labs {
    /// Given by `--labs`.
    var folder: String?

    struct Exercise {
        /// Number and name, `4.3-scale-on-cpu`.
        var folderName: String
        var path: String

        /// `scale-on-cpu`
        var name: String { folderName.split(separator: "-", maxSplits: 1).last.map(String.init) ?? folderName }
        /// `4.3`
        var number: String { folderName.split(separator: "-", maxSplits: 1).first.map(String.init) ?? "" }
        /// The numbers of the number, so that 4.10 comes after 4.9.
        var parts: [Int] { number.split(separator: ".").map { Int($0) ?? .max } }
    }

    /// Where the exercises are.
    func root() throws -> String {
        if let folder {
            guard Files.isFolder(folder) else { throw Failure("--labs \(folder): no such folder") }
            return folder
        }
        if let folder = ProcessInfo.processInfo.environment["KUBELAB_LABS"], !folder.isEmpty {
            guard Files.isFolder(folder) else { throw Failure("KUBELAB_LABS=\(folder): no such folder") }
            return folder
        }
        if let found = Self.besideProgram { return found }
        return try EmbeddedLabs.unpacked()
    }

    private static var besideProgram: String? {
        guard let program = try? FileManager.default.destinationOfSymbolicLink(atPath: "/proc/self/exe") else {
            return nil
        }
        var folder = (program as NSString).deletingLastPathComponent
        for _ in 0..<5 where folder != "/" {
            let candidate = folder + "/labs"
            if !exercises(in: candidate).isEmpty { return candidate }
            folder = (folder as NSString).deletingLastPathComponent
        }
        return nil
    }

    /// All exercises, by number.
    func exercises() throws -> [Exercise] { Self.exercises(in: try root()) }

    private static func exercises(in root: String) -> [Exercise] {
        let files = FileManager.default
        return ((try? files.contentsOfDirectory(atPath: root)) ?? []).sorted().flatMap { lesson in
            ((try? files.contentsOfDirectory(atPath: "\(root)/\(lesson)")) ?? []).sorted().compactMap { name in
                let path = "\(root)/\(lesson)/\(name)"
                return files.fileExists(atPath: path + "/scenario.yaml") ? Exercise(folderName: name, path: path) : nil
            }.sorted { $0.parts.lexicographicallyPrecedes($1.parts) }
        }
    }

    /// The exercise of a name (`scale-on-cpu`), a number (`4.3`), both, or a folder.
    func exercise(_ text: String) throws -> Exercise {
        let all = try exercises()
        if let found = all.first(where: { [$0.folderName, $0.name, $0.number].contains(text) }) { return found }
        if text.contains("/"), FileManager.default.fileExists(atPath: text + "/scenario.yaml") {
            let path = text.hasSuffix("/") ? String(text.dropLast()) : text
            return Exercise(folderName: (path as NSString).lastPathComponent, path: path)
        }
        let names = all.map { "\($0.number) \($0.name)" }.joined(separator: "\n  ")
        let hint = Suggestion.text(for: text, among: all.flatMap { [$0.name, $0.folderName] })
        throw Failure("there is no exercise \"\(text)\"\(hint)\(names.isEmpty ? "" : ".\nThere are:\n  \(names)")")
    }

    /// The scenario that a path or an exercise's name means.
    func scenario(_ text: String) throws -> ScenarioFile {
        if FileManager.default.fileExists(atPath: text) { return try ScenarioFile.read(text) }
        guard !text.contains("/"), !text.hasSuffix(".yaml"), !text.hasSuffix(".yml") else {
            throw Failure("\(text): no such file or folder")
        }
        let known = try exercises()
        guard known.contains(where: { [$0.folderName, $0.name, $0.number].contains(text) }) else {
            let hint = Suggestion.text(for: text, among: known.flatMap { [$0.name, $0.folderName] })
            throw Failure(
                "\"\(text)\" is neither a scenario (a file or folder here) nor an exercise\(hint) ('kubelab start' lists the exercises)"
            )
        }
        return try ScenarioFile.read(try exercise(text).path)
    }
}

/// "Did you mean": the nearest of some names.
enum Suggestion {
    static func text(for word: String, among names: [String]) -> String {
        guard let near = nearest(to: word, among: names) else { return "" }
        return "; did you mean \"\(near)\"?"
    }

    static func nearest(to word: String, among names: [String]) -> String? {
        let scored = names.map { (name: $0, distance: EditDistance.between($0.lowercased(), word.lowercased())) }
        guard let best = scored.min(by: { $0.distance < $1.distance }), best.distance <= max(2, word.count / 3) else {
            return nil
        }
        return best.name
    }
}
