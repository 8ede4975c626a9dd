import Foundation
import Simulation

/// The exercises that travel in the program, for a copy of it that stands alone.
enum EmbeddedLabs {
    /// The folder that holds them: written into the user's cache once, and compared with the program's own text each
    /// time, so that nobody's edits there can change an exercise or a grade.
    static func unpacked() throws -> String {
        var digest = Digest()
        for (path, text) in files {
            digest.fold(path)
            digest.fold(text)
        }
        var lastError: (any Error)?
        for base in [Files.cacheFolder, NSTemporaryDirectory() + "kubelab-\(getuid())"].compactMap({ $0 }) {
            let root = "\(base)/labs-\(digest)"
            do {
                for (path, text) in files { try write(text, to: "\(root)/\(path)") }
                return root
            } catch {
                lastError = error
            }
        }
        throw Failure(
            "the exercises cannot be unpacked (\(lastError.map { "\($0)" } ?? "no folder")); name a folder of them with --labs"
        )
    }

    private static func write(_ text: String, to path: String) throws {
        let data = Data(text.utf8)
        if FileManager.default.contents(atPath: path) == data { return }
        try FileManager.default.createDirectory(
            atPath: (path as NSString).deletingLastPathComponent, withIntermediateDirectories: true)
        try data.write(to: URL(fileURLWithPath: path), options: .atomic)
    }
}
