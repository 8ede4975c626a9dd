import Foundation
import Testing

/// What travels in the program is what lies in the repository; `Tools/embed.py` brings it there.
@Suite struct EmbeddedFilesTests {
    /// Answers and drafts stay behind, but for the one answer that the demo applies.
    private func travels(_ name: String) -> Bool {
        let parts = name.split(separator: "/").map(String.init)
        guard !parts.contains(where: { $0 == "drafts" || $0.hasPrefix(".") }) else { return false }
        return Set(parts).isDisjoint(with: ["solution", "panel", "wrong"])
            || parts.dropFirst().starts(with: ["4.3-scale-on-cpu", "solution"])
    }

    @Test func everyFileThatALearnerNeedsTravelsInTheProgram() throws {
        let folder = "Sources/kubelab/Generated"
        let sources = try FileManager.default.contentsOfDirectory(atPath: Repository.path(folder)).sorted()
            .filter { $0.hasPrefix("EmbeddedLabs") }.map { try Repository.text("\(folder)/\($0)") }.joined()
        let root = Repository.path("labs")
        let files = (FileManager.default.subpaths(atPath: root) ?? []).filter { name in
            var isFolder: ObjCBool = false
            _ = FileManager.default.fileExists(atPath: "\(root)/\(name)", isDirectory: &isFolder)
            return !isFolder.boolValue && travels(name)
        }
        #expect(!files.isEmpty)
        for name in files {
            let text = try Repository.text("labs/\(name)")
            #expect(
                sources.contains("(\"\(name)\", #") && sources.contains(text),
                "\(name) is out of step: run Tools/embed.py")
        }
        let entries = sources.split(separator: "\n").filter { $0.hasPrefix("        (\"") }
        #expect(entries.count == files.count, "files that are gone, or answers, still travel: run Tools/embed.py")
    }

    @Test(arguments: ["fidelity", "formats"]) func theDocumentTravelsInTheProgram(name: String) throws {
        let source = try Repository.text("Sources/kubelab/Generated/Embedded\(name.capitalized).swift")
        #expect(source.contains(try Repository.text("docs/\(name).md")), "out of step: run Tools/embed.py")
    }
}
